"""One connection to an adb server, with a deadline of its own, and what ends its request from another thread. adbutils makes it."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Lock

from adbutils import AdbConnection

_STALL_S = 30.0
_CONNECT_S = 5.0


class Connection(AdbConnection):  # type: ignore[misc]
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
