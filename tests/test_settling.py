"""Waiting for a device before a pass: only as long as needed, for charge up to the band, and never without end."""

import time
from dataclasses import replace
from pathlib import Path

import pytest

from farm import cooling
from farm.cooling import CoolDown
from farm.devices.local import LocalTransport
from farm.errors import DeviceNotReady
from farm.settling import settle
from farm.workloads import Charging, Conditions, Device, DeviceKind, HealthSettings, Job, Pass, PowerSettings, PowerSource, StateReading
from tests.conftest import a_job, a_run, a_session, an_artifact

QUICK = Conditions(settle_timeout_s=2.0, max_cpu_busy_ratio=1.0)
PLAIN = HealthSettings()
BAND = HealthSettings(charging=Charging(0.4, 0.8, 60))


class Phone(LocalTransport):
    """A phone that charges and cools with every look at it."""

    level = 60.0
    charged_per_look = 25.0
    skin_c = 30.0
    cooled_per_look = 0.0
    plugged = "usb"
    status = "charging"
    looks = 0
    says_nothing = False

    def vitals(self, phase: str) -> tuple[StateReading, ...]:
        found = {"cpu_busy_ratio": 0.0, "battery_level_percent": self.level, "skin_temperature_c": self.skin_c}
        if self.plugged != "none":
            self.level = min(100.0, self.level + self.charged_per_look)
        self.skin_c -= self.cooled_per_look
        self.looks += 1
        texts = {"battery_plugged": self.plugged, "battery_status": self.status, "wakefulness": "awake"}
        numbers = [StateReading(name, phase, value) for name, value in found.items()]
        if self.says_nothing:
            del texts["battery_plugged"]
            numbers.append(StateReading("battery_plugged", phase, reason="frozen"))
        return (*numbers, *(StateReading(name, phase, text=text) for name, text in texts.items()))


@pytest.fixture
def phone(tmp_path: Path) -> Phone:
    return Phone(tmp_path)


def job(health: HealthSettings = PLAIN, pass_: Pass = Pass.LATENCY, conditions: Conditions = QUICK) -> Job:
    device = Device("s25", DeviceKind.ANDROID, conditions=conditions, health=health)
    return replace(a_job(an_artifact()), device=device, pass_=pass_)


def metered(health: HealthSettings = PLAIN) -> Job:
    """A power pass that an external meter reads: it takes the cable away while it samples."""
    asked = job(health, Pass.POWER)
    return replace(asked, device=replace(asked.device, power=PowerSettings(PowerSource.MONSOON)))


def waited(state: tuple[StateReading, ...]) -> dict[str, float]:
    return {one.name: one.value for one in state if one.source == "host" and one.value is not None}


def test_a_phone_below_its_band_is_waited_for_up_to_the_upper_end(phone: Phone) -> None:
    phone.level, phases = 35.0, list[str]()
    found = waited(settle(job(BAND), phone, phases.append))
    assert phone.looks == 3  # at 35, 60 and 85 %
    assert phases[0] == "charging: 35 % of 80 %"
    assert phases[-1] == "charging: 60 % of 80 %"
    assert found[cooling.CHARGE] == pytest.approx(10, abs=3)
    assert found[cooling.COOL_DOWN] == 0


def test_one_within_its_band_is_measured_at_once(phone: Phone) -> None:
    phone.level, began_s = 41.0, time.monotonic()
    assert waited(settle(job(BAND), phone, print))[cooling.CHARGE] == 0
    assert time.monotonic() - began_s < 2


@pytest.mark.parametrize(
    ("asked", "plugged"), [(job(), "usb"), (metered(BAND), "usb"), (job(BAND, Pass.POWER), "none"), (job(BAND), "none")]
)
def test_what_waiting_does_not_help_is_not_waited_for(phone: Phone, asked: Job, plugged: str) -> None:
    phone.level, phone.charged_per_look, phone.plugged, phone.status = 10.0, 0.0, plugged, "discharging"
    phases = list[str]()
    with pytest.raises(DeviceNotReady, match="its battery is at 10%, the least is 20%"):
        settle(asked, phone, phases.append)
    assert not any(phase.startswith("charging") for phase in phases)


@pytest.mark.parametrize(
    ("plugged", "status", "said"),
    [
        ("usb", "charging", "it was plugged in (usb) before the pass"),
        ("ac", "not charging", "it was plugged in (ac) before the pass"),
        ("none", "charging", "its battery said charging before the pass"),
    ],
)
@pytest.mark.parametrize("source", [None, PowerSource.FUEL_GAUGE, PowerSource.ODPM])
def test_a_power_pass_on_a_phone_that_charges_is_not_begun_and_not_waited_for(
    phone: Phone, plugged: str, status: str, said: str, source: PowerSource | None
) -> None:
    phone.plugged, phone.status, phone.skin_c, asked = plugged, status, 50.0, job(BAND, Pass.POWER)
    with pytest.raises(DeviceNotReady) as caught:
        settle(replace(asked, device=replace(asked.device, power=PowerSettings(source))), phone, print)
    assert (caught.value.error_class, phone.looks) == ("charging", 1)
    assert caught.value.message == f"the power of s25 is not measured while it charges, or may: {said}"
    assert caught.value.hint == "unplug it: farm devices wireless moves it to Wi-Fi first"


def test_nor_is_one_on_a_phone_that_does_not_tell_but_its_other_passes_are(phone: Phone) -> None:
    phone.plugged, phone.says_nothing = "none", True
    with pytest.raises(DeviceNotReady, match="whether it was plugged in before the pass is unknown: frozen") as caught:
        settle(job(pass_=Pass.POWER), phone, print)
    assert caught.value.hint == "farm doctor --device s25 shows what it says of its battery"
    settle(job(), phone, print)


def test_a_cable_that_an_external_meter_takes_away_is_in_nobodys_way(phone: Phone) -> None:
    settle(metered(), phone, print)
    assert phone.looks == 1


def test_charge_that_does_not_come_is_waited_for_as_long_as_stated(phone: Phone) -> None:
    phone.level, phone.charged_per_look = 30.0, 0.0
    began_s = time.monotonic()
    found = waited(settle(job(replace(BAND, charging=Charging(0.4, 0.8, 1.0))), phone, print))
    assert found[cooling.CHARGE] == pytest.approx(1.0, abs=0.8)
    assert time.monotonic() - began_s < 5


def test_a_phone_that_takes_no_more_is_charged(phone: Phone) -> None:
    phone.level, phone.charged_per_look, phone.status = 39.0, 5.0, "not charging"
    settle(job(BAND), phone, print)
    assert phone.looks == 2


def test_a_warm_phone_is_waited_for_no_longer_than_it_is_warm_and_that_is_told(phone: Phone) -> None:
    phone.skin_c, phone.cooled_per_look = 38.0, 1.0
    found = waited(settle(job(), phone, print))
    assert phone.looks == 3
    assert found[cooling.COOL_DOWN] == pytest.approx(1.0, abs=0.6)
    assert found[cooling.SETTLE] >= found[cooling.COOL_DOWN]


def test_cooling_is_told_against_a_fixed_pause() -> None:
    state = cooling.readings(50.0, 40.0, 0.0)
    runs = [a_run(a_session(), state=state), a_run(a_session(), state=state), a_run(a_session())]
    assert cooling.of_runs(runs) == CoolDown(2, 80.0)
    assert CoolDown(2, 80.0).sentence == "cooled down for 80 s before 2 runs, where 180 s before each would have been 6 min"
    assert cooling.of_runs([a_run(a_session(), state=cooling.readings(3.0, None, None))]) is None
