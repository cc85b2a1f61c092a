"""What farm and the harness app on an iPhone have agreed on. harness/protocol/ios-app.md says it for whoever writes the app."""

import json
import plistlib
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from farm.devices.readers.reading import Reading, absent
from farm.errors import DeviceNotReady, InputError
from farm.workloads import HarnessBuild

BUNDLE = "org.phonefarm.harness"
PROTOCOL = 1
"""The version of the harness protocol that the app has to speak, as its Info.plist says (FarmProtocol)."""

RUN, RUNTIME, PROBE = "FARM_RUN", "FARM_RUNTIME", "FARM_PROBE"
STARTED, EXIT, LOG = "started", "exit", "log"
"""What the app writes into the folder of a run, each under another name first."""
MACHINE = "machine.json"
"""What farm writes into Documents: how many CPUs and how much memory the phone has."""
LAUNCHED = "launched.json"
STOPPED = "stopped"
"""What farm writes there: what was started when, and that it was ended on purpose."""

_THERMAL = {"nominal": 0, "fair": 1, "serious": 3, "critical": 4}
"""ProcessInfo.ThermalState on the scale of Android's PowerManager: fair is light, serious is severe."""
_INFO = re.compile(r"Payload/[^/]+\.app/Info\.plist")
_SILENT = "the app says nothing of it"


@dataclass(frozen=True, slots=True)
class Runtime:
    """One of the runtimes that an app holds: its version, and the hash of the harness's sources that go with it, as in `begin`."""

    version: str
    source_hash: str


@dataclass(frozen=True, slots=True)
class Installed:
    """The harness app on a phone."""

    executable: str
    protocol: int | None
    runtimes: Mapping[str, Runtime]

    def harness(self, runtime: str, folder: Path, phone: str) -> HarnessBuild:
        """Return the harness that the app is, for a runtime; folder is its bundle's name. Raises DeviceNotReady when it has none."""
        if runtime not in self.runtimes:
            there = " and ".join(sorted(self.runtimes)) or "no runtime"
            raise DeviceNotReady(
                f"{phone}'s harness app was built without {runtime}: it has {there}",
                error_class="no_runtime",
                hint=f"farm harness build --target ios --runtime {runtime}, on a Mac",
            )
        found = self.runtimes[runtime]
        return HarnessBuild("ios", runtime, found.version, found.source_hash, folder, (self.executable,))

    @classmethod
    def of(cls, info: Mapping[str, Any]) -> "Installed":
        """Return what an app's Info.plist says; an app that is none of farm's has no protocol."""
        protocol, runtimes = info.get("FarmProtocol"), info.get("FarmRuntimes")
        return cls(
            executable=str(info.get("CFBundleExecutable", "")),
            protocol=protocol if isinstance(protocol, int) else None,
            runtimes={
                str(name): Runtime(str(each.get("version", "")), str(each.get("source_hash", "")))
                for name, each in (runtimes.items() if isinstance(runtimes, dict) else ())
                if isinstance(each, dict)
            },
        )


def packaged(package: Path, bundle: str) -> Installed:
    """Return what the app in a package (.ipa) is. Raises InputError for a file that is none, or is another app."""
    try:
        with zipfile.ZipFile(package) as archive:
            name = next(name for name in archive.namelist() if _INFO.fullmatch(name))
            info = plistlib.loads(archive.read(name))
    except FileNotFoundError as error:
        raise InputError(f"there is no {package}", hint="harness names an .ipa file") from error
    except (OSError, zipfile.BadZipFile, StopIteration, plistlib.InvalidFileException) as error:
        raise InputError(f"{package} is no app that an iPhone can install", hint="harness names an .ipa file") from error
    if info.get("CFBundleIdentifier") != bundle:
        raise InputError(
            f"{package} is the app {info.get('CFBundleIdentifier')}, not {bundle}",
            hint=f'state bundle = "{info.get("CFBundleIdentifier")}"',
        )
    return Installed.of(info)


def probed(text: str | None) -> tuple[Reading, ...]:
    """Read what the app said of the phone when it was asked. Always the same names."""
    try:
        facts = json.loads(text or "")
    except (ValueError, RecursionError):
        facts = None
    if not isinstance(facts, dict):
        facts = {}
    thermal, low_power = facts.get("thermal_state"), facts.get("low_power_mode")
    status = _THERMAL.get(thermal) if isinstance(thermal, str) else None
    return (
        absent("thermal_status", "app", _SILENT) if status is None else Reading("thermal_status", float(status), source="app"),
        absent("thermal_state", "app", _SILENT) if status is None else Reading("thermal_state", text=thermal, source="app"),
        Reading("low_power_mode", text="on" if low_power else "off", source="app")
        if isinstance(low_power, bool)
        else absent("low_power_mode", "app", _SILENT),
        *(_number(facts, name) for name in ("brightness_ratio", "memory_available_bytes", "uptime_s")),
    )


def _number(facts: Mapping[str, Any], name: str) -> Reading:
    value = facts.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return absent(name, "app", _SILENT)
    return Reading(name, float(value), source="app")
