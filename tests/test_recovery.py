"""Climbing a ladder, apart from the devices: tests/cli/health/test_recovery.py climbs with real ones."""

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest

from farm import recovery
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


@pytest.mark.parametrize(
    ("program", "said", "output"),
    [
        ("#!/bin/sh\necho no such port >&2\nexit 3\n", "switch ended with exit code 3", "no such port\n"),
        ("#!/bin/sh\necho waiting; sleep 60\n", "switch had not ended after 0.5 s and was ended", "waiting\n"),
        (None, "switch cannot be started: No such file or directory", ""),
    ],
)
def test_a_command_that_fails_is_told_with_what_it_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str | None, said: str, output: str
) -> None:
    monkeypatch.setitem(recovery._ANSWERS_S, Rung.POWER_CYCLE, 0.0)  # no phone comes back
    phone = a_phone(tmp_path)
    (tmp_path / "switch").unlink()
    if program is not None:
        (tmp_path / "switch").write_text(program)
        (tmp_path / "switch").chmod(0o755)
    phone = replace(phone, health=HealthSettings(recovery=(Rung.POWER_CYCLE,), power_cycle_timeout_s=0.5))
    (step,), still = climb(phone, Away(tmp_path), LOST, lambda: LOST, Guard(nullcontext, lambda: None))
    assert (step.tried, step.sentence, step.output, still) == ("failed", said, output, LOST)
