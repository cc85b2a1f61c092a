"""What the adb program prints: attached devices, and how a push ended.

Only what runs the adb program needs these; a client of the adb protocol gets the same facts in another form.
"""

import re
from dataclasses import dataclass, field

from farm.devices.readers import errors
from farm.devices.readers.reading import complete_lines

_STATES = (
    "device",
    "offline",
    "unauthorized",
    "authorizing",
    "connecting",
    "recovery",
    "sideload",
    "rescue",
    "bootloader",
    "host",
    "detached",
)
_LINE = re.compile(r"(\S+)\s+(no permissions\b.*|[a-z]+)((?:\s+[^\s:]+:\S+|\s+\d+-[\d.]+)*)\s*")


@dataclass(frozen=True, slots=True)
class Attached:
    """A line of `adb devices -l`. A phone may stand there twice, by USB and by Wi-Fi; cheap ones share serials."""

    serial: str
    state: str
    """One of adb's words, or its whole sentence that begins with "no permissions"."""
    facts: dict[str, str] = field(default_factory=dict)
    """product, model (_ for blanks), device, usb, transport_id: whatever this adb prints."""

    @property
    def is_ready(self) -> bool:
        """Whether commands can be sent to it."""
        return self.state == "device"


@dataclass(frozen=True, slots=True)
class Pushed:
    """How `adb push` ended: the bytes sent, or None and why. Its speed counts the host's cache and is not read."""

    bytes_sent: int | None
    reason: str | None = None


def attached(text: str) -> tuple[Attached, ...]:
    """Read `adb devices`, with or without -l, in its order. The server's own lines are passed over."""
    found = []
    for line in complete_lines(text):
        match = _LINE.fullmatch(line)
        if match is None or line.startswith(("*", "adb ", "List of")):
            continue
        state = match[2].strip()
        if state in _STATES or state.startswith("no permissions"):
            facts = [fact.partition(":") for fact in match[3].split()]
            found.append(Attached(match[1], state, {key: value for key, colon, value in facts if colon}))
    return tuple(found)


def pushed(text: str) -> Pushed:
    """Read how `adb push` ended. An error outranks "1 file pushed", which can stand above it."""
    if (found := errors.find(text)) is not None:
        return Pushed(None, f"{found[0]}: {found[1]}")
    for line in complete_lines(text):
        if match := re.search(r": ([0-9]+) files? pushed, [0-9]+ skipped\.(?: .*\(([0-9]{1,18}) bytes in [0-9.]+s\))?$", line.strip()):
            if match[1] == "0":
                return Pushed(0)
            if match[2]:
                return Pushed(int(match[2]))
    return Pushed(None, errors.why(text, "adb does not say that the push has ended"))
