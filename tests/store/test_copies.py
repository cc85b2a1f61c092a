import multiprocessing
import shutil
import time
from importlib.resources import files
from pathlib import Path

import duckdb
import pytest

from farm.errors import FarmError, InputError, StoreBusy, StoreError
from farm.records import record
from farm.store import SCHEMA_VERSION, Store, copies
from tests.conftest import a_run, a_session


def filled(path: Path, runs: int = 3) -> Store:
    store = Store(path)
    session = a_session()
    store.append([record(session, a_run(session)) for _ in range(runs)])
    return store


def older(path: Path, version: int = 1) -> None:
    """A database as a farm of then left it."""
    with duckdb.connect(path) as connection:
        connection.execute("CREATE TABLE farm_schema (version INTEGER PRIMARY KEY, name VARCHAR NOT NULL)")
        for file in sorted((entry for entry in (files("farm.store") / "schema").iterdir()), key=lambda entry: entry.name)[:version]:
            connection.execute(file.read_text())
            connection.execute("INSERT INTO farm_schema VALUES (?, ?)", [int(file.name[:4]), file.name])


def a_backup(path: Path, target: Path, at_most_s: float = 60.0) -> copies.Copied:
    return copies.back_up(path, target, deadline_s=5.0, at_most_s=at_most_s)


def _append_often(path: Path, stop: object, done: object) -> None:
    session = a_session()
    store = Store(path, deadline_s=60.0)
    while not stop.is_set():  # type: ignore[attr-defined]
        store.append([record(session, a_run(session))])
        done.value += 1  # type: ignore[attr-defined]


def test_a_backup_holds_every_row_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    store = filled(tmp_path / "farm.duckdb")
    made = a_backup(store.path, tmp_path / "kept" / "b.duckdb")
    assert made.contents == copies.contents_of(store.path)
    assert made.contents["runs"][0] == 3
    assert made.size_bytes == made.path.stat().st_size
    assert [file.name for file in (tmp_path / "kept").iterdir()] == ["b.duckdb"]
    assert Store(made.path).query("count_runs").item() == 3


def test_a_backup_taken_while_others_append_is_one_state_and_costs_them_no_run(tmp_path: Path) -> None:
    store = filled(tmp_path / "farm.duckdb")
    context = multiprocessing.get_context("spawn")
    stop, done = context.Event(), context.Value("i", 0)
    writer = context.Process(target=_append_often, args=(store.path, stop, done))
    writer.start()
    try:
        for number in range(5):
            before = done.value
            give_up_s = time.monotonic() + 60
            while done.value == before and time.monotonic() < give_up_s:
                time.sleep(0.01)
            kept = Store(copies.back_up(store.path, tmp_path / f"{number}.duckdb", deadline_s=60.0, at_most_s=60.0).path)
            assert kept.query("count_runs").item() >= 3 + before
            assert kept.sql("SELECT count(*) FROM samples").item() == 3 * kept.query("count_runs").item()
    finally:
        stop.set()
        writer.join(60)
    assert writer.exitcode == 0
    assert store.query("count_runs").item() == 3 + done.value


def test_a_backup_that_takes_too_long_is_given_up_and_leaves_nothing(tmp_path: Path) -> None:
    store = filled(tmp_path / "farm.duckdb")
    with duckdb.connect(store.path) as connection:  # some seconds of copying
        connection.execute("INSERT INTO samples SELECT uuid(), 'x_ns', '', range(0, 2000)::DOUBLE[], NULL FROM range(20000)")
    with pytest.raises(StoreBusy, match=r"not done within 0.05 s"):
        a_backup(store.path, tmp_path / "b.duckdb", at_most_s=0.05)
    assert [file.name for file in tmp_path.iterdir()] == ["farm.duckdb"]


@pytest.mark.parametrize("target", ["farm.duckdb", "link.duckdb"])
def test_a_backup_is_never_written_over_the_database_itself(tmp_path: Path, target: str) -> None:
    store = filled(tmp_path / "farm.duckdb")
    (tmp_path / "link.duckdb").symlink_to("farm.duckdb")
    with pytest.raises(InputError, match="the database itself"):
        a_backup(store.path, tmp_path / target)


def test_a_copy_that_is_not_what_it_was_made_of_is_refused(tmp_path: Path) -> None:
    store = filled(tmp_path / "farm.duckdb")
    made = a_backup(store.path, tmp_path / "b.duckdb")
    with duckdb.connect(made.path) as connection:
        connection.execute("UPDATE samples SET values = [4.0] WHERE metric = 'latency_ns'")
    with pytest.raises(StoreError, match="differs from the database in samples"):
        copies.compare(made.contents, copies.contents_of(made.path), made.path)


def test_a_restored_backup_is_what_it_was_and_the_other_database_is_kept(tmp_path: Path) -> None:
    store = filled(tmp_path / "farm.duckdb")
    made = a_backup(store.path, tmp_path / "b.duckdb")
    session = a_session()
    store.append([record(session, a_run(session))])
    with pytest.raises(StoreError, match="there is a database"):
        copies.restore(made.path, store.path, aside=None, deadline_s=5)
    done = copies.restore(made.path, store.path, aside=tmp_path / "aside.duckdb", deadline_s=5)
    assert store.query("count_runs").item() == 3
    assert Store(tmp_path / "aside.duckdb").query("count_runs").item() == 4
    assert (done.aside, done.from_version) == (tmp_path / "aside.duckdb", None)
    assert copies.contents_of(made.path) == copies.contents_of(store.path)


