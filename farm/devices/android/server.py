"""An adb server: which devices it knows, and what it is asked of them. One that cannot be reached is an error.

adbutils would start one on this machine.
"""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import adbutils
from adbutils.errors import AdbError, AdbTimeout

from farm.devices.android import hung
from farm.devices.android.wire import Connection, Wire
from farm.errors import DeviceLost, DeviceNotReady

DEFAULT_ADDRESS = "127.0.0.1:5037"
_LOCAL_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})
_WORDS_BYTES = 2000
_ENDS_S = 3.0


@dataclass(frozen=True, slots=True)
class Listed:
    """A line of the adb server's list of devices."""

    serial: str
    state: str
    """As adb says it: device, offline, unauthorized, no permissions, ..."""
    product: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True)
class Server:
    """An adb server, on this machine or another."""

    host: str
    port: int

    @property
    def address(self) -> str:
        """host:port, as devices.toml writes it."""
        return f"{self.host}:{self.port}"

    def devices(self, timeout_s: float = 10.0) -> list[Listed]:
        """Return the devices that the server knows. Raises DeviceNotReady when there is no server."""
        with self.connection(timeout_s) as wire:
            wire.command("host:devices-l")
            return [found for line in wire.block().splitlines() if (found := _listed(line)) is not None]

    def reconnect(self, serial: str, timeout_s: float = 10.0) -> str:
        """Have a device that hangs on the network connected anew, and return what the server says of it.

        The server by itself tries only every ten seconds.
        """
        self.disconnect(serial, timeout_s)
        return self.connect(serial, timeout_s)

    def reconnect_offline(self, timeout_s: float = 10.0) -> None:
        """Have the devices connected anew that are offline or not authorised; those that are in use are not touched."""
        with self.connection(timeout_s) as wire:
            wire.command("host:reconnect-offline")

    def kill(self, timeout_s: float = 10.0) -> None:
        """End the server; every link of its devices breaks."""
        with self.connection(timeout_s) as wire:
            wire.command("host:kill")

    def connect(self, address: str, timeout_s: float = 10.0) -> str:
        """Have a device on the network connected, and return what the server says; one that is connected stays so."""
        with self.connection(timeout_s) as wire:
            wire.command(f"host:connect:{address}")
            return wire.block().strip()  # also a failure arrives as a text; whether it is there, the list of devices says

    def disconnect(self, address: str, timeout_s: float = 10.0) -> None:
        """Have a device on the network forgotten."""
        with suppress(DeviceLost), self.connection(timeout_s) as wire:  # the server refuses to forget what it does not know
            wire.command(f"host:disconnect:{address}")
            wire.block()

    @contextmanager
    def connection(self, timeout_s: float, to: str = "") -> Iterator[Wire]:
        """Connect for one request, which must be over in timeout_s; to is the name of the device that it goes to."""
        try:
            connection = Connection(self.host, self.port)
        except OSError as error:
            raise DeviceNotReady(
                f"no adb server answers at {self.address}",
                error_class="no_adb_server",
                hint="adb start-server, on the host it is to run on",
            ) from error
        began_s = time.monotonic()
        wire = Wire(connection, began_s + timeout_s)
        try:
            yield wire
        except (TimeoutError, AdbTimeout) as error:
            who = to or f"the adb server at {self.address}"
            had_s = round(wire.deadline_s - began_s, 1)  # an interruption leaves it less
            raise DeviceLost(f"{who} did not answer in {had_s:g} s", error_class="frozen") from error
        except (AdbError, EOFError, OSError) as error:
            link = f"the link to {to} through" if to else "the link to"
            raise DeviceLost(f"{link} the adb server at {self.address} broke: {error}", error_class="link_lost") from error
        finally:
            connection.close()


def start_anew(server: Server, timeout_s: float = 30.0) -> int | None:
    """End an adb server of this machine and start it again. Every link of its devices breaks.

    One that hangs keeps its port, so its process is ended, and returned: only where the server is farm's own may this be called. Raises
    DeviceNotReady when it is another machine's, does not start, or its port is held by what is no adb server.
    """
    if server.host not in _LOCAL_HOSTS:
        raise DeviceNotReady(f"the adb server at {server.address} is another machine's", error_class="not_restarted")
    before = hung.listeners(server.port)
    with suppress(DeviceLost, DeviceNotReady):
        server.kill()
    ended_process = None if before.are_gone_within(_ENDS_S) else hung.end(before, server.address)
    program = shutil.which("adb") or adbutils.adb_path()
    with tempfile.TemporaryFile() as words:  # a pipe would stay open as long as the server that is started
        try:
            ended = subprocess.run(
                [program, "-P", str(server.port), "start-server"],
                stdin=subprocess.DEVNULL,
                stdout=words,
                stderr=words,
                timeout=timeout_s,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise DeviceNotReady(f"the adb server at {server.address} was not started: {error}", error_class="not_restarted") from error
        words.seek(0)
        said = words.read(_WORDS_BYTES).decode(errors="replace").strip()
    if ended.returncode != 0:
        raise DeviceNotReady(
            f"the adb server at {server.address} was not started: {said or f'exit code {ended.returncode}'}", error_class="not_restarted"
        )
    return ended_process


def _listed(line: str) -> Listed | None:
    """Read a line such as `R5CX  device usb:1-2 product:pa1q model:SM_S931B device:pa1q transport_id:3`."""
    words = line.split()
    if len(words) < 2:  # noqa: PLR2004 - serial and state
        return None
    facts = dict(word.split(":", 1) for word in words[2:] if ":" in word)
    state = "no permissions" if words[1:3] == ["no", "permissions"] else words[1]
    return Listed(words[0], state, facts.get("product", ""), facts.get("model", ""))
