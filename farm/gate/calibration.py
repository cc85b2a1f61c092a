"""How much noise a budget can live with: from runs of which nothing differs but the side they were counted to."""

import math

import polars as pl

from farm.gate import looks, relative
from farm.gate.frames import select
from farm.metrics import METRICS, Statistic
from farm.stats import power
from farm.verdicts import ONE_LOOK, Budget, Noise, Plan, Side

_LEVEL = 0.025
_A_SIDE = 2
"""Runs a side in an ABBA block."""


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
        error = power.standard_error(shift.lower_bound(_LEVEL), shift.upper_bound(_LEVEL), _LEVEL)
        if math.isfinite(error):
            deviation = error * math.sqrt(shift.information * 3 / math.pi)
            found.append(Noise(device, workload, metric, Statistic(statistic), deviation, sum(each.baseline.size for each in shift.strata)))
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
