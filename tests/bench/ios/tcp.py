"""TCP's server side over IPv6 packets, as far as a tunnel on a reliable stream needs it (RFC 9293, RFC 7323 for the window's scale).

Packets do not get lost on the way here, but the other end may drop what it has no room for: what is not acknowledged is sent anew
from there on. What arrives out of order is not kept.
"""

import contextlib
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

_TCP = struct.Struct(">2H2I2B3H")
_IPV6 = struct.Struct(">IHBB16s16s")
_FIN, _SYN, _RST, _PSH, _ACK = 1, 2, 4, 8, 16
_MODULUS = 1 << 32
_SCALE = 7
_RECEIVE_BYTES = 4 * 1024 * 1024
_IN_FLIGHT_BYTES = 1024 * 1024
_RESEND_S = 0.25
_DUPLICATES = 3
_PROTOCOL = 6
HEADER_BYTES = 40


@dataclass(frozen=True, slots=True)
class Segment:
    """What a packet carries."""

    source: bytes
    target: bytes
    source_port: int
    target_port: int
    sequence: int
    acknowledged: int
    flags: int
    window: int
    options: bytes
    content: bytes


def parse(packet: bytes) -> Segment | None:
    """Return the TCP segment of an IPv6 packet; None for anything else."""
    _, _, protocol, _, source, target = _IPV6.unpack_from(packet)
    if protocol != _PROTOCOL or len(packet) < HEADER_BYTES + _TCP.size:
        return None
    ports_from, ports_to, sequence, acknowledged, offset, flags, window, _, _ = _TCP.unpack_from(packet, HEADER_BYTES)
    start = HEADER_BYTES + (offset >> 4) * 4
    options = packet[HEADER_BYTES + _TCP.size : start]
    return Segment(source, target, ports_from, ports_to, sequence, acknowledged, flags, window, options, packet[start:])


def build(segment: Segment) -> bytes:
    """Return the packet of a segment, with its checksum (RFC 8200, section 8.1)."""
    header = (_TCP.size + len(segment.options)) // 4 << 4
    ports = (segment.source_port, segment.target_port, segment.sequence, segment.acknowledged, header, segment.flags, segment.window)
    body = _TCP.pack(*ports, 0, 0) + segment.options + segment.content
    pseudo = segment.source + segment.target + struct.pack(">2I", len(body), _PROTOCOL)
    summed = pseudo + body + (b"\0" if len(body) % 2 else b"")
    # 65536 is 1 modulo 65535, so the sum of 16-bit words is the whole number modulo 65535.
    checksum = 0xFFFF - int.from_bytes(summed, "big") % 0xFFFF
    body = body[:16] + struct.pack(">H", checksum) + body[18:]
    return _IPV6.pack(6 << 28, len(body), _PROTOCOL, 64, segment.source, segment.target) + body


