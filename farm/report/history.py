"""One series over time, with every run of it: the page of `farm report history`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from farm import units
from farm.errors import InputError
from farm.findings import Followed, TrackedChange
from farm.metrics import METRICS
from farm.publish import tracking
from farm.report import health, page, profiles, runs, series, surroundings, words
from farm.report.look import Look, measured_hint
from farm.report.packed import packed
from farm.store import Store

_OPENED, _LISTED_NIGHTS, _MOST_LISTED = 16, 21, 400
_READABLE_NIGHTS = 30
"""Nights that can be read without the page's script."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which series: names of a device (or its id), a workload and a metric."""

    device: str
    workload: str
    metric: str


def choose(look: Look, device: str | None, workload: str | None, metric: str | None) -> Chosen:
    """Return the series that is meant: with fewer than three names, the only one there is, or the workload's first metric.

    Raises InputError when there is no such series, or when several devices or workloads have one.
    """
    meant = [
        item.series
        for item in look.followed
        if (device is None or device in (item.series.device, item.series.device_id))
        and workload in (None, item.series.workload)
        and metric in (None, item.series.metric)
    ]
    if not meant:
        raise InputError(
            f"branch {look.tracked.branch} has no such series",
            hint=measured_hint(look),
        )
    for name in ("device", "workload"):
        there = sorted({str(getattr(item, name)) for item in meant})
        if len(there) > 1:
            raise InputError(f"{words.listed(there, 8)} have such a series", hint=f"name one with --{name}")
    first = min(meant, key=lambda item: list(METRICS).index(item.metric))
    return Chosen(first.device, first.workload, first.metric)


def history_page(store: Store, look: Look, chosen: Chosen, *, in_site: bool = False) -> str:
    """Return the page of the series that chosen names; where its settings changed, of each that the job went on with."""
    own = [
        item
        for item in look.followed
        if (item.series.device, item.series.workload, item.series.metric) == (chosen.device, chosen.workload, chosen.metric)
    ]
    newest = max(own, key=lambda item: item.nights[-1].began_at)
    changes = tuple(change for change in look.tracked.changes if any(change.series == item.series for item in own))
    found = _asked(store, look, newest)
    counts = dict(found["report_history"].group_by("outcome").len().iter_rows())
    has_alarm = any(change.alarms for change in changes)
    return page.render(
        "history.html.j2",
        _content(store, look, own, newest, changes, found),
        title=words.title(f"farm history: {newest.series.name}"),
        series=newest.series,
        label=words.label(chosen.metric),
        link=series.name_of(newest.series),
        others=[
            (series.name_of(item.series), f"{units.counted(item.series.threads, 'thread')}, {item.series.flavour}")
            for item in own
            if item is not newest
        ],
        sentence=_sentence(changes, len({night.day for night in newest.nights})),
        tone="fail" if has_alarm else "plain",
        has_alarm=has_alarm,
        counts=[
            (units.counted(number, "run"), "valid" if outcome == "ok" else outcome.replace("_", " "))
            for outcome, number in sorted(counts.items(), key=lambda each: (each[0] != "ok", each[0]))
        ],
        told=[(change.worse, f"{_told(change)}: {tracking.state(change)}") for change in changes],
        nights=_nights(newest),
        every_value=len(newest.nights),
        in_site=in_site,
        command=series.history_command(newest.series, look.tracked.branch),
    )


def _asked(store: Store, look: Look, item: Followed) -> dict[str, pl.DataFrame]:
    asked = {"branch": look.tracked.branch, "as_of": look.now}
    one = {
        "device_id": item.series.device_id,
        "workload": item.series.workload,
        "pass": item.series.pass_,
        "metric": item.series.metric,
    }
    return store.queries({"report_history": asked | one, "report_sessions": asked | {"device": item.series.device_id}})


def _content(
    store: Store,
    look: Look,
    own: Sequence[Followed],
    newest: Followed,
    changes: tuple[TrackedChange, ...],
    found: Mapping[str, pl.DataFrame],
) -> dict[str, Any]:
    """Return what the page's scripts read: the series, every run of the newest, and the device's events."""
    content = series.data(series.Histories(tuple(own), changes, look.tracked.branch))
    content |= {"history": _every_run(found["report_history"], newest, content), "pareto": []}
    content |= {"events": surroundings.event_data(health.events(found["report_sessions"]), content["epoch"])}
    content |= profiles.data(store, look, newest.series.device_id, newest.series.workload)
    return content | _runs(store, look, found["report_history"], newest, changes)


