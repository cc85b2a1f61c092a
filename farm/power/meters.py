"""What notes a device's power beside a harness."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from farm.devices.transport import Handle, Transport, Watch
from farm.power.plan import Plan, plan
from farm.watched import pulled
from farm.workloads import Job, Measured, PowerSource, Readings, StateReading


class PowerMeter(Protocol):
    """Reads a device's power during one run. watch goes with the harness's start, begin() comes right after it, end() always last."""

    @property
    def state(self) -> tuple[StateReading, ...]:
        """What is read, and how often, as facts about the run."""

    @property
    def watch(self) -> Watch | None:
        """What the device is to note by itself, from the harness's start on; None: nothing."""

    def begin(self) -> None:
        """Begin to note."""

    def readings(self, handle: Handle, measured: Measured) -> tuple[Readings, ...]:
        """Return what was noted, timed since the harness began; the harness has ended, and its run folder is still there."""

    def end(self) -> None:
        """Stop noting, whatever happened."""


def meter(job: Job, transport: Transport, state: Sequence[StateReading], now_utc: Callable[[], datetime]) -> PowerMeter:
    """Return the meter of a device's power source. Raises DeviceNotReady when the device has none that can be read now.

    state is the device's before the pass: an external meter needs its clock's offset.
    """
    device = job.device
    made = plan(device.name, device.kind, device.power, transport.power_texts())
    if made.source is PowerSource.MONSOON:
        from farm.power.monsoon import MonsoonMeter

        return MonsoonMeter.of(job, transport, state, now_utc)
    return DeviceMeter(made, device.power.poll_s, transport)


@dataclass(frozen=True, slots=True)
class DeviceMeter:
    """The device's own sources: what the harness samples needs nothing more, the rest is asked on the device beside it."""

    plan: Plan
    poll_s: float
    transport: Transport

    @property
    def state(self) -> tuple[StateReading, ...]:
        """The source, and how often it is asked where it is not a file that the harness's sampler reads."""
        source = StateReading("power_source", "before", text=self.plan.source.value, source=self.plan.origin)
        rate = StateReading("power_poll_hz", "before", value=1 / self.poll_s, source="at most, while it measures")
        return (source, rate) if self.plan.watch else (source,)

    @property
    def watch(self) -> Watch | None:
        """What is no file that the harness's sampler reads: the link stays silent, and may even break."""
        what = (*self.plan.watch, *self.plan.plug_watch)
        return Watch(what, self.poll_s) if what else None

    def begin(self) -> None:
        """Nothing: what notes on the device begins with the harness."""

    def readings(self, handle: Handle, measured: Measured) -> tuple[Readings, ...]:
        """Return what the device noted."""
        return pulled(self.transport, handle, int(measured.begin["clock"]["unix_ns"])) if self.watch is not None else ()

    def end(self) -> None:
        """Nothing: what notes on the device ends with the harness."""
