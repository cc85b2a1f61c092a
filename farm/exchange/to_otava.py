"""The history of one workload on one device as CSV for Apache Otava, and the test that its configuration needs to read it.

Otava's CSV importer wants a header, a time in each row, and a number in every column that is analysed. A row is what one
session measured of one artifact: the median over its valid runs. A session that lacks one of the columns is left out, since
Otava takes no empty cell, and is counted.
"""

import csv
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

from farm.errors import InputError
from farm.exchange.exported import Value

_ATTRIBUTES = ("session_id", "device", "workload", "artifact", "artifact_sha256", "revision", "os_build", "runtime_version", "harness_hash")
_CHOICES = (
    ("device_id", "devices", "--device"),
    ("workload", "workloads", "--workload"),
    ("flavour", "flavours", "--flavour"),
    ("workload_key", "settings of one workload", "--settings"),
)
_TIME, _BRANCH, _RUNS = "time", "branch", "runs"


@dataclass(frozen=True, slots=True)
class OtavaTable:
    """A CSV, its columns of metrics, and how many sessions were left out of it."""

    text: str
    metrics: Mapping[str, str]
    """Each column's name and which way it improves."""
    rows: int
    left_out: int


def otava_table(given: Iterable[Value]) -> OtavaTable:
    """Return the table. Raises InputError when the values are of more than one device, workload or flavour: that is several tests."""
    kept = [value for value in given if value.is_result]
    if not kept:
        raise InputError("there are no valid runs to export", hint="farm runs lists what was measured")
    _refuse_several(kept)
    points: dict[tuple[str, str], list[Value]] = {}
    for value in kept:
        points.setdefault((value.run["session_id"], value.run["artifact_sha256"]), []).append(value)
    columns = {value.name: str(value.better) for value in kept}
    whole = [point for point in points.values() if {value.name for value in point} == columns.keys()]
    attributes = [*_ATTRIBUTES, *([_BRANCH] if any(value.run[_BRANCH] for value in kept) else []), _RUNS]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([_TIME, *attributes, *columns])
    for point in whole:
        writer.writerow(_row(point, attributes, list(columns)))
    return OtavaTable(text.getvalue(), columns, len(whole), len(points) - len(whole))


def _refuse_several(kept: list[Value]) -> None:
    by_pass = {(value.run["pass"], value.run["workload_key"]) for value in kept}
    one_each = len({name for name, _ in by_pass}) == len(by_pass)  # passes use different settings: each has its own key
    for column, plural, option in _CHOICES:
        found = sorted({str(value.run[column]) for value in kept})
        if len(found) > 1 and not (column == "workload_key" and one_each):
            raise InputError(
                f"a file for Otava holds one series, and these are runs of {len(found)} {plural}",
                hint=f"choose one with {option}: {', '.join(found)}",
            )


def _row(point: list[Value], attributes: list[str], columns: list[str]) -> list[Any]:
    run = point[0].run
    said: dict[str, Any] = dict(run) | {_RUNS: len({value.run["run_id"] for value in point})}
    medians = {name: median(value.value for value in point if value.name == name) for name in columns}
    about = ["" if said[name] is None else said[name] for name in attributes]
    return [f"{run['session_started_at'].isoformat(timespec='seconds')}+00:00", *about, *(repr(medians[name]) for name in columns)]


def otava_config(table: OtavaTable, file: str, name: str) -> str:
    """Return the test for otava.yaml (JSON, which is YAML), by which Otava reads the file and knows which way is better."""
    header = table.text.partition("\n")[0].split(",")
    test = {
        "type": "csv",
        "file": file,
        "time_column": _TIME,
        "attributes": [column for column in header if column not in (_TIME, _BRANCH) and column not in table.metrics],
        "metrics": {column: {"column": column, "direction": 1 if better == "higher" else -1} for column, better in table.metrics.items()},
    }
    return json.dumps({"tests": {name: test}}, indent=2, ensure_ascii=False)
