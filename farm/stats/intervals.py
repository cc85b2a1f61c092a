"""The median of one sample, with intervals and bounds that hold for any distribution; and a share."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

_BISECTIONS = 52


@dataclass(frozen=True, slots=True)
class Interval:
    """An interval, in the unit of what it is of, and the share of samples in which it covers the truth."""

    low: float
    high: float
    coverage: float


def median_interval(values: Sequence[float], wanted: float = 0.95) -> Interval | None:
    """Return an interval for the median of what values were drawn from, or None for fewer than two values: that of median_rank."""
    found = median_rank(len(values), wanted)
    if found is None:
        return None
    rank, coverage = found
    ordered = np.sort(np.asarray(values, dtype=float))
    return Interval(float(ordered[rank - 1]), float(ordered[-rank]), coverage)


@lru_cache(maxsize=4096)
def median_rank(count: int, wanted: float = 0.95) -> tuple[int, float] | None:
    """Return which order statistic, counted from either end, bounds the median of so many values, and how often both cover it.

    It assumes only independent draws from one continuous distribution: [x(k), x(n+1-k)] covers the median with probability
    1 - 2 P(Binomial(n, 1/2) < k). The largest k whose coverage is at least wanted is taken; up to five values there is none at
    0.95, and the range of all values is returned with the coverage that it has (five: 0.9375). None for fewer than two values.
    Source: H. A. David and H. N. Nagaraja, Order Statistics (3rd ed., 2003), section 7.1.
    """
    if count < 2:  # noqa: PLR2004 - one value has no spread
        return None
    rank, below = 1, 1  # below: of the 2**count equally likely patterns, those with fewer than rank values under the median
    while rank < count // 2 and 1 - 2 * (below + math.comb(count, rank)) / 2**count >= wanted:
        below += math.comb(count, rank)
        rank += 1
    return rank, 1 - 2 * below / 2**count


def median_bounds(values: Sequence[float] | NDArray[np.float64], level: float) -> tuple[float, float]:
    """Return the lower and the upper bound of the median, each of which fails with probability at most level; infinite when none does.

    Each is the order statistic of rank k with P(Binomial(n, 1/2) < k) at most level, counted from its end: the one-sided sign
    tests, turned round. Source: as for median_rank.
    """
    ordered = np.sort(np.asarray(values, dtype=float))
    rank = binomial_rank(ordered.size, level)
    return (-math.inf, math.inf) if rank == 0 else (float(ordered[rank - 1]), float(ordered[ordered.size - rank]))


def fewest_for_a_bound(level: float) -> int:
    """Return from how many values on median_bounds of this level are finite: the first n with 1 / 2^n at most level."""
    return math.ceil(-math.log2(level))


def share_interval(hits: int, count: int, wanted: float = 0.95) -> Interval:
    """Return the interval for the share that hits of count independent draws are of.

    Its ends are the shares at which as many hits or more, and as many or fewer, have probability (1 - wanted) / 2: it covers the truth
    with at least the wanted probability whatever the truth is, by more where there are few draws. Source: Clopper and Pearson, The use
    of confidence or fiducial limits illustrated in the case of the binomial, Biometrika 26, 1934, by the definition that SciPy's
    binomtest, R's binom.test and the Oxford Dictionary of Statistics share.
    """
    if not 0 <= hits <= count or count == 0:
        raise ValueError("hits are among the draws, of which there is at least one")
    level = (1 - wanted) / 2
    logs = np.log(np.arange(1, count + 1))
    places = np.arange(count + 1)
    factorials = np.concatenate([[0.0], np.cumsum(logs)])
    choices = factorials[-1] - factorials - factorials[::-1]

    def at_least(fewest: int, share: float) -> float:
        terms = choices[fewest:] + places[fewest:] * math.log(share) + (count - places[fewest:]) * math.log1p(-share)
        return float(np.exp(terms).sum())

    low = 0.0 if hits == 0 else _where(lambda share: at_least(hits, share) < level)
    high = 1.0 if hits == count else _where(lambda share: at_least(hits + 1, share) < 1 - level)
    return Interval(low, high, wanted)


def _where(below: Callable[[float], bool]) -> float:
    """Return where between 0 and 1 below ceases to hold."""
    low, high = 0.0, 1.0
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if below(middle) else (low, middle)
    return (low + high) / 2


@lru_cache(maxsize=4096)
def binomial_rank(count: int, level: float) -> int:
    """Return the largest k with P(Binomial(count, 1/2) < k) at most level; 0 when there is none."""
    if level <= 0:
        return 0
    rank, log_below, half_log = 0, -math.inf, -count * math.log(2)
    while rank < count // 2:
        term = math.lgamma(count + 1) - math.lgamma(rank + 1) - math.lgamma(count - rank + 1) + half_log
        log_below = max(log_below, term) + math.log1p(math.exp(-abs(log_below - term)))
        if log_below > math.log(level):
            break
        rank += 1
    return rank
