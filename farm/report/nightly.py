"""What changed since the last nightly, over pool and suite: the page of `farm report nightly`."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from farm.findings import Followed, Tracked, TrackedChange
from farm.publish.explanation import Explanation
from farm.report import budgets, changes, health, page, pareto, profiles, runs, series, steadiness, surroundings, verdict, words
from farm.report.look import Look
from farm.report.night import Unsent, rack_night
from farm.report.verdict import NightBudgets
from farm.store import Store

_DIGGABLE, _DIGGABLE_BUDGETS = 24, 6
"""Series whose runs around their change are in the page; budgets of which each side's middle runs are."""
_OPENED_JUDGED = 12
"""Runs of budgets whose readings are in the page, before those of changes."""


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
    found = _asked(store, look)
    events = health.events(found["report_sessions"])
    suspects = steadiness.suspects(found["canary_states"])
    groups = changes.group_rows(tracked.groups, series.by_name(look.followed), look.now)
    content = _content(store, look, pages or {}, promised)
    content |= {"events": surroundings.event_data(events, content["epoch"]), "pareto": pareto.data(found["report_pareto"])}
    return page.render(
        "nightly.html.j2",
        content,
        title=words.title(f"farm nightly: {tracked.branch}"),
        said=verdict.of(tracked, promised),
        sentence=verdict.sentence(tracked, promised),
        tracked=tracked,
        devices=health.devices(found["report_devices"], found["report_outcomes"], tracked, suspects),
        device_pages=device_pages or {},
        night=rack_night(store, tracked.branch, look.now, unsent),
        promised=promised,
        rows=budgets.rows(() if promised is None else promised.explanations, look, advice="only advice"),
        sections=changes.sections(groups),
        environment=surroundings.environment(events, tracked),
        requests=tracked.pending,
        now=words.moment(look.now),
        in_site=pages is not None,
        command=_command(promised, tracked.branch),
    )


def _asked(store: Store, look: Look) -> dict[str, pl.DataFrame]:
    """Return what the database says of devices, their outcomes and sessions, of schemes and of the canary."""
    of_branch = {"branch": look.tracked.branch, "as_of": look.now, "device": None}
    return store.queries(
        {
            "report_devices": of_branch,
            "report_outcomes": of_branch | {"since": health.since(look.tracked.last_night)},
            "report_sessions": of_branch,
            "report_pareto": of_branch | {"nights": pareto.NIGHTS, "metrics": pareto.METRICS_ASKED},
            "canary_states": {},
        }
    )


def _content(store: Store, look: Look, pages: Mapping[str, str], promised: NightBudgets | None) -> dict[str, Any]:
    """Return what the page's scripts read: series, the runs around the changes that matter most, and budgets with theirs."""
    tracked = look.tracked
    explanations = () if promised is None else promised.explanations
    ordered = changes.by_severity(tracked.groups)
    ranked = sorted(explanations, key=budgets.rank)
    judged = [run for one in ranked[:_DIGGABLE_BUDGETS] for run in budgets.opened(one)]
    content = series.data(series.Histories(look.followed, tuple(ordered), tracked.branch, pages))
    content |= profiles.data(store, look)
    content |= _runs_around(store, tracked, ordered, series.by_name(look.followed), judged)
    return content | {"budgets": [budgets.data(one, _commands(one, promised, tracked.branch), look.followed) for one in explanations]}


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


def _runs_around(
    store: Store, tracked: Tracked, ordered: Sequence[TrackedChange], followed: dict[str, Followed], judged: Sequence[str]
) -> dict[str, Any]:
    """Return the runs of the nights around the changes that matter most, and the readings of one run a night; and of those judged."""
    chosen = ordered[:_DIGGABLE]
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