def test_a_backup_of_an_older_farm_is_brought_up_and_stays_as_it_is(tmp_path: Path) -> None:
    older(tmp_path / "old.duckdb", 3)
    bytes_before = (tmp_path / "old.duckdb").read_bytes()
    done = copies.restore(tmp_path / "old.duckdb", tmp_path / "farm.duckdb", aside=None, deadline_s=5)
    assert done.from_version == 3
    assert Store(tmp_path / "farm.duckdb").sql("SELECT max(version) FROM farm_schema").item() == SCHEMA_VERSION
    assert (tmp_path / "old.duckdb").read_bytes() == bytes_before


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("INSERT INTO farm_schema VALUES (99, '0099_later.sql')", "made by a newer farm"),
        ("DROP TABLE farm_schema", "not made by farm"),
    ],
)
def test_what_this_farm_does_not_know_is_not_restored(tmp_path: Path, statement: str, why: str) -> None:
    store = filled(tmp_path / "farm.duckdb")
    made = a_backup(store.path, tmp_path / "b.duckdb")
    with duckdb.connect(made.path) as connection:
        connection.execute(statement)
    with pytest.raises(StoreError, match=why):
        copies.restore(made.path, store.path, aside=tmp_path / "aside.duckdb", deadline_s=5)
    assert store.query("count_runs").item() == 3
    assert not (tmp_path / "aside.duckdb").exists()


@pytest.mark.parametrize("content", [b"", b"no database\n" * 1000])
def test_a_file_that_is_no_database_is_not_restored(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "b.duckdb").write_bytes(content)
    with pytest.raises(FarmError):
        copies.restore(tmp_path / "b.duckdb", tmp_path / "farm.duckdb", aside=None, deadline_s=5)
    assert not (tmp_path / "farm.duckdb").exists()


def test_a_damaged_backup_is_not_restored_and_said_to_be_damaged(tmp_path: Path) -> None:
    backup = a_backup(filled(tmp_path / "farm.duckdb").path, tmp_path / "b.duckdb").path
    whole = backup.read_bytes()
    hints = set()
    for place in range(20_000, len(whole), len(whole) // 15):
        backup.write_bytes(whole[:place] + bytes(byte ^ 0xFF for byte in whole[place : place + 40]) + whole[place + 40 :])
        target = tmp_path / f"{place}.duckdb"
        try:
            copies.restore(backup, target, aside=None, deadline_s=1.0)
        except StoreError as error:
            hints.add(error.hint)
            assert not target.exists()
    assert "it is damaged: take another copy" in hints
    assert hints <= {"it is damaged: take another copy", None}  # None: where it does not even look like a database


def test_a_killed_writers_log_goes_aside_with_its_database(tmp_path: Path) -> None:
    store = filled(tmp_path / "farm.duckdb")
    made = a_backup(store.path, tmp_path / "b.duckdb")
    (tmp_path / "farm.duckdb.wal").write_bytes(b"what it had written")
    copies.restore(made.path, store.path, aside=tmp_path / "aside.duckdb", deadline_s=5)
    assert (tmp_path / "aside.duckdb.wal").read_bytes() == b"what it had written"
    assert store.query("count_runs").item() == 3


def _open_then_wait(path: Path, opened: object, go: object) -> None:
    connection = duckdb.connect(path)
    opened.set()  # type: ignore[attr-defined]
    go.wait(60)  # type: ignore[attr-defined]
    connection.close()


def test_a_database_that_a_process_has_open_is_not_replaced(tmp_path: Path) -> None:
    store = filled(tmp_path / "farm.duckdb")
    made = a_backup(store.path, tmp_path / "b.duckdb")
    context = multiprocessing.get_context("spawn")
    opened, go = context.Event(), context.Event()
    other = context.Process(target=_open_then_wait, args=(store.path, opened, go))
    other.start()
    try:
        assert opened.wait(60)
        with pytest.raises(StoreBusy, match="held by another process"):
            copies.restore(made.path, store.path, aside=tmp_path / "aside.duckdb", deadline_s=0.3)
    finally:
        go.set()
        other.join(60)


def test_nobody_opens_a_database_while_it_is_held(tmp_path: Path) -> None:
    store = filled(tmp_path / "farm.duckdb")
    context = multiprocessing.get_context("spawn")
    with copies.held(store.path, 5.0):
        probe = context.Process(target=_expect_busy, args=(store.path,))
        probe.start()
        probe.join(60)
    assert probe.exitcode == 0


def _expect_busy(path: Path) -> None:
    with pytest.raises(StoreBusy):
        Store(path, deadline_s=0.2).query("count_runs")


def test_a_file_that_was_written_to_since_is_not_replaced(tmp_path: Path) -> None:
    store = filled(tmp_path / "farm.duckdb")
    stamp = copies.stamp_of(store.path)
    shutil.copy(store.path, tmp_path / "new")
    session = a_session()
    store.append([record(session, a_run(session))])
    assert not copies.replace(store.path, tmp_path / "new", stamp, 5.0)
    assert store.query("count_runs").item() == 4
    assert copies.replace(store.path, tmp_path / "new", copies.stamp_of(store.path), 5.0)
    assert store.query("count_runs").item() == 3


def test_a_backup_where_nothing_can_be_written_says_where(tmp_path: Path) -> None:
    store = filled(tmp_path / "farm.duckdb")
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"file/b.duckdb cannot be written"):
        a_backup(store.path, tmp_path / "file" / "b.duckdb")
