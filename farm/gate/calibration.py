"""How much noise a budget can live with: from runs of which nothing differs but the side they were counted to."""

import math
from collections.abc import Mapping
from dataclasses import replace

import polars as pl

from farm.gate import looks, relative
from farm.gate.frames import select
from farm.metrics import METRICS, Statistic
from farm.stats import power
from farm.verdicts import ONE_LOOK, Budget, Estimate, Noise, Plan, Quality, Side

_LEVEL = 0.025
_A_SIDE = 2
"""Runs a side in an ABBA block."""
_STEPS = (0.005, 0.01, 0.015, 0.02, 0.03, 0.04, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5)
"""Budgets that are proposed, as shares."""


def measured(runs: pl.DataFrame) -> tuple[Noise, ...]:
    """Return the noise of each number that both sides of an A/A measurement have four runs of.

    By device, workload, metric and statistic. It is the standard error of the ratio times the root of the runs, so it holds
    what drifts and what is correlated as the test sees it.
    """
    found = []
    keys = runs.select("device", "workload", "metric", "statistic").unique().sort("device", "workload", "metric", "statistic")
    for device, workload, metric, statistic in keys.iter_rows():
        if metric not in METRICS:
            continue
        asked = Budget(workload, metric, Statistic(statistic), max_regression=0.0, devices=(device,))
        question = relative.Question(asked, asked.devices, ONE_LOOK, asked.sign, 0.0)
        look = relative.looked_at(select(runs, asked, asked.devices, tuple(Side)), 0, question)
        if look.short:
            continue
        shift = look.shift()
        low, high = shift.lower_bound(_LEVEL), shift.upper_bound(_LEVEL)
        error = abs(power.standard_error(low, high, _LEVEL))  # of equal bounds: no minus before the zero
        if math.isfinite(error):
            deviation = error * math.sqrt(shift.information * 3 / math.pi)
            least, most = sorted((question.ratio(low), question.ratio(high)))
            ratio = Estimate(question.ratio(shift.estimate()), least, most, 1 - 2 * _LEVEL)
            a_side = sum(each.baseline.size for each in shift.strata)
            found.append(Noise(device, workload, metric, Statistic(statistic), deviation, a_side, ratio))
    return tuple(found)


def runs_needed(deviation: float, budget: Budget, plan: Plan) -> int:
    """Return how many runs a side a relative budget needs on one device, to have passed by then in most cases when nothing changed.

    It is the first of the plan's looks that would pass by itself in four cases of five, at the level it has there; where none
    would, or the plan looks once, the number that one look needs.
    """
    distance = abs(relative.limit_of(budget, budget.sign))
    shares = tuple(blocks / plan.looks[-1] for blocks in plan.looks)
    for place, blocks in enumerate(plan.looks):
        level = looks.levels(shares[: place + 1], plan.error).pass_
        if power.runs_needed(deviation, distance, level) <= _A_SIDE * blocks:
            return _A_SIDE * blocks
    return power.runs_needed(deviation, distance, plan.error)


def runs_needed_on(deviations: Mapping[str, float], budget: Budget, plan: Plan) -> int:
    """Return how many runs a side, on each of these devices, a relative budget over all of them needs; deviations are by device.

    Devices have the same weight in the common ratio; and each by itself must not seem to be beyond the budget.
    """
    pooled = math.hypot(*deviations.values()) / len(deviations)
    needed = runs_needed(pooled, budget, plan)
    if len(deviations) == 1:
        return needed
    distance = abs(relative.limit_of(budget, budget.sign))
    return max(needed, *(power.runs_needed(deviation, distance, relative.DOUBT) for deviation in deviations.values()))


def why_unarmed(deviations: Mapping[str, float], budget: Budget, plan: Plan) -> str | None:
    """Say why a relative budget is not to be armed on devices with this noise, or return None where it may be."""
    assert budget.max_regression is not None, "only a relative budget is armed"
    have = _A_SIDE * plan.looks[-1]
    promise = f"{100 * budget.max_regression:g} %"
    if budget.max_regression == 0:
        return None  # it needs a candidate that is better, by nobody knows how much
    needed = runs_needed_on(deviations, budget, plan)
    if needed <= have:
        return None
    worst = max(deviations, key=lambda device: deviations[device])
    on_each = "" if len(deviations) == 1 else " on each device"
    return f"needs {needed} runs a side{on_each} for {promise}: have {have} (a run on {worst} scatters by {100 * deviations[worst]:.2g} %)"


def is_armable(budget: Budget) -> bool:
    """Whether noise decides if a budget can be armed: it is relative, and of runs."""
    return budget.max_regression is not None and budget.metric not in list(Quality)


def smallest_armed(budget: Budget, deviations: Mapping[str, float], plan: Plan) -> float | None:
    """Return the smallest max_regression, of a few round ones, with which the budget could be armed; None: with none of them."""
    for step in _STEPS:
        if why_unarmed(deviations, replace(budget, max_regression=step), plan) is None:
            return step
    return None
