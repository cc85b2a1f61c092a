"""Taking in what another database knows: by identity, so that taking it in twice is taking it in once."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from farm.errors import InputError, StoreError
from farm.store.copies import brought_up, closing, copy, in_time, refusals, scratch, tables_of
from farm.store.opening import attach, connect, fetched, migrate

_NAMED = 10
"""How many conflicts are named."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A table whose rows have identities, and the tables of rows that belong to one of them and come in with it."""

    table: str
    key: str
    parts: Mapping[str, str] = field(default_factory=dict)
    """Table -> its column with the identity."""
    may_differ: tuple[str, ...] = ()
    """Columns that two labs may rightly know differently of the same thing: ours stay."""


UNITS = (
    Unit("devices", "id", may_differ=("first_seen_at", "soc", "memory_bytes")),
    Unit("artifacts", "sha256", may_differ=("first_seen_at", "name", "recipe", "has_reference")),
    Unit("item_files", "sha256", may_differ=("first_seen_at", "name", "recipe")),
    Unit("workloads", "key"),
    Unit("sessions", "id"),
    Unit(
        "runs",
        "id",
        {
            "samples": "run_id",
            "pruned_samples": "run_id",
            "absences": "run_id",
            "device_state": "run_id",
            "answers": "run_id",
            "operators": "run_id",
            "pruned_operators": "run_id",
            "placements": "run_id",
        },
    ),
    Unit(
        "gates",
        "id",
        {
            "gate_artifacts": "gate_id",
            "gate_devices": "gate_id",
            "judged_runs": "gate_id",
            "verdicts": "gate_id",
            "gate_changes": "gate_id",
        },
    ),
    Unit("calibrations", "id", {"noises": "calibration_id"}),
    Unit("canaries", "session_id"),
    Unit("bisections", "id", {"bisect_steps": "bisection_id"}),
    Unit("findings", "id", may_differ=("first_seen_at", "device_name")),
    Unit("confirmations", "id"),
    Unit("confirmation_answers", "confirmation_id"),
    Unit("nights", "id"),
    Unit(
        "imported_files",
        "sha256",
        {"imported_numbers": "file_sha256", "imported_gaps": "file_sha256"},
        may_differ=("name", "imported_at", "farm_version"),
    ),
)
HISTORIES = (
    "finding_states",
    "acknowledgements",
    "night_devices",
    "night_identities",
    "expected_jobs",
    "expected_answers",
    "night_events",
    "night_ends",
)
"""Tables that are only ever added to, also for what is known already: what the other lab says too is put beside what ours says."""
APART = ("baselines", "baseline_parts")
"""Baselines: a name that ours knows otherwise keeps its meaning here."""
_OF_A_HOST = "it is of a host and of what hangs on it"
NOT_MERGED: Mapping[str, str] = {
    "farm_schema": "each database has its own",
    "queue_requests": _OF_A_HOST,
    "queue_standings": _OF_A_HOST,
    "queue_cancellations": _OF_A_HOST,
    "device_holds": _OF_A_HOST,
    "rack_states": _OF_A_HOST,
    "rack_now": _OF_A_HOST,
    "health_looks": _OF_A_HOST,
    "health_checks": _OF_A_HOST,
    "recovery_steps": _OF_A_HOST,
    "clock_trusts": _OF_A_HOST,
}
"""Tables that stay as they are, with why."""
_DROPPABLE = ("samples", "pruned_samples", "operators", "pruned_operators")


@dataclass(frozen=True, slots=True)
class Merged:
    """What came in: rows by table, without tables that got none; and baselines, by their names."""

    rows: Mapping[str, int]
    left_out: tuple[str, ...]
    """Those that stayed out, as their names mean something else here."""
    shared: tuple[str, ...] = ()
    """Those of the other lab that are here too now, or were before."""


def merge(path: Path, other: Path, *, deadline_s: float, at_most_s: float) -> Merged:
    """Take in what another lab's database (or a backup of it) knows, all of it or nothing; that file stays as it is.

    A copy of an older one is brought to this farm's schema first. Raises InputError, with names, when both know something else under
    the same identity; StoreError and StoreBusy.
    """
    if not other.exists():
        raise StoreError(f"there is no database at {other}")
    if path.exists() and other.samefile(path):
        raise InputError(f"{other} is this database itself", hint="name the other lab's")
    with scratch(path) as theirs:
        copy(other, theirs, deadline_s=deadline_s, at_most_s=None)
        brought_up(theirs, other)
        with closing(connect(path, read_only=False, deadline_s=deadline_s)) as connection:
            migrate(connection, path)
        with closing(duckdb.connect(":memory:")) as connection, in_time(connection, path, at_most_s), refusals(other, path):
            attach(connection, path, "ours", read_only=False, deadline_s=deadline_s)
            attach(connection, theirs, "theirs", read_only=True, deadline_s=0)
            connection.execute("USE ours")
            _refuse(other, list(_conflicts(connection)))
            return _taken_in(connection)


