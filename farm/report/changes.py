"""Changes that were found in a history as lines of tables, grouped by what may be one cause: the blocks of a nightly."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from farm import units
from farm.findings import Followed, Group, Standing, TrackedChange
from farm.publish import tracking
from farm.report import series, shapes, words

_NEW = timedelta(hours=20)


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One change as a line of a table."""

    id: str
    link: str
    device: str
    workload: str
    label: str
    moved: str
    size: str
    interval: str
    bar: shapes.Bar | None
    trend: shapes.Spark | None
    state: str
    is_new: bool
    said: str
    lapsed: str


@dataclass(frozen=True, slots=True)
class GroupRows:
    """Changes that may have one cause."""

    id: str
    title: str
    after: str
    until: str
    causes: tuple[str, ...]
    rows: tuple[ChangeRow, ...]
    wants: str
    """What would decide it; empty where it is decided."""


def by_severity(groups: Sequence[Group]) -> list[TrackedChange]:
    """Return all changes: those that alarm first, then others for the worse that are still there; the largest of each first."""
    every = [change for group in groups for change in group.members]
    return sorted(every, key=lambda change: (not change.alarms, not (change.worse and change.is_here), -abs(_severity(change))))


def _severity(change: TrackedChange) -> float:
    return words.cost(change.size.value - 1, change.series.metric) if change.size.is_ratio else abs(change.deviations or 1.0)


def group_rows(groups: Sequence[Group], followed: dict[str, Followed], now: datetime) -> list[tuple[Group, GroupRows]]:
    """Return the groups as lines, the worst first; all bars have one axis, so that they can be compared.

    Where nobody has looked before, everything is new, and nothing is marked so.
    """
    every = [change for group in groups for change in group.members if change.size.is_ratio]
    costs = [words.cost(end - 1, change.series.metric) for change in every for end in (change.size.low, change.size.high)]
    axis = shapes.scale(costs)
    is_first = all(now - change.first_seen_at < _NEW for group in groups for change in group.members)
    ordered = sorted(groups, key=lambda group: -_weight(group))
    return [(group, _group(group, followed, axis, None if is_first else now - _NEW)) for group in ordered]


def _weight(group: Group) -> float:
    """Return how large a group's largest change for the worse is; of one without any, its largest."""
    worse = [_severity(change) for change in group.members if change.worse]
    return max(worse or [abs(_severity(change)) for change in group.members])


def _group(group: Group, followed: dict[str, Followed], axis: shapes.Scale, new_since: datetime | None) -> GroupRows:
    ordered = by_severity([group])
    names = (words.listed(group.workloads), words.listed(group.devices))
    open_ = [change for change in ordered if change.standing is Standing.SUSPECTED]
    wants = "fresh runs, which are asked for: the next session on the device that holds them decides" if open_ else ""
    return GroupRows(
        id=group.id,
        title=f"{names[0]} on {names[1]}",
        after=tracking.moment_text(group.place.after),
        until=tracking.moment_text(group.place.until),
        causes=tuple(_causes(ordered)),
        rows=tuple(_row(change, followed[series.name_of(change.series)], axis, new_since) for change in ordered),
        wants=wants,
    )


def _causes(members: Sequence[TrackedChange]) -> list[str]:
    found = {tracking.cause_text(cause): None for change in members for cause in change.causes}
    artifacts = {change.artifact_changed for change in members}
    found |= {"the artifact is the same": None} if artifacts == {False} else {"the artifact changed": None} if True in artifacts else {}
    return list(found) or ["nothing else is known to have changed"]


def _row(change: TrackedChange, item: Followed, axis: shapes.Scale, new_since: datetime | None) -> ChangeRow:
    metric = change.series.metric
    size, interval = words.size_words(change.size, metric)
    values, between = series.trend(item, change)
    drawn = None
    if change.size.is_ratio:
        ends = sorted(words.cost(end - 1, metric) for end in (change.size.low, change.size.high))
        drawn = shapes.bar((ends[0], words.cost(change.size.value - 1, metric), ends[1]), axis, f"{size}, 95 %: {interval}", budget=None)
    return ChangeRow(
        id=change.id,
        link=f"#series={series.name_of(change.series)}",
        device=change.series.device,
        workload=change.series.workload,
        label=words.label(metric),
        moved=words.in_one_unit([words.amount(change.before, metric), words.amount(change.after, metric)], " → "),
        size=size,
        interval=words.unbroken(interval),
        bar=drawn,
        trend=shapes.spark(values, f"{units.counted(len(values), 'night')}, the last {words.amount(values[-1], metric)}", between),
        state=_state(change),
        is_new=new_since is not None and change.first_seen_at > new_since,
        said="" if change.acknowledgement is None else tracking.acknowledged(change.acknowledgement),
        lapsed="" if change.lapsed is None else f"was {tracking.acknowledged(change.lapsed)}; that is over",
    )


def _state(change: TrackedChange) -> str:
    return "acknowledged" if change.acknowledgement is not None else tracking.state(change)


def sections(groups: Sequence[tuple[Group, GroupRows]]) -> list[tuple[str, str, bool, list[GroupRows]]]:
    """Return the blocks of groups: heading, what it is, whether it is open, groups."""
    blocks: dict[str, list[GroupRows]] = {name: [] for name in ("alarms", "open", "said", "better", "over")}
    for group, rows in groups:
        members = group.members
        here = [change for change in members if change.is_here and change.standing is not Standing.REFUTED]
        if any(change.alarms for change in members):
            blocks["alarms"].append(rows)
        elif any(change.worse and change.acknowledgement is None and change.standing is Standing.SUSPECTED for change in here):
            blocks["open"].append(rows)
        elif any(change.worse for change in here):
            blocks["said"].append(rows)
        elif here:
            blocks["better"].append(rows)
        else:
            blocks["over"].append(rows)
    return [
        ("Regressions", "There for sure, and nobody has acknowledged them; grouped by what may be one cause.", True, blocks["alarms"]),
        ("Not sure yet", "So fresh that fresh runs have to show them again before anybody is alarmed.", True, blocks["open"]),
        ("Known", "Acknowledged, each until its day.", True, blocks["said"]),
        ("Improvements", "Still there.", True, blocks["better"]),
        ("Over", "Recovered, refuted by fresh runs, or improvements that were lost again.", False, blocks["over"]),
    ]
