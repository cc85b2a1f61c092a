"""The external meter, with a stand-in for its engine: no hardware was ever here."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from farm.devices.local import LocalTransport
from farm.devices.transport import Handle
from farm.errors import DeviceNotReady, PowerUnread
from farm.power.monsoon import MonsoonMeter, open_engine
from farm.workloads import Device, DeviceKind, Measured, Pass, PowerSettings, PowerSource, StateReading
from tests.conftest import a_job, an_artifact

SETTINGS = PowerSettings(PowerSource.MONSOON, voltage_uv=4e6)
PHONE = Device("benchphone", DeviceKind.ANDROID, serial="x", power=SETTINGS)


class Engine:
    """Gives 500 mA at 4 V, a few samples at a time."""

    def __init__(self, calibrates: bool = True, fails_after: int | None = None) -> None:
        self.sampling = False
        self.calibrates = calibrates
        self.steps_left = fails_after

    def periodicStartSampling(self) -> bool:  # noqa: N802
        self.sampling = self.calibrates
        return self.calibrates

    def periodicCollectSamples(self, samples: int) -> Sequence[Sequence[float]]:  # noqa: N802
        time.sleep(0.01)
        if self.steps_left is not None:
            self.steps_left -= 1
            if self.steps_left < 0:
                raise OSError("[Errno 19] No such device")
        return [[0.0] * samples, [500.0] * samples, [], [], [4.0] * samples, []]

    def periodicStopSampling(self) -> None:  # noqa: N802
        self.sampling = False


def test_powers_are_dated_by_the_devices_clock(tmp_path: Path) -> None:
    engine, transport = Engine(), LocalTransport(tmp_path)
    meter = MonsoonMeter(PHONE, transport, lambda: datetime.now(UTC), 5e9, 60.0, lambda _: engine)
    handle = Handle("aa", 1, "")
    began_unix_ns = time.time_ns() + 5_000_000_000  # the device is five seconds ahead
    meter.begin()
    time.sleep(0.2)
    assert engine.sampling
    measured = Measured("fake", "1", "fake", "0", "Release", {"clock": {"unix_ns": began_unix_ns}})
    (power,) = meter.readings(handle, measured)
    assert not engine.sampling
    assert meter.watch.what == ("battery",)
    assert (power.metric, set(power.values)) == ("power_sample_uw", {2_000_000.0})
    assert power.at_ns is not None
    assert 0 <= power.at_ns[0] <= power.at_ns[-1] < 2_000_000_000
    meter.end()


def test_a_meter_that_goes_away_or_does_not_calibrate_is_said(tmp_path: Path) -> None:
    measured = Measured("fake", "1", "fake", "0", "Release", {"clock": {"unix_ns": 0}})
    meter = MonsoonMeter(PHONE, LocalTransport(tmp_path), lambda: datetime.now(UTC), 0.0, 60.0, lambda _: Engine(fails_after=3))
    meter.begin()
    time.sleep(0.2)
    with pytest.raises(PowerUnread, match=r"stopped in the middle of the pass: .* No such device"):
        meter.readings(Handle("aa", 1, ""), measured)
    with pytest.raises(DeviceNotReady, match="does not calibrate"):
        MonsoonMeter(PHONE, LocalTransport(tmp_path), lambda: datetime.now(UTC), 0.0, 60.0, lambda _: Engine(calibrates=False)).begin()


def test_it_stops_by_itself_so_that_the_phones_cable_comes_back(tmp_path: Path) -> None:
    engine = Engine()
    meter = MonsoonMeter(PHONE, LocalTransport(tmp_path), lambda: datetime.now(UTC), 0.0, 0.1, lambda _: engine)
    meter.begin()
    deadline_s = time.monotonic() + 5
    while engine.sampling and time.monotonic() < deadline_s:
        time.sleep(0.01)
    assert not engine.sampling
    meter.end()


def test_without_the_devices_clock_its_times_are_of_no_use(tmp_path: Path) -> None:
    job = a_job(an_artifact(), Pass.POWER, power_idle_ms=1000, power_work_ms=2000)
    state: list[Any] = [StateReading("clock_offset_ns", "before", reason="the device does not tell its time")]
    with pytest.raises(DeviceNotReady, match="the clock of local is not known"):
        MonsoonMeter.of(job, LocalTransport(tmp_path), state, lambda: datetime.now(UTC))
    state = [StateReading("clock_offset_ns", "before", value=3.0)]
    assert MonsoonMeter.of(job, LocalTransport(tmp_path), state, lambda: datetime.now(UTC)).longest_s == 33.0


def test_without_the_package_or_without_a_meter_there_is_one_sentence() -> None:
    with pytest.raises(DeviceNotReady) as caught:
        open_engine(SETTINGS)
    assert caught.value.error_class == "no_power_source"
    assert caught.value.message in (
        "the package that talks to a Monsoon meter is not here",
        "no Monsoon meter hangs on this machine",
    ) or caught.value.message.startswith("the Monsoon meter cannot be used: ")
