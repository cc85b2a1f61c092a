"""Looking at devices before work: what each look comes to is judged, told and stored; one device's fault is its own."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from farm import __version__
from farm.cli import standings
from farm.cli.board import Hold, holds_of
from farm.cli.calibrated import canaries
from farm.cli.context import Context, command_line, now_utc
from farm.cli.holding import kin
from farm.cli.looking import Look, Looking, stood
from farm.cli.standings import Standings, Stood
from farm.devices import Transport, connect
from farm.errors import HostExhausted
from farm.health import BLOCKING, NEW, Check, Health, Known, Standing, Step, after, next_rung, of_seen, unreached
from farm.health.checks import Name, os_change
from farm.workloads import Device, new_id

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
    looking = Looking(context, known, _holds(context), connect, now_utc, night.again if night else "look again")
    with kin(context):
        looks = looking.all(devices)
    usable = [device for device in devices if looks[device.name].seen is not None]
    if canary and usable:
        from farm.cli.canary import sing

        sing(context, usable, wheel)
    judging, found = _Judging(known, _canaries(context)), dict[str, Checked]()

    def keep(device: Device, look: Look, steps: tuple[Step, ...] = ()) -> None:
        checked = judging.judged(device, look, steps)
        _store(context, checked, look, known.of(device.name, checked.device_id), now_utc())
        found[device.name] = checked

    for device in devices:
        look = looks[device.name]
        if next_rung(device, judging.checks(device, look), ()) is None or looking.is_retired(device, look):
            keep(device, look)
    with kin(context):
        climbing = {device.name: (device, looks[device.name]) for device in devices if device.name not in found}
        for device, (look, steps) in looking.climbed(climbing):
            keep(device, look, steps)
    return [found[device.name] for device in devices]


@dataclass(frozen=True, slots=True)
class _Judging:
    """What looks are judged by: what was known of the devices before, and what their newest canaries came to, by their names."""

    known: Standings
    canary: Mapping[str, _Sung]

    def checks(self, device: Device, look: Look) -> tuple[Check, ...]:
        """Return what the look's readings come to."""
        if look.seen is not None:
            before, sung = stood(self.known, device, look), self.canary.get(device.name)
            os_build = before.os_build or self.known.os_builds.get(look.seen.identity.id)
            is_new = sung is None or before.checked_at is None or sung.measured_at > before.checked_at
            return of_seen(device, look.seen, Known(os_build, None if sung is None else (sung.state, sung.text), is_new))
        return unreached(look.error) if look.error is not None else ()

    def judged(self, device: Device, look: Look, steps: tuple[Step, ...] = ()) -> Checked:
        """Return what a look came to, and where the device stands after it."""
        before = stood(self.known, device, look)
        device_id = look.identity.id if look.identity else self.known.ids.get(device.name)
        checks = () if before.standing.health is Health.RETIRED else self.checks(device, look)
        standing = before.standing if look.exhausted else after(before.standing, checks, device.health.quarantine_after, before.night)
        return Checked(device, checks, standing, steps, look.held_by, device_id, look.exhausted)


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


def _store(context: Context, checked: Checked, look: Look, before: Stood, now: datetime) -> None:
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
