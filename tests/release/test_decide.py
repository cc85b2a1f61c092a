"""Measuring until decided, on a rack that measures nothing."""

import itertools
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from farm import release
from farm.errors import InputError
from farm.verdicts import Decision, Exemption, Plan, Quality, Severity, exit_code
from farm.workloads import Job, Outcome, Pass, PassSettings, Workload
from tests.conftest import CALM
from tests.release.simulated import BOTH, LATENCY, MEMORY, NEW, OLD, TODAY, Rack, asked, candidate_is


@pytest.mark.parametrize(("ratio", "decision", "code"), [(1.0, Decision.PASS, 0), (1.3, Decision.FAIL, 4), (0.7, Decision.PASS, 0)])
def test_what_is_clear_is_decided_at_the_first_look(ratio: float, decision: Decision, code: int) -> None:
    rack = Rack(candidate_is(ratio))
    decided = release.decide(asked(plan=Plan(looks=(4, 8))), rack)
    assert [verdict.decision for verdict in decided.verdicts] == [decision]
    assert exit_code(decided.verdicts) == code
    assert rack.counts == [{"s25": {Pass.LATENCY: 16, Pass.MEMORY: 16}}]


def test_later_looks_measure_only_what_open_budgets_need() -> None:
    rack = Rack(lambda job: 1.03 if job.pass_ is Pass.LATENCY and job.place and job.place.side == "candidate" else 1.0)
    decided = release.decide(asked(LATENCY, MEMORY, plan=Plan(looks=(4, 5, 8))), rack)
    assert [verdict.decision for verdict in decided.verdicts] == [Decision.INCONCLUSIVE, Decision.PASS]
    assert rack.counts == [
        {"s25": {Pass.LATENCY: 16, Pass.MEMORY: 16}},
        {"s25": {Pass.LATENCY: 4}},
        {"s25": {Pass.LATENCY: 12}},
    ]
    assert decided.verdicts[0].blocks == 8


@given(ratio=st.sampled_from([1.0, 1.02, 1.03, 1.05]), other=st.sampled_from([1.0, 1.03, 1.2]), seed=st.integers(0, 1000))
@settings(max_examples=6)
def test_another_budget_changes_no_verdict_however_long_it_is_measured_for(ratio: float, other: float, seed: int) -> None:
    def ends(job: Job) -> float:
        slower = ratio if job.pass_ is Pass.LATENCY else other
        return slower if job.place and job.place.side == "candidate" else 1.0

    plan = Plan(looks=(4, 6, 8))
    (alone,) = release.decide(asked(LATENCY, passes=(Pass.LATENCY,), plan=plan), Rack(ends, seed=seed)).verdicts
    beside, _, _ = release.decide(asked(LATENCY, MEMORY, replace(LATENCY, max_regression=0.05), plan=plan), Rack(ends, seed=seed)).verdicts
    assert replace(beside, exclusions=()) == replace(alone, exclusions=())


def test_what_noise_does_not_let_be_armed_is_measured_for_one_look_and_whatever_else_is_measured_changes_nothing() -> None:
    noisy = {LATENCY: "needs 54 runs a side for 3 %: have 16"}
    alone = Rack(candidate_is(1.03))
    plan = Plan(looks=(4, 6, 8))
    (verdict,) = release.decide(asked(LATENCY, passes=(Pass.LATENCY,), plan=plan, unarmed=noisy), alone).verdicts
    assert alone.counts == [{"s25": {Pass.LATENCY: 16}}]
    assert (verdict.decision, verdict.blocks, exit_code([verdict])) == (Decision.INCONCLUSIVE, 4, 3)
    wider = replace(LATENCY, max_regression=0.0301)
    longer = Rack(candidate_is(1.03))
    beside, armed = release.decide(asked(LATENCY, wider, passes=(Pass.LATENCY,), plan=plan, unarmed=noisy), longer).verdicts
    assert len(longer.rounds) == 3
    assert armed.blocks == 8
    assert replace(beside, exclusions=()) == replace(verdict, exclusions=())


