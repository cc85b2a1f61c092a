"""Budgets of quality: how much worse the candidate answers the same items, paired by item, on each device."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from farm.gate import looks, words
from farm.stats import paired, power
from farm.verdicts import Budget, Decision, Estimate, Plan, Quality, Used, Verdict

_METHODS = {
    Quality.ACCURACY: "drop of accuracy, paired by item: Tango's score interval on each device",
    Quality.PERPLEXITY: (
        "ratio of perplexities, paired by item: ratio of sums over items, Student's interval after Hall's correction for "
        "skewness, on each device"
    ),
}
_FEWEST_ITEMS = 8


@dataclass(frozen=True, slots=True)
class Reading:
    """One device: how much worse, with bounds; a difference of shares, or the logarithm of a ratio."""

    device: str
    drop: float
    low: float
    high: float


def judge(budget: Budget, items: pl.DataFrame, plan: Plan, devices: Sequence[str]) -> Verdict:
    """Return the verdict: FAIL when one device is beyond the budget (level shared among devices), PASS when all are within."""
    kind = Quality(budget.metric)
    stated = budget.max_drop if kind is Quality.ACCURACY else budget.max_regression
    if stated is None:
        raise ValueError(f"{budget.name}: state {'max_drop' if kind is Quality.ACCURACY else 'max_regression'} for {kind}")
    own = items.filter((pl.col("workload") == budget.workload) & (pl.col("metric") == budget.metric))
    by_device = {device: own.filter(pl.col("device") == device) for device in devices}
    allowed = stated if kind is Quality.ACCURACY else 1 + stated
    used = tuple(Used(device, rows["baseline"].count(), rows["candidate"].count()) for device, rows in by_device.items())
    problem = next((text for device, rows in by_device.items() if (text := _problem(device, rows, kind))), None)
    if problem is not None:
        hint = "every item answered by both sides on every device of the budget"
        return Verdict(budget, Decision.INCONCLUSIVE, problem, allowed, _METHODS[kind], would_decide=hint, used=used)
    readings = sorted(
        (_read(device, rows, kind, plan.error, len(by_device)) for device, rows in by_device.items()), key=lambda reading: -reading.drop
    )
    return _verdict(budget, readings, kind, allowed, plan, used)


def _problem(device: str, rows: pl.DataFrame, kind: Quality) -> str | None:
    """Say why a device's items cannot be compared, or None."""
    if rows.height < _FEWEST_ITEMS:
        return f"{device} has {rows.height} items and needs {_FEWEST_ITEMS}"
    if rows["item"].is_duplicated().any():
        return f"{device} has an item twice"
    for side in ("baseline", "candidate"):
        missing = rows.filter(~pl.col(side).is_finite().fill_null(value=False)).height
        if missing:
            return f"{device}: {missing} of {rows.height} items have no answer of the {side}"
    if kind is Quality.ACCURACY and not rows.select(pl.col("baseline", "candidate").is_in([0.0, 1.0]).all()).to_numpy().all():
        return f"{device}: an answer is 1 (right) or 0 (wrong)"
    if kind is Quality.PERPLEXITY and not (rows["tokens"].fill_null(0) > 0).all():
        return f"{device}: an item has no tokens"
    return None


def _read(device: str, rows: pl.DataFrame, kind: Quality, error: float, devices: int) -> Reading:
    baseline, candidate = (rows[side].to_numpy().astype(np.float64) for side in ("baseline", "candidate"))
    if kind is Quality.ACCURACY:
        lost, gained = int((baseline > candidate).sum()), int((baseline < candidate).sum())
        low, _ = paired.accuracy_drop_bounds(lost, gained, rows.height, error / devices)
        _, high = paired.accuracy_drop_bounds(lost, gained, rows.height, error)
        return Reading(device, (lost - gained) / rows.height, low, high)
    tokens = rows["tokens"].to_numpy().astype(np.float64)
    change, low, _ = paired.log_perplexity_change(baseline, candidate, tokens, error / devices)
    _, _, high = paired.log_perplexity_change(baseline, candidate, tokens, error)
    return Reading(device, change, low, high)


def _verdict(budget: Budget, readings: Sequence[Reading], kind: Quality, allowed: float, plan: Plan, used: tuple[Used, ...]) -> Verdict:
    limit = allowed if kind is Quality.ACCURACY else math.log(allowed)
    beyond = [reading for reading in readings if reading.low > limit + looks.TOLERANCE]
    open_ = [reading for reading in readings if reading.high >= limit - looks.TOLERANCE]
    worst = (beyond or open_ or readings)[0]
    decision = Decision.FAIL if beyond else Decision.INCONCLUSIVE if open_ else Decision.PASS
    error = power.standard_error(2 * worst.drop - worst.high, worst.high, plan.error)
    far = limit + power.detectable(error, plan.error)
    if kind is Quality.ACCURACY:
        estimate = Estimate(worst.drop, worst.low, worst.high, 1 - 2 * plan.error)
        text = f"accuracy drops by {words.share_interval(estimate)}, {words.share(allowed)} allowed"
    else:
        estimate = Estimate(math.exp(worst.drop), math.exp(worst.low), math.exp(worst.high), 1 - 2 * plan.error)
        text = f"perplexity {words.ratio_interval(estimate)}, {words.ratio(allowed)} allowed"
    if len(readings) > 1:
        text += f"; {'the worst' if worst is readings[0] else 'that'} is {worst.device}"
    hint = "more items: repeating the same ones adds nothing" if decision is Decision.INCONCLUSIVE else None
    reason = f"{text}: the interval holds the budget" if hint else text
    return Verdict(
        budget,
        decision,
        reason,
        allowed,
        _METHODS[kind],
        would_decide=hint,
        estimate=estimate,
        detectable=far if kind is Quality.ACCURACY else math.exp(far),
        used=used,
        looks=1,
        levels=(plan.error / len(readings), plan.error),
    )


_DROPS = (0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.05, 0.1)


def smallest_drop(items: int, plan: Plan) -> float | None:
    """Return the smallest max_drop, of a few round ones, that a candidate with the same answers to so many items passes; None: none."""
    _, high = paired.accuracy_drop_bounds(0, 0, items, plan.error)
    return next((drop for drop in _DROPS if drop > high + looks.TOLERANCE), None)
