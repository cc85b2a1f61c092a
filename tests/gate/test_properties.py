"""What must hold for any data."""

import math
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from farm import gate
from farm.metrics import Statistic
from farm.verdicts import ONE_LOOK, Budget, Decision, Plan, Severity, Side, Verdict
from tests.gate import PLAN, TODAY, WITHIN, Row, frame, interleaved, one

SWAPPED = {Decision.PASS: Decision.FAIL, Decision.FAIL: Decision.PASS, Decision.INCONCLUSIVE: Decision.INCONCLUSIVE}

# Values with two digits, so that ties and values exactly at the budget are common.
values = st.lists(st.floats(10, 30).map(lambda value: round(value, 1)), min_size=8, max_size=30)
narrow = st.lists(st.sampled_from([100.0, 100.0, 101.0, 102.0, 103.0, 105.0, 110.0]), min_size=8, max_size=30)
sides = st.one_of(st.tuples(values, values), st.tuples(narrow, narrow))
plans = st.sampled_from([PLAN, ONE_LOOK, Plan(looks=(4, 9))])


def said(verdict: Verdict) -> tuple[object, ...]:
    return verdict.decision, verdict.looks, verdict.blocks, verdict.used[0].baseline, verdict.used[0].candidate, verdict.advisory


@settings(max_examples=30, deadline=None)
@given(sides, plans, st.sampled_from([1e-9, 1e-6, 1e-3, 1e3, 1e6, 1e9, 7.3]), st.sampled_from([0.0, 0.01, 0.03, 0.05]))
def test_units_change_no_verdict(data: tuple[list[float], list[float]], plan: Plan, scale: float, budget: float) -> None:
    asked = replace(WITHIN, max_regression=budget)
    plain = one(asked, interleaved(*data), plan=plan)
    scaled = one(asked, interleaved([value * scale for value in data[0]], [value * scale for value in data[1]]), plan=plan)
    assert said(scaled) == said(plain)
    assert (plain.estimate is None) == (scaled.estimate is None)
    if plain.estimate is not None and scaled.estimate is not None:
        assert math.isclose(plain.estimate.value, scaled.estimate.value, rel_tol=1e-9)


@settings(max_examples=30, deadline=None)
@given(sides, st.sampled_from([-0.05, 0.0, 0.01, 0.03, 0.1]))
def test_swapping_the_sides_mirrors_the_verdict(data: tuple[list[float], list[float]], budget: float) -> None:
    rows, plan = interleaved(*data), replace(ONE_LOOK, allow_unordered=True)
    there = one(replace(WITHIN, max_regression=budget), rows, plan=plan)
    swapped = [row | {"side": Side(str(row["side"])).other} for row in rows]
    back = one(replace(WITHIN, max_regression=1 / (1 + budget) - 1), swapped, plan=plan)
    assert back.decision is SWAPPED[there.decision]
    if there.estimate is not None and back.estimate is not None:
        assert math.isclose(back.estimate.value, 1 / there.estimate.value, rel_tol=1e-9)
        if there.estimate.low is not None and back.estimate.high is not None:
            assert math.isclose(back.estimate.high, 1 / there.estimate.low, rel_tol=1e-9)


@settings(max_examples=30, deadline=None)
@given(sides, plans)
def test_rates_are_judged_as_the_times_they_are_the_inverse_of(data: tuple[list[float], list[float]], plan: Plan) -> None:
    times = one(WITHIN, interleaved(*data), plan=plan)
    rates = Budget("w", "decode_tokens_per_s", Statistic.P50, max_regression=1 - 1 / 1.03)
    rows = interleaved([1e9 / value for value in data[0]], [1e9 / value for value in data[1]], metric="decode_tokens_per_s")
    assert said(one(rates, rows, plan=plan)) == said(times)


others = st.tuples(
    st.sampled_from(["latency_ns", "ttft_ns", "vm_hwm_bytes"]),
    st.sampled_from(["w", "another"]),
    st.sampled_from(["p50", "p99", "value"]),
    values,
    values,
)


@settings(max_examples=30, deadline=None)
@given(sides, st.lists(others, max_size=3), plans, st.integers(0, 3))
def test_no_other_metric_or_budget_changes_a_verdict(
    data: tuple[list[float], list[float]], more: list[tuple[str, str, str, list[float], list[float]]], plan: Plan, place: int
) -> None:
    own = interleaved(*data)
    alone = one(WITHIN, own, plan=plan)
    rows: list[Row] = []
    budgets = [replace(WITHIN, max_regression=0.5, severity=Severity.WARN), Budget("w", "latency_ns", Statistic.P50, limit=20.0)]
    for number, (metric, workload, statistic, baseline, candidate) in enumerate(more):
        if (metric, workload, statistic) != ("latency_ns", "w", "p50"):
            part = interleaved(baseline, candidate, metric=metric, workload=workload, statistic=statistic)
            rows += [row | {"run": f"{row['run']}-{number}"} for row in part]
            budgets.append(Budget(workload, metric, Statistic(statistic), max_regression=0.01))
    budgets.insert(min(place, len(budgets)), WITHIN)
    verdicts = gate.judge(budgets, frame(rows, own), plan, TODAY)
    assert verdicts[budgets.index(WITHIN)] == alone


@settings(max_examples=30, deadline=None)
@given(sides, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_changes_nothing(data: tuple[list[float], list[float]], random: object) -> None:
    rows = interleaved(*data)
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert one(WITHIN, shuffled) == one(WITHIN, rows)


@settings(max_examples=30, deadline=None)
@given(sides, plans, st.sampled_from([0.0, 0.02, 0.03, 0.05]))
def test_the_interval_is_the_decision(data: tuple[list[float], list[float]], plan: Plan, budget: float) -> None:
    verdict = one(replace(WITHIN, max_regression=budget), interleaved(*data), plan=plan)
    low, high = (None, None) if verdict.estimate is None else (verdict.estimate.low, verdict.estimate.high)
    if verdict.decision is Decision.FAIL:
        assert low is not None
        assert low > verdict.allowed
    if verdict.decision is Decision.PASS:
        assert high is not None
        assert high < verdict.allowed
    if verdict.reason.endswith("the interval holds the budget"):
        assert low is not None or high is not None
        assert low is None or low <= verdict.allowed * (1 + 2e-9)
        assert high is None or high >= verdict.allowed * (1 - 2e-9)
