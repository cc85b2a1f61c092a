"""From what a wrong winner could come: none of these may pass or fail by accident."""

import time
from dataclasses import replace

import numpy as np
import pytest

from farm.verdicts import ONE_LOOK, Decision
from tests.gate import WITHIN, a_row, both, interleaved, noisy, numbered, one


def constant(ratio: float, count: int = 40) -> list[dict[str, object]]:
    return interleaved([100.0] * count, [100.0 * ratio] * count)


@pytest.mark.parametrize(
    ("ratio", "decision"),
    [
        (1.0, Decision.PASS),
        (1.0299, Decision.PASS),
        (1.03, Decision.INCONCLUSIVE),  # exactly the budget, whatever rounding says
        (1.0301, Decision.FAIL),
        (2.0, Decision.FAIL),
    ],
)
def test_values_without_any_variance_are_decided_by_what_they_are(ratio: float, decision: Decision) -> None:
    verdict = one(WITHIN, constant(ratio))
    assert verdict.decision is decision
    assert verdict.estimate is not None
    assert verdict.estimate.value == pytest.approx(ratio)


def test_ties_everywhere_only_make_it_more_careful() -> None:
    coarse = [20.0, 21.0] * 20
    few = interleaved(coarse[:8], coarse[:8])  # steps of 5 %, a budget of 3 %
    assert one(WITHIN, few, plan=ONE_LOOK).decision is Decision.INCONCLUSIVE
    assert one(WITHIN, interleaved(coarse, coarse), plan=ONE_LOOK).decision is Decision.PASS
    assert one(replace(WITHIN, max_regression=0.06), interleaved(coarse, coarse), plan=ONE_LOOK).decision is Decision.PASS
    assert one(WITHIN, interleaved(coarse, [24.0, 25.0] * 20), plan=ONE_LOOK).decision is Decision.FAIL


@pytest.mark.parametrize("count", [0, 1, 2, 3])
@pytest.mark.parametrize("ratio", [0.1, 1.0, 10.0])
def test_a_few_runs_decide_nothing(count: int, ratio: float) -> None:
    verdict = one(WITHIN, both(ratio, count=count), plan=ONE_LOOK, devices=("s25",))
    assert verdict.decision is Decision.INCONCLUSIVE


def test_one_run_against_many_decides_nothing() -> None:
    rows = numbered([*interleaved(noisy(40), noisy(40)[:1])])
    assert one(WITHIN, rows, plan=ONE_LOOK).decision is Decision.INCONCLUSIVE


@pytest.mark.parametrize("value", [None, float("nan"), float("inf"), float("-inf"), 0.0, -1.0])
@pytest.mark.parametrize("side", ["baseline", "candidate"])
def test_a_side_of_no_numbers_decides_nothing(side: str, value: float | None) -> None:
    rows = [row | {"value": value} if row["side"] == side else row for row in both(1.0)]
    verdict = one(WITHIN, rows)
    assert verdict.decision is Decision.INCONCLUSIVE
    assert len(verdict.exclusions) >= 40


def test_wild_values_do_not_overturn_a_verdict() -> None:
    rows = both(1.0)
    for place in (3, 20, 41):
        rows[place] |= {"value": 1e300 if place % 2 else 1e-300}
    assert one(WITHIN, rows, plan=ONE_LOOK).decision is Decision.PASS


def test_a_hundred_thousand_runs_are_judged_quickly() -> None:
    values = 2e7 * np.exp(np.random.default_rng(1).normal(0, 0.02, 100_000))
    rows = numbered([a_row("baseline" if place % 2 else "candidate", float(value)) for place, value in enumerate(values)])
    start_s = time.perf_counter()
    verdict = one(WITHIN, rows, plan=replace(ONE_LOOK, allow_unordered=True))
    assert time.perf_counter() - start_s < 20  # about two seconds on a free core
    assert verdict.decision is Decision.PASS
    assert verdict.estimate is not None
    assert verdict.estimate.value == pytest.approx(1.0, abs=0.001)


def test_a_hundred_thousand_interleaved_runs_are_judged_quickly() -> None:
    values = 2e7 * np.exp(np.random.default_rng(2).normal(0, 0.02, 100_000))
    rows = [
        a_row("baseline" if place % 4 in (0, 3) else "candidate", float(value), block=place // 4, position=place % 4)
        for place, value in enumerate(values)
    ]
    start_s = time.perf_counter()
    verdict = one(WITHIN, numbered(rows), plan=ONE_LOOK)
    assert time.perf_counter() - start_s < 20
    assert verdict.decision is Decision.PASS
    assert verdict.used[0].baseline == 50_000
