"""What is stored of devices' health: where each stands, and which of them take part in what is measured."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from farm.cli.context import Context, chosen_devices, naive, say
from farm.cooling import CoolDown
from farm.errors import DeviceUnavailable, FarmError, StoreBusy, StoreError
from farm.health import NEW, UNCOUNTED, Counted, Health, Standing, counted
from farm.workloads import Device

if TYPE_CHECKING:
    import polars as pl

    from farm.store import Store

_ASIDE_DEADLINE_S = 1.0


@dataclass(frozen=True, slots=True)
class Stood:
    """Where a device stands, since when, and when it was looked at last (UTC, naive; None: never)."""

    standing: Standing = NEW
    since: datetime | None = None
    checked_at: datetime | None = None
    os_build: str | None = None
    night: Counted = UNCOUNTED
    """What looks of the night that goes on have counted."""

    @property
    def text(self) -> str:
        """Its health with day and reason, for people."""
        if self.since is None:
            return "never looked at"
        words = f"{self.standing.health} since {self.since:%Y-%m-%d}"
        return f"{words}: {self.standing.reason}" if self.standing.reason else words


@dataclass(frozen=True, slots=True)
class Standings:
    """What is known of all devices. A device is known by its own identity; one that has never answered by its name."""

    by_id: Mapping[str, Stood] = field(default_factory=dict)
    by_name: Mapping[str, Stood] = field(default_factory=dict)
    """Of those that have never answered to that name."""
    ids: Mapping[str, str] = field(default_factory=dict)
    """Which device answered to each name last."""
    os_builds: Mapping[str, str] = field(default_factory=dict)
    """That each device, by its identity, had when it answered last."""

    def of(self, name: str, device_id: str | None = None) -> Stood:
        """Return where the device called name stands; device_id: that it says it is, where it has been asked."""
        known = device_id or self.ids.get(name)
        if known is not None and known in self.by_id:
            return self.by_id[known]
        told = self.by_name.get(name)
        if told is not None and (name not in self.ids or told.standing.health is Health.RETIRED):
            return told
        return Stood(os_build=self.os_builds.get(known or ""))


def read(context: Context, deadline_s: float = _ASIDE_DEADLINE_S, night: datetime | None = None) -> Standings:
    """Return what the database knows; night: when the night that goes on began (UTC). Raises StoreBusy and StoreError."""
    return of_store(context.store(deadline_s), night)


def of_store(store: "Store", night: datetime | None = None) -> Standings:
    """Return what an opened database knows."""
    return of_frames(store.queries(questions(night)))


def questions(night: datetime | None = None) -> dict[str, dict[str, object]]:
    """Return what is asked of the database, so that it can be asked together with other things."""
    since = None if night is None else naive(night)
    return {"health_standings": {}, "health_sightings": {}, "health_steps": {"since": since}}


def of_frames(frames: "Mapping[str, pl.DataFrame]") -> Standings:
    """Return what the answers say."""
    steps: defaultdict[str, list[tuple[Standing, Standing]]] = defaultdict(list)
    for row in frames["health_steps"].iter_rows(named=True):
        before = Standing(Health(row["health_before"]), "", row["failed_before"], row["passed_before"])
        steps[row["whose"]].append((before, Standing(Health(row["health"]), "", row["failed"], row["passed"])))
    by_id: dict[str, Stood] = {}
    by_name: dict[str, Stood] = {}
    for row in frames["health_standings"].iter_rows(named=True):
        stood = _stood(row, counted(steps[row["whose"]]))
        if row["device_id"] is None:
            by_name[row["device"]] = stood
        else:
            by_id[row["device_id"]] = stood
    seen = [row for row in frames["health_sightings"].iter_rows(named=True) if row["device_id"] is not None]
    return Standings(by_id, by_name, {row["device"]: row["device_id"] for row in seen}, {row["device_id"]: row["os_build"] for row in seen})


def _stood(row: Mapping[str, Any], night: Counted) -> Stood:
    standing = Standing(Health(row["health"]), row["reason"], row["failed"], row["passed"])
    return Stood(standing, row["since"], row["checked_at"], row["os_build"], night)


def read_aside(context: Context) -> Standings | None:
    """Return what the database knows, None (and say so) when it cannot be read now: that keeps nobody from measuring."""
    if not context.database.exists():
        return Standings()
    try:
        return read(context)
    except (StoreBusy, StoreError) as error:
        say(f"the devices' health is not known: {error.message}")
        return None


def taking_part(context: Context, devices: Sequence[Device], *, by_name: bool) -> list[Device]:
    """Return the devices that are to be measured on.

    Of those that came with a pool, or with a suite, the quarantined and retired ones are left out, with a line that says so; one that
    somebody names is measured with a warning: whoever names it wants to see for himself. Raises DeviceUnavailable when none is left.
    """
    standings = read_aside(context)
    if standings is None:
        return list(devices)
    out = {device.name: stood for device in devices if not (stood := standings.of(device.name)).standing.health.takes_part}
    for name, stood in out.items():
        say(f"{name} is {stood.text}; {'measured all the same, as it is named' if by_name else 'it is left out'}")
    if by_name:
        return list(devices)
    left = [device for device in devices if device.name not in out]
    if not left:
        raise DeviceUnavailable(
            f"every device is quarantined or retired: {', '.join(out)}",
            hint="farm devices check looks at them again; one that is named with --device is measured all the same",
        )
    return left


def unavailable(context: Context, devices: Sequence[Device], *, by_name: bool) -> dict[str, FarmError]:
    """Return the devices of a gate that are not measured on, and why: what it was to say of them is then not decided.

    A quarantined phone is a gap in the promise, and not a smaller promise.
    """
    standings = read_aside(context)
    if standings is None:
        return {}
    out: dict[str, FarmError] = {}
    for device in devices:
        stood = standings.of(device.name)
        if stood.standing.health.takes_part:
            continue
        say(f"{device.name} is {stood.text}; {'measured all the same, as it is named' if by_name else 'it is not measured'}")
        if not by_name:
            out[device.name] = DeviceUnavailable(f"it is {stood.text}")
    return out


def chosen(context: Context, names: str | None, pool: str | None) -> list[Device]:
    """Return the devices that --device names, or those of --pool that take part."""
    return taking_part(context, chosen_devices(context.lab(), names, pool), by_name=pool is None)


def cool_downs(context: Context, since: datetime) -> dict[str, CoolDown]:
    """Return how long each device was waited for until it was cool, in the runs that began since a moment (UTC): a night's, say."""
    rows = context.store().query("cool_downs", since=naive(since)).iter_rows(named=True)
    return {row["device"]: CoolDown(row["runs"], row["waited_s"]) for row in rows}
