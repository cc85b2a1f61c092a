"""What was measured and what was not: sides, devices and flavours that are missing, runs that failed or were disturbed."""

from dataclasses import replace

import pytest

from farm import gate
from farm.verdicts import (
    COULD_NOT_TELL,
    ONE_LOOK,
    Decision,
    Plan,
    exit_code,
)
from tests.gate import LIMIT, TOKENS, WITHIN, both, interleaved, noisy, one


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
    assert verdict.allowed == pytest.approx(1.03)
    assert one(TOKENS).allowed == pytest.approx(0.97)
    assert one(LIMIT).allowed == 1.1e9
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
    slower = one(WITHIN, interleaved(candidate, [value * 1.05 for value in baseline]), plan=ONE_LOOK)
    assert slower.decision is Decision.INCONCLUSIVE  # its typical run is slower, but every third of the baseline's was slower still
    baseline[1::3] = [value * 1.08 for value in baseline[1::3]]
    alike = one(WITHIN, interleaved(baseline, candidate), plan=ONE_LOOK)
    assert alike.decision is Decision.PASS
    assert "runs fall into two groups" in alike.warnings[0]


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
