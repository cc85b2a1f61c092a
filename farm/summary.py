"""The runs of a session -> one line for each workload, artifact and statistic, with its interval. Frames in, lines out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from farm import quality, stats
from farm.metrics import METRICS, Metric, Statistic
from farm.workloads import Answers, Outcome, Pass

_ORDER = {name: place for place, name in enumerate(METRICS)}
_COLUMNS = {Statistic.P50: "p50", Statistic.P90: "p90", Statistic.P99: "p99", Statistic.VALUE: "first"}


@dataclass(frozen=True, slots=True)
class Line:
    """One statistic of one metric over a session's valid runs; values in the metric's base unit, one for each run."""

    workload: str
    artifact: str
    """Its SHA-256: names tell no two artifacts apart."""
    pass_: Pass
    flavour: str
    threads: int
    metric: Metric
    statistic: Statistic
    values: tuple[float, ...]
    median: float
    interval: stats.Interval | None
    readings: int
    """Raw readings behind the values, over all runs."""
    items: int | None = None
    """Of a quality: how many items it is over, as is then the interval; None: the interval is over runs."""

    @property
    def is_first(self) -> bool:
        """Whether this is the statistic that stands for the metric where one number does."""
        return self.statistic is self.metric.statistics[0]

    @property
    def name(self) -> str:
        """What a budget would call it: latency_ns.p50."""
        return self.metric.name if self.statistic is Statistic.VALUE else f"{self.metric.name}.{self.statistic}"


def lines(statistics: pl.DataFrame, answers: Mapping[str, Answers] | None = None) -> list[Line]:
    """Return the lines of a session from the rows of all_statistics, in the metric table's order; answers are by quality run.

    Only runs whose outcome is ok count. A metric of the table that no valid run measured has no line.
    The memory and latency passes both know the memory's peak and the first inference: each metric is taken from the pass
    that measures it with nothing else beside it.
    """
    kept = statistics.filter((pl.col("outcome") == Outcome.OK) & pl.col("metric").is_in(list(METRICS)))
    keys = ["workload", "artifact_sha256", "pass", "flavour", "threads", "metric"]
    groups = kept.group_by(keys, maintain_order=True)
    found = [line for group, runs in groups for line in _of_group(group, runs, answers or {})]
    return sorted(found, key=lambda line: (line.workload, line.artifact, _ORDER[line.metric.name]))


def _of_group(group: tuple[object, ...], runs: pl.DataFrame, answers: Mapping[str, Answers]) -> Iterable[Line]:
    workload, artifact, pass_, flavour, threads, name = group
    metric = METRICS[str(name)]
    if Pass(str(pass_)) not in metric.passes:
        return
    answered = next((answers[run] for run in runs["run_id"] if run in answers), None)
    for statistic in metric.statistics:
        values = runs[_COLUMNS[statistic]].to_list()
        yield Line(
            str(workload),
            str(artifact),
            Pass(str(pass_)),
            str(flavour),
            int(str(threads)),
            metric,
            statistic,
            tuple(values),
            float(runs[_COLUMNS[statistic]].median()),  # type: ignore[arg-type]
            stats.median_interval(values) if answered is None else quality.interval(answered),
            int(runs["readings"].sum()),
            None if answered is None else len(answered.values),
        )


@dataclass(frozen=True, slots=True)
class Validity:
    """The signs of disturbance in one pass's valid runs, as medians over them; None: not read."""

    workload: str
    artifact: str
    """Its SHA-256."""
    pass_: Pass
    cpu_ratio: float | None
    """CPU time of all threads over wall time: near the number of threads when all of them work and have a CPU."""
    involuntary_switches: float | None
    load_1m: float | None
    """Before the timed part."""


def validity(statistics: pl.DataFrame) -> list[Validity]:
    """Return the signs of each pass from the rows of all_statistics."""
    kept = statistics.filter(pl.col("outcome") == Outcome.OK)
    if kept.is_empty():
        return []
    wide = kept.pivot(on="metric", index=["workload", "artifact_sha256", "pass", "run_id"], values="first", aggregate_function="first")
    found = []
    for (workload, artifact, pass_), runs in wide.group_by(["workload", "artifact_sha256", "pass"], maintain_order=True):
        wall_ns, cpu_ns = _column(runs, "wall_ns"), _column(runs, "cpu_time_ns")
        ratio = None if wall_ns is None or cpu_ns is None else (cpu_ns / wall_ns).median()
        found.append(
            Validity(
                str(workload),
                str(artifact),
                Pass(str(pass_)),
                None if ratio is None else float(ratio),  # type: ignore[arg-type]
                _median(_column(runs, "involuntary_switches_count")),
                _median(_column(runs, "load_1m")),
            )
        )
    return found


def _column(frame: pl.DataFrame, name: str) -> pl.Series | None:
    return frame[name].drop_nulls() if name in frame.columns and frame[name].drop_nulls().len() else None


def _median(values: pl.Series | None) -> float | None:
    return None if values is None else float(values.median())  # type: ignore[arg-type]