def test_every_device_reaches_a_look_before_it_is_judged() -> None:
    rack = Rack(candidate_is(1.03))
    release.decide(asked(devices=("s25", "pixel9"), passes=(Pass.LATENCY,), plan=Plan(looks=(4, 6))), rack)
    assert rack.counts == [{name: {Pass.LATENCY: count} for name in ("s25", "pixel9")} for count in (16, 8)]
    blocks = [job.place.block for one in rack.rounds for job in one["s25"] if job.place]
    assert blocks == [block for block in range(6) for _ in range(4)]


def test_a_device_that_fails_stops_no_other_and_leaves_its_budgets_open() -> None:
    on = {name: replace(LATENCY, devices=(name,)) for name in ("s25", "pixel9")}
    rack = Rack(candidate_is(1.03), fails_at={"pixel9": 1})
    plan = Plan(looks=(4, 6, 8))
    decided = release.decide(asked(on["s25"], on["pixel9"], LATENCY, devices=("s25", "pixel9"), plan=plan), rack)
    assert [sorted(one) for one in rack.rounds] == [["pixel9", "s25"], ["pixel9", "s25"], ["s25"]]
    own, gone, both = decided.verdicts
    assert own.blocks == 8
    assert gone.decision is both.decision is Decision.INCONCLUSIVE
    assert gone.reason.startswith("pixel9 was not measured to the end: it was unplugged; ")
    assert exit_code(decided.verdicts) == 3
    assert [(failure.device, failure.blocks) for failure in decided.failures] == [("pixel9", 4)]


def test_what_was_decided_before_a_device_failed_stands_and_says_so() -> None:
    def ends(job: Job) -> float:
        slower = 1.3 if job.pass_ is Pass.MEMORY else 1.03
        return slower if job.place and job.place.side == "candidate" else 1.0

    rack = Rack(ends, fails_at={"s25": 1})
    latency, memory = release.decide(asked(LATENCY, MEMORY, plan=Plan(looks=(4, 8))), rack).verdicts
    assert latency.decision is Decision.INCONCLUSIVE
    assert memory.decision is Decision.FAIL
    assert "s25 was not measured to the end: it was unplugged" in memory.warnings


def test_a_pass_that_a_failed_device_is_missing_from_is_none() -> None:
    """One phone alone would have passed by then: what the other would have shown is not known."""
    rack = Rack(candidate_is(1.0), fails_at={"pixel9": 0})
    (verdict,) = release.decide(asked(devices=("s25", "pixel9"), passes=(Pass.LATENCY,)), rack).verdicts
    assert verdict.decision is Decision.INCONCLUSIVE
    assert len(rack.rounds) == 1


def test_no_device_at_all_is_no_pass() -> None:
    decided = release.decide(asked(), Rack(candidate_is(1.0), fails_at={"s25": 0}))
    assert decided.numbers is None
    assert exit_code(decided.verdicts) == 3


@pytest.mark.parametrize("end", [Outcome.FAILED, Outcome.TIMED_OUT, Outcome.INVALID, Outcome.NOT_READY, Outcome.DEVICE_LOST])
@pytest.mark.parametrize("side", ["candidate", "baseline"])
def test_a_side_without_valid_runs_is_open_and_not_measured_for_ever(end: Outcome, side: str) -> None:
    rack = Rack(lambda job: end if job.place and job.place.side == side else 1.0)
    (verdict,) = release.decide(asked(passes=(Pass.LATENCY,)), rack).verdicts
    assert verdict.decision is Decision.INCONCLUSIVE
    assert len(rack.rounds) == 1
    assert sum(item.reason.endswith("it says why") for item in verdict.exclusions) == 8


def test_a_candidate_that_crashes_now_and_then_never_passes_and_never_fails_for_it() -> None:
    crashes = itertools.cycle([True, False, False])
    rack = Rack(lambda job: Outcome.FAILED if job.place and job.place.side == "candidate" and next(crashes) else 1.0)
    (verdict,) = release.decide(asked(passes=(Pass.LATENCY,)), rack).verdicts
    assert verdict.decision is Decision.INCONCLUSIVE
    assert "gave no number" in verdict.reason


