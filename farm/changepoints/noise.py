"""What the points of a row do when nothing changes: how far they are correlated, and what it costs to lie off a level."""

import numpy as np

from farm.changepoints.segment import Costs
from farm.changepoints.values import Floats, Indices

NORMAL_MAD = 1.4826
"""A normal deviation over the median of absolute ones."""
KNEE = 1.2
"""Deviations at which the first cost bends."""
STEP = 0.1
"""The table of costs goes by this many deviations,"""
_HALF = 10.0
CELLS = int(2 * _HALF / STEP) + 1
MIDDLE = CELLS // 2
_WIDTH = 0.2
_FLOOR = 0.25
_LAGS = 8
_HELD = 2.5
_ROOM = 1.3


def residuals(row: Floats, changes: Indices) -> Floats:
    """Return row less the median of each of its segments, which begin at 0 and at changes."""
    rest = row.copy()
    for begin, end in zip([0, *changes], [*changes, row.size], strict=True):
        rest[begin:end] -= np.median(row[begin:end])
    return rest


def inflation(rest: Floats) -> float:
    """Return by how much correlation widens what a mean of these points can do: 1 + 2 sum of autocorrelations, at least 1.

    The autocorrelation at a lag comes from the squared differences of points that far apart, each held at 2.5 deviations, against those of
    points farther apart than _LAGS: steps that are left in rest do not raise it as they raise products. The sum ends at the first lag whose
    autocorrelation cannot be told from none (one standard error, 1 / sqrt(n)), and is at most _ROOM times that of an AR(1) process with the
    same first one. Too few points for one lag: 1, for nothing is known.
    """
    lags = min(_LAGS, rest.size // 8)
    if lags < 1:
        return 1.0
    deviation = NORMAL_MAD * float(np.median(np.abs(rest[lags:] - rest[:-lags])))
    if deviation == 0:
        return 1.0
    held = rest / deviation
    squares = np.array([np.mean(np.minimum((held[lag:] - held[:-lag]) ** 2, _HELD**2)) for lag in range(1, 2 * lags + 1)])
    correlations = 1 - squares[:lags] / squares[lags:].mean()
    unclear = np.flatnonzero(correlations <= 1 / np.sqrt(rest.size))
    found = 1 + 2 * float(correlations[: unclear[0] if unclear.size else lags].sum())
    first = min(float(correlations[0]), 0.9)
    return max(1.0, min(found, _ROOM * (1 + first) / (1 - first)))


def costs(rest: Floats, deviation: float) -> Costs:
    """Return what it costs to lie off a level by -_HALF to _HALF deviations: minus the logarithm of the density of rest.

    The density is the histogram of rest smoothed by a normal kernel _WIDTH deviations wide, mixed with a share of _FLOOR of the even
    density: however far off, no point costs more than a bounded amount.
    """
    counts = np.bincount(cells(rest[np.abs(rest) < _HALF * deviation], deviation), minlength=CELLS)
    reach = int(4 * _WIDTH / STEP)
    kernel = np.exp(-((np.arange(-reach, reach + 1) * STEP / _WIDTH) ** 2) / 2)
    density = np.convolve(counts, kernel / kernel.sum(), mode="same") / (rest.size * STEP)
    return (-np.log((1 - _FLOOR) * density + _FLOOR / (2 * _HALF))).astype(np.float32)


def cells(offs: Floats, deviation: float) -> Indices:
    """Return the cell of the table of costs for each distance from a level; beyond its ends, the last one."""
    found: Indices = np.clip(np.rint(offs / (deviation * STEP)) + MIDDLE, 0, CELLS - 1).astype(np.int64)
    return found
