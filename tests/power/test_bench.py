"""Energy on the bench's phones: what each vendor's source says against what the simulated physics truly drew."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from threading import Event, Thread
from typing import Any

import numpy as np
import pytest

from farm.devices.android.device import AndroidTransport
from farm.harness import build
from farm.runner import Attempt, execute
from farm.workloads import Artifact, Device, DeviceKind, Outcome, Pass, PowerSettings, PowerSource, Run
from tests.bench.android import Bench, Phone
from tests.conftest import CALM, FakeModel, a_job

pytestmark = pytest.mark.slow

IDLE_MS, WORK_MS, SETTLE_S = 7_500, 8_000, 2.0
SHORT = {"power_idle_ms": 1_500, "power_work_ms": 1_500}
"""Too short for an energy: for what is refused before one is computed."""


@pytest.fixture
def phone(android_bench: Bench, request: pytest.FixtureRequest) -> Iterator[Phone]:
    phone = android_bench.phones[request.param]
    phone.state(plugged=False, hold_skin_c=30)
    yield phone
    phone._inside("/system/bin/phoned", "freeze")
    phone.state(plugged=True, hold_skin_c=None)


@pytest.fixture
def model(fake_model: FakeModel) -> Artifact:
    return fake_model(spin_ns=10_000_000)


class Truth:
    """What a phone truly drew, noted from outside of it: nothing runs on the phone for it."""

    def __init__(self, phone: Phone, *counters: str) -> None:
        self._phone = phone
        self._counters = counters or ("drawn_uj",)
        self._noted: list[tuple[float, float]] = []
        self._stop = Event()
        self._thread = Thread(target=self._note, daemon=True)

    def __enter__(self) -> "Truth":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _note(self) -> None:
        to_unix_s = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
        while not self._stop.wait(0.1):
            read = self._phone.at_rest()
            self._noted.append((read["time_s"] + to_unix_s, sum(read[counter] for counter in self._counters)))

    def power_uw(self, run: Run, phase: str) -> float:
        """The mean power of a phase, without the time that everything needs to settle."""
        begin_ns, end_ns = next(item.values for item in run.readings if (item.metric, item.source) == ("phase_unix_ns", phase))
        times, drawn_uj = np.array(self._noted).T
        within = (times > begin_ns / 1e9 + SETTLE_S) & (times < end_ns / 1e9)
        return float((drawn_uj[within][-1] - drawn_uj[within][0]) / (times[within][-1] - times[within][0]))

    def energy_uj(self, run: Run) -> tuple[float, float]:
        """Net and gross energy of an inference, or of a token."""
        done = next(item for item in run.readings if item.metric in ("inferences_count", "tokens_count"))
        assert done.at_ns is not None
        late = [(at / 1e9, count) for at, count in zip(done.at_ns, done.values, strict=True) if at > done.at_ns[0] + SETTLE_S * 1e9]
        seconds = (late[-1][0] - late[0][0]) / (late[-1][1] - late[0][1])
        work_uw, idle_uw = self.power_uw(run, "work"), self.power_uw(run, "idle")
        return (work_uw - idle_uw) * seconds, work_uw * seconds


def measured(bench: Bench, phone: Phone, model: Artifact, power: PowerSettings = PowerSettings(), **settings: Any) -> Run:  # noqa: B008
    machine = build.Target.ANDROID_ARM64_GLIBC if phone.abi == "arm64-v8a" else build.Target.HOST
    harness = build.ensure(machine, "fake", bench.data, on_progress=lambda _: None)
    device = Device(phone.name, DeviceKind.ANDROID, conditions=CALM, adb=bench.adb.address, serial=phone.serial, power=power)
    transport = AndroidTransport(device)
    transport.preflight()
    given: dict[str, Any] = {"power_idle_ms": IDLE_MS, "power_work_ms": WORK_MS} | settings
    job = replace(a_job(model, Pass.POWER, **given), device=device)
    if "decode_tokens" in given:
        job = replace(job, workload=replace(job.workload, prompt=(1, 2, 6)))
    return execute(job, transport, Attempt("a-session", 1, harness, lambda: datetime.now(UTC), lambda _: None))


def agrees(run: Run, truth: Truth, unit: str = "inference") -> None:
    """Check that net and gross energy lie in their intervals, widened a little: an interval of 95 % does not hold every time."""
    for metric, true_uj in zip((f"energy_per_{unit}_uj", f"gross_energy_per_{unit}_uj"), truth.energy_uj(run), strict=True):
        low, high = next(item.values for item in run.readings if item.metric == metric and item.source.startswith("interval"))
        middle, half = (low + high) / 2, (high - low) / 2
        assert abs(true_uj - middle) <= 1.5 * half + 0.01 * true_uj, (metric, true_uj, low, high)
        assert half < 0.5 * true_uj


def value(run: Run, metric: str) -> float:
    return next(item.values[0] for item in run.readings if (item.metric, item.source) == (metric, ""))


def state_of(run: Run, name: str) -> Any:
    return next(item.text if item.value is None else item.value for item in run.state if item.name == name)


@pytest.mark.parametrize(
    ("phone", "origin", "unit_ua", "plus"),
    [
        ("s25", "dumpsys battery, current now", 1000, "into the battery"),
        ("oneplus13", "dumpsys battery, Battery current", 1000, "out of the battery"),
        ("pixel9", "battery", 1, "into the battery"),
        ("xiaomi12x", "battery", 1, "out of the battery"),
    ],
    indirect=["phone"],
)
def test_each_vendors_gauge_gives_the_energy_that_was_drawn(
    android_bench: Bench, phone: Phone, model: Artifact, origin: str, unit_ua: float, plus: str
) -> None:
    with Truth(phone) as truth:
        run = measured(android_bench, phone, model, PowerSettings(poll_s=0.3))
    assert run.outcome is Outcome.OK, run.reason
    assert (state_of(run, "power_source"), next(item.source for item in run.state if item.name == "power_source")) == ("fuel_gauge", origin)
    assert (state_of(run, "battery_current_unit_ua"), state_of(run, "battery_current_plus")) == (unit_ua, plus)
    agrees(run, truth)
    assert value(run, "idle_power_uw") == pytest.approx(truth.power_uw(run, "idle"), rel=0.1)
    assert value(run, "power_uw") == pytest.approx(truth.power_uw(run, "work"), rel=0.1)
    assert state_of(run, "clock_offset_uncertainty_ns") > 0


@pytest.mark.parametrize("phone", ["oneplus13"], indirect=True)
def test_a_language_models_energy_is_told_for_each_token(android_bench: Bench, phone: Phone, fake_model: FakeModel) -> None:
    model = fake_model(vocabulary=8, context=64, spin_ns=10_000_000)
    with Truth(phone) as truth:
        run = measured(android_bench, phone, model, PowerSettings(poll_s=0.3), decode_tokens=30)
    assert run.outcome is Outcome.OK, run.reason
    done = next(item.values for item in run.readings if item.metric == "tokens_count")
    generations = next(item.values[0] for item in run.readings if item.metric == "generations_count")
    assert done[-1] == 30 * generations
    agrees(run, truth, "token")


@pytest.mark.parametrize("phone", ["pixel9"], indirect=True)
def test_chosen_rails_give_the_energy_that_went_through_them(android_bench: Bench, phone: Phone, model: Artifact) -> None:
    with Truth(phone, "energy.S2M_VDD_CPUCL2", "energy.S3M_VDD_CPUCL1", "energy.S4M_VDD_CPUCL0") as truth:
        run = measured(android_bench, phone, model, PowerSettings(PowerSource.ODPM, rails=("CPU*",), poll_s=0.3))
    assert run.outcome is Outcome.OK, run.reason
    assert state_of(run, "power_rails") == "[S2M_VDD_CPUCL2]:CPU(BIG), [S3M_VDD_CPUCL1]:CPU(MID), [S4M_VDD_CPUCL0]:CPU(LITTLE)"
    agrees(run, truth)


@pytest.mark.parametrize("phone", ["xiaomi12x"], indirect=True)
def test_where_every_file_is_closed_the_binder_call_gives_the_energy(android_bench: Bench, phone: Phone, model: Artifact) -> None:
    files = ["/sys/class/power_supply/battery/current_now", "/sys/class/power_supply/battery/voltage_now"]
    phone._inside("/system/bin/chmod", "000", *files)
    try:
        with Truth(phone) as truth:
            run = measured(android_bench, phone, model, PowerSettings(poll_s=0.3))
    finally:
        phone._inside("/system/bin/chmod", "644", *files)
    assert run.outcome is Outcome.OK, run.reason
    assert next(item.source for item in run.state if item.name == "power_source") == "service call batteryproperties"
    assert (state_of(run, "battery_current_unit_ua"), state_of(run, "battery_current_plus")) == (1, "out of the battery")
    agrees(run, truth)


@pytest.mark.parametrize("phone", ["s25"], indirect=True)
def test_a_link_that_drops_during_the_pass_costs_no_reading(android_bench: Bench, phone: Phone, model: Artifact) -> None:
    def away() -> None:
        time.sleep(6)
        phone.drop()
        time.sleep(5)
        phone.restore()

    trouble = Thread(target=away)
    trouble.start()
    run = measured(android_bench, phone, model, PowerSettings(poll_s=0.3))
    trouble.join()
    assert run.outcome is Outcome.OK, run.reason
    current = next(item for item in run.readings if item.metric == "battery_current_ua")
    assert current.at_ns is not None
    assert max(np.diff(current.at_ns)) < 2e9


@pytest.mark.parametrize(
    ("phone", "power", "said"),
    [
        ("pixel9", PowerSettings(current_unit_ua=1000), "devices.toml says that the current is in mA"),
        (
            "pixel9",
            PowerSettings(current_sign=-1),
            "devices.toml says that plus flows out of the battery, and unplugged the current reads minus",
        ),
        (
            "xiaomi12x",
            PowerSettings(current_sign=1),
            "devices.toml says that plus flows into the battery, and unplugged the current reads plus",
        ),
        ("s25", PowerSettings(current_sign=-1, poll_s=0.2), "devices.toml says that plus flows out of the battery"),
        ("s25", PowerSettings(current_unit_ua=1, poll_s=0.2), "devices.toml says that the current is in uA"),
    ],
    indirect=["phone"],
)
def test_a_wrong_unit_or_sign_is_refused(android_bench: Bench, phone: Phone, model: Artifact, power: PowerSettings, said: str) -> None:
    run = measured(android_bench, phone, model, power, **SHORT)
    assert (run.outcome, run.error_class) == (Outcome.FAILED, "power_ambiguous")
    assert run.reason is not None
    assert said in run.reason
    assert any(item.metric == "battery_current_ua" for item in run.readings)


@pytest.mark.parametrize("phone", ["s25", "pixel9", "oneplus13", "xiaomi12x"], indirect=True)
def test_a_plugged_phone_is_labelled_on_every_vendor(android_bench: Bench, phone: Phone, model: Artifact) -> None:
    phone.state(plugged=True)
    run = measured(android_bench, phone, model, PowerSettings(poll_s=0.2), **SHORT)
    assert (run.outcome, run.error_class) == (Outcome.INVALID, "charging")
    assert run.reason == "its battery's energy is not the load's: it was plugged in (usb) before the pass"
    assert not [item for item in run.readings if item.metric == "energy_per_inference_uj"]


@pytest.mark.parametrize("phone", ["s25"], indirect=True)
def test_nothing_is_sampled_under_dumpsys_battery_unplug(android_bench: Bench, phone: Phone, model: Artifact) -> None:
    phone.state(plugged=True)
    phone.shell("dumpsys battery unplug")
    run = measured(android_bench, phone, model)
    assert run.outcome is Outcome.NOT_READY
    assert run.reason is not None
    assert "frozen" in run.reason


@pytest.mark.parametrize(("phone", "reason"), [("s25", "no such service"), ("xiaomi12x", "no such service")], indirect=["phone"])
def test_a_phone_without_rails_says_so(android_bench: Bench, phone: Phone, model: Artifact, reason: str) -> None:
    run = measured(android_bench, phone, model, PowerSettings(PowerSource.ODPM))
    assert (run.outcome, run.error_class) == (Outcome.NOT_READY, "no_power_source")
    assert run.reason is not None
    assert reason in run.reason