@dataclass(frozen=True, slots=True)
class NightLine:
    """A night as somebody reads it whose browser runs no script."""

    night: str
    began: str
    revision: str
    middle: str
    interval: str
    """With its coverage; empty: one run has none."""
    runs: int


def _nights(item: Followed) -> list[NightLine]:
    """Return the last nights, the newest first."""
    metric = item.series.metric
    last = replace(item, nights=item.nights[-_READABLE_NIGHTS:])
    lines = [
        NightLine(
            words.day(night.day),
            words.moment(night.began_at),
            night.revision or "not given",
            words.amount(one.value, metric),
            "" if one.coverage is None else words.interval(one.low, one.high, one.coverage, metric),
            len(night.values),
        )
        for night, one in zip(last.nights, series.middles(last), strict=True)
    ]
    return lines[::-1]


def _sentence(changes: tuple[TrackedChange, ...], nights: int) -> str:
    alarms = [change for change in changes if change.alarms]
    known = [change for change in changes if change.worse and change.is_here and change.acknowledgement is not None]
    if alarms:
        return f"{_told(alarms[-1])}: nobody has acknowledged it."
    if known and (said := known[-1].acknowledgement) is not None:
        return f"No regression that nobody has acknowledged. {_told(known[-1])}: {tracking.acknowledged(said)}."
    if nights == 1:
        return "Its first night: nothing to compare against yet."
    return "No regression that nobody has acknowledged."


def _told(change: TrackedChange) -> str:
    size, interval = words.size_words(change.size, change.series.metric)
    return f"{size} ({interval}) after {words.moment(change.place.after.at)}, by {words.moment(change.place.until.at)}"


def _every_run(every: pl.DataFrame, item: Followed, content: dict[str, Any]) -> dict[str, Any]:
    """Return every run that has a value as columns; reasons name why one is set apart, 0 being a valid one."""
    known = every.drop_nulls("value")
    reasons: dict[str, int] = {"valid": 0}
    revisions: list[str | None] = content["revisions"]
    places = {name: number for number, name in enumerate(revisions)}
    kinds, named = [], []
    for outcome, reason, revision in known.select("outcome", "reason", "revision").iter_rows():
        word = "valid" if outcome == "ok" else f"{outcome.replace('_', ' ')}: {reason or 'no reason is known'}"
        kinds.append(min(255, reasons.setdefault(word, len(reasons))))
        if revision not in places:
            places[revision] = len(revisions)
            revisions.append(revision)
        named.append(places[revision])
    epoch = series.naive(content["epoch"])
    seconds = [max(0, int((at - epoch).total_seconds())) for at in known["started_at"]]
    return {
        "series": series.name_of(item.series),
        "at": packed(seconds, "u4"),
        "value": packed(known["value"].to_list(), "f4"),
        "kind": packed(kinds, "u1"),
        "revision": packed(named, "u4"),
        "reasons": [*list(reasons)[:255], "one of many reasons"],
        "without": [
            [words.moment(row["started_at"]), row["outcome"], row["reason"], row["run_id"]]
            for row in every.filter(pl.col("value").is_null()).tail(200).iter_rows(named=True)
        ],
    }


def _runs(store: Store, look: Look, every: pl.DataFrame, item: Followed, changes: tuple[TrackedChange, ...]) -> dict[str, Any]:
    """Return the runs of the last nights and of those around changes that are still there, some of them with every reading."""
    days = set(sorted(every["day"].unique())[-_LISTED_NIGHTS:])
    for change in changes:
        if change.is_here:
            days |= set(series.days_around(item, change))
    own = every.filter(pl.col("day").is_in(list(days))).tail(_MOST_LISTED)
    values = dict(own.drop_nulls("value").select("run_id", "value").iter_rows())
    return runs.data(store.queries(runs.asked(own["run_id"].to_list(), runs.representative(own, values)[:_OPENED])))
