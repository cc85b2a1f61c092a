"""Opening, filling and asking the database. DuckDB is imported here and nowhere else."""

import logging
import random
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from farm.errors import InputError, RecordRefused, StoreBusy, StoreError
from farm.records import Record

log = logging.getLogger(__name__)

_SOURCES = files("farm.store")
_MIGRATIONS = sorted(entry.name for entry in (_SOURCES / "schema").iterdir() if entry.name.endswith(".sql"))
SCHEMA_VERSION = int(_MIGRATIONS[-1].split("_")[0])

_STATEMENTS = frozenset(entry.name for entry in (_SOURCES / "queries").iterdir())

_REFUSALS = (duckdb.DataError, duckdb.ProgrammingError, duckdb.IntegrityError, duckdb.NotSupportedError)
_RETRY_S = (0.01, 0.1)
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

_VERSION_TABLE = "CREATE TABLE IF NOT EXISTS farm_schema (version INTEGER PRIMARY KEY, name VARCHAR NOT NULL)"


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
            _migrate(connection, self.path)
            connection.begin()
            for record in records:
                _insert(connection, record)
            connection.commit()

    def add_imported(self, files: Sequence[Record]) -> list[bool]:
        """Put others' numbers in, all files in one transaction; say of each whether it is new: one whose bytes are there is left out."""
        with self._open(read_only=False) as connection:
            _migrate(connection, self.path)
            connection.begin()
            new = [_insert_imported(connection, record) for record in files]
            connection.commit()
        return new

    def add(self, rows: Record) -> None:
        """Put rows in, by table, all in one transaction; nothing is opened when there are none."""
        if any(rows.values()):
            with self._open(read_only=False) as connection:
                _migrate(connection, self.path)
                connection.begin()
                _insert_rows(connection, rows)
                connection.commit()

    def check(self) -> None:
        """Raise StoreError when the database is there and cannot be used: another kind of file, or made by a newer farm."""
        if self.path.exists():
            with self._open(read_only=True) as connection:
                _check_version(connection, self.path)

    def query(self, name: str, **parameters: object) -> pl.DataFrame:
        """Return the rows of queries/NAME.sql; no database yet is one without rows."""
        return self.queries({name: parameters})[name]

    def queries(self, asked: Mapping[str, Mapping[str, object]]) -> dict[str, pl.DataFrame]:
        """Return the rows of each queries/NAME.sql with its parameters, all of one state of the database."""
        if not self.path.exists():
            with duckdb.connect(":memory:") as connection:
                _migrate(connection, self.path)
                return _frames(connection, asked)
        with self._open(read_only=True) as connection:
            if _check_version(connection, self.path) == SCHEMA_VERSION:
                return _frames(connection, asked)
        with self._open(read_only=False) as connection:  # made by an older farm: its tables come up to this one's first
            _migrate(connection, self.path)
            return _frames(connection, asked)

    def history(self, series_key: str, metric: str) -> pl.DataFrame:
        """Return the measured runs of a series, oldest first, with the p50 of one metric: run_id, started_at, outcome, ..., p50."""
        runs = self.query("series_runs", series_key=series_key)
        values = self.query("chosen_p50", run_ids=runs["run_id"].to_list(), metric=metric)
        return runs.join(values, on="run_id", how="inner", maintain_order="left")

    def sql(self, text: str) -> pl.DataFrame:
        """Return the rows of a user's own statement: reading only, and no file or network from within it."""
        if not self.path.exists():
            raise StoreError(f"there is no database at {self.path} yet", hint="farm run makes it")
        with self._open(read_only=True) as connection:
            if _check_version(connection, self.path) == 0:
                raise StoreError(f"there is nothing in the database {self.path} yet", hint="farm run makes its tables")
            try:
                if len(connection.extract_statements(text)) != 1:
                    raise InputError("that is not one statement", hint='farm sql "SELECT count(*) FROM runs"')
                relation = connection.sql(text)
                return pl.DataFrame() if relation is None else _frame(relation)
            except duckdb.Error as error:
                raise InputError(f"the statement failed: {_first_line(error)}") from error

    @contextmanager
    def _open(self, *, read_only: bool) -> Iterator[duckdb.DuckDBPyConnection]:
        connection = _connect(self.path, read_only=read_only, deadline_s=self.deadline_s)
        try:
            yield connection
        except duckdb.FatalException as error:  # a full disk ends here
            raise StoreError(f"the database {self.path} could not be written: {_first_line(error)}") from error
        except duckdb.Error as error:  # also a TransactionException: the disk filled at the commit
            raise StoreError(f"the database {self.path} could not be read or written: {_first_line(error)}") from error
        finally:
            connection.close()


def statistics_of(records: Sequence[Record]) -> pl.DataFrame:
    """Return every statistic of runs that need not be in any database yet, in the order in which they began."""
    return rows_of(records, {"all_statistics": {}})["all_statistics"]


def rows_of(records: Sequence[Record], asked: Mapping[str, Mapping[str, object]]) -> dict[str, pl.DataFrame]:
    """Return the rows of each queries/NAME.sql with its parameters, over nothing but these runs."""
    with duckdb.connect(":memory:") as connection:
        _migrate(connection, Path(":memory:"))
        for record in records:
            _insert(connection, record)
        return _frames(connection, asked)


