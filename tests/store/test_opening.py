"""Files that are no database of farm's, or not of this farm, and databases that another process holds."""

import multiprocessing
import time
from pathlib import Path

import duckdb
import pytest

from farm.errors import StoreBusy, StoreError
from farm.journal import Journal
from farm.records import record
from farm.store import SCHEMA_VERSION, Store
from tests.conftest import a_run, a_session
from tests.store import of_one_run


def test_a_database_of_somebody_elses_gets_no_table_of_farms(tmp_path: Path) -> None:
    with duckdb.connect(tmp_path / "farm.duckdb") as connection:
        connection.execute("CREATE TABLE theirs (a INTEGER)")
    session = a_session()
    with pytest.raises(StoreError, match="was not made by farm"):
        Store(tmp_path / "farm.duckdb").append([record(session, a_run(session))])


def test_a_database_whose_first_writer_was_killed_before_its_tables_were_in_is_as_good_as_none(tmp_path: Path) -> None:
    duckdb.connect(tmp_path / "farm.duckdb").close()
    store = Store(tmp_path / "farm.duckdb")
    store.check()
    with pytest.raises(StoreError, match="nothing in the database"):
        store.sql("SELECT 1")
    assert store.query("count_runs").item() == 0
    session = a_session()
    store.append([record(session, a_run(session))])
    assert store.query("count_runs").item() == 1


def test_a_file_without_a_byte_is_no_database_yet(tmp_path: Path) -> None:
    store = Store(tmp_path / "farm.duckdb")
    store.path.touch()
    store.check()
    assert store.query("count_runs").item() == 0
    with pytest.raises(StoreError, match="there is no database"):
        store.sql("SELECT 1")
    session = a_session()
    store.append([record(session, a_run(session))])
    assert store.query("count_runs").item() == 1


def test_a_database_of_a_newer_farm_is_refused(tmp_path: Path) -> None:
    store = of_one_run(tmp_path)
    with duckdb.connect(store.path) as connection:
        connection.execute("INSERT INTO farm_schema VALUES (?, 'later.sql')", [SCHEMA_VERSION + 1])
    session = a_session()
    with pytest.raises(StoreError, match="made by a newer farm"):
        store.append([record(session, a_run(session))])
    with pytest.raises(StoreError, match="made by a newer farm"):
        store.query("count_runs")


def test_what_is_no_database_is_said(tmp_path: Path) -> None:
    (tmp_path / "farm.duckdb").write_text("hello, I am a text" * 1000)
    with pytest.raises(StoreError, match=r"cannot be opened|not a database"):
        Store(tmp_path / "farm.duckdb", 0.1).query("count_runs")


def test_a_database_of_somebody_elses_is_refused(tmp_path: Path) -> None:
    with duckdb.connect(tmp_path / "farm.duckdb") as connection:
        connection.execute("CREATE TABLE mine (a INTEGER)")
    with pytest.raises(StoreError, match="was not made by farm"):
        Store(tmp_path / "farm.duckdb").query("count_runs")


def hold(path: Path, ready: "multiprocessing.synchronize.Event", seconds: float, read_only: bool) -> None:
    with duckdb.connect(path, read_only=read_only):
        ready.set()
        time.sleep(seconds)


def append_one(path: Path) -> None:
    session = a_session()
    Store(path, 60).append([record(session, a_run(session))])


@pytest.fixture
def spawn() -> "multiprocessing.context.SpawnContext":
    return multiprocessing.get_context("spawn")


def test_a_locked_database_is_busy_and_the_run_waits_in_the_journal(tmp_path: Path, spawn: "multiprocessing.context.SpawnContext") -> None:
    path = tmp_path / "farm.duckdb"
    session = a_session()
    Store(path).append([record(session, a_run(session))])
    journal = Journal(tmp_path / "journal")
    journal.write(record(session, a_run(session)))
    ready = spawn.Event()
    holder = spawn.Process(target=hold, args=(path, ready, 60.0, False))
    holder.start()
    try:
        assert ready.wait(30)
        with pytest.raises(StoreBusy, match=rf"held by process {holder.pid}"):
            journal.drain(Store(path, 0.2).append)
        assert len(journal.entries()) == 1
    finally:
        holder.kill()
        holder.join()
    assert journal.drain(Store(path).append) == 1
    assert Store(path).query("count_runs").item() == 2
    assert journal.entries() == []


@pytest.mark.slow
def test_ten_processes_append_at_once_beside_a_reader_that_takes_its_time(
    tmp_path: Path, spawn: "multiprocessing.context.SpawnContext"
) -> None:
    path = tmp_path / "farm.duckdb"
    session = a_session()
    Store(path).append([record(session, a_run(session))])
    ready = spawn.Event()
    reader = spawn.Process(target=hold, args=(path, ready, 10.0, True))
    reader.start()
    assert ready.wait(30)
    writers = [spawn.Process(target=append_one, args=(path,)) for _ in range(10)]
    for writer in writers:
        writer.start()
    for writer in (*writers, reader):
        writer.join()
    assert [writer.exitcode for writer in writers] == [0] * 10
    assert Store(path).query("count_runs").item() == 11
