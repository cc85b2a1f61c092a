"""Runs as the gate takes them: just measured, or stored and named by revision or hash."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from farm import gate, release
from farm.errors import InputError
from farm.rack import plan_blocks
from farm.records import Record, record
from farm.series import workload_key
from farm.verdicts import Decision, Plan
from farm.workloads import Absent, Job, Outcome, Pass, Place, Provenance, Readings, new_id
from tests.conftest import NOW, a_run, a_session
from tests.release.simulated import LATENCY, MEMORY, NEW, OLD, Rack, a_device, a_store, asked, candidate_is

QUESTION = asked(LATENCY, MEMORY)
(CONTEST,) = QUESTION.contests
KEYS = {workload_key(Job(a_device("s25"), CONTEST.workload, NEW, pass_, 0)) for pass_ in Pass}


def measured(ratio: float = 1.0, **changes: object) -> Rack:
    rack = Rack(candidate_is(ratio))
    release.decide(replace(QUESTION, **changes), rack)  # type: ignore[arg-type]
    return rack


def stored(folder: Path, records: Sequence[Record]) -> tuple[pl.DataFrame, release.Numbers]:
    store = a_store(folder, records)
    runs = store.query("stored_runs", workloads=["net"], devices=["s25"])
    return runs, release.of_stored(store, runs)


def names(candidate: str = NEW.sha256, baseline: str = OLD.sha256) -> release.Selectors:
    return release.Selectors((candidate,), (baseline,))


def test_a_run_without_a_value_has_its_row_with_the_reason() -> None:
    session, place = a_session(), Place(new_id(NOW), "candidate", 0, 0)
    job = replace(plan_blocks(session.device, QUESTION.contests, range(1), place.gate, 1)[0], place=place, pass_=Pass.MEMORY)
    ok = a_run(session, job=job, readings=(Readings("rss_anon_bytes", (5.0,)),), absent=(Absent("vm_hwm_bytes", "no such file"),))
    failed = a_run(session, job=job, outcome=Outcome.FAILED, reason="it crashed", readings=(), measured=None)
    frame = release.of_measured([record(session, run) for run in (ok, failed)]).frame([MEMORY]).sort("metric", "outcome")
    assert dict(frame.schema) == gate.RUNS
    assert frame.select("metric", "value", "outcome", "reason", "flavour").rows() == [
        ("rss_anon_bytes", None, "failed", "it crashed", None),
        ("rss_anon_bytes", 5.0, "ok", None, "executorch xnnpack"),
        ("vm_hwm_bytes", None, "failed", "it crashed", None),
        ("vm_hwm_bytes", None, "ok", "no such file", "executorch xnnpack"),
    ]


def test_stored_runs_are_those_that_were_measured(tmp_path: Path) -> None:
    rack = measured()
    _, found = stored(tmp_path, rack.records)
    order = ["run", "metric", "statistic"]
    assert_frame_equal(found.frame([LATENCY]).sort(order), release.of_measured(rack.records).frame([LATENCY]).sort(order))


@pytest.mark.parametrize(("candidate", "baseline"), [(NEW.sha256, OLD.sha256), (NEW.sha256[:8], OLD.sha256[:20])])
def test_a_hash_or_its_beginning_names_a_side(tmp_path: Path, candidate: str, baseline: str) -> None:
    rack = measured()
    runs, _ = stored(tmp_path, rack.records)
    sided = release.sided(runs, names(candidate, baseline), KEYS)
    assert sided.interleaved
    assert sided.notes == ()
    assert sided.runs.select("run", "side", "block", "position").rows() == runs.select("run", "side", "block", "position").rows()


def test_sides_are_mirrored_when_they_are_named_the_other_way_round(tmp_path: Path) -> None:
    runs, _ = stored(tmp_path, measured().records)
    sided = release.sided(runs, names(OLD.sha256, NEW.sha256), KEYS)
    assert sided.interleaved
    assert (sided.runs["side"] != runs["side"]).all()


def test_one_artifact_against_itself_is_told_apart_by_its_gate(tmp_path: Path) -> None:
    same = replace(CONTEST, candidate=OLD)
    runs, _ = stored(tmp_path, measured(contests=(same,)).records)
    sided = release.sided(runs, names(OLD.sha256, OLD.sha256), KEYS)
    assert sided.runs["side"].to_list() == runs["side"].to_list()


def test_a_block_that_was_broken_off_and_runs_of_no_gate_are_left_out_and_counted(tmp_path: Path) -> None:
    rack = measured()
    session = a_session(device=a_device("s25"), provenance=Provenance("0.1.0", "abc"))
    alone = [a_run(session, job=Job(session.device, CONTEST.workload, NEW, Pass.LATENCY, number)) for number in range(3)]
    runs, _ = stored(tmp_path, rack.records[:-2] + [record(session, run) for run in alone])
    sided = release.sided(runs, names(), KEYS)
    assert sided.runs.height == len(rack.records) - 4
    assert sided.notes == ("5 stored runs are left out: not in a whole block of both sides",)


def one_after_the_other(revisions: Sequence[str] = ("old", "new"), **job: object) -> list[Record]:
    """Two sessions of farm run, of ten runs each."""
    records = []
    for revision, artifact in zip(revisions, (OLD, NEW), strict=True):
        session = a_session(id=new_id(NOW), device=a_device("s25"), provenance=Provenance("0.1.0", revision))
        for repeat in range(10):
            what = replace(Job(session.device, CONTEST.workload, artifact, Pass.LATENCY, repeat), **job)  # type: ignore[arg-type]
            run = a_run(session, (100.0 + repeat % 3,), job=what, output_check="passed")
            records.append(record(session, run))
    return records


def test_a_revision_names_a_side_and_sessions_one_after_the_other_are_advisory(tmp_path: Path) -> None:
    store = a_store(tmp_path, one_after_the_other())
    runs = store.query("stored_runs", workloads=["net"], devices=["s25"])
    sided = release.sided(runs, names("new", "old"), KEYS)
    assert not sided.interleaved
    numbers = release.of_stored(store, sided.runs)
    question = replace(QUESTION, budgets=(LATENCY,), plan=Plan(looks=()))
    (verdict,) = release.judged(question, numbers, ())
    assert (verdict.decision, verdict.advisory) == (Decision.INCONCLUSIVE, "side after side")
    (allowed,) = release.judged(replace(question, plan=Plan(looks=(), allow_unordered=True)), numbers, ())
    assert allowed.decision is Decision.PASS


@pytest.mark.parametrize(
    ("selectors", "said"),
    [
        (names("newest", "old"), 'of the candidate "newest"'),
        (names("new", "olden"), 'of the baseline "olden"'),
        (names("new", OLD.sha256[:7]), "of the baseline"),
        (names("new", "new"), "name the same runs"),
        (names("new", NEW.sha256), "name the same runs"),
    ],
)
def test_a_side_that_is_not_there_or_not_told_apart_is_refused(tmp_path: Path, selectors: release.Selectors, said: str) -> None:
    runs, _ = stored(tmp_path, one_after_the_other())
    with pytest.raises(InputError, match=said):
        release.sided(runs, selectors, KEYS)


def test_other_settings_are_never_compared(tmp_path: Path) -> None:
    other = replace(CONTEST.workload, settings=replace(CONTEST.workload.settings, threads=7))
    runs, _ = stored(tmp_path, [*one_after_the_other(), *one_after_the_other(workload=other)])
    sided = release.sided(runs, names("new", "old"), KEYS)
    assert sided.runs.height == 20
    assert sided.notes == ("20 stored runs are left out: measured with other settings or inputs",)


def test_outputs_that_nothing_was_held_against_are_counted(tmp_path: Path) -> None:
    runs, _ = stored(tmp_path, one_after_the_other())
    assert release.unchecked(runs, {"net"}) == 0
    spoiled = runs.with_columns(
        pl.when(pl.col("run") == runs["run"][0]).then(pl.lit("unchecked")).otherwise("output_check").alias("output_check")
    )
    assert release.unchecked(spoiled, {"net"}) == 1
    assert release.unchecked(spoiled, {"other"}) == 0
