"""A stream of bytes between the stand-in and its client, with TLS when asked; and the framings that several services share."""

import contextlib
import plistlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from typing import Any

CHUNK_BYTES = 256 * 1024
_LENGTH = struct.Struct(">I")
_MOST_BYTES = 256 * 1024 * 1024


class Closed(Exception):
    """The other side is gone."""


class Stream:
    """One connection. It may be read in one thread and written in others, also under TLS: OpenSSL's objects alone may not."""

    def __init__(self, end: socket.socket) -> None:
        self._socket = end
        self._tls: ssl.SSLObject | None = None
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls_lock, self._send_lock = threading.Lock(), threading.Lock()

    def receive(self, count: int) -> bytes:
        """Return exactly count bytes. Raises Closed when the other side ends before."""
        parts = bytearray()
        while len(parts) < count:
            parts += self.receive_some(count - len(parts))
        return bytes(parts)

    def receive_some(self, most: int) -> bytes:
        """Return at least one byte and at most so many."""
        if self._tls is None:
            return self._from_socket(min(most, CHUNK_BYTES))
        while True:
            with self._tls_lock:
                try:
                    data = self._tls.read(most)
                except ssl.SSLWantReadError:
                    data = None
                except ssl.SSLError as error:
                    raise Closed from error
            if data:
                return data
            if data is not None:
                raise Closed
            encrypted = self._from_socket(CHUNK_BYTES)
            with self._tls_lock:
                self._incoming.write(encrypted)

    def send(self, data: bytes) -> None:
        """Send all of data, in one piece even when several threads send."""
        with self._send_lock:
            if self._tls is None:
                self._to_socket(data)
                return
            view = memoryview(data)
            while view:
                with self._tls_lock:
                    count = self._tls.write(view[:CHUNK_BYTES])
                    encrypted = self._outgoing.read()
                self._to_socket(encrypted)
                view = view[count:]

    def start_tls(self, context: ssl.SSLContext) -> None:
        """Take the client's handshake. Raises Closed when it fails."""
        tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        while True:
            try:
                tls.do_handshake()
                over = True
            except ssl.SSLWantReadError:
                over = False
            except ssl.SSLError as error:
                raise Closed from error
            if self._outgoing.pending:
                self._to_socket(self._outgoing.read())
            if over:
                self._tls = tls
                return
            self._incoming.write(self._from_socket(CHUNK_BYTES))

    def stop_tls(self) -> None:
        """Go on in the clear, as lockdownd does after StopSession."""
        self._tls = None

    def close(self) -> None:
        """End the connection, in both directions."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _from_socket(self, most: int) -> bytes:
        try:
            data = self._socket.recv(most)
        except OSError as error:
            raise Closed from error
        if not data:
            raise Closed
        return data

    def _to_socket(self, data: bytes) -> None:
        try:
            self._socket.sendall(data)
        except OSError as error:
            raise Closed from error


def receive_plist(stream: Stream) -> dict[str, Any]:
    """Receive a property list as lockdownd and its services frame it: its length, big-endian, before it."""
    (length,) = _LENGTH.unpack(stream.receive(_LENGTH.size))
    if length > _MOST_BYTES:
        raise Closed
    try:
        message = plistlib.loads(stream.receive(length))
    except (ValueError, plistlib.InvalidFileException) as error:
        raise Closed from error
    if not isinstance(message, dict):
        raise Closed
    return message


def send_plist(stream: Stream, message: dict[str, Any]) -> None:
    """Send a property list in that framing."""
    data = plistlib.dumps(message)
    stream.send(_LENGTH.pack(len(data)) + data)


def serve_beside(end: socket.socket, serve: Callable[[Stream], None]) -> None:
    """Serve at an end of a connection in a thread of its own, until either side closes it."""

    def run() -> None:
        stream = Stream(end)
        try:
            serve(stream)
        except Closed:
            pass
        finally:
            stream.close()

    threading.Thread(target=run, daemon=True).start()
