"""Opening a database file that others open too, and bringing its schema to this farm's version."""

import fcntl
import random
import re
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from contextlib import suppress
from importlib.resources import files
from pathlib import Path
from threading import Event, Thread
from typing import Any, TypeVar

import duckdb

from farm.errors import StoreBusy, StoreError

_SOURCES = files("farm.store")
_MIGRATIONS = sorted(entry.name for entry in (_SOURCES / "schema").iterdir() if entry.name.endswith(".sql"))
SCHEMA_VERSION = int(_MIGRATIONS[-1].split("_")[0])

_RETRY_S = (0.01, 0.1)
_STEP_S = 0.05
_FILLED_S = 1.0

_VERSION_TABLE = "CREATE TABLE IF NOT EXISTS farm_schema (version INTEGER PRIMARY KEY, name VARCHAR NOT NULL)"


def connect(path: Path, *, read_only: bool, deadline_s: float) -> duckdb.DuckDBPyConnection:
    """Open the file, trying again while another process holds it.

    A file may have been put in its place between the opening and the lock (restore and prune do so): then it is opened anew. One
    without a byte, as a full disk or a kill leaves where a database was to begin, is none.
    """
    config: dict[str, Any] = {"enable_external_access": "false", "lock_configuration": "true"} if read_only else {}
    while True:
        if not read_only:
            _forget_empty(path)
        before = _file_of(path)
        connection = patiently(path, deadline_s, lambda: duckdb.connect(path, read_only=read_only, config=config))
        if (now := _file_of(path)) is not None and before in (None, now):
            return connection
        connection.close()


def is_there(path: Path) -> bool:
    """Whether there is a database: a file with something in it."""
    return path.exists() and not _is_empty(path)


def _is_empty(path: Path) -> bool:
    try:
        return path.stat().st_size == 0
    except OSError:
        return False


def _forget_empty(path: Path) -> None:
    """Take a file without a byte away that nobody fills: who makes a database does so at once, and holds its lock."""
    give_up_s = time.monotonic() + _FILLED_S
    while _is_empty(path):
        if time.monotonic() < give_up_s:
            time.sleep(_STEP_S)
            continue
        with suppress(OSError), path.open("r+b") as file:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_empty(path):
                path.unlink()
        return


def attach(connection: duckdb.DuckDBPyConnection, path: Path, name: str, *, read_only: bool, deadline_s: float) -> None:
    """Attach the file under a name, trying again while another process holds it."""
    place = str(path).replace("'", "''")
    words = f"ATTACH '{place}' AS {name}{' (READ_ONLY)' if read_only else ''}"  # a name of ours; ATTACH takes no bound values
    while True:
        before = _file_of(path)
        patiently(path, deadline_s, lambda: connection.execute(words))
        if before is None or before == _file_of(path):
            return
        connection.execute(f"DETACH {name}")


Given = TypeVar("Given")


def patiently(path: Path, deadline_s: float, attempt: Callable[[], Given]) -> Given:
    """Return what attempt gives, which is tried again while another process holds the file. Raises StoreBusy and StoreError."""
    give_up_s = time.monotonic() + deadline_s
    while True:
        try:
            return attempt()
        except (duckdb.IOException, duckdb.ConnectionException) as error:
            if not _is_lock(error):
                raise StoreError(f"the database {path} cannot be opened: {first_line(error)}", hint=_hint(error)) from error
            if time.monotonic() > give_up_s:
                raise StoreBusy(
                    f"the database {path} was held by {_holder(error)} for {deadline_s:g} s",
                    hint="try again when that has ended; measured runs wait in the journal",
                ) from error
            time.sleep(random.uniform(*_RETRY_S))
        except (RuntimeError, duckdb.InterruptException) as error:
            raise_if_interrupted(error)
            raise
        except duckdb.Error as error:
            raise StoreError(f"{path} is not a database that farm can read: {first_line(error)}", hint=_hint(error)) from error


def raise_if_interrupted(error: Exception) -> None:
    """Raise KeyboardInterrupt for what DuckDB makes of a Ctrl-C that comes while it works: "Query interrupted"."""
    if isinstance(error, duckdb.InterruptException) or (type(error) is RuntimeError and "interrupted" in str(error)):
        raise KeyboardInterrupt from error


