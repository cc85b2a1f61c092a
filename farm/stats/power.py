"""How large an effect can be seen, and how many runs that takes."""

import math
from statistics import NormalDist

_NORMAL = NormalDist()
POWER = 0.8


def standard_error(low: float, high: float, level: float) -> float:
    """Return the standard error behind two one-sided bounds of that level, from the width between them; inf when one is infinite.

    For order-statistic bounds a consistent estimate (Lehmann, Annals of Mathematical Statistics 34, 1963, abstract).
    """
    return (high - low) / (-2 * _NORMAL.inv_cdf(level))


def detectable(error: float, level: float, power: float = POWER) -> float:
    """Return how far beyond a limit the truth must lie for a test of this one-sided level to see it with this power.

    error is the estimate's standard error: (z(1 - level) + z(power)) error, the usual normal approximation.
    """
    return math.inf if level <= 0 else (_NORMAL.inv_cdf(power) - _NORMAL.inv_cdf(level)) * error


def runs_needed(deviation: float, effect: float, level: float, power: float = POWER) -> int:
    """Return how many runs a side see a shift of effect with this power; deviation is that of one run, both on the same (log) scale.

    The two-sample normal formula 2 ((z(1 - level) + z(power)) deviation / effect)^2, over 3 / pi: what ranks need more when the
    noise is normal.
    """
    if effect <= 0:
        raise ValueError("an effect is above 0")
    z = _NORMAL.inv_cdf(power) - _NORMAL.inv_cdf(level)
    return max(2, math.ceil(2 * (z * deviation / effect) ** 2 * math.pi / 3))
