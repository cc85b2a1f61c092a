"""Findings as the rows that the database keeps of them, and back."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import polars as pl

from farm.findings import Acknowledgement, Answer, Cause, Group, MissingSeries, Moment, Place, Standing, TrackedChange, night_of
from farm.verdicts import Size

Rows = dict[str, list[dict[str, Any]]]
Said = Mapping[str, Sequence[Acknowledgement]]
CHANGE, MISSING = "change", "missing"
_BACK = "back"
_STATE = (
    *("standing", "is_here", "after_at", "after_revision", "first_at", "first_revision", "until_at", "until_revision"),
    *("recovered_at", "recovered_revision", "before", "after", "size", "size_low", "size_high", "size_is_ratio"),
    *("significance", "deviations", "group_id", "causes", "artifact_changed", "reason"),
)
"""What is known of a finding at a time, as the columns of finding_states."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A finding as it was known last. place is None for a missing series, whose last night was at last_at."""

    id: str
    kind: str
    device_id: str | None
    device: str
    workload: str
    pass_: str
    metric: str
    series_key: str | None
    worse: bool
    first_seen_at: datetime
    seen_at: datetime
    standing: str
    is_here: bool
    place: Place | None
    last_at: datetime | None
    recovered: Moment | None
    before: float | None
    after: float | None
    size: Size | None
    significance: float | None
    deviations: float | None
    causes: tuple[Cause, ...]
    artifact_changed: bool | None
    state: Mapping[str, Any]
    """The columns that tell one state from another."""


def stored(findings: pl.DataFrame) -> dict[str, Stored]:
    """Return the findings by id, from the rows of the query `findings`."""
    return {row["id"]: _stored(row) for row in findings.iter_rows(named=True)}


def _stored(row: Mapping[str, Any]) -> Stored:
    place = None
    if row["kind"] == CHANGE:
        after, first, until = (_moment(row, name) for name in ("after", "first", "until"))
        place = Place(after, first, until)
    size = None if row["size"] is None else Size(row["size"], row["size_low"], row["size_high"], row["size_is_ratio"])
    same = (
        "id",
        "kind",
        "device_id",
        "metric",
        "series_key",
        "worse",
        "first_seen_at",
        "seen_at",
        "standing",
        "is_here",
        "before",
        "after",
    )
    return Stored(
        **{name: row[name] for name in same},
        device=row["device_name"],
        workload=row["workload_id"],
        pass_=row["pass"],
        place=place,
        last_at=row["after_at"],
        recovered=None if row["recovered_at"] is None else _moment(row, "recovered"),
        size=size,
        significance=row["significance"],
        deviations=row["deviations"],
        artifact_changed=row["artifact_changed"],
        causes=tuple(Cause(**cause) for cause in json.loads(row["causes"] or "[]")),
        state={name: row[name] for name in _STATE},
    )


def _moment(row: Mapping[str, Any], name: str) -> Moment:
    """Return a moment; where its session is no longer known, its night is by the clock."""
    at = row[f"{name}_at"]
    return Moment(at, row[f"{name}_revision"], row[f"{name}_night"] or night_of(at))


def said(acknowledgements: pl.DataFrame) -> Said:
    """Return what was said of each finding, from the rows of the query `acknowledgements`."""
    found: defaultdict[str, list[Acknowledgement]] = defaultdict(list)
    for row in acknowledgements.iter_rows(named=True):
        facts = {name: row[name] for name in ("until", "owner", "reason", "revision")}
        found[row["finding_id"]].append(Acknowledgement(row["finding_id"], row["said_at"], answer=Answer(row["answer"]), **facts))
    return found


def new(
    known: Mapping[str, Stored],
    branch: str,
    as_of: datetime,
    found: Iterable[Group],
    gone: Iterable[Stored],
    missing: Iterable[MissingSeries],
    back: Iterable[Stored],
) -> Rows:
    """Return the rows of findings that are new, and of those of which something else is known than before."""
    findings, states = [], []
    for name, finding, state in [
        *((change.id, _change(change, branch), _change_state(change, group.id)) for group in found for change in group.members),
        *((item.id, _missing(item, branch), _missing_state(item)) for item in missing),
    ]:
        if name not in known:
            findings.append(finding)
        if name not in known or dict(known[name].state) != state:
            states.append({"finding_id": name, "seen_at": as_of, **state})
    for each, standing in [*((item, Standing.GONE.value) for item in gone), *((item, _BACK) for item in back)]:
        states.append({"finding_id": each.id, "seen_at": as_of, **each.state, "standing": standing, "is_here": False, "group_id": None})
    return {"findings": findings, "finding_states": states}


def _change(change: TrackedChange, branch: str) -> dict[str, Any]:
    series = change.series
    return {
        "id": change.id,
        "branch": branch,
        "kind": CHANGE,
        "device_id": series.device_id,
        "device_name": series.device,
        "workload_id": series.workload,
        "pass": series.pass_,
        "metric": series.metric,
        "series_key": series.key,
        "worse": change.worse,
        "first_seen_at": change.first_seen_at,
    }


def _change_state(change: TrackedChange, group: str) -> dict[str, Any]:
    place = change.place
    return {
        "standing": change.standing.value,
        "is_here": change.is_here,
        "after_at": place.after.at,
        "after_revision": place.after.revision,
        "first_at": place.first.at,
        "first_revision": place.first.revision,
        "until_at": place.until.at,
        "until_revision": place.until.revision,
        "recovered_at": change.recovered.at if change.recovered else None,
        "recovered_revision": change.recovered.revision if change.recovered else None,
        "before": change.before,
        "after": change.after,
        "size": change.size.value,
        "size_low": change.size.low,
        "size_high": change.size.high,
        "size_is_ratio": change.size.is_ratio,
        "significance": change.significance,
        "deviations": change.deviations,
        "group_id": group,
        "causes": json.dumps([asdict(cause) for cause in change.causes]),
        "artifact_changed": change.artifact_changed,
        "reason": None,
    }


def _missing(item: MissingSeries, branch: str) -> dict[str, Any]:
    return {
        "id": item.id,
        "branch": branch,
        "kind": MISSING,
        "device_id": item.series.device_id if item.series else None,
        "device_name": item.device,
        "workload_id": item.workload,
        "pass": item.pass_,
        "metric": item.metric,
        "series_key": item.series.key if item.series else None,
        "worse": True,
        "first_seen_at": item.first_seen_at,
    }


def _missing_state(item: MissingSeries) -> dict[str, Any]:
    state: dict[str, Any] = dict.fromkeys(_STATE)
    last = item.last
    return state | {
        "standing": MISSING,
        "is_here": True,
        "after_at": last.at if last else None,
        "after_revision": last.revision if last else None,
        "group_id": item.group,
        "reason": item.reason,
    }
