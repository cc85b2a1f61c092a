from pathlib import Path

import duckdb
import pytest

from farm.errors import InputError
from farm.records import Record, record
from farm.store import Store, copies
from farm.store.merge import APART, HISTORIES, NOT_MERGED, UNITS, Merged, merge
from farm.store.prune import prune
from tests.conftest import NOW, a_run, a_session
from tests.store.test_copies import older
from tests.store.test_prune import LATER, MANY, statistics

A_FINDING = {
    "id": "0123456789",
    "branch": "main",
    "kind": "change",
    "device_id": "local-0123",
    "device_name": "local",
    "workload_id": "w",
    "pass": "latency",
    "metric": "latency_ns",
    "series_key": "k",
    "worse": True,
}


def merged(path: Path, other: Path) -> Merged:
    return merge(path, other, deadline_s=5.0, at_most_s=60.0)


def some(count: int) -> list[Record]:
    session = a_session()
    return [record(session, a_run(session, latency_ns=MANY)) for _ in range(count)]


def two(tmp_path: Path, ours: list[Record], theirs: list[Record]) -> tuple[Store, Store]:
    first, second = Store(tmp_path / "ours.duckdb"), Store(tmp_path / "theirs.duckdb")
    first.append(ours)
    second.append(theirs)
    return first, second


def test_every_table_has_a_rule() -> None:
    with duckdb.connect(":memory:") as connection:
        from farm.store.opening import migrate

        migrate(connection, Path(":memory:"))
        tables = set(copies.tables_of(connection, "memory"))
    ruled = [table for unit in UNITS for table in (unit.table, *unit.parts)]
    every = [*ruled, *HISTORIES, *APART, *NOT_MERGED]
    assert tables == set(every)
    assert len(every) == len(set(every))


def test_merging_twice_is_merging_once(tmp_path: Path) -> None:
    runs = some(6)
    ours, theirs = two(tmp_path, runs[:4], runs[2:])
    bytes_before = theirs.path.read_bytes()
    assert merged(ours.path, theirs.path).rows["runs"] == 2
    once = copies.contents_of(ours.path)
    assert merged(ours.path, theirs.path).rows == {}
    assert copies.contents_of(ours.path) == once
    assert theirs.path.read_bytes() == bytes_before
    assert merged(theirs.path, ours.path).rows["runs"] == 2
    assert copies.contents_of(theirs.path)["samples"] == once["samples"]


def test_merging_into_no_database_makes_one(tmp_path: Path) -> None:
    theirs = Store(tmp_path / "theirs.duckdb")
    theirs.append(some(2))
    assert merged(tmp_path / "ours.duckdb", theirs.path).rows["runs"] == 2


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("UPDATE runs SET outcome = 'failed' WHERE id = $id::UUID", "runs"),
        ("UPDATE samples SET values = [9.0] WHERE run_id = $id::UUID AND metric = 'latency_ns'", "samples of"),
        ("DELETE FROM samples WHERE run_id = $id::UUID", "samples of"),
        ("INSERT INTO absences VALUES ($id::UUID, 'm', '', 'why')", "absences of"),
    ],
)
def test_another_word_on_the_same_run_is_named_and_nothing_comes_in(tmp_path: Path, statement: str, named: str) -> None:
    runs = some(4)
    ours, theirs = two(tmp_path, runs[:2], runs[1:])
    run_id = runs[1]["runs"][0]["id"]
    with duckdb.connect(theirs.path) as connection:
        connection.execute(statement, {"id": run_id})
    before = copies.contents_of(ours.path)
    with pytest.raises(InputError, match=f"{named} {run_id}"):
        merged(ours.path, theirs.path)
    assert copies.contents_of(ours.path) == before


@pytest.mark.parametrize("which", ["ours", "theirs"])
def test_readings_that_one_lab_dropped_are_no_other_word(tmp_path: Path, which: str) -> None:
    runs = some(3)
    ours, theirs = two(tmp_path, runs, runs)
    before = statistics(ours)
    prune(tmp_path / f"{which}.duckdb", LATER, now=LATER, deadline_s=5, at_most_s=60)
    assert merged(ours.path, theirs.path).rows == {}
    assert statistics(ours).equals(before)


def test_runs_whose_readings_the_other_lab_dropped_come_in_with_their_summaries(tmp_path: Path) -> None:
    runs = some(3)
    ours, theirs = two(tmp_path, runs[:1], runs)
    before = statistics(theirs)
    prune(theirs.path, LATER, now=LATER, deadline_s=5, at_most_s=60)
    assert merged(ours.path, theirs.path).rows["pruned_samples"] > 0
    assert statistics(ours).equals(before)


def test_what_both_said_of_a_finding_stands_side_by_side(tmp_path: Path) -> None:
    ours, theirs = two(tmp_path, some(1), some(1))
    for number, store in enumerate((ours, theirs)):
        said = {"said_at": NOW.replace(tzinfo=None), "answer": "accept", "until": NOW.date(), "owner": f"person {number}", "reason": "r"}
        store.add({
            "findings": [A_FINDING | {"first_seen_at": NOW.replace(tzinfo=None, day=number + 1)}],
            "acknowledgements": [{"finding_id": A_FINDING["id"], "revision": None, **said}],
        })  # fmt: skip
    assert merged(ours.path, theirs.path).rows["acknowledgements"] == 1
    assert merged(ours.path, theirs.path).rows == {}
    assert ours.query("acknowledgements", branch=None)["owner"].sort().to_list() == ["person 0", "person 1"]


def test_a_baseline_whose_name_means_something_else_here_stays_out_and_is_named(tmp_path: Path) -> None:
    ours, theirs = two(tmp_path, some(1), some(1))
    for place, (store, name) in enumerate(((ours, "v1"), (theirs, "v1"), (theirs, "v2"))):
        identity = f"019b0000-0000-7000-8000-00000000000{place}"
        row = {"id": identity, "name": name, "set_at": NOW.replace(tzinfo=None), "is_removed": False, "revision": None, "command": "c"}
        part = {"baseline_id": identity, "kind": "artifact", "workload_id": None, "sha256": "s", "tree_sha256": "t", "size_bytes": 1}
        store.add({"baselines": [row], "baseline_parts": [part | {"name": "n"}]})
    done = merged(ours.path, theirs.path)
    assert (done.left_out, done.shared) == (("v1",), ("v2",))
    assert (done.rows["baselines"], done.rows["baseline_parts"]) == (1, 1)
    assert sorted(ours.query("baselines", baseline=None)["name"]) == ["v1", "v2"]
    assert merged(ours.path, theirs.path).shared == ("v2",)


def test_an_older_labs_database_is_brought_up_on_a_copy(tmp_path: Path) -> None:
    ours = Store(tmp_path / "ours.duckdb")
    ours.append(some(1))
    older(tmp_path / "theirs.duckdb", 2)
    bytes_before = (tmp_path / "theirs.duckdb").read_bytes()
    assert merged(ours.path, tmp_path / "theirs.duckdb").rows == {}
    assert (tmp_path / "theirs.duckdb").read_bytes() == bytes_before


def test_a_database_is_not_merged_with_itself(tmp_path: Path) -> None:
    ours = Store(tmp_path / "ours.duckdb")
    ours.append(some(1))
    with pytest.raises(InputError, match="this database itself"):
        merged(ours.path, ours.path)
