"""Budgets proposed from what was measured, as text of a suite: relative ones from noise, limits from history."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from farm import calibrate, gate, units
from farm.metrics import METRICS, Better, Metric
from farm.verdicts import Budget, Plan
from farm.workloads import ONCE_PASSES, Pass

_SESSIONS = 3
"""A limit is proposed from so many sessions on: one session does not tell how a level moves from day to day."""
_NORMAL_90 = 1.2816
_LEAST_ROOM = 0.05
"""A limit lies at least so far beyond the worst level seen."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A budget as text, after what it rests on; text None: none can be proposed, and the comment says why."""

    comment: str
    text: str | None


@dataclass(frozen=True, slots=True)
class Known:
    """What proposals rest on: columns of known_noises and of session_levels."""

    noises: pl.DataFrame
    levels: pl.DataFrame


def proposals(
    workloads: Mapping[str, Sequence[Pass]], devices: Sequence[str], known: Known, plan: Plan, stated: Iterable[Budget]
) -> list[Proposal]:
    """Return a relative budget and a limit for every number that each workload's passes measure, in the metric table's order.

    A number of which the suite states such a budget already is only compared with it.
    """
    told = list(stated)
    return [
        proposal
        for workload, passes in workloads.items()
        for metric in _numbers(passes, workload, known)
        for proposal in (_relative(metric, workload, devices, known, plan, told), _limit(metric, workload, devices, known, told))
        if proposal is not None
    ]


def as_toml(given: Iterable[Proposal], where: str) -> str:
    """Return proposals as text to be pasted into a suite; where is the line that says which devices are meant."""
    parts = []
    for proposal in given:
        comment = "".join(f"# {line}\n" for line in proposal.comment.splitlines())
        parts.append(comment if proposal.text is None else f"{comment}[[budgets]]\n{proposal.text}{where}\n")
    return "\n".join(parts)


def _numbers(passes: Sequence[Pass], workload: str, known: Known) -> list[Metric]:
    """Return the metrics that these passes have measured of a workload."""
    measured = set(known.noises.filter(workload=workload)["metric"]) | set(known.levels.filter(workload=workload)["metric"])
    wanted = [pass_ for pass_ in passes if pass_ not in ONCE_PASSES]
    return [metric for metric in METRICS.values() if metric.name in measured and any(pass_ in wanted for pass_ in metric.passes)]


def _relative(metric: Metric, workload: str, devices: Sequence[str], known: Known, plan: Plan, stated: Sequence[Budget]) -> Proposal | None:
    asked = Budget(workload, metric.name, metric.statistics[0], max_regression=0.0)
    deviations = {device: value for device, value in _cautious(asked, known.noises).items() if device in devices}
    unknown = [device for device in devices if device not in deviations]
    if unknown:
        return Proposal(f"{asked.name}: not calibrated on {', '.join(unknown)}, so nothing is proposed (farm calibrate)", None)
    most = 2 * plan.looks[-1]
    scatter = "at most " + ", ".join(f"{100 * value:.2g} % on {device}" for device, value in deviations.items())
    share = gate.smallest_armed(asked, deviations, plan)
    if share is None or (metric.better is Better.HIGHER and share >= 1):
        return Proposal(f"{asked.name}: runs scatter by {scatter}; {most} runs a side decide no budget that is worth stating", None)
    runs = gate.runs_needed_on(deviations, replace(asked, max_regression=share), plan)
    why = f"{asked.name}: runs scatter by {scatter}; {100 * share:g} % is the least that {most} runs a side decide"
    why += f" (about {runs} a side when nothing changed)"
    own = [budget for budget in stated if _is_alike(budget, asked) and budget.max_regression is not None]
    if own:
        return Proposal(f"{why}; the suite states {100 * (own[0].max_regression or 0):g} %", None)
    return Proposal(why, _text(asked, f'max_regression = "{100 * share:g} %"'))


def _limit(metric: Metric, workload: str, devices: Sequence[str], known: Known, stated: Sequence[Budget]) -> Proposal | None:
    asked = Budget(workload, metric.name, metric.statistics[0], max_regression=0.0)
    own = known.levels.filter(pl.col("device").is_in(list(devices)), workload=workload, metric=metric.name)
    by_device = own.group_by("device").agg("level")["level"].to_list()
    if len(by_device) < len(devices) or any(len(levels) < _SESSIONS or min(levels) <= 0 for levels in by_device):
        return None
    if any(_is_alike(budget, asked) and budget.limit is not None for budget in stated):
        return None
    lower = metric.better is Better.LOWER
    spread = max(math.log(max(levels) / min(levels)) for levels in by_device)
    noise = max(calibrate.deviations_of(asked, known.noises).values(), default=0.0)
    room = max(_LEAST_ROOM, spread, 2 * noise)
    every = [level for levels in by_device for level in levels]
    best, worst = (min(every), max(every)) if lower else (max(every), min(every))
    limit = _rounded(worst * math.exp(room if lower else -room), up=lower)
    shown = [units.show(value, metric.quantity, 3) for value in (best, worst)]
    why = f"{asked.name}: {shown[0]} at best and {shown[1]} at worst in {own.height} sessions; {100 * room:.2g} % of room beyond that"
    return Proposal(why, _text(asked, f'{"max" if lower else "min"} = "{units.show(limit, metric.quantity, 4)}"'))


def _cautious(asked: Budget, noises: pl.DataFrame) -> dict[str, float]:
    """Return the noise by device as it may well be: the upper 90 % bound that so many runs give a deviation, were they normal.

    The logarithm of a deviation from two samples of n has a standard error of about 1 / sqrt(4 (n - 1)).
    """
    own = noises.filter(workload=asked.workload, metric=asked.metric, statistic=str(asked.statistic))
    found: dict[str, float] = {}
    for device, deviation, runs in own.select("device", "deviation", "runs").iter_rows():
        found[device] = max(found.get(device, 0.0), deviation * math.exp(_NORMAL_90 / math.sqrt(4 * (runs - 1))))
    return found


def _is_alike(budget: Budget, asked: Budget) -> bool:
    return (budget.workload, budget.metric, budget.statistic) == (asked.workload, asked.metric, asked.statistic)


def _text(budget: Budget, promise: str) -> str:
    name = budget.metric if budget.statistic == "value" else f"{budget.metric}.{budget.statistic}"
    return f"workload = {json.dumps(budget.workload, ensure_ascii=False)}\nmetric = {json.dumps(name)}\n{promise}\n"


def _rounded(value: float, *, up: bool) -> float:
    """Return a value with two digits, away from what is worse than it."""
    step = 10.0 ** (math.floor(math.log10(value)) - 1)
    return (math.ceil if up else math.floor)(round(value / step, 6)) * step
