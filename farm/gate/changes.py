"""Changes among everything that was measured without a budget: a list to look at, never a verdict."""

import math
from collections.abc import Iterable, Sequence

import polars as pl

from farm.gate import relative
from farm.gate.frames import select
from farm.metrics import METRICS, Statistic
from farm.stats.families import q_values
from farm.stats.ranks import Shift
from farm.verdicts import ONE_LOOK, Budget, Change, Estimate, Side

_BOUND_LEVEL = 0.025


def find(runs: pl.DataFrame, budgets: Iterable[Budget], *, floor: float, rate: float) -> tuple[Change, ...]:
    """Return the changes, the largest first: at least floor (a share) in size, at this false discovery rate over all that was tested.

    Tested is every workload, metric, statistic and device that no relative budget covers and both sides measured interleaved.
    """
    covered = [budget for budget in budgets if budget.max_regression is not None]
    tested: list[tuple[Budget, str, Shift]] = []
    keys = runs.select("workload", "metric", "statistic", "device").unique().sort("workload", "metric", "statistic", "device")
    for workload, metric, statistic, device in keys.iter_rows():
        if metric in METRICS and not any(_covers(budget, workload, metric, statistic, device) for budget in covered):
            asked = Budget(workload, metric, Statistic(statistic), max_regression=0.0, devices=(device,))
            shift = _shift(runs, asked)
            if shift is not None:
                tested.append((asked, device, shift))
    rates = q_values([shift.p_value() for _, _, shift in tested]) if tested else []
    found = [_change(asked, device, shift, q) for (asked, device, shift), q in zip(tested, rates, strict=True) if q <= rate]
    large = [change for change in found if abs(math.log(change.ratio.value)) >= math.log1p(floor)]
    return tuple(sorted(large, key=lambda change: -abs(math.log(change.ratio.value))))


def _covers(budget: Budget, workload: str, metric: str, statistic: str, device: str) -> bool:
    return (budget.workload, budget.metric, budget.statistic) == (workload, metric, statistic) and (
        not budget.devices or device in budget.devices
    )


def _shift(runs: pl.DataFrame, asked: Budget) -> Shift | None:
    """Return the shift of costs, or None where the sides were not interleaved or have too few runs."""
    selection = select(runs, asked, asked.devices, tuple(Side))
    if selection.unordered is not None:
        return None
    look = relative.looked_at(selection, 0, relative.Question(asked, asked.devices, ONE_LOOK, asked.sign, 0.0))
    return None if look.short else look.shift()


def _change(asked: Budget, device: str, shift: Shift, q_value: float) -> Change:
    sign = asked.sign
    bounds: Sequence[float] = sorted(math.exp(sign * bound) for bound in (shift.lower_bound(_BOUND_LEVEL), shift.upper_bound(_BOUND_LEVEL)))
    ratio = Estimate(
        math.exp(sign * shift.estimate()), bounds[0] or None, bounds[1] if math.isfinite(bounds[1]) else None, 1 - 2 * _BOUND_LEVEL
    )
    return Change(asked.workload, asked.metric, asked.statistic, device, ratio, shift.estimate() > 0, q_value)
