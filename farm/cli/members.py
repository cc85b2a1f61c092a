"""The farm processes that work in a data folder: each keeps a file locked, and the kernel lets go when it ends, however it ends.

Beside these files lies one that is written whenever the queue in the database has changed, so that looking costs nothing.
"""

import fcntl
import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_FOLDER = "queue"
_CHANGED = "changed"
_ENDING = ".process"


@dataclass(frozen=True, slots=True)
class Member:
    """This process, as others of the data folder know it."""

    name: str
    path: Path
    lock: int

    def leave(self) -> None:
        """Be gone, before the process ends."""
        with suppress(OSError):
            self.path.unlink()
        os.close(self.lock)


def join(data: Path) -> Member:
    """Make this process known. Raises OSError where nothing can be written."""
    folder = data / _FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    _sweep(folder)
    name = f"{os.getpid()}-{secrets.token_hex(8)}"
    partial, path = folder / f"{name}.partial", folder / f"{name}{_ENDING}"
    lock = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
    fcntl.flock(lock, fcntl.LOCK_EX)  # before anybody else can see it: it has its name only from here on
    partial.rename(path)
    return Member(name, path, lock)


def is_there(data: Path, name: str) -> bool:
    """Whether a process still works in the data folder."""
    return _is_locked(data / _FOLDER / f"{name}{_ENDING}")


def has_process(data: Path, pid: int) -> bool:
    """Whether a process with this number works in the data folder."""
    return any(_is_locked(path) for path in (data / _FOLDER).glob(f"{pid}-*{_ENDING}"))


def tell(data: Path) -> None:
    """Have every process look at the queue."""
    folder = data / _FOLDER
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        scratch = folder / f"{_CHANGED}.{os.getpid()}.{secrets.token_hex(4)}"
        scratch.write_text(secrets.token_hex(16))
        scratch.replace(folder / _CHANGED)


def changed(data: Path) -> str:
    """Return a text that is another one whenever the queue has changed; "" while nobody has ever used it."""
    try:
        return (data / _FOLDER / _CHANGED).read_text(encoding="ascii")
    except (OSError, ValueError):
        return ""


def _is_locked(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _sweep(folder: Path) -> None:
    """Remove the files of processes that are gone."""
    for path in folder.glob(f"*{_ENDING}"):
        if not _is_locked(path):
            with suppress(OSError):
                path.unlink()
