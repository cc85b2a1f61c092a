"""Climbing a ladder, apart from the devices: tests/cli/health/test_recovery.py climbs with real ones."""

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from threading import Event

from farm.devices.local import LocalTransport
from farm.errors import DeviceLost
from farm.recovery import Guard, climb
from farm.workloads import Device, DeviceKind, HealthSettings, Rung
from tests.conftest import LOCAL

LOST = DeviceLost("it does not answer", error_class="device_lost")


class Away(LocalTransport):
    """A phone that cannot be reached."""

    def reconnect(self) -> str:
        return "its link was made anew"


def a_phone(folder: Path) -> Device:
    switch = folder / "switch"
    switch.write_text(f"#!/bin/sh\ntouch {folder}/switched\n")
    switch.chmod(0o755)
    health = HealthSettings(recovery=(Rung.RECONNECT, Rung.POWER_CYCLE))
    return replace(LOCAL, name="s25", kind=DeviceKind.ANDROID, power_cycle=(str(switch),), health=health)


def test_who_interrupts_has_no_further_rung_tried(tmp_path: Path) -> None:
    stop = Event()

    def asked() -> DeviceLost:
        stop.set()  # the first rung is being waited for
        return LOST

    guard = Guard(nullcontext, lambda: None, stop=stop)
    steps, still = climb(a_phone(tmp_path), Away(tmp_path), LOST, asked, guard)
    assert ([step.rung for step in steps], still) == ([Rung.RECONNECT], LOST)
    assert climb(a_phone(tmp_path), Away(tmp_path), LOST, asked, guard) == ([], LOST)
    assert not (tmp_path / "switched").exists()
    stop.clear()
    steps, still = climb(a_phone(tmp_path), Away(tmp_path), LOST, lambda: None if (tmp_path / "switched").exists() else LOST, guard)
    assert ([step.rung for step in steps], still) == ([Rung.RECONNECT, Rung.POWER_CYCLE], None)
