"""DTX, the message protocol of the instruments: calls on channels, in fragments.

A fragment begins with 32 bytes: magic, header length, its place and how many there are, length, message number, conversation index,
channel and flags. A message begins with 16: kind, length of the auxiliary part (the arguments), length of all. The first of several
fragments has no content. Channels that the host opened are numbered upwards from 1; what the phone sends on one by itself carries the
number's opposite.
"""

import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.bench.ios.archive import CocoaError, archive, unarchive
from tests.bench.ios.wire import Closed, Stream

_HEADER = struct.Struct("<2I2H3IiI")
_PAYLOAD = struct.Struct("<4B3I")
_MAGIC = 0x1F3D5B79
_MOST_BYTES = 64 * 1024 * 1024
_OK, _CALL, _OBJECT, _ERROR = 0, 2, 3, 4
_WANTS_REPLY = 1
_FRAGMENT_BYTES = 64 * 1024
_STRING, _BUFFER, _INT32, _INT64, _DOUBLE, _NULL = 1, 2, 3, 6, 9, 10
_NUMBERS = {_INT32: struct.Struct("<i"), _INT64: struct.Struct("<q"), _DOUBLE: struct.Struct("<d")}
CAPABILITIES = {"com.apple.private.DTXConnection": 1, "com.apple.private.DTXBlockCompression": 0}


class Service:
    """What answers on a channel."""

    def call(self, channel: "Channel", selector: str, arguments: list[Any]) -> object:
        """Answer a call; a CocoaError is an answer, too."""
        raise NotImplementedError

    def closed(self) -> None:
        """The connection is gone."""


@dataclass(slots=True)
class Channel:
    """One channel of a connection."""

    connection: "Connection"
    code: int
    service: Service

    def send(self, value: object) -> None:
        """Send an object that nobody asked for."""
        self.connection.send(_OBJECT, self.code, archive(value))

    def dispatch(self, selector: str, arguments: list[object]) -> None:
        """Call the host."""
        self.connection.send(_CALL, self.code, archive(selector), _auxiliary(arguments))


@dataclass(slots=True)
class Connection:
    """One connection; services are made by their identifiers as channels are asked for."""

    stream: Stream
    services: Callable[[str], Service | None]
    capabilities: dict[str, int]
    channels: dict[int, Channel] = field(default_factory=dict)
    _sent: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def serve(self) -> None:
        """Answer until the host goes."""
        try:
            self.send(_CALL, 0, archive("_notifyOfPublishedCapabilities:"), _auxiliary([CAPABILITIES | self.capabilities]))
            while True:
                self._take(*self._message())
        except (Closed, struct.error, ValueError):
            pass
        finally:
            for channel in self.channels.values():
                channel.service.closed()

    def send(self, kind: int, code: int, content: bytes, auxiliary: bytes = b"", answers: tuple[int, int] | None = None) -> None:
        """Send a message; answers is the number and conversation index of the one that it answers."""
        with self._lock:
            self._sent += 1
            number, index = answers or (self._sent, 0)
            if answers is None:
                code = -code
            message = _PAYLOAD.pack(kind, 0, 0, 0, len(auxiliary), len(auxiliary) + len(content), 0) + auxiliary + content
            pieces = [message[at : at + _FRAGMENT_BYTES] for at in range(0, len(message), _FRAGMENT_BYTES)]
            count = 1 if len(pieces) == 1 else len(pieces) + 1
            data = b""
            if count > 1:
                data += _HEADER.pack(_MAGIC, _HEADER.size, 0, count, len(message), number, index, code, 0)
            for place, piece in enumerate(pieces, start=count - len(pieces)):
                data += _HEADER.pack(_MAGIC, _HEADER.size, place, count, len(piece), number, index, code, 0) + piece
            self.stream.send(data)

    def _message(self) -> tuple[int, int, int, bool, bytes]:
        """Receive a whole message: its number, conversation index, channel, whether an answer is wanted, and its content."""
        content = bytearray()
        while True:
            magic, header, place, count, length, number, index, code, flags = _HEADER.unpack(self.stream.receive(_HEADER.size))
            if magic != _MAGIC or length > _MOST_BYTES:
                raise Closed
            self.stream.receive(header - _HEADER.size)
            if count == 1 or place > 0:
                content += self.stream.receive(length)
            if place == count - 1:
                return number, index, code, bool(flags & _WANTS_REPLY), bytes(content)

    def _take(self, number: int, index: int, code: int, wants_reply: bool, content: bytes) -> None:
        kind, _, _, _, auxiliary, _, _ = _PAYLOAD.unpack_from(content)
        if kind != _CALL:
            return
        arguments = _arguments(content[_PAYLOAD.size : _PAYLOAD.size + auxiliary])
        selector = unarchive(content[_PAYLOAD.size + auxiliary :])
        answer = self._control(selector, arguments) if code == 0 else self._called(code, selector, arguments)
        if not wants_reply:
            return
        answers = (number, index + 1)
        if answer is None:
            self.send(_OK, code, b"", answers=answers)
        else:
            self.send(_ERROR if isinstance(answer, CocoaError) else _OBJECT, code, archive(answer), answers=answers)

    def _control(self, selector: str, arguments: list[Any]) -> object:
        if selector == "_requestChannelWithCode:identifier:":
            service = self.services(arguments[1])
            if service is None:
                return CocoaError("DTXConnection", 1, f"no service is called {arguments[1]}")
            self.channels[arguments[0]] = Channel(self, arguments[0], service)
        if selector == "_channelCanceled:":
            channel = self.channels.pop(arguments[0], None)
            if channel is not None:
                channel.service.closed()
        return None

    def _called(self, code: int, selector: str, arguments: list[Any]) -> object:
        channel = self.channels.get(code)
        if channel is None:
            return CocoaError("DTXMessage", 1, f"no channel has the number {code}")
        return channel.service.call(channel, selector, arguments)


def unknown(selector: str) -> CocoaError:
    """Return what an object says of a selector that it does not know."""
    return CocoaError("DTXMessage", 1, f"Unable to invoke {selector!r} - it does not respond to the selector")


def _auxiliary(arguments: list[object]) -> bytes:
    body = b""
    for argument in arguments:
        data = archive(argument)
        body += struct.pack("<3I", _NULL, _BUFFER, len(data)) + data
    return struct.pack("<2IQ", 0x1F0, 0, len(body)) + body if arguments else b""


def _arguments(auxiliary: bytes) -> list[Any]:
    """Read the arguments of a call: a dictionary without keys."""
    found: list[Any] = []
    at = 16
    while at < len(auxiliary):
        (kind,) = struct.unpack_from("<I", auxiliary, at)
        at += 4
        if kind == _NULL:
            continue  # the key: there is none
        if kind in _NUMBERS:
            found.append(_NUMBERS[kind].unpack_from(auxiliary, at)[0])
            at += _NUMBERS[kind].size
        elif kind in (_BUFFER, _STRING):
            (length,) = struct.unpack_from("<I", auxiliary, at)
            data = auxiliary[at + 4 : at + 4 + length]
            found.append(data.decode() if kind == _STRING else unarchive(data) if data else None)
            at += 4 + length
        else:
            raise ValueError(f"an argument of kind {kind} is not understood")
    return found
