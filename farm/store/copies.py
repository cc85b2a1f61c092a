"""Whole databases: what one holds in short, copies of one, and putting another file in its place while others wait."""

import errno
import fcntl
import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb

from farm.errors import InputError, StoreBusy, StoreError
from farm.store.opening import attach, check_version, connect, fetched, first_line, is_there, migrate

_PAUSE_S = 0.02

Contents = Mapping[str, tuple[int, str]]
"""Of each table: how many rows, and a number that other rows would not give, in whatever order."""


@dataclass(frozen=True, slots=True)
class Copied:
    """A database that was made of another one."""

    path: Path
    contents: Contents
    size_bytes: int
    held_s: float
    """How long nobody could write into the other one."""
    aside: Path | None = None
    """Where the database is that was there before."""
    from_version: int | None = None
    """The schema's version that the other one had, where it was an older one."""


def back_up(path: Path, target: Path, *, deadline_s: float, at_most_s: float) -> Copied:
    """Copy a database that others may be writing to: one state of it, read back and compared before it has its name.

    deadline_s is how long to wait for it, at_most_s how long others may have to wait for the copy. Raises StoreError and StoreBusy.
    """
    if not is_there(path):
        raise StoreError(f"there is no database at {path} yet", hint="farm run makes it")
    if target.exists() and target.samefile(path):
        raise InputError(f"{target} is the database itself", hint="name another file")
    with scratch(target) as partial:
        contents, held_s = copy(path, partial, deadline_s=deadline_s, at_most_s=at_most_s)
        compare(contents, contents_of(partial), partial)
        size_bytes = partial.stat().st_size
        _put(partial, target)
    return Copied(target, contents, size_bytes, held_s)


def restore(backup: Path, path: Path, *, aside: Path | None, deadline_s: float) -> Copied:
    """Put a copy of a backup, brought to this farm's schema, where the database is, and leave the backup as it is.

    aside: the name that the database which is there is kept under; None: there must be none. Raises StoreError and StoreBusy.
    """
    if not backup.exists():
        raise StoreError(f"there is no backup at {backup}")
    if is_there(path) and aside is None:
        raise StoreError(f"there is a database at {path} already", hint="give --force to keep it aside under another name")
    if path.exists() and backup.samefile(path):
        raise InputError(f"{backup} is the database itself", hint="name the backup")
    with scratch(path) as partial:
        copy(backup, partial, deadline_s=deadline_s, at_most_s=None)
        version = brought_up(partial, backup)
        contents, size_bytes = contents_of(partial), partial.stat().st_size
        if not is_there(path):
            _put(partial, path)
            return Copied(path, contents, size_bytes, 0.0, None, version)
        assert aside is not None
        with held(path, deadline_s):
            began_s = time.monotonic()
            os.link(path, aside)
            log = _log_of(path)
            if log.exists():  # its writer was killed: what it had written is in there
                log.rename(_log_of(aside))
            _put(partial, path)
    return Copied(path, contents, size_bytes, time.monotonic() - began_s, aside, version)


def brought_up(partial: Path, origin: Path) -> int | None:
    """Bring a copy to this farm's schema; return the version of an older one. Raises StoreError for what is not farm's."""
    with closing(connect(partial, read_only=False, deadline_s=0)) as connection:
        version = check_version(connection, origin)
        if version == 0:
            raise StoreError(f"there is nothing in the database {origin}")
        migrate(connection, origin)
        return version if version < check_version(connection, origin) else None


def copy(path: Path, target: Path, *, deadline_s: float, at_most_s: float | None) -> tuple[Contents, float]:
    """Copy a database, whatever its schema's version, and return what it holds and for how long it was held."""
    with closing(duckdb.connect(":memory:")) as connection, in_time(connection, path, at_most_s), refusals(path, target):
        attach(connection, path, "source", read_only=True, deadline_s=deadline_s)
        began_s = time.monotonic()
        attach(connection, target, "target", read_only=False, deadline_s=0)
        connection.execute("COPY FROM DATABASE source TO target")
        contents = _contents(connection, "source")
        connection.execute("DETACH source")
        return contents, time.monotonic() - began_s


def contents_of(path: Path) -> Contents:
    """Return what a file that nobody else uses holds."""
    with closing(duckdb.connect(":memory:")) as connection, refusals(path, path):
        attach(connection, path, "source", read_only=True, deadline_s=0)
        return _contents(connection, "source")


