"""The clocks of a night: the time of day, and one that nobody sets."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock

from farm.cli.context import now_utc
from farm.nights import Reading, jumped, set_text

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_TOLD_S = 120.0


@dataclass(frozen=True, slots=True)
class Clock:
    """What time it is, and what it is held against."""

    now_utc: Callable[[], datetime]
    uptime_s: Callable[[], float]
    boot: str
    """Names this start of the machine; "": it does not say."""
    written_at: Callable[[Iterable[Path]], datetime | None]
    """When the newest of these files was written, by the file system."""

    def read(self) -> Reading:
        """Read both clocks."""
        return Reading(self.now_utc(), self.boot, self.uptime_s())

    def steady(self, since: Reading) -> "Clock":
        """Return a clock that goes on from a reading as the one does that nobody sets: what is set meanwhile moves no run of the night."""
        return replace(self, now_utc=lambda: since.at + timedelta(seconds=self.uptime_s() - since.uptime_s))


def machine_clock() -> Clock:
    """Return this machine's clocks."""
    try:
        boot = _BOOT.read_text(encoding="ascii").strip()
    except OSError:
        boot = ""
    return Clock(now_utc, _uptime_s, boot, _written_at)


def _uptime_s() -> float:
    """Return the seconds since the machine started, those that it slept counted in where the system counts them."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def _written_at(files: Iterable[Path]) -> datetime | None:
    times = [file.stat().st_mtime for file in files if file.exists()]
    return datetime.fromtimestamp(max(times), UTC) if times else None


@dataclass(slots=True)
class Watch:
    """Notices that the time of day is set while a night goes on; last is what the clocks said when it was last looked at."""

    clock: Clock
    last: Reading
    lock: Lock = field(default_factory=Lock)
    found: list[str] = field(default_factory=list)

    def look(self) -> None:
        """Hold the clocks against what they said at the last look."""
        with self.lock:
            now = self.clock.read()
            by_s, self.last = jumped(self.last, now), now
            if by_s is not None and abs(by_s) >= _TOLD_S:
                self.found.append(f"the clock was {set_text(by_s)} while the night went on, and it stays this night")

    def take(self) -> list[str]:
        """Return what was noticed since this was last asked."""
        with self.lock:
            found, self.found = self.found, []
        return found
