"""One series over time, with every run of it: the page of `farm report history`."""

from dataclasses import dataclass
from typing import Any

import polars as pl

from farm.errors import InputError
from farm.findings import Followed, TrackedChange
from farm.metrics import METRICS
from farm.publish import tracking
from farm.report import health, page, runs, series, words
from farm.report.look import Look
from farm.report.nightly import event_data
from farm.report.packed import packed
from farm.store import Store

_OPENED, _LISTED_NIGHTS, _MOST_LISTED = 16, 21, 400


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
            hint="farm track shows what is followed; farm report nightly lists all of it",
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
    histories = series.Histories(tuple(own), changes, look.tracked.branch)
    content = series.data(histories)
    asked = {"branch": look.tracked.branch, "as_of": look.now}
    found = store.queries(
        {
            "report_history": asked
            | {"device_id": newest.series.device_id, "workload": chosen.workload, "pass": newest.series.pass_, "metric": chosen.metric},
            "report_sessions": asked | {"device": newest.series.device_id},
        }
    )
    every = found["report_history"]
    content |= {"history": _every_run(every, newest, content), "pareto": []}
    content |= {"events": event_data(health.events(found["report_sessions"]), content["epoch"])}
    content |= _runs(store, look, every, newest, changes)
    counts = dict(every.group_by("outcome").len().iter_rows())
    return page.render(
        "history.html.j2",
        content,
        title=words.title(f"farm history: {newest.series.name}"),
        series=newest.series,
        label=words.label(chosen.metric),
        link=series.name_of(newest.series),
        others=[
            (series.name_of(item.series), f"{item.series.threads} threads, {item.series.flavour}") for item in own if item is not newest
        ],
        alarms=[change for change in changes if change.alarms],
        sentence=_sentence(changes),
        tone="fail" if any(change.alarms for change in changes) else "plain",
        counts=[(words.counted(number, "run"), outcome.replace("_", " ")) for outcome, number in sorted(counts.items())],
        in_site=in_site,
        command=series.history_command(newest.series, look.tracked.branch),
    )


def _sentence(changes: tuple[TrackedChange, ...]) -> str:
    alarms = [change for change in changes if change.alarms]
    known = [change for change in changes if change.worse and change.is_here and change.acknowledgement is not None]
    if alarms:
        return f"{_told(alarms[-1])}: nobody has acknowledged it."
    if known and (said := known[-1].acknowledgement) is not None:
        return f"No regression that nobody has acknowledged. {_told(known[-1])}: {tracking.acknowledged(said)}."
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
