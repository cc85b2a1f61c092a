"""An adb server that hangs keeps its port, and no other can start there: it is found by that port, and ended."""

import os
import re
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from farm.devices.local_state import text
from farm.devices.readers import proc
from farm.errors import DeviceNotReady

_PROGRAM = "adb"
_LOOK_S = 0.05
_SOCKET = re.compile(r"socket:\[([0-9]+)\]")


@dataclass(frozen=True, slots=True)
class Listeners:
    """Who waits for connections at a port of this machine, as numbers of their sockets: another server's is another one."""

    port: int
    inodes: frozenset[int]

    def are_gone_within(self, seconds: float) -> bool:
        """Wait for so long at most; return whether none of them waits for connections any more."""
        deadline_s = time.monotonic() + seconds
        while self.inodes & listeners(self.port).inodes:
            if time.monotonic() > deadline_s:
                return False
            time.sleep(_LOOK_S)
        return True


def listeners(port: int) -> Listeners:
    """Return who waits for connections at a port now; where the system does not tell, nobody."""
    tables = (text("/proc/net/tcp"), text("/proc/net/tcp6"))
    return Listeners(port, frozenset(inode for table in tables for inode in proc.listening_inodes(table, port)))


def end(found: Listeners, address: str, timeout_s: float = 5.0) -> int:
    """End the adb server that these are, and return its process. Raises DeviceNotReady when it is none, or cannot be found."""
    held = f"the adb server at {address} was not started: its port is held by"
    process = next((each for each in _processes() if _sockets(each) & found.inodes), None)
    if process is None:
        raise DeviceNotReady(
            f"{held} a process of another user that does not answer", error_class="not_restarted", hint=f"end it: fuser -k {found.port}/tcp"
        )
    try:
        descriptor = os.pidfd_open(process)
    except ProcessLookupError:
        return process
    try:
        if not _sockets(process) & found.inodes:  # it ended meanwhile, and its number may be another's
            return process
        name = text(f"/proc/{process}/comm").strip()
        if name != _PROGRAM:
            raise DeviceNotReady(
                f"{held} process {process} ({name}), which is no adb server",
                error_class="not_restarted",
                hint="end it, or state another port with adb in devices.toml",
            )
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(descriptor, signal.SIGKILL)  # one that is stopped hears nothing else
    finally:
        os.close(descriptor)
    if not found.are_gone_within(timeout_s):
        raise DeviceNotReady(f"{held} process {process}, which hangs and could not be ended", error_class="not_restarted")
    return process


def _processes() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _sockets(process: int) -> set[int]:
    """Return the sockets that a process has open; none where that may not be looked at."""
    found: set[int] = set()
    with suppress(OSError):
        for entry in Path(f"/proc/{process}/fd").iterdir():
            with suppress(OSError):
                match = _SOCKET.fullmatch(str(entry.readlink()))
                found |= {int(match[1])} if match else set()
    return found
