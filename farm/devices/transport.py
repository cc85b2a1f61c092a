"""What every device can do, however it is reached: no shell and no remote path, only a box."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from farm.workloads import Conditions, HarnessBuild, Identity, StateReading

WATCHED = "watched"
"""The run folder's file of what was noted beside the harness; farm.devices.readers.watched reads it."""


class Status(StrEnum):
    """Where a started harness is."""

    RUNNING = "running"
    ENDED = "ended"
    VANISHED = "vanished"
    """Neither running nor ended by itself: the device restarted, or somebody killed it."""


@dataclass(frozen=True, slots=True)
class Handle:
    """A started harness. Plain text and numbers, so that another controller process can take it up."""

    nonce: str
    pid: int
    started: str
    """The device's own mark of when the process began, so that a reused pid is not taken for it."""


@dataclass(frozen=True, slots=True)
class Collected:
    """What a harness left behind. result is None when it wrote none; exit_code None when nobody knows."""

    result: str | None
    log: str
    exit_code: int | None


@dataclass(frozen=True, slots=True)
class Holder:
    """Who takes a device: which host, and in words for people on other hosts."""

    host: str
    words: str


@dataclass(frozen=True, slots=True)
class Watch:
    """What a device is to note by itself beside a harness: what these of its power sources say, again and again."""

    what: tuple[str, ...]
    """Names of farm.devices.readers.watched."""
    period_s: float


class Transport(Protocol):
    """One device. Names are relative to the device's box; every call ends within a deadline of its own.

    Calls raise DeviceLost when the device is gone, DeviceNotReady when it cannot be used as it is.
    """

    def identify(self) -> Identity:
        """Return who the device is, by its own answers."""

    def preflight(self) -> None:
        """Raise DeviceNotReady or InputError, with the remedy, when no run could succeed."""

    def claim(self, holder: Holder) -> None:
        """Take the device for this host, and keep it taken by every later call. Raises DeviceBusy, naming who has it.

        On one host a lock keeps controllers apart (farm.leases): a lease of the same host is one of a dead controller.
        """

    def release(self) -> None:
        """Give the device up again."""

    def holder(self) -> Holder | None:
        """Return who has claimed the device, None when nobody has. Of one on this host, only its lock tells whether it is still there."""

    def own_harness(self, runtime: str) -> HarnessBuild | None:
        """Return the harness for a runtime that is on the device by itself, as an app is; None: it takes any that is built for it."""

    def install(self, harness: HarnessBuild) -> None:
        """Make the harness the one that start() starts; sends only what the box does not hold already."""

    def push(self, file: Path, name: str, on_bytes: Callable[[int, int], None] | None = None, *, sha256: str | None = None) -> int:
        """Put file into the box under name, verified; return the bytes sent (0 when it was there).

        on_bytes is told, now and then, how many bytes have been sent, and how many there are. sha256 is what the bytes must be: a
        file that has become another one since is refused with ArtifactError. Without it they are what they are.
        """

    def start(self, arguments: Sequence[str], nonce: str, watch: Watch | None = None) -> Handle:
        """Start the harness, detached, in the box, with a run folder `runs/NONCE` of its own.

        What is to be watched is noted in that folder's WATCHED until the harness ends, also while the link is broken. Raises
        DeviceNotReady where nothing can be asked beside a harness.
        """

    def poll(self, handle: Handle) -> Status:
        """Return where the harness is. Raises DeviceLost when the device restarted since it began."""

    def wait(self, handle: Handle, timeout_s: float) -> Status:
        """Return where the harness is when it has ended, or after timeout_s. Nothing is asked of the device meanwhile."""

    def interrupt(self) -> None:
        """Have what goes on in another thread end as soon as it can, and later calls not wait for a device that is away.

        A wait returns, another call may end with KeyboardInterrupt. For a controller that is being stopped: what stops a harness and
        puts the device back can still be asked of a device that answers. May be called from any thread; asks nothing of the device.
        """

    def collect(self, handle: Handle) -> Collected:
        """Return what the harness left, as far as it came."""

    def stop(self, handle: Handle) -> None:
        """End the harness and everything it started; return when they are gone."""

    def pull(self, name: str, file: Path) -> bool:
        """Copy the box's file called name to file; return False when the box has none."""

    def vitals(self, phase: str) -> tuple[StateReading, ...]:
        """Return the device's state now; what cannot be read is a reading with a reason."""

    def clock(self, now_utc: Callable[[], datetime]) -> tuple[StateReading, ...]:
        """Return clock_offset_ns (the device's time of day less this host's) and clock_offset_uncertainty_ns, before a pass."""

    def power_texts(self) -> Mapping[str, str]:
        """Return what the device's power sources say now, each under its name (farm.power.plan); empty where there is none."""

    def prepare(self, conditions: Conditions) -> None:
        """Bring what can be set to the stated conditions."""

    def settings(self) -> tuple[StateReading, ...]:
        """Return how what prepare() would set reads now, changing nothing; empty where nothing is ever set."""

    def restore(self) -> None:
        """Put back what prepare() changed, also what an earlier controller left changed."""

    def clean(self, handle: Handle) -> None:
        """Remove the run folder of a collected harness."""

    def room_bytes(self) -> int:
        """Return the free bytes of the box's file system."""

    def reconnect(self) -> str:
        """Make the link anew, and return in a sentence what was done; whether the device answers then, preflight() finds out.

        Raises DeviceLost and DeviceNotReady where nothing could be done, such as where no adb server answers.
        """

    def restart(self, timeout_s: float) -> None:
        """Restart the device and return when it can be used again. Raises DeviceLost when it is not back in time.

        Whatever runs there ends: only who holds the device may do it. Raises DeviceNotReady where farm restarts nothing.
        """

    def shrink(self, keep_bytes: int) -> int:
        """Remove the files of the box that were used longest ago until keep_bytes are left; return the bytes removed."""

    def diagnose(self, handle: Handle) -> str:
        """Return what the device itself can say of a harness that failed; may be empty."""
