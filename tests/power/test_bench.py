"""Energy on the bench's phones: what each vendor's source says against what the simulated physics truly drew."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from threading import Event, Thread
from typing import Any

import numpy as np
import pytest

from farm import rack
from farm.artifacts import open_artifact
from farm.devices.android.device import AndroidTransport
from farm.harness import build
from farm.runner import Attempt, execute
from farm.workloads import Artifact, Device, DeviceKind, HarnessBuild, Outcome, Pass, PowerSettings, PowerSource, Run
from tests.bench.android import Bench, Phone
from tests.conftest import CALM, FakeModel, a_job

pytestmark = pytest.mark.slow

IDLE_MS, WORK_MS, SETTLE_S = 8_000, 10_000, 2.0
QUICK = {"threads": 1, "power_idle_ms": IDLE_MS, "power_work_ms": WORK_MS, "timeout_s": 60.0}


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

    def __init__(self, phone: Phone) -> None:
        self._phone = phone
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
            self._noted.append((read["time_s"] + to_unix_s, read["drawn_uj"]))

    def power_uw(self, run: Run, phase: str) -> float:
        """The mean power of a phase, without the time that everything needs to settle."""
        begin_ns, end_ns = next(item.values for item in run.readings if (item.metric, item.source) == ("phase_unix_ns", phase))
        times, drawn_uj = np.array(self._noted).T
        within = (times > begin_ns / 1e9 + SETTLE_S) & (times < end_ns / 1e9)
        return float((drawn_uj[within][-1] - drawn_uj[within][0]) / (times[within][-1] - times[within][0]))

    def energy_uj(self, run: Run) -> tuple[float, float]:
        """Net and gross energy of an inference."""
        done = next(item for item in run.readings if item.metric == "inferences_count")
        assert done.at_ns is not None
        late = [(at / 1e9, count) for at, count in zip(done.at_ns, done.values, strict=True) if at > done.at_ns[0] + SETTLE_S * 1e9]
        seconds = (late[-1][0] - late[0][0]) / (late[-1][1] - late[0][1])
        work_uw, idle_uw = self.power_uw(run, "work"), self.power_uw(run, "idle")
        return (work_uw - idle_uw) * seconds, work_uw * seconds


def measured(bench: Bench, phone: Phone, model: Artifact, power: PowerSettings) -> Run:
    machine = build.Target.ANDROID_ARM64_GLIBC if phone.abi == "arm64-v8a" else build.Target.HOST
    harness = build.ensure(machine, "fake", bench.data, on_progress=lambda _: None)
    device = Device(phone.name, DeviceKind.ANDROID, conditions=CALM, adb=bench.adb.address, serial=phone.serial, power=power)
    transport = AndroidTransport(device)
    transport.preflight()
    job = replace(a_job(model, Pass.POWER, **QUICK), device=device)
    return execute(job, transport, Attempt("a-session", 1, harness, lambda: datetime.now(UTC), lambda _: None))


def value(run: Run, metric: str) -> float:
    return next(item.values[0] for item in run.readings if (item.metric, item.source) == (metric, ""))


def state_of(run: Run, name: str) -> Any:
    return next(item.text if item.value is None else item.value for item in run.state if item.name == name)


@pytest.mark.parametrize(
    ("phone", "origin", "unit_ua", "plus"),
    [
        ("s25", "dumpsys battery, current now", 1, "into the battery"),
        ("oneplus13", "dumpsys battery, Battery current", 1, "out of the battery"),
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
    for metric, true_uj in zip(("energy_per_inference_uj", "gross_energy_per_inference_uj"), truth.energy_uj(run), strict=True):
        low, high = next(item.values for item in run.readings if item.metric == metric and item.source.startswith("interval"))
        middle, half = (low + high) / 2, (high - low) / 2
        assert abs(true_uj - middle) <= 1.5 * half + 0.01 * true_uj, (metric, true_uj, low, high)  # 95 % are not all
        assert half < 0.5 * true_uj
    assert value(run, "idle_power_uw") == pytest.approx(truth.power_uw(run, "idle"), rel=0.1)
    assert value(run, "power_uw") == pytest.approx(truth.power_uw(run, "work"), rel=0.1)
    assert state_of(run, "clock_offset_uncertainty_ns") > 0
