"""Going to devices to look at them: all at once, each held meanwhile; and climbing the ladders of those that do not answer."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from farm import leases, readiness, recovery
from farm.cli import host
from farm.cli.board import Hold
from farm.cli.context import Context, owner, say
from farm.cli.holding import held
from farm.cli.standings import Standings, Stood
from farm.devices import Holder, Transport
from farm.errors import DeviceBusy, DeviceNotReady, FarmError, HostExhausted, MeasureError
from farm.health import Health, Seen, Step, Tried
from farm.workloads import Device, DeviceKind, Identity


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at a device came to, before it is judged."""

    identity: Identity | None = None
    seen: Seen | None = None
    error: FarmError | None = None
    held_by: str | None = None
    exhausted: HostExhausted | None = None


def stood(known: Standings, device: Device, look: Look) -> Stood:
    """Return where a device stood before the look, by who it says it is, else by its name."""
    return known.of(device.name, look.identity.id if look.identity else None)


@dataclass(slots=True)
class Looking:
    """What the looks of one call share: each device is held meanwhile, and what is wrong with one is its own."""

    context: Context
    known: Standings
    holds: tuple[Hold, ...]
    """Of people: what they hold back is theirs, and not looked at."""
    connect: Callable[[Device, Path], Transport]
    now_utc: Callable[[], datetime]
    again: str
    """What a person does when this host has room again."""
    transports: dict[str, Transport] = field(default_factory=dict)
    servers: dict[str, threading.Lock] = field(default_factory=dict)
    """One for each adb server that is farm's own: two ladders that end it would take it from each other."""
    started: dict[str, str] = field(default_factory=dict)
    """Which of them were started anew in this call, and for which device."""
    stop: threading.Event = field(default_factory=threading.Event)
    """Set by an interrupt: no ladder is climbed further."""

    def all(self, devices: Sequence[Device]) -> dict[str, Look]:
        """Return a look at each device, by its name."""
        with self._threads(len(devices)) as threads:
            looks = {device.name: threads.submit(self._look, device) for device in devices}
            return {name: look.result() for name, look in looks.items()}

    def climbed(self, looks: dict[str, tuple[Device, Look]]) -> Iterator[tuple[Device, tuple[Look, tuple[Step, ...]]]]:
        """Climb the ladders of devices that do not answer, all at once; yield each when it is over, with its last look."""
        with self._threads(len(looks)) as threads:
            climbing = {threads.submit(self._climb, device, look): device for device, look in looks.values()}
            for future in as_completed(climbing):
                yield climbing[future], future.result()

    @contextmanager
    def _threads(self, count: int) -> Iterator[ThreadPoolExecutor]:
        with ThreadPoolExecutor(max(1, count)) as threads:
            try:
                yield threads
            except KeyboardInterrupt:
                self.stop.set()
                for transport in list(self.transports.values()):
                    transport.interrupt()
                raise

    def is_retired(self, device: Device, look: Look) -> bool:
        """Whether a person has taken this very device out."""
        return stood(self.known, device, look).standing.health is Health.RETIRED

    def _look(self, device: Device) -> Look:
        """Look at a device that is held meanwhile, and held steady as for a pass."""
        identity: Identity | None = None
        if (hold := next((one for one in self.holds if one.is_on(device.name, device.place)), None)) is not None:
            return Look(held_by=hold.words)
        try:
            transport = self._transport(device)
            transport.preflight()
            identity = transport.identify()
            if self.is_retired(device, Look(identity)):
                return Look(identity)
            with held(device, transport, identity.id):
                transport.restore()
                transport.prepare(device.conditions)
                try:
                    seen = readiness.seen(transport, identity, self.now_utc, is_held=True)
                finally:
                    _put_back(transport, device)
        except DeviceBusy as error:
            return Look(identity, held_by=error.message)
        except FarmError as error:
            return Look(identity, error=error, exhausted=self._exhausted(device))
        return Look(identity, seen, exhausted=self._exhausted(device))

    def _exhausted(self, device: Device) -> HostExhausted | None:
        """Return that this machine is out of room or memory, where it is the device; the room is that which its health asks for."""
        if device.kind is DeviceKind.LOCAL:
            try:
                host.check(self.context.data, self.again, device.health.min_free_bytes)
            except HostExhausted as error:
                return error
        return None

    def _transport(self, device: Device) -> Transport:
        if device.name not in self.transports:
            self.transports[device.name] = self.connect(device, self.context.data)
        return self.transports[device.name]

    def _climb(self, device: Device, look: Look) -> tuple[Look, tuple[Step, ...]]:
        """Climb a device's ladder, and look at it again when that has brought it back."""
        assert look.error is not None, "only a device that does not answer has something to climb for"
        transport = self._transport(device)

        def probe() -> FarmError | None:
            try:
                transport.preflight()
                transport.identify()
            except FarmError as error:
                return error
            return None

        def told(step: Step) -> None:
            say(f"{device.name}: {step.rung}: {step.sentence} ({step.tried.replace('_', ' ')}, {step.seconds:.0f} s)")

        device_id = look.identity.id if look.identity else self.known.ids.get(device.name)
        guard = recovery.Guard(lambda: _held_if_it_can(device, transport, device_id), lambda: self._beside(device), told, self.stop)
        with self._server(device):
            steps, error = recovery.climb(device, transport, look.error, probe, guard)
            if any(step.rung == "adb_server" and step.tried in (Tried.HELPED, Tried.NO_USE) for step in steps):
                self.started[device.adb or ""] = device.name
        again = replace(look, error=error) if error is not None else self._look(device)
        return again, tuple(steps)

    @contextmanager
    def _server(self, device: Device) -> Iterator[None]:
        if not device.owns_adb_server:
            yield
            return
        with self.servers.setdefault(device.adb or "", threading.Lock()):
            yield

    def _beside(self, device: Device) -> str | None:
        """Return why the adb server of a device must be left alone: another device of it is held, or it has just been started anew."""
        if (other := self.started.get(device.adb or "")) is not None:
            return f"its adb server has just been started anew, for {other}"
        for one in self.context.lab().devices.values():
            if one.kind is not DeviceKind.ANDROID or one.adb != device.adb or (device_id := self.known.ids.get(one.name)) is None:
                continue
            if (holder := leases.holder(device_id, leases.runtime_folder())) is not None:
                return f"{one.name} hangs on the same adb server and is held by {holder}"
        return None


@contextmanager
def _held_if_it_can(device: Device, transport: Transport, device_id: str | None) -> Iterator[None]:
    """Hold a device that need not answer. Raises DeviceBusy when somebody holds it, DeviceNotReady when nobody knows which one it is."""
    if device_id is None:
        raise DeviceNotReady(
            f"{device.name} has never answered here, so nobody knows whether another controller holds it", error_class="not_known"
        )
    holder = owner()
    with leases.hold(device_id, device.name, holder, leases.runtime_folder()):
        try:
            transport.claim(Holder(leases.host_mark(), holder.words))
        except MeasureError:  # it does not answer: whoever holds it from another host has lost it, too
            transport.release()
        try:
            yield
        finally:
            with suppress(MeasureError):
                transport.release()


def _put_back(transport: Transport, device: Device) -> None:
    try:
        transport.restore()
    except MeasureError as error:
        say(f"{device.name} could not be put back: {error.message}; the next session does it")
