"""Energy meters on the board (ODPM), as Pixels have them: cumulative energy per rail since boot.

Source of the dump's form: hardware/google/pixel, powerstats/PowerStatsAidl.cpp, PowerStats::dumpEnergyMeter. Rails and
channel numbers differ between phones and builds: a rail is known by its name.
"""

import math
import re

from farm.devices.readers import errors
from farm.devices.readers.reading import Reading, absent, complete_lines

NAME = "energy_counter_uj"
SOURCE = "dumpsys IPowerStats"

_BEGIN = re.compile(r"=+ PowerStats HAL [0-9.]+ energy meter =+")
_END = re.compile(r"=+ End of PowerStats HAL [0-9.]+ energy meter =+")
_HEAD = re.compile(r" *Channel +Cumulative Energy *")
_RAIL = re.compile(r" *([\w\[]\S*(?: [\w(]\S*)*) +([0-9]{1,16})\.([0-9]{2}) mWs")
_CHANNEL = re.compile(r"CH[0-9]+\(T=([0-9]{1,16})\)\[(.+)\], ([0-9]{1,19})")
_FLOAT_BITS = 24


def rails(text: str) -> tuple[Reading, ...]:
    """Read `dumpsys android.hardware.power.stats.IPowerStats/default`: energy_counter_uj per rail, or one absent reading.

    The dump prints mWs (1 mWs = 1000 uJ) and no time: the caller takes it, on the device's clock, and
    subtracts two readings. Only the energy meter's block is read. With the argument `delta` the dump shows a
    difference to whoever asked last, which is shared by all who ask: it is refused.
    """
    lines = complete_lines(text)
    begins = [index for index, line in enumerate(lines) if _BEGIN.fullmatch(line.strip())]
    ends = [index for index, line in enumerate(lines) if _END.fullmatch(line.strip())]
    if not begins:
        return (absent(NAME, SOURCE, errors.why(text, "this device prints no energy meter")),)
    if len(begins) > 1 or len(ends) != 1 or ends[0] < begins[0]:
        return (absent(NAME, SOURCE, "the energy meter's block is not complete"),)
    block = [line for line in lines[begins[0] + 1 : ends[0]] if line.strip()]
    if any("Delta" in line or line.startswith("Elapsed time:") for line in block):
        return (absent(NAME, SOURCE, "the dump was asked for with `delta`, which others' dumps disturb"),)
    if not block or not _HEAD.fullmatch(block[0]):
        return (absent(NAME, SOURCE, "the energy meter's block has no head"),)
    readings = []
    for line in block[1:]:
        match = _RAIL.fullmatch(line)
        if match is None:
            return (absent(NAME, SOURCE, f'"{line.strip()}" is no rail\'s line'),)
        readings.append(Reading(NAME, int(match[2]) * 1000 + int(match[3]) * 10, source=match[1]))
    return _distinct(readings) or (absent(NAME, SOURCE, "the energy meter has no rail"),)


def step_uj(counter_uj: float) -> float:
    """Return the smallest step, in uJ, by which a rail's printed counter can grow at this value; at least 10.

    The dump prints the counter through a 32-bit float: with 24 bits of mantissa a rail that has taken 1 MJ
    moves in steps of 65536 uJ. A difference of two readings is uncertain by one step.
    """
    if counter_uj <= 0:
        return 10.0
    return max(10.0, 2.0 ** (math.floor(math.log2(counter_uj)) - _FLOAT_BITS + 1))


def meter(text: str) -> tuple[Reading, ...]:
    """Read one meter's .../iio:device*/energy_value: energy_counter_uj per rail (uWs = uJ), and energy_counter_at_ns.

    energy_counter_at_ns is when the meter was read, since boot; each meter has its own. Two meters' files
    joined, or a file whose channels were read at different times, give one absent reading.
    """
    source = "energy_value"
    lines = complete_lines(text)
    head = re.fullmatch(r"t=([0-9]{1,16})", lines[0].strip()) if lines else None
    matches = [_CHANNEL.fullmatch(line.strip()) for line in lines[1:] if line.strip()]
    channels = [match for match in matches if match]
    if head is None or not channels or len(channels) < len(matches):
        return (absent(NAME, source, errors.why(text, "this is no single meter's complete reading")),)
    if any(match[1] != head[1] for match in channels):
        return (absent(NAME, source, "the meter's channels were read at different times"),)
    readings = _distinct([Reading(NAME, int(match[3]), source=match[2]) for match in channels])
    return (*readings, Reading("energy_counter_at_ns", int(head[1]) * 1_000_000, source=source))


def _distinct(readings: list[Reading]) -> tuple[Reading, ...]:
    """Return readings with those of a rail that is named twice made absent."""
    sources = [reading.source for reading in readings]
    return tuple(
        reading if sources.count(reading.source) == 1 else absent(NAME, reading.source, "the rail is named twice") for reading in readings
    )