def _contents(connection: duckdb.DuckDBPyConnection, database: str) -> Contents:
    return {name: counted(connection, f"{database}.{name}") for name in tables_of(connection, database)}


def counted(connection: duckdb.DuckDBPyConnection, table: str) -> tuple[int, str]:
    """Return the number and the hash of the rows of a table of ours, whose name is no value that could be bound."""
    ((rows, hashed),) = fetched(connection, f"SELECT count(*), coalesce(sum(hash(rows)::HUGEINT), 0)::VARCHAR FROM {table} AS rows")  # noqa: S608
    return int(rows), str(hashed)


def tables_of(connection: duckdb.DuckDBPyConnection, database: str) -> list[str]:
    """Return the names of a database's tables, in their order in the schema."""
    found = fetched(connection, "SELECT table_name FROM duckdb_tables() WHERE database_name = ? ORDER BY table_oid", database)
    return [str(name) for (name,) in found]


def compare(wanted: Contents, found: Contents, path: Path) -> None:
    """Raise StoreError when a copy does not hold what it was made of."""
    other = sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))
    if other:
        raise StoreError(f"the copy {path} differs from the database in {', '.join(other)}", hint="is its disk in order? try again")


@contextmanager
def held(path: Path, deadline_s: float) -> Iterator[None]:
    """Keep everybody from the database, which this process must not have open: others wait, as for any writer. Raises StoreBusy."""
    give_up_s = time.monotonic() + deadline_s
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(descriptor), path.stat()):
                break
        except OSError as error:
            if error.errno not in (errno.EACCES, errno.EAGAIN):
                os.close(descriptor)
                raise
        os.close(descriptor)
        if time.monotonic() > give_up_s:
            raise StoreBusy(f"the database {path} was held by another process for {deadline_s:g} s", hint="try again when that has ended")
        time.sleep(_PAUSE_S)
    try:
        yield
    finally:
        os.close(descriptor)


def replace(path: Path, partial: Path, stamp: tuple[int, int, int], deadline_s: float) -> bool:
    """Put a file in the database's place; return False, and do nothing, when that was written to since it had that stamp."""
    with held(path, deadline_s):
        if stamp_of(path) != stamp or _log_of(path).exists():
            return False
        _put(partial, path)
        return True


def stamp_of(path: Path) -> tuple[int, int, int]:
    """Return what is another one after each writer."""
    found = path.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns


@contextmanager
def scratch(target: Path) -> Iterator[Path]:
    """Give the name of a new file beside the target, which is not left there, whatever happens. Raises StoreError when none can be made."""
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        partial.unlink(missing_ok=True)
        yield partial
    except OSError as error:
        raise StoreError(f"{target} cannot be written: {error.strerror}", hint="make room, or name another file") from error
    finally:
        for left in (partial, _log_of(partial)):
            with suppress(OSError):
                left.unlink()


@contextmanager
def closing(connection: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """Close the connection, whatever happens."""
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def in_time(connection: duckdb.DuckDBPyConnection, path: Path, at_most_s: float | None) -> Iterator[None]:
    """Stop what the connection does after so long: others wait for the database. Raises StoreBusy then."""
    if at_most_s is None:
        yield
        return
    timer = threading.Timer(at_most_s, connection.interrupt)
    timer.start()
    try:
        yield
    except duckdb.InterruptException as error:
        raise StoreBusy(
            f"{path} was not done within {at_most_s:g} s, and others wait for it",
            hint="give it longer with --at-most, when nothing measures",
        ) from error
    finally:
        timer.cancel()


@contextmanager
def refusals(path: Path, target: Path) -> Iterator[None]:
    """Make DuckDB's errors farm's."""
    try:
        yield
    except duckdb.InterruptException:
        raise
    except duckdb.Error as error:
        words = first_line(error)
        damaged = "checksum" in words or "orrupt" in words
        hint = "it is damaged: take another copy" if damaged else "is there room on the disk?"
        raise StoreError(f"{path} could not be read, or {target} not written: {words}", hint=hint) from error


def _put(partial: Path, target: Path) -> None:
    """Give a file its name, durably."""
    _sync(partial)
    partial.replace(target)
    _sync(target.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _log_of(path: Path) -> Path:
    """Return where DuckDB keeps what is not yet in the file itself."""
    return path.with_name(f"{path.name}.wal")
