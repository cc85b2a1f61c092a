"""Profiles for a page: the heaviest operators of a workload, each with its share of the whole as a bar."""

from typing import Any

import polars as pl

from farm import units
from farm.profiles import Kind, Operator, Profile, Rest, kinds, profiles
from farm.publish import operators as told
from farm.report import words
from farm.report.look import Look
from farm.store import Store

MOST_PROFILES = 48
"""Of a page: the newest."""
BAR_WIDTH = 160.0
"""In SVG units, of the whole."""


def data(store: Store, look: Look, device_id: str | None = None, workload: str | None = None) -> dict[str, Any]:
    """Return the newest profiles of a branch as what a page's scripts read of them; device_id and workload: None for all."""
    newest = newest_runs(store, look, device_id, workload)
    if newest.is_empty():
        return {"profiles": []}
    rows = store.query("profiles", run_ids=newest["run_id"].to_list())
    found = {profile.run_ids[0]: profile for profile in profiles(rows.iter_rows(named=True))}
    return {
        "profiles": [
            block(found[row["run_id"]])
            | {"device": row["device"], "workload": row["workload"], "runtime": f"{row['runtime']} {row['flavour']}"}
            | {"threads": row["threads"], "run": row["run_id"], "at": words.moment(row["started_at"]), "revision": row["revision"]}
            for row in newest.iter_rows(named=True)
            if row["run_id"] in found
        ]
    }


def newest_runs(store: Store, look: Look, device_id: str | None = None, workload: str | None = None) -> pl.DataFrame:
    """Return the runs that data() tells of, the newest first."""
    asked = {"branch": look.tracked.branch, "as_of": look.now, "device_id": device_id, "workload": workload, "most": MOST_PROFILES}
    return store.query("report_profiles", **asked)


def block(profile: Profile, latency_ns: float | None = None) -> dict[str, Any]:
    """Return a profile as plain values: rows of what is to be read, what to sort them by, and how long their bars are."""
    shown, rest = profile.operators[: told.MOST_SHOWN], profile.operators[told.MOST_SHOWN :]
    rows = [_operator(operator, profile) for operator in shown]
    if rest:
        rows.append(_sum(*told.lighter(rest), profile))
    rows.append(_sum(told.OUTSIDE, profile.outside, profile))
    whole = units.show(profile.whole_ns, units.TIME)
    return {
        "title": f"{profile.workload} · {profile.artifact}",
        "summary": f"Median of {units.counted(profile.iterations, told.unit(profile))}: {whole} with the tracer, which is no latency.",
        "rows": rows,
        "kinds": [_kind(kind, profile) for kind in (kinds(profile)[: told.MOST_SHOWN] if rest else ())],
        "operators": len(profile.operators),
        "lines": [
            *(
                f"of what is outside operators, {units.show(part.median_ns, units.TIME)} is in calls of {part.delegate}"
                for part in profile.in_calls
            ),
            *told.profile_lines(profile, latency_ns),
        ],
    }


def _kind(kind: Kind, profile: Profile) -> dict[str, Any]:
    share = profile.share(kind.sum_ns)
    return {
        "name": kind.name,
        "by": told.computed_by(kind),
        "operators": kind.operators,
        "median": told.kind_text(kind),
        "median_ns": kind.median_ns,
        "share": told.percent(share),
    } | _bar(share)


def _operator(operator: Operator, profile: Profile) -> dict[str, Any]:
    return {
        "name": operator.name,
        "by": told.computed_by(operator),
        "instruction": operator.instruction,
        "calls": f"{operator.calls:g}",
        "median": told.median_text(operator),
        "median_ns": operator.median_ns,
        "share": told.share_text(operator, profile),
    } | _bar(profile.share(operator.sum_ns))


def _sum(name: str, time: Rest, profile: Profile) -> dict[str, Any]:
    share = profile.share(time.sum_ns)
    none = dict.fromkeys(("by", "instruction", "calls"))
    return (
        none
        | {
            "name": name,
            "median": units.show(time.median_ns, units.TIME),
            "median_ns": time.median_ns,
            "share": told.percent(share),
        }
        | _bar(share)
    )


def _bar(share: float) -> dict[str, float]:
    return {"part": round(share, 6), "bar": round(BAR_WIDTH * min(1.0, max(0.0, share)), 1)}
