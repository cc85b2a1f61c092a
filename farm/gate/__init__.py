"""The gate: budgets and frames in, verdicts out. No clock, no disk, no device.

A budget is one test, declared beforehand. FAIL: "the truth is at most the budget" is rejected. PASS: "it is at least the
budget" is rejected. Else INCONCLUSIVE, with what would decide it. A verdict rests on the runs of its own budget only, and on
none after the look that decided.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date

import polars as pl

from farm.gate import absolute, calibration, discoveries, quality, relative
from farm.gate.frames import ITEMS, RUNS, checked, select
from farm.verdicts import Budget, Change, Decision, NextLook, Noise, Plan, Quality, Severity, Side, Verdict

__all__ = [
    "ITEMS",
    "NO_RUNS",
    "RUNS",
    "changes",
    "is_armable",
    "judge",
    "next_look",
    "noise",
    "rows_of",
    "runs_needed",
    "runs_needed_on",
    "smallest_armed",
    "why_unarmed",
]

is_armable, runs_needed_on, why_unarmed = calibration.is_armable, calibration.runs_needed_on, calibration.why_unarmed
smallest_armed = calibration.smallest_armed
NO_RUNS = pl.DataFrame(schema=RUNS)
EFFECT_FLOOR = 0.02
DISCOVERY_RATE = 0.05


def judge(
    budgets: Iterable[Budget],
    runs: pl.DataFrame,
    plan: Plan,
    today: date,
    *,
    devices: Sequence[str] = (),
    items: pl.DataFrame | None = None,
    unarmed: Mapping[Budget, str] | None = None,
) -> tuple[Verdict, ...]:
    """Return one verdict for each budget, in their order.

    runs has the columns of RUNS, items those of ITEMS. devices are the names that a budget without devices of its own is meant
    for: one that is missing in the frames makes it INCONCLUSIVE; empty: those in the frames. While measuring goes on, call it
    after the plan's looks only, and once more where measuring ended: every call between them would be a look that later calls
    do not know of. unarmed are budgets that noise does not let be decided within the plan, and why: they are tested once, where the
    first look is. Raises ValueError for a frame without its columns, a run that stands there twice, or a budget that says nothing.
    """
    runs = checked(runs, RUNS)
    items = checked(items, ITEMS) if items is not None else pl.DataFrame(schema=ITEMS)
    found = []
    for budget in budgets:
        why = (unarmed or {}).get(budget) if plan.looks else None
        own = plan if why is None else replace(plan, looks=plan.looks[:1])
        found.append(_armed(_judge_one(budget, runs, items, own, today, devices), why, plan))
    return tuple(found)


def _armed(verdict: Verdict, why_not: str | None, plan: Plan) -> Verdict:
    """Return the verdict, with what it is to know when its budget was not armed."""
    if why_not is None:
        return verdict
    if verdict.decision is not Decision.INCONCLUSIVE:
        return replace(verdict, unarmed=why_not, warnings=(*verdict.warnings, f"it was looked at once, and not armed: it {why_not}"))
    hint = f"a plan with more runs (it has {2 * plan.looks[-1]} a side), a wider budget, or a quieter device that is calibrated anew"
    return replace(verdict, unarmed=why_not, reason=f"{verdict.reason}; not armed: it {why_not}", would_decide=hint, more_runs_help=False)


def _judge_one(budget: Budget, runs: pl.DataFrame, items: pl.DataFrame, plan: Plan, today: date, devices: Sequence[str]) -> Verdict:
    is_quality = budget.metric in list(Quality)
    frame = items if is_quality else runs
    meant = budget.devices or tuple(devices) or tuple(sorted(frame.filter(pl.col("workload") == budget.workload)["device"].unique()))
    blocking = budget.blocks_on(today)
    if not is_quality and budget.max_drop is not None:
        raise ValueError(f"{budget.name}: a max_drop is for a quality")
    if not meant:
        verdict = _nothing(budget)
    elif is_quality:
        verdict = quality.judge(budget, items, plan, meant)
    elif budget.limit is not None:
        verdict = absolute.judge(budget, select(runs, budget, meant, (Side.CANDIDATE,)), plan, meant)
    else:
        verdict = relative.judge(budget, select(runs, budget, meant, tuple(Side)), plan, meant)
    return _with_status(_held_to_order(replace(verdict, blocking=blocking), plan), today)


def _nothing(budget: Budget) -> Verdict:
    """Return the verdict on a budget of which neither a device is named nor a run is there."""
    allowed = budget.limit if budget.limit is not None else budget.max_drop
    if budget.max_regression is not None:
        allowed = 1 + budget.max_regression * (1 if budget.metric in list(Quality) else budget.sign)
    assert allowed is not None, "a budget states one of the three"
    hint = "runs of this workload"
    return Verdict(budget, Decision.INCONCLUSIVE, "nothing was measured", allowed, "nothing to test", would_decide=hint)


def _held_to_order(verdict: Verdict, plan: Plan) -> Verdict:
    """Return the verdict, but no PASS of a blocking budget on runs that were not interleaved, unless the plan allows it."""
    if verdict.advisory is None or plan.allow_unordered or verdict.decision is not Decision.PASS or not verdict.blocking:
        return verdict
    return replace(
        verdict,
        decision=Decision.INCONCLUSIVE,
        reason=f"{verdict.reason}; it would pass, but the runs are advisory: {verdict.advisory}",
        would_decide="runs of both sides interleaved in one session on each device",
    )


def _with_status(verdict: Verdict, today: date) -> Verdict:
    """Return the verdict with what its exemption means today."""
    exemption = verdict.budget.exemption
    if exemption is None or verdict.budget.severity is Severity.WARN:
        return verdict
    state = "holds until" if today <= exemption.until else "ended on"
    text = f"the exemption {state} {exemption.until} ({exemption.owner}: {exemption.reason})"
    return replace(verdict, warnings=(*verdict.warnings, text))


def next_look(verdicts: Iterable[Verdict], plan: Plan) -> NextLook | None:
    """Return what to measure before judging again, or None when everything is decided or more runs of this plan decide nothing."""
    open_ = [verdict for verdict in verdicts if verdict.decision is Decision.INCONCLUSIVE and verdict.more_runs_help]
    if not open_:
        return None
    done = max(verdict.blocks for verdict in open_)
    blocks = next((blocks for blocks in plan.looks if blocks > done), None)
    return None if blocks is None else NextLook(blocks, tuple(dict.fromkeys(verdict.budget.workload for verdict in open_)))


def rows_of(runs: pl.DataFrame, verdict: Verdict, devices: Sequence[str]) -> list[dict[str, object]]:
    """Return the rows that bear on a verdict, whether they count or not, in the order of measuring; devices are as for judge()."""
    sides = (Side.CANDIDATE,) if verdict.budget.limit is not None else tuple(Side)
    selection = select(checked(runs, RUNS), verdict.budget, verdict.budget.devices or devices, sides)
    order = ["device", "session", "block", "position", "run"]
    return pl.concat([selection.valid, selection.left_out]).sort(order, nulls_last=True).to_dicts()


def changes(
    runs: pl.DataFrame, budgets: Iterable[Budget], *, floor: float = EFFECT_FLOOR, rate: float = DISCOVERY_RATE
) -> tuple[Change, ...]:
    """Return the changes among what is measured without a relative budget, the largest first.

    floor is the least size, as a share, that is worth a reader's time; rate is the false discovery rate over everything tested.
    """
    return discoveries.find(checked(runs, RUNS), budgets, floor=floor, rate=rate)


def noise(runs: pl.DataFrame) -> tuple[Noise, ...]:
    """Return the noise of everything in an A/A measurement: the same artifact on both sides, in the columns of RUNS."""
    return calibration.measured(checked(runs, RUNS))


def runs_needed(deviation: float, budget: Budget, plan: Plan) -> int:
    """Return about how many runs a side a relative budget needs on a device with this noise.

    Where that is more than the plan measures, the budget is not to be armed.
    """
    return calibration.runs_needed(deviation, budget, plan)
