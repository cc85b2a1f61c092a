"""One run as tables for the terminal."""

import json
from collections.abc import Mapping
from typing import Any

import polars as pl

from farm import units
from farm.metrics import INTERVAL, INTERVAL_COVERAGE, METRICS, WINDOWS, Statistic
from farm.publish.tables import Table

_FACTS = {
    "run": "run_id",
    "outcome": "outcome",
    "error class": "error_class",
    "reason": "reason",
    "hint": "hint",
    "device": "device_name",
    "device identity": "device_id",
    "processor": "soc",
    "system": "os_build",
    "workload": "workload_id",
    "pass": "pass",
    "repeat": "repeat",
    "attempt": "attempt",
    "began (UTC)": "started_at",
    "ended (UTC)": "ended_at",
    "artifact": "artifact",
    "artifact SHA-256": "artifact_sha256",
    "runtime": "runtime",
    "runtime version": "runtime_version",
    "flavour": "flavour",
    "threads": "threads",
    "settings": "settings",
    "inputs": "inputs_sha256",
    "output": "output_check",
    "output SHA-256": "output_sha256",
    "output figure": "output_error",
    "harness": "harness_hash",
    "harness build": "build_type",
    "farm": "farm_version",
    "revision": "revision",
    "branch": "branch",
    "session": "session_id",
    "seed": "seed",
    "command": "command",
}
_QUANTILES = (Statistic.P50, Statistic.P90, Statistic.P99)


def tables(row: Mapping[str, Any], parts: Mapping[str, pl.DataFrame], *, samples: bool) -> list[Table]:
    """Return the run's facts, its statistics, the device's state, what is absent and, when asked for, every reading."""
    facts = tuple((name, _fact(row[column])) for name, column in _FACTS.items() if row[column] is not None)
    found = [Table("", ("", ""), facts, (0, 1)), _statistics(parts["statistics"])]
    within = _within(parts["samples"])
    found += (
        [Table("Within the run", ("metric", "value", f"interval by its windows ({INTERVAL_COVERAGE:.0%})", "windows"), within)]
        if within
        else []
    )
    found.append(_state(parts["state"]))
    if parts["absences"].height:
        found.append(Table("Not measured", ("metric", "source", "reason"), _texts(parts["absences"]), (0, 1, 2)))
    if parts["pruned"].height:
        found.append(_pruned(parts["pruned"]))
    if samples:
        found.append(
            Table("Readings", ("metric", "source", "values"), _texts(parts["samples"].select("metric", "source", "values")), (0, 1, 2))
        )
        if parts["operator_times"].height:
            found.append(Table("Readings of operators", ("place", "operator", "times_ns"), _texts(parts["operator_times"]), (1, 2)))
    return found


def _fact(value: object) -> str:
    return json.dumps(value) if isinstance(value, dict | list) else str(value)


def _statistics(frame: pl.DataFrame) -> Table:
    rows = []
    for row in frame.iter_rows(named=True):
        known = METRICS.get(row["metric"])
        shown = known.statistics if known else (Statistic.VALUE,) if row["readings"] == 1 else _QUANTILES
        quantity = units.quantity_of(row["metric"])
        value = [units.show(row["first"], quantity)] if shown == (Statistic.VALUE,) else []
        spread = [units.show(row[statistic], quantity) if statistic in shown else "" for statistic in _QUANTILES]
        rows.append((row["metric"], str(row["readings"]), *(value or spread[:1]), *spread[1:]))
    return Table("Readings in short", ("metric", "readings", "p50 / value", "p90", "p99"), tuple(rows))


def _within(samples: pl.DataFrame) -> tuple[tuple[str, ...], ...]:
    """Return the values that know by themselves how sure they are, with what they lie between and from how many stretches."""
    read = {(row["metric"], row["source"]): row["values"] for row in samples.iter_rows(named=True)}
    return tuple(
        (
            metric,
            units.show(read[metric, ""][0], units.quantity_of(metric)),
            " … ".join(units.show(bound, units.quantity_of(metric)) for bound in bounds),
            str(len(read[metric, WINDOWS])),
        )
        for (metric, source), bounds in read.items()
        if source == INTERVAL
    )


def _state(frame: pl.DataFrame) -> Table:
    rows = tuple(
        (
            row["phase"],
            row["name"],
            row["source"],
            row["text"] or ("" if row["value"] is None else units.show(row["value"], units.quantity_of(row["name"]))),
            row["reason"] or "",
        )
        for row in frame.iter_rows(named=True)
    )
    return Table("Device state", ("when", "what", "source", "reading", "absent because"), rows, (0, 1, 2, 4))


def _pruned(frame: pl.DataFrame) -> Table:
    """Return what stays of readings that farm db prune dropped."""
    rows = []
    for row in frame.iter_rows(named=True):
        quantity = units.quantity_of(row["metric"])
        shown = [units.show(row[name], quantity) for name in ("least", "p50", "mean", "most")]
        rows.append((row["metric"], row["source"], str(row["readings"]), *shown, f"{row['pruned_at']:%Y-%m-%d}"))
    columns = ("metric", "source", "readings", "least", "p50", "mean", "most", "dropped on")
    return Table("Readings that were dropped for their age", columns, tuple(rows), (0, 1))


def _texts(frame: pl.DataFrame) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(str(value) for value in row) for row in frame.iter_rows())
