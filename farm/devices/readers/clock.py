"""How far a device's clock is from the host's: the quickest of some round trips bounds it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from farm.devices.readers.reading import Reading, absent, only_line

_TIME = re.compile(r"([0-9]{1,12})\.([0-9]{1,9})")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAMES = ("clock_offset_ns", "clock_offset_uncertainty_ns")


@dataclass(frozen=True, slots=True)
class Round:
    """One round trip: this host's time when the question went, the device's answer, this host's time when it came."""

    sent: datetime
    answer: str
    received: datetime


def offset(rounds: Sequence[Round]) -> tuple[Reading, Reading]:
    """Return clock_offset_ns, the device's time less the host's, and clock_offset_uncertainty_ns.

    The device read its clock somewhere between sending and receiving: the offset lies within half of a round trip of the one that the
    middle gives, whatever the two ways took. The quickest round trip says the most; the answers' own last digit is added.
    """
    source = "quickest of {} round trips"
    found = []
    for one in rounds:
        match = _TIME.fullmatch(only_line(one.answer) or "")
        if match is None or one.received < one.sent:
            continue
        sent_ns, received_ns = _ns(one.sent), _ns(one.received)
        device_ns = int(match[1]) * 1_000_000_000 + int(match[2].ljust(9, "0"))
        digit_ns = 10 ** (9 - len(match[2]))
        found.append(((received_ns - sent_ns) / 2 + digit_ns, device_ns - (sent_ns + received_ns) // 2))
    if not found:
        said = rounds[0].answer.strip() if rounds else "nothing"
        return absent(_NAMES[0], "clock", f"the device does not tell its time: {said}"), absent(_NAMES[1], "clock", "there is no offset")
    uncertainty_ns, offset_ns = min(found)
    named = source.format(len(found))
    return Reading(_NAMES[0], offset_ns, source=named), Reading(_NAMES[1], uncertainty_ns, source=named)


def _ns(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1000
