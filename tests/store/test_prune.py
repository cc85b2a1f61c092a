import multiprocessing
import random
import shutil
import time
from dataclasses import asdict
from datetime import datetime, timedelta
from multiprocessing.synchronize import Event
from pathlib import Path

import duckdb
import polars as pl
import pytest

from farm import release
from farm.cli.report import look_at
from farm.metrics import INTERVAL, WINDOWS
from farm.records import record
from farm.store import Store, copies
from farm.store.prune import Pruned, old_runs, prune
from farm.workloads import Pass, Readings, Run, Session
from tests.conftest import NOW, a_job, a_run, a_session, an_artifact
from tests.report.conftest import Rack, a_rack, end_of
from tests.report.year import Year

LATER = datetime(2026, 12, 1)  # noqa: DTZ001
MANY = tuple(float(number) for number in range(1, 101))


def pruned(path: Path, before: datetime = LATER) -> Pruned:
    return prune(path, before, now=LATER, deadline_s=30.0, at_most_s=120.0)


def stored(tmp_path: Path, *runs: Run, session: Session) -> Store:
    store = Store(tmp_path / "farm.duckdb")
    store.append([record(session, run) for run in runs])
    return store


def statistics(store: Store) -> pl.DataFrame:
    return store.sql("SELECT run_id::VARCHAR AS run, * EXCLUDE (run_id) FROM run_statistics ORDER BY ALL")


@pytest.fixture(scope="module")
def rack(tmp_path_factory: pytest.TempPathFactory) -> Rack:
    """A rack's year with findings, an acknowledgement and a gate."""
    return a_rack(tmp_path_factory.mktemp("rack"), Year(nights=30), "oneplus13", "known")


def test_every_question_has_the_answer_that_it_had_before(rack: Rack, tmp_path: Path) -> None:
    store = Store(copies.back_up(rack.store.path, tmp_path / "farm.duckdb", deadline_s=5, at_most_s=60).path)
    run_ids = store.sql("SELECT id::VARCHAR AS id FROM runs ORDER BY id")["id"].to_list()
    now = end_of(rack.year)
    every = {"device": None, "workload": None}
    asked: dict[str, dict[str, object]] = {
        "nights": {"branch": "main", "as_of": now, "metrics": ["latency latency_ns", "latency token_ns"], **every},
        "chosen_statistics": {"run_ids": run_ids},
        "chosen_values": {"run_ids": run_ids},
        "chosen_p50": {"run_ids": run_ids, "metric": "latency_ns"},
        "run_p50": {"metric": "latency_ns"},
        "export_statistics": {**every, "flavour": None, "settings": None},
        "all_statistics": {},
        "every_statistic": {},
        "run_list": {**every, "outcome": None, "most": 100_000},
    }
    before = store.queries(asked)
    look, gate = look_at(store, "main", now), release.of_stored(store, store.query("judged_runs", gate=rack.gate))
    assert pruned(store.path).runs["needed_by"].is_null().sum() > 100
    after = store.queries(asked)
    for name, frame in before.items():
        columns = [column for column, kind in frame.schema.items() if kind != pl.Object]
        assert rows(after[name], columns) == rows(frame, columns), name
    assert frame_rows(gate) == frame_rows(release.of_stored(store, store.query("judged_runs", gate=rack.gate)))
    assert asdict(look_at(store, "main", now).tracked) == asdict(look.tracked)


def rows(frame: pl.DataFrame, columns: list[str]) -> list[str]:
    return sorted(map(repr, frame.select(columns).rows()))


def frame_rows(numbers: object) -> list[str]:
    return [repr(sorted(map(repr, frame.rows()))) for name in dir(numbers) if isinstance(frame := getattr(numbers, name), pl.DataFrame)]


