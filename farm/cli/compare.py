"""farm compare: two files of runs, without any device."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from farm.cli import shown
from farm.cli.context import now_utc
from farm.errors import InputError

if TYPE_CHECKING:
    import polars as pl

    from farm.verdicts import Budget

_WORKLOAD = "files"
_DEVICE = "device"


@click.command(epilog="Example: farm compare before.csv after.csv --budget '3 %'")
@click.argument("baseline", type=click.Path(path_type=Path, dir_okay=False), metavar="A")
@click.argument("candidate", type=click.Path(path_type=Path, dir_okay=False), metavar="B")
@click.option("--budget", default="5 %", show_default=True, help="How much worse B may be than A.")
@click.option("--better", type=click.Choice(["lower", "higher"]), help="Which way a metric improves that farm does not know.")
@click.option("--allow-unordered", is_flag=True, help="Let runs pass that were not interleaved, or of which the order is not known.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def compare(baseline: Path, candidate: Path, budget: str, better: str | None, allow_unordered: bool, as_json: bool) -> int:
    """Compare the runs of B with those of A, and say whether B is within the budget: exit code 0, out of it 4, could not tell 3.

    A and B are CSV or Parquet files with the columns run and value, one row for each run (a process, not an iteration). With
    the columns session and order (a rising number or an ISO time, over both files) it is known whether the sides were
    interleaved; without them, and side after side, the answer is advice only: it can be 4, but not 0. block, metric and unit
    may be there too. Less is better unless the metric says otherwise.
    """
    from farm import gate
    from farm.exchange import runs
    from farm.publish.judgement import Judgement
    from farm.verdicts import Plan, exit_code

    rows = runs.together(*(runs.read(path.name, _content(path)) for path in (baseline, candidate)))
    budgets = _budgets(rows, _share(budget), better)
    plan = Plan(looks=(), allow_unordered=allow_unordered)
    verdicts = gate.judge(budgets, _frame(rows), plan, _today())
    code = exit_code(verdicts)
    shown.show(Judgement(verdicts, code, candidate=candidate.name, baseline=baseline.name), (), as_json=as_json)
    return code


def _today() -> date:
    return now_utc().date()


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error


def _share(text: str) -> float:
    from farm import units

    try:
        share = units.parse(text, units.RATIO)
    except ValueError as error:
        raise InputError(f"--budget: {error}") from error
    if not 0 <= share < 1:
        raise InputError(f'--budget: "{text}" is not between 0 % and 100 %', hint="3 % is 0.03")
    return share


def _budgets(rows: "pl.DataFrame", share: float, better: str | None) -> "list[Budget]":
    """Return one budget for each metric of the files; without a metric column, less is better unless better says otherwise."""
    from farm.config import nearest
    from farm.metrics import METRICS, Better, Statistic
    from farm.verdicts import Budget

    found = []
    for metric in rows["metric"].unique(maintain_order=True):
        known = METRICS.get(metric) if metric else None
        if known and better not in (None, known.better):
            raise InputError(f"{metric} is better when {known.better}", hint=f"leave out --better {better}")
        if metric and known is None and better is None:
            raise InputError(f'farm does not know which way "{metric}" improves{nearest(metric, METRICS)}', hint="say it with --better")
        stated = None if known else Better(better or "lower")
        found.append(Budget(_WORKLOAD, metric or "value", Statistic.VALUE, max_regression=share, better=stated))
    return found


def _frame(rows: "pl.DataFrame") -> "pl.DataFrame":
    """Return the rows as the gate takes them."""
    import polars as pl

    text = {"device": _DEVICE, "workload": _WORKLOAD, "statistic": "value", "outcome": "ok", "flavour": None, "reason": None}
    return rows.with_columns(
        pl.col("metric").fill_null("value"),
        pl.concat_str(pl.col("side"), pl.col("session").fill_null(""), pl.col("run"), separator=" ").alias("run"),
        *(pl.lit(value, dtype=pl.String).alias(name) for name, value in text.items()),
    )