def _connect(path: Path, *, read_only: bool, deadline_s: float) -> duckdb.DuckDBPyConnection:
    """Open the file, trying again while another process holds it."""
    give_up_s = time.monotonic() + deadline_s
    config: dict[str, Any] = {"enable_external_access": "false", "lock_configuration": "true"} if read_only else {}
    while True:
        try:
            return duckdb.connect(path, read_only=read_only, config=config)
        except (duckdb.IOException, duckdb.ConnectionException) as error:
            if not _is_lock(error):
                raise StoreError(f"the database {path} cannot be opened: {_first_line(error)}", hint=_hint(error)) from error
            if time.monotonic() > give_up_s:
                raise StoreBusy(
                    f"the database {path} was held by {_holder(error)} for {deadline_s:g} s",
                    hint="try again when that has ended; measured runs wait in the journal",
                ) from error
            time.sleep(random.uniform(*_RETRY_S))
        except duckdb.Error as error:
            raise StoreError(f"{path} is not a database that farm can read: {_first_line(error)}", hint=_hint(error)) from error


def _is_lock(error: duckdb.Error) -> bool:
    return "Could not set lock" in str(error) or "different configuration" in str(error)


def _holder(error: duckdb.Error) -> str:
    match = re.search(r"Conflicting lock is held in (.+?) \(PID (\d+)\)", str(error))
    return f"process {match[2]} ({Path(match[1]).name})" if match else "another process"


def _hint(error: duckdb.Error) -> str | None:
    if "newer" in str(error) or "version number" in str(error):
        return "it was written by another version of DuckDB; update farm"
    return None


def _first_line(error: duckdb.Error) -> str:
    return str(error).partition("\n")[0]


def _schema_version(connection: duckdb.DuckDBPyConnection) -> int:
    """Return the version of the schema, 0 for a database that farm has not made."""
    if not _fetched(connection, "SELECT 1 FROM duckdb_tables() WHERE table_name = 'farm_schema'"):
        return 0
    ((version,),) = _fetched(connection, "SELECT coalesce(max(version), 0) FROM farm_schema")
    return int(version)


def _fetched(connection: duckdb.DuckDBPyConnection, statement: str, *values: object) -> list[Any]:
    """Return all rows: a result that is not fetched to its end blocks the connection."""
    return connection.execute(statement, list(values)).fetchall()


def _check_version(connection: duckdb.DuckDBPyConnection, path: Path) -> int:
    """Return the schema's version, at most this farm's. Raises StoreError for a newer one and for what is not farm's.

    A database without any table has version 0: its first writer was killed before the tables were in.
    """
    version = _schema_version(connection)
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"the database {path} was made by a newer farm (schema {version}, this farm knows {SCHEMA_VERSION})",
            hint="update farm, or name another folder with --data",
        )
    if version == 0 and _fetched(connection, "SELECT 1 FROM duckdb_tables()"):
        raise StoreError(f"the database {path} was not made by farm", hint="name another folder with --data")
    return version


def _migrate(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Bring the schema to this farm's version, one file after the other, each in one transaction."""
    version = _check_version(connection, path)
    for name in _MIGRATIONS:
        number = int(name.split("_")[0])
        if number <= version:
            continue
        connection.begin()
        connection.execute(_VERSION_TABLE)
        connection.execute((_SOURCES / "schema" / name).read_text(encoding="utf-8"))
        connection.execute("INSERT INTO farm_schema VALUES (?, ?)", [number, name])
        connection.commit()


def _insert(connection: duckdb.DuckDBPyConnection, record: Record) -> None:
    run_id = record["runs"][0]["id"]
    try:
        if not _fetched(connection, "SELECT 1 FROM runs WHERE id = ?::UUID", run_id):
            _insert_rows(connection, record)
    except _REFUSALS as error:
        raise RecordRefused(f"the database does not take run {run_id}: {_first_line(error)}") from error


def _insert_imported(connection: duckdb.DuckDBPyConnection, record: Record) -> bool:
    if _fetched(connection, "SELECT 1 FROM imported_files WHERE sha256 = ?", record["imported_files"][0]["sha256"]):
        return False
    _insert_rows(connection, record)
    return True


def _insert_rows(connection: duckdb.DuckDBPyConnection, record: Record) -> None:
    for table, rows in record.items():
        if f"insert_{table}.sql" not in _STATEMENTS:
            raise RecordRefused(f"there are rows of a table {table}, which this farm does not know")
        statement = _statement(f"insert_{table}")
        if rows:
            connection.executemany(statement, rows)


def _rows(connection: duckdb.DuckDBPyConnection, name: str, parameters: dict[str, object]) -> pl.DataFrame:
    return _frame(connection.sql(_statement(name), params=parameters))


def _frames(connection: duckdb.DuckDBPyConnection, asked: Mapping[str, Mapping[str, object]]) -> dict[str, pl.DataFrame]:
    return {name: _rows(connection, name, dict(parameters)) for name, parameters in asked.items()}


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


def _statement(name: str) -> str:
    return (_SOURCES / "queries" / f"{name}.sql").read_text(encoding="utf-8")