def test_time_that_is_used_up_leaves_open_what_is_not_decided() -> None:
    rack = Rack(candidate_is(1.0), late_at=0)
    (verdict,) = release.decide(asked(passes=(Pass.LATENCY,)), rack).verdicts
    assert verdict.decision is Decision.INCONCLUSIVE
    assert verdict.warnings == ("the time that the gate may take was used up",)
    assert len(rack.rounds) == 1


def test_a_quality_that_nobody_measured_is_open() -> None:
    accuracy = replace(LATENCY, metric=Quality.ACCURACY, max_regression=None, max_drop=0.01)
    decided = release.decide(asked(LATENCY, accuracy), Rack(candidate_is(1.0)))
    assert [verdict.decision for verdict in decided.verdicts] == [Decision.PASS, Decision.INCONCLUSIVE]


def test_changes_are_found_in_what_has_no_budget() -> None:
    def ends(job: Job) -> float:
        return 1.2 if job.pass_ is Pass.MEMORY and job.place and job.place.side == "candidate" else 1.0

    decided = release.decide(asked(LATENCY), Rack(ends))
    assert {(change.metric, change.worse) for change in decided.changes} >= {("vm_hwm_bytes", True)}


def test_the_passes_are_those_of_the_budgets_and_those_that_the_suite_states() -> None:
    workloads = [Workload(name, (Pass.LATENCY, Pass.LOAD_WARM), PassSettings()) for name in ("net", "asked", "idle")]
    sides = dict.fromkeys(("net", "asked", "idle"), (NEW, OLD))
    found = release.contests(workloads, [MEMORY], frozenset({"asked"}), sides)
    assert {contest.workload.id: contest.workload.passes for contest in found} == {
        "net": (Pass.MEMORY,),
        "asked": (Pass.LATENCY, Pass.LOAD_WARM),
    }
    both = release.contests(workloads[:1], [MEMORY], frozenset({"net"}), sides)
    assert both[0].workload.passes == (Pass.LATENCY, Pass.MEMORY, Pass.LOAD_WARM)


def test_a_profile_that_a_suite_states_is_no_part_of_a_gate() -> None:
    workloads = [Workload("net", (Pass.LATENCY, Pass.PROFILE), PassSettings()), Workload("only", (Pass.PROFILE,), PassSettings())]
    found = release.contests(workloads, [], frozenset({"net", "only"}), dict.fromkeys(("net", "only"), (NEW, OLD)))
    assert [(contest.workload.id, contest.workload.passes) for contest in found] == [("net", (Pass.LATENCY,))]


def test_an_unchecked_output_is_refused_where_a_budget_blocks() -> None:
    with pytest.raises(InputError, match=r'the candidate new\.pte of "net" has no reference'):
        release.refuse_unchecked(asked())
    release.refuse_unchecked(asked(replace(LATENCY, severity=Severity.WARN)))
    exempt = replace(LATENCY, exemption=Exemption(TODAY, "me", "known"))
    release.refuse_unchecked(asked(exempt))
    with pytest.raises(InputError, match="has no reference"):
        release.refuse_unchecked(asked(exempt, today=date(2026, 1, 3)))


def test_what_makes_the_verdicts_makes_the_hash_of_a_plan() -> None:
    one = asked()
    again = replace(asked(), seed=9)
    assert release.plan_hash(one, None) == release.plan_hash(again, None)
    others = [
        release.plan_hash(one, 7),
        release.plan_hash(asked(MEMORY), None),
        release.plan_hash(asked(passes=BOTH[:1]), None),
        release.plan_hash(asked(devices=("s25", "pixel9")), None),
        release.plan_hash(asked(plan=Plan(looks=(4,))), None),
        release.plan_hash(replace(one, devices=tuple(replace(each, conditions=CALM) for each in one.devices)), None),
        release.plan_hash(replace(one, contests=tuple(replace(each, candidate=OLD) for each in one.contests)), None),
    ]
    assert len({release.plan_hash(one, None), *others}) == 8
