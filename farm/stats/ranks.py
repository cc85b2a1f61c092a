"""Two samples in strata: the shift between them by ranks, with one-sided bounds at any level. Arrays in, numbers out.

All values are logarithms where ratios are wanted. Within a stratum (a device's session) every candidate value is held against
every baseline value; strata are never mixed, so what differs between devices and sessions cancels.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_NORMAL = NormalDist()
_PAIRS = 2_000_000
"""Up to so many differences are written out and sorted; above, they are counted by bisection."""


@dataclass(frozen=True, slots=True)
class Stratum:
    """One device's session: the values of both sides, each at least one."""

    baseline: Array
    candidate: Array

    @property
    def pairs(self) -> int:
        """How many differences there are."""
        return self.baseline.size * self.candidate.size

    @property
    def weight(self) -> float:
        """Van Elteren's weight of each of its pairs: 1 / (runs + 1)."""
        return 1.0 / (self.baseline.size + self.candidate.size + 1)

    @property
    def information(self) -> float:
        """The harmonic sum of the two counts: the variance of a difference of means is sigma^2 over it."""
        return self.pairs / (self.baseline.size + self.candidate.size)


@dataclass(frozen=True, slots=True)
class Shift:
    """How far the candidate lies above the baseline."""

    strata: tuple[Stratum, ...]

    def __post_init__(self) -> None:
        if not self.strata or any(stratum.pairs == 0 for stratum in self.strata):
            raise ValueError("a shift needs at least one value on each side of every stratum")

    @property
    def information(self) -> float:
        """Over all strata: n / 2 for n values a side in one stratum."""
        return sum(stratum.information for stratum in self.strata)

    def estimate(self) -> float:
        """Return the Hodges-Lehmann estimate: the weighted median of all differences within strata.

        Source: the SAS/STAT manual, NPAR1WAY, for one stratum ("Hodges-Lehmann Estimation of Location Shift", after Hodges and
        Lehmann, 1963); with several, the point at which van Elteren's statistic (1960; weights as there, "Stratified Analysis")
        stands in the middle of its null distribution.
        """
        nearly_half = self._total / 2 * (1 - 1e-9)  # so that a sum that is half but for rounding reaches it
        return (self._smallest_above(nearly_half) + self._largest_below(nearly_half)) / 2

    def lower_bound(self, level: float) -> float:
        """Return the value that the shift lies below with probability at most level; -inf when so few values allow none.

        It is the smallest shift that the one-sided rank test at this level does not reject (Lehmann, Nonparametric confidence
        intervals for a shift parameter, Annals of Mathematical Statistics 34, 1963): an order statistic of the differences.
        Ties only make it more careful.
        """
        critical = self.critical_count(level)
        return -math.inf if critical < 0 else self._smallest_above(critical)

    def upper_bound(self, level: float) -> float:
        """Return the value that the shift lies above with probability at most level; inf when so few values allow none."""
        critical = self.critical_count(level)
        return math.inf if critical < 0 else self._largest_below(critical)

    def critical_count(self, level: float) -> float:
        """Return the largest weighted count whose lower tail under H0 is at most level, negative when there is none.

        Normal with the Cornish-Fisher term of the fourth cumulant and a continuity correction; never above the exact value for
        3 to 40 a side (tests count the exact distribution). The smallest count, 0, has probability 1 / C(N, m) in each stratum.
        """
        nothing = -sum(
            math.lgamma(s.baseline.size + s.candidate.size + 1) - math.lgamma(s.baseline.size + 1) - math.lgamma(s.candidate.size + 1)
            for s in self.strata
        )
        if level <= 0 or math.log(level) < nothing - 1e-9:
            return -1.0
        deviation, kurtosis = self._moments()
        z = -_NORMAL.inv_cdf(min(level, 0.5))
        corrected = z + kurtosis * (z**3 - 3 * z) / 24
        return max(0.0, self._total / 2 - corrected * deviation - self._continuity + 1e-9)

    def p_value(self, shift: float = 0.0) -> float:
        """Return the two-sided p-value of H0: the shift is this one. Ties count half; their loss of variance is not used."""
        below = sum(stratum.weight * _counted(stratum, shift, ties=0.5) for stratum in self.strata)
        distance = abs(below - self._total / 2) - self._continuity
        return min(1.0, 2 * self._tail(max(distance, 0.0)))

    @property
    def _total(self) -> float:
        return sum(stratum.weight * stratum.pairs for stratum in self.strata)

    @property
    def _continuity(self) -> float:
        return min(stratum.weight for stratum in self.strata) / 2

    def _moments(self) -> tuple[float, float]:
        """Return the standard deviation and the excess kurtosis of the weighted count of differences under H0.

        For one stratum of m and n values, N = m + n: variance m n (N + 1) / 12, fourth cumulant -m n (N + 1) (m^2 + n^2 + m n +
        N) / 120 (Fix and Hodges, Annals of Mathematical Statistics 26, 1955, as A. Akinshin tells it in "Edgeworth expansion
        for the Mann-Whitney U test", aakinshin.net/posts/mw-edgeworth). A test counts both.
        """
        variance = fourth = 0.0
        for stratum in self.strata:
            m, n = stratum.baseline.size, stratum.candidate.size
            variance += stratum.weight**2 * m * n * (m + n + 1) / 12
            fourth -= stratum.weight**4 * m * n * (m + n + 1) * (m * m + n * n + m * n + m + n) / 120
        return math.sqrt(variance), fourth / variance**2

    def _tail(self, distance: float) -> float:
        """Return the probability under H0 of a weighted count at least so far above its middle (Edgeworth, fourth cumulant)."""
        deviation, kurtosis = self._moments()
        z = distance / deviation
        density = math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
        return min(1.0, max(0.0, math.erfc(z / math.sqrt(2)) / 2 + density * kurtosis * (z**3 - 3 * z) / 24))

    def _smallest_above(self, count: float) -> float:
        """Return the smallest difference up to which the weighted count of differences is above count."""
        if sum(stratum.pairs for stratum in self.strata) <= _PAIRS:
            return _weighted_order(self.strata, count)
        return _bisected(self.strata, count)

    def _largest_below(self, count: float) -> float:
        """Return the largest difference from which on the weighted count of differences is above count."""
        return -Shift(tuple(Stratum(s.candidate, s.baseline) for s in self.strata))._smallest_above(count)


