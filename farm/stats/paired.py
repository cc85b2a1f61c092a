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
    sum(tokens); its variance is that of the residuals d - change * tokens (Cochran, Sampling Techniques, 3rd ed., 1977, chapter
    6: linearised), its bounds are Student's with items - 1 degrees of freedom.
    """
    count = baseline.size
    if count < 2:  # noqa: PLR2004 - one item has no spread
        raise ValueError("a change of perplexity needs two items at least")
    loss = baseline - candidate
    change = float(loss.sum() / tokens.sum())
    residuals = loss - change * tokens
    error = math.sqrt(float((residuals**2).sum()) * count / (count - 1)) / float(tokens.sum())
    reach = student_quantile(1 - level, count - 1) * error
    return change, change - reach, change + reach


def student_quantile(probability: float, degrees: int) -> float:
    """Return the quantile of Student's t, for probability above 1/2; good to four digits from 3 degrees on, exact for 1 and 2.

    The expansion of Fisher and Cornish in powers of 1 / degrees around the normal quantile (Abramowitz and Stegun, Handbook of
    Mathematical Functions, 26.7.5).
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
