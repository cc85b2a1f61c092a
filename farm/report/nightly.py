"""What changed since the last nightly, over pool and suite: the page of `farm report nightly`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl

from farm.findings import Followed, Group, Standing, Tracked, TrackedChange, night_of
from farm.publish import tracking
from farm.publish.explanation import Explanation
from farm.report import budgets, health, page, pareto, runs, series, shapes, steadiness, words
from farm.report.health import Event
from farm.report.look import Look
from farm.report.night import Unsent, rack_night
from farm.store import Store
from farm.verdicts import exit_code

_DIGGABLE, _DIGGABLE_BUDGETS = 24, 6
"""Series whose runs around their change are in the page; budgets of which each side's middle runs are."""
_OPENED_JUDGED = 12
"""Runs of budgets whose readings are in the page, before those of changes."""
_NEW = timedelta(hours=20)
VERDICTS, TONES = {4: "FAIL", 3: "INCONCLUSIVE", 0: "PASS"}, {4: "fail", 3: "unknown", 0: "pass"}


@dataclass(frozen=True, slots=True)
class NightBudgets:
    """A suite's budgets held against the newest night: verdicts with their runs; baseline None: against the night before."""

    explanations: tuple[Explanation, ...]
    baseline: str | None
    suite: str
    """Its file."""

    @property
    def options(self) -> tuple[str, ...]:
        """Return what states it on a command line."""
        return ("--suite", self.suite, *(() if self.baseline is None else ("--baseline", self.baseline)))

    @property
    def exit_code(self) -> int:
        """4 when a budget that counts is broken, 3 when one could not be decided, else 0."""
        counted = [one.verdict for one in self.explanations if one.verdict.blocking]
        return exit_code(counted) if counted else 0


def code(tracked: Tracked, promised: NightBudgets | None) -> int:
    """Return the nightly's exit code: the worse of what the history says and what the budgets say."""
    codes = {tracked.exit_code, 0 if promised is None else promised.exit_code}
    return next(each for each in (4, 3, 0) if each in codes)


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One change as a line of a table."""

    id: str
    link: str
    device: str
    workload: str
    label: str
    before: str
    after: str
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


def nightly_page(
    store: Store,
    look: Look,
    pages: Mapping[str, str] | None = None,
    promised: NightBudgets | None = None,
    device_pages: Mapping[str, str] | None = None,
    unsent: Sequence[Unsent] = (),
) -> str:
    """Return the page. The store is asked for what the blocks beside the findings show.

    pages are those of series, and device_pages those of devices by their names, in a site; unsent are messages that nobody took yet.
    """
    tracked = look.tracked
    explanations = () if promised is None else promised.explanations
    of_branch = {"branch": tracked.branch, "as_of": look.now, "device": None}
    found = store.queries(
        {
            "report_devices": of_branch,
            "report_outcomes": of_branch | {"since": health.since(tracked.last_night)},
            "report_sessions": of_branch,
            "report_pareto": of_branch | {"nights": pareto.NIGHTS, "metrics": pareto.METRICS_ASKED},
            "canary_states": {},
        }
    )
    changes = by_severity(tracked.groups)
    histories = series.Histories(look.followed, tuple(changes), tracked.branch, pages or {})
    events = health.events(found["report_sessions"])
    content = series.data(histories)
    content |= {"events": event_data(events, content["epoch"]), "pareto": pareto.data(found["report_pareto"])}
    ranked = sorted(explanations, key=budgets.rank)
    asked = [run for one in ranked[:_DIGGABLE_BUDGETS] for run in budgets.opened(one)]
    content |= _runs_around(store, tracked, changes, series.by_name(look.followed), asked)
    content |= {"budgets": [budgets.data(one, _commands(one, promised, tracked.branch), look.followed) for one in explanations]}
    devices = health.devices(found["report_devices"], found["report_outcomes"], tracked, steadiness.suspects(found["canary_states"]))
    groups = group_rows(tracked.groups, series.by_name(look.followed), look.now)
    return page.render(
        "nightly.html.j2",
        content,
        title=words.title(f"farm nightly: {tracked.branch}"),
        verdict=VERDICTS[code(tracked, promised)],
        tone=TONES[code(tracked, promised)],
        sentence=sentence(tracked, promised),
        tracked=tracked,
        devices=devices,
        device_pages=device_pages or {},
        night=rack_night(store, tracked.branch, look.now, unsent),
        promised=promised,
        rows=budgets.rows(explanations, look, advice="only advice"),
        sections=_sections(groups),
        environment=environment(events, tracked),
        requests=tracked.pending,
        now=words.moment(look.now),
        in_site=pages is not None,
        command=_command(promised, tracked.branch),
    )


def _command(promised: NightBudgets | None, branch: str) -> str:
    return words.command("farm", "report", "nightly", "--branch", branch, *(() if promised is None else promised.options))


def _commands(one: Explanation, promised: NightBudgets | None, branch: str) -> list[tuple[str, str]]:
    """Return what tells a night's verdict again, and what measures both sides interleaved."""
    devices = ",".join(one.verdict.budget.devices or [used.device for used in one.verdict.used])
    suite = "SUITE.toml" if promised is None else promised.suite
    measured = (
        "farm",
        "gate",
        "--suite",
        suite,
        "--candidate",
        "NEW.pte",
        "--baseline",
        "OLD.pte",
        *(("--device", devices) if devices else ()),
    )
    return [
        ("The same page again", _command(promised, branch)),
        ("Both sides measured interleaved, which decides it", words.command(*measured)),
    ]