def fewest_a_side(level: float, strata: int = 1) -> int:
    """Return how many values on each side of so many strata a one-sided bound of this level needs: fewer bound a shift on no side.

    The smallest count, 0, has probability 1 / C(2n, n) in each stratum.
    """
    return next(n for n in itertools.count(1) if math.comb(2 * n, n) ** strata * level >= 1)


def _weighted_order(strata: Sequence[Stratum], count: float) -> float:
    differences = np.concatenate([(s.candidate[:, None] - s.baseline[None, :]).ravel() for s in strata])
    weights = np.concatenate([np.full(s.pairs, s.weight) for s in strata])
    order = np.argsort(differences, kind="stable")
    place = int(np.searchsorted(np.cumsum(weights[order]), count * (1 + 1e-12), side="right"))
    return float(differences[order[min(place, order.size - 1)]])


def _bisected(strata: Sequence[Stratum], count: float) -> float:
    """Return what _weighted_order does without writing out the pairs: O(n log n) a step, every value used."""
    ordered = [Stratum(np.sort(s.baseline), np.sort(s.candidate)) for s in strata]
    low = min(float(s.candidate[0] - s.baseline[-1]) for s in ordered)
    high = max(float(s.candidate[-1] - s.baseline[0]) for s in ordered)
    low -= 1e-9 * (1 + abs(low))
    for _ in range(64):
        middle = (low + high) / 2
        upto = (s.weight * int(np.searchsorted(s.candidate, s.baseline + middle, side="right").sum()) for s in ordered)
        if sum(upto) > count * (1 + 1e-12):
            high = middle
        else:
            low = middle
    return high


def _counted(stratum: Stratum, shift: float, ties: float) -> float:
    """Return how many differences are below shift, those equal to it counted as ties says."""
    candidate, moved = np.sort(stratum.candidate), np.sort(stratum.baseline) + shift
    below = int(np.searchsorted(candidate, moved, side="left").sum())
    upto = int(np.searchsorted(candidate, moved, side="right").sum())
    return below + ties * (upto - below)
