"""What was asked of `farm run` or `farm gate` and is not done yet: on disk before a device is touched, so that it can be gone on with.

One folder for each invocation: what was asked, and the rows of every run that has ended. It is removed when nothing is left to do.
"""

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from farm.errors import DeviceBusy, InputError, StoreError
from farm.journal import Journal
from farm.records import Record
from farm.series import workload_key
from farm.workloads import Job

_VERSION = 2
_ASKED = "asked.json"
_KEPT = 10


@dataclass(frozen=True, slots=True)
class Unfinished:
    """One invocation; its file is locked while a process works on it, and the kernel lets go when that ends, however it ends."""

    folder: Path
    options: Mapping[str, Any]
    """What was asked, by the names of the command's parameters."""
    plan: str
    lock: int
    """The open file that is locked."""

    @property
    def journal(self) -> Journal:
        """The runs that have ended, under either process."""
        return Journal(self.folder / "runs")

    def check(self, plan: str) -> None:
        """Raise InputError when what was asked would now be other jobs than it was then."""
        if plan != self.plan:
            raise InputError(
                "what was asked has changed since: a model, its reference or the suite is another one",
                hint="run it anew, without --resume",
            )

    def remove(self) -> None:
        """Forget it: nothing is left to do."""
        shutil.rmtree(self.folder, ignore_errors=True)


def begin(data: Path, name: str, command: str, options: Mapping[str, Any], plan: str) -> Unfinished:
    """Write down what is asked of a command, under a name that sorts by time; the oldest that nobody went on with are forgotten."""
    parent = _parent(data)
    folder = parent / name
    try:
        folder.mkdir(parents=True)
        text = json.dumps({"unfinished": _VERSION, "command": command, "options": options, "plan": plan}, indent=1)
        (folder / _ASKED).write_text(text, encoding="utf-8")
    except OSError as error:
        raise StoreError(f"{folder} cannot be written: {error.strerror}", hint="make room, or give another folder with --data") from error
    for old in sorted(parent.iterdir())[:-_KEPT]:
        lock = _locked(old)
        if lock is not None:
            shutil.rmtree(old, ignore_errors=True)
            os.close(lock)
    lock = _locked(folder)
    assert lock is not None, "nobody else knows of it yet"
    return Unfinished(folder, options, plan, lock)


def newest(data: Path, command: str) -> Unfinished:
    """Return the command's newest invocation that is not finished. Raises InputError when there is none, DeviceBusy when it still runs."""
    for folder in _newest_first(data):
        asked = _asked(folder)
        if asked["command"] == command:
            break
    else:
        raise InputError("there is no unfinished run to go on with", hint="farm runs lists what was measured")
    lock = _locked(folder)
    if lock is None:
        raise DeviceBusy("the newest run is still going on", hint="wait until it has ended, or stop it")
    return Unfinished(folder, asked["options"], asked["plan"], lock)


def same(data: Path, command: str, plan: str) -> Unfinished | None:
    """Return the command's newest unfinished invocation of this very plan that no process works on, or None."""
    for folder in _newest_first(data):
        try:
            asked = _asked(folder)
        except InputError:
            continue
        if (asked["command"], asked["plan"]) == (command, plan) and (lock := _locked(folder)) is not None:
            return Unfinished(folder, asked["options"], plan, lock)
    return None


def forget(data: Path, name: str) -> None:
    """Forget an invocation by its name: nothing is left to do."""
    shutil.rmtree(_parent(data) / name, ignore_errors=True)


def _newest_first(data: Path) -> list[Path]:
    return [folder for folder in sorted(_parent(data).glob("*"), reverse=True) if (folder / _ASKED).exists()]


def _asked(folder: Path) -> dict[str, Any]:
    """Return what was written down. Raises InputError."""
    try:
        asked = json.loads((folder / _ASKED).read_text(encoding="utf-8"))
        if asked["unfinished"] != _VERSION:
            raise InputError("the unfinished run was begun by another version of farm", hint="run it anew, without --resume")
        return {name: asked[name] for name in ("command", "options", "plan")}
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{folder / _ASKED} cannot be read", hint="remove that folder, and run anew") from error


def digest(work: Sequence[Sequence[Job]]) -> str:
    """Return a hash of the jobs, by what makes their numbers: other models, inputs, settings or devices give another one."""
    keys = [[*job.key, workload_key(job)] for jobs in work for job in jobs]
    return hashlib.sha256(json.dumps(keys).encode()).hexdigest()


def of_job(record: Record) -> tuple[str, str, str, str, int]:
    """Return the key of the job that a run's rows belong to, as Job.key has it."""
    row = record["runs"][0]
    return record["sessions"][0]["device_name"], row["workload_id"], row["artifact_sha256"], row["pass"], row["repeat"]


def _parent(data: Path) -> Path:
    return data / "unfinished"


def _locked(folder: Path) -> int | None:
    """Lock an invocation for this process; None when another one has it."""
    try:
        descriptor = os.open(folder / _ASKED, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor
