import math
from dataclasses import replace
from datetime import date

import pytest

from farm import gate
from farm.metrics import Statistic
from farm.verdicts import (
    COULD_NOT_TELL,
    IN_BUDGET,
    ONE_LOOK,
    OUT_OF_BUDGET,
    Budget,
    Decision,
    Exemption,
    Plan,
    Severity,
    Verdict,
    exit_code,
)
from tests.gate import TODAY, WITHIN, a_row, both, frame, interleaved, noisy, numbered, one

TOKENS = Budget("w", "decode_tokens_per_s", Statistic.P50, max_regression=0.03)


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


def test_measuring_that_ended_between_looks_is_looked_at_once_more() -> None:
    verdict = one(WITHIN, both(1.03, count=22, seed=3))
    assert verdict.blocks == 11
    assert verdict.looks == 7  # 4, 5, 6, 7, 8, 10, and where it ended


# --- what was measured, and what was not ---


@pytest.mark.parametrize("side", ["baseline", "candidate"])
def test_a_missing_side_is_inconclusive(side: str) -> None:
    verdict = one(WITHIN, [row for row in both(1.0) if row["side"] != side])
    assert verdict.decision is Decision.INCONCLUSIVE
    assert "s25 has 0 runs a side and needs 4" in verdict.reason
    assert exit_code([verdict]) == COULD_NOT_TELL


def test_a_missing_device_is_inconclusive_however_good_the_others_are() -> None:
    for verdict in (
        one(WITHIN, both(0.5), devices=("s25", "pixel9")),
        one(replace(WITHIN, devices=("s25", "pixel9")), both(0.5)),
    ):
        assert verdict.decision is Decision.INCONCLUSIVE
        assert "pixel9 has 0 runs a side" in verdict.reason
        assert not verdict.more_runs_help
        assert gate.next_look([verdict], Plan()) is None


def test_nothing_measured_and_nothing_judged_are_no_pass() -> None:
    verdict = one(WITHIN)
    assert verdict.decision is Decision.INCONCLUSIVE
    assert verdict.reason == "nothing was measured"
    assert exit_code([]) == COULD_NOT_TELL


def test_a_budget_of_some_devices_does_not_look_at_others() -> None:
    budget = replace(WITHIN, devices=("s25",))
    alone = one(budget, both(1.0))
    assert one(budget, both(1.0), both(1.5, device="pixel9")) == alone


def test_disturbed_runs_are_left_out_with_their_reasons() -> None:
    rows = both(1.0)
    rows[0] |= {"outcome": "invalid", "reason": "it throttled", "value": 9e9}
    rows[1] |= {"outcome": "not_ready", "reason": "41 C", "value": None}
    verdict = one(WITHIN, rows)
    assert verdict.decision is Decision.PASS
    reasons = {exclusion.run: exclusion.reason for exclusion in verdict.exclusions}
    assert reasons[str(rows[0]["run"])] == "invalid: it throttled"
    assert reasons[str(rows[1]["run"])] == "not ready: 41 C"


@pytest.mark.parametrize(
    "fault",
    [
        {"outcome": "failed", "reason": "crashed", "value": None},
        {"outcome": "timed_out", "reason": "300 s", "value": None},
        {"value": None, "reason": "not read"},
        {"value": float("nan")},
        {"value": float("inf")},
        {"value": 0.0},
        {"value": -3.0},
    ],
)
def test_a_candidate_that_fails_now_and_then_does_not_pass_and_a_failing_baseline_fails_nobody(fault: dict[str, object]) -> None:
    good, bad = both(1.0), both(1.2)
    next(row for row in good if row["side"] == "candidate").update(fault)
    next(row for row in bad if row["side"] == "baseline").update(fault)
    for rows, side in ((good, "candidate"), (bad, "baseline")):
        verdict = one(WITHIN, rows)
        assert verdict.decision is Decision.INCONCLUSIVE
        assert f"1 run of the {side} gave no number" in verdict.reason
        assert verdict.would_decide == "runs that do not fail"
    slow = both(1.2)
    next(row for row in slow if row["side"] == "candidate").update(fault)
    assert one(WITHIN, slow).decision is Decision.FAIL


def test_too_few_valid_runs_are_inconclusive() -> None:
    verdict = one(WITHIN, both(1.0, count=3), plan=ONE_LOOK)
    assert verdict.decision is Decision.INCONCLUSIVE
    assert "s25 has 3 runs a side and needs 4" in verdict.reason


def test_one_side_disturbed_more_often_is_warned_of() -> None:
    rows = both(1.0, count=40)
    for row in [row for row in rows if row["side"] == "candidate"][:14]:
        row |= {"outcome": "invalid", "reason": "it throttled"}
    warned = one(WITHIN, rows, plan=ONE_LOOK)
    assert any("14 of 40 runs of the candidate were disturbed, 0 of 40 of the baseline" in text for text in warned.warnings)
    assert one(WITHIN, both(1.0)).warnings == ()


def test_runs_in_two_groups_are_warned_of() -> None:
    baseline, candidate = noisy(40, sd=0.002), noisy(40, sd=0.002, seed=2)
    candidate[::3] = [value * 1.08 for value in candidate[::3]]
    verdict = one(WITHIN, interleaved(baseline, candidate), plan=ONE_LOOK)
    (text,) = verdict.warnings
    assert text == ("s25: runs fall into two groups 7.7 % apart; 0% of the baseline's and 35% of the candidate's are in the worse one")
    assert verdict.decision is Decision.INCONCLUSIVE  # its typical run is no slower, but every third is
    assert verdict.reason.endswith(f"one ratio does not tell it: {text}")
    baseline[1::3] = [value * 1.08 for value in baseline[1::3]]
    alike = one(WITHIN, interleaved(baseline, candidate), plan=ONE_LOOK)
    assert alike.decision is Decision.PASS
    assert "runs fall into two groups" in alike.warnings[0]


# --- order ---


def test_runs_side_after_side_fail_but_do_not_pass() -> None:
    def apart(ratio: float) -> list[dict[str, object]]:
        baseline = [a_row("baseline", value, block=0, position=place) for place, value in enumerate(noisy(40))]
        candidate = [a_row("candidate", value, block=1, position=place) for place, value in enumerate(noisy(40, ratio, seed=2))]
        return numbered(baseline + candidate)

    verdict = one(WITHIN, apart(1.0))
    assert (verdict.decision, verdict.advisory) == (Decision.INCONCLUSIVE, "side after side")
    assert "it would pass, but the runs are advisory" in verdict.reason
    assert one(WITHIN, apart(1.2)).decision is Decision.FAIL
    assert one(WITHIN, apart(1.0), plan=Plan(allow_unordered=True)).decision is Decision.PASS
    warns = one(replace(WITHIN, severity=Severity.WARN), apart(1.0))
    assert (warns.decision, warns.advisory) == (Decision.PASS, "side after side")


def test_sessions_of_one_side_each_are_side_after_side() -> None:
    rows = numbered(
        [a_row("baseline", value, session="a", block=place // 4, position=place % 4) for place, value in enumerate(noisy(20))]
        + [a_row("candidate", value, session="b", block=place // 4, position=place % 4) for place, value in enumerate(noisy(20, seed=2))]
    )
    verdict = one(WITHIN, rows)
    assert verdict.advisory == "side after side"
    assert verdict.used[0].baseline == 20


@pytest.mark.parametrize("lost", ["block", "position"])
def test_an_unknown_order_is_said(lost: str) -> None:
    verdict = one(WITHIN, [row | {lost: None} for row in both(1.0)])
    assert (verdict.decision, verdict.advisory) == (Decision.INCONCLUSIVE, "order unknown")


def test_a_side_that_always_comes_first_is_no_fair_order() -> None:
    rows = [row | {"position": (0 if row["side"] == "baseline" else 2) + place % 2} for place, row in enumerate(both(1.0))]
    assert one(WITHIN, rows).advisory == "one side always came first"


def test_what_drifts_over_a_session_does_not_blur_the_ratio() -> None:
    rows = both(1.0, sd=0.005)
    drifting = [row | {"value": row["value"] * math.exp(0.02 * row["block"])} for row in rows]  # type: ignore[operator]
    verdict = one(WITHIN, drifting, plan=ONE_LOOK)
    assert verdict.estimate is not None
    assert verdict.decision is Decision.PASS
    assert verdict.estimate.high is not None
    assert verdict.estimate.low is not None
    assert verdict.estimate.high - verdict.estimate.low < 0.03  # the drift itself is 40 %


# --- devices and flavours ---


def test_devices_of_different_speed_are_compared_each_with_itself() -> None:
    slow = [row | {"value": row["value"] * 9} for row in both(1.0, device="old", seed=7)]  # type: ignore[operator]
    verdict = one(WITHIN, both(1.0), slow)
    assert verdict.decision is Decision.PASS
    assert [used.device for used in verdict.used] == ["old", "s25"]
    assert all(used.estimate == pytest.approx(1.0, abs=0.03) for used in verdict.used)


def test_one_slow_device_does_not_hide_behind_the_others() -> None:
    parts = [both(1.0, device=f"d{k}", seed=k) for k in range(3)]
    assert one(WITHIN, *parts).decision is Decision.PASS
    verdict = one(WITHIN, *parts, both(1.08, device="pixel9", seed=9))
    assert verdict.decision is Decision.INCONCLUSIVE
    assert "pixel9 alone may still be over the budget" in verdict.reason
    assert verdict.would_decide == "more runs, or a budget for each device"


def test_flavours_are_never_compared_with_each_other() -> None:
    rows = [row | {"flavour": "portable"} if row["side"] == "candidate" else row for row in both(0.5)]
    verdict = one(WITHIN, rows)
    assert verdict.decision is Decision.INCONCLUSIVE
    assert all("no valid run of the other side with its flavour" in exclusion.reason for exclusion in verdict.exclusions)


# --- severity, exemptions, exit codes ---


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


# --- limits ---

LIMIT = Budget("w", "vm_hwm_bytes", Statistic.VALUE, limit=1.1e9)


def memory(*values: float, device: str = "s25", metric: str = "vm_hwm_bytes") -> list[dict[str, object]]:
    rows = [a_row("candidate", value, device, block=place // 2, position=place % 2) for place, value in enumerate(values)]
    return numbered([row | {"metric": metric, "statistic": "value"} for row in rows])


def test_a_limit_is_held_against_the_median_of_the_candidates_runs() -> None:
    assert one(LIMIT, memory(*[1.0e9] * 10)).decision is Decision.PASS
    failed = one(LIMIT, memory(*[1.2e9] * 20))
    assert failed.decision is Decision.FAIL
    assert failed.reason == "1.200 GB (1.200 GB … 1.200 GB), 1.100 GB allowed"
    assert one(LIMIT, memory(*[1.1e9] * 40)).decision is Decision.INCONCLUSIVE
    assert one(LIMIT, memory(*[1.0e9] * 5), plan=ONE_LOOK).decision is Decision.INCONCLUSIVE  # 1/32 is above 0.025
    assert one(LIMIT, memory(*[1.0e9] * 6), plan=ONE_LOOK).decision is Decision.PASS


def test_one_device_over_the_limit_is_enough_and_all_must_be_within() -> None:
    good, bad = memory(*[1.0e9] * 40), memory(*[1.2e9] * 40, device="pixel9")
    verdict = one(LIMIT, good, bad)
    assert verdict.decision is Decision.FAIL
    assert "on pixel9" in verdict.reason
    assert one(LIMIT, good, memory(*[1.05e9, 1.15e9] * 20, device="pixel9")).decision is Decision.INCONCLUSIVE
    assert one(LIMIT, good, devices=("s25", "pixel9")).decision is Decision.INCONCLUSIVE


def test_a_rate_has_a_lowest_value() -> None:
    budget = Budget("w", "decode_tokens_per_s", Statistic.VALUE, limit=10.0)
    assert one(budget, memory(*[9.0] * 40, metric="decode_tokens_per_s")).decision is Decision.FAIL
    assert one(budget, memory(*[11.0] * 40, metric="decode_tokens_per_s")).decision is Decision.PASS


def test_a_failed_run_holds_back_the_pass_of_a_limit() -> None:
    rows = memory(*[1.0e9] * 10)
    rows[0] |= {"outcome": "failed", "reason": "killed: out of memory", "value": None}
    verdict = one(LIMIT, rows)
    assert verdict.decision is Decision.INCONCLUSIVE
    assert "killed: out of memory" in verdict.reason


# --- what is refused ---


def test_wrong_frames_and_budgets_are_refused() -> None:
    with pytest.raises(ValueError, match="the frame lacks value"):
        gate.judge([WITHIN], frame(both(1.0)).drop("value"), Plan(), TODAY)
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
