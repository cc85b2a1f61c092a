"""An external Monsoon meter in the place of a phone's battery, through its maker's package (`pip install 'phonefarm[monsoon]'`).

**Never run against a meter.** What talks to the hardware, open_engine(), was written from the sources of the package (monsoon 0.1.88) and
run only as far as it goes without one: to the sentence that none hangs here. Everything else was run with a stand-in for the engine. Try it
on a bench before you rely on it.

The meter's USB passthrough is left on `auto`: it disconnects the phone's USB while it samples, so that the cable gives no power. Over
USB, the link is then gone until sampling ends, which it does by itself a while after the pass should have.
"""

from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from io import StringIO
from threading import Event, Thread
from typing import Any, Protocol

from farm.devices.readers.watched import BATTERY
from farm.devices.transport import Handle, Transport, Watch
from farm.errors import DeviceNotReady, PowerUnread
from farm.watched import pulled
from farm.workloads import Device, Job, Measured, PowerSettings, Readings, StateReading

ORIGIN = "monsoon"
_MAIN_CURRENT, _MAIN_VOLTAGE = 1, 4
"""Places in what the engine gives (Monsoon.sampleEngine.channels): mA and V at the main output."""
_SAMPLES = 500
"""In one step, at the meter's 5000 a second: a tenth of a second."""
_MARGIN_S = 30.0
_LOOK_S = 5.0


class Engine(Protocol):
    """What is needed of Monsoon.sampleEngine.SampleEngine."""

    def periodicStartSampling(self) -> Any: ...  # noqa: ANN401, D102, N802 - the package's name
    def periodicCollectSamples(self, samples: int) -> Sequence[Sequence[float]]: ...  # noqa: D102, N802
    def periodicStopSampling(self) -> Any: ...  # noqa: ANN401, D102, N802


def open_engine(settings: PowerSettings) -> Engine:
    """Return the meter's engine, its voltage set. Never run against a meter. Raises DeviceNotReady when there is none."""
    try:
        from Monsoon import HVPM, Operations, pmapi, sampleEngine
    except ImportError as error:
        raise DeviceNotReady(
            "the package that talks to a Monsoon meter is not here", error_class="no_power_source", hint="pip install 'phonefarm[monsoon]'"
        ) from error
    meter = HVPM.Monsoon()
    try:
        with redirect_stdout(StringIO()):  # the package prints what goes wrong, where farm prints results
            meter.setup_usb(settings.meter_serial, pmapi.USB_protocol())
            if meter.Protocol.DEVICE is None:
                raise DeviceNotReady(
                    f"no Monsoon meter{_which(settings)} hangs on this machine",
                    error_class="no_power_source",
                    hint="plug it in and switch it on",
                )
            meter.fillStatusPacket()
            assert settings.voltage_uv is not None, "the configuration asks for it"
            meter.setVout(settings.voltage_uv / 1e6)
            meter.setUSBPassthroughMode(Operations.USB_Passthrough.Auto)
            engine = sampleEngine.SampleEngine(meter)
            engine.ConsoleOutput(False)
    except (OSError, ValueError) as error:  # pyusb's errors are these; ValueError: also a meter whose voltage is not calibrated
        raise DeviceNotReady(f"the Monsoon meter{_which(settings)} cannot be used: {error}", error_class="no_power_source") from error
    return engine  # type: ignore[no-any-return]


def _which(settings: PowerSettings) -> str:
    return "" if settings.meter_serial is None else f" with the serial {settings.meter_serial}"


@dataclass(slots=True)
class MonsoonMeter:
    """Powers by this host's clock, turned into the device's by its measured offset."""

    device: Device
    transport: Transport
    now_utc: Callable[[], datetime]
    clock_offset_ns: float
    longest_s: float
    open_engine: Callable[[PowerSettings], Engine] = open_engine
    _engine: Engine | None = None
    _thread: Thread | None = None
    _stop: Event = field(default_factory=Event)
    _failure: str | None = None
    _samples: list[tuple[datetime, float]] = field(default_factory=list)

    @classmethod
    def of(cls, job: Job, transport: Transport, state: Sequence[StateReading], now_utc: Callable[[], datetime]) -> "MonsoonMeter":
        """Return the meter for a job. Raises DeviceNotReady when the device's clock could not be told: its times are then of no use."""
        offset = next((item for item in state if item.name == "clock_offset_ns"), None)
        if offset is None or offset.value is None:
            raise DeviceNotReady(
                f"the clock of {job.device.name} is not known, which times of an external meter need", error_class="no_power_source"
            )
        settings = job.workload.settings
        longest_s = (settings.power_idle_ms + settings.power_work_ms) / 1e3 + _MARGIN_S
        return cls(job.device, transport, now_utc, offset.value, longest_s)

    @property
    def state(self) -> tuple[StateReading, ...]:
        """The meter and its voltage."""
        return (
            StateReading("power_source", "before", text="monsoon", source=ORIGIN),
            StateReading("meter_voltage_uv", "before", value=self.device.power.voltage_uv, source=ORIGIN),
        )

    @property
    def watch(self) -> Watch:
        """The device notes whether it is plugged in."""
        return Watch((BATTERY,), _LOOK_S)

    def begin(self) -> None:
        """Sample, beside the run, in a thread."""
        self._engine = self.open_engine(self.device.power)
        if self._engine.periodicStartSampling() is False:
            raise DeviceNotReady("the Monsoon meter does not calibrate", error_class="no_power_source", hint="switch it off and on")
        self._thread = Thread(target=self._sample, args=(self._engine,), name="monsoon", daemon=True)
        self._thread.start()

    def readings(self, handle: Handle, measured: Measured) -> tuple[Readings, ...]:
        """Return power_sample_uw, ten a second, and what the device noted of its battery."""
        self.end()
        if self._failure is not None:
            raise PowerUnread(f"the Monsoon meter stopped in the middle of the pass: {self._failure}", error_class="power_unread")
        begin_unix_ns = int(measured.begin["clock"]["unix_ns"])
        offset = self.clock_offset_ns - begin_unix_ns
        times = tuple(int(moment.timestamp()) * 1_000_000_000 + moment.microsecond * 1000 + int(offset) for moment, _ in self._samples)
        power = Readings("power_sample_uw", tuple(power_uw for _, power_uw in self._samples), ORIGIN, times)
        return (power, *pulled(self.transport, handle, begin_unix_ns))

    def end(self) -> None:
        """Stop sampling, once."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=10)
            self._thread = None

    def _sample(self, engine: Engine) -> None:
        """Collect in short steps: each is one power, the mean of current x voltage, dated to its middle."""
        began = before = self.now_utc()
        try:
            while not self._stop.is_set() and before - began < timedelta(seconds=self.longest_s):
                given = engine.periodicCollectSamples(_SAMPLES)
                after = self.now_utc()
                products = [current * volts for current, volts in zip(given[_MAIN_CURRENT], given[_MAIN_VOLTAGE], strict=True)]
                if products:
                    self._samples.append((before + (after - before) / 2, sum(products) / len(products) * 1e3))  # mA x V to uW
                before = after
            engine.periodicStopSampling()
        except (OSError, ValueError) as error:
            self._failure = str(error)
