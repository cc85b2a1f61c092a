"""Operators go wherever a run's readings go: into the journal, the database, backups, other databases, and out when they are old."""

from pathlib import Path

import polars as pl
import pytest

from farm.errors import InputError
from farm.journal import Journal
from farm.records import Record, record, run_of
from farm.store import Store, copies
from farm.store.merge import merge
from farm.store.prune import prune
from farm.workloads import Run
from tests.conftest import a_run, a_session
from tests.profiled import a_profile
from tests.store.test_prune import LATER

SESSION = a_session()


def stored(path: Path, *records: Record) -> Store:
    store = Store(path)
    store.append(list(records))
    return store


def statistics(store: Store) -> pl.DataFrame:
    return store.sql("SELECT run_id::VARCHAR AS run, * EXCLUDE (run_id) FROM operator_statistics ORDER BY ALL")


def of(run: Run) -> Record:
    return record(SESSION, run)


def test_a_runs_operators_come_back_from_the_journal_as_they_were(tmp_path: Path) -> None:
    run = a_profile(SESSION)
    Journal(tmp_path).write(of(run))
    found: list[Record] = []
    Journal(tmp_path).drain(found.extend)
    assert run_of(found[0], run.job) == run


def test_an_entry_of_a_journal_that_is_older_than_profiles_goes_in(tmp_path: Path) -> None:
    rows = of(a_run(SESSION))
    del rows["operators"]
    assert run_of(rows, a_run(SESSION).job).operators == ()
    assert stored(tmp_path / "f.duckdb", rows).query("count_runs").item() == 1


def test_the_statistics_are_of_each_part_and_of_what_is_outside_of_operators(tmp_path: Path) -> None:
    frame = statistics(stored(tmp_path / "f.duckdb", of(a_profile(SESSION))))
    by_place = {row["place"]: row for row in frame.iter_rows(named=True)}
    assert by_place.keys() == {None, 0, 1, 2, 3, 4, 5}
    assert (by_place[1]["p50_ns"], by_place[1]["own_p50_ns"]) == (65_000, 5_000)
    assert (by_place[None]["iterations"], by_place[None]["p50_ns"]) == (11, 9_999)
    assert by_place[2]["usual_sum_ns"] == 6 * 60_000


def test_a_backup_has_them_too(tmp_path: Path) -> None:
    store = stored(tmp_path / "f.duckdb", of(a_profile(SESSION)))
    made = copies.back_up(store.path, tmp_path / "b.duckdb", deadline_s=5, at_most_s=60)
    assert made.contents["operators"][0] == 6
    assert statistics(Store(made.path)).equals(statistics(store))


def test_times_that_are_dropped_for_their_age_leave_every_statistic_as_it_was(tmp_path: Path) -> None:
    long, short = a_profile(SESSION), a_profile(SESSION, iterations=3, nonce="other")
    store = stored(tmp_path / "f.duckdb", of(long), of(short))
    before, lines = statistics(store), store.query("profiles", run_ids=None)
    prune(store.path, LATER, now=LATER, deadline_s=5, at_most_s=60)
    assert statistics(store).equals(before)
    assert store.query("profiles", run_ids=None).equals(lines)
    kept = store.sql("SELECT run_id::VARCHAR AS run, count(times_ns) AS times FROM operators GROUP BY ALL")
    assert dict(kept.iter_rows()) == {long.id: 0, short.id: 6}
    assert store.query("check_rows").is_empty()
    prune(store.path, LATER, now=LATER, deadline_s=5, at_most_s=60)  # once more: nothing is left to drop
    assert statistics(store).equals(before)


def test_another_labs_operators_come_in_with_their_runs_whole_or_dropped(tmp_path: Path) -> None:
    theirs = stored(tmp_path / "theirs.duckdb", of(a_profile(SESSION)))
    prune(theirs.path, LATER, now=LATER, deadline_s=5, at_most_s=60)
    theirs.append([of(a_profile(SESSION))])
    ours = stored(tmp_path / "ours.duckdb", of(a_run(SESSION)))
    merged = merge(ours.path, theirs.path, deadline_s=5, at_most_s=60)
    assert (merged.rows["operators"], merged.rows["pruned_operators"]) == (12, 7)
    assert statistics(ours).equals(statistics(theirs))
    assert merge(ours.path, theirs.path, deadline_s=5, at_most_s=60).rows == {}


def test_operators_that_two_databases_know_otherwise_are_a_conflict_and_dropped_ones_are_none(tmp_path: Path) -> None:
    run = a_profile(SESSION)
    ours, theirs = stored(tmp_path / "ours.duckdb", of(run)), stored(tmp_path / "theirs.duckdb", of(run))
    other = stored(tmp_path / "other.duckdb", of(a_profile(SESSION, id=run.id, name="Pooling #1")))
    prune(theirs.path, LATER, now=LATER, deadline_s=5, at_most_s=60)
    assert merge(ours.path, theirs.path, deadline_s=5, at_most_s=60).rows == {}
    with pytest.raises(InputError, match=f"operators of {run.id}"):
        merge(ours.path, other.path, deadline_s=5, at_most_s=60)


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"run_id": "00000000-0000-7000-8000-000000000001"}, "readings without their run"),
        ({"place": 0}, "runs with operators twice"),
        ({"parent": 77}, "operators in a part that is not there"),
        ({"times_ns": None}, "operators with neither times nor a summary, or with both"),
    ],
)
def test_a_check_finds_operators_that_do_not_fit(tmp_path: Path, changes: dict[str, object], kind: str) -> None:
    rows = of(a_profile(SESSION))
    store = stored(tmp_path / "f.duckdb", rows)
    assert store.query("check_rows").is_empty()
    store.add({"operators": [rows["operators"][0] | {"place": 6} | changes]})
    assert kind in store.query("check_rows")["kind"].to_list()


def test_a_check_finds_a_valid_profile_run_without_operators(tmp_path: Path) -> None:
    store = stored(tmp_path / "f.duckdb", of(a_profile(SESSION, operators=())))
    assert store.query("check_rows")["kind"].to_list() == ["valid profile runs without an operator"]
