"""What toybox's programs print on a phone: uptime and df."""

import re
from dataclasses import dataclass

from farm.devices.readers import errors
from farm.devices.readers.reading import Reading, absent, complete_lines, only_line


@dataclass(frozen=True, slots=True)
class Disk:
    """A file system as `df` lists it. free and used add up to less than total: the rest is reserved."""

    total_bytes: int
    used_bytes: int
    free_bytes: int
    mounted_on: str


def uptime(text: str) -> tuple[Reading, Reading]:
    """Read toybox `uptime` as uptime_s (whole minutes) and load_1m. Its time of day is local; no zone is printed."""
    source = "uptime"
    match = re.fullmatch(
        r"[0-9:]{8} up +(?:([0-9]{1,9}) days?, +)?(?:([0-9]{1,2}):([0-9]{2})|([0-9]{1,2}) min), +[0-9]+ users?,"
        r" +load average: ([0-9]{1,9}\.[0-9]{2}), .*",
        only_line(text) or "",
    )
    if match is None:
        reason = errors.why(text, "this is no complete answer of uptime")
        return absent("uptime_s", source, reason), absent("load_1m", source, reason)
    minutes = int(match[1] or 0) * 24 * 60 + int(match[2] or 0) * 60 + int(match[3] or match[4])
    return Reading("uptime_s", minutes * 60, source=source), Reading("load_1m", float(match[5]), source=source)


def disks(df: str) -> tuple[Disk, ...]:
    """Read `df` or `df -k` (1K-blocks), in its order; a line in other units is left out, and one that is cut off.

    A long device name may stand on a line of its own. Empty when the head states other blocks, as `df -P`'s may.
    """
    found = []
    lines = complete_lines(df)
    if any("-blocks" in line and " 1K-blocks " not in line for line in lines):
        return ()
    for line in lines:
        match = re.fullmatch(r"(?:\S+)? +([0-9]{1,15}) +([0-9]{1,15}) +([0-9]{1,15}) +[0-9]+% (/.*)", line.rstrip())
        if match is not None:
            total, used, free = (int(kib) * 1024 for kib in match.groups()[:3])
            found.append(Disk(total, used, free, match[4]))
    return tuple(found)
