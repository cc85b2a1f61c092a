"""What can be asked of one iPhone: each request of the worker's with its types and its deadline."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from farm import archives
from farm.devices.ios.client import Worker
from farm.devices.readers.clock import Round
from farm.devices.transport import Holder
from farm.errors import MeasureError

T = TypeVar("T")

_INSTALL_S = 600.0
_SLOWEST_BYTES_PER_S = 500_000
_MOST_BYTES = 1024 * 1024 * 1024


@dataclass(slots=True)
class Phone:
    """One iPhone. Every call ends by a deadline and raises DeviceLost or DeviceNotReady, naming the phone, when it cannot be done."""

    worker: Worker
    answer_s: float
    """How long a request may take that is not known to take longer."""
    developer_s: float
    """The same for developer services: a tunnel may have to be made first."""

    def values(self) -> dict[str, Any]:
        """Return what lockdownd says: ProductVersion, BootSessionID, TimeIntervalSince1970, ..."""
        return self._ask(dict, "values")

    def boot_id(self) -> str | None:
        """Return what tells this start of the phone from others; None when iOS is too old to say."""
        boot_id = self.values().get("BootSessionID")
        return None if boot_id is None else str(boot_id)

    def now_s(self) -> float:
        """Return the phone's own clock, in seconds since 1970."""
        return self._ask(float, "time")

    def rounds(self, now_utc: Callable[[], datetime], count: int = 8) -> list[Round]:
        """Ask the phone for its time of day so often, and return each answer with this host's times."""
        found = []
        for _ in range(count):
            sent, told = now_utc(), self.now_s()
            found.append(Round(sent, f"{told:.6f}\n", now_utc()))
        return found

    def facts(self) -> dict[str, Any]:
        """Return developer_mode, image_mounted, app (its Info.plist's keys, or None) and signed_until_s."""
        return self._ask(dict, "facts")

    def battery(self) -> dict[str, Any]:
        """Return the battery's registry entry."""
        return self._ask(dict, "battery")

    def monitor(self) -> dict[str, float | None]:
        """Return busy_ratio, cpu_count and memory_bytes by the system monitor."""
        return self._ask(dict, "monitor", self.developer_s)

    def watch(self, pid: int, period_s: float) -> None:
        """Have the worker note a process's footprint, by the system monitor."""
        self._ask(object, "watch", self.developer_s, pid=pid, period_s=period_s)

    def watched(self) -> str:
        """Return what was noted (farm.devices.readers.watched), and have no more noted."""
        return self._ask(str, "watched")

    def restart(self) -> None:
        """Restart the phone."""
        self._ask(object, "restart")

    def mount(self, folder: Path) -> None:
        """Mount the developer image that lies in a folder."""
        self._ask(object, "mount", _INSTALL_S, folder=str(folder))

    def install(self, package: Path) -> None:
        """Install an app."""
        self._ask(object, "install", _INSTALL_S, path=str(package.resolve()))

    def push(self, file: Path, name: str, sha256: str, on_bytes: Callable[[int, int], None] | None) -> int:
        """Put a file, or a folder's archive, with this hash into the box, read back and compared; return the bytes sent."""
        timeout_s = self.answer_s + 2 * archives.size_bytes(file) / _SLOWEST_BYTES_PER_S
        return self._ask(int, "push", timeout_s, on_bytes, path=str(file.resolve()), name=name, sha256=sha256)

    def pull(self, name: str, file: Path) -> bool:
        """Copy a file of the box; return False when there is none."""
        timeout_s = self.answer_s + _MOST_BYTES / _SLOWEST_BYTES_PER_S
        return self._ask(bool, "pull", timeout_s, name=name, path=str(file.resolve()), most_bytes=_MOST_BYTES)

    def text(self, *names: str) -> str | None:
        """Return the first of these text files that is there, whole; None when none is."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "text"
            there = any(self.pull(name, file) for name in names)
            return file.read_text(encoding="utf-8", errors="replace") if there else None

    def tail(self, name: str, last_bytes: int = 64 * 1024) -> str | None:
        """Return the end of a text file of the box; None when there is none."""
        found = self._ask(object, "read", name=name, last_bytes=last_bytes)
        return None if found is None else str(found)

    def write(self, name: str, text: str) -> None:
        """Write a small text file into the box, whole or not at all."""
        self._ask(object, "write", name=name, text=text)

    def remove(self, *names: str) -> None:
        """Remove files and folders of the box."""
        self._ask(object, "remove", names=list(names))

    def names(self, folder: str) -> list[str]:
        """Return the names in a folder of the box."""
        return self._ask(list, "list", folder=folder)

    def room_bytes(self) -> int:
        """Return the free bytes of the phone's file system."""
        return self._ask(int, "room")

    def shrink(self, keep_bytes: int) -> int:
        """Remove the pushed files that were used longest ago until so much is left; return the bytes removed."""
        return self._ask(int, "shrink", keep_bytes=keep_bytes)

    def claim(self, holder: Holder, seconds: float) -> str | None:
        """Take or renew the lease for so long; return the words of who else holds it."""
        held = self._ask(object, "claim", host=holder.host, seconds=seconds, words=holder.words)
        return None if held is None else str(held)

    def leased(self) -> Holder | None:
        """Return who holds the lease now."""
        held = self._ask(object, "leased")
        return Holder(**held) if isinstance(held, dict) else None

    def release(self, host: str) -> None:
        """Give up a lease."""
        self._ask(object, "release", host=host)

    def launch(self, arguments: Sequence[str], environment: Mapping[str, str]) -> int:
        """Start the app, ending one that runs; return its process's id."""
        return self._ask(int, "launch", self.developer_s, arguments=list(arguments), environment=dict(environment))

    def runs(self, pid: int, executable: str) -> bool:
        """Whether a process runs, and is the app's."""
        return self._ask(bool, "running", self.developer_s, pid=pid, executable=executable)

    def ended(self, pid: int, executable: str, within_s: float, *, ask: bool = True) -> bool:
        """Return whether a process has ended, as soon as it has, or after so long; ask: the phone is asked then, when it told nothing."""
        return self._ask(bool, "wait", within_s + self.developer_s, pid=pid, executable=executable, seconds=within_s, ask=ask)

    def kill(self, pid: int, executable: str) -> None:
        """End a process, when it is the app's."""
        self._ask(object, "kill", self.developer_s, pid=pid, executable=executable)

    def reports(self, prefixes: Sequence[str], since_s: float) -> list[str]:
        """Return the phone's reports with names that begin so, written since (by its own clock), the newest first."""
        return self._ask(list, "reports", self.developer_s, prefixes=list(prefixes), since_s=since_s)

    def _ask(
        self,
        kind: type[T],
        what: str,
        timeout_s: float | None = None,
        on_bytes: Callable[[int, int], None] | None = None,
        **arguments: object,
    ) -> T:
        name = self.worker.name
        try:
            answer = self.worker.call(what, arguments, self.answer_s if timeout_s is None else timeout_s, on_bytes)
        except MeasureError as error:
            if not error.message.startswith(name):
                error.message = f"{name}: {error.message}"
                error.args = (error.message,)
            raise
        assert isinstance(answer, kind), f"the worker answers {what} with {answer!r}"
        return answer
