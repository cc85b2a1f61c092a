"""usbmuxd: who is plugged in, who is paired, and connections to the ports of phones. In the protocol's plist form.

A message is a header of four little-endian words (length with the header, version 1, message 8 for a property list, tag) and a
property list. Result numbers: 0 done, 2 no such device, 3 nobody listens on that port, 6 another version.
"""

import plistlib
import socket
import struct
import threading
import uuid
from dataclasses import dataclass, field
from typing import Any, Protocol

from tests.bench.ios.link import Cable, Link
from tests.bench.ios.wire import Closed, Stream

_HEADER = struct.Struct("<4I")
_PLIST_VERSION, _PLIST_MESSAGE = 1, 8
_DONE, _BAD_DEVICE, _REFUSED, _BAD_VERSION = 0, 2, 3, 6
_PRODUCT_ID = 0x12A8  # every iPhone's
_MOST_BYTES = 16 * 1024 * 1024


class Plugged(Protocol):
    """What the mux knows of a phone."""

    @property
    def udid(self) -> str:
        """What the cable says of it."""

    @property
    def cable(self) -> Cable:
        """What is wrong with it."""

    def accept(self, port: int) -> socket.socket | None:
        """Return the near end of a connection to a port of the phone; None when nobody listens there."""


@dataclass(slots=True)
class Attachment:
    """A phone on its cable, under the number that this plugging-in gave it."""

    number: int
    phone: Plugged
    links: list[Link] = field(default_factory=list)


class Mux:
    """The daemon. Phones are plugged in under a new number each time."""

    def __init__(self) -> None:
        self.buid = str(uuid.uuid4()).upper()
        self.records: dict[str, bytes] = {}
        """Pair records by udid, as clients have saved them."""
        self.attached: dict[str, Attachment] = {}
        self._next = 1
        self._listeners: list[Stream] = []
        self._lock = threading.RLock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]

    def serve_forever(self) -> None:
        """Take clients for as long as the process lives."""
        while True:
            client, _ = self.listener.accept()
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def plug(self, phone: Plugged) -> None:
        """Attach a phone; nothing happens when it is."""
        with self._lock:
            if phone.udid in self.attached:
                return
            attachment = Attachment(self._next, phone)
            self._next += 1
            self.attached[phone.udid] = attachment
            self._announce(_attached(attachment))

    def unplug(self, phone: Plugged) -> None:
        """Detach a phone: every connection to it is cut."""
        with self._lock:
            attachment = self.attached.pop(phone.udid, None)
            if attachment is not None:
                self._announce({"MessageType": "Detached", "DeviceID": attachment.number})
        for link in attachment.links if attachment else []:
            link.cut()

    def links(self, phone: Plugged) -> list[Link]:
        """Return the phone's connections that are open now."""
        with self._lock:
            attachment = self.attached.get(phone.udid)
            if attachment is None:
                return []
            attachment.links = [link for link in attachment.links if not link.over]
            return list(attachment.links)

    def _announce(self, message: dict[str, Any]) -> None:
        listening = []
        for stream in self._listeners:
            try:
                _send(stream, 0, message)
                listening.append(stream)
            except Closed:
                pass
        self._listeners = listening

    def _serve(self, client: socket.socket) -> None:
        stream = Stream(client)
        try:
            while True:
                length, version, kind, tag = _HEADER.unpack(stream.receive(_HEADER.size))
                content = stream.receive(min(length - _HEADER.size, _MOST_BYTES))
                if (version, kind) != (_PLIST_VERSION, _PLIST_MESSAGE):
                    _send(stream, tag, _result(_BAD_VERSION))
                    continue
                request = plistlib.loads(content)
                if request.get("MessageType") == "Connect":
                    if self._connect(stream, client, tag, request):
                        return
                else:
                    _send(stream, tag, self._answer(request))
                    if request.get("MessageType") == "Listen":
                        self._listen(stream)
        except (Closed, struct.error, plistlib.InvalidFileException):
            pass
        stream.close()

    def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        match request.get("MessageType"):
            case "ListDevices":
                with self._lock:
                    return {"DeviceList": [_attached(each) for each in self.attached.values()]}
            case "ReadBUID":
                return {"BUID": self.buid}
            case "ReadPairRecord":
                record = self.records.get(request.get("PairRecordID", ""))
                return _result(_BAD_DEVICE) if record is None else {"PairRecordData": record}
            case "SavePairRecord":
                self.records[request["PairRecordID"]] = request["PairRecordData"]
                return _result(_DONE)
            case "DeletePairRecord":
                self.records.pop(request.get("PairRecordID", ""), None)
                return _result(_DONE)
            case "Listen":
                return _result(_DONE)
            case _:
                return _result(1)

    def _listen(self, stream: Stream) -> None:
        with self._lock:
            for attachment in self.attached.values():
                _send(stream, 0, _attached(attachment))
            self._listeners.append(stream)

    def _connect(self, stream: Stream, client: socket.socket, tag: int, request: dict[str, Any]) -> bool:
        """Join the client with a port of a phone; the port's number comes in network order. Return whether that went well."""
        port = socket.ntohs(int(request["PortNumber"]) & 0xFFFF)
        with self._lock:
            attachment = next((each for each in self.attached.values() if each.number == request["DeviceID"]), None)
            near = attachment.phone.accept(port) if attachment else None
            if attachment is None or near is None:
                _send(stream, tag, _result(_BAD_DEVICE if attachment is None else _REFUSED))
                return False
            _send(stream, tag, _result(_DONE))
            attachment.links = [link for link in attachment.links if not link.over]
            attachment.links.append(Link(client, near, attachment.phone.cable))
        return True


def _attached(attachment: Attachment) -> dict[str, Any]:
    return {
        "MessageType": "Attached",
        "DeviceID": attachment.number,
        "Properties": {
            "ConnectionSpeed": 480_000_000,
            "ConnectionType": "USB",
            "DeviceID": attachment.number,
            "LocationID": attachment.number << 16,
            "ProductID": _PRODUCT_ID,
            "SerialNumber": attachment.phone.udid,
        },
    }


def _result(number: int) -> dict[str, Any]:
    return {"MessageType": "Result", "Number": number}


def _send(stream: Stream, tag: int, message: dict[str, Any]) -> None:
    data = plistlib.dumps(message)
    stream.send(_HEADER.pack(_HEADER.size + len(data), _PLIST_VERSION, _PLIST_MESSAGE, tag) + data)
