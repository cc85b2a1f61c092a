"""Each check of one look: reading, limit and sentence; what is not told never fails."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.errors import DeviceLost, DeviceNotReady, InputError
from farm.health import Check, Known, Name, Seen, Step, Tried, next_rung, of_seen, unreached
from farm.health.checks import os_change
from farm.workloads import Charging, Conditions, Device, DeviceKind, HealthSettings, Identity, Rung, StateReading

PHONE = Device("s25", DeviceKind.ANDROID, labels={"soc": "Snapdragon 8 Elite"})
IPHONE = Device("iphone", DeviceKind.IOS, labels={"soc": "A18 Pro"})
NEVER_SEEN = Known()
IDENTITY = Identity("android-1", DeviceKind.ANDROID, "Galaxy", "QTI SM8750", "build 1", "aarch64", 8, 12 * 2**30, "6.6")


def seen(identity: Identity = IDENTITY, room_bytes: float | None = 50e9, *, is_held: bool = True, **readings: Any) -> Seen:
    state = tuple(
        StateReading(name, "before", **({"text": value} if isinstance(value, str) else {"value": value}))
        for name, value in readings.items()
        if value is not None
    )
    return Seen(identity, state, room_bytes, "" if room_bytes is not None else "df says nothing", is_held=is_held)


def one(name: Name, device: Device, what: Seen, known: Known = NEVER_SEEN) -> Check:
    return next(check for check in of_seen(device, what, known) if check.name is name)


def with_health(device: Device, **settings: Any) -> Device:
    return replace(device, health=HealthSettings(**settings))


CHARGED = HealthSettings(charging=Charging(0.4, 0.8))


@pytest.mark.parametrize(
    ("name", "device", "what", "ok", "said"),
    [
        (Name.STORAGE, PHONE, seen(room_bytes=100e6), False, "100 MB are free, the least is 500 MB"),
        (Name.STORAGE, PHONE, seen(room_bytes=501e6), True, "501 MB are free"),
        (Name.STORAGE, PHONE, seen(room_bytes=None), None, "df says nothing"),
        (Name.BATTERY_LEVEL, PHONE, seen(battery_level_percent=12), False, "its battery is at 12%, the least is 20%"),
        (
            Name.BATTERY_LEVEL,
            PHONE,
            seen(battery_level_percent=12, battery_plugged="usb"),
            False,
            "its battery is at 12%, the least is 20%",
        ),
        (
            Name.BATTERY_LEVEL,
            replace(PHONE, health=CHARGED),
            seen(battery_level_percent=12, battery_plugged="usb"),
            True,
            "it is at 12 % on its charger, and waited for until it is at 80 %",
        ),
        (
            Name.BATTERY_LEVEL,
            replace(PHONE, health=CHARGED),
            seen(battery_level_percent=12, battery_plugged="none"),
            False,
            "its battery is at 12%, the least is 20%",
        ),
        (Name.BATTERY_LEVEL, PHONE, seen(battery_level_percent=80), True, "its battery is at 80 %"),
        (Name.BATTERY_HEALTH, PHONE, seen(battery_health="good"), True, "its battery: good"),
        (Name.BATTERY_HEALTH, PHONE, seen(battery_health="dead"), False, "its battery says that it is dead"),
        (
            Name.BATTERY_HEALTH,
            PHONE,
            seen(battery_full_charge_uah=2_000_000, battery_design_charge_uah=4_000_000, battery_cycle_count=900),
            False,
            "its battery holds 50 % of what it was made for, the least is 60 %",
        ),
        (Name.BATTERY_HEALTH, PHONE, seen(battery_cycle_count=5000), True, "its battery: 5000 cycles"),
        (
            Name.BATTERY_HEALTH,
            with_health(PHONE, max_battery_cycles=800),
            seen(battery_cycle_count=900),
            False,
            "its battery has had 900 cycles, the most is 800",
        ),
        (Name.BATTERY_HEALTH, PHONE, seen(), None, "battery_health was not read"),
        (
            Name.TEMPERATURE,
            PHONE,
            seen(skin_temperature_c=46.2),
            False,
            "its skin is at 46.2 C, the limit of a phone that does nothing is 45 C",
        ),
        (Name.TEMPERATURE, PHONE, seen(battery_temperature_c=30), True, "its battery is at 30.0 C"),
        (Name.CLOCK, PHONE, seen(clock_offset_ns=-400e9), False, "its clock is 400.000 s behind this host's, the limit is 300 s"),
        (Name.CLOCK, PHONE, seen(clock_offset_ns=2.5e9), True, "its clock is 2.500 s ahead of this host's"),
        (Name.SCREEN, PHONE, seen(wakefulness="asleep"), False, "it is asleep, and cannot be woken"),
        (Name.SCREEN, PHONE, seen(wakefulness="asleep", is_held=False), None, "it is asleep, and a session wakes it"),
        (Name.SCREEN, PHONE, seen(wakefulness="awake"), True, "it is awake"),
        (Name.SCREEN, IPHONE, seen(brightness_ratio=0.9), False, "its screen is at 90% of its brightness, the most is 50%"),
        (Name.SOC, PHONE, seen(), None, 'it has QTI SM8750, labelled Snapdragon 8 Elite; soc = "SM8750" has it checked'),
        (Name.SOC, replace(PHONE, soc="SM8750*"), seen(), True, "it has QTI SM8750"),
        (Name.SOC, replace(PHONE, soc="SM8650"), seen(), False, "it has QTI SM8750, and should have SM8650"),
        (Name.SOC, IPHONE, seen(replace(IDENTITY, soc="A18 Pro")), True, "it has A18 Pro"),
        (Name.SOC, IPHONE, seen(replace(IDENTITY, soc="A18")), False, "it has A18, and should have A18 Pro"),
        (Name.SOC, PHONE, seen(replace(IDENTITY, soc="Google Tensor G4")), None, "it has Google Tensor G4, labelled"),
        (Name.SOC, replace(PHONE, labels={"soc": "Tensor G4"}), seen(replace(IDENTITY, soc="Google Tensor G4")), True, "it has Google"),
        (Name.SOC, PHONE, seen(replace(IDENTITY, soc=None)), None, "it does not say which chip it has"),
    ],
)
def test_a_reading_is_held_against_its_limit(name: Name, device: Device, what: Seen, ok: bool | None, said: str) -> None:
    check = one(name, device, what)
    assert (check.ok, check.sentence.startswith(said)) == (ok, True), check
    assert check.reading is not None or check.ok is None


def test_a_new_system_is_named_and_is_no_failure() -> None:
    checks = of_seen(PHONE, seen(), Known("build 0"))
    assert os_change(checks) == ("build 0", "build 1")
    assert next(check for check in checks if check.name is Name.OS_BUILD).ok
    assert os_change(of_seen(PHONE, seen(), Known("build 1"))) is None
    assert os_change(of_seen(PHONE, seen(), Known())) is None


@pytest.mark.parametrize(("state", "ok"), [("suspect", False), ("within", True), ("band", True), ("unknown", None), (None, None)])
def test_the_canary_counts_as_its_newest_session_says(state: str | None, ok: bool | None) -> None:
    known = Known(canary=None if state is None else (state, "since Monday"))
    assert one(Name.CANARY, PHONE, seen(), known).ok is ok


@given(st.sampled_from(DeviceKind))
def test_a_device_that_tells_nothing_fails_nothing(kind: DeviceKind) -> None:
    checks = of_seen(Device("mute", kind), Seen(replace(IDENTITY, soc=None), (), None, "no df"), Known())
    assert not [check for check in checks if check.ok is False]
    assert all(check.sentence for check in checks)
    assert [check.name for check in checks] == list(Name)


@pytest.mark.parametrize(
    ("error", "failing"),
    [
        (DeviceLost("s25 is gone", error_class="not_listed"), Name.REACHABLE),
        (DeviceNotReady("no adb server answers", error_class="no_adb_server", hint="adb start-server"), Name.REACHABLE),
        (DeviceNotReady("s25 does not say its Android id", error_class="no_identity"), Name.REACHABLE),
        (InputError("2 devices with the serial"), Name.REACHABLE),
        (DeviceNotReady("s25 is unauthorized", error_class="not_authorised"), Name.AUTHORISED),
        (DeviceNotReady("locked", error_class="locked"), Name.AUTHORISED),
        (DeviceNotReady("the battery is at 3 %", error_class="low_battery"), Name.BATTERY_LEVEL),
        (DeviceNotReady("no app", error_class="no_app"), Name.USABLE),
    ],
)
def test_what_a_device_says_when_it_cannot_be_used_is_the_check_that_failed(error: InputError, failing: Name) -> None:
    checks = unreached(error)
    assert [check.name for check in checks if check.ok is False] == [failing]
    assert error.message in next(check.sentence for check in checks if check.name is failing)


def climbed(device: Device, *checks: Check) -> list[Rung]:
    steps: list[Step] = []
    while (rung := next_rung(device, checks, steps)) is not None:
        steps.append(Step(rung, Tried.NO_USE, "", 0.0))
    return [step.rung for step in steps]


def test_the_ladder_is_the_devices_own_and_only_for_what_does_not_answer() -> None:
    gone = unreached(DeviceLost("gone", error_class="not_listed"))
    assert climbed(PHONE, *gone) == [Rung.RECONNECT]
    every = with_health(PHONE, recovery=(Rung.REBOOT, Rung.RECONNECT))
    assert climbed(every, *gone) == [Rung.REBOOT, Rung.RECONNECT]
    assert climbed(replace(every, power_cycle=("uhubctl",)), *gone) == [Rung.REBOOT, Rung.RECONNECT, Rung.POWER_CYCLE]
    assert climbed(with_health(PHONE, recovery=()), *gone) == []
    hot = one(Name.TEMPERATURE, PHONE, seen(skin_temperature_c=60))
    assert climbed(every, hot) == []
    assert climbed(every, *of_seen(PHONE, seen(), Known())) == []


def test_conditions_say_what_charge_a_pass_wants() -> None:
    least = replace(PHONE, conditions=Conditions(min_battery_ratio=0.5))
    check = one(Name.BATTERY_LEVEL, least, seen(battery_level_percent=40))
    assert (check.ok, check.reading, check.limit) == (False, "40 %", "50 % to 100 %")
