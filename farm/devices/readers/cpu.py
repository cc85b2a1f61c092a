"""Texts about the processor: cpufreq, the CPUs that exist, and their kinds.

cpufreq's files are in kHz and in ticks of 10 ms; policies need not start at CPU 0, 4 and 7.
"""

import itertools
import re
from dataclasses import dataclass

from farm.devices.readers import errors
from farm.devices.readers.reading import Reading, absent, complete_lines, only_line, whole

_KHZ = range(1_000, 10_000_001)
_TICK_NS = 10_000_000  # cpufreq's statistics count USER_HZ, 100 a second wherever Android runs


@dataclass(frozen=True, slots=True)
class TimeAt:
    """How long a policy's CPUs have run at a frequency, since boot or the statistics' reset."""

    frequency_hz: int
    time_ns: int


@dataclass(frozen=True, slots=True)
class Core:
    """A CPU as /proc/cpuinfo lists it; implementer and part as it prints them, such as 0x41 and 0xd46."""

    number: int
    implementer: str
    part: str


def frequency(text: str, policy: str, name: str = "frequency_hz") -> Reading:
    """Read scaling_cur_freq, cpuinfo_max_freq or the like of a policy: the kernel gives kHz."""
    khz = whole(only_line(text))
    if khz is None:
        return absent(name, policy, errors.why(text, "the file holds no complete number"))
    return Reading(name, khz * 1000, source=policy) if khz in _KHZ else absent(name, policy, f"{khz} kHz is no processor's frequency")


def governor(text: str, policy: str) -> Reading:
    """Read a policy's scaling_governor."""
    word = only_line(text)
    if word is None or not re.fullmatch(r"[A-Za-z][\w-]*", word):
        return absent("governor", policy, errors.why(text, "the file holds no complete word"))
    return Reading("governor", text=word, source=policy)


def time_in_state(text: str) -> tuple[TimeAt, ...]:
    """Read a policy's stats/time_in_state, in its order; empty when any line is something else, or a frequency occurs twice."""
    matches = [re.fullmatch(r"([0-9]{4,8}) ([0-9]{1,16})", line.strip()) for line in complete_lines(text)]
    times = [TimeAt(int(match[1]) * 1000, int(match[2]) * _TICK_NS) for match in matches if match]
    distinct = {time.frequency_hz for time in times}
    return tuple(times) if len(times) == len(matches) == len(distinct) else ()


def cpus(text: str) -> tuple[int, ...]:
    """Read the numbers of .../system/cpu/possible, online or a policy's related_cpus ("0-3,7" or "0 1 2"); empty when unreadable."""
    numbers: list[int] = []
    for part in re.split(r"[ ,]+", only_line(text) or ""):
        match = re.fullmatch(r"([0-9]{1,4})(?:-([0-9]{1,4}))?", part)
        if match is None or (match[2] and int(match[2]) < int(match[1])):
            return ()
        numbers += range(int(match[1]), int(match[2] or match[1]) + 1)
    return tuple(numbers)


def cores(cpuinfo: str) -> tuple[Core, ...]:
    """Read the cores that /proc/cpuinfo lists in full, in its order. CPUs that are offline are not in it: it counts none.

    A core of which a line stands twice is left out, and so are all when their numbers do not rise, as the kernel's do.
    """
    found = []
    for block in re.split(r"\n[ \t\r]*\n", "\n".join(complete_lines(cpuinfo))):
        printed = re.findall(r"^(processor|CPU implementer|CPU part)[ \t]*: (\S+)[ \t\r]*$", block, re.MULTILINE)
        fields = dict(printed)
        number = whole(fields.get("processor")) if len(fields) == len(printed) else None
        if number is not None and re.fullmatch(r"0x[0-9a-f]+ 0x[0-9a-f]+", f"{fields.get('CPU implementer')} {fields.get('CPU part')}"):
            found.append(Core(number, fields["CPU implementer"], fields["CPU part"]))
    rising = all(earlier.number < later.number for earlier, later in itertools.pairwise(found))
    return tuple(found) if rising else ()