@dataclass(slots=True)
class Connection:
    """One connection that a host has opened, joined with a socket that a service speaks on."""

    opening: Segment
    emit: Callable[[bytes], None]
    near: socket.socket
    most_bytes: int
    """Of one segment's content."""
    unacknowledged: int = 1000
    """The number of the first byte that was sent and is not acknowledged."""
    next: int = 1000
    expected: int = 0
    window: int = 0
    scale: int | None = None
    buffer: bytearray = field(default_factory=bytearray)
    """From `unacknowledged` on, until `next`."""
    duplicates: int = 0
    sent_s: float = 0.0
    finished: bool = False
    """Our FIN is sent: it counts as one byte."""
    host_finished: bool = False
    gone: bool = False
    waiting: deque[bytes] = field(default_factory=deque)
    waiting_bytes: int = 0
    changed: threading.Condition = field(default_factory=threading.Condition)

    def start(self) -> None:
        """Accept: answer the host's SYN, and begin to pass bytes on in both directions."""
        options = _options(self.opening.options)
        self.scale = options[3][0] if 3 in options else None
        if 2 in options:
            self.most_bytes = min(self.most_bytes, struct.unpack(">H", options[2])[0])
        self.expected = (self.opening.sequence + 1) % _MODULUS
        self.window = self.opening.window
        own = struct.pack(">BBH", 2, 4, self.most_bytes) + (struct.pack(">4B", 1, 3, 3, _SCALE) if self.scale is not None else b"")
        self._emit(_SYN | _ACK, self.next, b"", own)
        self.next += 1
        self.unacknowledged = self.next
        for work in (self._send_forever, self._deliver_forever):
            threading.Thread(target=work, daemon=True).start()

    def take(self, segment: Segment) -> None:
        """Take a segment from the host."""
        with self.changed:
            if segment.flags & _RST:
                self._end()
                return
            if segment.flags & _ACK:
                self._acknowledge(segment)
            content, fin = segment.content, bool(segment.flags & _FIN)
            if segment.sequence == self.expected and (content or fin):
                self.waiting.append(content)
                self.waiting_bytes += len(content)
                self.expected = (self.expected + len(content) + fin) % _MODULUS
                self.host_finished |= fin
                self.changed.notify_all()
            if content or fin:
                self._emit(_ACK, self.next)
            if self.finished and self.host_finished and self.unacknowledged == self.next:
                self._end()

    def resend(self, now_s: float) -> None:
        """Send again what has not been acknowledged for too long."""
        with self.changed:
            if self.unacknowledged != self.next and now_s - self.sent_s > _RESEND_S:
                self._again()

    def abort(self) -> None:
        """End it: the tunnel is gone."""
        with self.changed:
            self._end()

    def _acknowledge(self, segment: Segment) -> None:
        self.window = segment.window << (self.scale or 0) if not segment.flags & _SYN else segment.window
        fresh = (segment.acknowledged - self.unacknowledged) % _MODULUS
        if 0 < fresh <= (self.next - self.unacknowledged) % _MODULUS:
            del self.buffer[:fresh]
            self.unacknowledged = segment.acknowledged
            self.duplicates, self.sent_s = 0, time.monotonic()
            self.changed.notify_all()
        elif fresh == 0 and not segment.content and self.unacknowledged != self.next:
            self.duplicates += 1
            if self.duplicates == _DUPLICATES:
                self._again()
        else:
            self.changed.notify_all()

    def _again(self) -> None:
        self.sent_s = time.monotonic()
        data = bytes(self.buffer[: self.most_bytes * 4])
        for at in range(0, len(data), self.most_bytes):
            self._emit(_ACK | _PSH, (self.unacknowledged + at) % _MODULUS, data[at : at + self.most_bytes])
        if self.finished and len(data) == len(self.buffer):
            self._emit(_ACK | _FIN, (self.next - 1) % _MODULUS)

    def _send_forever(self) -> None:
        """Pass on what the service says, as the host's window allows."""
        while data := self._of_service():
            view = memoryview(data)
            while view:
                with self.changed:
                    while not self.gone and (room := min(self.window, _IN_FLIGHT_BYTES) - len(self.buffer)) <= 0:
                        self.changed.wait(1.0)
                    if self.gone:
                        return
                    piece = bytes(view[: min(self.most_bytes, room)])
                    if not self.buffer:
                        self.sent_s = time.monotonic()
                    self.buffer += piece
                    self._emit(_ACK | _PSH, self.next, piece)
                    self.next = (self.next + len(piece)) % _MODULUS
                view = view[len(piece) :]
        with self.changed:
            if not self.gone:
                self._emit(_ACK | _FIN, self.next)
                self.next = (self.next + 1) % _MODULUS
                self.finished, self.sent_s = True, time.monotonic()

    def _of_service(self) -> bytes:
        try:
            return self.near.recv(256 * 1024)
        except OSError:
            return b""

    def _deliver_forever(self) -> None:
        """Pass on to the service what the host says."""
        while True:
            with self.changed:
                while not self.waiting and not self.gone and not self.host_finished:
                    self.changed.wait()
                if self.gone and not self.waiting:
                    return
                data = b"".join(self.waiting)
                self.waiting.clear()
                over = self.host_finished and not data
            try:
                if over:
                    self.near.shutdown(socket.SHUT_WR)
                    return
                self.near.sendall(data)
            except OSError:
                return
            with self.changed:
                self.waiting_bytes -= len(data)
                if self.waiting_bytes < _RECEIVE_BYTES // 2:
                    self._emit(_ACK, self.next)

    def _end(self) -> None:
        self.gone = True
        self.changed.notify_all()
        with contextlib.suppress(OSError):
            self.near.shutdown(socket.SHUT_RDWR)

    def _emit(self, flags: int, sequence: int, content: bytes = b"", options: bytes = b"") -> None:
        window = max(0, _RECEIVE_BYTES - self.waiting_bytes)
        scaled = min(0xFFFF, window if flags & _SYN or self.scale is None else window >> _SCALE)
        one = self.opening
        self.emit(
            build(
                Segment(one.target, one.source, one.target_port, one.source_port, sequence, self.expected, flags, scaled, options, content)
            )
        )


def refusal(segment: Segment) -> bytes:
    """Return the answer to a SYN for a port where nobody listens."""
    after = (segment.sequence + 1) % _MODULUS
    return build(Segment(segment.target, segment.source, segment.target_port, segment.source_port, 0, after, _RST | _ACK, 0, b"", b""))


def is_opening(segment: Segment) -> bool:
    """Whether a segment opens a connection."""
    return segment.flags & (_SYN | _ACK) == _SYN


def _options(data: bytes) -> dict[int, bytes]:
    found, at = {}, 0
    while at < len(data) and data[at] != 0:
        if data[at] == 1:
            at += 1
            continue
        length = data[at + 1]
        if length < 2:
            break
        found[data[at]] = data[at + 2 : at + length]
        at += length
    return found
