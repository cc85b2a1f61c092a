"""Rows of points in units of their own noise, and the levels among which the search chooses. Every row stands for itself."""

import math

import numpy as np

from farm.changepoints.noise import NORMAL_MAD
from farm.changepoints.values import Floats

_TIE = 1e-9
"""Differences below this share of the value are rounding, not noise."""
_FAR = 1e9
_LAG = 6
_NORMAL_MEAN = math.sqrt(math.pi) / 2


def spread(rows: Floats, lag: int) -> Floats:
    """Return each row's standard deviation of a point, from the differences of points that stand lag apart; 0 when no two differ.

    By the median, which neither changes of level nor outliers move by much. Where half of the differences are none (quantised
    readings), by their mean, the greatest tenth held down to the next; and where that is none either, by the plain mean.
    """
    if rows.shape[1] <= lag:
        return np.zeros(rows.shape[0])
    differences = np.abs(rows[:, lag:] - rows[:, :-lag])
    found = medians(differences) * (NORMAL_MAD / math.sqrt(2))
    for row in np.flatnonzero(found == 0):
        held = float(np.minimum(differences[row], np.quantile(differences[row], 0.9)).mean())
        found[row] = _NORMAL_MEAN * (held or float(differences[row].mean()))
    return found


def standardise(rows: Floats, is_log: bool) -> Floats:
    """Return rows less their medians, in units of `spread`, at most _FAR. A row whose values differ by rounding only is all zeros."""
    centred = rows - medians(rows)[:, None]
    rounding = _TIE * (1.0 if is_log else np.abs(rows).max(axis=1, keepdims=True))
    centred = np.where(np.abs(centred) <= rounding, 0.0, centred)
    deviation = spread(centred, min(_LAG, rows.shape[1] // 4))[:, None]
    return np.clip(centred / np.where(deviation > 0, deviation, 1.0), -_FAR, _FAR)


def candidates(rows: Floats, count: int) -> Floats:
    """Return count levels for each row: equally spaced quantiles of its running medians, so that they lie where the row does."""
    running = np.sort(running_medians(rows), axis=1)
    places = (np.arange(count) + 0.5) / count * (running.shape[1] - 1)
    below = places.astype(int)
    share = places - below
    found: Floats = running[:, below] * (1 - share) + running[:, np.minimum(below + 1, running.shape[1] - 1)] * share
    return found


def medians(rows: Floats) -> Floats:
    """Return each row's median, by sorting: NumPy sorts a row several times faster than it finds its middle."""
    ordered = np.sort(rows, axis=1)
    middle: Floats = (ordered[:, (rows.shape[1] - 1) // 2] + ordered[:, rows.shape[1] // 2]) / 2
    return middle


def running_medians(rows: Floats) -> Floats:
    """Return the median of each five points in a row, by comparisons of whole rows: the middle one of the fifth and two of the others."""
    one, two, three, four, five = (rows[:, place : rows.shape[1] - 4 + place] for place in range(5))
    low = np.maximum(np.minimum(one, two), np.minimum(three, four))
    high = np.minimum(np.maximum(one, two), np.maximum(three, four))
    found: Floats = np.maximum(np.minimum(five, low), np.minimum(high, np.maximum(five, low)))
    return found