def by_severity(groups: Sequence[Group]) -> list[TrackedChange]:
    """Return all changes: those that alarm first, the largest of them first."""
    every = [change for group in groups for change in group.members]
    return sorted(every, key=lambda change: (not change.alarms, not (change.worse and change.is_here), -_severity(change)))


def _severity(change: TrackedChange) -> float:
    return words.cost(change.size.value - 1, change.series.metric) if change.size.is_ratio else abs(change.deviations or 1.0)


def sentence(tracked: Tracked, promised: NightBudgets | None = None) -> str:
    """Return why the verdict is what it is, in one sentence."""
    if not tracked.series:
        return f"Nothing was measured on branch {tracked.branch}."
    alarms = [change for change in by_severity(tracked.groups) if change.alarms]
    suspected = sum(change.worse and change.standing is Standing.SUSPECTED and change.acknowledgement is None for change in tracked.changes)
    missing = [item for item in tracked.missing if item.acknowledgement is None]
    broken, rest = ("", "") if promised is None else budgets.sentences(promised.explanations)
    parts = [broken]
    if alarms:
        worst = alarms[0]
        size, _ = words.size_words(worst.size, worst.series.metric)
        name = f"{worst.series.workload} {words.label(worst.series.metric)} on {worst.series.device}"
        parts.append(f"{words.counted(len(alarms), 'regression')} that nobody has acknowledged, the worst {size} ({name})")
    if suspected:
        parts.append(f"{words.counted(suspected, 'change')} suspected: fresh runs decide")
    parts.append(rest)
    if missing:
        parts.append(
            f"{words.counted(len(missing), 'series', 'series')} missing on {words.listed(sorted({item.device for item in missing}))}"
        )
    kept = "" if promised is None else ", no budget that counts is broken"
    told = "; ".join(filter(None, parts)) or f"no regression that nobody has acknowledged{kept}, and every series has its data"
    return f"{told[0].upper()}{told[1:]}."


def group_rows(groups: Sequence[Group], followed: dict[str, Followed], now: datetime) -> list[tuple[Group, GroupRows]]:
    """Return the groups as lines, the worst first; all bars have one axis, so that they can be compared.

    Where nobody has looked before, everything is new, and nothing is marked so.
    """
    every = [change for group in groups for change in group.members if change.size.is_ratio]
    costs = [words.cost(end - 1, change.series.metric) for change in every for end in (change.size.low, change.size.high)]
    axis = shapes.scale(costs)
    is_first = all(now - change.first_seen_at < _NEW for group in groups for change in group.members)
    ordered = sorted(groups, key=lambda group: -max(map(_severity, group.members)))
    return [(group, _group(group, followed, axis, None if is_first else now - _NEW)) for group in ordered]


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
        before=words.amount(change.before, metric),
        after=words.amount(change.after, metric),
        size=size,
        interval=interval,
        bar=drawn,
        trend=shapes.spark(values, f"{words.counted(len(values), 'night')}, the last {words.amount(values[-1], metric)}", between),
        state=_state(change),
        is_new=new_since is not None and change.first_seen_at > new_since,
        said="" if change.acknowledgement is None else tracking.acknowledged(change.acknowledgement),
        lapsed="" if change.lapsed is None else f"was {tracking.acknowledged(change.lapsed)}; that is over",
    )


