"""Whether a device could be measured now, without measuring or changing anything: for people who look what is wrong."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from farm import conditions
from farm.devices.transport import Transport
from farm.errors import DeviceNotReady, MeasureError
from farm.health import Seen
from farm.power import alone
from farm.power.plan import plan
from farm.workloads import Device, Identity, StateReading


@dataclass(frozen=True, slots=True)
class Readiness:
    """What is in the way of a pass, and from what a power pass would read."""

    unmet: tuple[str, ...]
    """One sentence for each condition that is not met."""
    power_source: str | None
    power_reason: str
    """Why there is no source of power; "" where there is one."""
    charger: str | None
    """Why its power would not be measured now, although it has a source: it charges, or may."""
    seen: Seen


def seen(transport: Transport, identity: Identity, now_utc: Callable[[], datetime], *, is_held: bool) -> Seen:
    """Return what a device that answers says of itself; is_held: it is held steady, as for a pass."""
    state = transport.vitals("before") + transport.clock(now_utc)
    try:
        return Seen(identity, state, transport.room_bytes(), is_held=is_held)
    except MeasureError as error:
        return Seen(identity, state, None, error.message, is_held)


def look(device: Device, transport: Transport, identity: Identity, now_utc: Callable[[], datetime]) -> Readiness:
    """Return whether a pass could begin on a device now, as it is, and what it says of itself."""
    found = seen(transport, identity, now_utc, is_held=False)
    unmet = tuple(conditions.unmet(device.conditions, found.state, device.kind))
    try:
        made = plan(device.name, device.kind, device.power, transport.power_texts())
    except DeviceNotReady as error:
        return Readiness(unmet, None, error.message, None, found)
    return Readiness(unmet, f"{made.source}: {made.origin}", "", alone.in_the_way(device, found.state), found)


def unread(state: Sequence[StateReading]) -> list[tuple[str, str]]:
    """Return what a device says nothing of at all, each name once, and why."""
    found: dict[str, str] = {}
    for reading in state:
        if reading.reason is not None:
            found.setdefault(reading.name, reading.reason)
    read = {reading.name for reading in state if reading.reason is None}
    return [(name, reason) for name, reason in found.items() if name not in read]
