"""Every measured run as Parquet: one row for each run, metric and statistic, whatever the run's outcome, and raw readings on demand.

A row of raw readings has the statistic "readings", no value, and the readings in `values`; its `source` tells readings of one
metric apart, as in the table samples. The times of a traced operator are metric operator_ns, with its place and name as source.
"""

import io
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from farm.exchange.exported import Value
from farm.exchange.names import unit_of

if TYPE_CHECKING:
    import polars as pl

_RUN = (
    *("run_id", "session_id", "started_at", "device_id", "device", "model", "soc", "os_build", "workload", "workload_key", "series_key"),
    *("artifact", "artifact_sha256", "revision", "branch", "pass", "repeat", "attempt", "outcome", "reason", "runtime"),
    *("runtime_version", "flavour", "threads", "harness_hash", "farm_version"),
)
RAW = "readings"


def parquet(given: Iterable[Value], samples: Iterable[Mapping[str, Any]] | None = None) -> bytes:
    """Return the file's bytes. samples are rows of export_samples; None: the file has no raw readings."""
    import polars as pl

    rows = []
    runs = {}
    for value in given:
        runs[value.run["run_id"]] = value.run
        rows.append(
            {name: value.run[name] for name in _RUN}
            | {
                "metric": value.metric,
                "unit": value.unit,
                "better": value.better,
                "statistic": str(value.statistic),
                "value": value.value,
                "readings": value.readings,
                "source": "",
                "values": None,
            }
        )
    for sample in samples or ():
        run = runs[sample["run_id"]]
        own = {
            "metric": sample["metric"],
            "unit": unit_of(sample["metric"]),
            "better": None,
            "statistic": RAW,
            "value": None,
            "source": sample["source"],
        }
        rows.append({name: run[name] for name in _RUN} | own | {"readings": len(sample["values"]), "values": sample["values"]})
    file = io.BytesIO()
    frame = pl.DataFrame(rows, schema=_schema(), orient="row").with_columns(pl.col("started_at").dt.replace_time_zone("UTC"))
    (frame.drop("values") if samples is None else frame).write_parquet(file)
    return file.getvalue()


def _schema() -> dict[str, "pl.DataType | type[pl.DataType]"]:
    import polars as pl

    kinds: dict[str, pl.DataType | type[pl.DataType]] = dict.fromkeys(_RUN, pl.String)
    kinds |= {"started_at": pl.Datetime("us"), "repeat": pl.Int64, "attempt": pl.Int64, "threads": pl.Int64}
    kinds |= {"metric": pl.String, "unit": pl.String, "better": pl.String, "statistic": pl.String, "value": pl.Float64}
    return kinds | {"readings": pl.Int64, "source": pl.String, "values": pl.List(pl.Float64)}
