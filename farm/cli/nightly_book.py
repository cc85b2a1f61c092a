"""What the database knows of nights: every write waits for a database that is busy, and says so."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from farm import __version__
from farm.cli.context import Context, owner, say
from farm.cli.nightly_clock import Clock
from farm.errors import StoreBusy
from farm.nights import Reading, Seen, Slot
from farm.records import Row, utc

if TYPE_CHECKING:
    from farm.store import Store

_SOON_S = 5.0
PATIENCE_S = 240.0
"""How long a night waits for a database that another process holds: nothing else of farm holds it for so long."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Stored:
    """A night that was opened. exit_code and verdict: None until it has come to its end."""

    id: str
    slot: Slot
    suite: str
    suite_file: Path
    suite_sha256: str
    suite_text: str
    pool: str
    branch: str
    revision: str | None
    seed: int
    opened_at: datetime
    who: str
    exit_code: int | None = None
    verdict: str | None = None

    @property
    def name(self) -> str:
        """What people call it."""
        return f"the night of {self.slot.label} (suite {self.suite}, pool {self.pool})"


@dataclass(frozen=True, slots=True)
class Expected:
    """A job that should be measured, with what came of it. state: "to come", "done" or "accounted for"."""

    number: int
    device: str
    workload: str
    workload_key: str | None
    artifact_name: str
    artifact_sha256: str | None
    pass_: str
    repeat: int
    metric: str
    kind: str = "plan"
    """Or "confirmation": fresh runs that farm track asked for, which stand in no block."""
    priority: int | None = None
    design: str | None = None
    block: int | None = None
    position: int | None = None
    run_id: str | None = None
    reason: str | None = None
    state: str = "to come"

    @property
    def label(self) -> str:
        """What people call it, less the device."""
        return f"{self.workload} {self.pass_} #{self.repeat + 1}"

    @property
    def lacking(self) -> str:
        """That it was expected without its files, in words."""
        return f"{self.artifact_name}, or what it is given, was not there when the night was opened"


@dataclass(frozen=True, slots=True)
class Book:
    """The nights of one data folder."""

    context: Context
    clock: Clock

    def nights(self, pool: str | None, suite: str | None, suite_file: Path) -> list[Stored]:
        """Return the nights of a suite, by its name or its file, newest first; those of all pools where none is named."""
        rows = self._patient(lambda store: store.query("stored_nights", pool=pool, suite=suite, suite_file=str(suite_file)))
        return [_stored(row) for row in rows.iter_rows(named=True)]

    def seen(self) -> Seen:
        """Return what the clock is to be held against."""
        found = self._patient(lambda store: store.queries({"newest_stored": {}, "newest_clock": {}}))
        newest = found["newest_stored"]["stored_at"].to_list()[0]
        last = next((Reading(_aware(row["noted_at"]), row["boot"], row["uptime_s"]) for row in _rows(found["newest_clock"])), None)
        files = [self.context.database, self.context.journal.folder]
        return Seen(last, None if newest is None else _aware(newest), self.clock.written_at(files))

    def trust(self, seen: Seen) -> None:
        """Note that the clock is right: what is stored as of later was stored by a wrong one."""
        beyond = [at for at in (seen.stored_at, None if seen.last is None else seen.last.at) if at is not None]
        now = self.clock.now_utc()
        self.add({"clock_trusts": [{"said_at": utc(now), "stored_at": utc(max([now, *beyond]))}]})

    def expected(self, night: str) -> list[Expected]:
        """Return the jobs of a night, in their order."""
        rows = self._patient(lambda store: store.query("expected_jobs", night=night))
        return [Expected(**{name if name != "pass" else "pass_": value for name, value in row.items()}) for row in _rows(rows)]

    def devices(self, night: str) -> dict[str, tuple[dict[str, Any], str | None]]:
        """Return where the devices of a night hung, and who they said they are, by name."""
        rows = self._patient(lambda store: store.query("night_devices", night=night))
        return {row["name"]: (json.loads(row["address"]), row["device_id"]) for row in _rows(rows)}

    def events(self, night: str) -> list[Row]:
        """Return what a night did and noticed, in its order."""
        return _rows(self._patient(lambda store: store.query("night_events", night=night)))

    def begun_blocks(self, suite: str, pool: str) -> dict[tuple[str, str], int]:
        """Return how many blocks of each design a device has had, by its name and the design."""
        rows = self._patient(lambda store: store.query("begun_blocks", suite=suite, pool=pool))
        return {(row["device"], row["design"]): row["blocks"] for row in _rows(rows)}

    def durations(self, workload_keys: Sequence[str]) -> list[Row]:
        """Return how long jobs took."""
        return _rows(self._patient(lambda store: store.query("job_durations", workload_keys=list(workload_keys))))

    def note(self, night: str, phase: str, words: str, *, is_done: bool = True) -> None:
        """Write down what a night did or noticed."""
        self.add(self.event(night, phase, words, is_done=is_done))

    def event(self, night: str, phase: str, words: str, *, is_done: bool = True) -> dict[str, list[Row]]:
        """Return the row of what a night did or noticed."""
        now = self.clock.read()
        row = {"night_id": night, "noted_at": utc(now.at), "phase": phase, "is_done": is_done, "words": words}
        return {"night_events": [row | {"boot": now.boot, "uptime_s": now.uptime_s}]}

    def drain(self) -> None:
        """Put what waits in the journal into the database."""
        if self.context.journal.entries():
            self._patient(lambda store: self.context.journal.drain(store.append))

    def add(self, rows: Mapping[str, list[Row]]) -> None:
        """Put rows in, all of them or none."""
        self._patient(lambda store: store.add(dict(rows)))

    def _patient(self, ask: "Callable[[Store], T]") -> T:
        try:
            return ask(self.context.store(_SOON_S))
        except StoreBusy as error:
            say(f"{error.message}; waiting for up to {PATIENCE_S / 60:.0f} min")
            return ask(self.context.store(PATIENCE_S))


def night_row(night: Stored, time_zone: str, due_by: datetime) -> Row:
    """Return the row of a night that is opened."""
    return {
        "id": night.id,
        "label": night.slot.label.isoformat(),
        "suite": night.suite,
        "suite_file": str(night.suite_file),
        "suite_sha256": night.suite_sha256,
        "suite_text": night.suite_text,
        "pool": night.pool,
        "branch": night.branch,
        "revision": night.revision,
        "seed": night.seed,
        "time_zone": time_zone,
        "begins_at": utc(night.slot.begins_at),
        "ends_at": utc(night.slot.ends_at),
        "due_by": utc(due_by),
        "opened_at": utc(night.opened_at),
        "who": owner().words,
        "farm_version": __version__,
    }


def _stored(row: Row) -> Stored:
    slot = Slot(date.fromisoformat(row["label"]), _aware(row["begins_at"]), _aware(row["ends_at"]))
    same = ("id", "suite", "suite_sha256", "suite_text", "pool", "branch", "revision", "seed", "who", "exit_code", "verdict")
    facts = {name: row[name] for name in same}
    return Stored(**facts, slot=slot, suite_file=Path(row["suite_file"]), opened_at=_aware(row["opened_at"]))


def _rows(frame: Any) -> list[Row]:  # noqa: ANN401 - a Polars frame, which this need not load to name
    return list(frame.iter_rows(named=True))


def _aware(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC)
