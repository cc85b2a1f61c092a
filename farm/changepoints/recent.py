"""A change so fresh that too few points follow it for a segmentation: it is worth a question, which fresh runs answer.

A session (a night) counts once, by the median of its runs: the runs of one night share its temperature and whatever else went on. The
last one to five sessions are held against those before them, whose own scatter from session to session says what chance does.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from farm.changepoints import noise
from farm.changepoints.values import Estimate, Floats, points

FEWEST = 8
"""Sessions before the suspected change: fewer say too little of what sessions do by themselves."""
LATEST = 5
"""The most sessions that a fresh change has: older ones are a matter for find()."""
_HISTORY = 60
_NORMAL_95 = 1.645
_MEDIAN_VARIANCE = math.pi / 2
_Z = 1.96
_CHANCE = 0.02
_TIE = 1e-9


@dataclass(frozen=True, slots=True)
class Rule:
    """When to ask and when to believe, in standard deviations of a session; `make bench-detect` prints what the figures come to.

    `raised` is for asking; with n sessions before it is raised (1 + few / n) times. `confirmed` is for believing after fresh runs.
    `smallest` is the least change worth a question, as a share of the level.
    """

    raised: float = 3.3
    few: float = 4.0
    confirmed: float = 3.0
    smallest: float = 0.005


RULE = Rule()


@dataclass(frozen=True, slots=True)
class Fresh:
    """A suspected change: the last `sessions` sessions, of those that have runs, lie off the level before them.

    `deviations` says how far: the mean of the new sessions' medians off the old level, in its standard errors. `ratio` is new over old
    with its 95 % interval, None where the series holds values that are not positive. `shift` is in the series' unit, or of
    logarithms where `is_log`, and so are the old `level` and the `deviation` of one session from it, which confirm() needs.
    """

    sessions: int
    deviations: float
    shift: Estimate
    ratio: Estimate | None
    is_log: bool
    level: float
    deviation: float


def fresh(sessions: Sequence[ArrayLike], rule: Rule = RULE) -> Fresh | None:
    """Return the change suspected at the end of a series, or None.

    sessions holds each session's runs, oldest first, since the last known change. A run that is NaN is missing, and a session without
    runs is left out; None when fewer than FEWEST sessions come before the last one. The new sessions are as many as make
    the deviation largest. Raises ValueError on an infinite value.
    """
    medians, is_log = _medians(sessions)
    if medians.size <= FEWEST:
        return None
    found = _farthest(medians, is_log, 1.0)
    if _is_raised(found, medians.size, rule):  # most are not, and correlation only makes a deviation less
        found = _farthest(medians, is_log, noise.inflation(medians[: -min(LATEST, medians.size - FEWEST)]))
    return found if _is_raised(found, medians.size, rule) else None


def _farthest(medians: Floats, is_log: bool, inflation: float) -> Fresh:
    """Return the last sessions, as many as make the deviation largest, against those before them."""
    suspects = (
        _against(medians[max(0, medians.size - latest - _HISTORY) : -latest], medians[-latest:], is_log, inflation)
        for latest in range(1, min(LATEST, medians.size - FEWEST) + 1)
    )
    return max(suspects, key=lambda each: each.deviations)


def _is_raised(found: Fresh, count: int, rule: Rule) -> bool:
    before = min(_HISTORY, count - found.sessions)
    least = rule.smallest * (1.0 if found.is_log else abs(found.level))
    return found.deviations >= rule.raised * (1 + rule.few / before) and abs(found.shift.value) >= least


def confirm(suspected: Fresh, runs: ArrayLike, rule: Rule = RULE) -> bool:
    """Return whether the fresh runs of one session confirm the change: off the old level, to the same side, by half of it at least.

    Raises ValueError when no run has a value, or one is infinite, or not positive where all others were.
    """
    found = points(runs, "what should confirm a change")
    if found.values.size == 0 or (suspected.is_log and not found.is_log):
        raise ValueError("what should confirm a change holds no value, or one that is not positive in a series of positive ones")
    middle = float(np.median(np.exp(found.values) if found.is_log and not suspected.is_log else found.values))
    off = (middle - suspected.level) * math.copysign(1, suspected.shift.value)
    return off >= rule.confirmed * suspected.deviation and off >= abs(suspected.shift.value) / 2


def _medians(sessions: Sequence[ArrayLike]) -> tuple[Floats, bool]:
    """Return the medians of the sessions that have runs, and whether they are logarithms."""
    kept = list(sessions)[-2 * _HISTORY :]
    rows = [np.asarray(runs) for runs in kept]
    if any(row.ndim != 1 for row in rows):
        raise ValueError("a session is not one row of numbers")
    rows = [row for row in rows if row.size]
    if not rows:
        return np.zeros(0), True
    numbers = np.repeat(np.arange(len(rows)), [row.size for row in rows])
    found = points(np.concatenate(rows), "the sessions")
    numbers = numbers[found.places]
    ordered = found.values[np.lexsort((found.values, numbers))]
    counts = np.bincount(numbers)
    counts = counts[counts > 0]
    begins = np.cumsum(counts) - counts
    return (ordered[begins + (counts - 1) // 2] + ordered[begins + counts // 2]) / 2, found.is_log


def _against(before: Floats, latest: Floats, is_log: bool, inflation: float) -> Fresh:
    """Return latest against before.

    One session's deviation is by the MAD, or by the 95 % quantile on the side of the change if that says more: sessions that are
    slow now and then are no change. For the same reason every new session has to lie where, whatever the sessions' distribution, chance
    puts all of them in _CHANCE of the cases; else the deviation is 0.
    """
    ordered = np.sort(before)
    level = _quantile(ordered, 0.5)
    off = float(latest.mean()) - level
    tail = abs(_quantile(ordered, 0.95 if off > 0 else 0.05) - level) / _NORMAL_95
    deviation = max(noise.NORMAL_MAD * _quantile(np.sort(np.abs(before - level)), 0.5), tail)
    rounding = _TIE * (1.0 if is_log else max(abs(float(ordered[0])), abs(float(ordered[-1]))))
    error = deviation * math.sqrt(min(inflation, latest.size) / latest.size + _MEDIAN_VARIANCE * inflation / before.size)
    chance = _CHANCE ** (1 / latest.size)
    is_beyond = latest.min() > _quantile(ordered, 1 - chance) if off > 0 else latest.max() < _quantile(ordered, chance)
    deviations = abs(off) / max(error, rounding) if abs(off) > rounding and is_beyond else 0.0
    shift = Estimate(off, off - _Z * error, off + _Z * error)
    ratio = Estimate(math.exp(shift.value), math.exp(shift.low), math.exp(shift.high)) if is_log else None
    return Fresh(latest.size, deviations, shift, ratio, is_log, level, deviation)


def _quantile(ordered: Floats, share: float) -> float:
    """Return a quantile of values in order, interpolated between two of them; NumPy's own takes ten times as long for so few."""
    place = share * (ordered.size - 1)
    below = int(place)
    above = min(below + 1, ordered.size - 1)
    return float(ordered[below] + (place - below) * (ordered[above] - ordered[below]))
