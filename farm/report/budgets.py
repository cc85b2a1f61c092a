"""Budgets with their verdicts as lines of a table, the worst first, and what their drill-downs hold: of a gate, or of a night."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from farm import units
from farm.findings import Followed, TrackedChange
from farm.publish import judgement as told
from farm.publish.explanation import Explanation
from farm.publish.judgement import WORDS
from farm.report import series, shapes, words
from farm.report.look import Look
from farm.units import quantity_of
from farm.verdicts import Decision, Severity, Verdict

_ORDER = {Decision.FAIL: 0, Decision.INCONCLUSIVE: 1, Decision.PASS: 2}


@dataclass(frozen=True, slots=True)
class Trend:
    """The nights of one device of a budget as a sparkline, with the change of it that is newest; shape None: why there is none."""

    shape: shapes.Spark | None
    text: str


@dataclass(frozen=True, slots=True)
class BudgetRow:
    """One budget as a line."""

    name: str
    link: str
    verdict: str
    tone: str
    weight: str
    """Why its verdict does not count; empty: it does."""
    workload: str
    promise: str
    devices: str
    sides: tuple[str, ...]
    measured: str
    interval: str
    bar: shapes.Bar | None
    detectable: str
    runs: str
    trend: Trend
    reason: str
    wants: str
    notes: tuple[str, ...]


def rows(explanations: Sequence[Explanation], look: Look | None, *, advice: str) -> list[BudgetRow]:
    """Return the lines, the worst first; advice is what is said of a verdict that does not count because of how it was measured."""
    return [_row(one, look, advice) for one in sorted(explanations, key=rank)]


def rank(one: Explanation) -> tuple[int, bool, float]:
    """Return what budgets are sorted by, the worst first."""
    return severity(one.verdict)


def severity(verdict: Verdict) -> tuple[int, bool, float]:
    """Return what verdicts are sorted by, the worst first: what was decided, whether it blocks, by how much it is over."""
    over = -_excess(verdict, verdict.estimate.value) if verdict.estimate else 0.0
    return _ORDER[verdict.decision], not verdict.blocking, over


def _excess(verdict: Verdict, value: float) -> float:
    """Return a number of a verdict as a share worse than nothing changed (relative budgets, drops) or than the limit."""
    budget = verdict.budget
    if budget.max_drop is not None:
        return value
    return (value / verdict.allowed - 1 if budget.limit is not None else value - 1) * budget.sign


def _row(one: Explanation, look: Look | None, advice: str) -> BudgetRow:
    verdict = one.verdict
    budget = verdict.budget
    value, _, rest = told.measured(verdict).partition(" (")
    return BudgetRow(
        name=one.name,
        link=f"#budget={number_of(one)}",
        verdict=WORDS[verdict.decision],
        tone=verdict.decision.value,
        weight="" if verdict.blocking else _weight(verdict, advice),
        workload=budget.workload,
        promise=told.promise(budget),
        devices=told.devices(verdict),
        sides=tuple(_sides(one)),
        measured="" if verdict.estimate is None else value,
        interval=words.unbroken(rest.rstrip(")").removesuffix(", 95 %")),
        bar=_bar(verdict),
        detectable="" if told.seen(verdict) == "–" else told.seen(verdict),
        runs=told.runs(verdict),
        trend=_trend(verdict, look),
        reason=verdict.reason,
        wants=verdict.would_decide or "",
        notes=tuple(note for note in told.notes(verdict) if not note.startswith("would decide it")),
    )


def _weight(verdict: Verdict, advice: str) -> str:
    """Return why a verdict does not count."""
    if verdict.budget.severity is Severity.WARN or verdict.budget.exemption is not None:
        return "only warns"
    return advice if verdict.advisory else "does not count"


def number_of(one: Explanation) -> str:
    """Return the budget's number, by which the page's links call it."""
    return one.name.rpartition(".")[2]


def _sides(one: Explanation) -> list[str]:
    """Return the medians of both sides' runs that count, device by device."""
    left_out = {item.run for item in one.verdict.exclusions}
    metric = one.verdict.budget.metric
    parts = []
    for device in sorted({row["device"] for row in one.runs}):
        medians = []
        for side in ("baseline", "candidate"):
            values = sorted(
                row["value"]
                for row in one.runs
                if row["device"] == device and row["side"] == side and row["value"] is not None and row["run"] not in left_out
            )
            if values:
                medians.append(words.amount((values[(len(values) - 1) // 2] + values[len(values) // 2]) / 2, metric))
        told = words.unbroken(words.in_one_unit(medians, " → ")) if medians else "no valid run"
        parts.append(f"{device}: {told}")
    return parts


def _bar(verdict: Verdict) -> shapes.Bar | None:
    estimate = verdict.estimate
    if estimate is None:
        return None
    ends = [None if end is None else _excess(verdict, end) for end in (estimate.low, estimate.high)]
    low, high = (ends[1], ends[0]) if verdict.budget.sign < 0 and verdict.budget.max_drop is None else (ends[0], ends[1])
    value, budget = _excess(verdict, estimate.value), _excess(verdict, verdict.allowed)
    axis = shapes.scale([low, value, high, budget, budget * 1.5], most=2.0)
    text = f"{told.measured(verdict)}; allowed {told.in_terms(verdict.allowed, verdict.budget)}"
    return shapes.bar((low, value, high), axis, text, budget=budget, none=verdict.budget.limit is None)


def _trend(verdict: Verdict, look: Look | None) -> Trend:
    """Return the nights of the device whose own number is worst."""
    if look is None:
        return Trend(None, "no branch has it")
    budget = verdict.budget
    known = {item.series.device: item for item in look.followed if (item.series.workload, item.series.metric) == _of(verdict)}
    costs = {used.device: (used.estimate or 0.0) * (1 if budget.max_drop is not None else budget.sign) for used in verdict.used}
    device = next((name for name in sorted(costs, key=lambda name: -costs[name]) if name in known), None)
    if device is None or not known[device].nights:
        return Trend(None, f"no night of it on branch {look.tracked.branch}")
    item = known[device]
    changes = [change for change in look.tracked.changes if change.series == item.series]
    change = max(changes, key=lambda each: each.place.until.at, default=None)
    values, between = series.trend(item, change)
    what = "" if change is None else f"; {words.size_words(change.size, budget.metric)[0]} between {_between(change)}"
    text = f"{device}, {units.counted(len(values), 'night')}, the last {words.amount(values[-1], budget.metric)}{what}"
    shape = shapes.spark(values, text, between)
    return Trend(shape, device if shape else "one night only")


def _of(verdict: Verdict) -> tuple[str, str]:
    return verdict.budget.workload, verdict.budget.metric


def _between(change: TrackedChange) -> str:
    return f"{words.day(change.place.after.night)} and {words.day(change.place.until.night)}"


def opened(one: Explanation, a_side: int = 1) -> list[str]:
    """Return the runs in the middle of each device and side: those whose readings a page holds."""
    found = []
    for device in sorted({row["device"] for row in one.runs}):
        for side in ("candidate", "baseline"):
            own = [row for row in one.runs if row["device"] == device and row["side"] == side and row["value"] is not None]
            found += [row["run"] for row in sorted(own, key=lambda row: row["value"])[len(own) // 2 :][:a_side]]
    return found


def data(one: Explanation, commands: Sequence[tuple[str, str]], followed: Sequence[Followed] = ()) -> dict[str, Any]:
    """Return what a budget's drill-down shows; commands are what each is for and itself, followed the series that the page has."""
    budget = one.verdict.budget
    quantity = quantity_of(budget.metric)
    left_out = {item.run: item.reason for item in one.verdict.exclusions}
    own = [item.series for item in followed if (item.series.workload, item.series.metric) == _of(one.verdict)]
    return {
        "id": number_of(one),
        "title": f"{budget.workload} {told.promise(budget)}",
        "workload": budget.workload,
        "label": words.label(budget.metric),
        "metric": budget.metric,
        "unit": None if quantity is None else quantity.suffix,
        "verdict": WORDS[one.verdict.decision],
        "reason": one.verdict.reason,
        "measured": told.measured(one.verdict),
        "allowed": told.in_terms(one.verdict.allowed, budget),
        "seen": told.seen(one.verdict),
        "method": one.verdict.method,
        "notes": [*told.notes(one.verdict), *told.left_out(one.verdict)],
        "commands": [list(each) for each in commands],
        "series": {each.device: series.name_of(each) for each in own},
        "runs": [
            [row["run"], row["device"], row["side"], row["block"], row["position"], row["value"], left_out.get(row["run"])]
            for row in one.runs
        ],
    }


def sentences(explanations: Sequence[Explanation]) -> tuple[str, str]:
    """Return what a night's budgets came to, in parts of a sentence: what is broken, and what is open or advice; empty where nothing is."""
    counted = [one.verdict for one in sorted(explanations, key=rank) if one.verdict.blocking]
    failed = [verdict for verdict in counted if verdict.decision is Decision.FAIL]
    open_ = [verdict for verdict in counted if verdict.decision is Decision.INCONCLUSIVE]
    advice = [one.verdict for one in explanations if one.verdict.advisory and one.verdict.decision is Decision.FAIL]
    broken = f"{units.counted(len(failed), 'budget')} broken, first {_promise(failed[0])}" if failed else ""
    rest = []
    if open_:
        rest.append(f"{units.counted(len(open_), 'budget')} undecided by one night's runs")
    if advice:
        rest.append(f"{units.counted(len(advice), 'ratio')} over budget (advice)")
    return broken, "; ".join(rest)


def _promise(verdict: Verdict) -> str:
    return f"{verdict.budget.workload} {told.promise(verdict.budget)}"
