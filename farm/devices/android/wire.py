"""One connection to an adb server, with a deadline of its own, and what ends its request from another thread. adbutils makes it."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Event, Lock, Timer

from adbutils import AdbConnection
from adbutils.errors import AdbError

_STALL_S = 30.0
_CONNECT_S = 5.0
LAST_ANSWER_S = 3.0
"""How long a device may take for one answer when its controller is being stopped: switching a screen takes a phone a second."""


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
    """Ends requests that are under way in other threads, by closing their connections; such a request then raises DeviceLost.

    Later ones have little time left: a device that does not answer at once is not waited for any more.
    """

    _event: Event = field(default_factory=Event)
    _lock: Lock = field(default_factory=Lock)
    _wires: dict[int, tuple[Wire, bool]] = field(default_factory=dict)
    _is_spared: bool = False

    @property
    def is_set(self) -> bool:
        """Whether the controller is being stopped."""
        return self._event.is_set()

    def wait(self, seconds: float) -> None:
        """Return after so long, or at once when it is set."""
        self._event.wait(seconds)

    def set(self) -> None:
        """End what is under way at once; what is spared, when it has not ended by itself in a moment."""
        with self._lock:
            self._event.set()
            wires = list(self._wires.values())
        for wire, is_spared in wires:
            if not is_spared:
                _shut(wire)
        ending = Timer(LAST_ANSWER_S, _shut, [wire for wire, _ in wires])
        ending.daemon = True
        ending.start()

    @contextmanager
    def sparing(self) -> Iterator[None]:
        """Have what is asked meanwhile be ended late only: a device that is put back is not to be left half put back."""
        before, self._is_spared = self._is_spared, True
        try:
            yield
        finally:
            self._is_spared = before

    @contextmanager
    def of(self, wire: Wire) -> Iterator[None]:
        """Have the request on this connection be one that is ended."""
        with self._lock:
            self._wires[id(wire)] = wire, self._is_spared
            if self.is_set:
                wire.deadline_s = min(wire.deadline_s, time.monotonic() + LAST_ANSWER_S)
        try:
            yield
        finally:
            with self._lock:
                del self._wires[id(wire)]


def _shut(*wires: Wire) -> None:
    for wire in wires:
        with suppress(OSError, AdbError):  # it has just ended by itself
            wire.connection.conn.shutdown(socket.SHUT_RDWR)
