"""One device on an adb server: shell v2, push and pull, each with a deadline of its own.

adbutils' timeouts are for each receive, and its file transfer has none: a frozen device would block for ever. Here every
call ends by its deadline.
"""

import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO

from adbutils.errors import AdbError

from farm.devices.android.server import Server
from farm.devices.android.wire import Interruption, Wire
from farm.devices.readers.clock import Round
from farm.errors import DeviceNotReady

_STDIN, _STDOUT, _STDERR, _EXIT, _CLOSE_STDIN = range(5)
_PACKET = struct.Struct("<BI")
_SYNC = struct.Struct("<4sI")
_CHUNK_BYTES = 64 * 1024  # the most that the sync service takes at once (SYNC.TXT of AOSP's adb)
_CHUNKS_AT_ONCE = 8  # fewer calls of the kernel; a slow link still tells its progress
_SAY_TIME = 'while IFS= read -r _; do if [ "$EPOCHREALTIME" ]; then echo "$EPOCHREALTIME"; else date +%s.%N; fi; done'
"""mksh tells the time by itself, other shells need a program for it. A fixed line."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a command on the device came to."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Adb:
    """One device on an adb server."""

    server: Server
    serial: str
    name: str
    """What the lab calls it."""
    interruption: Interruption = field(default_factory=Interruption)
    """What ends its requests."""

    def shell(self, line: str, given: str = "", timeout_s: float = 20.0) -> Said:
        """Run a fixed line in the device's shell, with given on its standard input, and return what it said.

        What varies goes into given, never into line. Raises DeviceLost when the link breaks, timeout_s passes or it is interrupted.
        """
        with self._transport(timeout_s) as wire:
            wire.command(f"shell,v2,raw:{line}")
            data = given.encode()
            wire.send(_PACKET.pack(_STDIN, len(data)) + data + _PACKET.pack(_CLOSE_STDIN, 0))
            streams = {_STDOUT: bytearray(), _STDERR: bytearray()}
            while True:
                kind, size = _PACKET.unpack(wire.receive(_PACKET.size))
                content = wire.receive(size)
                if kind == _EXIT:
                    return Said(content[0], *(bytes(streams[number]).decode(errors="replace") for number in (_STDOUT, _STDERR)))
                if kind in streams:
                    streams[kind] += content

    def restart(self, service: str, timeout_s: float = 10.0) -> str:
        """Ask adbd to start anew on another transport ("tcpip:5555", "usb:") and return what it says to that.

        Raises DeviceNotReady when it refuses; the link ends with it in any case.
        """
        said = bytearray()
        with self._transport(timeout_s) as wire:
            try:
                wire.command(service)
            except AdbError as error:
                raise DeviceNotReady(
                    f"the adbd of {self.name} does not switch to {service}: {error}",
                    error_class="not_switched",
                    hint="its maker's adbd must have the service; Wireless debugging in its developer options is another way",
                ) from error
            with suppress(EOFError, ConnectionError):
                while len(said) < _CHUNK_BYTES:
                    said += wire.receive(1)
        return said.decode(errors="replace").strip()

    def rounds(self, now_utc: Callable[[], datetime], count: int = 8, timeout_s: float = 10.0) -> list[Round]:
        """Ask the device for its time of day so often, by a shell that stays open, and return each answer with this host's times."""
        found: list[Round] = []
        with self._transport(timeout_s) as wire:
            wire.command(f"shell,v2,raw:{_SAY_TIME}")
            for _ in range(count):
                before = now_utc()
                wire.send(_PACKET.pack(_STDIN, 1) + b"\n")
                answer = b""
                while not answer.endswith(b"\n"):
                    kind, size = _PACKET.unpack(wire.receive(_PACKET.size))
                    content = wire.receive(size)
                    if kind == _EXIT:
                        return found
                    answer += content
                found.append(Round(before, answer.decode(errors="replace"), now_utc()))
        return found

    def push(self, source: BinaryIO, path: str, mode: int, timeout_s: float, on_bytes: Callable[[int], None]) -> None:
        """Send source into the file at path; on_bytes is told how many bytes each step has sent.

        Raises DeviceLost, and DeviceNotReady with the device's own words when it refuses (no space, read-only).
        """
        with self._sync(timeout_s) as wire:
            target = f"{path},{0o100000 | mode}".encode()
            wire.send(_SYNC.pack(b"SEND", len(target)) + target)
            try:
                while piece := source.read(_CHUNK_BYTES * _CHUNKS_AT_ONCE):
                    wire.send(_data_packets(piece))
                    on_bytes(len(piece))
                wire.send(_SYNC.pack(b"DONE", 0))
            except (BrokenPipeError, ConnectionResetError):
                pass  # the device has already said why, and closed
            word, size = _SYNC.unpack(wire.receive(_SYNC.size))
            if word != b"OKAY":
                said = wire.receive(size).decode(errors="replace")
                raise DeviceNotReady(f"{self.name} does not take the file: {said}", error_class="push_failed")

    def pull(self, path: str, into: BinaryIO, timeout_s: float, most_bytes: int) -> bool:
        """Copy the file at path into a stream; False when there is none. Raises DeviceNotReady past most_bytes."""
        with self._sync(timeout_s) as wire:
            name = path.encode()
            wire.send(_SYNC.pack(b"RECV", len(name)) + name)
            received = 0
            while True:
                word, size = _SYNC.unpack(wire.receive(_SYNC.size))
                if word == b"DONE":
                    return True
                content = wire.receive(size)
                if word == b"FAIL":
                    said = content.decode(errors="replace")
                    if "No such file" in said:
                        return False
                    raise DeviceNotReady(f"{self.name} does not give {path}: {said}", error_class="pull_failed")
                received += size
                if received > most_bytes:
                    raise DeviceNotReady(f"{path} on {self.name} is over {most_bytes} bytes", error_class="pull_failed")
                into.write(content)

    @contextmanager
    def _transport(self, timeout_s: float) -> Iterator[Wire]:
        with self.server.connection(timeout_s, self.name) as wire, self.interruption.of(wire):
            wire.command(f"host:transport:{self.serial}")
            yield wire

    @contextmanager
    def _sync(self, timeout_s: float) -> Iterator[Wire]:
        with self._transport(timeout_s) as wire:
            wire.command("sync:")
            yield wire


def _data_packets(piece: bytes) -> bytes:
    """Return bytes of a file as the sync service takes them: in packets of limited size, each with its length before it."""
    packets: list[bytes | memoryview] = []
    for start in range(0, len(piece), _CHUNK_BYTES):
        chunk = memoryview(piece)[start : start + _CHUNK_BYTES]
        packets += (_SYNC.pack(b"DATA", len(chunk)), chunk)
    return b"".join(packets)
