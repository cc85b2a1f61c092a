"""Two models on the same items: how much worse one answers, paired by item."""

import math
from collections.abc import Callable
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_NORMAL = NormalDist()
_STEPS = 80


def accuracy_drop_bounds(lost: int, gained: int, items: int, level: float) -> tuple[float, float]:
    """Return one-sided bounds, each of this level, of the drop in accuracy: the share of items lost minus that gained.

    lost items were right before and are wrong now, gained ones the other way round; items that did not change tell how many
    there are. Tango's score interval: the bounds are the drops that a score test at this level just does not reject, the
    unknown share of gained items taken at its most likely value under that drop. Source: Tango, Equivalence test and confidence
    interval for the difference in proportions for the paired-sample design, Statistics in Medicine 17, 1998, by the formulas in
    the R package contingencytables (chapter 8 of Fagerland, Lydersen and Laake, Statistical analysis of contingency tables).
    """
    if not 0 <= lost + gained <= items or items == 0:
        raise ValueError("items that changed are among all items, of which there is at least one")
    z = -_NORMAL.inv_cdf(level)

    def score(drop: float) -> float:
        b = -lost - gained + (2 * items - lost + gained) * drop
        c = -gained * drop * (1 - drop)
        share = (math.sqrt(max(0.0, b * b - 8 * items * c)) - b) / (4 * items)
        variance = items * (2 * share + drop * (1 - drop))
        return (lost - gained - items * drop) / math.sqrt(variance) if variance > 0 else math.inf * (lost - gained - items * drop)

    estimate = (lost - gained) / items
    low = -1.0 if estimate == -1 else _root(lambda drop: score(drop) - z, -1 + 1e-12, estimate)
    high = 1.0 if estimate == 1 else _root(lambda drop: score(drop) + z, estimate, 1 - 1e-12)
    return low, high


def _root(falling: Callable[[float], float], low: float, high: float) -> float:
    """Return where a falling function crosses 0 between low and high."""
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if falling(middle) > 0 else (low, middle)
    return (low + high) / 2


def log_perplexity_change(baseline: Array, candidate: Array, tokens: Array, level: float) -> tuple[float, float, float]:
    """Return the change of log perplexity, candidate minus baseline, with its one-sided bounds of this level.

    baseline and candidate hold the summed log-probability of each item's target tokens, tokens their numbers. Items, not
    tokens, are the draws: tokens of one text depend on each other. The change is a ratio of sums over items, sum(b - c) /
    sum(tokens); its variance is that of the residuals d - change * tokens (linearised, as for any ratio estimator of survey
    sampling). A few items that got much worse make them skewed, so the bounds are those of Student's t after Hall's
    transformation: Johnson's correction of t for skewness, with the cubic term by which it can be turned round (Hall, On the
    removal of skewness by transformation, JRSS B 54, 1992; intervals of this kind are compared in Veljkovic, Symmetry 16, 2024,
    1424). benchmarks/gate.py counts the coverage.
    """
    count = baseline.size
    if count < 3:  # noqa: PLR2004 - two items have no skewness
        raise ValueError("a change of perplexity needs three items at least")
    loss = baseline - candidate
    change = float(loss.sum() / tokens.sum())
    residuals = loss - change * tokens
    square = float((residuals**2).mean())
    error = math.sqrt(square * count * count / (count - 1)) / float(tokens.sum())
    skewness = 0.0 if square == 0 else float((residuals**3).mean()) / square**1.5 / math.sqrt(count)
    reach = student_quantile(1 - level, count - 1)
    return change, change - _unskewed(reach, skewness) * error, change - _unskewed(-reach, skewness) * error


def _unskewed(quantile: float, skewness: float) -> float:
    """Return the t whose transformed value is quantile; skewness is the sample's over the root of its size."""
    if abs(skewness) < 1e-9:  # noqa: PLR2004 - the limit
        return quantile
    cubed = 1 + skewness * (quantile - skewness / 6)
    return 3 / skewness * (math.copysign(abs(cubed) ** (1 / 3), cubed) - 1)


def student_quantile(probability: float, degrees: int) -> float:
    """Return the quantile of Student's t, for probability above 1/2; good to three digits from 3 degrees on, exact for 1 and 2.

    The expansion of Cornish and Fisher in powers of 1 / degrees around the normal quantile; a test holds it against exact quantiles.
    """
    if degrees == 1:
        return math.tan(math.pi * (probability - 0.5))
    if degrees == 2:  # noqa: PLR2004
        return (2 * probability - 1) / math.sqrt(2 * probability * (1 - probability))
    z: float = _NORMAL.inv_cdf(probability)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + math.fsum(term / degrees**power for power, term in enumerate(terms, 1))
