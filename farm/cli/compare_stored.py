"""farm compare of what the database holds: two revisions or artifacts, by every number that both were measured by."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from farm.cli.context import Context, now_utc, say
from farm.errors import InputError
from farm.metrics import METRICS
from farm.verdicts import Budget, Plan, Quality, Verdict

if TYPE_CHECKING:
    import polars as pl

    from farm import release
    from farm.store import Store


def judged(context: Context, sides: tuple[str, str], narrowed: Sequence[Sequence[str]], share: float, plan: Plan) -> tuple[Verdict, ...]:
    """Return a verdict for each workload and metric that both sides (the baseline first) were measured by.

    narrowed are the workloads, devices and metrics to look at; none of a kind: all of them. Raises InputError.
    """
    from farm import gate, release

    workloads, devices, metrics = narrowed
    store = context.drained_store()
    stored = store.query("stored_runs", workloads=list(workloads) or None, devices=list(devices) or None)
    baseline, candidate = sides
    sided = release.sided(stored, release.Selectors((candidate,), (baseline,)), None)
    _tell(sided, release.unchecked(sided.runs, set(sided.runs["workload"])))
    frame = release.of_stored(store, sided.runs).frame(())
    budgets = _budgets(frame, metrics, share)
    plan = replace(plan, looks=_looks(store, sided.runs, plan) if sided.interleaved else ())
    return gate.judge(budgets, frame, plan, now_utc().date())


def _looks(store: "Store", runs: "pl.DataFrame", usual: Plan) -> tuple[int, ...]:
    """Return the looks that the gates which measured these runs were planned with; of several the longest, without any the usual ones.

    A gate stops measuring when it has decided: a single test of what it left would not know of the looks before.
    """
    from farm import release

    gates = [store.query("gate", id=gate) for gate in runs["gate"].unique().sort()]
    planned = [release.plan_of(text).looks for rows in gates for text in rows["plan"]]
    return max((looks for looks in planned if looks), key=lambda looks: looks[-1], default=usual.looks)


def _tell(sided: "release.Sided", unchecked: int) -> None:
    for note in sided.notes:
        say(note)
    if unchecked:
        say(f"{unchecked} of the runs have outputs that were held against no reference: fast may be wrong")


def _budgets(frame: "pl.DataFrame", metrics: Sequence[str], share: float) -> list[Budget]:
    """Return a budget for each workload and metric that the frame has numbers of on both sides."""
    import polars as pl

    from farm.config import nearest

    values = frame.filter(pl.col("value").is_not_null())
    both = values.group_by("workload", "metric", maintain_order=True).agg(pl.col("side").n_unique()).filter(pl.col("side") > 1)
    known = dict.fromkeys(both["metric"])
    for metric in metrics:
        if metric not in known:
            raise InputError(f'both sides have no number "{metric}"{nearest(metric, known)}', hint=f"they have {', '.join(known)}")
    chosen = [(workload, metric) for workload, metric, _ in both.rows() if not metrics or metric in metrics]
    _tell_qualities(metric for _, metric in chosen)
    found = [
        Budget(workload, metric, METRICS[metric].statistics[0], max_regression=share)
        for workload, metric in chosen
        if metric not in list(Quality)
    ]
    if not found:
        raise InputError("there is no number that both sides were measured by", hint="farm runs lists what was measured")
    return found


def _tell_qualities(metrics: Iterable[str]) -> None:
    for metric in sorted({metric for metric in metrics if metric in list(Quality)}):
        say(f"{metric} is not compared here: it is judged item by item, by farm gate --stored with a budget for it")
