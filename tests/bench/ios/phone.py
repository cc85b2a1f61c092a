"""One iPhone of the stand-in: its state, its services, and what is wrong with it at the moment."""

import plistlib
import shutil
import signal
import socket
import ssl
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.bench.ios import app, instruments, lockdown, services, tunnel
from tests.bench.ios.afc import Faults
from tests.bench.ios.link import Cable
from tests.bench.ios.mux import Mux
from tests.bench.ios.pairing import Keys, host_record
from tests.bench.ios.profiles import Profile
from tests.bench.ios.wire import Stream, serve_beside

Handler = Callable[["Phone", Stream], None]

_FIRST_PORT = 49_152
_INSTRUMENTS = "com.apple.instruments.remoteserver.DVTSecureSocketProxy"
_TUNNEL = "com.apple.internal.devicecompute.CoreDeviceProxy"
_SERVICES: dict[str, Handler] = {
    "com.apple.afc": services.afc,
    "com.apple.crashreportcopymobile": services.crash_reports,
    "com.apple.crashreportmover": services.crash_mover,
    "com.apple.misagent": services.profiles,
    "com.apple.mobile.diagnostics_relay": services.diagnostics,
    "com.apple.mobile.house_arrest": services.house_arrest,
    "com.apple.mobile.installation_proxy": services.installation,
    "com.apple.mobile.mobile_image_mounter": services.images,
}


@dataclass(slots=True)
class Battery:
    """The battery, in the units of the power source's registry entry: mA, mV, hundredths of a degree."""

    level_percent: int = 80
    is_charging: bool = True
    current_ma: int = 420
    voltage_mv: int = 4102
    temperature_centi_c: int = 2789
    cycles: int = 123

    def registry(self) -> dict[str, Any]:
        """Return the entry."""
        return {
            "CurrentCapacity": self.level_percent,
            "MaxCapacity": 100,
            "AppleRawCurrentCapacity": 2_800,
            "AppleRawMaxCapacity": 3_400,
            "DesignCapacity": 3_582,
            "CycleCount": self.cycles,
            "ExternalConnected": True,
            "FullyCharged": self.level_percent >= 100,
            "InstantAmperage": self.current_ma,
            "Amperage": self.current_ma,
            "IsCharging": self.is_charging,
            "Temperature": self.temperature_centi_c,
            "Voltage": self.voltage_mv,
            "BatteryInstalled": True,
        }


