"""The verdict on a release: the page of `farm report gate`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from farm.publish import judgement as told
from farm.publish.explanation import Explanation
from farm.publish.judgement import WORDS, Judgement
from farm.report import page, runs, shapes, words
from farm.store import Store
from farm.units import quantity_of
from farm.verdicts import Decision, Verdict

_TONES = {4: "fail", 3: "unknown", 0: "pass"}
_BANNER = {4: "FAIL", 3: "INCONCLUSIVE", 0: "PASS"}
_OPENED_A_SIDE = 1


@dataclass(frozen=True, slots=True)
class BudgetRow:
    """One budget as a line."""

    name: str
    link: str
    verdict: str
    tone: str
    blocking: bool
    workload: str
    promise: str
    devices: str
    sides: str
    measured: str
    bar: shapes.Bar | None
    detectable: str
    runs: str
    reason: str
    wants: str
    notes: tuple[str, ...]
    left_out: tuple[str, ...]
    by_device: tuple[tuple[str, str, str], ...]


def gate_page(
    store: Store,
    explanations: Sequence[Explanation],
    judgement: Judgement,
    devices: Sequence[tuple[str, str | None]],
    *,
    in_site: bool = False,
) -> str:
    """Return the page of a stored gate. devices are those of the gate, each with what kept it from its end, or None."""
    gate = explanations[0].gate
    rows = [_row(one) for one in sorted(explanations, key=_rank)]
    content = _content(store, explanations)
    return page.render(
        "gate.html.j2",
        content,
        title=words.title(f"farm gate: {gate['candidate']} against {gate['baseline']}"),
        verdict=_BANNER[judgement.exit_code],
        tone=_TONES[judgement.exit_code],
        sentence=sentence(judgement),
        gate=gate,
        judged_at=words.moment(gate["judged_at"]),
        rows=rows,
        devices=[(name, failure, *_counts(explanations, name)) for name, failure in devices],
        changes=[told.change_line(change) for change in judgement.changes],
        artifacts=sorted({(workload, side, sha) for one in explanations for workload, side, sha in _artifacts(one)}),
        agrees=all(one.agrees for one in explanations),
        explain=words.command("farm", "explain", gate["gate_id"]),
        in_site=in_site,
        command=words.command("farm", "report", "gate", gate["gate_id"]),
    )


def _rank(one: Explanation) -> tuple[int, bool, float]:
    order = {Decision.FAIL: 0, Decision.INCONCLUSIVE: 1, Decision.PASS: 2}
    over = -_excess(one.verdict, one.verdict.estimate.value) if one.verdict.estimate else 0.0
    return order[one.verdict.decision], not one.verdict.blocking, over


def sentence(judgement: Judgement) -> str:
    """Return why the gate's verdict is what it is, in one sentence."""
    speaking = [verdict for verdict in judgement.ordered if verdict.blocking and verdict.decision is not Decision.PASS]
    head = told.headline(judgement)
    if not speaking:
        return f"{head}."
    first = speaking[0]
    return f"{head}. First: {first.budget.workload} {told.promise(first.budget)}: {first.reason}."


def _excess(verdict: Verdict, value: float) -> float:
    """Return a number of a verdict as a share worse than nothing changed (relative budgets, drops) or than the limit."""
    budget = verdict.budget
    if budget.max_drop is not None:
        return value
    return (value / verdict.allowed - 1 if budget.limit is not None else value - 1) * budget.sign


def _row(one: Explanation) -> BudgetRow:
    verdict = one.verdict
    budget = verdict.budget
    return BudgetRow(
        name=one.name,
        link=f"#budget={one.name.rpartition('.')[2]}",
        verdict=WORDS[verdict.decision],
        tone=verdict.decision.value,
        blocking=verdict.blocking,
        workload=budget.workload,
        promise=told.promise(budget),
        devices=told.devices(verdict),
        sides=_sides(one),
        measured=told.measured(verdict),
        bar=_bar(verdict),
        detectable=told.seen(verdict),
        runs=told.runs(verdict),
        reason=verdict.reason,
        wants=verdict.would_decide or "",
        notes=tuple(told.notes(verdict)),
        left_out=tuple(told.left_out(verdict)),
        by_device=tuple(
            (used.device, f"{used.candidate} + {used.baseline}", "" if used.estimate is None else told.in_terms(used.estimate, budget))
            for used in verdict.used
        ),
    )


def _sides(one: Explanation) -> str:
    """Return the medians of both sides' runs that count, over all devices where there is one, else device by device."""
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
        parts.append(f"{device}: {' → '.join(medians)}" if medians else f"{device}: no valid run")
    return "; ".join(parts)


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


def _counts(explanations: Sequence[Explanation], device: str) -> tuple[int, list[str]]:
    """Return how many runs of a device were judged, and why some do not count."""
    own = {row["run"] for one in explanations for row in one.runs if row["device"] == device}
    reasons = {item.run: item.reason for one in explanations for item in one.verdict.exclusions if item.device == device}
    kinds: dict[str, int] = {}
    for reason in reasons.values():
        kinds[reason] = kinds.get(reason, 0) + 1
    return len(own), [f"{words.counted(number, 'run')}: {reason}" for reason, number in sorted(kinds.items(), key=lambda item: -item[1])]


def _artifacts(one: Explanation) -> list[tuple[str, str, str]]:
    return [(one.verdict.budget.workload, side, sha) for side, hashes in one.artifacts.items() for sha in hashes]


def _content(store: Store, explanations: Sequence[Explanation]) -> dict[str, Any]:
    """Return what the page's scripts read: every judged run, and of each budget, device and side the readings of its middle run."""
    sides = {row["run"]: row["side"] for one in explanations for row in one.runs}
    opened = [run for one in explanations for run in _middle(one)]
    frame = store.query("report_runs", branch=None, places=[], days=[], run_ids=list(sides))
    content = runs.data(store, frame, opened, sides=sides)
    return content | {"budgets": [_budget(one) for one in explanations]}


def _middle(one: Explanation) -> list[str]:
    found = []
    for device in sorted({row["device"] for row in one.runs}):
        for side in ("candidate", "baseline"):
            own = [row for row in one.runs if row["device"] == device and row["side"] == side and row["value"] is not None]
            found += [row["run"] for row in sorted(own, key=lambda row: row["value"])[len(own) // 2 :][:_OPENED_A_SIDE]]
    return found


def _budget(one: Explanation) -> dict[str, Any]:
    budget = one.verdict.budget
    quantity = quantity_of(budget.metric)
    left_out = {item.run: item.reason for item in one.verdict.exclusions}
    return {
        "id": one.name.rpartition(".")[2],
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
        "command": words.command("farm", "explain", one.name),
        "again": one.gate["command"],
        "runs": [
            [row["run"], row["device"], row["side"], row["block"], row["position"], row["value"], left_out.get(row["run"])]
            for row in one.runs
        ],
    }


def judged_at(explanations: Sequence[Explanation]) -> datetime:
    """Return when a gate was judged."""
    at: datetime = explanations[0].gate["judged_at"]
    return at
