"""Whether a phone runs on its battery alone, by what it says: energy that is read while it charges is not the load's."""

from collections.abc import Sequence

from farm.errors import DeviceNotReady
from farm.power.plan import source_of
from farm.workloads import Device, DeviceKind, Job, Pass, PowerSource, StateReading

CLASS = "charging"
"""The error class of a power pass that was not begun, or whose run does not count, because of a charger."""
HINT = "unplug it: farm devices wireless moves it to Wi-Fi first"
_OWN = frozenset({PowerSource.FUEL_GAUGE, PowerSource.ODPM})
"""Sources of the phone itself. An external meter takes the cable away while it samples; a machine's counters know of no battery."""


def refusal(job: Job, state: Sequence[StateReading]) -> DeviceNotReady | None:
    """Return why a job is not begun that would give a run that cannot count: its phone charges, or may. None: nothing is in the way.

    state is the phone's before the pass. Nothing of farm's stops a charger, so waiting would not help.
    """
    device = job.device
    if job.pass_ is not Pass.POWER or (why := in_the_way(device, state)) is None:
        return None
    is_told = any(item.name == "battery_plugged" and item.text is not None for item in state)
    hint = HINT if is_told else f"farm doctor --device {device.name} shows what it says of its battery"
    return DeviceNotReady(f"the power of {device.name} is not measured while it charges, or may: {why}", error_class=CLASS, hint=hint)


def in_the_way(device: Device, state: Sequence[StateReading]) -> str | None:
    """Return a sentence when a device's own source of power would tell a charger's, too, or nobody knows; state is of before a pass."""
    if device.kind is DeviceKind.LOCAL or source_of(device.kind, device.power) not in _OWN:
        return None
    return charging(state, "before")


def charging(state: Sequence[StateReading], phase: str) -> str | None:
    """Return a sentence when a phone was on a charger in this phase (before or after the pass), or when that is unknown."""
    said = {item.name: item for item in state if item.phase == phase and item.name in ("battery_plugged", "battery_status")}
    plugged, status = said.get("battery_plugged"), said.get("battery_status")
    if plugged is None or plugged.text is None:
        return f"whether it was plugged in {phase} the pass is unknown{f': {plugged.reason}' if plugged else ''}"
    if plugged.text != "none":
        return f"it was plugged in ({plugged.text}) {phase} the pass"
    if status is None or status.text in (None, "charging"):
        return f"its battery said {status.text if status and status.text else 'nothing of whether it was charging'} {phase} the pass"
    return None
