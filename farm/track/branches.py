"""A branch against the base that it left: level against level, night by night. Advice only, since the nights are not the same ones."""

import math
from collections.abc import Sequence
from datetime import datetime
from statistics import median

import numpy as np

from farm.departures import AgainstBase, Departure
from farm.findings import Followed, Night
from farm.stats.families import q_values
from farm.stats.ranks import Shift, Stratum
from farm.verdicts import Size

BASE_NIGHTS = 10
"""Of the base, the last ones before the branch began: its level there, and how far it moves by itself."""
FEWEST = 3
"""Nights of each side that a comparison takes."""
_LEVEL = 0.025


def departure(base_name: str, base: Sequence[Followed], branch: Sequence[Followed]) -> Departure:
    """Return every series of a branch against the same series of its base, the largest change first.

    A night counts once, by the median of its runs. The sizes are Hodges-Lehmann estimates of ranks with 95 % intervals, q the false
    discovery rate (Benjamini and Hochberg) over all of them. The base's nights are those up to the first one of the branch.
    """
    left_at = min((series.nights[0].began_at for series in branch if series.nights), default=None)
    if left_at is None:
        return Departure(base_name, None, (), 0)
    known = {(series.series.key, series.series.metric): series for series in base}
    compared: list[tuple[Followed, Shift, int, int]] = []
    for series in branch:
        other = known.get((series.series.key, series.series.metric))
        values = _levels(series.nights)
        before = [] if other is None else _levels([night for night in other.nights if _is_before(night, left_at)])[-BASE_NIGHTS:]
        if len(values) >= FEWEST and len(before) >= FEWEST:
            compared.append((series, Shift((Stratum(np.log(before), np.log(values)),)), len(before), len(values)))
    rates = q_values([shift.p_value() for _, shift, _, _ in compared]) if compared else []
    found = [_against(*one, q) for one, q in zip(compared, rates, strict=True)]
    found.sort(key=lambda one: (-abs(math.log(one.size.value)), one.series.name))
    return Departure(base_name, left_at, tuple(found), len(branch) - len(found))


def _is_before(night: Night, left_at: datetime) -> bool:
    return night.began_at <= left_at


def _levels(nights: Sequence[Night]) -> list[float]:
    """Return the level of each night, of those whose values are all above zero: ratios are told of no others."""
    return [median(night.values) for night in nights if night.values and min(night.values) > 0]


def _against(series: Followed, shift: Shift, base_nights: int, nights: int, q_value: float) -> AgainstBase:
    value, low, high = (math.exp(part) for part in (shift.estimate(), shift.lower_bound(_LEVEL), shift.upper_bound(_LEVEL)))
    worse = (value > 1) == series.series.less_is_better and value != 1
    return AgainstBase(series.series, Size(value, low, high, is_ratio=True), worse, base_nights, nights, q_value)
