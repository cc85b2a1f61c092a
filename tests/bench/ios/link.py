"""One connection over the cable: bytes pass between a client and the phone, unless something is wrong with the cable."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

CHUNK_BYTES = 256 * 1024
POLL_S = 0.05
NEVER = 1 << 62


def _nothing() -> None:
    """Do nothing."""


@dataclass(slots=True)
class Cable:
    """What is wrong with a phone's cable at the moment; all its links look here."""

    frozen: bool = False
    rate_bytes_per_s: int = NEVER
    left_bytes: int = NEVER
    """To the phone, until the cable is pulled."""
    pull: Callable[[], None] = _nothing


class Link:
    """A client's socket and the phone's, with a thread for each direction."""

    def __init__(self, client: socket.socket, phone: socket.socket, cable: Cable) -> None:
        self.over = False
        self._client, self._phone, self._cable = client, phone, cable
        self._left = 2
        self._lock = threading.Lock()
        for source, target in ((client, phone), (phone, client)):
            threading.Thread(target=self._pump, args=(source, target), daemon=True).start()

    def cut(self) -> None:
        """End both sides at once."""
        self.over = True
        for end in (self._client, self._phone):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(min(CHUNK_BYTES, max(1, self._cable.rate_bytes_per_s // 20))):
                self._pass(data, target)
        except OSError:
            pass
        finally:
            self.cut()
            with self._lock:
                self._left -= 1
                if self._left == 0:
                    self._client.close()
                    self._phone.close()

    def _pass(self, data: bytes, target: socket.socket) -> None:
        cable = self._cable
        while cable.frozen and not self.over:
            time.sleep(POLL_S)
        counted = target is self._phone and cable.left_bytes < NEVER
        if counted:
            data = data[: max(0, cable.left_bytes)]
            cable.left_bytes -= len(data)
        started_s = time.monotonic()
        target.sendall(data)
        if counted and cable.left_bytes <= 0:
            cable.left_bytes = NEVER
            cable.pull()
        if cable.rate_bytes_per_s < NEVER:
            time.sleep(max(0.0, len(data) / cable.rate_bytes_per_s - (time.monotonic() - started_s)))
