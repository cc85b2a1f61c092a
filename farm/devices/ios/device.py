"""An iPhone as a Transport: the box is the harness app's Documents, and what runs is the harness app.

Finished means that the process is gone and has left its exit code, or the phone a report of its end. A link that drops is waited for;
what runs on the phone goes on meanwhile.
"""

import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import InitVar, dataclass, field
from datetime import datetime
from pathlib import Path

from farm.devices import files
from farm.devices.ios import app, ready, run, state
from farm.devices.ios.client import Address, Worker
from farm.devices.ios.link import Link
from farm.devices.ios.phone import Phone
from farm.devices.lease import Lease
from farm.devices.readers.clock import offset
from farm.devices.readers.watched import FOOTPRINT
from farm.devices.transport import WATCHED, Collected, Handle, Holder, Status, Watch
from farm.errors import DeviceLost, DeviceNotReady, MeasureError
from farm.workloads import Conditions, Device, HarnessBuild, Identity, StateReading, run_folder

log = logging.getLogger(__name__)

_RECONNECT_S = 120.0
_ANSWER_S = 30.0
_DEVELOPER_S = 60.0
_CACHE_BYTES = 4_000_000_000
_FULL_BYTES = 1_000_000
_REPORT_S = 6.0
"""How long a report of a crash is waited for: iOS writes it a moment after the end."""


