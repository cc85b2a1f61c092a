"""Whether a device could be measured now, without measuring or changing anything: for people who look what is wrong."""

from collections.abc import Sequence
from dataclasses import dataclass

from farm import conditions
from farm.devices.transport import Transport
from farm.errors import DeviceNotReady
from farm.power.plan import plan
from farm.workloads import Device, StateReading


@dataclass(frozen=True, slots=True)
class Readiness:
    """What is in the way of a pass, and from what a power pass would read."""

    unmet: tuple[str, ...]
    """One sentence for each condition that is not met."""
    power_source: str | None
    power_reason: str
    """Why there is no source of power; "" where there is one."""
    state: tuple[StateReading, ...]


def look(device: Device, transport: Transport) -> Readiness:
    """Return whether a pass could begin on a device now."""
    state = transport.vitals("before")
    unmet = tuple(conditions.unmet(device.conditions, state, device.kind))
    try:
        made = plan(device.name, device.kind, device.power, transport.power_texts())
    except DeviceNotReady as error:
        return Readiness(unmet, None, error.message, state)
    return Readiness(unmet, f"{made.source}: {made.origin}", "", state)


def unread(state: Sequence[StateReading]) -> list[tuple[str, str]]:
    """Return what a device says nothing of at all, each name once, and why."""
    found: dict[str, str] = {}
    for reading in state:
        if reading.reason is not None:
            found.setdefault(reading.name, reading.reason)
    read = {reading.name for reading in state if reading.reason is None}
    return [(name, reason) for name, reason in found.items() if name not in read]
