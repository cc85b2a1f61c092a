"""The adb server's protocol with deadlines of our own: shell v2, push and pull on one device. adbutils makes the connections.

adbutils' timeouts are for each receive, and its file transfer has none: a frozen device would block for ever. Here every
call ends by its deadline. An adb server that cannot be reached is an error; adbutils would start one on this machine.
"""

import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import BinaryIO

from adbutils import AdbConnection
from adbutils.errors import AdbError, AdbTimeout

from farm.devices.readers.clock import Round
from farm.errors import DeviceLost, DeviceNotReady

DEFAULT_ADDRESS = "127.0.0.1:5037"
_STDIN, _STDOUT, _STDERR, _EXIT, _CLOSE_STDIN = range(5)
_PACKET = struct.Struct("<BI")
_SYNC = struct.Struct("<4sI")
_CHUNK_BYTES = 64 * 1024  # the most that the sync service takes at once (SYNC.TXT of AOSP's adb)
_SAY_TIME = 'while IFS= read -r _; do if [ "$EPOCHREALTIME" ]; then echo "$EPOCHREALTIME"; else date +%s.%N; fi; done'
"""mksh tells the time by itself, other shells need a program for it. A fixed line."""
_STALL_S = 30.0
_CONNECT_S = 5.0


@dataclass(frozen=True, slots=True)
class Said:
    """What a command on the device came to."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Listed:
    """A line of the adb server's list of devices."""

    serial: str
    state: str
    """As adb says it: device, offline, unauthorized, no permissions, ..."""
    product: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True)
class Server:
    """An adb server, on this machine or another."""

    host: str
    port: int

    @property
    def address(self) -> str:
        """host:port, as devices.toml writes it."""
        return f"{self.host}:{self.port}"

    def devices(self, timeout_s: float = 10.0) -> list[Listed]:
        """Return the devices that the server knows. Raises DeviceNotReady when there is no server."""
        with self.connection(timeout_s) as wire:
            wire.command("host:devices-l")
            return [found for line in wire.block().splitlines() if (found := _listed(line)) is not None]

    def reconnect(self, serial: str, timeout_s: float = 10.0) -> None:
        """Have a device that hangs on the network connected anew: the server by itself tries only every ten seconds."""
        self.disconnect(serial, timeout_s)
        self.connect(serial, timeout_s)

    def connect(self, address: str, timeout_s: float = 10.0) -> None:
        """Have a device on the network connected; one that is connected stays so."""
        with self.connection(timeout_s) as wire:
            wire.command(f"host:connect:{address}")
            wire.block()  # also a failure arrives as a text; whether it is there, the list of devices says

    def disconnect(self, address: str, timeout_s: float = 10.0) -> None:
        """Have a device on the network forgotten."""
        with suppress(DeviceLost), self.connection(timeout_s) as wire:  # the server refuses to forget what it does not know
            wire.command(f"host:disconnect:{address}")
            wire.block()

    @contextmanager
    def connection(self, timeout_s: float) -> "Iterator[Wire]":
        """Connect for one request, which must be over in timeout_s."""
        try:
            connection = _Connection(self.host, self.port)
        except OSError as error:
            raise DeviceNotReady(
                f"no adb server answers at {self.address}",
                error_class="no_adb_server",
                hint="adb start-server, on the host it is to run on",
            ) from error
        try:
            yield Wire(connection, time.monotonic() + timeout_s)
        except (TimeoutError, AdbTimeout) as error:
            raise DeviceLost(f"the adb server at {self.address} did not answer in {timeout_s:g} s", error_class="frozen") from error
        except (AdbError, EOFError, OSError) as error:
            raise DeviceLost(f"the link through the adb server at {self.address} broke: {error}", error_class="link_lost") from error
        finally:
            connection.close()


class _Connection(AdbConnection):  # type: ignore[misc]
    """A connection that starts no adb server of its own, and closes its socket when there is none."""

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)
        super().__init__(host, port)

    def _safe_connect(self) -> socket.socket:
        return socket.create_connection(self._address, timeout=_CONNECT_S)


