"""Opening, filling and asking the database. DuckDB is imported here and nowhere else."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from farm.errors import InputError, RecordRefused, StoreError
from farm.records import Record
from farm.store.opening import (
    SCHEMA_VERSION,
    check_version,
    connect,
    fetched,
    first_line,
    interruptibly,
    is_there,
    migrate,
    raise_if_interrupted,
    statement,
)
from farm.store.rows import insert_rows, together

log = logging.getLogger(__name__)

_REFUSALS = (duckdb.DataError, duckdb.ProgrammingError, duckdb.IntegrityError, duckdb.NotSupportedError)
_TYPES: dict[str, pl.DataType | type[pl.DataType]] = {
    "BIGINT": pl.Int64,
    "INTEGER": pl.Int64,
    "DOUBLE": pl.Float64,
    "VARCHAR": pl.String,
    "BOOLEAN": pl.Boolean,
    "TIMESTAMP": pl.Datetime("us"),
    "DOUBLE[]": pl.List(pl.Float64),
    "BIGINT[]": pl.List(pl.Int64),
    "VARCHAR[]": pl.List(pl.String),
}


@dataclass(frozen=True, slots=True)
class Store:
    """A database file.

    DuckDB locks a file for one process at a time and never waits, so every call here opens it anew, tries again until
    deadline_s, and closes it before it returns. Raises StoreBusy at the deadline, StoreError when the file cannot be used.
    """

    path: Path
    deadline_s: float = 30.0

    def append(self, records: Sequence[Record]) -> None:
        """Put runs in, all in one transaction; a run that is there already is left as it is.

        Raises RecordRefused, with nothing put in, when the database does not take the rows of one of them.
        """
        with self._open(read_only=False) as connection:
            migrate(connection, self.path)
            _append(connection, records)

    def add_imported(self, files: Sequence[Record]) -> list[bool]:
        """Put others' numbers in, all files in one transaction; say of each whether it is new: one whose bytes are there is left out."""
        with self._open(read_only=False) as connection:
            migrate(connection, self.path)
            connection.begin()
            new = [_insert_imported(connection, record) for record in files]
            connection.commit()
        return new

    def add(self, rows: Record) -> None:
        """Put rows in, by table, all in one transaction; nothing is opened when there are none."""
        if any(rows.values()):
            with self._open(read_only=False) as connection:
                migrate(connection, self.path)
                connection.begin()
                insert_rows(connection, rows)
                connection.commit()

    def check(self) -> None:
        """Raise StoreError when the database is there and cannot be used: another kind of file, or made by a newer farm."""
        if is_there(self.path):
            with self._open(read_only=True) as connection:
                check_version(connection, self.path)

    def query(self, name: str, **parameters: object) -> pl.DataFrame:
        """Return the rows of queries/NAME.sql; no database yet is one without rows."""
        return self.queries({name: parameters})[name]

    def queries(self, asked: Mapping[str, Mapping[str, object]]) -> dict[str, pl.DataFrame]:
        """Return the rows of each queries/NAME.sql with its parameters, all of one state of the database."""
        if not is_there(self.path):
            with duckdb.connect(":memory:") as connection:
                migrate(connection, self.path)
                return _frames(connection, asked)
        with self._open(read_only=True) as connection:
            if check_version(connection, self.path) == SCHEMA_VERSION:
                return interruptibly(connection, lambda: _frames(connection, asked))
        with self._open(read_only=False) as connection:  # made by an older farm: its tables come up to this one's first
            migrate(connection, self.path)
            return _frames(connection, asked)

    def history(self, series_key: str, metric: str) -> pl.DataFrame:
        """Return the measured runs of a series, oldest first, with the p50 of one metric: run_id, started_at, outcome, ..., p50."""
        runs = self.query("series_runs", series_key=series_key)
        values = self.query("chosen_p50", run_ids=runs["run_id"].to_list(), metric=metric)
        return runs.join(values, on="run_id", how="inner", maintain_order="left")

    def sql(self, text: str) -> pl.DataFrame:
        """Return the rows of a user's own statement: reading only, and no file or network from within it."""
        if not is_there(self.path):
            raise StoreError(f"there is no database at {self.path} yet", hint="farm run makes it")
        with self._open(read_only=True) as connection:
            if check_version(connection, self.path) == 0:
                raise StoreError(f"there is nothing in the database {self.path} yet", hint="farm run makes its tables")
            try:
                if len(connection.extract_statements(text)) != 1:
                    raise InputError("that is not one statement", hint='farm sql "SELECT count(*) FROM runs"')
                return interruptibly(connection, lambda: _user_rows(connection, text))
            except duckdb.Error as error:
                raise InputError(f"the statement failed: {first_line(error)}") from error

    @contextmanager
    def _open(self, *, read_only: bool) -> Iterator[duckdb.DuckDBPyConnection]:
        connection = connect(self.path, read_only=read_only, deadline_s=self.deadline_s)
        try:
            yield connection
        except (RuntimeError, duckdb.InterruptException) as error:
            raise_if_interrupted(error)
            raise
        except duckdb.FatalException as error:  # a full disk ends here
            raise StoreError(f"the database {self.path} could not be written: {first_line(error)}") from error
        except duckdb.Error as error:  # also a TransactionException: the disk filled at the commit
            raise StoreError(f"the database {self.path} could not be read or written: {first_line(error)}") from error
        finally:
            connection.close()


