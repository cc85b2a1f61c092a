"""One phone of the bench: a real adbd with a simulated framework and simulated physics, and what can be done to it."""

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.bench.android.adb import AdbServer
from tests.bench.android.errors import BenchFailed
from tests.bench.android.processes import answer, end, spawn, wait_until
from tests.bench.android.profiles import Profile

_HERE = Path(__file__).parent
_ADBD_PORT_FILE = "bench/ports/5555"
_PLUGS = {"none": 0, "ac": 1, "usb": 2}


@dataclass(slots=True)
class Phone:
    """A running phone. Its serial is the proxy's address: every connection of the adb server goes through the proxy."""

    name: str
    profile: Profile
    abi: str
    serialno: str
    adb: AdbServer
    folder: Path
    namespace: subprocess.Popen[str]
    init_pid: int = 0
    proxy: subprocess.Popen[str] | None = None
    serial: str = ""

    @property
    def root(self) -> Path:
        """The phone's own root folder as this host sees it."""
        return Path(f"/proc/{self.init_pid}/root")

    def shell(self, line: str, timeout_s: float = 30.0) -> subprocess.CompletedProcess[str]:
        """Run a line with the real `adb shell`: exit code, stdout and stderr apart."""
        return self.adb.run("-s", self.serial, "shell", line, timeout_s=timeout_s)

    def is_ready(self) -> bool:
        """Whether the adb server says `device`."""
        return self.adb.run("-s", self.serial, "get-state").stdout.strip() == "device"

    def connect(self, timeout_s: float = 20.0) -> None:
        """Make the adb server connect to it, and return when the phone answers.

        The server by itself tries a lost device again every ten seconds, and says "already connected" meanwhile: so it is told to
        forget the device first. It may also not have noticed yet that a link is lost.
        """

        def connected() -> bool:
            if self.is_ready() and self.shell("true").returncode == 0:
                return True
            self.adb.run("disconnect", self.serial)
            self.adb.run("connect", self.serial)
            return self.is_ready()

        wait_until(connected, f"{self.name} at {self.serial}", timeout_s)

    # What is wrong with the cable: see proxy.py.

    def drop(self) -> None:
        """Reset what is connected and refuse to connect, until restore()."""
        self._cable("drop")

    def cut(self) -> None:
        """Reset what is connected, once."""
        self._cable("cut")

    def cut_after(self, count_bytes: int) -> None:
        """Drop as soon as so many more bytes have gone to the phone."""
        self._cable(f"cut-after {count_bytes}")

    def freeze(self) -> None:
        """Pass nothing on and lose nothing, until restore()."""
        self._cable("freeze")

    def half_open(self) -> None:
        """Close the phone's ends; the server hears nothing of it, until restore() resets it."""
        self._cable("half-open")

    def slow(self, bytes_per_s: int) -> None:
        """Pass on so much in each direction, until restore()."""
        self._cable(f"slow {bytes_per_s}")

    def restore(self) -> None:
        """Mend the cable. The adb server connects again by itself, or with connect()."""
        self._cable("restore")

    def _cable(self, command: str) -> None:
        assert self.proxy is not None
        if answer(self.proxy, command) != "ok":
            raise BenchFailed(f"{self.name}'s proxy did not take {command}")

    # What happens to the phone itself.

    def kill_adbd(self, *, children: bool = False) -> None:
        """Kill adbd with -9 until start_adbd(); with what it started, when children is true.

        A program started with setsid outlives its adbd, as when a cable is pulled. On a phone whose init stops the service, init
        kills the service's whole control group: that is children=True.
        """
        self.state(adbd=0)
        self._kill_adbd(children=children)

    def crash_adbd(self) -> None:
        """Kill adbd with -9; the phone's init starts it again a second later."""
        self._kill_adbd(children=False)

    def _kill_adbd(self, *, children: bool) -> None:
        running = self._file("bench/adbd.pid")
        if not running.exists():
            return
        pid = running.read_text().strip()
        self._inside("/system/bin/kill", "-9", pid)
        if children:
            self._inside("/system/bin/pkill", "-9", "-u", "2000")
        wait_until(lambda: not running.exists(), f"{self.name}'s adbd to end")

    def start_adbd(self, *, connect: bool = True) -> None:
        """Start adbd again, and connect to it."""
        self.state(adbd=1)
        self._wait_for_adbd(connect)

    def _wait_for_adbd(self, connect: bool) -> None:
        wait_until(self._file(_ADBD_PORT_FILE).exists, f"{self.name}'s adbd")
        if connect:
            self.connect()

    def reboot(self, away_s: float = 1.0, *, connect: bool = True) -> None:
        """Kill every process of the phone; it comes back after away_s with another boot id, a small uptime and what /data holds.

        Returns when its adbd listens and, with connect, the adb server sees it again. Its boot id is in
        /proc/sys/kernel/random/boot_id, its uptime in /proc/uptime; the kernel's clocks (CLOCK_BOOTTIME, so toybox's `uptime`,
        too) stay the host's.
        """
        before = self._file("bench/boot_id").read_text()
        self.state(reboot_s=away_s)
        wait_until(lambda: self._file("bench/boot_id").read_text() not in ("", before), f"{self.name} to boot", 15 + away_s)
        self._wait_for_adbd(connect)

    def fill_disk(self, leave_bytes: int) -> None:
        """Leave so much room on /data: its file system shrinks to what is used and leave_bytes (in pages of 4 KiB)."""
        used = self._data_used_bytes()
        self._remount_data(used + leave_bytes)

    def empty_disk(self, size_bytes: int = 1 << 32) -> None:
        """Give /data its room again."""
        self._remount_data(size_bytes)

    def _data_used_bytes(self) -> int:
        blocks = self._inside("/system/bin/stat", "-f", "-c", "%b %f %S", "/data").split()
        return (int(blocks[0]) - int(blocks[1])) * int(blocks[2])

    def _remount_data(self, size_bytes: int) -> None:
        data = f"{self.folder}/root/merged/data"
        command = ["nsenter", "-t", str(self.init_pid), "-m", "mount", "-o", f"remount,size={size_bytes}", data]
        result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)
        if result.returncode != 0:
            raise BenchFailed(f"{self.name}'s /data cannot be resized: {result.stderr}")

    # Its state: see native/physics.cpp and README.md.

    def state(self, **values: float | str | None) -> None:
        """Set readings or settings of the simulation: skin_c=41, level=20, plugged=False ("ac", "usb", "none"), ...; None takes one out."""
        given = [f"{key}={_number(key, value)}" for key, value in values.items()]
        self._inside("/system/bin/phoned", "set", *given)

    def read(self, name: str) -> str:
        """Return one reading of the simulation as it truly is, whatever the framework says: read("current_ua")."""
        return self._inside("/system/bin/phoned", "get", name).strip()

    def at_rest(self) -> dict[str, float]:
        """Return the simulation's numbers as they were at its last tick (time_s is CLOCK_BOOTTIME), without running anything there."""
        with self._file("bench/state").open() as file:
            fcntl.flock(file, fcntl.LOCK_SH)  # the phone writes it in place
            pairs = [line.strip().partition("=") for line in file]
        return {key: float(value) for key, _, value in pairs}

    def _inside(self, *command: str) -> str:
        """Run a program of the phone as its root, not through adb."""
        namespaces = ["nsenter", "-t", str(self.init_pid), "-m", "-p", "-u", "-r", "-w"]
        result = subprocess.run([*namespaces, *command], capture_output=True, text=True, check=False, timeout=10)
        if result.returncode not in (0, 1):
            raise BenchFailed(f"{self.name}: {' '.join(command)} ended with {result.returncode}: {result.stderr}")
        return result.stdout

    def _file(self, path: str) -> Path:
        return self.root / path

    # Its life, which bench.py leads.

    def find_init(self) -> bool:
        """Whether its first process has taken over; its id is known from then on."""
        pid = self.namespace.pid
        if self.namespace.poll() is not None:
            raise BenchFailed(f"{self.name} did not start: {(self.folder / 'log').read_text()[-2000:]}")
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        if not children:
            return False
        self.init_pid = int(children[0])
        return Path(f"/proc/{self.init_pid}/comm").read_text().strip() == "phoned"

    def start_proxy(self) -> None:
        """Start the proxy; the phone has its serial from now on."""
        command = [sys.executable, "-I", "-S", str(_HERE / "proxy.py"), str(self._file(_ADBD_PORT_FILE))]
        self.proxy = spawn(command, log=self.folder / "log")

    def take_serial(self) -> None:
        assert self.proxy is not None
        self.serial = f"127.0.0.1:{answer(self.proxy)}"

    def stop(self) -> None:
        """End the phone and its proxy: its mounts and processes go with its namespaces."""
        if self.proxy is not None:
            end(self.proxy)
        if self.init_pid and self.namespace.poll() is None:  # its first process takes all others along, and unshare waits for it
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.init_pid, signal.SIGKILL)
            self.namespace.wait(timeout=10)
        end(self.namespace)


def _number(key: str, value: float | str | None) -> str:
    if value is None:
        return ""
    if key == "plugged":
        return str(_PLUGS[value] if isinstance(value, str) else _PLUGS["usb"] if value else 0)
    return str(float(value))