@dataclass(slots=True)
class Phone:
    """One phone. Its folder holds what it stores; everything else is state that a test may set."""

    profile: Profile
    folder: Path
    mux: Mux
    harnesses: dict[str, dict[str, Any]]
    """The host's builds that play the app, by runtime: folder and command."""
    keys: Keys
    battery: Battery = field(default_factory=Battery)
    cable: Cable = field(default_factory=Cable)
    apps: dict[str, app.App] = field(default_factory=dict)
    afc_faults: Faults = field(default_factory=Faults)
    trust: str = "yes"
    """What whoever holds it answers when a host wants to pair: yes, no, ask (nothing yet)."""
    lock: str = "open"
    """open, locked, or before_first_unlock."""
    developer_mode: bool = True
    image: bytes | None = b"mounted from the start"
    manifest: bytes | None = b"a ticket of Apple's for this phone"
    app_fault: str = ""
    """Of the next run: hang, jetsam, stale, truncated, debug, other_model, missing."""
    is_deaf: bool = False
    """Whether its apps outlive every signal of a host's."""
    keeps_reports_back: bool = False
    thermal_state: str = "nominal"
    low_power_mode: bool = False
    busy_ratio: float | None = None
    """Of its CPUs; None: this machine's."""
    monitor_is_silent: bool = False
    clock_offset_s: float = 0.0
    boot_id: str = field(default_factory=lambda: str(uuid.uuid4()).upper())
    booted_s: float = field(default_factory=time.monotonic)
    watchers: list[Callable[[int, int], None]] = field(default_factory=list)
    tunnels: list[Stream] = field(default_factory=list)
    _ports: dict[int, tuple[Handler, ssl.SSLContext]] = field(default_factory=dict)
    _next_port: int = _FIRST_PORT

    @property
    def udid(self) -> str:
        """What the cable says of it."""
        return self.profile.udid

    @property
    def media(self) -> Path:
        """The media folder."""
        return self.folder / "Media"

    @property
    def crashes(self) -> Path:
        """The folder of reports."""
        return self.folder / "Crashes"

    def values(self, domain: str) -> dict[str, Any]:
        """Return what lockdownd says in a domain."""
        return lockdown.values(self).get(domain, {})

    def service(self, name: str) -> Handler | None:
        """Return what serves a service over the cable; developer services are not there without their image."""
        if name == _INSTRUMENTS:
            return instruments.serve if self.image and not self.profile.has_tunnel and self.profile.release < (17, 0) else None
        if name == _TUNNEL:
            return tunnel.serve if self.profile.has_tunnel else None
        return _SERVICES.get(name)

    def open_port(self, handler: Handler, context: ssl.SSLContext) -> int:
        """Listen for a service, and return the port."""
        port = self._next_port
        self._next_port = port + 1 if port < 65_000 else _FIRST_PORT
        self._ports[port] = (handler, context)
        return port

    def accept(self, port: int) -> socket.socket | None:
        """Take a connection over the cable."""
        if port == lockdown.PORT:
            return self._join(lambda stream: lockdown.Lockdown(self, stream).serve())
        if port not in self._ports:
            return None
        handler, context = self._ports[port]

        def serve(stream: Stream) -> None:
            stream.start_tls(context)
            handler(self, stream)

        return self._join(serve)

    def _join(self, serve: Callable[[Stream], None]) -> socket.socket:
        near, far = socket.socketpair()
        serve_beside(far, serve)
        return near

    def ended(self, pid: int, code: int) -> None:
        """Tell whoever watches that a process has ended."""
        for watcher in list(self.watchers):
            watcher(pid, code)

    def add_app(self, info: dict[str, Any], profile: bytes) -> None:
        """Install an app; its Documents stay when it was there before."""
        bundle = info["CFBundleIdentifier"]
        container = self.folder / "Containers" / bundle
        (container / "Documents").mkdir(parents=True, exist_ok=True)
        self.apps[bundle] = app.App(info, profile, container)

    def remove_app(self, bundle: str) -> None:
        """Remove an app with all it stored."""
        one = self.apps.pop(bundle, None)
        if one is not None:
            app.kill(one)
            shutil.rmtree(one.container)

    def profile_expired(self, one: app.App) -> bool:
        """Whether an app is signed for a time that is over."""
        return bool(one.profile) and services.expires_at(one.profile) < time.time() + self.clock_offset_s

    def unplug(self) -> None:
        """Pull the cable."""
        self.mux.unplug(self)

    def plug(self) -> None:
        """Plug it in again, under another number, with nothing wrong."""
        self.cable = Cable(pull=self.unplug)
        self.mux.plug(self)

    def drop_tunnels(self) -> None:
        """End every tunnel; the cable stays."""
        for stream in list(self.tunnels):
            stream.close()

    def cut_links(self) -> None:
        """Break every connection; new ones go through."""
        for link in self.mux.links(self):
            link.cut()

    def reboot(self, away_s: float = 1.0) -> None:
        """Restart: what ran is gone, the image is no longer mounted."""
        self.unplug()
        for one in self.apps.values():
            app.kill(one)
        self.boot_id, self.booted_s = str(uuid.uuid4()).upper(), time.monotonic()
        self.image = None
        threading.Timer(away_s, self.plug).start()

    def suspend(self) -> None:
        """Lock it: the app that is in front is stopped where it stands."""
        self.lock = "locked"
        for one in self.apps.values():
            if one.process is not None:
                one.process.send_signal(signal.SIGSTOP)

    def revoke_trust(self) -> None:
        """Forget every host, as "Reset Location & Privacy" does; the next one has to ask."""
        self.keys.records.clear()
        self.trust = "ask"
        self.cut_links()


def make(profile: Profile, folder: Path, mux: Mux, harnesses: dict[str, dict[str, Any]], bundle: str) -> Phone:
    """Return a phone that is paired, has the developer image mounted and the harness app installed; not yet plugged in."""
    folder.mkdir(parents=True)
    phone = Phone(profile, folder, mux, harnesses, Keys(folder))
    phone.media.mkdir()
    phone.crashes.mkdir()
    mux.records[profile.udid] = host_record(phone.keys, mux.buid, profile.wifi_address)
    phone.add_app(app_info(bundle, harnesses), provisioning(bundle, datetime.now(UTC) + timedelta(days=300)))
    return phone


def app_info(bundle: str, harnesses: dict[str, dict[str, Any]], protocol: int = 1) -> dict[str, Any]:
    """Return the Info.plist of the harness app."""
    return {
        "CFBundleIdentifier": bundle,
        "CFBundleExecutable": "FarmHarness",
        "CFBundleName": "FarmHarness",
        "CFBundleVersion": "1",
        "CFBundleShortVersionString": "1.0",
        "UIFileSharingEnabled": True,
        "FarmProtocol": protocol,
        "FarmRuntimes": {
            runtime: {"version": harness["version"], "source_hash": harness["source_hash"]} for runtime, harness in harnesses.items()
        },
    }


def provisioning(bundle: str, until: datetime) -> bytes:
    """Return a provisioning profile: the property list stands in clear in a signed message, of which only its place is played here."""
    content = {
        "Name": "bench",
        "UUID": str(uuid.uuid4()).upper(),
        "ExpirationDate": until.replace(tzinfo=None),
        "Entitlements": {"application-identifier": f"BENCHTEAM1.{bundle}", "get-task-allow": True},
    }
    return b"0\x82\x10\x00\x06\x09" + plistlib.dumps(content) + b"\xa0\x82"
