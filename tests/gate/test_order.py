"""The order in which sides were measured: side after side is no fair comparison."""

import math
from dataclasses import replace

import pytest

from farm.verdicts import (
    ONE_LOOK,
    Decision,
    Plan,
    Severity,
)
from tests.gate import WITHIN, a_row, both, noisy, numbered, one


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


def test_sides_by_turns_are_interleaved() -> None:
    turns = [0, 2, 1, 3]  # of the rows of a block, baseline candidate candidate baseline: ABAB
    rows = [row | {"position": turns[int(str(row["position"]))]} for row in both(1.0)]
    swapped = [row | {"position": 3 - int(str(row["position"]))} if row["block"] == 1 else row for row in rows]
    for each in (rows, swapped):
        verdict = one(WITHIN, each)
        assert (verdict.decision, verdict.advisory) == (Decision.PASS, None)


def test_one_device_measured_side_after_side_makes_all_of_it_advice() -> None:
    apart = [row | {"block": 0 if row["side"] == "baseline" else 1, "position": place} for place, row in enumerate(both(1.0, device="old"))]
    verdict = one(WITHIN, both(1.0), apart)
    assert (verdict.decision, verdict.advisory) == (Decision.INCONCLUSIVE, "side after side on old")


def test_what_drifts_over_a_session_does_not_blur_the_ratio() -> None:
    rows = both(1.0, sd=0.005)
    drifting = [row | {"value": row["value"] * math.exp(0.02 * row["block"])} for row in rows]  # type: ignore[operator]
    verdict = one(WITHIN, drifting, plan=ONE_LOOK)
    assert verdict.estimate is not None
    assert verdict.decision is Decision.PASS
    assert verdict.estimate.high is not None
    assert verdict.estimate.low is not None
    assert verdict.estimate.high - verdict.estimate.low < 0.03  # the drift itself is 40 %
