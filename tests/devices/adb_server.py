"""An adb server with one phone that can be switched to Wi-Fi: what Debian's adbd on the bench cannot do. It speaks adb's own protocol.

The form of requests and answers: SERVICES.TXT and OVERVIEW.TXT of AOSP's adb.
"""

import hashlib
import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from farm.devices.android.box import _SCRIPT

_PACKET = struct.Struct("<BI")
_EXIT, _STDOUT = 3, 1

WHO = """\
@@@ farm properties
[ro.serialno]: [{serialno}]
[ro.product.model]: [SM-S931B]
[ro.product.manufacturer]: [samsung]
[ro.build.fingerprint]: [samsung/pa1qxxx/pa1q:15/AP3A/S931:user/release-keys]
@@@ farm android_id
0123456789abcdef
@@@ farm meminfo
MemTotal:       11580412 kB
@@@ farm machine
aarch64
@@@ farm kernel
6.6.30
@@@ farm cpus
0-7
"""


@dataclass(slots=True)
class Phone:
    """The phone, and how the adb server reaches it."""

    serialno: str = "R5CX1234567"
    by_cable: bool = True
    wifi: str | None = "192.0.2.20"
    """Its address; None: it is on no Wi-Fi."""
    port: int | None = None
    """Where its adbd listens."""
    connected: bool = False
    """Over Wi-Fi, by the server."""
    switches: bool = True
    """Whether its adbd has the service."""
    reachable: bool = True
    at_its_address: str | None = None
    """The serial number of another phone that answers at its address."""
    exit_code: int = 0
    """Of every command in its shell."""
    asked: list[str] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"{self.wifi}:{self.port}"

    def serials(self) -> list[str]:
        return [*([self.serialno] if self.by_cable else []), *([self.address] if self.connected else [])]


class _Request(socketserver.StreamRequestHandler):
    server: "_Server"

    def handle(self) -> None:
        phone = self.server.phone
        target = ""
        while text := self._text():
            phone.asked.append(text)
            word, _, rest = text.partition(":")
            if text == "host:devices-l":
                self._block("".join(f"{serial}\tdevice product:pa1qxxx model:SM_S931B\n" for serial in phone.serials()))
                return
            if rest.startswith("connect:"):
                phone.connected = phone.port is not None and phone.reachable and rest == f"connect:{phone.address}"
                self._block("connected" if phone.connected else "failed to connect")
                return
            if rest.startswith("disconnect:"):
                phone.connected = False
                self._block("disconnected")
                return
            if rest.startswith("transport:"):
                target = rest.removeprefix("transport:")
                if target not in phone.serials():
                    self._fail(f"device '{target}' not found")
                    return
                self.wfile.write(b"OKAY")
                continue
            self._service(word, rest, phone, target)
            return

    def _service(self, word: str, rest: str, phone: Phone, target: str) -> None:
        if word in ("tcpip", "usb") and not phone.switches:
            self._fail("closed")
        elif word == "tcpip":
            self.wfile.write(b"OKAYrestarting in TCP mode port: " + rest.encode() + b"\n")
            phone.port = int(rest)
        elif word == "usb":
            self.wfile.write(b"OKAYrestarting in USB mode\n")
            phone.port, phone.connected, phone.by_cable = None, False, True
        elif word.startswith("shell"):
            over_wifi = target == phone.address
            serialno = phone.at_its_address if over_wifi and phone.at_its_address else phone.serialno
            self._shell(rest, phone, serialno)
        else:
            self._fail("unknown service")

    def _shell(self, line: str, phone: Phone, serialno: str) -> None:
        said = ""
        if line.startswith("mkdir"):
            said = f"{hashlib.sha256(_SCRIPT).hexdigest()}  -\n"
        elif "getprop ro.serialno" in line:
            said = f"{serialno}\n"
        elif "getprop" in line:
            said = WHO.format(serialno=serialno)
        elif line.startswith("ip "):
            said = "1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever\n"
            if phone.wifi is not None:
                said += f"27: wlan0    inet {phone.wifi}/24 brd 192.0.2.255 scope global wlan0\\       valid_lft forever\n"
        data = said.encode()
        self.wfile.write(b"OKAY" + _PACKET.pack(_STDOUT, len(data)) + data + _PACKET.pack(_EXIT, 1) + bytes([phone.exit_code]))

    def _text(self) -> str:
        size = self.rfile.read(4)
        return self.rfile.read(int(size, 16)).decode() if len(size) == 4 else ""

    def _block(self, text: str) -> None:
        self.wfile.write(b"OKAY" + f"{len(text):04x}{text}".encode())

    def _fail(self, text: str) -> None:
        self.wfile.write(b"FAIL" + f"{len(text):04x}{text}".encode())


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, phone: Phone) -> None:
        self.phone = phone
        super().__init__(("127.0.0.1", 0), _Request)


@contextmanager
def serving(phone: Phone) -> Iterator[str]:
    """Serve the phone for the time of a `with`; gives the server's address."""
    with _Server(phone) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield "{}:{}".format(*server.server_address)
        server.shutdown()
        thread.join()
