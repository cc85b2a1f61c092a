"""What is found in the history of a branch, as plain values."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from farm.metrics import METRICS, Better
from farm.verdicts import Size


@dataclass(frozen=True, slots=True)
class Series:
    """What is followed over time, as DESIGN.md's words have it: key is that of runs (farm/series.py), and one metric of them."""

    key: str
    metric: str
    device_id: str
    device: str
    """What devices.toml called it last."""
    workload: str
    workload_key: str
    pass_: str
    runtime: str
    flavour: str
    threads: int
    command: str = ""
    """Of its newest session; "" where that is not known."""

    @property
    def name(self) -> str:
        """What people call it."""
        return f"{self.device} {self.workload} {self.metric}"

    @property
    def less_is_better(self) -> bool:
        """Which way its metric improves."""
        return METRICS[self.metric].better is Better.LOWER


BASELINE_NIGHTS = 8
"""A series' first nights: what comes after is held against them, and a change among them is found late or never (farm.changepoints)."""


@dataclass(frozen=True, slots=True)
class Night:
    """The runs of one series in one night, of one revision, in one state of everything that may change a number.

    Neither a night nor a revision alone: two revisions of one night would be averaged, and an update of the system between two nights of
    one revision would be invisible. A session is of the night of the nightly that it belongs to, or lies in; without one, of noon to noon
    UTC, as sessions that begin around midnight are of one night (the view session_nights).
    """

    day: date
    """That it is named after."""
    began_at: datetime
    """Of its first session, in UTC and naive as the database has it."""
    revision: str | None
    artifact: str | None
    runtime_version: str | None
    harness: str | None
    os_build: str | None
    farm_version: str | None
    battery_health: str | None
    values: Sequence[float]
    """Of its valid runs, one each, in the metric's base unit."""


@dataclass(frozen=True, slots=True)
class Followed:
    """A series with its nights, oldest first."""

    series: Series
    nights: tuple[Night, ...]


@dataclass(frozen=True, slots=True)
class Moment:
    """A night as a place in a history."""

    at: datetime
    """When its first session began: devices begin one night's sessions at different times."""
    revision: str | None
    night: date
    """The day that it is named after."""


def night_of(at: datetime) -> date:
    """Return the night that a time (UTC) is in where no nightly says it: noon to noon, named after the day that it begins on."""
    return (at - timedelta(hours=12)).date()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a change lies: after the night `after`, which is on the old level, and not after `until`, which is on the new one (95 %).

    first is the likeliest first night of the new level. What changed it is in a revision after `after`'s, up to and with `until`'s.
    """

    after: Moment
    first: Moment
    until: Moment

    def meets(self, other: "Place") -> bool:
        """Whether both may be at one night."""
        if (self.after.night, self.until.night) == (other.after.night, other.until.night):
            return True  # also between two revisions of one night
        return self.after.night < other.until.night and other.after.night < self.until.night


@dataclass(frozen=True, slots=True)
class Cause:
    """Something else than the revision that changed where a number did."""

    name: str
    before: str
    after: str


class Standing(StrEnum):
    """How sure a change is."""

    CONFIRMED = "confirmed"
    """By the segmentation of the whole series, or by the fresh runs that were asked for."""
    SUSPECTED = "suspected"
    """Fresh runs are asked for."""
    REFUTED = "refuted"
    """Fresh runs did not show it."""
    GONE = "gone"
    """Was found once, and is no longer: more nights speak against it."""


class Answer(StrEnum):
    """What somebody says of a finding."""

    ACCEPT = "accept"
    FALSE_ALARM = "false-alarm"
    FIXED = "fixed"
    REVOKED = "revoked"
    """What was said before no longer holds."""


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """That somebody knows of a finding, until the end of a day; afterwards it speaks again."""

    finding: str
    at: datetime
    answer: Answer
    until: date
    owner: str
    reason: str
    revision: str | None = None
    """The one that fixes it, for FIXED."""


@dataclass(frozen=True, slots=True)
class TrackedChange:
    """A change of level in a series, with what is known of it. id stays the same while its place moves with more nights."""

    id: str
    series: Series
    standing: Standing
    worse: bool
    is_here: bool
    """Whether the latest level still shows it; else it has recovered."""
    place: Place
    before: float
    after: float
    size: Size
    first_seen_at: datetime
    significance: float | None = None
    deviations: float | None = None
    recovered: Moment | None = None
    causes: tuple[Cause, ...] = ()
    """Likelier causes than the revision."""
    artifact_changed: bool | None = None
    """Whether the artifact is another one on the new level; None: not known."""
    acknowledgement: Acknowledgement | None = None
    """The one that holds."""
    lapsed: Acknowledgement | None = None
    """One that held, and no longer does."""

    @property
    def alarms(self) -> bool:
        """Whether it is a regression that nobody has acknowledged and that is there for sure."""
        return self.worse and self.is_here and self.standing is Standing.CONFIRMED and self.acknowledgement is None


@dataclass(frozen=True, slots=True)
class MissingSeries:
    """A series that should have data and has none. series is None for a job of the suite that never gave any.

    group is one id for what is missing from one device since one night.
    """

    id: str
    group: str
    device: str
    workload: str
    pass_: str
    metric: str
    reason: str
    first_seen_at: datetime
    series: Series | None = None
    last: Moment | None = None
    nights: int = 0
    """Nights of the branch since then."""
    acknowledgement: Acknowledgement | None = None
    lapsed: Acknowledgement | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Changes that may have one cause: all worse or all better, and one night lies in all their intervals. place is what these share."""

    id: str
    worse: bool
    place: Place
    members: tuple[TrackedChange, ...]

    @property
    def devices(self) -> tuple[str, ...]:
        """The devices that it was seen on."""
        return tuple(sorted({member.series.device for member in self.members}))

    @property
    def workloads(self) -> tuple[str, ...]:
        """The workloads that it was seen in."""
        return tuple(sorted({member.series.workload for member in self.members}))


@dataclass(frozen=True, slots=True)
class Request:
    """Fresh runs that a suspected change asks for; the next session on the device that holds enough of them serves it."""

    id: str
    finding: str
    asked_at: datetime
    series_key: str
    metric: str
    device_id: str
    device: str
    workload: str
    workload_key: str
    """That of farm.series: with the device and the pass, it tells the job to run."""
    pass_: str
    runs: int


@dataclass(frozen=True, slots=True)
class Tracked:
    """What `farm track` came to."""

    branch: str
    as_of: datetime
    series: int
    values: int
    """That were looked at: one for each valid run and metric."""
    nights: int
    last_night: date | None
    followable: int
    """Series with nights enough that a change could be found in them."""
    groups: tuple[Group, ...]
    missing: tuple[MissingSeries, ...]
    pending: tuple[Request, ...]
    replaced: int = 0
    """Series that ended where the same job went on with other settings: no alarm."""

    @property
    def changes(self) -> tuple[TrackedChange, ...]:
        """All changes."""
        return tuple(member for group in self.groups for member in group.members)

    @property
    def exit_code(self) -> int:
        """4 for a confirmed regression that nobody has acknowledged; else 3 for a missing series or runs that are waited for."""
        if any(change.alarms for change in self.changes):
            return 4
        speaks = any(item.acknowledgement is None for item in self.missing)
        return 3 if speaks or self.pending or not self.series else 0
