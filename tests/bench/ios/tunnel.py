"""The tunnel of iOS 17.4 and newer: CoreDeviceProxy turns a connection over the cable into a link for IPv6 packets."""

import ipaddress
import json
import socket
import struct
import threading
import time
from typing import TYPE_CHECKING

from tests.bench.ios import rsd, tcp
from tests.bench.ios.wire import Closed, Stream, serve_beside

if TYPE_CHECKING:
    from tests.bench.ios.phone import Phone

_MAGIC = b"CDTunnel"
_PHONE, _HOST = "fd7b:0e5b:6f53::1", "fd7b:0e5b:6f53::2"
_MTU = 16_000
_TICK_S = 0.1


def serve(phone: "Phone", stream: Stream) -> None:
    """Agree on addresses with the host, then pass packets until it goes."""
    if stream.receive(len(_MAGIC)) != _MAGIC:
        return
    (length,) = struct.unpack(">H", stream.receive(2))
    asked = json.loads(stream.receive(length))
    mtu = min(_MTU, int(asked.get("mtu", _MTU)))
    answer = {
        "type": "serverHandshakeResponse",
        "clientParameters": {"address": _HOST, "mtu": mtu, "netmask": "ffff:ffff:ffff:ffff::"},
        "serverAddress": _PHONE,
        "serverRSDPort": rsd.PORT,
    }
    data = json.dumps(answer).encode()
    stream.send(_MAGIC + struct.pack(">H", len(data)) + data)
    _Tunnel(phone, stream, mtu).serve()


class _Tunnel:
    def __init__(self, phone: "Phone", stream: Stream, mtu: int) -> None:
        self.phone, self.stream, self.mtu = phone, stream, mtu
        self.connections: dict[tuple[int, int], tcp.Connection] = {}
        self.over = threading.Event()
        self.own = ipaddress.IPv6Address(_PHONE).packed

    def serve(self) -> None:
        threading.Thread(target=self._resend_forever, daemon=True).start()
        self.phone.tunnels.append(self.stream)
        try:
            while True:
                header = self.stream.receive(tcp.HEADER_BYTES)
                packet = header + self.stream.receive(struct.unpack_from(">H", header, 4)[0])
                segment = tcp.parse(packet)
                if segment is not None and segment.target == self.own:
                    self._take(segment)
        except Closed:
            pass
        finally:
            self.over.set()
            self.phone.tunnels.remove(self.stream)
            for connection in list(self.connections.values()):
                connection.abort()

    def _take(self, segment: tcp.Segment) -> None:
        key = (segment.source_port, segment.target_port)
        known = self.connections.get(key)
        if tcp.is_opening(segment) and (known is None or known.gone):
            self._open(key, segment)
        elif known is not None:
            known.take(segment)

    def _open(self, key: tuple[int, int], segment: tcp.Segment) -> None:
        serve = rsd.serve_port(self.phone, segment.target_port)
        if serve is None:
            self._emit(tcp.refusal(segment))
            return
        near, far = socket.socketpair()
        self.connections = {each: one for each, one in self.connections.items() if not one.gone}
        self.connections[key] = tcp.Connection(segment, self._emit, near, self.mtu - tcp.HEADER_BYTES - 20)
        self.connections[key].start()
        serve_beside(far, serve)

    def _emit(self, packet: bytes) -> None:
        try:
            self.stream.send(packet)
        except Closed:
            self.over.set()

    def _resend_forever(self) -> None:
        while not self.over.wait(_TICK_S):
            for connection in list(self.connections.values()):
                connection.resend(time.monotonic())
