"""What a reader returns, and how it takes a text apart."""

import re
from dataclasses import dataclass

from farm.workloads import StateReading

_LONGEST = 4000  # a display's modes take 2600 characters; int() takes at most 4300 digits


@dataclass(frozen=True, slots=True)
class Reading:
    """One fact read off a text: a number or a word, or None of both and the reason.

    The name ends in the value's base unit (farm/units.py); whole numbers stay exact. source says which
    sensor, rail, policy or line it is, and tells readings of one name apart.
    """

    name: str
    value: float | None = None
    text: str | None = None
    source: str = ""
    reason: str | None = None

    def at(self, phase: str) -> StateReading:
        """Return this as a fact about the device "before" or "after" a pass."""
        return StateReading(self.name, phase, self.value, self.text, self.source, self.reason)


def absent(name: str, source: str, reason: str) -> Reading:
    """Return the reading that could not be had."""
    return Reading(name, source=source, reason=reason)


def complete_lines(text: str) -> list[str]:
    """Return text's lines without their ends (LF, CR LF, and the CR CR LF of old adb).

    What follows the last line end is left out: a line that is not complete may hold a cut-off number. A line
    longer than any that a reader knows is taken as blank: patterns and int() do not bear lines of any length.
    """
    return ["" if len(line) > _LONGEST else line.rstrip("\r") for line in text.split("\n")[:-1]]


def only_line(text: str) -> str | None:
    """Return the one line that text consists of, stripped, or None when it is empty, cut off or more than one."""
    lines = complete_lines(text)
    return lines[0].strip() if len(lines) == 1 and text.endswith("\n") and lines[0].strip() else None


def whole(text: str | None) -> int | None:
    """Return a decimal whole number of at most 19 digits, as a 64-bit counter holds it; None for anything else."""
    return int(text) if text is not None and re.fullmatch(r"[+-]?[0-9]{1,19}", text) else None
