"""What was found in a branch's history, as tables and lines for a terminal: what alarms first."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby

from farm import units
from farm.departures import Departure
from farm.findings import (
    BASELINE_NIGHTS,
    Acknowledgement,
    Answer,
    Cause,
    Group,
    MissingSeries,
    Moment,
    Request,
    Standing,
    Tracked,
    TrackedChange,
)
from farm.publish.tables import Table
from farm.verdicts import Size

_SHORT = 12
_MOST_NAMES = 3
_COLUMNS = ("id", "state", "what", "size (95 %)", "changed after", "by", "likelier cause")
_NAMES = {"os_build": "OS build", "farm_version": "farm", "runtime_version": "runtime", "battery_health": "battery health"}


def headline(tracked: Tracked) -> str:
    """Return all of it in one sentence."""
    changes = tracked.changes
    said_of = [change.acknowledgement for change in changes] + [item.acknowledgement for item in tracked.missing]
    counts = (
        (sum(change.alarms for change in changes), "regression", "regressions"),
        (sum(_is_waited_for(change) for change in changes), "suspected", "suspected"),
        (sum(item.acknowledgement is None for item in tracked.missing), "series missing", "series missing"),
        (sum(said is not None for said in said_of), "acknowledged", "acknowledged"),
        (sum(change.worse and not change.is_here for change in changes), "recovered", "recovered"),
        (sum(not change.worse and change.is_here for change in changes), "improvement", "improvements"),
        (tracked.replaced, "series replaced by other settings", "series replaced by other settings"),
    )
    parts = [f"{number} {one if number == 1 else more}" for number, one, more in counts if number]
    told = ", ".join([*parts, *filter(None, [too_early(tracked)])]) or unchanged(tracked)
    nights = f"{units.counted(tracked.nights, 'night')} to {tracked.last_night}"
    return f"{tracked.branch}: {tracked.series} series, {units.counted(tracked.values, 'value')}, {nights}: {told}"


def unchanged(tracked: Tracked) -> str:
    """Return that nothing changed; of a young history, since when that is known."""
    return f"nothing changed since the first {BASELINE_NIGHTS} nights" if tracked.nights < 2 * BASELINE_NIGHTS else "nothing changed"


def too_early(tracked: Tracked) -> str:
    """Return that nothing can be found to have changed yet, nothing where something could."""
    if not tracked.series or tracked.followable:
        return ""
    few = "first night: nothing to compare against yet"
    return few if tracked.nights == 1 else f"{units.counted(tracked.nights, 'night')} are too few to find a change in"


def tables(tracked: Tracked, *, every: bool) -> list[Table]:
    """Return the tables: changes, missing series, and requests. every: also what alarms nobody (recovered, acknowledged, better)."""
    groups = [group for group in tracked.groups if every or any(change.alarms or _is_waited_for(change) for change in group.members)]
    groups.sort(key=lambda group: (_rank(group), group.place.first.at))
    missing = [item for item in tracked.missing if every or item.acknowledgement is None]
    found = (
        Table("Changes", _COLUMNS, tuple(_group_row(group) for group in groups), tuple(range(len(_COLUMNS)))),
        Table("Missing", ("id", "device", "what", "last data", "nights", "why"), tuple(_missing_rows(missing)), (0, 1, 2, 3, 5)),
        Table(
            "Fresh runs asked for", ("finding", "device", "workload", "pass", "metric", "runs"), _requests(tracked.pending), (0, 1, 2, 3, 4)
        ),
    )
    return [table for table in found if table.rows]


def departure_table(departure: Departure, *, every: bool) -> Table:
    """Return a branch held against its base: the changes to look at; every: all that was compared."""
    rows = tuple(
        (
            ("worse" if one.worse else "better") if one.is_told else "–",
            one.series.name,
            size_text(one.size),
            f"{one.nights} against {one.base_nights}",
            f"{one.q_value:.2g}",
        )
        for one in departure.compared
        if every or one.is_told
    )
    return Table(departure_sentence(departure), ("", "series", "branch over base (95 %)", "nights", "q"), rows, (0, 1))


def departure_sentence(departure: Departure) -> str:
    """Return what a branch is against its base in a sentence."""
    if departure.left_at is None:
        return f"against {departure.base}: the branch has no night yet"
    told = [one for one in departure.compared if one.is_told]
    worse = sum(one.worse for one in told)
    silent = f", {departure.silent} with too few nights" if departure.silent else ""
    return (
        f"against {departure.base} as it was up to {departure.left_at:%Y-%m-%d}: {len(departure.compared)} series compared{silent}, "
        f"{worse} worse, {len(told) - worse} better; advice only, since the nights are not the same ones"
    )


def member_lines(tracked: Tracked, *, every: bool) -> list[str]:
    """Return the members of the groups that are shown, one line each."""
    shown = [group for group in tracked.groups if len(group.members) > 1]
    return [
        f"{group.id}: {change.id} {change.series.name} {size_text(change.size)}, {state(change)}"
        for group in shown
        for change in group.members
        if every or change.alarms or _is_waited_for(change)
    ]


def note_lines(tracked: Tracked) -> list[str]:
    """Return what was acknowledged once and speaks again."""
    found: list[TrackedChange | MissingSeries] = [change for change in tracked.changes if change.alarms]
    found += [item for item in tracked.missing if item.acknowledgement is None]
    return [f"{item.id} was {acknowledged(item.lapsed)}; that is over" for item in found if item.lapsed is not None]


def state(change: TrackedChange) -> str:
    """Return what a change is, in words."""
    if change.acknowledgement is not None:
        return acknowledged(change.acknowledgement)
    if change.standing is Standing.REFUTED:
        return "suspected; fresh runs did not show it"
    if not change.is_here:
        recovered = "" if change.recovered is None else f" {moment_text(change.recovered)}"
        return f"{'recovered' if change.worse else 'better, and lost again'}{recovered}"
    if change.standing is Standing.SUSPECTED:
        return "suspected: fresh runs asked for" if change.worse else "better, it seems"
    return "REGRESSION" if change.worse else "better"


def acknowledged(said: Acknowledgement) -> str:
    """Return an acknowledgement in words."""
    match said.answer:
        case Answer.FIXED:
            word = f"said to be fixed in {said.revision}"
        case Answer.FALSE_ALARM:
            word = "called a false alarm"
        case _:
            word = "accepted"
    return f"{word} until {said.until} by {said.owner}: {said.reason}"


def size_text(size: Size) -> str:
    """Return a size with its interval."""
    if size.is_ratio:
        return f"{size.value - 1:+.1%} ({size.low - 1:+.1%} … {size.high - 1:+.1%})"
    return f"{size.value:+.4g} ({size.low:+.4g} … {size.high:+.4g})"


def moment_text(moment: Moment) -> str:
    """Return a night by its revision, where it is known, and its day."""
    return f"{moment.at:%Y-%m-%d}" if moment.revision is None else f"{moment.revision[:_SHORT]} ({moment.at:%Y-%m-%d})"


def cause_text(cause: Cause) -> str:
    """Return what else changed."""
    return f"{_NAMES.get(cause.name, cause.name)} {cause.before[:_SHORT]} → {cause.after[:_SHORT]}"


def _is_waited_for(change: TrackedChange) -> bool:
    return change.worse and change.standing is Standing.SUSPECTED and change.acknowledgement is None


def _rank(group: Group) -> int:
    members = group.members
    return 0 if any(change.alarms for change in members) else 1 if any(map(_is_waited_for, members)) else 2 if group.worse else 3


def _group_row(group: Group) -> tuple[str, ...]:
    first = group.members[0]
    alone = len(group.members) == 1
    sizes = sorted((change.size for change in group.members), key=lambda size: size.value)
    kinds = {size.is_ratio for size in sizes}
    spread = f"{sizes[0].value - 1:+.1%} … {sizes[-1].value - 1:+.1%} (of {len(sizes)})" if kinds == {True} else f"{len(sizes)} sizes"
    words = Counter(state(change) for change in group.members)
    states = "; ".join(word if number == len(group.members) else f"{number} {word}" for word, number in words.most_common(_MOST_NAMES))
    return (
        first.id if alone else group.id,
        states,
        first.series.name if alone else _series_words(group),
        f"{_levels(first)}{size_text(first.size)}" if alone else spread,
        moment_text(group.place.after),
        moment_text(group.place.until),
        _causes(group.members),
    )


def _levels(change: TrackedChange) -> str:
    quantity = units.quantity_of(change.series.metric)
    return f"{units.show(change.before, quantity)} → {units.show(change.after, quantity)}, "


def _series_words(group: Group) -> str:
    metrics = sorted({change.series.metric for change in group.members})
    parts = (_names(group.devices, "device"), _names(group.workloads, "workload"), _names(metrics, "metric"))
    return f"{len(group.members)} series: {'; '.join(parts)}"


def _names(names: Sequence[str], thing: str) -> str:
    return ", ".join(names) if len(names) <= _MOST_NAMES else units.counted(len(names), thing)


def _causes(members: Sequence[TrackedChange]) -> str:
    """Return the likelier causes, with how many of the members each is there for, and what is known of the artifact."""
    counts = Counter(cause_text(cause) for change in members for cause in change.causes)
    words = [word if number == len(members) else f"{word} ({number} of {len(members)})" for word, number in counts.most_common(_MOST_NAMES)]
    artifacts = {change.artifact_changed for change in members}
    if artifacts == {False}:
        words.append("the artifact is the same")
    elif artifacts == {True}:
        words.append("the artifact changed too" if words else "the artifact changed")
    return "; ".join(words) or "nothing known"


def _missing_rows(missing: Iterable[MissingSeries]) -> Iterable[tuple[str, ...]]:
    """Yield one row for what is missing from one device since one night for one reason."""
    ordered = sorted(missing, key=lambda item: (item.device, item.group, item.reason, item.workload, item.metric))
    for (_, _, reason), group in groupby(ordered, key=lambda item: (item.device, item.group, item.reason)):
        own = list(group)
        first = own[0]
        names = [f"{item.workload} {item.metric}" for item in own]
        last = "never" if first.last is None else moment_text(first.last)
        what = _names(names, "").strip() if len(names) <= _MOST_NAMES else f"{len(names)} series"
        yield first.id if len(own) == 1 else first.group, first.device, what, last, str(first.nights), reason


def _requests(pending: Iterable[Request]) -> tuple[tuple[str, ...], ...]:
    return tuple((item.finding, item.device, item.workload, item.pass_, item.metric, str(item.runs)) for item in pending)
