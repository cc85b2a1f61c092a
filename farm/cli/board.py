"""What the processes of a data folder tell each other by its database. It is asked only where a small file says that it has changed.

The database is the courtesy between them and never stops a measurement: when another process holds it, what is to be told waits, and
what was known last holds.
"""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Lock
from typing import TYPE_CHECKING, Any

from farm.cli import members
from farm.cli.context import Context
from farm.errors import StoreBusy, StoreError
from farm.queue import Priority, Request, Standing

if TYPE_CHECKING:
    from farm.store import Store

log = logging.getLogger(__name__)

_HEARD = ("queue_requests", "queue_standings", "queue_cancellations", "device_holds")
"""Tables that other processes act on."""
_REPLACED = "rack_now"
_PATIENCE_S, _IN_VAIN_FOR_S = 0.5, 5.0


@dataclass(frozen=True, slots=True)
class Hold:
    """A person's hold on a device: nobody measures on it meanwhile."""

    device: str
    place: str
    said_at: datetime
    said_by: str
    reason: str

    def is_on(self, device: str, place: str) -> bool:
        """Whether it is on the device of this name, or that hangs there."""
        return device == self.device or place == self.place

    @property
    def words(self) -> str:
        """What it is, for people."""
        return f"{self.device} is held back by {self.said_by} since {self.said_at:%Y-%m-%d %H:%M} UTC: {self.reason}"


@dataclass(slots=True)
class Board:
    """The queue and the holds as this process knows them, and what it has to tell."""

    context: Context
    storing: Lock = field(default_factory=Lock)
    """Held while this process has the database open: it can have it open in one way only."""
    requests: tuple[Request, ...] = ()
    numbers: Mapping[str, int] = field(default_factory=dict)
    """By request, the number of the row that holds."""
    holds: tuple[Hold, ...] = ()
    _seen: str = ""
    _in_vain_s: float = float("-inf")
    _lock: Lock = field(default_factory=Lock)
    _pending: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    _now: dict[str, dict[str, Any]] = field(default_factory=dict)

    def post(self, table: str, row: Mapping[str, Any]) -> None:
        """Have a row told, by the next flush()."""
        with self._lock:
            if table == _REPLACED:
                self._now[row["device_name"]] = dict(row)
            else:
                self._pending.setdefault(table, []).append(dict(row))

    @property
    def has_news(self) -> bool:
        """Whether something waits to be told."""
        return bool(self._pending or self._now)

    @property
    def is_unheard(self) -> bool:
        """Whether something waits to be told that others act on."""
        return any(name in self._pending for name in _HEARD)

    def flush(self, deadline_s: float = 0.0) -> bool:
        """Put what is to be told into the database; False: it is held by another process, and all of it waits."""
        if not self.storing.acquire(timeout=deadline_s):
            return False
        try:
            with self._lock:
                pending, now = self._pending, self._now
                self._pending, self._now = {}, {}
            rows = pending | ({_REPLACED: list(now.values())} if now else {})
            if not rows:
                return True
            try:
                self.context.store(deadline_s).add(rows)
            except (StoreBusy, StoreError) as error:
                log.info("the queue in the database waits: %s", error.message)
                with self._lock:
                    self._pending = {name: pending.get(name, []) + self._pending.get(name, []) for name in pending | self._pending}
                    self._now = now | self._now
                return False
        finally:
            self.storing.release()
        if any(name in _HEARD for name in rows):
            members.tell(self.context.data)
        return True

    def look(self) -> None:
        """Know what has changed since the last look: at once where nothing has.

        Where the database is held, it is waited for a moment, and then for a while not at all: the next look finds it.
        """
        token = members.changed(self.context.data)
        if token == self._seen:
            return
        patience_s = _PATIENCE_S if time.monotonic() > self._in_vain_s + _IN_VAIN_FOR_S else 0.0
        if not self.storing.acquire(timeout=patience_s):
            self._in_vain_s = time.monotonic()
            return
        try:
            if token != self._seen:  # another thread has not looked meanwhile
                self.read(self.context.store(patience_s))
                self._seen = token
        except (StoreBusy, StoreError) as error:
            self._in_vain_s = time.monotonic()
            log.info("the queue in the database cannot be asked now: %s", error.message)
        finally:
            self.storing.release()

    def read(self, store: "Store") -> None:
        """Know what the database says."""
        found = store.queries({"queue": {}, "held_devices": {}})
        rows = found["queue"].to_dicts()
        self.requests = tuple(request_of(row) for row in rows)
        self.numbers = {row["id"]: row["number"] for row in rows}
        self.holds = holds_of(found["held_devices"].to_dicts())

    def hold_on(self, device: str, place: str) -> Hold | None:
        """Return the hold on a device; None: nobody holds it back."""
        return next((hold for hold in self.holds if hold.is_on(device, place)), None)

    def bury(self, now: datetime) -> None:
        """Have it told of every request whose process is gone that it is lost."""
        for request in set(self.requests) - set(self.living()):
            row = {"request_id": request.id, "number": self.numbers[request.id] + 1, "standing_at": now.replace(tzinfo=None)}
            row |= {"standing": Standing.LOST, "device_id": request.device_id, "waited_s": 0.0, "displaced": request.displaced}
            self.post("queue_standings", row | {"reason": "its process had ended"})

    def living(self) -> list[Request]:
        """Return the requests whose processes are there."""
        return [request for request in self.requests if members.is_there(self.context.data, request.process)]


class Alone(Board):
    """The board of a process whose data folder has no database, as a host's worker: nobody else is in line there."""

    def flush(self, deadline_s: float = 0.0) -> bool:
        """Forget what is to be told: nobody hears it."""
        with self._lock:
            self._pending, self._now = {}, {}
        return True

    def look(self) -> None:
        """Know nothing of others."""


def request_of(row: Mapping[str, Any]) -> Request:
    """Return a request as the database has it."""
    values = {name: value for name, value in row.items() if name != "number"}
    return Request(
        **values
        | {
            "priority": Priority(row["priority"]),
            "standing": Standing(row["standing"]),
            "asked_at": row["asked_at"].replace(tzinfo=UTC),
            "standing_at": row["standing_at"].replace(tzinfo=UTC),
        }
    )


def holds_of(rows: Sequence[Mapping[str, Any]]) -> tuple[Hold, ...]:
    """Return the holds on devices as the database has them."""
    return tuple(Hold(**dict(row) | {"said_at": row["said_at"].replace(tzinfo=UTC)}) for row in rows)
