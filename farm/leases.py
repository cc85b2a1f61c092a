"""Who holds a device on this host: one lock for each device identity, in a folder that every data folder shares."""

import fcntl
import hashlib
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from farm.devices import local_state
from farm.errors import DeviceBusy, StoreError

_RUNTIME_FOLDERS = (Path("/run/lock"), Path("/tmp"))  # noqa: S108 - all users of a host must meet in one place


@dataclass(frozen=True, slots=True)
class Owner:
    """Who holds a device, since when (UTC, ISO 8601), and with which command."""

    pid: int
    user: str
    since: str
    command: str
    host: str

    @property
    def words(self) -> str:
        """Who it is, for people."""
        return f"process {self.pid} of {self.user} on {self.host} since {self.since}: {self.command}"


def runtime_folder() -> Path:
    """Return the folder of this host's locks: the first of the usual ones that everybody may write to."""
    for folder in _RUNTIME_FOLDERS:
        if folder.is_dir() and os.access(folder, os.W_OK):
            return folder
    raise StoreError("this host has no folder for locks that can be written to", hint="make /run/lock writable")


def host_mark() -> str:
    """Return what tells this host from others that can reach the same device: the place in which its controllers meet.

    Two containers that share a machine but not the folder of locks are two hosts.
    """
    place = runtime_folder().stat()
    parts = [*local_state.machine_mark(), str(place.st_dev), str(place.st_ino)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


@contextmanager
def hold(identity: str, name: str, owner: Owner, folder: Path) -> Iterator[None]:
    """Hold the device with this identity; the kernel lets go when the process ends, however it ends.

    Raises DeviceBusy, naming the holder, when another process has it.
    """
    descriptor = _open(_path(identity, folder))
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DeviceBusy(f"{name} is held by {_holder(descriptor)}", hint="wait until that has ended, or stop it") from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(asdict(owner)).encode(), 0)
        yield
        os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def holder(identity: str, folder: Path) -> str | None:
    """Return, in words for people, who holds the device with this identity on this host; None: nobody does."""
    with _looked_at(identity, folder) as descriptor:
        return None if descriptor is None else _holder(descriptor)


def owner_of(identity: str, folder: Path) -> Owner | None:
    """Return who holds the device with this identity on this host; None: nobody does, or who it is cannot be read."""
    with _looked_at(identity, folder) as descriptor:
        return None if descriptor is None else _owner(descriptor)


@contextmanager
def _looked_at(identity: str, folder: Path) -> Iterator[int | None]:
    """Open the lock of a device that somebody holds; None: nobody does."""
    try:
        descriptor = os.open(_path(identity, folder), os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:  # nobody has ever held it, or only somebody whose lock cannot be looked at
        yield None
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        is_held = False
    except BlockingIOError:
        is_held = True
    try:
        yield descriptor if is_held else None
    finally:
        os.close(descriptor)


def _path(identity: str, folder: Path) -> Path:
    return folder / f"farm-{re.sub(r'[^A-Za-z0-9._-]', '_', identity)}.lock"


def _open(path: Path) -> int:
    """Open the lock file. First without O_CREAT: the kernel's fs.protected_regular refuses it on another user's file."""
    try:
        try:
            return os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
            os.fchmod(descriptor, 0o666)  # past the umask: every user of the host takes part
            return descriptor
    except OSError as error:
        raise StoreError(
            f"the lock {path} cannot be opened: {error.strerror}", hint="it belongs to another user; remove it when nothing runs"
        ) from error


def _holder(descriptor: int) -> str:
    owner = _owner(descriptor)
    return "another process" if owner is None else owner.words


def _owner(descriptor: int) -> Owner | None:
    try:
        return Owner(**json.loads(os.pread(descriptor, 64 * 1024, 0)))
    except (ValueError, TypeError):
        return None
