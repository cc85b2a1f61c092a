"""Stored runs as the values that leave farm: one for each run, metric and statistic, in base units."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from farm.exchange.names import unit_of
from farm.metrics import METRICS, Statistic
from farm.workloads import Outcome

_COLUMNS = {Statistic.P50: "p50", Statistic.P90: "p90", Statistic.P99: "p99", Statistic.VALUE: "first"}
_OTHERS = (Statistic.P50, Statistic.P90, Statistic.P99)


@dataclass(frozen=True, slots=True)
class Value:
    """One statistic of one metric of one run; run is the run's row of the query export_statistics."""

    run: Mapping[str, Any]
    metric: str
    statistic: Statistic
    value: float
    readings: int

    @property
    def name(self) -> str:
        """What a budget would call it: latency_ns.p50, vm_hwm_bytes."""
        return self.metric if self.statistic is Statistic.VALUE else f"{self.metric}.{self.statistic}"

    @property
    def unit(self) -> str | None:
        """The base unit."""
        return unit_of(self.metric)

    @property
    def better(self) -> str | None:
        """Which way the metric improves, None for what is only a sign of the run's circumstances."""
        return METRICS[self.metric].better if self.metric in METRICS else None

    @property
    def is_result(self) -> bool:
        """Whether a number to compare: of the metric table, of the pass that measures it alone, and of a valid run."""
        metric = METRICS.get(self.metric)
        return metric is not None and self.run["pass"] in metric.passes and self.run["outcome"] == Outcome.OK


def values(rows: Iterable[Mapping[str, Any]]) -> Iterator[Value]:
    """Return the values of the rows of export_statistics: the metric table's statistics; percentiles of what is not in it."""
    for row in rows:
        metric = METRICS.get(row["metric"])
        single = (Statistic.VALUE,) if row["readings"] == 1 else _OTHERS
        for statistic in metric.statistics if metric else single:
            yield Value(row, row["metric"], statistic, row[_COLUMNS[statistic]], row["readings"])
