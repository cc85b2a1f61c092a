"""The budgets of a suite held against a branch's newest night, for `farm report`: stored runs, judged as `farm gate --stored` does."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from farm.cli import baseline, calibrated, gate_sides, standings
from farm.cli.context import Context
from farm.errors import InputError
from farm.verdicts import Budget, Decision, Plan, Quality, Verdict

if TYPE_CHECKING:
    import polars as pl

    from farm.publish.explanation import Explanation
    from farm.report import NightBudgets
    from farm.store import Store


@dataclass(frozen=True, slots=True)
class Promised:
    """What a suite promises of each night, and what nights are held against: None is the night before."""

    suite: str
    """Its file."""
    budgets: tuple[Budget, ...]
    plan: Plan
    baseline: str | None = None
    """A baseline's name, a revision or a SHA-256, as it was given."""
    named: tuple[str, ...] = ()
    """The revisions and SHA-256 that it stands for."""


def promised(context: Context, suite: Path | None, named: str | None) -> Promised | None:
    """Return what was asked on the command line, None where no suite was named.

    Raises InputError for a suite that states no budget, and for a baseline without a suite.
    """
    from farm.config import load_suite

    if suite is None:
        if named is not None:
            raise InputError("--baseline says what budgets are held against, and no suite states any", hint="add --suite SUITE.toml")
        return None
    lab = context.lab()
    content = load_suite(suite, lab.devices, lab.pools)
    if not content.budgets:
        raise InputError(f"{suite} states no budget, so there is nothing to hold a night against", hint="add [[budgets]]")
    texts = () if named is None else gate_sides.selector(named, partial(baseline.called, context))
    return Promised(gate_sides.text(suite), content.budgets, content.gating.plan, named, texts)


def judged(store: "Store", asked: Promised, branch: str, night: date, now: datetime) -> "NightBudgets":
    """Judge budgets by the runs of a night. Raises InputError when nothing before it is of the baseline.

    Two nights are two sessions, side after side: what drifts between them is in every ratio. So a ratio's verdict is advice, and counts
    for nothing; a limit and a quality, which are the night's own, count where the night measured them.
    """
    from farm.report import NightBudgets

    workloads = list(dict.fromkeys(budget.workload for budget in asked.budgets))
    of_night = {"branch": branch, "night": night, "as_of": now, "workloads": workloads, "named": list(asked.named)}
    runs = store.query("night_runs", **of_night)
    if asked.named and "baseline" not in runs["side"].to_list():
        raise InputError(
            f'no run of branch {branch} before the night of {night} is of the baseline "{asked.baseline}"',
            hint="name a revision, a SHA-256 or a baseline (farm baseline list) that the branch has measured",
        )
    return NightBudgets(_explained(store, asked, runs, now), asked.baseline, asked.suite)


def _explained(store: "Store", asked: Promised, runs: "pl.DataFrame", now: datetime) -> "tuple[Explanation, ...]":
    """Return a verdict for each budget, with its runs."""
    from farm import gate, release
    from farm.publish.explanation import Explanation

    numbers = release.of_stored(store, runs)
    frame = numbers.frame(asked.budgets)
    plan = replace(asked.plan, looks=(), allow_unordered=True)
    devices = sorted(runs.filter(side="candidate")["device"].unique())
    verdicts = gate.judge(asked.budgets, frame, plan, now.date(), devices=devices, items=numbers.items())
    verdicts = calibrated.warned(verdicts, calibrated.told(store.query("canary_states")), standings.of_store(store), devices)
    measured = set(frame.filter(side="candidate").select("workload", "metric").iter_rows())
    return tuple(
        Explanation(str(number), {}, {}, own, gate.rows_of(frame, own, devices), own)
        for number, own in enumerate((_counted(verdict, measured) for verdict in verdicts), start=1)
    )


def _counted(verdict: Verdict, measured: set[tuple[str, str]]) -> Verdict:
    """Return the verdict, blocking where a night by itself can decide it."""
    budget = verdict.budget
    if (budget.workload, budget.metric) not in measured:
        reason = "this night did not measure it"
        return replace(verdict, decision=Decision.INCONCLUSIVE, blocking=False, reason=reason, would_decide=None, warnings=())
    return replace(verdict, blocking=verdict.blocking and (budget.limit is not None or budget.metric in list(Quality)))
