"""Budgets with a limit: the median of the candidate's runs on each device."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from farm import units
from farm.gate import concerns, looks, words
from farm.gate.frames import Selection, exclusions, values_of
from farm.stats import power
from farm.stats.intervals import fewest_for_a_bound, median_bounds
from farm.verdicts import Budget, Decision, Estimate, Plan, Side, Used, Verdict

METHOD = (
    "median of run-level values against the limit: sign tests and their order-statistic bounds on each device; FAIL when one "
    "device is beyond it (level shared among devices), PASS when all are within; group-sequential boundaries as for ratios"
)


@dataclass(frozen=True, slots=True)
class Reading:
    """One device at one look, on the scale of costs (more is worse): its median, the bounds that decide, and those at the full error."""

    device: str
    runs: int
    median: float
    low: float
    high: float
    full_low: float
    full_high: float


def judge(budget: Budget, selection: Selection, plan: Plan, devices: Sequence[str]) -> Verdict:
    """Return the verdict at the first look that decides, else at the last one."""
    assert budget.limit is not None
    sign = budget.sign
    fractions: list[float] = []
    verdict = None
    for blocks in looks.planned(selection, plan):
        seen = selection.until(blocks)
        costs = {device: sign * values_of(seen.valid.filter(pl.col("device") == device), Side.CANDIDATE) for device in devices}
        verdict = _untested(budget, seen, costs, blocks, plan, sign)
        if all(own.size >= plan.min_runs for own in costs.values()):
            information = sum(own.size for own in costs.values()) / 2
            fractions.append(looks.fraction(blocks, information, len(devices), plan))
            levels = looks.levels(tuple(fractions), plan.error)
            verdict = replace(verdict, looks=len(fractions), levels=(levels.fail, levels.pass_))
            verdict = _tested(verdict, seen, _read(costs, levels, plan.error), plan, sign)
            if verdict.decision is not Decision.INCONCLUSIVE:
                break
    assert verdict is not None, "there is always one look"
    unused = selection.valid.filter(pl.col("turn") > verdict.blocks)
    return replace(verdict, exclusions=verdict.exclusions + exclusions(unused, "measured after the look that decided"))


def _read(costs: dict[str, NDArray[np.float64]], levels: looks.Levels, error: float) -> list[Reading]:
    """Return the readings, the worst device first.

    One device beyond the limit is a FAIL, so that level is shared among them (Bonferroni). All must be within it for a PASS, which
    needs no sharing: an intersection-union test (Berger, 1982, as the manual of R's hypothesize tells it, `intersection_test`).
    """
    readings = [
        Reading(
            device,
            own.size,
            float(np.median(own)),
            median_bounds(own, levels.fail / len(costs))[0],
            median_bounds(own, levels.pass_)[1],
            *median_bounds(own, error),
        )
        for device, own in costs.items()
    ]
    return sorted(readings, key=lambda reading: -reading.median)


def _untested(budget: Budget, seen: Selection, costs: dict[str, NDArray[np.float64]], blocks: int, plan: Plan, sign: float) -> Verdict:
    """Return the verdict as it stands before anything is tested."""
    assert budget.limit is not None
    short = [
        f"{device} has {units.counted(own.size, 'run')} and needs {plan.min_runs}"
        for device, own in costs.items()
        if own.size < plan.min_runs
    ]
    return Verdict(
        budget,
        Decision.INCONCLUSIVE,
        f"too few valid runs: {words.listed(short)}" if short else "",
        budget.limit,
        METHOD,
        would_decide="valid runs on every device of the budget" if short else None,
        used=tuple(Used(device, 0, own.size, sign * float(np.median(own)) if own.size else None) for device, own in costs.items()),
        blocks=blocks,
        exclusions=seen.exclusions(),
        more_runs_help=bool(plan.looks) and blocks < plan.looks[-1] and all(own.size for own in costs.values()),
    )


def _tested(verdict: Verdict, seen: Selection, readings: Sequence[Reading], plan: Plan, sign: float) -> Verdict:
    """Return the verdict with what the tests say of all devices, the worst first, and what holds that back."""
    metric = verdict.budget.metric
    limit = sign * verdict.allowed
    slack = looks.TOLERANCE * abs(limit)
    beyond = [reading for reading in readings if reading.low > limit + slack]
    open_ = [reading for reading in readings if reading.high >= limit - slack]
    worst = (beyond or open_ or readings)[0]
    if beyond:
        decision, low, high = Decision.FAIL, worst.low, worst.full_high
    elif open_:
        decision, low, high = Decision.INCONCLUSIVE, worst.low, worst.high
    else:
        decision, low, high = Decision.PASS, worst.full_low, worst.high
    bounds = [sign * bound if math.isfinite(bound) else None for bound in (low, high)]
    least, most = bounds if sign > 0 else reversed(bounds)
    estimate = Estimate(sign * worst.median, least, most, 1 - 2 * plan.error)
    where = f" on {worst.device}" if len(readings) > 1 else ""
    text = f"{words.quantity_interval(estimate, metric)}{where}, {words.quantity(verdict.allowed, metric)} allowed"
    far = limit + power.detectable(power.standard_error(worst.full_low, worst.full_high, plan.error), plan.error)
    verdict = replace(verdict, estimate=estimate, detectable=sign * far if math.isfinite(far) else None)
    broken = concerns.broken(seen, Decision.PASS) if decision is Decision.PASS else None
    if broken is not None:
        return replace(verdict, reason=f"{text}; {broken}", would_decide="runs that do not fail", more_runs_help=False)
    if decision is Decision.INCONCLUSIVE:
        why, wanted = _undecided(worst, limit, plan.error / len(readings) if worst.median > limit else plan.error)
        return replace(verdict, reason=f"{text}: {why}", would_decide=wanted)
    return replace(verdict, decision=decision, reason=text, more_runs_help=False)


def _undecided(reading: Reading, limit: float, error: float) -> tuple[str, str]:
    """Say why a device's runs decide nothing, and what would; error is that of the decision which its median speaks for."""
    if math.isinf(reading.low) and math.isinf(reading.high):
        fewest = max(fewest_for_a_bound(error), reading.runs + 1)
        return f"{units.counted(reading.runs, 'run')} are too few for an interval", f"more runs: at least {fewest} on each device"
    return "the interval holds the limit", "more runs, or a median farther from the limit"
