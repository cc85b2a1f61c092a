"""How sure a change is, where it lies and how large it is."""

import math
from statistics import NormalDist

import numpy as np

from farm.changepoints.noise import NORMAL_MAD, cells
from farm.changepoints.search import Row
from farm.changepoints.values import Estimate, Floats

_NORMAL = NormalDist()
_Z = _NORMAL.inv_cdf(0.975)
_ROOT = math.sqrt(2 * math.pi)
_SIDE = 8
_MASS = 0.975
"""Of the places' weights; more than the 95 % that are stated, for the two levels are only known from the same points."""
_MOST = 200
"""The Hodges-Lehmann estimate takes all pairs; of a longer side so many quantiles stand for it."""


def significance(row: Floats, at: int, inflation: float) -> float:
    """Return the probability that chance splits row into two sides at least so different as they are at `at`, at whatever place.

    `tail_of_maximum` of Wilcoxon's rank sum, its variance times inflation. Ranks of few points cannot grow with the size of a change: where
    either side has _SIDE points or more, the difference of medians counts if it says more.
    """
    z = abs(rank_sum(row, at)) / math.sqrt(inflation)
    if min(at, row.size - at) >= _SIDE:
        z = max(z, _of_medians(row[:at], row[at:], inflation))
    return tail_of_maximum(z, row.size)


def rank_sum(row: Floats, at: int) -> float:
    """Return Wilcoxon's statistic of row[at:] against row[:at] in its standard deviations, ties counted halfway; 0 when all are equal."""
    count = row.size
    _, which, times = np.unique(row, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(times) - (times - 1) / 2)[which] - (count + 1) / 2
    variance = at * (count - at) / count * float((ranks**2).sum()) / (count - 1)
    return float(ranks[at:].sum()) / math.sqrt(variance) if variance > 0 else 0.0


def _of_medians(before: Floats, after: Floats, inflation: float) -> float:
    """Return the difference of medians in standard errors, t, as sqrt(n log(1 + t^2 / n)): for the deviation comes from the same points."""
    first, second = float(np.median(before)), float(np.median(after))
    deviation = NORMAL_MAD * float(np.median(np.abs(np.concatenate([before - first, after - second]))))
    if deviation == 0:
        return 0.0
    count = before.size + after.size
    t = abs(second - first) / (deviation * math.sqrt(math.pi / 2 * inflation * (1 / before.size + 1 / after.size)))
    return math.sqrt(count * math.log1p(t * t / count))


def tail_of_maximum(z: float, count: int) -> float:
    """Return the probability that the largest |standardised difference| of two sides, over all splits of count points, is above z.

    z phi(z) times the sum over splits k of s nu(z sqrt(s)), s = count / (k (count - k)), plus 2 (1 - Phi(z)), where nu allows for the
    steps from split to split: Siegmund's approximation for sums of normal points. The tests hold it against simulation; for ranks it
    errs on the safe side.
    """
    if z <= 1:
        return 1.0
    splits = np.arange(1, count // 2 + 1)  # and as many mirrored, but for the middle one
    speed = np.where(2 * splits == count, 1, 2) * count / (splits * (count - splits))
    step = z * np.sqrt(count / (splits * (count - splits))) / 2
    below = np.array([_NORMAL.cdf(each) for each in step])
    nu = (below - 0.5) / step / (step * below + np.exp(-(step**2) / 2) / _ROOT)
    return min(1.0, z * math.exp(-z * z / 2) / _ROOT * float((speed * nu).sum()) + 2 * _NORMAL.cdf(-z))


def places(values: Floats, at: int, row: Row) -> tuple[int, int]:
    """Return the first and the last place, among values, that a change near `at` may have: together 95 %.

    Every place is as likely as any other beforehand. A place's likelihood is that of the points before it on the level before `at` and
    of those after it on the level after, by the row's own cost, to the power 1 / inflation.
    """
    first, second = (
        row.table[cells(values - float(np.median(side)), row.deviation)].astype(np.float64) for side in (values[:at], values[at:])
    )
    costs = np.cumsum(first - second)[:-1] / row.inflation  # of a change at 1, 2, ... less that of one at 0
    weights = np.exp(costs.min() - costs)
    order = np.argsort(-weights, kind="stable")
    kept = order[: int(np.searchsorted(np.cumsum(weights[order]), _MASS * weights.sum())) + 1] + 1
    return min(int(kept.min()), at), max(int(kept.max()), at)


def shift(before: Floats, after: Floats, inflation: float) -> Estimate:
    """Return after - before: the median of all differences of pairs (Hodges-Lehmann) with its 95 % interval.

    The interval lies between the differences at shares 1/2 -+ 1.96 sqrt((m + n + 1) inflation / (12 m n)): Wilcoxon's test turned round, by
    its normal approximation.
    """
    pairs = np.subtract.outer(_quantiles(after), _quantiles(before)).ravel()
    m, n = before.size, after.size
    half = min(0.5, _Z * math.sqrt((m + n + 1) * inflation / (12 * m * n)))
    value, low, high = np.quantile(pairs, [0.5, 0.5 - half, 0.5 + half])
    return Estimate(float(value), float(low), float(high))


def _quantiles(side: Floats) -> Floats:
    if side.size <= _MOST:
        return side
    return np.quantile(side, (np.arange(_MOST) + 0.5) / _MOST)
