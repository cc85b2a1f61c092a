"""The instruments that farm needs: starting and ending processes, asking for them, and the readings of the system monitor."""

import contextlib
import os
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.bench.ios import app as apps
from tests.bench.ios.archive import CocoaError
from tests.bench.ios.dtx import Channel, Connection, Service, unknown
from tests.bench.ios.wire import Closed, Stream

if TYPE_CHECKING:
    from tests.bench.ios.phone import Phone

_PREFIX = "com.apple.instruments.server.services."
_PROCESS_ATTRIBUTES = ["pid", "name", "cpuUsage", "physFootprint", "memVirtualSize", "memResidentSize", "threadCount"]
_SYSTEM_ATTRIBUTES = ["physMemSize", "vmFreeCount", "vmUsedCount", "netBytesIn"]
_PAGE_BYTES = 16 * 1024


def serve(phone: "Phone", stream: Stream) -> None:
    """Speak DTX on a stream until the host goes."""

    def make(identifier: str) -> Service | None:
        match identifier.removeprefix(_PREFIX):
            case "processcontrol":
                return ProcessControl(phone)
            case "deviceinfo":
                return DeviceInfo(phone)
            case "sysmontap":
                return SystemMonitor(phone)
            case _:
                return None

    Connection(stream, make, {f"{_PREFIX}{name}": 1 for name in ("processcontrol", "deviceinfo", "sysmontap")}).serve()


class ProcessControl(Service):
    """Starts apps and sends signals; tells of the end of what it observes."""

    def __init__(self, phone: "Phone") -> None:
        self.phone = phone
        self.watching: dict[int, Channel] = {}
        phone.watchers.append(self._ended)

    def call(self, channel: Channel, selector: str, arguments: list[Any]) -> object:
        """Answer a call."""
        match selector:
            case "launchSuspendedProcessWithDevicePath:bundleIdentifier:environment:arguments:options:":
                return self._launch(channel, arguments[1], arguments[2] or {}, arguments[3] or [])
            case "sendSignal:toPid:":
                return self._kill(arguments[1])
            case "killPid:":
                self._kill(arguments[0])
                return None
            case "startObservingPid:":
                self.watching[arguments[0]] = channel
                return None
            case "stopObservingPid:":
                self.watching.pop(arguments[0], None)
                return None
            case "processIdentifierForBundleIdentifier:":
                app = self.phone.apps.get(arguments[0])
                return app.process.pid if app is not None and app.process is not None else 0
            case _:
                return unknown(selector)

    def closed(self) -> None:
        """Nobody is told any more."""
        self.phone.watchers.remove(self._ended)

    def _launch(self, channel: Channel, bundle: str, environment: dict[str, Any], arguments: list[Any]) -> object:
        phone = self.phone
        app = phone.apps.get(bundle)
        if app is None:
            return _denied(bundle, "BSErrorCode 4: Application not found", f"The application {bundle} is not installed")
        if phone.lock != "open":
            words = f"Unable to launch {bundle} because the device was not, or could not be, unlocked."
            return _denied(bundle, "Locked", words)
        if phone.profile_expired(app):
            words = "it has an invalid code signature, inadequate entitlements or its profile has not been explicitly trusted by the user."
            return _denied(bundle, "Security", f"Unable to launch {bundle} because {words}")
        pid = apps.launch(phone, app, [str(word) for word in arguments], {key: str(value) for key, value in environment.items()})
        self.watching[pid] = channel
        return pid

    def _kill(self, pid: int) -> object:
        for app in self.phone.apps.values():
            if app.process is not None and app.process.pid == pid:
                if not self.phone.is_deaf:
                    apps.kill(app)
                return None
        return CocoaError("com.apple.dt.deviceprocesscontrolservice", 1, f"no process has the number {pid}")

    def _ended(self, pid: int, code: int) -> None:
        channel = self.watching.pop(pid, None)
        if channel is not None:
            with contextlib.suppress(Closed):
                channel.dispatch(
                    "processWithPID:terminatedWithExitCode:orCrashingSignal:",
                    [pid, code if code >= 0 else None, -code if code < 0 else None],
                )


def _denied(bundle: str, reason: str, words: str) -> CocoaError:
    said = (
        f'Request to launch {bundle} failed. The request was denied by service delegate (SBMainWorkspace) for reason: {reason} ("{words}").'
    )
    return CocoaError("com.apple.dt.deviceprocesscontrolservice", 2, said)


