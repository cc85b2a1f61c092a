"""Rows of the database -> series with their nights."""

from dataclasses import fields
from itertools import groupby

import polars as pl

from farm.findings import Followed, Night, Series
from farm.metrics import METRICS

METRICS_OF_PASSES = tuple(f"{pass_} {metric.name}" for metric in METRICS.values() for pass_ in metric.passes)
"""What is followed, as the query `nights` takes it: a metric only of the passes that measure it with nothing else beside it."""

_COLUMNS = ("series_key", "metric", *(column.name for column in fields(Night)))


def followed(series: pl.DataFrame, nights: pl.DataFrame) -> tuple[Followed, ...]:
    """Return each series with its nights, oldest first, from the rows of the queries `followed_series` and `nights`."""
    facts = {row["series_key"]: row for row in series.iter_rows(named=True)}
    rows = groupby(nights.select(_COLUMNS).iter_rows(), key=lambda row: (row[0], row[1]))
    return tuple(Followed(_series(key, metric, facts[key]), tuple(Night(*row[2:]) for row in own)) for (key, metric), own in rows)


def _series(key: str, metric: str, facts: dict[str, object]) -> Series:
    words = {name: str(facts[name]) for name in ("device_id", "device", "workload", "workload_key", "runtime", "flavour", "command")}
    return Series(key, metric, pass_=str(facts["pass"]), threads=int(str(facts["threads"])), **words)
