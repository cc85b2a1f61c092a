"""Many tests at once."""

from collections.abc import Sequence

import numpy as np


def q_values(p_values: Sequence[float]) -> list[float]:
    """Return, for each p-value, the smallest false discovery rate at which Benjamini and Hochberg's procedure still finds it; same order.

    The i-th smallest of m p-values becomes m p / i, and none is above that of a larger p-value. Source: Benjamini and Hochberg,
    Controlling the false discovery rate, JRSS B 57, 1995, as the manual of R's mutoss states it (`BH`); it holds for
    independent and for positively dependent tests.
    """
    given = np.asarray(p_values, dtype=float)
    order = np.argsort(given)
    scaled = given[order] * given.size / np.arange(1, given.size + 1)
    found = np.empty(given.size)
    found[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return [float(value) for value in found]
