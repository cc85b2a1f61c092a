"""Dropping raw readings for their age: their summaries stay, every statistic is what it was, and the disk gets its room back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb
import polars as pl

from farm.errors import StoreBusy, StoreError
from farm.metrics import INTERVAL, WINDOWS
from farm.store.copies import Contents, closing, compare, counted, in_time, refusals, replace, scratch, stamp_of, tables_of
from farm.store.opening import attach, connect, is_there, migrate, statement
from farm.store.store import Store

FEWEST_READINGS = 8
"""A row of so many readings is no larger than its summary, and stays."""
NIGHTS_AROUND = 7
"""Days before and after a change whose runs its finding needs."""
_TRIES = 5
_OTHERS = ("samples", "pruned_samples", "operators", "pruned_operators")
_FEW = {"few": FEWEST_READINGS, "kept_sources": [INTERVAL, WINDOWS]}


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was dropped, and what the file's size was and is."""

    runs: pl.DataFrame
    """The rows of old_runs, as they were: needed_by NULL was dropped."""
    before_bytes: int
    after_bytes: int


def old_runs(store: Store, before: datetime) -> pl.DataFrame:
    """Return the runs that began before then and have readings worth dropping, with what needs them; NULL: nothing, they can go."""
    return store.query("old_runs", before=before, days=NIGHTS_AROUND, **_FEW)


def prune(path: Path, before: datetime, *, now: datetime, deadline_s: float, at_most_s: float) -> Pruned:
    """Drop the readings of runs that began before then and that nothing needs, unless there are none.

    A new file is made without them, compared with the old one, and put in its place; whoever writes in between makes that begin
    anew. Nobody can write while the file is made: at most for at_most_s. Raises StoreError and StoreBusy, with nothing dropped.
    """
    if not is_there(path):
        raise StoreError(f"there is no database at {path} yet", hint="farm run makes it")
    with closing(connect(path, read_only=False, deadline_s=deadline_s)) as connection, refusals(path, path):
        migrate(connection, path)
        connection.execute("CHECKPOINT")
    before_bytes = path.stat().st_size
    for _ in range(_TRIES):
        with scratch(path) as partial:
            runs, stamp = _without(path, partial, before, now, deadline_s, at_most_s)
            if not (runs["needed_by"].is_null()).any():
                return Pruned(runs, before_bytes, before_bytes)
            if replace(path, partial, stamp, deadline_s):
                return Pruned(runs, before_bytes, path.stat().st_size)
    raise StoreBusy(f"the database {path} was written to each time that it had been read", hint="try again when less is measured")


def _without(
    path: Path, partial: Path, before: datetime, now: datetime, deadline_s: float, at_most_s: float
) -> tuple[pl.DataFrame, tuple[int, int, int]]:
    """Write a database without the old readings; return the old runs, and the stamp of what it was made of."""
    with closing(connect(partial, read_only=False, deadline_s=0)) as connection:
        migrate(connection, partial)
    with closing(duckdb.connect(":memory:")) as connection, in_time(connection, path, at_most_s), refusals(path, partial):
        attach(connection, path, "source", read_only=True, deadline_s=deadline_s)
        stamp = stamp_of(path)  # nobody can write from here on
        connection.execute("USE source")
        runs = _chosen(connection, before)
        if (runs["needed_by"].is_null()).any():
            attach(connection, partial, "target", read_only=False, deadline_s=0)
            _fill(connection, now)
            _check(connection, partial)
            connection.execute("CHECKPOINT target")
        return runs, stamp


def _chosen(connection: duckdb.DuckDBPyConnection, before: datetime) -> pl.DataFrame:
    """Put the identities of the runs whose readings can go into a table of this connection's; return all that are old enough."""
    relation = connection.sql(statement("old_runs"), params={"before": before, "days": NIGHTS_AROUND, **_FEW})
    runs = pl.DataFrame(relation.fetchall(), schema=relation.columns, orient="row", infer_schema_length=None)
    connection.execute("CREATE TEMP TABLE chosen (run_id UUID PRIMARY KEY)")
    ids = runs.filter(pl.col("needed_by").is_null())["run_id"].to_list()
    connection.execute("INSERT INTO chosen SELECT unnest($ids::VARCHAR[])::UUID", {"ids": ids})
    return runs


def _fill(connection: duckdb.DuckDBPyConnection, now: datetime) -> None:
    for table in _whole(connection):
        if table == "farm_schema":
            continue  # it is there, by the migrations
        connection.execute(f"INSERT INTO target.{table} SELECT * FROM source.{table}")  # noqa: S608 - tables of ours
    for table in ("pruned_samples", "pruned_operators"):
        connection.execute(f"INSERT INTO target.{table} SELECT * FROM source.{table}")  # noqa: S608 - tables of ours
    connection.execute(statement("prune_samples"), _FEW)
    connection.execute(statement("prune_summaries"), {**_FEW, "pruned_at": now})
    connection.execute(statement("prune_rates"), {"pruned_at": now})
    connection.execute(statement("prune_operators"), {"few": FEWEST_READINGS})
    connection.execute(statement("prune_operator_summaries"), {"few": FEWEST_READINGS, "pruned_at": now})


def _whole(connection: duckdb.DuckDBPyConnection) -> list[str]:
    return [table for table in tables_of(connection, "source") if table not in _OTHERS]


def _check(connection: duckdb.DuckDBPyConnection, partial: Path) -> None:
    """Raise StoreError unless every other table and every statistic of every run is what it was."""
    same = [*_whole(connection), "run_statistics", "operator_statistics"]
    compare(_counts(connection, "source", same), _counts(connection, "target", same), partial)
    ((rows, hashed),) = connection.execute(statement("prune_staying"), _FEW).fetchall()
    compare({"samples": (rows, hashed)}, _counts(connection, "target", ["samples"]), partial)


def _counts(connection: duckdb.DuckDBPyConnection, database: str, tables: Sequence[str]) -> Contents:
    return {table: counted(connection, f"{database}.{table}") for table in tables}
