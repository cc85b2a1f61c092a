"""Budgets and noise: what is armed, and what becomes of what is not."""

from dataclasses import replace

import pytest

from farm import gate
from farm.metrics import Statistic
from farm.verdicts import Budget, Decision, Plan, Verdict
from tests.gate import PLAN, TODAY, WITHIN, both, frame

WHY = "needs 54 runs a side for 3 %: have 40"


def judged(ratio: float, *, count: int = 40, sd: float = 0.01, armed: bool = False) -> Verdict:
    (verdict,) = gate.judge([WITHIN], frame(both(ratio, count=count, sd=sd)), PLAN, TODAY, unarmed={} if armed else {WITHIN: WHY})
    return verdict


def test_a_budget_is_armed_only_where_the_plan_has_the_runs_that_noise_asks_for() -> None:
    assert gate.why_unarmed({"s25": 0.01}, WITHIN, PLAN) is None
    few = Plan(looks=(4, 5))
    needed = gate.runs_needed(0.026, WITHIN, few)
    assert needed > 10
    assert gate.why_unarmed({"s25": 0.026}, WITHIN, few) == f"needs {needed} runs a side for 3 %: have 10 (a run on s25 scatters by 2.6 %)"


def test_devices_together_need_fewer_runs_unless_one_is_too_noisy_by_itself() -> None:
    alone = gate.runs_needed(0.03, WITHIN, PLAN)
    assert gate.runs_needed_on({"s25": 0.03}, WITHIN, PLAN) == alone
    assert gate.runs_needed_on({"s25": 0.03, "pixel9": 0.03}, WITHIN, PLAN) < alone
    assert gate.runs_needed_on({"s25": 0.0, "pixel9": 0.2}, WITHIN, PLAN) > 40
    said = gate.why_unarmed({"s25": 0.0, "pixel9": 0.2}, WITHIN, PLAN)
    assert said is not None
    assert "runs a side on each device for 3 %: have 40 (a run on pixel9 scatters by 20 %)" in said


def test_the_smallest_budget_that_is_proposed_is_one_that_would_be_armed() -> None:
    for deviation in (0.0, 0.004, 0.01, 0.03, 0.1):
        share = gate.smallest_armed(WITHIN, {"s25": deviation}, PLAN)
        assert share is not None
        assert gate.why_unarmed({"s25": deviation}, replace(WITHIN, max_regression=share), PLAN) is None
        assert share <= 0.005 or gate.why_unarmed({"s25": deviation}, replace(WITHIN, max_regression=share / 2), PLAN) is not None
    assert gate.smallest_armed(WITHIN, {"s25": 5.0}, PLAN) is None


def test_what_is_not_armed_is_looked_at_once_and_left_open() -> None:
    verdict = judged(1.02, sd=0.02)
    assert (verdict.decision, verdict.looks, verdict.blocks, verdict.more_runs_help) == (Decision.INCONCLUSIVE, 1, 4, False)
    assert verdict.unarmed == WHY
    assert verdict.reason.endswith(f"not armed: it {WHY}")
    assert verdict.would_decide is not None
    assert verdict.would_decide.startswith("a plan with more runs (it has 40 a side)")
    assert verdict.used[0].candidate == 8
    assert all(item.reason == "measured after the look that decided" for item in verdict.exclusions)
    assert judged(1.02, sd=0.02, count=8) == replace(verdict, exclusions=())


@pytest.mark.parametrize(("ratio", "decision"), [(1.3, Decision.FAIL), (0.7, Decision.PASS)])
def test_what_one_look_shows_holds_also_when_nothing_was_armed(ratio: float, decision: Decision) -> None:
    """It was settled before measuring that there is one look, so its error is that of one test."""
    verdict = judged(ratio)
    assert verdict.decision is decision
    assert verdict.levels == pytest.approx((PLAN.error, PLAN.error))
    assert verdict.warnings[-1] == f"it was looked at once, and not armed: it {WHY}"


def test_another_budget_and_one_look_at_everything_know_nothing_of_arming() -> None:
    other = Budget("w", "latency_ns", Statistic.P50, max_regression=0.05)
    rows = frame(both(1.0))
    with_it = gate.judge([WITHIN, other], rows, PLAN, TODAY, unarmed={WITHIN: WHY})
    assert with_it[1] == gate.judge([other], rows, PLAN, TODAY)[0]
    assert with_it[1].unarmed is None
    once = Plan(looks=())
    assert gate.judge([WITHIN], rows, once, TODAY, unarmed={WITHIN: WHY}) == gate.judge([WITHIN], rows, once, TODAY)


def test_only_relative_budgets_of_runs_are_armed() -> None:
    assert gate.is_armable(WITHIN)
    assert not gate.is_armable(Budget("w", "latency_ns", Statistic.P50, limit=1.0))
    assert not gate.is_armable(Budget("w", "perplexity", Statistic.VALUE, max_regression=0.03))
    assert gate.why_unarmed({"s25": 9.0}, replace(WITHIN, max_regression=0.0), PLAN) is None
