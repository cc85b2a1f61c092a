"""A device's health over time: the page of `farm report device`."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import polars as pl

from farm import units
from farm.errors import InputError
from farm.report import health, page, pareto, profiles, series, steadiness, surroundings, words
from farm.report.changes import GroupRows, group_rows
from farm.report.look import Look, measured_hint
from farm.report.packed import packed
from farm.store import Store

_NIGHTS, _MOST_EVENTS = 90, 60


@dataclass(frozen=True, slots=True)
class NightCell:
    """What came of one night: a column of the calendar. share is that of its runs that are valid; None: nothing was measured."""

    day: str
    x: int
    share: float | None
    text: str


def device_page(store: Store, look: Look, name: str, pages: Mapping[str, str] | None = None) -> str:
    """Return the page; pages are those of series, in a site. Raises InputError for a device that the branch has no session of."""
    tracked = look.tracked
    until = tracked.last_night or look.now.date()
    since = until - timedelta(days=_NIGHTS - 1)
    found = _asked(store, look, name, since)
    facts = found["report_devices"].row(0, named=True)
    events = health.events(found["report_sessions"])
    recent = found["report_outcomes"].filter(pl.col("day") >= health.since(tracked.last_night))
    line = health.devices(found["report_devices"], recent, tracked, steadiness.suspects(found["canary_states"]))[0]
    return page.render(
        "device.html.j2",
        _content(look, facts["device_id"], found, events, pages or {}) | profiles.data(store, look, facts["device_id"]),
        title=words.title(f"farm device: {facts['device']}"),
        device=facts,
        line=line,
        memory=words.amount(facts["memory_bytes"], "memory_bytes", 3),
        canary=steadiness.canary_of(found["report_canaries"]),
        noises=steadiness.noises(found["report_noises"]),
        tone={"ok": "pass", "silent": "fail", "suspect": "fail"}.get(line.state, "unknown"),
        word="REPORTED" if line.state == "ok" else line.state.upper(),
        sentence=_sentence(line),
        calendar=calendar(found["report_outcomes"], max(since, min(until, facts["first_night"])), until),
        reasons=_reasons(found["report_outcomes"]),
        events=list(reversed(events))[:_MOST_EVENTS],
        groups=_groups_still_there(look, facts["device"]),
        canary_command=words.command("farm", "canary", "--device", facts["device"], "--calibrate"),
        calibrate_command=words.command("farm", "calibrate", "--device", facts["device"], "--suite", "SUITE.toml"),
        in_site=pages is not None,
        command=words.command("farm", "report", "device", facts["device"], "--branch", tracked.branch),
    )


def _asked(store: Store, look: Look, name: str, since: date) -> dict[str, pl.DataFrame]:
    """Return what the database says of the device: on the branch, and its canary and noise, which are of no branch."""
    asked = {"branch": look.tracked.branch, "as_of": look.now, "device": name}
    found = store.queries(
        {
            "report_devices": asked,
            "report_outcomes": asked | {"since": since},
            "report_sessions": asked,
            "report_pareto": asked | {"nights": pareto.NIGHTS, "metrics": pareto.METRICS_ASKED},
        }
    )
    if found["report_devices"].is_empty():
        raise InputError(f'branch {look.tracked.branch} has no session on a device "{name}"', hint=measured_hint(look))
    of_device = {"device": found["report_devices"]["device_id"].item(0), "as_of": look.now}
    return found | store.queries({"report_canaries": of_device, "report_noises": of_device, "canary_states": {}})


def _content(
    look: Look, device_id: str, found: Mapping[str, pl.DataFrame], events: Sequence[health.Event], pages: Mapping[str, str]
) -> dict[str, Any]:
    """Return what the page's scripts read: the device's series, and what its sessions and its canary say over time."""
    own = tuple(item for item in look.followed if item.series.device_id == device_id)
    changes = tuple(change for change in look.tracked.changes if change.series.device_id == device_id)
    content = series.data(series.Histories(own, changes, look.tracked.branch, pages))
    epoch = content["epoch"]
    content |= {"events": surroundings.event_data(events, epoch), "pareto": pareto.data(found["report_pareto"])}
    content |= {"curves": curves(found["report_sessions"], epoch), "canary": steadiness.canary_curve(found["report_canaries"], epoch)}
    return content | {"runs": [], "opened": {}, "facts": [], "commands": []}


def _groups_still_there(look: Look, device: str) -> list[tuple[GroupRows, list[str]]]:
    """Return the groups that the device is in, with its own numbers only, and which other devices are in them."""
    groups = group_rows(look.tracked.groups, series.by_name(look.followed), look.now)
    return [
        (replace(rows, rows=tuple(row for row in rows.rows if row.device == device)), [name for name in group.devices if name != device])
        for group, rows in groups
        if device in group.devices and any(change.is_here for change in group.members if change.series.device == device)
    ]


def _sentence(line: health.DeviceHealth) -> str:
    every = line.recent_valid + line.recent_other
    share = (
        f"{100 * line.recent_valid / every:.1f} % of {units.counted(every, 'run')} of the last {health.RECENT_DAYS} days were valid"
        if every
        else "no run in the last 14 days"
    )
    match line.state:
        case "silent":
            return f"No valid run in the last night; its last session began {line.last}; {share}."
        case "suspect":
            return f"Its numbers may not be what they were: {line.suspect}."
        case "gaps":
            return f"{units.counted(len(line.missing), 'gap')}: {line.missing[0]}; {share}."
        case _:
            return f"{units.counted(line.valid, 'valid run')} of {units.counted(line.workloads, 'workload')} in the last night; {share}."


def calendar(outcomes: pl.DataFrame, since: date, until: date) -> list[NightCell]:
    """Return the nights, oldest first."""
    counts: defaultdict[date, Counter[str]] = defaultdict(Counter)
    for row in outcomes.iter_rows(named=True):
        counts[row["day"]][row["outcome"]] += row["runs"]
    cells = []
    for number in range((until - since).days + 1):
        day = since + timedelta(days=number)
        own = counts.get(day)
        if own is None:
            cells.append(NightCell(words.day(day), number, None, f"{day}: nothing was measured"))
            continue
        every = sum(own.values())
        text = ", ".join(f"{count} {outcome.replace('_', ' ')}" for outcome, count in own.most_common())
        cells.append(NightCell(words.day(day), number, own["ok"] / every, f"{day}: {text}"))
    return cells


def _reasons(outcomes: pl.DataFrame) -> list[tuple[str, str, int, str, str]]:
    """Return outcome, reason, how many runs, since when and until when, the most frequent first."""
    rows = (
        outcomes.filter(pl.col("outcome") != "ok")
        .with_columns(pl.col("reason").fill_null("no reason is known"))
        .group_by("outcome", "reason")
        .agg(pl.col("runs").sum(), pl.col("day").min().alias("first"), pl.col("day").max().alias("last"))
        .sort("runs", "reason", descending=[True, False])
        .head(30)
    )
    return [
        (outcome.replace("_", " "), reason, count, words.day(first), words.day(last))
        for outcome, reason, count, first, last in rows.iter_rows()
    ]


_CURVES = (
    ("battery_level_percent", "battery level before a session"),
    ("battery_cycle_count", "battery cycles"),
    ("skin_temperature_c", "skin temperature before a session"),
)


def curves(sessions: pl.DataFrame, epoch: str) -> list[dict[str, Any]]:
    """Return what sessions say of the device as columns over time; what it never says has the reason in place of them."""
    begin = series.naive(epoch)
    found = []
    for name, label in _CURVES:
        known = sessions.drop_nulls(name)
        if known.is_empty():
            why = sessions["skin_temperature_reason"].drop_nulls().to_list()[-1:] if name == "skin_temperature_c" else []
            found.append({"name": name, "label": label, "why": why[0] if why else "no session read it"})
            continue
        kept = known.filter(pl.col("started_at") >= begin)
        at = [series.minutes(each, begin) for each in kept["started_at"]]
        found.append({"name": name, "label": label, "at": packed(at, "u4"), "value": packed(kept[name].to_list(), "f4")})
    return found
