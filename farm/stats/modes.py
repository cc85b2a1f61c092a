"""Whether runs fall into two groups."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_FEWEST_VALUES = 16
_SMALLEST_SIDE = 3
_SMALLEST_SHARE = 0.08


@dataclass(frozen=True, slots=True)
class Groups:
    """Two groups of values: those above the split, as a share of all, and the median of each."""

    split: float
    upper_share: float
    lower: float
    upper: float


def two_groups(values: NDArray[np.float64]) -> Groups | None:
    """Return the two groups that values fall into, or None when one group describes them, or for fewer than 16 values.

    The values are split where the variance between both sides is largest (Otsu's criterion), each side holding three values and
    8 % of all at least. They are two groups when the sides' means lie 4.6 + 24 / n pooled standard deviations apart or more: a bound
    set by simulation, so that one normal, uniform or t3 group of 16 to 80 values passes for two in about 1 % of samples or fewer, a
    log-normal one (sd 0.5) in 1 %, an exponential one in 6 % (benchmarks/gate.py prints them). Groups nearer than five spreads mostly
    go unseen. A warning, never a reason for a verdict.
    """
    ordered = np.sort(values)
    count = ordered.size
    if count < _FEWEST_VALUES or ordered[0] == ordered[-1]:
        return None
    fewest = max(_SMALLEST_SIDE, math.ceil(_SMALLEST_SHARE * count))
    ordered = ordered - ordered[count // 2]
    sums, places = np.cumsum(ordered), np.arange(fewest, count - fewest + 1)
    apart = (sums[-1] - sums[places - 1]) / (count - places) - sums[places - 1] / places
    best = int(np.argmax(places * (count - places) * apart**2))
    low, high = ordered[: places[best]], ordered[places[best] :]
    within = math.sqrt((((low - low.mean()) ** 2).sum() + ((high - high.mean()) ** 2).sum()) / (count - 2))
    if apart[best] < (4.6 + 24 / count) * within:
        return None
    middle = float(np.sort(values)[count // 2])
    return Groups(middle + float(low[-1] + high[0]) / 2, high.size / count, middle + float(np.median(low)), middle + float(np.median(high)))
