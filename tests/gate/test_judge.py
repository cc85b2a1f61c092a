"""One budget's verdict, look after look: when it is reached, what it says, and what it comes to for the exit code."""

from dataclasses import replace
from datetime import date

import pytest

from farm import gate
from farm.metrics import Statistic
from farm.verdicts import (
    COULD_NOT_TELL,
    IN_BUDGET,
    OUT_OF_BUDGET,
    Budget,
    Decision,
    Exemption,
    Plan,
    Severity,
    Verdict,
    exit_code,
)
from tests.gate import TODAY, TOKENS, WITHIN, both, frame, one


@pytest.mark.parametrize(
    ("ratio", "decision", "code"),
    [(1.0, Decision.PASS, IN_BUDGET), (0.9, Decision.PASS, IN_BUDGET), (1.08, Decision.FAIL, OUT_OF_BUDGET)],
)
def test_a_plain_case_is_decided_early_with_everything_that_explains_it(ratio: float, decision: Decision, code: int) -> None:
    verdict = one(WITHIN, both(ratio))
    assert verdict.decision is decision
    assert exit_code([verdict]) == code
    assert verdict.estimate is not None
    assert verdict.estimate.low is not None
    assert verdict.estimate.high is not None
    assert verdict.estimate.low <= ratio <= verdict.estimate.high
    assert verdict.estimate.coverage == 0.95
    assert (verdict.estimate.high < 1.03) if decision is Decision.PASS else (verdict.estimate.low > 1.03)
    assert verdict.detectable is not None
    assert 1.03 < verdict.detectable < 1.08
    assert verdict.blocks < 20
    assert verdict.used[0].baseline == verdict.used[0].candidate == 2 * verdict.blocks
    assert {exclusion.reason for exclusion in verdict.exclusions} == {"measured after the look that decided"}
    assert "+3 % allowed" in verdict.reason
    assert verdict.would_decide is None
    assert verdict.advisory is None
    assert "van Elteren" in verdict.method


def test_the_truth_at_the_budget_is_not_decided_and_says_what_would() -> None:
    verdict = one(WITHIN, both(1.03, seed=3))
    assert verdict.decision is Decision.INCONCLUSIVE
    assert exit_code([verdict]) == COULD_NOT_TELL
    assert "the interval holds the budget" in verdict.reason
    assert verdict.would_decide is not None
    assert gate.next_look([verdict], Plan()) is None


def test_more_runs_are_asked_for_with_their_number_when_the_ratio_lies_apart() -> None:
    verdict = one(WITHIN, both(1.0, count=8, sd=0.06))
    assert verdict.decision is Decision.INCONCLUSIVE
    assert verdict.would_decide is not None
    assert verdict.would_decide.startswith("about ")
    assert "runs a side on each device" in verdict.would_decide
    look = gate.next_look([verdict], Plan())
    assert look is not None
    assert look.blocks == 5
    assert look.workloads == ("w",)


def test_so_few_runs_that_there_is_no_interval_hold_no_budget_and_say_how_many_would_do() -> None:
    plan = Plan(looks=(), min_runs=3)
    verdict = one(WITHIN, both(1.5, count=3), plan=plan)
    assert verdict.decision is Decision.INCONCLUSIVE
    assert verdict.reason.endswith("(no interval), +3 % allowed: 3 runs a side are too few for an interval")
    assert verdict.would_decide == "more runs: at least 4 a side on each device; 3 bound the ratio on no side"
    assert one(WITHIN, both(1.5, count=4), plan=plan).decision is Decision.FAIL


def test_rates_are_better_when_higher() -> None:
    def rates(ratio: float) -> Verdict:
        return one(TOKENS, both(ratio, metric="decode_tokens_per_s"))

    slower, faster = rates(0.92), rates(1.08)
    assert (slower.decision, faster.decision) == (Decision.FAIL, Decision.PASS)
    assert slower.allowed == pytest.approx(0.97)
    assert slower.estimate is not None
    assert slower.estimate.value == pytest.approx(0.92, abs=0.02)
    assert slower.estimate.high is not None
    assert slower.estimate.high < 0.97
    assert slower.detectable is not None
    assert slower.detectable < 0.97


def test_a_verdict_once_reached_is_not_changed_by_what_is_measured_later() -> None:
    early = both(1.0, count=40)
    verdict = one(WITHIN, early)
    worse_later = [row | {"value": row["value"] * 1.5} if row["block"] >= verdict.blocks else row for row in early]  # type: ignore[operator]
    again = one(WITHIN, worse_later)
    assert (again.decision, again.estimate, again.blocks) == (verdict.decision, verdict.estimate, verdict.blocks)