def test_what_a_gate_a_finding_and_an_acknowledgement_need_stays_and_is_named(rack: Rack, tmp_path: Path) -> None:
    store = Store(copies.back_up(rack.store.path, tmp_path / "farm.duckdb", deadline_s=5, at_most_s=60).path)
    reasons = set(old_runs(store, LATER)["needed_by"].unique())
    assert {"a gate", "a finding", "an acknowledgement", None} <= reasons
    judged = store.query("judged_runs", gate=rack.gate)["run"].to_list()
    before = store.query("export_samples", run_ids=judged)
    pruned(store.path)
    assert store.query("export_samples", run_ids=judged).equals(before)


def test_a_baseline_that_holds_keeps_the_readings_of_its_artifact_and_a_removed_one_does_not(tmp_path: Path) -> None:
    session = a_session()
    store = stored(tmp_path, a_run(session, latency_ns=MANY), session=session)
    sha256 = an_artifact().sha256
    for number, removed in enumerate((False, True)):
        identity = f"019b0000-0000-7000-8000-00000000000{number}"
        row = {"id": identity, "name": "v1", "set_at": NOW.replace(tzinfo=None) + timedelta(number), "is_removed": removed}
        part = {"baseline_id": identity, "kind": "artifact", "workload_id": None, "sha256": sha256, "tree_sha256": "t", "size_bytes": 1}
        store.add({"baselines": [row | {"revision": None, "command": "c"}], "baseline_parts": [part | {"name": "model.pte"}]})
        assert old_runs(store, LATER)["needed_by"].to_list() == [None if removed else "a baseline"]


def test_young_runs_and_short_rows_and_what_tells_how_sure_a_value_is_stay(tmp_path: Path) -> None:
    session = a_session()
    own = (
        Readings("latency_ns", MANY),
        Readings("cpu_ns", (1.0,)),
        Readings("energy_uj", MANY[:50], WINDOWS),
        Readings("energy_uj", (1.0, 2.0), INTERVAL),
    )
    store = stored(tmp_path, a_run(session, readings=own), session=session)
    assert pruned(store.path, NOW.replace(tzinfo=None)).runs.is_empty()
    pruned(store.path)
    left = store.sql("SELECT metric, source FROM samples ORDER BY ALL").rows()
    assert left == [("cpu_ns", ""), ("energy_uj", INTERVAL), ("energy_uj", WINDOWS)]


def test_rates_that_were_told_from_dropped_readings_are_told_still(tmp_path: Path) -> None:
    session = a_session()
    own = (
        Readings("token_ns", MANY),
        Readings("prefill_ns", MANY[:20]),
        Readings("prompt_tokens_count", (7.0,)),
    )
    store = stored(
        tmp_path, a_run(session, readings=own), a_run(session, readings=(*own[:1], Readings("prefill_ns", (3.0,)), own[2])), session=session
    )
    before = statistics(store)
    assert {"decode_tokens_per_s", "prefill_tokens_per_s"} <= set(before["metric"])
    pruned(store.path)
    assert statistics(store).equals(before)
    pruned(store.path)
    assert statistics(store).equals(before)


def test_values_that_are_no_numbers_keep_their_summaries(tmp_path: Path) -> None:
    session = a_session()
    odd = (*MANY, float("nan"), float("inf"))
    store = stored(tmp_path, a_run(session, readings=(Readings("latency_ns", odd),)), session=session)
    before = statistics(store)
    pruned(store.path)
    assert repr(statistics(store).rows()) == repr(before.rows())


def test_the_disk_has_its_room_back(tmp_path: Path) -> None:
    session = a_session()
    much = [tuple(drawn.random() for _ in range(20_000)) for drawn in map(random.Random, range(20))]
    store = stored(tmp_path, *(a_run(session, latency_ns=values) for values in much), session=session)
    done = pruned(store.path)
    assert done.after_bytes == store.path.stat().st_size
    assert done.after_bytes < done.before_bytes - 2_000_000


def test_a_kept_summary_says_the_extremes_the_mean_and_when(tmp_path: Path) -> None:
    session = a_session()
    run = a_run(session, readings=(Readings("temperature_c", MANY, "cpu"),))
    store = stored(tmp_path, run, session=session)
    pruned(store.path)
    row = store.query("pruned_readings", run_ids=[run.id]).row(0, named=True)
    assert (row["source"], row["readings"], row["least"], row["most"], row["mean"], row["pruned_at"]) == (
        "cpu",
        100,
        1.0,
        100.0,
        50.5,
        LATER,
    )


