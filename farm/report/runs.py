"""Runs for a page to dig in: every chosen run with its outcome and values, and of some of them every reading."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from farm.report import words
from farm.report.packed import packed, thinned

MOST_RUNS, MOST_OPENED = 3000, 48
_MOST_POINTS = 600
"""Readings of one series of one run; of more, the least and greatest of each stretch are kept, and that is said."""


def asked(run_ids: Sequence[str], opened: Sequence[str]) -> dict[str, dict[str, object]]:
    """Return the queries whose rows data() takes, of these runs; opened are those whose readings a page is to hold."""
    held = list(dict.fromkeys(opened))[:MOST_OPENED]
    return {
        "report_runs": {"branch": None, "places": [], "days": [], "run_ids": list(run_ids)},
        "chosen_statistics": {"run_ids": list(run_ids)},
        "report_readings": {"run_ids": held},
        "report_state": {"run_ids": held},
        "chosen_absences": {"run_ids": held},
        "pruned_readings": {"run_ids": held},
    }


def data(found: Mapping[str, pl.DataFrame], sides: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return runs for a page, from the rows of asked()."""
    kept = found["report_runs"].tail(MOST_RUNS)
    values = _values(found["chosen_statistics"])
    once = _Once({}, {})
    return {
        "runs": [_run(row, values.get(row["run_id"], {}), (sides or {}).get(row["run_id"]), once) for row in kept.iter_rows(named=True)],
        "facts": [[list(fact) for fact in facts] for facts in once.facts],
        "commands": list(once.commands),
        "opened": _opened(found, set(kept["run_id"].to_list())),
        "left_out": found["report_runs"].height - kept.height,
    }


def _values(statistics: pl.DataFrame) -> dict[str, dict[str, list[float | None]]]:
    found: defaultdict[str, dict[str, list[float | None]]] = defaultdict(dict)
    for run, metric, p50, p90, p99, _ in statistics.iter_rows():
        found[run][metric] = [_finite(p50), _finite(p90), _finite(p99)]
    return found


def _finite(value: float | None) -> float | None:
    return None if value is None or value != value or value in (float("inf"), float("-inf")) else float(f"{value:.7g}")  # noqa: PLR0124


@dataclass(frozen=True, slots=True)
class _Once:
    """What many runs share, and stands once in the page: by value, its place."""

    facts: dict[tuple[tuple[str, str | None], ...], int]
    commands: dict[str, int]


def _run(row: Mapping[str, Any], values: Mapping[str, Sequence[float | None]], side: str | None, once: _Once) -> dict[str, Any]:
    same = ("device", "workload", "pass", "repeat", "attempt", "outcome", "reason", "hint", "revision")
    facts = (
        ("artifact", row["artifact"]),
        ("artifact SHA-256", row["artifact_sha256"]),
        ("system", row["os_build"]),
        ("runtime", " ".join(filter(None, (row["runtime"], row["runtime_version"], row["flavour"]))) or None),
        ("threads", str(row["threads"])),
        ("harness", words.short(row["harness"]) or None),
    )
    return {name: row[name] for name in same} | {
        "id": row["run_id"],
        "series": row["series_key"] and row["series_key"][: words.SHORT],
        "at": words.moment(row["started_at"]),
        "day": words.day(row["day"]),
        "check": row["output_check"],
        "facts": once.facts.setdefault(facts, len(once.facts)),
        "command": once.commands.setdefault(words.measured_again(row["command"], row["device"], row["pass"]), len(once.commands)),
        "side": side,
        "values": values,
    }


def _opened(found: Mapping[str, pl.DataFrame], ids: Collection[str]) -> dict[str, Any]:
    content: defaultdict[str, Any] = defaultdict(lambda: {"readings": [], "state": [], "absent": []})
    for run, metric, source, values, at_ns in found["report_readings"].iter_rows():
        content[run]["readings"].append(_readings(metric, source, values, at_ns))
    for run, phase, name, source, value, text, reason in found["report_state"].iter_rows():
        content[run]["state"].append([phase, name, source, _finite(value), text, reason])
    for run, metric, reason in found["chosen_absences"].iter_rows():
        content[run]["absent"].append([metric, reason])
    for run, metric, source, readings, *_, pruned_at in found["pruned_readings"].iter_rows():
        name = f"{metric} {source}".rstrip()
        content[run]["absent"].append([name, f"{readings} readings were dropped on {pruned_at:%Y-%m-%d}; their summary is kept"])
    return {run: rows for run, rows in content.items() if run in ids}


def _readings(metric: str, source: str, values: list[float], at_ns: list[int] | None) -> dict[str, Any]:
    places = thinned(values, _MOST_POINTS)
    facts: dict[str, Any] = {"metric": metric, "source": source, "count": len(values)}
    if len(values) == 1:
        return facts | {"one": _finite(values[0]), "label": words.label(metric)}
    facts |= {"values": packed([values[place] for place in places], "f4"), "label": words.label(metric)}
    if len(places) < len(values):
        facts["places"] = packed(places, "u4")
    return facts if at_ns is None else facts | {"at_s": packed([at_ns[place] / 1e9 for place in places], "f4")}


def representative(runs: pl.DataFrame, values: Mapping[str, float]) -> list[str]:
    """Return, of runs of one job, the middle valid run of each night, the newest first, then the runs that came to nothing."""
    found = []
    for _, own in runs.sort("started_at", descending=True).group_by("day", maintain_order=True):
        valid = [run for run in own.filter(pl.col("outcome") == "ok")["run_id"] if run in values]
        if valid:
            found.append(sorted(valid, key=lambda run: values[run])[len(valid) // 2])
    troubled = runs.filter(pl.col("outcome") != "ok").sort("started_at", descending=True)["run_id"].to_list()
    return found + troubled[:2]
