"""[gate] of a suite: how its budgets are tested."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from pydantic import Field

from farm.config.files import Entry, Seconds
from farm.verdicts import Plan

_A_SIDE = 2
"""Runs a side in an ABBA block."""
_STEP = 4
"""Blocks between the looks that follow the usual ones."""
_FEWEST, _MOST = 4, 1000
_USUAL_S = 4 * 3600.0


@dataclass(frozen=True, slots=True)
class Gating:
    """How a suite's budgets are tested, and how long that may take."""

    plan: Plan = field(default_factory=Plan)
    time_budget_s: float = _USUAL_S

    def at_most(self, runs: int) -> "Gating":
        """Return it with so many runs a side at the most. Raises ValueError."""
        if runs < self.plan.min_runs:
            raise ValueError(f"{runs} a side is less than the {self.plan.min_runs} valid runs that a verdict needs")
        return replace(self, plan=replace(self.plan, looks=_until(self.plan.looks, runs)))


class GateTable(Entry):
    """[gate]; runs are counted a side, on each device."""

    most_runs: int = Field(40, ge=_FEWEST, le=_MOST)
    looks: list[int] | None = Field(None, min_length=1)
    min_runs: int = Field(Plan().min_runs, ge=_FEWEST, le=_MOST)
    time_budget: Seconds = _USUAL_S
    allow_unordered: bool = False


def gating_of(table: GateTable) -> Gating:
    """Return what a table without problems says."""
    given = Plan().looks if table.looks is None else tuple(runs // _A_SIDE for runs in table.looks)
    most = table.most_runs if table.looks is None else table.looks[-1]
    plan = Plan(looks=_until(given, most), min_runs=table.min_runs, allow_unordered=table.allow_unordered)
    return Gating(plan, table.time_budget)


def gate_problems(raw: Mapping[str, Any]) -> list[str]:
    """Check what [gate] says by itself; on the raw table."""
    table = raw.get("gate")
    if not isinstance(table, dict):
        return []
    looks, most, fewest = table.get("looks"), table.get("most_runs"), table.get("min_runs", _FEWEST)
    problems = []
    if looks is not None and most is not None:
        problems.append("gate.most_runs: not together with looks, whose last is the most")
    if isinstance(looks, list) and looks and all(type(runs) is int for runs in looks):
        if any(runs % _A_SIDE or not _FEWEST <= runs <= _MOST for runs in looks) or any(a >= b for a, b in pairwise(looks)):
            problems.append(f"gate.looks: even numbers of runs a side from {_FEWEST} to {_MOST}, rising, since a block has two a side")
        most = looks[-1]
    if type(most) is int and most % _A_SIDE:
        problems.append("gate.most_runs: an even number, since a block has two runs a side")
    if type(most) is int and type(fewest) is int and most < fewest:
        problems.append(f"gate.min_runs: {fewest} is more than the most that are measured, {most}")
    return problems


def _until(looks: tuple[int, ...], runs: int) -> tuple[int, ...]:
    """Return the looks (numbers of blocks) up to so many runs a side, the last of them there. Raises ValueError."""
    if runs % _A_SIDE or not _FEWEST <= runs <= _MOST:
        raise ValueError(f"{runs} is no even number of runs from {_FEWEST} to {_MOST}")
    last = runs // _A_SIDE
    further = range(looks[-1] + _STEP, last, _STEP)
    return (*(blocks for blocks in (*looks, *further) if blocks < last), last)