def statistics_of(records: Sequence[Record]) -> pl.DataFrame:
    """Return every statistic of runs that need not be in any database yet, in the order in which they began."""
    return rows_of(records, {"all_statistics": {}})["all_statistics"]


def rows_of(records: Sequence[Record], asked: Mapping[str, Mapping[str, object]]) -> dict[str, pl.DataFrame]:
    """Return the rows of each queries/NAME.sql with its parameters, over nothing but these runs."""
    with duckdb.connect(":memory:") as connection:
        migrate(connection, Path(":memory:"))
        _append(connection, records)
        return _frames(connection, asked)


def _append(connection: duckdb.DuckDBPyConnection, records: Sequence[Record]) -> None:
    """Put in the runs that are not there yet, in one transaction; when one is refused, one by one, to tell which."""
    given = {str(record["runs"][0]["id"]): record for record in reversed(records)}  # of two with one identity the first one counts
    ids = "SELECT id::VARCHAR FROM runs WHERE id IN (SELECT unnest(?::VARCHAR[])::UUID)"
    connection.begin()
    try:
        known = {run_id for (run_id,) in fetched(connection, ids, list(given))}
        insert_rows(connection, together([record for run_id, record in reversed(given.items()) if run_id not in known]))
    except (*_REFUSALS, RecordRefused):
        connection.rollback()
        connection.begin()
        for record in records:
            _insert(connection, record)
    connection.commit()


def _insert(connection: duckdb.DuckDBPyConnection, record: Record) -> None:
    run_id = record["runs"][0]["id"]
    try:
        if not fetched(connection, "SELECT 1 FROM runs WHERE id = ?::UUID", run_id):
            insert_rows(connection, record)
    except _REFUSALS as error:
        raise RecordRefused(f"the database does not take run {run_id}: {first_line(error)}") from error


def _insert_imported(connection: duckdb.DuckDBPyConnection, record: Record) -> bool:
    if fetched(connection, "SELECT 1 FROM imported_files WHERE sha256 = ?", record["imported_files"][0]["sha256"]):
        return False
    insert_rows(connection, record)
    return True


def _rows(connection: duckdb.DuckDBPyConnection, name: str, parameters: dict[str, object]) -> pl.DataFrame:
    return _frame(connection.sql(statement(name), params=parameters))


def _frames(connection: duckdb.DuckDBPyConnection, asked: Mapping[str, Mapping[str, object]]) -> dict[str, pl.DataFrame]:
    return {name: _rows(connection, name, dict(parameters)) for name, parameters in asked.items()}


def _user_rows(connection: duckdb.DuckDBPyConnection, text: str) -> pl.DataFrame:
    relation = connection.sql(text)
    return pl.DataFrame() if relation is None else _frame(relation)


def _frame(relation: duckdb.DuckDBPyRelation) -> pl.DataFrame:
    """Return a relation's rows. By way of Python rows: handing them over as Arrow makes DuckDB 2.0.0 report leaks at exit."""
    schema = {name: _TYPES.get(str(kind)) for name, kind in zip(_distinct(relation.columns), relation.types, strict=True)}
    rows = relation.fetchall()
    try:
        return pl.DataFrame(rows, schema=schema, orient="row", infer_schema_length=None)
    except (pl.exceptions.PolarsError, TypeError, ValueError, OverflowError):  # a user's statement may give what Polars has no type for
        values = zip(*rows, strict=True) if rows else ([] for _ in schema)
        return pl.DataFrame([_column(name, list(column)) for name, column in zip(schema, values, strict=True)])


def _column(name: str, values: list[Any]) -> pl.Series:
    """Return values as a column: of numbers where they all are, else as they are."""
    kind = type(next((value for value in values if value is not None), None))
    plain = {int: pl.Int64, float: pl.Float64, str: pl.String, bool: pl.Boolean}.get(kind)
    with suppress(pl.exceptions.PolarsError, TypeError, OverflowError):
        if plain is not None:
            return pl.Series(name, values, dtype=plain)
    return pl.Series(name, values, dtype=pl.Object)


def _distinct(columns: Sequence[str]) -> list[str]:
    """Return the names of columns, repeated ones numbered: a statement of a user's may join tables that share a name."""
    found: list[str] = []
    for column in columns:
        name, number = column, 1
        while name in found:
            number += 1
            name = f"{column}_{number}"
        found.append(name)
    return found
