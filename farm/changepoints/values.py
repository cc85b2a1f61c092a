"""What goes into the search for change points and what comes out."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

_LARGEST = 1e150
"""Of values that are not all positive: their squares have to be numbers too."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its 95 % interval, in the same unit."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Change:
    """A change of level. Indices count the points that were given, missing ones included; `index` is the first point of the new level.

    The first point of the new level lies from `index_low` to `index_high`, both included, with a probability of 95 %. `before` and
    `after` are the medians of the two levels, in the series' unit. Its size is `ratio`, after over before, where all points are
    positive, else `shift`, after less before; the other one is None. `significance` is the probability that points which differ by
    chance alone, as correlated as these, look at least so much like a change anywhere between the two neighbouring changes.
    """

    index: int
    index_low: int
    index_high: int
    before: float
    after: float
    ratio: Estimate | None
    shift: Estimate | None
    significance: float


@dataclass(frozen=True, slots=True)
class Points:
    """The points of one series that are there, as logarithms where all are positive, and the place each had in the series."""

    values: Floats
    places: Indices
    is_log: bool


def points(series: ArrayLike, name: str) -> Points:
    """Return the points of series that are there: NaN is a point that is missing.

    Raises ValueError, with name in its sentence, when series is not a row of numbers, or holds one that is infinite or too large.
    """
    try:
        given = np.asarray(series)
    except ValueError as error:
        raise ValueError(f"{name} is not one row of numbers") from error
    if given.ndim != 1:
        raise ValueError(f"{name} is not one row of numbers")
    if given.dtype.kind not in "iuf":
        raise ValueError(f"{name} holds something that is not a number")
    given = given.astype(np.float64, copy=False)
    finite = np.isfinite(given)
    if finite.all():
        there, places = given, np.arange(given.size)
    else:
        infinite = np.flatnonzero(np.isinf(given))
        if infinite.size:
            raise ValueError(f"{name} holds an infinite value at point {infinite[0]}")
        places = np.flatnonzero(finite)
        there = given[places]
    is_log = bool(there.size and there.min() > 0)
    if not is_log and there.size and max(there.max(), -there.min()) > _LARGEST:
        raise ValueError(f"{name} holds values beyond {_LARGEST:g}, with which nothing can be computed")
    return Points(np.log(there) if is_log else there, places, is_log)