def _state(change: TrackedChange) -> str:
    return "acknowledged" if change.acknowledgement is not None else tracking.state(change)


def _sections(groups: Sequence[tuple[Group, GroupRows]]) -> list[tuple[str, str, bool, list[GroupRows]]]:
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


@dataclass(frozen=True, slots=True)
class Surrounding:
    """Something beside the models that changed in one night, with the numbers that changed there: their links and names."""

    day: str
    devices: tuple[str, ...]
    what: str
    before: str
    after: str
    links: tuple[tuple[str, str], ...]


def environment(events: Sequence[Event], tracked: Tracked, most: int = 40) -> list[Surrounding]:
    """Return what changed beside the models, the newest first; restarts are left to the plots."""
    alike: dict[tuple[date, str, str, str], list[Event]] = {}
    for event in events:
        if event.what != "restarted":
            alike.setdefault((night_of(event.at), event.what, event.before, event.after), []).append(event)
    found = []
    for (night, what, before, after), own in sorted(alike.items(), key=lambda item: item[0][0], reverse=True)[:most]:
        changes = [change.series for change in tracked.changes if any(_lies_there(event, change) for event in own)]
        links = tuple((series.name_of(item), f"{item.workload} {words.label(item.metric)} on {item.device}") for item in changes)
        found.append(Surrounding(words.day(night), tuple(sorted({event.device for event in own})), what, before, after, links))
    return found


def _lies_there(event: Event, change: TrackedChange) -> bool:
    return change.series.device == event.device and change.place.after.at < event.at <= change.place.until.at


def event_data(events: Sequence[Event], epoch: str) -> list[list[Any]]:
    """Return events as the plots take them: minutes since the page's first night, device, what, before, after."""
    begin = series.naive(epoch)
    return [[series.minutes(event.at, begin), event.device, event.what, event.before, event.after] for event in events]


def _runs_around(
    store: Store, tracked: Tracked, changes: Sequence[TrackedChange], followed: dict[str, Followed], judged: Sequence[str]
) -> dict[str, Any]:
    """Return the runs of the nights around the changes that matter most, and the readings of one run a night; and of those judged."""
    chosen = changes[:_DIGGABLE]
    days = {series.name_of(change.series): series.days_around(followed[series.name_of(change.series)], change) for change in chosen}
    places = [f"{series.job(change.series)} {day}" for change in chosen for day in days[series.name_of(change.series)]]
    every = sorted({day for own in days.values() for day in own})
    found = store.query("report_runs", branch=tracked.branch, places=places, days=every, run_ids=[])
    if judged:
        asked = store.query("report_runs", branch=None, places=[], days=[], run_ids=list(judged))
        found = pl.concat([found, asked], how="vertical_relaxed").unique("run_id").sort("started_at", "run_id")
    statistics = store.query("chosen_statistics", run_ids=found["run_id"].to_list())
    values = statistics.filter(pl.col("p50").is_finite()).select("run", "metric", "p50")
    opened = list(judged)[:_OPENED_JUDGED]
    for change in chosen:
        own = found.filter(pl.col("day").is_in(days[series.name_of(change.series)]) & (pl.col("series_key") == change.series.key))
        known = dict(values.filter(pl.col("metric") == change.series.metric).select("run", "p50").iter_rows())
        opened += runs.representative(own, known)[:4]
    wanted = runs.asked([], opened)
    readings = store.queries({name: wanted[name] for name in ("report_readings", "report_state", "chosen_absences", "pruned_readings")})
    return runs.data(readings | {"report_runs": found, "chosen_statistics": statistics})
