"""What was noted beside a running harness: one text, look after look, each with the device's time of day before and after it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from farm.devices.readers.reading import Reading, absent, complete_lines

MARK = "@@@ farm "
BATTERY, COMMAND, CALL, RAILS, THERMAL, FOOTPRINT = "battery", "command", "call", "rails", "thermal", "footprint"
"""What can be looked at beside a harness."""
REFRESH = "refresh"
"""Says nothing: has the battery service read its gauge anew, which it does by itself only when something happens."""

_TIME = re.compile(r"([0-9]{1,12})\.([0-9]{1,9})")


@dataclass(frozen=True, slots=True)
class Look:
    """One look: when it was taken, by the device's time of day, how sure that is, and what each source said."""

    at_unix_ns: int
    uncertainty_ns: int
    texts: Mapping[str, str]


def looks(text: str) -> tuple[Look, ...]:
    """Read the noted text, in its order. A look that is cut off, or whose times make no sense, is left out.

    Each begins with `@@@ farm begin TIME`, goes on with `@@@ farm NAME` and what NAME said, and ends with `@@@ farm end TIME`.
    """
    found = []
    began: int | None = None
    texts: dict[str, str] = {}
    name = ""
    for line in complete_lines(text):
        if not line.startswith(MARK):
            if name in texts:
                texts[name] += f"{line}\n"
            continue
        name, _, rest = line.removeprefix(MARK).partition(" ")
        if name == "begin":
            began, texts = _unix_ns(rest), {}
        elif name == "end":
            ended = _unix_ns(rest)
            if began is not None and ended is not None and ended >= began:
                found.append(Look((began + ended) // 2, (ended - began + 1) // 2, texts))
            began = None
        else:
            texts[name] = ""
    return tuple(found)


def look(began_s: float, ended_s: float, name: str, said: str) -> str:
    """Return one look as it is noted; times by the device's own clock, in seconds since 1970."""
    return f"{MARK}begin {began_s:.6f}\n{MARK}{name}\n{said}\n{MARK}end {ended_s:.6f}\n"


def footprint(text: str) -> Reading:
    """Read a look at the process's footprint by the system monitor of an iPhone: a whole number of bytes."""
    name, source = "phys_footprint_bytes", "sysmontap"
    word = text.strip()
    return Reading(name, float(word), source=source) if word.isascii() and word.isdigit() else absent(name, source, "it holds no number")


def _unix_ns(text: str) -> int | None:
    match = _TIME.fullmatch(text.strip())
    return None if match is None else int(match[1]) * 1_000_000_000 + int(match[2].ljust(9, "0"))
