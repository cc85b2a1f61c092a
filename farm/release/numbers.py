"""Runs, whether just measured or stored, as the gate takes them: one row for each run, metric and statistic."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import polars as pl

from farm import gate, quality
from farm.metrics import METRICS, Statistic
from farm.records import Record
from farm.store import Store, rows_of
from farm.verdicts import Budget, Side
from farm.workloads import Outcome

_RUN = ("run", "device", "session", "flavour", "workload", "side", "block", "position", "outcome", "reason")
_WANTED = pl.DataFrame(
    [
        (str(pass_), metric.name, str(statistic), "first" if statistic is Statistic.VALUE else str(statistic))
        for metric in METRICS.values()
        for pass_ in metric.passes
        for statistic in metric.statistics
    ],
    schema=["pass", "metric", "statistic", "column"],
    orient="row",
)
"""What each pass measures with nothing else beside it, and the column in which the store has it."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """Runs with their sides and places, their statistics, and what they could not measure; columns as the store's queries name them."""

    runs: pl.DataFrame
    statistics: pl.DataFrame
    absences: pl.DataFrame
    answers: pl.DataFrame
    """What quality runs answered to each item."""

    def plus(self, later: "Numbers") -> "Numbers":
        """Return these and later ones."""
        return Numbers(
            pl.concat([self.runs, later.runs], how="vertical_relaxed"),
            pl.concat([self.statistics, later.statistics], how="vertical_relaxed"),
            pl.concat([self.absences, later.absences], how="vertical_relaxed"),
            pl.concat([self.answers, later.answers], how="vertical_relaxed"),
        )

    def items(self) -> pl.DataFrame:
        """Return the items that the candidate answered, as farm.gate has them, each beside the baseline's answer."""
        sides = [self.runs.filter(pl.col("side") == side)["run"].to_list() for side in (Side.BASELINE, Side.CANDIDATE)]
        baseline, candidate = (self.answers.filter(pl.col("run_id").is_in(own)) for own in sides)
        return quality.paired_items(baseline, candidate)

    def frame(self, budgets: Iterable[Budget]) -> pl.DataFrame:
        """Return the rows, as farm.gate has them, of all that is measured by any run or promised by a budget.

        A run without a value has its row all the same, with the reason.
        """
        values = self.statistics.unpivot(on=["p50", "p90", "p99", "first"], index=["run", "metric"], variable_name="column")
        rows = (
            self.runs.join(_WANTED, on="pass")
            .join(values, on=["run", "metric", "column"], how="left")
            .join(self.absences.unique(["run", "metric"]).rename({"reason": "absence"}), on=["run", "metric"], how="left")
            .with_columns(pl.when(pl.col("outcome") == Outcome.OK).then(pl.col("absence")).otherwise(pl.col("reason")).alias("reason"))
        )
        measured = rows.filter(pl.col("value").is_not_null()).select("workload", "metric")
        promised = pl.DataFrame(
            [(budget.workload, budget.metric) for budget in budgets], schema={"workload": pl.String, "metric": pl.String}, orient="row"
        )
        known = pl.concat([measured, promised]).unique()
        return rows.join(known, on=["workload", "metric"], how="semi").select(pl.col(name).cast(kind) for name, kind in gate.RUNS.items())


def of_measured(records: Sequence[Record]) -> Numbers:
    """Return the numbers of runs that were measured for one gate and need not be in any database yet."""
    answered = [record["runs"][0]["id"] for record in records if record.get("answers")]
    asked: dict[str, dict[str, object]] = {
        "judged_runs": {"gate": None},
        "every_statistic": {},
        "every_absence": {},
        "chosen_answers": {"run_ids": answered},
    }
    return Numbers(*rows_of(records, asked).values())


def of_stored(store: Store, runs: pl.DataFrame) -> Numbers:
    """Return the numbers of stored runs, of which the sides and places are given."""
    chosen = runs["run"].to_list()
    return Numbers(
        runs.select(*_RUN, "pass"),
        store.query("chosen_statistics", run_ids=chosen),
        store.query("chosen_absences", run_ids=chosen),
        store.query("chosen_answers", run_ids=chosen),
    )