def test_nothing_to_drop_leaves_the_file_as_it_is(tmp_path: Path) -> None:
    session = a_session()
    store = stored(tmp_path, a_run(session), session=session)
    pruned(store.path)
    stamp = copies.stamp_of(store.path)
    pruned(store.path)
    assert copies.stamp_of(store.path) == stamp


def _append(path: Path, count: int) -> None:
    session = a_session()
    for _ in range(count):
        Store(path, deadline_s=60.0).append([record(session, a_run(session, latency_ns=MANY))])


def test_pruning_while_others_append_loses_none_of_their_runs(tmp_path: Path) -> None:
    store = Store(tmp_path / "farm.duckdb")
    _append(store.path, 3)
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_append, args=(store.path, 6)) for _ in range(2)]
    for writer in writers:
        writer.start()
    rounds = 0
    while any(writer.is_alive() for writer in writers):
        prune(store.path, LATER, now=LATER, deadline_s=60.0, at_most_s=60.0)
        rounds += 1
    for writer in writers:
        writer.join(60)
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert rounds > 1
    assert store.query("count_runs").item() == 15
    assert store.sql("SELECT count(DISTINCT run_id) FROM run_statistics").item() == 15


def _say_and_prune(path: Path, begun: Event) -> None:
    begun.set()
    prune(path, LATER, now=LATER, deadline_s=30.0, at_most_s=60.0)


@pytest.mark.parametrize("moment", [0.1, 0.3, 0.5, 0.7, 0.9])
def test_killed_at_any_moment_the_database_is_whole(tmp_path: Path, moment: float) -> None:
    session = a_session()
    much = [tuple(float(hash((run, number)) % 100_003) for number in range(5_000)) for run in range(20)]
    store = stored(tmp_path, *(a_run(session, latency_ns=values) for values in much), session=session)
    before = statistics(store)
    shutil.copy(store.path, tmp_path / "other.duckdb")
    began_s = time.monotonic()
    pruned(tmp_path / "other.duckdb")
    took_s = time.monotonic() - began_s
    context = multiprocessing.get_context("spawn")
    begun = context.Event()
    process = context.Process(target=_say_and_prune, args=(store.path, begun))
    process.start()
    assert begun.wait(60)
    time.sleep(moment * took_s)
    process.kill()
    process.join()
    assert statistics(store).equals(before)
    assert store.query("count_runs").item() == 20
    pruned(store.path)
    assert statistics(store).equals(before)
    assert store.sql("SELECT count(*) FROM samples WHERE len(values) > 8").item() == 0


def test_a_power_pass_keeps_its_interval(tmp_path: Path) -> None:
    session = a_session()
    own = (Readings("energy_per_inference_uj", (3.0,)), Readings("energy_per_inference_uj", (2.0, 4.0), INTERVAL))
    windows = Readings("energy_per_inference_uj", MANY[:40], WINDOWS)
    run = a_run(session, job=a_job(an_artifact(), Pass.POWER), readings=(*own, windows, Readings("power_uw", MANY)))
    store = stored(tmp_path, run, session=session)
    pruned(store.path)
    left = {(row["metric"], row["source"]) for row in store.query("run_samples", run_id=run.id).iter_rows(named=True)}
    assert left == {("energy_per_inference_uj", ""), ("energy_per_inference_uj", INTERVAL), ("energy_per_inference_uj", WINDOWS)}


def test_a_database_of_an_older_farm_is_brought_up_first(tmp_path: Path) -> None:
    from tests.store.test_copies import older

    older(tmp_path / "farm.duckdb", 7)
    assert pruned(tmp_path / "farm.duckdb").runs.is_empty()
    with duckdb.connect(tmp_path / "farm.duckdb", read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM pruned_samples").fetchall() == [(0,)]
