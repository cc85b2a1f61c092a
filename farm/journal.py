"""What has ended on a device and is not yet in the database: one file a run, written before the database sees it.

A run is in the journal from the moment it ended until its transaction is committed, so that killing the controller
at any moment loses nothing. Replaying an entry twice does no harm: the database knows a run by its identity.
"""

import json
import logging
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from farm.errors import RecordRefused, StoreError
from farm.records import Record

log = logging.getLogger(__name__)

_VERSION = 1


@dataclass(frozen=True, slots=True)
class Journal:
    """A folder of entries."""

    folder: Path

    def write(self, record: Record) -> Path:
        """Write one run's rows, on disk when this returns, and return the entry. Raises StoreError when it cannot be."""
        entry = self.folder / f"{record['runs'][0]['id']}.json"
        partial = entry.with_suffix(".partial")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with partial.open("w", encoding="utf-8") as file:
                file.write(json.dumps({"journal": _VERSION, "rows": record}, allow_nan=False))  # in one piece: dump() encodes in Python
                file.flush()
                os.fsync(file.fileno())
            partial.replace(entry)
            _sync_folder(self.folder)
        except OSError as error:
            with suppress(OSError):
                partial.unlink()
            raise StoreError(
                f"the run could not be written to the journal {self.folder}: {error.strerror}",
                hint="make room, or give another folder with --data",
            ) from error
        return entry

    def entries(self) -> list[Path]:
        """Return the entries that wait, oldest first (a run's identity begins with its time)."""
        return sorted(entry for entry in self.folder.glob("*.json") if entry.is_file())

    def records(self) -> list[Record]:
        """Return what waits, oldest first; an entry that cannot be read is set aside as in drain()."""
        return [record for entry in self.entries() if (record := _read(entry)) is not None]

    def drain(self, append: Callable[[Sequence[Record]], None]) -> int:
        """Give every waiting run to append, remove the entries, and return how many there were.

        An entry that cannot be read is set aside as `.unreadable`, and one that append refuses as `.refused`; both are named in the
        log, and nothing is deleted. Whatever else append raises is passed on, with all entries still in place.
        """
        waiting = []
        for entry in self.entries():
            record = _read(entry)
            if record is not None:
                waiting.append((entry, record))
        if not waiting:
            return 0
        try:
            append([record for _, record in waiting])
        except RecordRefused:
            waiting = [(entry, record) for entry, record in waiting if _taken(entry, record, append)]
        for entry, _ in waiting:
            entry.unlink(missing_ok=True)
        return len(waiting)


def _taken(entry: Path, record: Record, append: Callable[[Sequence[Record]], None]) -> bool:
    """Append one entry by itself; one that is refused is set aside."""
    try:
        append([record])
    except RecordRefused as error:
        _set_aside(entry, ".refused", error.message)
        return False
    return True


def _set_aside(entry: Path, suffix: str, why: str) -> None:
    aside = entry.with_suffix(suffix)
    log.warning("the journal entry %s was set aside as %s: %s", entry.name, aside.name, why)
    entry.replace(aside)


def _read(entry: Path) -> Record | None:
    try:
        content = json.loads(entry.read_text(encoding="utf-8"))
        if content["journal"] != _VERSION:
            log.warning("the journal entry %s was written by another version of farm, and stays where it is", entry.name)
            return None
        rows: Record = content["rows"]
        rows["runs"][0]["id"]
    except FileNotFoundError:  # another process has just drained it
        return None
    except (ValueError, KeyError, TypeError, IndexError, RecursionError):
        _set_aside(entry, ".unreadable", "it cannot be read")
        return None
    return rows


def _sync_folder(folder: Path) -> None:
    """Make the new name itself durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
