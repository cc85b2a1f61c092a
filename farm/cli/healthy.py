"""Looking at devices before work: all at once, one's fault is its own; what came of it is stored, and ladders are climbed."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from farm import __version__, leases, readiness, recovery
from farm.cli import host, standings
from farm.cli.board import Hold, holds_of
from farm.cli.calibrated import canaries
from farm.cli.context import Context, command_line, now_utc, say
from farm.cli.holding import held, kin
from farm.cli.standings import Standings, Stood
from farm.devices import Transport, connect
from farm.errors import DeviceBusy, DeviceNotReady, FarmError, HostExhausted, MeasureError
from farm.health import (
    BLOCKING,
    NEW,
    Check,
    Health,
    Known,
    Seen,
    Standing,
    Step,
    Tried,
    after,
    next_rung,
    of_seen,
    unreached,
)
from farm.health.checks import Name, os_change
from farm.workloads import Device, DeviceKind, Identity, new_id

_STORE_DEADLINE_S = 120.0
"""Longer than anybody should hold the database: what a look came to is not to be lost to a query."""


@dataclass(frozen=True, slots=True)
class Night:
    """The night that looks are of: it counts one failure of a device, however often its controller is started again."""

    began_at: datetime
    again: str
    """What a person does when this host has room again."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a look at one device came to."""

    device: Device
    checks: tuple[Check, ...]
    """Empty: it was not looked at, as somebody holds it, or it is retired."""
    standing: Standing
    steps: tuple[Step, ...] = ()
    """What was tried because it did not answer."""
    held_by: str | None = None
    device_id: str | None = None
    """None: it has never answered."""
    exhausted: HostExhausted | None = None
    """Of this machine: its disk or its memory is full. That says nothing of it as a device, and nothing could be measured from it."""

    @property
    def health(self) -> Health:
        """Its health after the look."""
        return self.standing.health

    @property
    def reason(self) -> str:
        """Why it is not good, or why it is again; "" when there is nothing to say."""
        return self.standing.reason

    @property
    def failing(self) -> tuple[Check, ...]:
        """The checks that failed."""
        return tuple(check for check in self.checks if check.ok is False)

    @property
    def takes_part(self) -> bool:
        """Whether it is to be measured on now: its health allows it, and nothing that failed makes measuring pointless."""
        return self.health.takes_part and not any(check.name in BLOCKING for check in self.failing)

    @property
    def wants_canary(self) -> bool:
        """Whether it takes no part, and nothing but its canary is in its way: only another canary can bring it back."""
        return not self.takes_part and [check.name for check in self.failing] == [Name.CANARY]

    @property
    def os_change(self) -> tuple[str, str] | None:
        """The OS build that it had before and the one that it has now, where that is another one."""
        return os_change(self.checks)

    @property
    def why_not(self) -> str:
        """Why it does not take part, in one sentence; "" when it does."""
        if not self.health.takes_part:
            return f"it is {self.health}: {self.reason}"
        return "" if self.takes_part else "; ".join(check.sentence for check in self.failing if check.name in BLOCKING)


@dataclass(frozen=True, slots=True)
class _Look:
    """What one look at a device came to, before it is judged."""

    identity: Identity | None = None
    seen: Seen | None = None
    error: FarmError | None = None
    held_by: str | None = None
    exhausted: HostExhausted | None = None


@dataclass(frozen=True, slots=True)
class _Sung:
    """What the newest session of the fixed artifact came to, and when it was measured (UTC, naive)."""

    state: str
    text: str
    measured_at: datetime


def check(
    context: Context,
    devices: Sequence[Device],
    *,
    canary: bool = False,
    wheel: Path | None = None,
    night: Night | None = None,
    connect: Callable[[Device, Path], Transport] = connect,
    now_utc: Callable[[], datetime] = now_utc,
) -> list[Checked]:
    """Look at all devices at once, try to bring back those that do not answer, store what came of it, and return it in their order.

    canary: the fixed artifact is measured, too, on each device that can be measured on. night: the one that these are looks of. Raises
    StoreBusy when the database stays held by another process for two minutes.
    """
    context.writable_data()
    known = (
        standings.read(context, _STORE_DEADLINE_S, None if night is None else night.began_at) if context.database.exists() else Standings()
    )
    looking = _Looking(context, known, _holds(context), connect, now_utc, night.again if night else "look again")
    found: dict[str, Checked] = {}

    def kept(checked: Checked, look: _Look) -> None:
        _store(context, checked, look, known.of(checked.device.name, checked.device_id), now_utc())
        found[checked.device.name] = checked

    with kin(context):
        looks = looking.all(devices)
    usable = [device for device in devices if looks[device.name].seen is not None]
    if canary and usable:
        from farm.cli.canary import sing

        sing(context, usable, wheel)
    told = _canaries(context)
    for device in devices:
        look = looks[device.name]
        if next_rung(device, looking.checks(device, look, told), ()) is None or looking.is_retired(device, look):
            kept(looking.judged(device, look, told, ()), look)
    climbing = [device for device in devices if device.name not in found]
    with kin(context):
        for device, (look, steps) in looking.climbed({device.name: (device, looks[device.name]) for device in climbing}):
            kept(looking.judged(device, look, told, steps), look)
    return [found[device.name] for device in devices]


