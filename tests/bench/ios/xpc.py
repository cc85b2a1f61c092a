"""RemoteXPC: XPC objects in messages, messages in the DATA frames of HTTP/2.

A message is 24 bytes (magic, flags, length, number) and, unless it is empty, a magic, the version 5 and an object. An object is its
type and its value, padded to four bytes; strings and keys end in a zero.
"""

import struct
import uuid
from dataclasses import dataclass
from typing import Any

from tests.bench.ios.wire import Closed, Stream

_MESSAGE = struct.Struct("<2I2Q")
_MAGIC, _OBJECT_MAGIC, _VERSION = 0x29B00B92, 0x42133742, 5
_NULL, _BOOL, _INT64, _UINT64, _DOUBLE, _DATA, _STRING, _UUID, _ARRAY, _DICTIONARY = (
    0x1000 * number for number in (1, 2, 3, 4, 5, 8, 9, 0xA, 0xE, 0xF)
)
ALWAYS, HAS_DATA, INIT = 0x1, 0x100, 0x400000

_FRAME = struct.Struct(">I")
_DATA_FRAME, _SETTINGS_FRAME, _PING_FRAME, _WINDOW_FRAME = 0, 4, 6, 8
_ACK = 1
_MAGIC_HTTP = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_MOST_FRAME_BYTES = 16_384
_WINDOW_BYTES = 16 * 1024 * 1024


class Unsigned(int):
    """A number that is sent as an unsigned one."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message on a stream of the connection."""

    stream: int
    flags: int
    number: int
    content: dict[str, Any] | None


def build(flags: int, number: int, content: dict[str, Any] | None) -> bytes:
    """Return a message's bytes."""
    body = b"" if content is None else struct.pack("<2I", _OBJECT_MAGIC, _VERSION) + _encode(content)
    return _MESSAGE.pack(_MAGIC, flags, len(body), number) + body


def _encode(value: object) -> bytes:
    match value:
        case None:
            return _type(_NULL)
        case bool():
            return _type(_BOOL) + struct.pack("<I", value)
        case Unsigned():
            return _type(_UINT64) + struct.pack("<Q", value)
        case int():
            return _type(_INT64) + struct.pack("<q", value)
        case float():
            return _type(_DOUBLE) + struct.pack("<d", value)
        case str():
            data = value.encode() + b"\0"
            return _type(_STRING) + struct.pack("<I", len(data)) + _padded(data)
        case bytes():
            return _type(_DATA) + struct.pack("<I", len(value)) + _padded(value)
        case uuid.UUID():
            return _type(_UUID) + value.bytes
        case list():
            body = struct.pack("<I", len(value)) + b"".join(_encode(each) for each in value)
            return _type(_ARRAY) + struct.pack("<I", len(body)) + body
        case dict():
            body = struct.pack("<I", len(value))
            body += b"".join(_padded(key.encode() + b"\0") + _encode(each) for key, each in value.items())
            return _type(_DICTIONARY) + struct.pack("<I", len(body)) + body
        case _:
            raise TypeError(f"{type(value).__name__} cannot be sent")


def _type(number: int) -> bytes:
    return struct.pack("<I", number)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


class Peer:
    """The phone's end of an HTTP/2 connection that carries XPC."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self._parts: dict[int, bytearray] = {}
        if stream.receive(len(_MAGIC_HTTP)) != _MAGIC_HTTP:
            raise Closed
        self._frame(_SETTINGS_FRAME, 0, 0, struct.pack(">HIHI", 3, 100, 4, _WINDOW_BYTES))
        self._frame(_WINDOW_FRAME, 0, 0, struct.pack(">I", _WINDOW_BYTES - 65_535))

    def receive(self) -> Message:
        """Receive the next message; what an object holds is of no use here, only whether there is one."""
        while True:
            (first,) = _FRAME.unpack(self.stream.receive(4))
            length, kind = first >> 8, first & 0xFF
            flags, number = struct.unpack(">BI", self.stream.receive(5))
            content = self.stream.receive(length)
            if kind == _SETTINGS_FRAME and not flags & _ACK:
                self._frame(_SETTINGS_FRAME, _ACK, 0, b"")
            elif kind == _PING_FRAME and not flags & _ACK:
                self._frame(_PING_FRAME, _ACK, 0, content)
            elif kind == _DATA_FRAME:
                parts = self._parts.setdefault(number, bytearray())
                parts += content
                if len(parts) >= _MESSAGE.size and len(parts) >= _MESSAGE.size + (size := _MESSAGE.unpack_from(parts)[2]):
                    _, message_flags, _, message_number = _MESSAGE.unpack_from(parts)
                    del parts[: _MESSAGE.size + size]
                    return Message(number, message_flags, message_number, {} if size else None)

    def send(self, stream: int, flags: int, number: int, content: dict[str, Any] | None) -> None:
        """Send a message on a stream."""
        data = build(flags, number, content)
        for at in range(0, len(data), _MOST_FRAME_BYTES):
            self._frame(_DATA_FRAME, 0, stream, data[at : at + _MOST_FRAME_BYTES])

    def _frame(self, kind: int, flags: int, stream: int, content: bytes) -> None:
        self.stream.send(struct.pack(">IBI", len(content) << 8 | kind, flags, stream) + content)