def test_judging_after_each_look_says_what_judging_at_the_end_says() -> None:
    rows = both(1.05, sd=0.02, seed=5)
    at_end = one(WITHIN, rows)
    assert at_end.decision is Decision.FAIL
    assert at_end.blocks > 6
    live = None
    for blocks in Plan().looks:
        live = one(WITHIN, [row for row in rows if row["block"] < blocks])  # type: ignore[operator]
        if live.decision is not Decision.INCONCLUSIVE:
            break
        assert gate.next_look([live], Plan()) is not None
    assert live is not None
    assert (live.decision, live.estimate, live.looks, live.blocks) == (at_end.decision, at_end.estimate, at_end.looks, at_end.blocks)


def test_blocks_of_several_sessions_are_counted_on() -> None:
    rows = [row | {"session": "b" if row["block"] >= 10 else "a", "block": row["block"] % 10} for row in both(1.03, seed=3)]  # type: ignore[operator]
    verdict = one(WITHIN, rows)
    assert (verdict.blocks, verdict.looks) == (20, 11)
    assert verdict.used[0].baseline == 40
    assert one(WITHIN, [row | {"session": "a"} for row in both(1.03, seed=3)]).decision is verdict.decision


def test_measuring_that_ended_between_looks_is_looked_at_once_more() -> None:
    verdict = one(WITHIN, both(1.03, count=22, seed=3))
    assert verdict.blocks == 11
    assert verdict.looks == 7  # 4, 5, 6, 7, 8, 10, and where it ended


def test_a_budget_that_warns_never_changes_the_exit_code() -> None:
    warns = replace(WITHIN, severity=Severity.WARN)
    assert exit_code([one(warns, both(1.2))]) == IN_BUDGET
    assert exit_code([one(warns, both(1.2)), one(WITHIN, both(1.0))]) == IN_BUDGET
    assert exit_code([one(warns), one(WITHIN, both(1.2))]) == OUT_OF_BUDGET


def test_out_of_budget_outranks_could_not_tell() -> None:
    assert exit_code([one(WITHIN), one(WITHIN, both(1.2)), one(WITHIN, both(1.0))]) == OUT_OF_BUDGET
    assert exit_code([one(WITHIN), one(WITHIN, both(1.0))]) == COULD_NOT_TELL


@pytest.mark.parametrize(("today", "code"), [(date(2026, 3, 1), IN_BUDGET), (date(2026, 3, 2), OUT_OF_BUDGET)])
def test_an_exemption_holds_until_the_end_of_its_day(today: date, code: int) -> None:
    excused = replace(WITHIN, exemption=Exemption(date(2026, 3, 1), "ana", "new tokenizer"))
    verdict = one(excused, both(1.2), today=today)
    assert verdict.decision is Decision.FAIL
    assert exit_code([verdict]) == code
    (text,) = verdict.warnings
    assert text == f"the exemption {'holds until' if code == IN_BUDGET else 'ended on'} 2026-03-01 (ana: new tokenizer)"


def test_wrong_frames_and_budgets_are_refused() -> None:
    with pytest.raises(ValueError, match="the frame lacks value"):
        gate.judge([WITHIN], frame(both(1.0)).drop("value"), Plan(), TODAY)
    with pytest.raises(ValueError, match="side is one of baseline, candidate, not B"):
        gate.judge([WITHIN], frame([row | {"side": "B"} for row in both(1.0)]), Plan(), TODAY)
    with pytest.raises(ValueError, match=r"outcome is one of ok, .*, not fine"):
        gate.judge([WITHIN], frame([row | {"outcome": "fine"} for row in both(1.0)]), Plan(), TODAY)
    rows = both(1.0)
    rows[1] |= {"run": rows[0]["run"]}
    with pytest.raises(ValueError, match="stands twice"):
        one(WITHIN, rows)
    with pytest.raises(ValueError, match="allows anything"):
        one(replace(TOKENS, max_regression=1.0), both(1.0, metric="decode_tokens_per_s"))
    with pytest.raises(ValueError, match="nothing says which way it improves"):
        one(replace(WITHIN, metric="happiness"), both(1.0, metric="happiness"))
    with pytest.raises(ValueError, match="exactly one of"):
        Budget("w", "latency_ns", Statistic.P50)
    with pytest.raises(ValueError, match="above -1"):
        replace(WITHIN, max_regression=-1.0)
    with pytest.raises(ValueError, match="rising"):
        Plan(looks=(4, 4))
    with pytest.raises(ValueError, match="between 0 and"):
        Plan(error=0.5)
