"""A gate's verdicts: the one value from which terminal, JSON, JUnit, SARIF, Markdown and annotations are made, and their common words."""

import math
from dataclasses import dataclass

from farm import units
from farm.metrics import METRICS, Better
from farm.verdicts import Budget, Change, Decision, Estimate, Exclusion, Quality, Verdict

_ORDER = {Decision.FAIL: 0, Decision.INCONCLUSIVE: 1, Decision.PASS: 2}
_COUNTED = (
    ("failed", Decision.FAIL, (True,)),
    ("could not be decided", Decision.INCONCLUSIVE, (True,)),
    ("failed and only warns", Decision.FAIL, (False,)),
    ("could not be decided and only warns", Decision.INCONCLUSIVE, (False,)),
    ("passed", Decision.PASS, (True, False)),
)
WORDS = {Decision.FAIL: "FAIL", Decision.INCONCLUSIVE: "INCONCLUSIVE", Decision.PASS: "PASS"}


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was judged and what came of it. suite is the file that states the budgets, as its repository calls it.

    gate is the identity under which it is stored: `farm explain` takes it.
    """

    verdicts: tuple[Verdict, ...]
    exit_code: int
    changes: tuple[Change, ...] = ()
    candidate: str | None = None
    baseline: str | None = None
    suite: str | None = None
    gate: str | None = None

    @property
    def ordered(self) -> list[Verdict]:
        """The verdicts: failures first, then what could not be told; among these what blocks first."""
        return sorted(self.verdicts, key=lambda verdict: (_ORDER[verdict.decision], not verdict.blocking))


def headline(judgement: Judgement) -> str:
    """Return the judgement in one sentence."""
    verdicts = judgement.verdicts
    if not verdicts:
        return "no budget was judged"
    parts = [
        f"{count} {text}"
        for text, decision, blocking in _COUNTED
        if (count := sum(verdict.decision is decision and verdict.blocking in blocking for verdict in verdicts))
    ]
    sides = f" ({judgement.candidate} against {judgement.baseline})" if judgement.candidate and judgement.baseline else ""
    return f"{len(verdicts)} {'budget' if len(verdicts) == 1 else 'budgets'}: {', '.join(parts)}{sides}"


def devices(verdict: Verdict) -> str:
    """Return the devices that a verdict is about."""
    return ", ".join(verdict.budget.devices or [used.device for used in verdict.used]) or "no device"


def promise(budget: Budget) -> str:
    """Return a budget as the promise it is: latency_ns.p50 at most 3 % worse."""
    name = budget.name.removeprefix(f"{budget.workload} ")
    if budget.limit is not None:
        metric = METRICS.get(budget.metric)
        bound = "at least" if (budget.better or (metric and metric.better)) is Better.HIGHER else "at most"
        return f"{name} {bound} {quantity(budget.limit, budget.metric)}"
    if budget.max_drop is not None:
        return f"{name} at most {_points(100 * budget.max_drop, signed=False)} lower"
    assert budget.max_regression is not None
    return f"{name} at most {100 * budget.max_regression:g} % worse"


def in_terms(value: float, budget: Budget) -> str:
    """Return a number of a verdict in its budget's terms: a quantity, a change in per cent, or a difference in points."""
    if not math.isfinite(value):
        return "any"
    if budget.limit is not None:
        return quantity(value, budget.metric)
    if budget.max_drop is not None:
        return _points(-100 * value)
    return f"{_signed(100 * (value - 1))} %"


def measured(verdict: Verdict) -> str:
    """Return a verdict's estimate with its interval, or that there is none."""
    return "–" if verdict.estimate is None else interval(verdict.estimate, verdict.budget)


def interval(estimate: Estimate, budget: Budget) -> str:
    """Return an estimate with its interval."""
    low, high = (None if end is None else in_terms(end, budget) for end in (estimate.low, estimate.high))
    if budget.max_drop is not None:  # a drop is shown as the change of the quality, so its ends change places
        low, high = high, low
    return f"{in_terms(estimate.value, budget)} ({_bounds(low, high, estimate.coverage)})"


def seen(verdict: Verdict) -> str:
    """Return the smallest excess that these runs would have shown, or that it is not known."""
    return "–" if verdict.detectable is None or not math.isfinite(verdict.detectable) else in_terms(verdict.detectable, verdict.budget)


def runs(verdict: Verdict) -> str:
    """Return how much each side gave: the candidate's and the baseline's runs, or items."""
    candidate, baseline = (sum(getattr(used, side) for used in verdict.used) for side in ("candidate", "baseline"))
    thing = "items" if verdict.budget.metric in list(Quality) else "runs"
    return f"{candidate} {thing}" if verdict.budget.limit is not None or not baseline else f"{candidate} + {baseline} {thing}"


def change_line(change: Change) -> str:
    """Return a change that was found outside the budgets."""
    statistic = "" if change.statistic == "value" else f".{change.statistic}"
    low, high = (None if end is None else f"{_signed(100 * (end - 1))} %" for end in (change.ratio.low, change.ratio.high))
    word = "worse" if change.worse else "better"
    size = f"{_signed(100 * (change.ratio.value - 1))} % ({_bounds(low, high, change.ratio.coverage)})"
    return f"{change.workload} {change.metric}{statistic} on {change.device}: {size}, {word}; q {change.q_value:.2g}"


def notes(verdict: Verdict) -> list[str]:
    """Return what else a reader of a verdict should know."""
    found = [f"would decide it: {verdict.would_decide}"] if verdict.would_decide else []
    found += [f"advisory: {verdict.advisory}"] if verdict.advisory else []
    return [*found, *verdict.warnings]


def left_out(verdict: Verdict) -> list[str]:
    """Return the runs that a verdict does not rest on: one line for each device, side and kind of reason, with one reason as it stands."""
    alike: dict[tuple[str, str, str], list[Exclusion]] = {}
    for item in verdict.exclusions:
        alike.setdefault((item.device, item.side, item.reason.partition(": ")[0]), []).append(item)
    return [_left_out(own) for own in alike.values()]


def _left_out(alike: list[Exclusion]) -> str:
    first = alike[0]
    where = f"on {first.device} ({first.side})"
    if len(alike) == 1:
        return f"run {first.run} {where} is left out: {first.reason}"
    same = len({item.reason for item in alike}) == 1
    return f"{len(alike)} runs {where} are left out: {first.reason}{'' if same else ' (one of them; the others alike)'}"


def quantity(value: float, metric: str) -> str:
    """Return a metric's value with the unit people would choose."""
    return units.show(value, units.quantity_of(metric), 4)


def _bounds(low: str | None, high: str | None, coverage: float) -> str:
    if low is not None and high is not None:
        ends = f"{low} … {high}"
    elif low is None and high is None:
        return "no interval"
    else:
        ends = f"at most {high}" if low is None else f"at least {low}"
    return f"{ends}, {100 * coverage:g} %"


def _points(value: float, *, signed: bool = True) -> str:
    text = _signed(value) if signed else f"{value:g}"
    return f"{text} {'point' if abs(value) == 1 else 'points'}"


def _signed(value: float) -> str:
    text = f"{value:+.{1 if abs(value) >= 1 else 2}f}".rstrip("0").rstrip(".")
    return "0" if text in ("+0", "-0") else text
