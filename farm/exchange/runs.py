"""Two files of run-level values, CSV or Parquet, as the rows of a comparison.

Columns: run and value; and where they are known session, block and order (a rising number or an ISO time, over both files of
one session), metric and unit. Nothing is repaired: what could make the wrong side win is an error that names the file and the
run.
"""

import io
from dataclasses import dataclass

import polars as pl

from farm.errors import InputError

COLUMNS = ("run", "value", "session", "block", "order", "metric", "unit")
_PARQUET = b"PAR1"
_ABBA = 4


@dataclass(frozen=True, slots=True)
class RunFile:
    """The runs of one file, in the order of measuring where it says one."""

    name: str
    rows: pl.DataFrame
    """run, session, block, order (seconds or any number), metric, unit: null where the file has no such column; value is finite
    and above 0."""

    @property
    def says_order(self) -> bool:
        """Whether it says in which session and at which place each run was measured."""
        return self.rows["session"].null_count() == 0 and self.rows["order"].null_count() == 0


def read(name: str, content: bytes) -> RunFile:
    """Return the runs of a file. Raises InputError with one sentence for anything that is not plainly a set of runs."""
    raw = _parsed(name, content)
    missing = [column for column in ("run", "value") if column not in raw.columns]
    if missing:
        known = ", ".join(raw.columns[:8])
        raise InputError(f"{name} has no column {' and no column '.join(missing)}", hint=f"it has {known}; run and value are needed")
    if raw.is_empty():
        raise InputError(f"{name} has no runs")
    rows = raw.select(_column(raw, column) for column in COLUMNS)
    _refuse(name, "run {} has no number", rows.filter(pl.col("run").is_null()).with_columns(run=pl.lit("?")))
    rows = rows.with_columns(_numbers(name, rows, "value"), _moments(name, rows), _numbers(name, rows, "block").cast(pl.Int64))
    _refuse(name, "the value of run {} is missing or not a number", rows.filter(~pl.col("value").is_finite().fill_null(value=False)))
    _refuse(name, "the value of run {} is not above zero, so there is no ratio", rows.filter(pl.col("value") <= 0))
    _refuse(name, "run {} stands there twice", rows.filter(pl.struct("run", "session", "metric").is_duplicated()))
    for column in ("session", "block", "order", "metric", "unit"):
        if 0 < rows[column].null_count() < rows.height:
            _refuse(name, f"run {{}} has no {column}, and others have one", rows.filter(pl.col(column).is_null()))
    for (metric,), own in rows.group_by("metric"):
        units = sorted(own["unit"].drop_nulls().unique())
        if len(units) > 1:
            raise InputError(f"{name} has {metric or 'values'} in {' and in '.join(units)}: one unit is needed")
    return RunFile(name, _in_order(name, rows))


def _parsed(name: str, content: bytes) -> pl.DataFrame:
    try:
        if content[:4] == _PARQUET:
            return pl.read_parquet(io.BytesIO(content)).select(pl.all().cast(pl.String))
        frame = pl.read_csv(io.BytesIO(content), infer_schema=False)
    except pl.exceptions.PolarsError as error:
        raise InputError(f"{name} is neither CSV nor Parquet: {str(error).splitlines()[0]}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{name} is neither CSV nor Parquet") from error
    return frame.rename({column: column.strip().lower() for column in frame.columns})


def _column(raw: pl.DataFrame, column: str) -> pl.Expr:
    if column not in raw.columns:
        return pl.lit(None, dtype=pl.String).alias(column)
    return pl.col(column).cast(pl.String).str.strip_chars().replace("", None)


def _numbers(name: str, rows: pl.DataFrame, column: str) -> pl.Series:
    numbers = rows[column].cast(pl.Float64, strict=False)
    _refuse(name, f"the {column} of run {{}} is not a number", rows.filter(numbers.is_null() & rows[column].is_not_null()))
    return numbers


def _moments(name: str, rows: pl.DataFrame) -> pl.Series:
    """Return the order column as numbers: as it is, or seconds of ISO times."""
    given = rows["order"]
    numbers = given.cast(pl.Float64, strict=False)
    if numbers.null_count() == given.null_count():
        return numbers
    times = given.str.to_datetime(time_unit="us", time_zone="UTC", strict=False)
    _refuse(name, "the order of run {} is neither a number nor an ISO time", rows.filter(times.is_null() & given.is_not_null()))
    return (times.dt.epoch("us").cast(pl.Float64) / 1e6).alias("order")


def _in_order(name: str, rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows by their order. Runs that are numbered must be numbered in that order: else some clock went backwards."""
    if rows["order"].null_count():
        return rows
    numbered = rows.with_columns(pl.col("run").cast(pl.Float64, strict=False).alias("number"))
    if not numbered["number"].null_count():
        numbered = numbered.sort("metric", "session", "number", maintain_order=True)
    back = numbered.filter((pl.col("order").diff() <= 0).over("metric", "session"))
    _refuse(name, "the order goes back at run {}: its clock was set back, or runs are not in the order of measuring", back)
    return rows.sort("metric", "session", "order")


def _refuse(name: str, sentence: str, bad: pl.DataFrame) -> None:
    if bad.height:
        more = f" (and {bad.height - 1} more)" if bad.height > 1 else ""
        raise InputError(f"{name}: {sentence.format(bad['run'][0])}{more}")


def together(baseline: RunFile, candidate: RunFile) -> pl.DataFrame:
    """Return the runs of both files with side, and with block and position where both say their order.

    Without a block column, four runs that follow each other in a session are a block. Raises InputError when the files do not
    measure the same thing.
    """
    _same(baseline, candidate, "metric")
    _same(baseline, candidate, "unit")
    rows = pl.concat([baseline.rows.with_columns(side=pl.lit("baseline")), candidate.rows.with_columns(side=pl.lit("candidate"))])
    if not (baseline.says_order and candidate.says_order):
        return rows.with_columns(block=pl.lit(None, dtype=pl.Int64), position=pl.lit(None, dtype=pl.Int64))
    rows = rows.sort("metric", "session", "order")
    taken = rows.filter(pl.struct("metric", "session", "order").is_duplicated())
    if taken.height:
        text = f"runs {taken['run'][0]} and {taken['run'][1]} have the same place in session {taken['session'][0]}"
        raise InputError(text, hint="order counts, or tells the time, over both sides of a session")
    place = pl.int_range(pl.len()).over("metric", "session")
    if rows["block"].null_count():
        rows = rows.with_columns(block=place // _ABBA)
    return rows.with_columns(position=pl.int_range(pl.len()).over("metric", "session", "block"))


def _same(baseline: RunFile, candidate: RunFile, column: str) -> None:
    sides = [set(file.rows[column].unique()) for file in (baseline, candidate)]
    if sides[0] == sides[1]:
        return
    only = sorted(str(value) for value in (sides[0] ^ sides[1]) - {None})
    where = [file.name for file, side in zip((baseline, candidate), sides, strict=True) if only[0] in {str(value) for value in side}]
    if column == "unit" and all(None not in side for side in sides):
        first, second = (" and ".join(sorted(side)) for side in sides)
        raise InputError(f"{baseline.name} is in {first} and {candidate.name} in {second}: one unit is needed")
    raise InputError(f"only {where[0]} has the {column} {only[0]}, so there is nothing to compare it with")
