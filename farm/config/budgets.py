"""The budgets of a suite: what a number may be, where, how strictly, and until when not."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from pydantic import Field

from farm import units
from farm.config.files import Entry, Share, tables
from farm.config.words import nearest, repeated
from farm.metrics import METRICS, Better, Metric, Statistic
from farm.verdicts import Budget, Exemption, Quality, Severity

_PROMISES = ("max", "min", "max_regression", "max_drop")
_QUALITY_PROMISE = {Quality.ACCURACY: "max_drop", Quality.PERPLEXITY: "max_regression"}
_EXEMPTION = ("until", "owner", "reason")


@dataclass(frozen=True, slots=True)
class Names:
    """What budgets may name."""

    workloads: tuple[str, ...]
    answering: frozenset[str]
    """The workloads that state items."""
    devices: tuple[str, ...]
    pools: Mapping[str, tuple[str, ...]]


class BudgetTable(Entry):
    """[[budgets]]: one of max, min, max_regression and max_drop."""

    workload: str
    metric: str = Field(examples=["latency_ns.p50"])
    max: str | None = Field(None, examples=["42 ms"])
    min: str | None = Field(None, examples=["20 tokens/s"])
    max_regression: Share | None = None
    max_drop: Share | None = None
    severity: Severity = Field(Severity.BLOCK, strict=False)
    devices: list[str] | None = Field(None, min_length=1, examples=[["s25"]])
    pool: str | None = Field(None, examples=["nightly"])
    until: date | None = Field(None, examples=[date(2026, 12, 31)])
    owner: str | None = Field(None, min_length=1, examples=["who decided it"])
    reason: str | None = Field(None, min_length=1, examples=["why it may be so"])


def budget_of(entry: BudgetTable, pools: Mapping[str, tuple[str, ...]]) -> Budget:
    """Return the budget of a table without problems."""
    metric, statistic = read_metric(entry.metric)
    written = entry.max if entry.max is not None else entry.min
    exemption = None
    if entry.until is not None and entry.owner is not None and entry.reason is not None:
        exemption = Exemption(entry.until, entry.owner, entry.reason)
    return Budget(
        workload=entry.workload,
        metric=metric,
        statistic=statistic,
        limit=None if written is None else units.parse(written, METRICS[metric].quantity),
        max_regression=entry.max_regression,
        max_drop=entry.max_drop,
        severity=entry.severity,
        devices=tuple(entry.devices or ()) if entry.pool is None else pools[entry.pool],
        exemption=exemption,
    )


def budget_problems(raw: Mapping[str, Any], names: Names) -> list[str]:
    """Check budgets against what they name and against each other; on the raw tables, so that it is told beside every other problem."""
    problems = []
    entries = tables(raw.get("budgets"))
    for place, entry in enumerate(entries):
        problems += [f"budgets[{place}]{problem}" for problem in (*_name_problems(entry, names), *_exemption_problems(entry))]
        if isinstance(entry.get("metric"), str):
            problems += [f"budgets[{place}].{problem}" for problem in _promise_problems(entry)]
    return problems


def _name_problems(entry: Mapping[str, Any], names: Names) -> Iterable[str]:
    workload, named, pool = entry.get("workload"), entry.get("devices"), entry.get("pool")
    if isinstance(workload, str) and workload not in names.workloads:
        yield f'.workload: there is no workload "{workload}"{nearest(workload, names.workloads)}'
    yield from (f".devices: {problem}" for problem in repeated(named))
    for name in named if isinstance(named, list) else ():
        if name not in names.devices:
            yield f'.devices: there is no device "{name}"{nearest(str(name), names.devices)}'
    if isinstance(pool, str) and pool not in names.pools:
        yield f'.pool: there is no pool "{pool}"{nearest(pool, names.pools)}'
    metric = entry.get("metric")
    if metric in list(Quality) and workload in names.workloads and workload not in names.answering:
        yield f'.metric: {metric} is of items, and the workload "{workload}" states none'
    if pool is not None and named is not None:
        yield ".pool: not together with devices"


def _exemption_problems(entry: Mapping[str, Any]) -> Iterable[str]:
    missing = [key for key in _EXEMPTION if key not in entry]
    if 0 < len(missing) < len(_EXEMPTION):
        yield f": an exemption states until, owner and reason, and {' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing"
    elif not missing and entry.get("severity") == Severity.WARN:
        yield ".until: a budget that only warns needs no exemption"


def _promise_problems(entry: Mapping[str, Any]) -> list[str]:
    try:
        name, _ = read_metric(entry["metric"])
    except ValueError as error:
        return [f"metric: {error}"]
    stated = [key for key in _PROMISES if key in entry]
    if len(stated) != 1:
        return [f"metric {entry['metric']}: state one of max, min, max_regression and max_drop, not {' and '.join(stated) or 'none'}"]
    key = stated[0]
    if name in list(Quality):
        wanted = _QUALITY_PROMISE[Quality(name)]
        return [] if key == wanted else [f"{key}: a budget of {name} states {wanted}"]
    match key:
        case "max_drop":
            return [f"max_drop: {name} is no quality; state max_regression"]
        case "max_regression":
            return _regression_problems(entry[key], name)
        case _:
            return _limit_problems(entry[key], key, METRICS[name])


def _regression_problems(written: object, name: str) -> list[str]:
    """Say when a rate may fall by all of it; what is no share is told elsewhere."""
    try:
        allows_any = METRICS[name].better is Better.HIGHER and isinstance(written, str) and units.parse(written, units.RATIO) >= 1
    except ValueError:
        return []
    return [f"max_regression: {name} is better when higher, so {written} allows anything"] if allows_any else []


def _limit_problems(written: object, key: str, metric: Metric) -> list[str]:
    if key == ("min" if metric.better is Better.LOWER else "max"):
        return [f"{key}: {metric.name} is better when {metric.better}, so state the other limit"]
    if not isinstance(written, str):
        return []
    try:
        limit = units.parse(written, metric.quantity)
    except ValueError as error:
        return [f"{key}: {error}"]
    example = f"1 {metric.quantity.shown[-1]}"
    return [] if limit > 0 else [f'{key}: "{written}" is not more than 0, and a limit of {metric.name} is, such as "{example}"']


def read_metric(name: str) -> tuple[str, Statistic]:
    """Return the metric and statistic that a budget names: latency_ns.p50, vm_hwm_bytes or accuracy_ratio. Raises ValueError."""
    metric_name, _, statistic = name.partition(".")
    known = [*METRICS, *Quality]
    if metric_name not in known:
        raise ValueError(f'there is no metric "{metric_name}"{nearest(metric_name, known)}')
    statistics = (Statistic.VALUE,) if metric_name in list(Quality) else METRICS[metric_name].statistics
    if not statistic:
        return metric_name, statistics[0]
    if statistic not in statistics:
        raise ValueError(f"{metric_name} has {', '.join(statistics)}, not {statistic}")
    return metric_name, Statistic(statistic)
