"""Putting rows into tables by queries/insert_TABLE.sql."""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files

import duckdb

from farm.errors import RecordRefused
from farm.records import Record
from farm.store.opening import statement

_INSERTS = frozenset(entry.name for entry in (files("farm.store") / "queries").iterdir() if entry.name.startswith("insert_"))
_WHOLE_COLUMN = "unnest($"
"""In a statement whose parameters each hold a column: DuckDB plans a statement anew for every row that it is given."""


def insert_rows(connection: duckdb.DuckDBPyConnection, record: Record) -> None:
    """Put rows in, table by table. Raises RecordRefused for what is no row of a table that this farm knows, and DuckDB's errors."""
    for table, rows in record.items():
        if f"insert_{table}.sql" not in _INSERTS:
            raise RecordRefused(f"there are rows of a table {table}, which this farm does not know")
        if not rows:
            continue
        text = _statement(table)
        if _WHOLE_COLUMN not in text:
            connection.executemany(text, rows)
            continue
        if any(row.keys() != rows[0].keys() for row in rows):
            raise RecordRefused(f"the rows of the table {table} do not have the same columns")
        connection.execute(text, {name: [row[name] for row in rows] for name in rows[0]})


def together(records: Sequence[Record]) -> Record:
    """Return the rows of many records as those of one: by table, in the order of the records."""
    every: Record = {}
    for record in records:
        for table, rows in record.items():
            every.setdefault(table, []).extend(rows)
    return every


@cache
def _statement(table: str) -> str:
    return statement(f"insert_{table}")
