"""What was found in a branch's history as JSON. The form is published as schemas/findings-1.schema.json."""

import math
from typing import Any

from farm.departures import Departure
from farm.findings import Acknowledgement, Group, MissingSeries, Moment, Place, Request, Series, Tracked, TrackedChange
from farm.publish import json_form

VERSION = 1


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the document."""
    return json_form.schema("findings", VERSION)


def findings_json(tracked: Tracked, departure: Departure | None = None) -> str:
    """Return all of it as one JSON document, groups oldest first; departure is the branch held against its base, where that was asked."""
    content = {
        "farm_findings": VERSION,
        "exit_code": tracked.exit_code,
        "branch": tracked.branch,
        "as_of": f"{tracked.as_of.isoformat(timespec='seconds')}Z",
        "series": tracked.series,
        "values": tracked.values,
        "nights": tracked.nights,
        "last_night": tracked.last_night,
        "replaced_series": tracked.replaced,
        "groups": [_group(group) for group in tracked.groups],
        "missing": [_missing(item) for item in tracked.missing],
        "confirmations": [_request(item) for item in tracked.pending],
        "base": None if departure is None else _departure(departure),
    }
    return json_form.json_text(content)


def _departure(departure: Departure) -> dict[str, Any]:
    return {
        "branch": departure.base,
        "left_at": None if departure.left_at is None else f"{departure.left_at.isoformat(timespec='seconds')}Z",
        "series_without_enough_nights": departure.silent,
        "compared": [
            {
                "series": _series(one.series),
                "ratio": one.size.value,
                "low": one.size.low if one.size.low > 0 else None,
                "high": one.size.high if math.isfinite(one.size.high) else None,
                "direction": _direction(worse=one.worse),
                "is_told": one.is_told,
                "base_nights": one.base_nights,
                "nights": one.nights,
                "q_value": one.q_value,
            }
            for one in departure.compared
        ],
    }


def _group(group: Group) -> dict[str, Any]:
    return {
        "id": group.id,
        "direction": _direction(worse=group.worse),
        "devices": group.devices,
        "workloads": group.workloads,
        "place": _place(group.place),
        "changes": [_change(change) for change in group.members],
    }


def _change(change: TrackedChange) -> dict[str, Any]:
    size = change.size
    return {
        "id": change.id,
        "series": _series(change.series),
        "standing": change.standing.value,
        "direction": _direction(worse=change.worse),
        "is_here": change.is_here,
        "alarms": change.alarms,
        "place": _place(change.place),
        "recovered": _moment(change.recovered),
        "before": change.before,
        "after": change.after,
        "size": {"value": size.value, "low": size.low, "high": size.high, "kind": "ratio" if size.is_ratio else "difference"},
        "significance": change.significance,
        "deviations": change.deviations,
        "first_seen_at": f"{change.first_seen_at.isoformat(timespec='seconds')}Z",
        "likelier_causes": [{"name": cause.name, "before": cause.before, "after": cause.after} for cause in change.causes],
        "artifact_changed": change.artifact_changed,
        "acknowledgement": _said(change.acknowledgement),
        "lapsed_acknowledgement": _said(change.lapsed),
    }


def _missing(item: MissingSeries) -> dict[str, Any]:
    return {
        "id": item.id,
        "group": item.group,
        "device": item.device,
        "workload": item.workload,
        "pass": item.pass_,
        "metric": item.metric,
        "series": None if item.series is None else _series(item.series),
        "last": _moment(item.last),
        "nights": item.nights,
        "reason": item.reason,
        "first_seen_at": f"{item.first_seen_at.isoformat(timespec='seconds')}Z",
        "acknowledgement": _said(item.acknowledgement),
        "lapsed_acknowledgement": _said(item.lapsed),
    }


def _request(item: Request) -> dict[str, Any]:
    return {
        "id": item.id,
        "finding": item.finding,
        "asked_at": f"{item.asked_at.isoformat(timespec='seconds')}Z",
        "series_key": item.series_key,
        "device": item.device,
        "device_id": item.device_id,
        "workload": item.workload,
        "workload_key": item.workload_key,
        "pass": item.pass_,
        "metric": item.metric,
        "runs": item.runs,
    }


def _series(series: Series) -> dict[str, Any]:
    return {
        "key": series.key,
        "device": series.device,
        "device_id": series.device_id,
        "workload": series.workload,
        "pass": series.pass_,
        "metric": series.metric,
        "runtime": series.runtime,
        "flavour": series.flavour,
        "threads": series.threads,
    }


def _place(place: Place) -> dict[str, Any]:
    return {"after": _moment(place.after), "first": _moment(place.first), "until": _moment(place.until)}


def _moment(moment: Moment | None) -> dict[str, Any] | None:
    return None if moment is None else {"at": f"{moment.at.isoformat(timespec='seconds')}Z", "revision": moment.revision}


def _said(said: Acknowledgement | None) -> dict[str, Any] | None:
    if said is None:
        return None
    return {"answer": said.answer.value, "until": said.until, "owner": said.owner, "reason": said.reason, "revision": said.revision}


def _direction(*, worse: bool) -> str:
    return "worse" if worse else "better"