def _refuse(other: Path, conflicts: list[str]) -> None:
    if conflicts:
        named, more = conflicts[:_NAMED], len(conflicts) - _NAMED
        text = "; ".join(named) + (f"; and {more} more" if more > 0 else "")
        raise InputError(
            f"{other} says something else under identities that are known here: {text}",
            hint="nothing was taken in; farm show RUN in both tells which is right",
        )


def _conflicts(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """Name what both know and know otherwise: rows, and what belongs to them."""
    for unit in _units(connection):
        columns = ", ".join(name for name in _columns(connection, unit.table) if name not in unit.may_differ)
        words = f"""
            SELECT {unit.key}::VARCHAR FROM (
                SELECT {columns} FROM theirs.{unit.table} WHERE {unit.key} IN (SELECT {unit.key} FROM {unit.table})
                EXCEPT SELECT {columns} FROM {unit.table}
            ) ORDER BY ALL
        """
        for (key,) in fetched(connection, words):
            yield f"{unit.table} {key}"
        for part, column in unit.parts.items():
            for (key,) in fetched(connection, _differing(unit, part, column)):
                yield f"{part} of {key}"


def _differing(unit: Unit, part: str, column: str) -> str:
    """Return the question which things that both know have other parts there. Of readings that one side dropped, none are compared."""
    unpruned = f"AND {column} NOT IN (SELECT run_id FROM pruned_samples UNION ALL SELECT run_id FROM theirs.pruned_samples)"
    where = f"WHERE {column} IN (SELECT {unit.key} FROM {unit.table}) {unpruned if part in _DROPPABLE else ''}"
    told = f"sum(hash(rows)::HUGEINT) AS told FROM {{}}{part} AS rows {where}"
    return f"""
        SELECT coalesce(here.key, there.key)::VARCHAR
        FROM (SELECT {column} AS key, {told.format("")} AND {column} IN (SELECT {unit.key} FROM theirs.{unit.table}) GROUP BY ALL) AS here
        FULL JOIN (SELECT {column} AS key, {told.format("theirs.")} GROUP BY ALL) AS there ON here.key = there.key
        WHERE here.told IS DISTINCT FROM there.told
        ORDER BY ALL
    """


def _taken_in(connection: duckdb.DuckDBPyConnection) -> Merged:
    rows: dict[str, int] = {}
    connection.begin()
    for unit in _units(connection):
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE fresh AS SELECT {unit.key} AS key FROM theirs.{unit.table} "
            f"WHERE {unit.key} NOT IN (SELECT {unit.key} FROM {unit.table})"
        )
        for table, column in {unit.table: unit.key, **unit.parts}.items():
            rows[table] = _added(connection, table, f"WHERE {column} IN (SELECT key FROM temp.fresh)")
    for table in sorted({*HISTORIES} & {*tables_of(connection, "ours")}):
        rows[table] = _added(connection, table, f"EXCEPT SELECT * FROM {table}")
    left_out = _baselines(connection, rows)
    both = fetched(connection, "SELECT DISTINCT name FROM baselines WHERE id IN (SELECT id FROM theirs.baselines) ORDER BY name")
    connection.commit()
    shared = tuple(name for (name,) in both)
    return Merged({table: count for table, count in rows.items() if count}, left_out, shared)


def _units(connection: duckdb.DuckDBPyConnection) -> list[Unit]:
    there = set(tables_of(connection, "ours"))
    return [unit for unit in UNITS if unit.table in there]


def _added(connection: duckdb.DuckDBPyConnection, table: str, which: str) -> int:
    ((count,),) = fetched(connection, f"INSERT INTO {table} BY NAME SELECT * FROM theirs.{table} {which}")
    return int(count)


def _baselines(connection: duckdb.DuckDBPyConnection, rows: dict[str, int]) -> tuple[str, ...]:
    """Take in baselines whose name means nothing else here; return the names that do."""
    taken = "SELECT name FROM baselines WHERE id NOT IN (SELECT id FROM theirs.baselines)"
    left_out = fetched(connection, f"SELECT DISTINCT name FROM theirs.baselines WHERE name IN ({taken}) ORDER BY name")
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE fresh AS SELECT id AS key FROM theirs.baselines WHERE name NOT IN ({taken}) "
        "AND id NOT IN (SELECT id FROM baselines)"
    )
    rows["baselines"] = _added(connection, "baselines", "WHERE id IN (SELECT key FROM temp.fresh)")
    rows["baseline_parts"] = _added(connection, "baseline_parts", "WHERE baseline_id IN (SELECT key FROM temp.fresh)")
    return tuple(name for (name,) in left_out)


def _columns(connection: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    found = fetched(
        connection,
        "SELECT column_name FROM duckdb_columns() WHERE database_name = current_database() AND table_name = ? ORDER BY column_index",
        table,
    )
    return [str(name) for (name,) in found]
