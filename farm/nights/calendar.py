"""Which night it is: a function of the time, the time zone and the hour at which nights begin.

A night is named after the day that it begins on and lasts until the next one begins. It begins at one instant, the first at which the
clocks of its time zone show that hour (or, where they skip it, the same time since the last change): so nights follow each other
without a gap and without an overlap, also where clocks are put forward or back, and 23:30 and 02:00 are of one night.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum

_DAY = timedelta(days=1)
_SATURDAY = 5
_MOST_DAYS = 400


@dataclass(frozen=True, slots=True)
class Cadence:
    """On which nights something is due: every so many, counted from a fixed day, or those of Monday to Friday."""

    days: int = 1
    weekdays: bool = False

    def is_due(self, night: date) -> bool:
        """Whether it is due on the night that begins on this day."""
        return night.weekday() < _SATURDAY if self.weekdays else night.toordinal() % self.days == 0

    @property
    def text(self) -> str:
        """As a suite writes it."""
        if self.weekdays:
            return "weekdays"
        return "every night" if self.days == 1 else f"every {self.days} days"


@dataclass(frozen=True, slots=True)
class Turn:
    """When a workload is due, and what goes first: 1 before 9."""

    cadence: Cadence
    priority: int = 5


@dataclass(frozen=True, slots=True)
class Schedule:
    """[schedule] of a suite: which runs should exist."""

    pool: str | None = None
    cadence: Cadence = Cadence()
    begins: time = time(12)
    zone: tzinfo = UTC
    zone_name: str = "UTC"
    grace_s: float = 12 * 3600.0
    """How long after its beginning a night may still be begun, and come to its end, before it counts as missing."""
    time_budget_s: float = 8 * 3600.0
    """How long a night measures; what is left then is accounted for, and not measured."""
    canary: bool = True
    workloads: Mapping[str, Turn] = field(default_factory=dict)
    """Those that have a cadence or a priority of their own."""

    def turn(self, workload: str) -> Turn:
        """Return when a workload is due."""
        return self.workloads.get(workload, Turn(self.cadence))

    def next_due(self, after: date, workloads: tuple[str, ...]) -> date | None:
        """Return the first night after a night on which one of these workloads is due."""
        days = (after + number * _DAY for number in range(1, _MOST_DAYS))
        return next((day for day in days if any(self.turn(name).cadence.is_due(day) for name in workloads)), None)


@dataclass(frozen=True, slots=True)
class Slot:
    """The time of a night, in aware UTC: from begins_at until just before ends_at."""

    label: date
    begins_at: datetime
    ends_at: datetime


def slot_of(label: date, schedule: Schedule) -> Slot:
    """Return the time of the night that begins on a day."""
    return Slot(label, _begin(label, schedule), _begin(label + _DAY, schedule))


def slot_at(now_utc: datetime, schedule: Schedule) -> Slot:
    """Return the night that a time is in."""
    label = now_utc.astimezone(schedule.zone).date() + _DAY
    while _begin(label, schedule) > now_utc:
        label -= _DAY
    return slot_of(label, schedule)


def _begin(label: date, schedule: Schedule) -> datetime:
    """Return the instant at which a night begins; of an hour that comes twice, the first one (PEP 495: fold 0)."""
    return datetime.combine(label, schedule.begins, tzinfo=schedule.zone).replace(fold=0).astimezone(UTC)


class Step(StrEnum):
    """What is to be done with the night that it is."""

    OPEN = "open"
    GO_ON = "go on"
    """It is stored: opened before, and perhaps at its end."""
    NOTHING_DUE = "nothing due"


def which(now_utc: datetime, schedule: Schedule, workloads: tuple[str, ...], newest: Slot | None) -> tuple[Step, Slot]:
    """Return which night it is, and what is to be done with it. newest is the newest one that is stored.

    A stored night lasts until its own end, whatever the suite says by now of time zone and hour, and no night is opened whose name is
    not after its: so neither an edit nor a clock that is set by some hours measures a night twice.
    """
    tonight = slot_at(now_utc, schedule)
    if newest is not None and (now_utc < newest.ends_at or tonight.label <= newest.label):
        return Step.GO_ON, newest
    is_due = any(schedule.turn(name).cadence.is_due(tonight.label) for name in workloads)
    return (Step.OPEN if is_due else Step.NOTHING_DUE), tonight
