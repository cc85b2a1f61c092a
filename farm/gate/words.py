"""How the gate speaks."""

import math

from farm import units
from farm.verdicts import Estimate


def share(value: float) -> str:
    """Return a share as signed per cent: +3 %, -0.42 %, +12.5 %."""
    if not math.isfinite(value):
        return "any" if value > 0 else "none"
    percent = 100 * value
    digits = 1 if abs(percent) >= 1 else 2
    text = f"{round(percent, digits) + 0.0:+.{digits}f}"  # + 0.0: a small loss is +0 %, not -0 %
    return f"{text.rstrip('0').rstrip('.')} %" if "." in text else f"{text} %"


def ratio(value: float) -> str:
    """Return candidate / baseline as the change it is: 1.03 is +3 %."""
    return share(value - 1)


def ratio_interval(estimate: Estimate) -> str:
    """Return a ratio with its interval, as changes."""
    return f"{ratio(estimate.value)} ({_range(*(None if bound is None else ratio(bound) for bound in (estimate.low, estimate.high)))})"


def share_interval(estimate: Estimate) -> str:
    """Return a difference of shares with its interval."""
    return f"{share(estimate.value)} ({_range(*(None if bound is None else share(bound) for bound in (estimate.low, estimate.high)))})"


def _range(low: str | None, high: str | None) -> str:
    if low is None or high is None:
        return "no interval" if low is high else f"at most {high}" if low is None else f"at least {low}"
    return f"{low} … {high}"


def quantity(value: float, metric: str) -> str:
    """Return a metric's value with the unit people would choose."""
    return units.show(value, units.quantity_of(metric), 4)


def quantity_interval(estimate: Estimate, metric: str) -> str:
    """Return a value with its interval."""
    bounds = (None if bound is None else quantity(bound, metric) for bound in (estimate.low, estimate.high))
    return f"{quantity(estimate.value, metric)} ({_range(*bounds)})"


def listed(names: list[str]) -> str:
    """Return names as a list in a sentence."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