def interruptibly(connection: duckdb.DuckDBPyConnection, work: Callable[[], Given]) -> Given:
    """Return what work gives, which asks the connection. Raises KeyboardInterrupt when that comes meanwhile.

    DuckDB looks for signals when it is called in the main thread, and loses one that it finds while it plans a statement: so the
    main thread waits here, and another one works. It waits by steps: Polars takes SIGINT over with SA_RESTART, after which a plain
    wait would not be woken by it.
    """
    given: Future[Given] = Future()
    stopped = Event()

    def run() -> None:
        try:
            if not stopped.is_set():
                given.set_result(work())
        except BaseException as error:  # noqa: BLE001 - raised again below, where it belongs
            given.set_exception(error)

    thread = Thread(target=run)
    try:
        thread.start()
        while not wait([given], _STEP_S).done:
            pass
    except KeyboardInterrupt:
        stopped.set()  # it may have come before the thread did anything
        while thread.is_alive():  # once is not enough: between two statements there is nothing to interrupt
            connection.interrupt()
            thread.join(_STEP_S)
        raise
    return given.result()


def _file_of(path: Path) -> tuple[int, int] | None:
    """Return which file has this name now, None when there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _is_lock(error: duckdb.Error) -> bool:
    return "Could not set lock" in str(error) or "different configuration" in str(error)


def _holder(error: duckdb.Error) -> str:
    match = re.search(r"Conflicting lock is held in (.+?) \(PID (\d+)\)", str(error))
    return f"process {match[2]} ({Path(match[1]).name})" if match else "another process"


_HINTS = {
    "newer": "it was written by another version of DuckDB; update farm",
    "version number": "it was written by another version of DuckDB; update farm",
    "Permission denied": "farm writes where its user may: ls -l says whose it is",
    "No space left": "make room, then try again",
    "not a valid DuckDB": "name another file; farm db restore puts a backup back",
}


def _hint(error: duckdb.Error) -> str | None:
    return next((hint for words, hint in _HINTS.items() if words in str(error)), None)


def first_line(error: duckdb.Error) -> str:
    """Return the sentence of an error of DuckDB's, without the statement it shows."""
    return str(error).partition("\n")[0]


def _schema_version(connection: duckdb.DuckDBPyConnection) -> int:
    """Return the version of the schema, 0 for a database that farm has not made."""
    try:  # each opening asks this: to look for the table first would take twice as long
        ((version,),) = fetched(connection, "SELECT coalesce(max(version), 0) FROM farm_schema")
    except duckdb.CatalogException:
        return 0
    return int(version)


def fetched(connection: duckdb.DuckDBPyConnection, statement: str, *values: object) -> list[Any]:
    """Return all rows: a result that is not fetched to its end blocks the connection."""
    return connection.execute(statement, list(values)).fetchall()


def check_version(connection: duckdb.DuckDBPyConnection, path: Path) -> int:
    """Return the schema's version, at most this farm's. Raises StoreError for a newer one and for what is not farm's.

    A database without any table has version 0: its first writer was killed before the tables were in.
    """
    version = _schema_version(connection)
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"the database {path} was made by a newer farm (schema {version}, this farm knows {SCHEMA_VERSION})",
            hint="update farm, or name another folder with --data",
        )
    if version == 0 and fetched(connection, "SELECT 1 FROM duckdb_tables()"):
        raise StoreError(f"the database {path} was not made by farm", hint="name another folder with --data")
    return version


def migrate(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Bring the schema to this farm's version, one file after the other, each in one transaction."""
    version = check_version(connection, path)
    for name in _MIGRATIONS:
        number = int(name.split("_")[0])
        if number <= version:
            continue
        connection.begin()
        connection.execute(_VERSION_TABLE)
        connection.execute((_SOURCES / "schema" / name).read_text(encoding="utf-8"))
        connection.execute("INSERT INTO farm_schema VALUES (?, ?)", [number, name])
        connection.commit()


def statement(name: str) -> str:
    """Return the text of queries/NAME.sql."""
    return (_SOURCES / "queries" / f"{name}.sql").read_text(encoding="utf-8")
