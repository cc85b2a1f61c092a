"""In which unit and with which sign a battery's gauge prints its current: learned from what it shows while nothing is plugged in.

A number by itself does not tell (976 is 0.976 mA on one phone and 976 mA on another), and neither does a sign: vendors differ. But a
phone that works on its battery alone draws a phone's current out of it. In uA that is a number of five digits or more, in mA one of
five or fewer, and the two ranges do not meet.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median

from farm.errors import PowerUnread
from farm.workloads import PowerSettings

UNITS_UA = (1, 1000)
_UNIT_NAMES = {1: "uA", 1000: "mA"}
_SIGN_NAMES = {1: "into", -1: "out of"}

_WORKING_UA = (30_000, 15_000_000)
"""What a phone can draw while it works: from a tenth of a watt to far above what it can get rid of as heat."""
_LEAST_STATED_UA = 1_000
_SPREAD = 30
"""A charge counter may go in steps of a hundredth of the battery; a wrong unit is off by a thousand."""
_TELLING_UAH = 2_000


@dataclass(frozen=True, slots=True)
class Current:
    """How a printed current becomes the one that is drawn: drawn_ua = -sign x unit_ua x printed."""

    unit_ua: int
    sign: int
    """1: plus flows into the battery, -1: out of it."""

    def drawn_ua(self, printed: float) -> float:
        """Return what leaves the battery; minus flows into it."""
        return -self.sign * self.unit_ua * printed


@dataclass(frozen=True, slots=True)
class Counted:
    """What the battery's charge counter says meanwhile: minus for what left it."""

    change_uah: float
    elapsed_s: float


def learn(
    idle: Sequence[float],
    work: Sequence[float],
    stated: PowerSettings = PowerSettings(),  # noqa: B008 - a frozen value
    *,
    units_ua: Sequence[int] = UNITS_UA,
    counted: Counted | None = None,
) -> Current:
    """Return unit and sign of the currents that an unplugged phone printed while idle and while it worked.

    units_ua are those that the source may print. What devices.toml states is kept to only while the readings do not deny it.
    Raises PowerUnread when readings leave more than one meaning, or none.
    """
    sign = _sign([*idle, *work], stated)
    unit_ua = _unit(median(abs(value) for value in work), stated, units_ua)
    if counted is not None:
        _compare(unit_ua * fmean(abs(value) for value in (*idle, *work)), counted)
    return Current(unit_ua, sign)


def _sign(printed: Sequence[float], stated: PowerSettings) -> int:
    positive, negative = (any(side * value > 0 for value in printed) for side in (1, -1))
    if positive == negative:
        raise PowerUnread(
            "the printed current is 0 throughout" if not positive else "the printed current changes its sign while nothing is plugged in",
            error_class="power_ambiguous",
            hint="which way the battery's current flows cannot be told: take another source of power",
        )
    sign = -1 if positive else 1
    if stated.current_sign not in (None, sign):
        raise PowerUnread(
            f"devices.toml says that plus flows {_SIGN_NAMES[-sign]} the battery, and unplugged the current reads "
            f"{'plus' if positive else 'minus'}",
            error_class="power_ambiguous",
            hint=f'current_plus = "{"in" if sign > 0 else "out"}", or leave it out',
        )
    return sign


def _unit(working: float, stated: PowerSettings, units_ua: Sequence[int]) -> int:
    possible = [unit for unit in units_ua if _WORKING_UA[0] <= working * unit <= _WORKING_UA[1]]
    unit = stated.current_unit_ua
    if unit is not None:
        if unit not in possible and (possible or not _LEAST_STATED_UA <= working * unit <= _WORKING_UA[1]):
            raise PowerUnread(
                f"devices.toml says that the current is in {_UNIT_NAMES[unit]}, and {working:.0f} {_UNIT_NAMES[unit]} is not what a phone "
                "draws while it works",
                error_class="power_ambiguous",
                hint=f'current_unit = "{_UNIT_NAMES[possible[0]]}", or leave it out' if possible else "take another source of power",
            )
        return unit
    if len(possible) != 1:
        raise PowerUnread(
            f"a printed current of {working:.0f} while it works is no phone's in {' or '.join(_UNIT_NAMES[one] for one in units_ua)}",
            error_class="power_ambiguous",
            hint='state it in devices.toml: power = { current_unit = "mA" }',
        )
    return possible[0]


def _compare(drawn_ua: float, counted: Counted) -> None:
    """Hold the current against the charge counter, where that has moved far enough to tell."""
    if abs(counted.change_uah) < _TELLING_UAH or counted.elapsed_s <= 0:
        return
    counted_ua = -counted.change_uah * 3600 / counted.elapsed_s
    if not drawn_ua / _SPREAD <= counted_ua <= drawn_ua * _SPREAD:
        raise PowerUnread(
            f"the gauge shows {drawn_ua / 1e3:.0f} mA drawn, and the charge counter {counted_ua / 1e3:.0f} mA",
            error_class="power_ambiguous",
            hint="one of the two does not mean what it seems to: take another source of power",
        )
