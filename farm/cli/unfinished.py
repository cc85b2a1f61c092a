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
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from farm.errors import DeviceBusy, InputError, StoreError
from farm.journal import Journal
from farm.records import Record
from farm.series import workload_key
from farm.workloads import Job

_VERSION = 2
_ASKED, _PARTIAL = "asked.json", "asked.json.partial"
_KEPT = 10
_NAME = 13
"""Characters of a name that hold the time it was made at, to the millisecond."""


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
    text = json.dumps({"unfinished": _VERSION, "command": command, "options": options, "plan": plan}, indent=1)
    try:
        folder.mkdir(parents=True)
        lock = os.open(folder / _PARTIAL, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        fcntl.flock(lock, fcntl.LOCK_EX)  # before anybody else can know of it: it has its name only from here on
        with open(lock, "w", encoding="utf-8", closefd=False) as file:
            file.write(text)
        (folder / _PARTIAL).rename(folder / _ASKED)
    except OSError as error:
        raise StoreError(f"{folder} cannot be written: {error.strerror}", hint="make room, or give another folder with --data") from error
    for old in sorted(parent.iterdir())[:-_KEPT]:
        old_lock = _locked(old)
        if old_lock is not None:
            shutil.rmtree(old, ignore_errors=True)
            os.close(old_lock)
    return Unfinished(folder, options, plan, lock)


def chosen(data: Path, command: str, which: str) -> Unfinished:
    """Return the command's unfinished invocation whose name begins with which; "": the newest that no process works on.

    Raises InputError when there is none, or not exactly one, and DeviceBusy when it still goes on.
    """
    known = [(folder, asked) for folder in _newest_first(data) if (asked := _known(folder)) is not None and asked["command"] == command]
    meant = [(folder, asked) for folder, asked in known if folder.name.startswith(which)]
    if not known:
        raise InputError("there is no unfinished run to go on with", hint="farm runs lists what was measured")
    if which and len(meant) != 1:
        raise InputError(
            f'{"several unfinished runs begin" if meant else "there is no unfinished run that begins"} with "{which}"',
            hint="there are " + ", ".join(_words(folder, asked) for folder, asked in known),
        )
    for folder, asked in meant:
        lock = _locked(folder)
        if lock is not None:
            return Unfinished(folder, asked["options"], asked["plan"], lock)
    raise DeviceBusy(
        f"{'that' if which else 'every unfinished'} run is still going on: {', '.join(_words(folder, asked) for folder, asked in meant)}",
        hint="wait until it has ended, or stop it",
    )


def abandoned(data: Path) -> list[str]:
    """Return, in words, the invocations that have something left to do and that no process works on, newest first."""
    found = []
    for folder in _newest_first(data):
        asked, lock = _known(folder), _locked(folder)
        if lock is not None:
            os.close(lock)
            found.append(f"farm {asked['command']} {_words(folder, asked)}" if asked else f"{folder}, written by another version of farm")
    return found


def _words(folder: Path, asked: Mapping[str, Any]) -> str:
    """Return what a person needs to choose an invocation: enough of its name, when it began, what on which devices."""
    milliseconds = int(folder.name.replace("-", "")[:12], 16)  # RFC 9562, section 5.7
    began = datetime.fromtimestamp(milliseconds / 1e3, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    options = asked["options"]
    what = options.get("suite") or " ".join(options.get("models") or ())
    return f"{folder.name[:_NAME]} (begun {began}: {Path(what).name} on {options.get('device_names') or options.get('pool') or 'local'})"


def same(data: Path, command: str, plan: str) -> Unfinished | None:
    """Return the command's newest unfinished invocation of this very plan that no process works on, or None."""
    for folder in _newest_first(data):
        asked = _known(folder)
        if asked is not None and (asked["command"], asked["plan"]) == (command, plan) and (lock := _locked(folder)) is not None:
            return Unfinished(folder, asked["options"], plan, lock)
    return None


def forget_abandoned(data: Path, command: str) -> None:
    """Forget what was asked of a command that begins anew each time, where no process works on it any more."""
    for folder in _newest_first(data):
        asked = _known(folder)
        if asked is not None and asked["command"] == command and (lock := _locked(folder)) is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(lock)


def forget(data: Path, name: str) -> None:
    """Forget an invocation by its name: nothing is left to do."""
    shutil.rmtree(_parent(data) / name, ignore_errors=True)


def _newest_first(data: Path) -> list[Path]:
    return [folder for folder in sorted(_parent(data).glob("*"), reverse=True) if (folder / _ASKED).exists()]


def _known(folder: Path) -> dict[str, Any] | None:
    """Return what was written down; None where another version of farm did, or what is there cannot be read."""
    try:
        asked = json.loads((folder / _ASKED).read_text(encoding="utf-8"))
        return {name: asked[name] for name in ("command", "options", "plan")} if asked["unfinished"] == _VERSION else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


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