@dataclass(slots=True)
class Wire:
    """One connection, for one request, until its deadline (monotonic)."""

    connection: AdbConnection
    deadline_s: float

    def command(self, text: str) -> None:
        """Send a request; return when the server has accepted it."""
        self._arm()
        self.connection.send_command(text)
        self._arm()
        self.connection.check_okay()

    def block(self) -> str:
        """Receive a text that begins with its length."""
        return self.receive(int(self.receive(4), 16)).decode(errors="replace")

    def send(self, data: bytes) -> None:
        """Send all of data."""
        view = memoryview(data)
        while view:
            self._arm()
            view = view[self.connection.conn.send(view) :]

    def receive(self, count: int) -> bytes:
        """Receive so many bytes. Raises EOFError when the other side closes before."""
        parts = bytearray()
        while len(parts) < count:
            self._arm()
            part = self.connection.conn.recv(min(count - len(parts), 1 << 20))
            if not part:
                raise EOFError("it was closed in the middle of an answer")
            parts += part
        return bytes(parts)

    def _arm(self) -> None:
        """Give the next call on the socket the time that is left, but no longer than a stall may last."""
        left_s = self.deadline_s - time.monotonic()
        if left_s <= 0:
            raise TimeoutError
        self.connection.conn.settimeout(min(left_s, _STALL_S))


@dataclass(slots=True)
class Interruption:
    """Ends a request that is under way in another thread, by closing its connection; the request then raises DeviceLost."""

    _lock: Lock = field(default_factory=Lock)
    _wire: Wire | None = None
    is_set: bool = False

    def set(self) -> None:
        """End the request that is under way, and every later one."""
        with self._lock:
            self.is_set = True
            self._end()

    @contextmanager
    def of(self, wire: Wire) -> Iterator[None]:
        """Have the request on this connection be the one that is ended."""
        with self._lock:
            self._wire = wire
            if self.is_set:
                self._end()
        try:
            yield
        finally:
            with self._lock:
                self._wire = None

    def _end(self) -> None:
        if self._wire is not None:
            with suppress(OSError):  # it has just ended by itself
                self._wire.connection.conn.shutdown(socket.SHUT_RDWR)


@dataclass(frozen=True, slots=True)
class Adb:
    """One device on an adb server."""

    server: Server
    serial: str

    def shell(self, line: str, given: str = "", timeout_s: float = 20.0, interruption: Interruption | None = None) -> Said:
        """Run a fixed line in the device's shell, with given on its standard input, and return what it said.

        What varies goes into given, never into line. Raises DeviceLost when the link breaks, timeout_s passes or it is interrupted.
        """
        with self._transport(timeout_s) as wire, (interruption or Interruption()).of(wire):
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
                    f"the adbd of {self.serial} does not switch to {service}: {error}",
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
                while chunk := source.read(_CHUNK_BYTES):
                    wire.send(_SYNC.pack(b"DATA", len(chunk)) + chunk)
                    on_bytes(len(chunk))
                wire.send(_SYNC.pack(b"DONE", 0))
            except (BrokenPipeError, ConnectionResetError):
                pass  # the device has already said why, and closed
            word, size = _SYNC.unpack(wire.receive(_SYNC.size))
            if word != b"OKAY":
                said = wire.receive(size).decode(errors="replace")
                raise DeviceNotReady(f"{self.serial} does not take the file: {said}", error_class="push_failed")

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
                    raise DeviceNotReady(f"{self.serial} does not give {path}: {said}", error_class="pull_failed")
                received += size
                if received > most_bytes:
                    raise DeviceNotReady(f"{path} on {self.serial} is over {most_bytes} bytes", error_class="pull_failed")
                into.write(content)

    @contextmanager
    def _transport(self, timeout_s: float) -> Iterator[Wire]:
        with self.server.connection(timeout_s) as wire:
            wire.command(f"host:transport:{self.serial}")
            yield wire

    @contextmanager
    def _sync(self, timeout_s: float) -> Iterator[Wire]:
        with self._transport(timeout_s) as wire:
            wire.command("sync:")
            yield wire


def _listed(line: str) -> Listed | None:
    """Read a line such as `R5CX  device usb:1-2 product:pa1q model:SM_S931B device:pa1q transport_id:3`."""
    words = line.split()
    if len(words) < 2:  # noqa: PLR2004 - serial and state
        return None
    facts = dict(word.split(":", 1) for word in words[2:] if ":" in word)
    state = "no permissions" if words[1:3] == ["no", "permissions"] else words[1]
    return Listed(words[0], state, facts.get("product", ""), facts.get("model", ""))
