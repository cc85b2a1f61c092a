"""The iOS bench: a process that plays usbmuxd and iPhones, and handles to do things to them."""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from farm.workloads import HarnessBuild
from tests.bench.android.errors import BenchFailed
from tests.bench.android.processes import answer, end, spawn
from tests.bench.ios.profiles import PROFILES, Profile

BUNDLE = "org.phonefarm.harness"
ROOT = Path(__file__).parents[3]


@dataclass(frozen=True, slots=True)
class Iphone:
    """One phone of a running bench."""

    name: str
    profile: Profile
    folder: Path
    process: subprocess.Popen[str]

    @property
    def udid(self) -> str:
        """Its udid."""
        return self.profile.udid

    @property
    def documents(self) -> Path:
        """The box: the harness app's Documents, as they lie on this machine."""
        return self.folder / "Containers" / BUNDLE / "Documents"

    @property
    def crashes(self) -> Path:
        """The folder of reports."""
        return self.folder / "Crashes"

    @property
    def pid(self) -> int | None:
        """The id of the app's process, on this machine, while it runs."""
        found = self._do("app", action="pid", bundle=BUNDLE)
        return int(found) if found is not None else None

    def unplug(self) -> None:
        """Pull the cable: every connection breaks, the mux no longer lists it; what runs on the phone goes on."""
        self._do("unplug")

    def plug(self) -> None:
        """Plug it in again, under another number, with nothing wrong with the cable."""
        self._do("plug")

    def cut_links(self) -> None:
        """Break every connection; new ones go through."""
        self._do("cut_links")

    def drop_tunnels(self) -> None:
        """End the tunnels of iOS 17.4 and newer; the cable stays."""
        self._do("drop_tunnels")

    def cable(self, *, frozen: bool = False, rate_bytes_per_s: int = 0, unplug_after_bytes: int = 0) -> None:
        """Freeze it, slow it down, or have it pulled after so many more bytes to the phone; nothing stated: a good cable."""
        self._do("cable", frozen=frozen, rate_bytes_per_s=rate_bytes_per_s, left_bytes=unplug_after_bytes)

    def lock_now(self) -> None:
        """Lock it while something runs: iOS suspends the app that was in front."""
        self._do("suspend")

    def reboot(self, away_s: float = 1.0) -> None:
        """Restart it: what ran is gone, the developer image is not mounted any more."""
        self._do("reboot", away_s=away_s)

    def revoke_trust(self) -> None:
        """Have the phone forget every host; a host that wants to pair is not answered until state(trust=...)."""
        self._do("revoke_trust")

    def forget(self) -> None:
        """Have usbmuxd forget that it is paired with the phone."""
        self._do("forget")

    def afc_fault(self, operation: str, code: int | None, times: int = 1) -> None:
        """Have the next so many calls of an operation ("open", "write", ...) end in an AFC error; code None: never end."""
        self._do("afc_fault", operation=operation, code=code, times=times)

    def state(self, **values: Any) -> None:
        """Set what phone.Phone has: lock, trust, developer_mode, thermal_state, app_fault, ..., battery__level_percent."""
        self._do("set", values={name.replace("__", "."): value for name, value in values.items()})

    def read(self, name: str) -> Any:
        """Return a plain attribute of phone.Phone."""
        return self._do("read", name=name)

    def install_app(self, bundle: str = BUNDLE, *, protocol: int = 1, days: int = 300) -> None:
        """Install the harness app, speaking another protocol or signed for so many days."""
        self._do("app", action="install", bundle=bundle, protocol=protocol, days=days)

    def remove_app(self, bundle: str = BUNDLE) -> None:
        """Remove the app with all it stored."""
        self._do("app", action="remove", bundle=bundle)

    def package(self, path: Path, bundle: str = BUNDLE, protocol: int = 1, source_hash: str = "") -> None:
        """Write the harness app as an .ipa; source_hash is another than that of the one that is installed."""
        self._do("app", action="package", bundle=bundle, path=str(path), protocol=protocol, source_hash=source_hash)

    def jetsam(self) -> None:
        """End the app that runs as the kernel does when memory is short."""
        self._do("app", action="jetsam", bundle=BUNDLE)

    def report(self, pid: int, signal: int) -> None:
        """Write the report of a crash, of a process that may still run."""
        self._do("app", action="report", bundle=BUNDLE, pid=pid, signal=signal)

    def heal(self) -> None:
        """Put right whatever a test may have put wrong; what is installed and stored stays."""
        self._do("heal")
        for left in (*self.crashes.iterdir(), *self.documents.glob("lease.json")):
            left.unlink()
        self.state(
            lock="open", trust="yes", developer_mode=True, image="mounted again", app_fault="", keeps_reports_back=False, is_deaf=False,
            thermal_state="nominal", low_power_mode=False, busy_ratio=None, monitor_is_silent=False, clock_offset_s=0.0,
            battery__level_percent=80, battery__temperature_centi_c=2789,
        )  # fmt: skip
        self.cable()
        self.plug()

    def _do(self, what: str, **more: Any) -> Any:
        return json.loads(answer(self.process, json.dumps({"phone": self.name, "do": what, **more})))


@dataclass(slots=True)
class Bench:
    """A bench for the time of a `with`. harnesses are this machine's builds that play the app, one for each runtime.

    To be entered in the main thread: the kernel ends the bench with the thread that started it.
    """

    harnesses: Sequence[HarnessBuild]
    profiles: Sequence[str] = ("iphonex", "iphone16pro")
    phones: dict[str, Iphone] = field(default_factory=dict)
    _process: subprocess.Popen[str] | None = None
    _folder: Path | None = None
    _port: int = 0

    @property
    def address(self) -> str:
        """Where its usbmuxd listens: USBMUXD_SOCKET_ADDRESS, or `usbmux` of devices.toml."""
        return f"127.0.0.1:{self._port}"

    def __enter__(self) -> Self:
        self._folder = Path(tempfile.mkdtemp(prefix="farm-bench-ios-"))
        command = [
            sys.executable,
            "-P",
            "-c",
            f"import sys; sys.path.insert(0, {str(ROOT)!r}); from tests.bench.ios.process import main; main()",
        ]
        self._process = spawn(command, log=self._folder / "process.log")
        wanted = {
            "folder": str(self._folder),
            "bundle": BUNDLE,
            "harnesses": {
                each.runtime: {
                    "folder": str(each.folder.resolve()),
                    "command": each.command,
                    "version": each.runtime_version,
                    "source_hash": each.source_hash,
                }
                for each in self.harnesses
            },
            "phones": {name: {"profile": name} for name in self.profiles},
        }
        try:
            self._port = int(answer(self._process, json.dumps(wanted)))
        except BenchFailed as error:
            words = (self._folder / "process.log").read_text()
            self._end()
            raise BenchFailed(f"{error}\n{words}") from error
        for name in self.profiles:
            self.phones[name] = Iphone(name, PROFILES[name], self._folder / name, self._process)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._end()

    def _end(self) -> None:
        if self._process is not None:
            end(self._process)
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        self.phones.clear()
        self._process = self._folder = None
