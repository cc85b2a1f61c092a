"""What each device of the lab is used for now, as the sessions of the data folder have told it; nothing is asked of a device."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from farm.cli import members
from farm.cli.board import Hold, holds_of
from farm.cli.context import Context
from farm.cli.queue import lasting
from farm.queue import Occupation

if TYPE_CHECKING:
    from farm.config import Lab

QUERIES: Mapping[str, Mapping[str, object]] = {"rack_now": {}, "held_devices": {}}


@dataclass(frozen=True, slots=True)
class Occupied:
    """What one device is used for."""

    device: str
    state: Occupation = Occupation.IDLE
    since: datetime | None = None
    """None: nothing was ever told of it."""
    reason: str | None = None
    """Of one that is held: by whom and why; of one that is waited for: what for."""
    job: str | None = None
    phase: str | None = None
    jobs: int = 0
    jobs_ended: int = 0
    last_run: str | None = None
    pid: int | None = None
    priority: int | None = None
    command: str | None = None

    def words(self, now: datetime) -> str:
        """Return what it is, in a cell of a table."""
        lasts = "" if self.since is None else f" for {lasting((now - self.since).total_seconds())}"
        return f"{self.state.value}{lasts}{f': {self.reason}' if self.reason else ''}"


def occupied(context: Context, lab: "Lab") -> dict[str, Occupied]:
    """Return what every device is used for, by its name: those of the lab, and others that were ever measured on."""
    if not context.database.exists():
        return {name: Occupied(name) for name in lab.devices}
    frames = context.store().queries(QUERIES)
    return of_rows(context, lab, frames["rack_now"].to_dicts(), holds_of(frames["held_devices"].to_dicts()))


def of_rows(context: Context, lab: "Lab", rows: list[dict[str, Any]], holds: tuple[Hold, ...]) -> dict[str, Occupied]:
    """Return the same from what the database says."""
    told = {row["device"]: _told(context, row) for row in rows}
    names = [*lab.devices, *(name for name in told if name not in lab.devices)]
    return {name: _with_hold(lab, told.get(name, Occupied(name)), holds) for name in names}


def _told(context: Context, row: Mapping[str, Any]) -> Occupied:
    since, last = row["state_at"].replace(tzinfo=UTC), row["last_run"]
    if row["state"] == Occupation.IDLE:
        return Occupied(row["device"], since=since, last_run=last)
    if not members.is_there(context.data, row["process"]):
        return Occupied(
            row["device"], since=row["noted_at"].replace(tzinfo=UTC), reason="the process that had it was killed", last_run=last
        )
    state = Occupation(row["state"])
    return Occupied(
        row["device"],
        state,
        since,
        row["phase"] if state is not Occupation.LEASED else None,
        row["job"],
        row["phase"],
        row["jobs"],
        row["jobs_ended"],
        last,
        row["pid"],
        row["priority"],
        row["command"],
    )


def _with_hold(lab: "Lab", told: Occupied, holds: tuple[Hold, ...]) -> Occupied:
    """Return what a device is, with a person's hold on it: one that ends its current run is still leased, and says so."""
    device = lab.devices.get(told.device)
    hold = next((one for one in holds if (one.is_on(device.name, device.place) if device else one.device == told.device)), None)
    if hold is None:
        return told
    reason = f"by {hold.said_by}: {hold.reason}"
    if told.state is not Occupation.IDLE:
        return Occupied(**{name: getattr(told, name) for name in Occupied.__slots__} | {"reason": f"to be held {reason}"})
    return Occupied(told.device, Occupation.HELD, hold.said_at, reason, last_run=told.last_run)