class DeviceInfo(Service):
    """Says what runs, and what the hardware is."""

    def __init__(self, phone: "Phone") -> None:
        self.phone = phone

    def call(self, channel: Channel, selector: str, arguments: list[Any]) -> object:
        """Answer a call."""
        match selector:
            case "isRunningPid:":
                return 1 if arguments[0] in _running(self.phone) else 0
            case "execnameForPid:":
                return f"/private/var/containers/Bundle/{_running(self.phone).get(arguments[0], 'unknown')}"
            case "runningProcesses":
                found = {34: "SpringBoard", **_running(self.phone)}
                return [{"pid": pid, "name": name, "realAppName": name, "isApplication": True} for pid, name in found.items()]
            case "hardwareInformation":
                cpus = self.phone.profile.cpu_count
                return {
                    "numberOfCpus": cpus,
                    "numberOfPhysicalCpus": cpus,
                    "hwCPUsubtype": 2,
                    "hwCPUtype": 16777228,
                    "hwCPU64BitCapable": 1,
                }
            case "systemInformation":
                return {"_deviceDisplayName": self.phone.profile.name, "_productType": self.phone.profile.product_type}
            case "sysmonProcessAttributes":
                return _PROCESS_ATTRIBUTES
            case "sysmonSystemAttributes":
                return _SYSTEM_ATTRIBUTES
            case _:
                return unknown(selector)


class SystemMonitor(Service):
    """Sends a reading of the system and of every process, as often as it was told."""

    def __init__(self, phone: "Phone") -> None:
        self.phone = phone
        self.config: dict[str, Any] = {}
        self.over = threading.Event()

    def call(self, channel: Channel, selector: str, arguments: list[Any]) -> object:
        """Answer a call."""
        match selector:
            case "setConfig:":
                self.config = arguments[0]
            case "start":
                channel.send({"k": 0})  # the first message only says that it begins
                threading.Thread(target=self._send, args=(channel,), daemon=True).start()
            case "stop":
                self.over.set()
            case _:
                return unknown(selector)
        return None

    def closed(self) -> None:
        """Stop sending."""
        self.over.set()

    def _send(self, channel: Channel) -> None:
        interval_s = max(0.05, self.config.get("ur", 500) / 1000)
        earlier = _cpu_seconds()
        while not self.over.wait(interval_s):
            later = _cpu_seconds()
            if self.phone.monitor_is_silent:
                continue
            try:
                channel.send([self._row(later, earlier)])
            except Closed:
                return
            earlier = later

    def _row(self, later: tuple[float, float], earlier: tuple[float, float]) -> dict[str, Any]:
        """Return one reading; the load is the share of each CPU in per cent, summed over all."""
        profile = self.phone.profile
        all_s = later[1] - earlier[1]
        busy_ratio = self.phone.busy_ratio if self.phone.busy_ratio is not None else (later[0] - earlier[0]) / all_s if all_s > 0 else 0.0
        processes = {}
        for pid, name in {34: "SpringBoard", **_running(self.phone)}.items():
            resident = _resident_bytes(pid)
            known = {"pid": pid, "name": name, "cpuUsage": 0.0, "physFootprint": resident, "memResidentSize": resident, "threadCount": 1}
            processes[pid] = [known.get(attribute, 0) for attribute in self.config.get("procAttrs", [])]
        known = {"physMemSize": profile.memory_bytes, "vmFreeCount": profile.memory_bytes // 3 // _PAGE_BYTES}
        return {
            "Processes": processes,
            "System": [known.get(attribute, 0) for attribute in self.config.get("sysAttrs", [])],
            "SystemCPUUsage": {"CPU_TotalLoad": 100.0 * busy_ratio * profile.cpu_count, "CPU_UserLoad": -1.0, "CPU_SystemLoad": -1.0},
            "CPUCount": profile.cpu_count,
            "EnabledCPUs": profile.cpu_count,
            "StartMachAbsTime": int(time.monotonic() * 24e6),
            "EndMachAbsTime": int(time.monotonic() * 24e6),
            "Type": 43,
        }


def _running(phone: "Phone") -> dict[int, str]:
    return {app.process.pid: app.executable for app in phone.apps.values() if app.process is not None}


def _cpu_seconds() -> tuple[float, float]:
    """Return how long this machine's CPUs were busy, and how long they were there, since it started."""
    times = [int(word) for word in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    idle = times[3] + times[4]
    tick = os.sysconf("SC_CLK_TCK")
    return (sum(times) - idle) / tick, sum(times) / tick


def _resident_bytes(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0
