"""farm compare: two files of runs, or two selections of what is stored, without any device."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from farm.cli import compare_stored, shown
from farm.cli.context import Context, now_utc
from farm.errors import InputError

if TYPE_CHECKING:
    import polars as pl

    from farm.verdicts import Budget, Plan, Verdict

_WORKLOAD = "files"
_DEVICE = "device"
_SUFFIXES = (".csv", ".parquet")


@click.command(epilog="Example: farm compare before.csv after.csv --budget '3 %', or: farm compare REV REV --device s25")
@click.argument("baseline", metavar="A")
@click.argument("candidate", metavar="B")
@click.option("--budget", default="5 %", show_default=True, help="How much worse B may be than A.")
@click.option("--better", type=click.Choice(["lower", "higher"]), help="Which way a metric of files improves that farm does not know.")
@click.option("--workload", "workloads", multiple=True, help="Of stored runs: this workload only; repeatable.")
@click.option("--device", "devices", multiple=True, help="Of stored runs: this device only; repeatable.")
@click.option("--metric", "metrics", multiple=True, help="Of stored runs: this metric only; repeatable.")
@click.option("--allow-unordered", is_flag=True, help="Let runs pass that were not interleaved, or of which the order is not known.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def compare(context: Context, /, **given: Any) -> int:  # noqa: ANN401 - click's values
    """Compare the runs of B with those of A, and say whether B is within the budget: exit code 0, out of it 4, could not tell 3.

    A and B are CSV or Parquet files with the columns run and value, one row for each run (a process, not an iteration). With
    the columns session and order (a rising number or an ISO time, over both files) it is known whether the sides were
    interleaved; without them, and side after side, the answer is advice only: it can be 4, but not 0. block, metric and unit
    may be there too. Less is better unless the metric says otherwise.

    Or both are stored runs: a revision, or the SHA-256 of an artifact (eight digits of it at least). Every number that both were
    measured by is compared, workload by workload, the devices together and each with itself.
    """
    from farm.publish.judgement import Judgement
    from farm.verdicts import Plan, exit_code

    sides = (given["baseline"], given["candidate"])
    share, plan = _share(given["budget"]), Plan(allow_unordered=given["allow_unordered"])
    narrowed = (given["workloads"], given["devices"], given["metrics"])
    if not _are_files(sides):
        if given["better"] is not None:
            raise InputError("--better is for files", hint="farm knows which way the numbers that it measured improve")
        verdicts = compare_stored.judged(context, sides, narrowed, share, plan)
    elif any(narrowed):
        raise InputError("--workload, --device and --metric choose among stored runs", hint="files hold what is to be compared")
    else:
        verdicts = _of_files((Path(sides[0]), Path(sides[1])), share, given["better"], replace(plan, looks=()))
        sides = (Path(sides[0]).name, Path(sides[1]).name)
    code = exit_code(verdicts)
    shown.show(Judgement(verdicts, code, candidate=sides[1], baseline=sides[0]), (), as_json=given["as_json"])
    return code


def _are_files(sides: Sequence[str]) -> bool:
    """Whether A and B are files; stored runs have no names that end as theirs. Raises InputError when one is and one is not."""
    files = [Path(side).suffix.lower() in _SUFFIXES or Path(side).exists() for side in sides]
    if any(files) and not all(files):
        file, other = sorted(sides, key=lambda side: side != sides[files.index(True)])
        raise InputError(f'{file} is a file and "{other}" is none', hint="compare two files, or two revisions or artifacts")
    return all(files)


def _of_files(paths: tuple[Path, Path], share: float, better: str | None, plan: "Plan") -> "tuple[Verdict, ...]":
    """Return a verdict for each metric of two files, the baseline's first."""
    from farm import gate
    from farm.exchange import runs

    rows = runs.together(*(runs.read(path.name, _content(path)) for path in paths))
    return gate.judge(_budgets(rows, share, better), _frame(rows), plan, _today())


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