@dataclass(slots=True)
class _Looking:
    """What the looks of one call share."""

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

    def all(self, devices: Sequence[Device]) -> dict[str, _Look]:
        """Return a look at each device, by its name."""
        with self._threads(len(devices)) as threads:
            looks = {device.name: threads.submit(self._look, device) for device in devices}
            return {name: look.result() for name, look in looks.items()}

    def climbed(self, looks: dict[str, tuple[Device, _Look]]) -> Iterator[tuple[Device, tuple[_Look, tuple[Step, ...]]]]:
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
                for transport in self.transports.values():
                    transport.interrupt()
                raise

    def is_retired(self, device: Device, look: _Look) -> bool:
        """Whether a person has taken this very device out."""
        return self._stood(device, look).standing.health is Health.RETIRED

    def _stood(self, device: Device, look: _Look) -> Stood:
        return self.known.of(device.name, look.identity.id if look.identity else None)

    def checks(self, device: Device, look: _Look, canary: Mapping[str, _Sung]) -> tuple[Check, ...]:
        """Return what the look's readings come to."""
        if look.seen is not None:
            stood, sung = self._stood(device, look), canary.get(device.name)
            before = stood.os_build or self.known.os_builds.get(look.seen.identity.id)
            is_new = sung is None or stood.checked_at is None or sung.measured_at > stood.checked_at
            return of_seen(device, look.seen, Known(before, None if sung is None else (sung.state, sung.text), is_new))
        return unreached(look.error) if look.error is not None else ()

    def judged(self, device: Device, look: _Look, canary: Mapping[str, _Sung], steps: tuple[Step, ...]) -> Checked:
        """Return what a look came to, and where the device stands after it."""
        stood = self._stood(device, look)
        before = stood.standing
        device_id = look.identity.id if look.identity else self.known.ids.get(device.name)
        checks = () if before.health is Health.RETIRED else self.checks(device, look, canary)
        standing = before if look.exhausted else after(before, checks, device.health.quarantine_after, stood.night)
        return Checked(device, checks, standing, steps, look.held_by, device_id, look.exhausted)

    def _look(self, device: Device) -> _Look:
        """Look at a device that is held meanwhile, and held steady as for a pass."""
        identity: Identity | None = None
        if (hold := next((one for one in self.holds if one.is_on(device.name, device.place)), None)) is not None:
            return _Look(held_by=hold.words)
        try:
            transport = self._transport(device)
            transport.preflight()
            identity = transport.identify()
            if self.is_retired(device, _Look(identity)):
                return _Look(identity)
            with held(device, transport, identity.id):
                transport.restore()
                transport.prepare(device.conditions)
                try:
                    seen = readiness.seen(transport, identity, self.now_utc, is_held=True)
                finally:
                    _put_back(transport, device)
        except DeviceBusy as error:
            return _Look(identity, held_by=error.message)
        except FarmError as error:
            return _Look(identity, error=error, exhausted=self._exhausted(device))
        return _Look(identity, seen, exhausted=self._exhausted(device))

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

    def _climb(self, device: Device, look: _Look) -> tuple[_Look, tuple[Step, ...]]:
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
        guard = recovery.Guard(lambda: _held_if_it_can(device, transport, device_id), lambda: self._beside(device), told)
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
    from farm.cli.context import owner
    from farm.devices import Holder

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


def _holds(context: Context) -> tuple[Hold, ...]:
    """Return which devices people hold back."""
    return holds_of(context.store(_STORE_DEADLINE_S).query("held_devices").to_dicts()) if context.database.exists() else ()


def _canaries(context: Context) -> dict[str, _Sung]:
    """Return what is stored of the canary's newest session on each device, by its name."""
    told = (canaries(context) if context.database.exists() else None) or {}
    if not told:
        return {}
    rows = context.store(_STORE_DEADLINE_S).query("canary_states").iter_rows(named=True)
    return {row["device"]: _Sung(*told[row["device"]], row["measured_at"]) for row in rows if row["device"] in told}


def _put_back(transport: Transport, device: Device) -> None:
    try:
        transport.restore()
    except MeasureError as error:
        say(f"{device.name} could not be put back: {error.message}; the next session does it")


def _store(context: Context, checked: Checked, look: _Look, before: Stood, now: datetime) -> None:
    """Put a look into the database; nothing was looked at of a device that is held or retired."""
    if not checked.checks:
        return
    identity = look.identity
    row = look_row(checked.device, checked.device_id, before, checked.standing, "checks", now)
    row |= {"os_build": identity and identity.os_build, "soc": identity and identity.soc}
    checks: list[dict[str, Any]] = [
        {
            "look_id": row["id"],
            "number": number,
            "name": one.name,
            "ok": one.ok,
            "reading": one.reading,
            "limit_text": one.limit,
            "sentence": one.sentence,
        }
        for number, one in enumerate(checked.checks, start=1)
    ]
    steps: list[dict[str, Any]] = [
        {
            "look_id": row["id"],
            "number": number,
            "rung": step.rung,
            "tried": step.tried,
            "sentence": step.sentence,
            "seconds": step.seconds,
            "output": step.output,
        }
        for number, step in enumerate(checked.steps, start=1)
    ]
    context.store(_STORE_DEADLINE_S).add({"health_looks": [row], "health_checks": checks, "recovery_steps": steps})


def look_row(device: Device, device_id: str | None, before: Stood, standing: Standing, kind: str, now: datetime) -> dict[str, Any]:
    """Return the row of a look at a device, or of what a person said of it (kind)."""
    at = now.replace(tzinfo=None)
    stays = before.since is not None and standing.health is before.standing.health
    return {
        "id": new_id(now),
        "looked_at": at,
        "device_id": device_id,
        "device_name": device.name,
        "kind": kind,
        "health_before": before.standing.health if before.since is not None else NEW.health,
        "health": standing.health,
        "since": before.since if stays else at,
        "reason": standing.reason,
        "failed": standing.failed,
        "passed": standing.passed,
        "os_build": None,
        "soc": None,
        "farm_version": __version__,
        "command": command_line(),
    }