@dataclass(slots=True)
class IosTransport:
    """One iPhone on a usbmuxd; its box is the Documents of the harness app."""

    device: Device
    reconnect_s: InitVar[float] = _RECONNECT_S
    """How long a phone that went away is waited for."""
    answer_s: float = _ANSWER_S
    """How long the worker may take for a request that is not known to take longer."""
    developer_s: float = _DEVELOPER_S
    """The same for developer services: a tunnel may have to be made first."""
    report_s: float = _REPORT_S
    phone: Phone = field(init=False)
    lease: Lease = field(init=False)
    link: Link = field(init=False)
    _app: app.Installed | None = None
    _runtime: str | None = None
    _is_watched: bool = False
    """Whether the worker notes something beside a run."""
    _boot_id: str | None = None
    """Of the start that the phone was made ready in."""

    def __post_init__(self, reconnect_s: float) -> None:
        assert self.device.udid is not None, "devices.toml states an iPhone's udid"
        bundle = self.device.bundle or app.BUNDLE
        self.phone = Phone(Worker(Address(self.device.udid, self.device.usbmux, bundle), self.device.name), self.answer_s, self.developer_s)
        self.lease = Lease(self.device.name)
        self.link = Link(self.phone, self.lease, reconnect_s)

    @property
    def bundle(self) -> str:
        """The harness app's identifier."""
        return self.phone.worker.address.bundle

    def identify(self) -> Identity:
        """Return who the phone is, by what lockdownd says, and the system monitor the first time: it disturbs what another measures."""

        def identified() -> Identity:
            known = self.phone.tail(app.MACHINE)
            if known is None:
                known = json.dumps(state.machine(self.phone.monitor()))
                self.phone.write(app.MACHINE, known)
            return state.identity(self.phone.values(), json.loads(known))

        return self.link.patiently(identified)

    def preflight(self) -> None:
        """Find the phone and make it ready as far as a host can. Raises DeviceNotReady with the remedy."""
        self.link.patiently(self._ready, wait_s=0)

    def _ready(self) -> None:
        self._app, self._boot_id = ready.make_ready(self.phone, self.device, is_ours=self.lease.holder is not None)

    def claim(self, holder: Holder) -> None:
        """Take the phone by a lease in its box; every later call renews it, and it ends by itself when none comes."""
        self.lease.take(holder)
        self.link.patiently(lambda: None, wait_s=0)

    def release(self) -> None:
        """Give the lease up, and end the worker; on a phone that is gone, the lease ends by itself."""
        holder = self.lease.give_up()
        if holder is not None:
            try:
                self.phone.release(holder.host)
            except MeasureError as error:
                log.info("%s: its lease ends by itself: %s", self.device.name, error.message)
        self.phone.worker.close()

    def holder(self) -> Holder | None:
        """Return who has the lease in the phone's box."""
        return self.link.patiently(self.phone.leased)

    def own_harness(self, runtime: str) -> HarnessBuild:
        """Return the harness that the app is, for a runtime. Raises DeviceNotReady when the app does not have it."""
        return self._installed().harness(runtime, Path(self.bundle), self.device.name)

    def install(self, harness: HarnessBuild) -> None:
        """Have the app run the harness's runtime; the app itself is installed by preflight().

        A phone that restarted meanwhile is made ready anew: its developer image is not mounted any more.
        """
        if self.link.patiently(self.phone.boot_id) != self._boot_id:
            self.link.patiently(self._ready)
        self._runtime = self.own_harness(harness.runtime).runtime

    def push(self, file: Path, name: str, on_bytes: Callable[[int, int], None] | None = None, *, sha256: str | None = None) -> int:
        """Put file into the box under name, read back and compared; return the bytes sent (0 when it was there)."""
        wanted = files.sha256(file, sha256)
        return self.link.patiently(lambda: self.phone.push(file, name, wanted, on_bytes))

    def start(self, arguments: Sequence[str], nonce: str, watch: Watch | None = None) -> Handle:
        """Start the app on a run. A link that breaks meanwhile: taken up if it had begun, started anew if not.

        Its footprint is noted by the worker, as the system monitor tells it, and lost with the worker; a monitor that refuses costs no run.
        """
        if watch is not None and watch.what != (FOOTPRINT,):  # an iPhone has nothing beside its one app that could note anything else
            raise DeviceNotReady(f"{', '.join(watch.what)} cannot be watched on an iPhone", error_class="no_power_source")
        assert self._runtime is not None, "install() comes before start()"
        environment = {app.RUN: run_folder(nonce), app.RUNTIME: self._runtime}

        handle = self.link.patiently(lambda: run.begin(self.phone, nonce, arguments, environment))
        self._is_watched = watch is not None
        if watch is not None:
            try:
                self.link.patiently(lambda: self.phone.watch(handle.pid, watch.period_s))
            except DeviceNotReady as error:
                log.info("%s", error.message)
        return handle

    def poll(self, handle: Handle) -> Status:
        """Return where the harness is. Raises DeviceLost when the phone restarted since it began."""
        return self.link.patiently(lambda: run.status(self.phone, self._executable(), handle, self.report_s))

    def wait(self, handle: Handle, timeout_s: float) -> Status:
        """Return where the harness is when it has ended, or after timeout_s: the phone tells the end of what it was told to start."""

        def waited() -> Status:
            over = run.waited(self.phone, self._executable(), handle, timeout_s, self.link.interrupted)
            return run.status(self.phone, self._executable(), handle, self.report_s) if over else Status.RUNNING

        return self.link.patiently(waited)

    def interrupt(self) -> None:
        """Have wait() return at once, and a phone that is away not be waited for."""
        self.link.interrupted.set()

    def collect(self, handle: Handle) -> Collected:
        """Return the result (or what there is of it), the end of the log and the exit code.

        Raises HarnessFailed for a process that took too much memory.
        """

        def collected() -> Collected:
            if self._is_watched and (noted := self.phone.watched()):
                self.phone.write(f"{run_folder(handle.nonce)}/{WATCHED}", noted)
            return run.collected(self.phone, self._executable(), handle)

        return self.link.patiently(collected)

    def stop(self, handle: Handle) -> None:
        """End the app, when it is still the process that was started, and whatever is noted beside it."""

        def stopped() -> None:
            if self._is_watched:
                self.phone.watched()
            run.end(self.phone, self._executable(), handle)

        self.link.patiently(stopped)
        self._is_watched = False

    def pull(self, name: str, file: Path) -> bool:
        """Copy the box's file called name to file."""
        return self.link.patiently(lambda: self.phone.pull(name, file))

    def vitals(self, phase: str) -> tuple[StateReading, ...]:
        """Return the phone's state now: battery, what the app, started for this, says, and before a pass how busy the CPUs are.

        No run of farm's may be going on meanwhile.
        """

        def asked() -> tuple[StateReading, ...]:
            before = (state.busy(self.phone.monitor()),) if phase == "before" else ()
            found = (*before, *state.readings(self.phone.battery(), ready.probe(self.phone)))
            return tuple(reading.at(phase) for reading in found)

        return self.link.patiently(asked)

    def clock(self, now_utc: Callable[[], datetime]) -> tuple[StateReading, ...]:
        """Return how far the phone's clock is from this host's, and how sure that is: half of the quickest of some round trips."""
        return tuple(reading.at("before") for reading in offset(self.link.patiently(lambda: self.phone.rounds(now_utc))))

    def power_texts(self) -> Mapping[str, str]:
        """Return nothing: while a host can ask, the phone takes power from it, and its gauge tells the battery's net current."""
        return {}

    def prepare(self, conditions: Conditions) -> None:
        """See that the phone is there. Nothing can be set; what iOS says of screen and power modes gates the start."""
        self.link.patiently(self.phone.boot_id)

    def settings(self) -> tuple[StateReading, ...]:
        """Return nothing: nothing can be set."""
        return ()

    def restore(self) -> None:
        """End what a killed controller left running, and remove its run folders; nothing else is ever changed on an iPhone."""

        def cleaned() -> None:
            for nonce in self.phone.names("runs"):
                begun = run.begun(self.phone, nonce)
                if begun is not None:
                    self.stop(begun)
                self.phone.remove(run_folder(nonce))
            self.phone.remove(*(f"files/{name}" for name in self.phone.names("files") if name.startswith("partial-")))  # of broken pushes
            self.phone.shrink(_CACHE_BYTES)

        self.link.patiently(cleaned)

    def clean(self, handle: Handle) -> None:
        """Remove the run folder."""
        self.link.patiently(lambda: self.phone.remove(run_folder(handle.nonce)))

    def room_bytes(self) -> int:
        """Return the free bytes of the phone's file system."""
        return self.link.patiently(self.phone.room_bytes)

    def reconnect(self) -> str:
        """End the worker: the next request starts another, with connections and a tunnel of its own."""
        self.phone.worker.close()
        return "its worker was ended, and the next request starts another one with connections of its own"

    def restart(self, timeout_s: float) -> None:
        """Restart the phone, and make it ready again: its developer image is mounted anew where there is one.

        Raises KeyboardInterrupt when interrupted.
        """
        began_s, away = time.monotonic(), "it has not restarted"
        before = self.link.patiently(self.phone.boot_id, wait_s=0)
        with suppress(DeviceLost):
            self.phone.restart()
        while time.monotonic() - began_s < timeout_s:
            self.link.pause()
            if self.link.interrupted.is_set():
                raise KeyboardInterrupt
            self.phone.worker.close()
            try:
                if self.link.patiently(self.phone.boot_id, wait_s=0) != before:
                    self.link.patiently(self._ready, wait_s=0)
                    return
            except (DeviceLost, DeviceNotReady) as error:
                away = error.message
        raise DeviceLost(f"{self.device.name} was not back {timeout_s:g} s after it was restarted: {away}", error_class="not_back")

    def shrink(self, keep_bytes: int) -> int:
        """Remove the pushed files that were used longest ago until keep_bytes are left."""
        return self.link.patiently(lambda: self.phone.shrink(keep_bytes))

    def diagnose(self, handle: Handle) -> str:
        """Return what the phone's report of the end says, or that its disk is full."""
        if self.link.patiently(self.phone.room_bytes) < _FULL_BYTES:
            return "the phone has no room left"
        ended = self.link.patiently(lambda: run.reported(self.phone, self._executable(), handle, 0))
        return "" if ended is None else ended.words

    def _installed(self) -> app.Installed:
        """Return the harness app on the phone."""
        if self._app is None:
            info = self.phone.facts()["app"]
            if info is None:
                raise DeviceNotReady(f"{self.device.name} does not have the harness app {self.bundle}", error_class="no_app")
            self._app = app.Installed.of(info)
        return self._app

    def _executable(self) -> str:
        """Return the name of the app's process."""
        return self._installed().executable
