"""What each quantisation scheme of a model costs and gives on each device: size, peak memory, latency, energy, quality."""

from collections import defaultdict
from typing import Any

import polars as pl

from farm.metrics import METRICS
from farm.report import words

NIGHTS = 14
"""How old a number may be: energy and quality are measured less often than latency."""
_COLUMNS = {
    "memory": ("vm_hwm_bytes",),
    "latency": ("latency_ns", "token_ns"),
    "energy": ("energy_per_inference_uj", "energy_per_token_uj"),
    "quality": ("accuracy_ratio", "perplexity"),
}
METRICS_ASKED = [f"{pass_} {name}" for names in _COLUMNS.values() for name in names for pass_ in METRICS[name].passes]
_WHY = {
    "memory": "no memory pass in {days} days",
    "latency": "no latency pass in {days} days",
    "energy": "no power pass in {days} days",
    "quality": "no quality pass in {days} days",
}


def data(rows: pl.DataFrame) -> list[dict[str, Any]]:
    """Return one entry for each device and workload from the rows of `report_pareto`; what was not measured says why."""
    found: defaultdict[tuple[str, str], dict[str, Any]] = defaultdict(dict)
    for row in rows.iter_rows(named=True):
        entry = found[row["device"], row["workload"]]
        entry.setdefault(
            "size", {"metric": "artifact_bytes", "value": row["size_bytes"], "low": row["size_bytes"], "high": row["size_bytes"]}
        )
        entry.update(
            {
                "device": row["device"],
                "workload": row["workload"],
                "scheme": row["scheme"] or "scheme not stated",
                "model": row["model"] or row["workload"],
                "artifact": row["artifact"],
            }
        )
        column = next(name for name, metrics in _COLUMNS.items() if row["metric"] in metrics)
        entry[column] = {name: row[name] for name in ("metric", "value", "low", "high", "runs")} | {"day": words.day(row["day"])}
    for entry in found.values():
        for column, why in _WHY.items():
            entry.setdefault(column, {"why": why.format(days=NIGHTS)})
    return list(found.values())
