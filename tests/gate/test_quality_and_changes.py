import math
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from farm import gate
from farm.metrics import Statistic
from farm.verdicts import Budget, Decision, Verdict
from tests.gate import PLAN, TODAY, WITHIN, answers, both, frame

ACCURACY = Budget("w", "accuracy_ratio", Statistic.VALUE, max_drop=0.02)
PERPLEXITY = Budget("w", "perplexity", Statistic.VALUE, max_regression=0.05)


def judged(budget: Budget, *items: pl.DataFrame, devices: tuple[str, ...] = ()) -> Verdict:
    (verdict,) = gate.judge([budget], frame(), PLAN, TODAY, devices=devices, items=pl.concat(items))
    return verdict


def right(total: int, wrong: int) -> list[float | None]:
    return [0.0 if place < wrong else 1.0 for place in range(total)]


@pytest.mark.parametrize(
    ("lost", "decision"),
    [(0, Decision.PASS), (3, Decision.PASS), (20, Decision.INCONCLUSIVE), (60, Decision.FAIL)],
)
def test_an_accuracy_drop_is_judged_on_the_items_that_changed(lost: int, decision: Decision) -> None:
    verdict = judged(ACCURACY, answers(right(1000, 0), right(1000, lost)))
    assert verdict.decision is decision
    assert verdict.estimate is not None
    assert verdict.estimate.value == lost / 1000
    assert "+2 % allowed" in verdict.reason
    assert verdict.used[0].candidate == 1000
    if decision is Decision.INCONCLUSIVE:
        assert verdict.would_decide == "more items: repeating the same ones adds nothing"


def test_pairing_sees_what_two_shares_would_not() -> None:
    # 30 of 1000 lost, none gained: the drop is 3 % for sure, though 70.0 % against 67.0 % by themselves overlap.
    baseline = [1.0] * 700 + [0.0] * 300
    candidate = [0.0] * 30 + [1.0] * 670 + [0.0] * 300
    assert judged(replace(ACCURACY, max_drop=0.015), answers(baseline, candidate)).decision is Decision.FAIL


def test_the_worst_device_decides() -> None:
    good, bad = answers(right(1000, 0), right(1000, 0)), answers(right(1000, 0), right(1000, 80), device="pixel9")
    verdict = judged(ACCURACY, good, bad)
    assert verdict.decision is Decision.FAIL
    assert "the worst is pixel9" in verdict.reason
    assert judged(ACCURACY, good, devices=("s25", "pixel9")).decision is Decision.INCONCLUSIVE


@pytest.mark.parametrize(
    ("baseline", "candidate", "said"),
    [
        ([1.0] * 7, [1.0] * 7, "s25 has 7 items and needs 8"),
        ([1.0] * 20, [1.0] * 18 + [None, float("nan")], "2 of 20 items have no answer of the candidate"),
        ([None] + [1.0] * 19, [1.0] * 20, "1 of 20 items have no answer of the baseline"),
        ([1.0] * 20, [0.7] * 20, "an answer is 1 (right) or 0 (wrong)"),
    ],
)
def test_items_that_cannot_be_compared_decide_nothing(baseline: list[float | None], candidate: list[float | None], said: str) -> None:
    verdict = judged(ACCURACY, answers(baseline, candidate))
    assert verdict.decision is Decision.INCONCLUSIVE
    assert said in verdict.reason


def test_an_item_twice_or_without_tokens_decides_nothing() -> None:
    twice = answers(right(20, 0), right(20, 0)).with_columns(item=answers([1.0] * 20, [1.0] * 20)["item"].replace("3", "4"))
    assert "an item twice" in judged(ACCURACY, twice).reason
    assert "no tokens" in judged(PERPLEXITY, answers([-3.0] * 20, [-3.0] * 20, metric="perplexity", tokens=0)).reason


@pytest.mark.parametrize(
    ("rise", "decision"), [(0.0, Decision.PASS), (0.02, Decision.PASS), (0.05, Decision.INCONCLUSIVE), (0.1, Decision.FAIL)]
)
def test_a_rise_of_perplexity_is_a_ratio(rise: float, decision: Decision) -> None:
    noise = np.random.default_rng(1).normal(0, 1.0, 40)
    baseline = [-300.0 + float(value) * 10 for value in noise]
    candidate = [value - 100 * math.log1p(rise) + float(extra) for value, extra in zip(baseline, noise[::-1] - noise.mean(), strict=True)]
    verdict = judged(PERPLEXITY, answers(baseline, candidate, metric="perplexity", tokens=100))
    assert verdict.decision is decision
    assert verdict.estimate is not None
    assert verdict.estimate.value == pytest.approx(1 + rise, abs=1e-6)
    assert "perplexity" in verdict.reason


def test_a_quality_budget_states_its_own_kind_of_promise() -> None:
    with pytest.raises(ValueError, match="state max_drop for accuracy_ratio"):
        judged(Budget("w", "accuracy_ratio", Statistic.VALUE, max_regression=0.02), answers(right(20, 0), right(20, 0)))
    with pytest.raises(ValueError, match="a max_drop is for a quality"):
        gate.judge([Budget("w", "latency_ns", Statistic.P50, max_drop=0.02)], frame(both(1.0)), PLAN, TODAY)


# --- changes outside the budgets ---


def test_changes_are_found_where_no_budget_looks_the_largest_first() -> None:
    runs = frame(
        both(1.3),
        both(1.1, metric="ttft_ns", seed=2),
        both(0.8, metric="decode_tokens_per_s", seed=3),
        both(1.0, metric="token_ns", seed=4),
        both(1.01, metric="prefill_tokens_per_s", seed=5, sd=0.001),
    )
    found = gate.changes(runs, [WITHIN])
    assert [(change.metric, change.worse) for change in found] == [("decode_tokens_per_s", True), ("ttft_ns", True)]
    assert found[1].ratio.value == pytest.approx(1.1, abs=0.02)
    assert found[1].ratio.low is not None
    assert 1.0 < found[1].ratio.low < 1.1
    assert all(change.q_value < 0.05 for change in found)
    assert [change.metric for change in gate.changes(runs, [])] == ["latency_ns", "decode_tokens_per_s", "ttft_ns"]
    assert [change.metric for change in gate.changes(runs, [WITHIN], floor=0.005)][-1] == "prefill_tokens_per_s"


def test_many_unchanged_metrics_give_no_changes() -> None:
    parts = [both(1.0, count=12, device=f"d{device}", metric=metric, seed=100 + 7 * device + place)
             for device in range(8) for place, metric in enumerate(("latency_ns", "ttft_ns", "token_ns"))]  # fmt: skip
    assert gate.changes(frame(*parts), []) == ()


def test_runs_that_were_not_interleaved_give_no_changes() -> None:
    assert gate.changes(frame([row | {"block": None} for row in both(1.5)]), []) == ()
    assert gate.changes(frame(), []) == ()
