"""Messages that have to be sent: on disk before the first try, and there until somebody has taken them."""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from farm.errors import StoreError
from farm.notices import Kind, Notice

_VERSION = 1
_TOLD, _LOCK = "told.json", "lock"


@dataclass(frozen=True, slots=True)
class Waiting:
    """One message to one target that it has not taken yet."""

    id: str
    """It sorts by time."""
    target: str
    notice: Notice
    since: str
    """Times are text, UTC."""
    tries: int = 0
    tried: str | None = None
    why: str | None = None
    """Why the last try came to nothing; it has no part of the target's address."""


@dataclass(frozen=True, slots=True)
class Outbox:
    """A folder of messages, and of what was told last."""

    folder: Path

    def put(self, message: Waiting) -> None:
        """Write a message down, anew where it is there. Raises StoreError."""
        notice = {name: getattr(message.notice, name) for name in Notice.__slots__}
        rest = {name: getattr(message, name) for name in Waiting.__slots__ if name != "notice"}
        self._write(f"{message.id}.json", {"outbox": _VERSION, "notice": notice, **rest})

    def waiting(self) -> list[Waiting]:
        """Return what waits, oldest first; what cannot be read, or another version of farm wrote, is left where it is."""
        found = (_read(file) for file in sorted(self.folder.glob("*.json")) if file.name != _TOLD)
        return [message for message in found if message is not None]

    def tried(self, message: Waiting, why: str, now: str) -> None:
        """Remember a try that came to nothing."""
        self.put(replace(message, tries=message.tries + 1, tried=now, why=why))

    def drop(self, message: Waiting) -> None:
        """Forget a message: it was taken, or nobody is there to take it."""
        (self.folder / f"{message.id}.json").unlink(missing_ok=True)

    def told(self) -> dict[str, str]:
        """Return the last state that was told of each key."""
        try:
            content = json.loads((self.folder / _TOLD).read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return {}
        return {str(key): str(state) for key, state in content.items()} if isinstance(content, dict) else {}

    def tell(self, key: str, state: str) -> None:
        """Remember what was told of a key."""
        self._write(_TOLD, self.told() | {key: state})

    @contextmanager
    def sending(self) -> Iterator[bool]:
        """Say whether this process may send: only one does at a time, so that nothing is sent twice."""
        if not self.folder.is_dir():
            yield True
            return
        descriptor = os.open(self.folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            yield False
            return
        try:
            yield True
        finally:
            os.close(descriptor)

    def _write(self, name: str, content: Mapping[str, object]) -> None:
        place = self.folder / name
        partial = place.with_name(f".{name}.{os.getpid()}.partial")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with partial.open("w", encoding="utf-8", errors="surrogateescape") as file:
                json.dump(content, file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(place)
        except OSError as error:
            raise StoreError(f"a message could not be written down in {self.folder}: {error.strerror}", hint="make room there") from error


def _read(file: Path) -> Waiting | None:
    try:
        content = json.loads(file.read_text(encoding="utf-8", errors="surrogateescape"))
        if content.pop("outbox") != _VERSION:
            return None
        notice = content.pop("notice")
        return Waiting(notice=Notice(**notice | {"kind": Kind(notice["kind"])}), **content)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
