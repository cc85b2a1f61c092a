"""Group-sequential boundaries: how strict each look has to be, so that all looks together err as seldom as one would.

Spent at information fraction t of one one-sided error alpha (both functions: Lan and DeMets, Discrete sequential boundaries for
clinical trials, Biometrika 70, 1983, as stated in the manual of R's gsDesign, `sfLDOF` and `sfLDPocock`):

    O'Brien-Fleming type   2 - 2 Phi(Phi^-1(1 - alpha / 2) / sqrt(t))     almost nothing early: an early alarm needs a large effect
    Pocock type            alpha ln(1 + (e - 1) t)                        evenly: what is plainly in order is let go early

The looks need not be equally spaced, and how many will follow need not be known: a look's boundary depends on the looks before it only.
"""

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_NORMAL = NormalDist()
_POINTS = 401
_REACH = 8.0
_STEPS = 40
_erfc = np.vectorize(math.erfc, otypes=[float])


class Spending(StrEnum):
    """How a one-sided error is spent over the looks."""

    OBRIEN_FLEMING = "obrien_fleming"
    POCOCK = "pocock"


def spent(spending: Spending, alpha: float, fraction: float) -> float:
    """Return the error spent when fraction (0 to 1; more counts as 1) of the planned information is in."""
    fraction = min(fraction, 1.0)
    if fraction <= 0:
        return 0.0
    match spending:
        case Spending.OBRIEN_FLEMING:
            return 2 - 2 * _NORMAL.cdf(_NORMAL.inv_cdf(1 - alpha / 2) / math.sqrt(fraction))
        case Spending.POCOCK:
            return alpha * math.log(1 + (math.e - 1) * fraction)


@dataclass(frozen=True, slots=True)
class _State:
    """Where the score z sqrt(t) stands after some looks, uncrossed: grid points and their probabilities."""

    grid: Array
    mass: Array
    fraction: float
    used: float
    level: float
    """Of the look that led here."""


def nominal_level(spending: Spending, alpha: float, fractions: tuple[float, ...]) -> float:
    """Return the one-sided level at which to test at the last of these looks, so that all of them have spent what they may.

    fractions are the information at each look over the planned information, rising; they may pass 1, where nothing is left to
    spend: such a look has level 0, as has one that brings no new information. Under H0 the z values of the looks are
    multivariate normal with covariance sqrt(t_i / t_j), so their scores z sqrt(t) have independent steps; the probabilities of
    crossing are integrated look by look (the recursion of Armitage, McPherson and Rowe, JRSS A 132, 1969).
    """
    return _after(spending, alpha, fractions).level


@lru_cache(maxsize=4096)
def _after(spending: Spending, alpha: float, fractions: tuple[float, ...]) -> _State:
    if not fractions:
        return _State(np.zeros(1), np.ones(1), 0.0, 0.0, 0.0)
    before = _after(spending, alpha, fractions[:-1])
    step, share = fractions[-1] - before.fraction, spent(spending, alpha, fractions[-1]) - before.used
    if step <= 1e-9 or share <= 1e-12:  # noqa: PLR2004 - nothing new, or nothing left
        return replace(before, level=0.0)
    step_sd, total_sd = math.sqrt(step), math.sqrt(fractions[-1])
    boundary = _crossed_with(share, before.grid, before.mass, step_sd, total_sd)
    grid, mass = _carried(boundary, before.grid, before.mass, step_sd, total_sd)
    return _State(grid, mass, fractions[-1], before.used + share, math.erfc(boundary / total_sd / math.sqrt(2)) / 2)


def _crossed_with(share: float, grid: Array, mass: Array, step_sd: float, total_sd: float) -> float:
    """Return the score that is passed with probability share after one more independent step."""
    low, high = -_REACH * total_sd, _REACH * total_sd
    for _ in range(_STEPS):
        middle = (low + high) / 2
        tail = _erfc((middle - grid) / (step_sd * math.sqrt(2))) / 2
        low, high = (middle, high) if float(mass @ tail) > share else (low, middle)
    return (low + high) / 2


def _carried(boundary: float, grid: Array, mass: Array, step_sd: float, total_sd: float) -> tuple[Array, Array]:
    """Return where the scores stand that have not crossed after the step: a new grid below boundary, and its weights (Simpson's rule)."""
    below = np.linspace(-_REACH * total_sd, boundary, _POINTS)
    density = np.exp(-(((below[:, None] - grid[None, :]) / step_sd) ** 2) / 2) @ mass / (step_sd * math.sqrt(2 * math.pi))
    simpson = np.full(_POINTS, 2.0)
    simpson[1::2], simpson[0], simpson[-1] = 4.0, 1.0, 1.0
    return below, density * simpson * (below[1] - below[0]) / 3
