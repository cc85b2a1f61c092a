"""An Android device as a Transport. A link that drops is waited for; what runs on the device goes on meanwhile."""

import io
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from farm.devices import files
from farm.devices.android import run, state, steady
from farm.devices.android.adb import Adb
from farm.devices.android.box import Box
from farm.devices.android.link import Link, is_over_radio
from farm.devices.lease import Lease
from farm.devices.readers import clock
from farm.devices.readers.reading import Reading
from farm.devices.transport import Collected, Handle, Holder, Status, Watch
from farm.errors import DeviceLost, DeviceNotReady, MeasureError
from farm.workloads import BOX_FULL, Conditions, Device, HarnessBuild, Identity, StateReading, run_folder

log = logging.getLogger(__name__)

T = TypeVar("T")

_RECONNECT_S = 120.0
_RETRY_S = 1.0
_ANSWER_S = 20.0
_STOP_S = 20.0
_STILL_THERE_S = 1.0
_PASSING = frozenset({"no_adb_server", "not_authorised"})
"""What a device that was reached before is waited out in: a server that restarts, a phone that a cable has just been put into again."""
_CACHE_BYTES = 4_000_000_000
_BOOT = "cat /proc/sys/kernel/random/boot_id; getprop sys.boot_completed"


@dataclass(slots=True)
class AndroidTransport:
    """One Android device through an adb server; its box is a folder under /data/local/tmp."""

    device: Device
    reconnect_s: float = _RECONNECT_S
    """How long a device that went away is waited for."""
    stop_s: float = _STOP_S
    """How long a harness that is killed may take to be gone."""
    link: Link = field(init=False)
    lease: Lease = field(init=False)
    _harness: HarnessBuild | None = None
    _answers_yet: bool | None = None
    """Whether it still answered when the controller was to be stopped; None: it is not to be stopped, or has not been asked."""
    _held: tuple[Reading, ...] = ()
    """How the settings read that prepare() holds steady."""

    def __post_init__(self) -> None:
        self.link = Link(self.device)
        self.lease = Lease(self.device.name)

    def identify(self) -> Identity:
        """Return who the device is, by its properties: the same over reboots, cables and names in files."""
        return self._patiently(lambda box: state.identity(box.adb))

    def preflight(self) -> None:
        """Find the device on its adb server and make its box. Raises DeviceNotReady with the remedy."""
        self._patiently(lambda box: box.make(), wait_s=0)

    def claim(self, holder: Holder) -> None:
        """Take the device by a lease in its box; every later call renews it, and it ends by itself when none comes."""
        self.lease.take(holder)
        self._patiently(lambda box: None, wait_s=0)

    def release(self) -> None:
        """Give the lease up; on a device that is gone, it ends by itself."""
        holder = self.lease.give_up()
        if holder is not None:
            try:
                self._patiently(lambda box: box.release(holder.host), wait_s=0, is_spared=True)
            except MeasureError as error:
                log.info("%s: its lease ends by itself: %s", self.device.name, error.message)

    def holder(self) -> Holder | None:
        """Return who has the lease in the phone's box, while it lasts."""
        return self._patiently(lambda box: box.leased())

    def adb(self) -> Adb:
        """Return the connection to the device itself, for what is no measurement."""
        return self._patiently(lambda box: box.adb, wait_s=0)

    def own_harness(self, runtime: str) -> HarnessBuild | None:
        """Return None: a phone runs what was built for it."""
        return None

    def install(self, harness: HarnessBuild) -> None:
        """Put the harness into the box, file by file; what is there already is only checked, once in a session."""
        if harness == self._harness:
            return
        sent = self._patiently(lambda box: box.push_all(harness.folder, harness.files, run.harness_folder(harness)))
        log.info("%s: harness %s, %d bytes sent", self.device.name, harness.source_hash[:12], sent)
        self._harness = harness

    def push(self, file: Path, name: str, on_bytes: Callable[[int, int], None] | None = None, *, sha256: str | None = None) -> int:
        """Put file into the box under name, verified on the device; return the bytes sent (0 when it was there)."""
        wanted = sha256 or files.sha256(file)

        def pushed(box: Box) -> int:
            with self.lease.renewing(box.claim):
                return box.push(file, name, wanted, on_bytes=on_bytes)

        return self._patiently(pushed)

    def start(self, arguments: Sequence[str], nonce: str, watch: Watch | None = None) -> Handle:
        """Start the harness in a session of its own, and what notes beside it. A link that breaks meanwhile: taken up if it had begun."""
        assert self._harness is not None, "install() comes before start()"
        program = [*run.command(self._harness), *arguments]
        log.debug("%s: start %s", self.device.name, program)
        return self._patiently(lambda box: run.begin(box, nonce, program, watch))

    def poll(self, handle: Handle) -> Status:
        """Return where the harness is. Raises DeviceLost when the device restarted since it began."""
        return self._patiently(lambda box: run.status(box, handle))

    def wait(self, handle: Handle, timeout_s: float) -> Status:
        """Return where the harness is when it has ended, or after timeout_s: one command that sleeps on a lock of the launcher's."""
        interruption = self.link.interruption
        if interruption.is_set:
            return Status.RUNNING
        try:
            self._patiently(lambda box: box.call("wait", [run_folder(handle.nonce), f"{timeout_s:.3f}"], timeout_s + _ANSWER_S))
        except KeyboardInterrupt:
            return Status.RUNNING
        return Status.RUNNING if interruption.is_set else self.poll(handle)

    def interrupt(self) -> None:
        """Have what goes on end at once, by closing its connection, and a device that is away or slow not be waited for."""
        self.link.interruption.set()

    def collect(self, handle: Handle) -> Collected:
        """Return the result (or what there is of it), the end of the log and the exit code."""
        return self._patiently(lambda box: run.collected(box, handle.nonce))

    def stop(self, handle: Handle) -> None:
        """Kill the launcher's process group, when it is still the one that was started. Raises DeviceNotReady when it outlives that."""
        self._patiently(lambda box: run.end(box, handle, self.stop_s), is_spared=True)

    def pull(self, name: str, file: Path) -> bool:
        """Copy the box's file called name to file."""

        def pulled(box: Box) -> bytes | None:
            content = io.BytesIO()  # of this try alone: what a broken one left is not to be gone on with
            return content.getvalue() if box.pull(name, content, run.RESULT_BYTES) else None

        found = self._patiently(pulled)
        if found is not None:
            file.write_bytes(found)
        return found is not None

    def vitals(self, phase: str) -> tuple[StateReading, ...]:
        """Return the device's state now; what it does not allow comes with the reason."""
        return (*self._patiently(lambda box: state.vitals(box.adb, phase)), *(reading.at(phase) for reading in self._held))

    def clock(self, now_utc: Callable[[], datetime]) -> tuple[StateReading, ...]:
        """Return how far the device's clock is from this host's, and how sure that is: half of the quickest of some round trips."""
        return tuple(reading.at("before") for reading in self._patiently(lambda box: clock.offset(box.adb.rounds(now_utc))))

    def power_texts(self) -> Mapping[str, str]:
        """Return what its battery's files, its battery service and its power rails say."""
        return self._patiently(lambda box: state.power_texts(box.adb))

    def prepare(self, conditions: Conditions) -> None:
        """Hold steady what can be: screen, radios, performance mode, background compilation. Charging is recorded, not changed."""
        self._held = self._patiently(lambda box: steady.hold(box, self._steady(box, conditions)))

    def settings(self) -> tuple[StateReading, ...]:
        """Return how what prepare() holds reads now."""
        things = self._patiently(lambda box: steady.looked_at(box, self._steady(box, self.device.conditions)))
        return tuple(reading.at("before") for reading in things)

    def _steady(self, box: Box, conditions: Conditions) -> tuple[steady.Steady, ...]:
        needs_radio = is_over_radio(box.adb.serial) or self.device.wireless is not None  # its cable may be pulled meanwhile
        return steady.wanted(conditions, link_needs_radio=needs_radio)

    def restore(self) -> None:
        """End what a killed controller left running, remove its run folders, and put settings back, whoever changed them."""

        def cleaned(box: Box) -> None:
            for nonce in box.call("left").out.split():
                begun = run.begun(box, nonce)
                if begun is not None:
                    run.end(box, begun, self.stop_s)
                box.call("remove", [run_folder(nonce)])
            steady.put_back(box)
            box.shrink(_CACHE_BYTES)

        self._patiently(cleaned, is_spared=True)
        self._held = ()

    def clean(self, handle: Handle) -> None:
        """Remove the run folder."""
        self._patiently(lambda box: box.call("remove", [run_folder(handle.nonce)]), is_spared=True)

    def room_bytes(self) -> int:
        """Return the free bytes of the file system that the box is on."""
        return self._patiently(lambda box: box.free_bytes())

    def reconnect(self) -> str:
        """Have the adb server connect anew, over the network or to what hangs on a cable of its own and is offline."""
        return self.link.reconnect()

    def restart(self, timeout_s: float) -> None:
        """Restart the phone; it is back when its framework says that it has started. Raises KeyboardInterrupt when interrupted."""
        began_s, away = time.monotonic(), ""
        before = self._patiently(lambda box: box.adb.shell(_BOOT).out.split()[:1], wait_s=0)
        with suppress(DeviceLost):  # the link ends with it, or the phone answers first
            self._patiently(lambda box: box.adb.shell("reboot"), wait_s=0)
        while time.monotonic() - began_s < timeout_s:
            self.link.interruption.wait(_RETRY_S)
            if self.link.interruption.is_set:
                raise KeyboardInterrupt
            try:
                said = self._patiently(lambda box: box.adb.shell(_BOOT).out.split(), wait_s=0)
            except (DeviceLost, DeviceNotReady) as error:
                away = error.message
                self.link.try_again(and_offline=True)
                continue
            if said[:1] != before and said[1:2] == ["1"]:
                self._patiently(lambda box: box.make())
                return
            away = "it has not restarted" if said[:1] == before else "it has not started to its end"
        raise DeviceLost(f"{self.device.name} was not back {timeout_s:g} s after it was restarted: {away}", error_class="not_back")

    def shrink(self, keep_bytes: int) -> int:
        """Remove the pushed files, a harness's among them, that were used longest ago until keep_bytes are left."""
        self._harness = None  # to be looked at anew: what is missing of it is pushed again
        return self._patiently(lambda box: box.shrink(keep_bytes))

    def diagnose(self, handle: Handle) -> str:
        """Return whether the box's file system is full: neither result nor log nor exit code can be written then."""
        return BOX_FULL if self._patiently(lambda box: box.free_bytes()) < 64 * 1024 else ""

    def _patiently(self, work: Callable[[Box], T], wait_s: float | None = None, *, is_spared: bool = False) -> T:
        """Do work on the box; when the link is lost, have it connected again and do the work anew until the wait is over.

        Everything that is done with a box can be done twice. What goes on when the controller is to be stopped ends with
        KeyboardInterrupt, unless it is spared; what is asked after that is done by a device that answers at once, and by no other.
        """
        deadline_s = time.monotonic() + (self.reconnect_s if wait_s is None else wait_s)
        interruption = self.link.interruption
        is_last = interruption.is_set
        while True:
            try:
                box = self.link.box()
                if is_last:
                    self._see_whether_it_answers(box)
                self.lease.renew(box.claim)
                with interruption.sparing() if is_spared else nullcontext():
                    return work(box)
            except (DeviceLost, DeviceNotReady) as error:
                if error.error_class == "rebooted":
                    raise
                if interruption.is_set and not is_last and not is_spared:
                    raise KeyboardInterrupt from error
                if not isinstance(error, DeviceLost) and (not self.link.was_reached or error.error_class not in _PASSING):
                    raise
                if interruption.is_set or time.monotonic() > deadline_s:
                    raise DeviceLost(f"{self.device.name} is gone: {error.message}", error_class=error.error_class) from error
                log.info("%s: %s; trying again", self.device.name, error.message)
                self.link.try_again()
                interruption.wait(_RETRY_S)

    def _see_whether_it_answers(self, box: Box) -> None:
        """Raise DeviceLost when a device that is to be left does not answer at once: asked only once, as that takes its time."""
        if self._answers_yet is None:
            self._answers_yet = False
            box.adb.shell(":", timeout_s=_STILL_THERE_S)
            self._answers_yet = True
        if not self._answers_yet:
            raise DeviceLost(f"{self.device.name} does not answer at once", error_class="frozen")
