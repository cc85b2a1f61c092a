"""The sessions of one host: they belong to its process and outlive the connection on which they were ordered."""

import json
import logging
import re
import shutil
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any

from farm.cluster.files import Files
from farm.cluster.order import Answer, Ended, Hello, JobKey, Order, Progress, Question, told
from farm.errors import FarmError, InputError, StoreError
from farm.journal import Journal
from farm.records import Record
from farm.workloads import Device, HarnessBuild, Job

log = logging.getLogger(__name__)

_ORIGIN, _OVER = "origin.json", "over"
_KEPT = 50
"""Sessions whose runs were all asked for, kept so that somebody may still go on with them."""
_MOST_BYTES = 16 << 20
"""What one answer carries at most, but never less than one run."""
_LEFT_S = 60.0
"""A session that nobody asks about, while the scheduler is there, is ended after so long: who ordered it is gone."""
_LOOK_S = 1.0


@dataclass(slots=True)
class HostedSession:
    """A session that goes on, or has ended in this process. What does the measuring writes to it, others read."""

    order: Order
    journal: Journal
    doing: tuple[JobKey, str] | None = None
    ended: Ended | None = None
    over: Event = field(default_factory=Event)
    stop: Callable[[], None] = lambda: None
    """Has it end as soon as it can; set by what does the measuring."""
    drain: Callable[[], None] = lambda: None
    """Has it end after the run that is under way; set likewise."""
    stopping: Event = field(default_factory=Event)
    asked_s: float = field(default_factory=time.monotonic)
    """When somebody last asked."""
    thread: Thread | None = None

    @property
    def goes_on(self) -> bool:
        """Whether it has not ended."""
        return not self.over.is_set()

    def end(self) -> None:
        """Have it end, its device put back; it may not have begun."""
        self.stopping.set()
        self.stop()


@dataclass(frozen=True, slots=True)
class Work:
    """What a session is to do: jobs with their files here, and harnesses laid out."""

    device: Device
    jobs: tuple[Job, ...]
    harnesses: Mapping[str, HarnessBuild]


Measure = Callable[[HostedSession, Work], Ended]
"""What holds a session; it must journal each run before it goes on."""
Identify = Callable[[Question], Answer]


@dataclass(slots=True)
class Host:
    """One host's worker, whatever becomes of its connection."""

    name: str
    data: Path
    farm_version: str
    measure: Measure
    identify: Identify
    time_s: Callable[[], float]
    """The time of day, in seconds since 1970."""
    devices: set[str] = field(default_factory=set)
    """Those that were announced."""
    sessions: dict[str, HostedSession] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)
    connected: bool = False
    closing: bool = False

    @property
    def files(self) -> Files:
        """What was sent here."""
        return Files(self.data / "cluster")

    def begin(self, order: Order) -> HostedSession:
        """Return the session of an order: the one that goes on, or that this very order has ended; else it begins."""
        with self.lock:
            there = self.sessions.get(order.id)
            if there is not None and (there.goes_on or (there.order.token == order.token and not there.stopping.is_set())):
                return there
            folder = self._folder(order.id)
            journal = Journal(folder / "runs")
            try:
                folder.mkdir(parents=True, exist_ok=True)
                (folder / _OVER).unlink(missing_ok=True)
                (folder / _ORIGIN).write_text(json.dumps({"origin": order.origin, "device": order.device.name}), encoding="utf-8")
            except OSError as error:
                raise StoreError(f"{folder} cannot be written to: {error.strerror}", hint=f"make room on {self.name}") from error
            self._write_earlier(journal, order)
            self.sessions[order.id] = session = HostedSession(order, journal)
        session.thread = Thread(target=self._hold, args=(session,), name=f"session of {order.device.name}")
        session.thread.start()
        return session

    def _write_earlier(self, journal: Journal, order: Order) -> None:
        here = {entry.stem for entry in journal.entries()}
        for rows in order.earlier:
            if rows["runs"][0]["id"] not in here:
                journal.write(rows)

    def _hold(self, session: HostedSession) -> None:
        order = session.order
        log.info("%s: a session of %d jobs begins", order.device.name, len(order.jobs))
        session.ended = Ended(stopped=True)  # what a bug of farm leaves behind; its thread says more
        try:
            jobs = tuple(self.files.job(job) for job in order.jobs)
            harnesses = {runtime: self.files.harness(parcel) for runtime, parcel in order.harnesses.items()}
            session.ended = self.measure(session, Work(jobs[0].device, jobs, harnesses))
        except FarmError as error:
            session.ended = Ended(told(error))
        finally:
            session.doing = None
            session.over.set()
        log.info("%s: the session has ended%s", order.device.name, f": {session.ended.failure.message}" if session.ended.failure else "")

    def progress(self, order: str, known: Collection[str]) -> Progress:
        """Return what has ended under an order beside the known runs, and where its session is."""
        session = self.sessions.get(order)
        ended = None if session is None else session.ended if session.over.is_set() else None  # looked at first: no run comes after it
        journal = Journal(self._folder(order) / "runs")
        found: list[Record] = []
        size, cut_short = 0, False
        for entry in journal.entries():
            if entry.stem in known:
                continue
            size += entry.stat().st_size
            if found and size > _MOST_BYTES:
                cut_short = True
                break
            found.append(json.loads(entry.read_text(encoding="utf-8"))["rows"])
        if session is None:
            return Progress(tuple(found), known=self._folder(order).exists())
        session.asked_s = time.monotonic()
        return Progress(tuple(found), session.doing, None if cut_short else ended)

    def stop(self, order: str) -> None:
        """End an order's session, where one goes on."""
        if (session := self.sessions.get(order)) is not None:
            session.end()

    def drain(self, order: str) -> None:
        """End an order's session after the run that is under way, where one goes on."""
        if (session := self.sessions.get(order)) is not None:
            session.stopping.set()
            session.drain()

    def close(self) -> int:
        """End all sessions, wait until their devices are put back, and return how many there were."""
        with self.lock:
            self.closing = True
            going_on = [session for session in self.sessions.values() if session.goes_on]
        for session in going_on:
            session.end()
        for session in going_on:
            session.over.wait()
        return len(going_on)

    def collected(self, order: str) -> None:
        """Note that all of an ended order's runs were received: they are kept for a while, and no longer wait."""
        folder = self._folder(order)
        if folder.exists():
            (folder / _OVER).touch()
        over = sorted((path.parent for path in (self.data / "cluster" / "sessions").glob(f"*/{_OVER}")), key=lambda path: path.name)
        for old in over[:-_KEPT]:
            shutil.rmtree(old, ignore_errors=True)

    def waiting(self, origin: str | None = None) -> dict[str, int]:
        """Return the orders with runs that nobody has received to their end, and how many runs each has; those that go on are not told."""
        found = {}
        for path in sorted((self.data / "cluster" / "sessions").glob(f"*/{_ORIGIN}")):
            order, session = path.parent.name, self.sessions.get(path.parent.name)
            if (
                (session is not None and session.goes_on)
                or (path.parent / _OVER).exists()
                or (origin is not None and _origin(path) != origin)
            ):
                continue
            if count := len(Journal(path.parent / "runs").entries()):
                found[order] = count
        return found

    def hello(self) -> Hello:
        """Say who this is and what goes on."""
        going_on = {}
        for session in list(self.sessions.values()):
            if session.goes_on:
                key, phase = session.doing or (None, "reaching it")
                going_on[session.order.device.name] = phase if key is None else f"{key[1]} {key[3]} #{key[4] + 1}: {phase}"
        return Hello(self.name, self.farm_version, self.time_s(), going_on, sum(self.waiting().values()))

    def end_the_orphaned(self) -> None:
        """End the sessions that nobody asks about any more, though they could. To be called now and then."""
        now_s = time.monotonic()
        for session in list(self.sessions.values()):
            if not self.connected:
                session.asked_s = now_s  # nobody can ask
            elif session.goes_on and not session.stopping.is_set() and now_s - session.asked_s > _LEFT_S:
                log.warning("%s: nobody has asked for its runs for %.0f s, so its session ends", session.order.device.name, _LEFT_S)
                session.end()

    def _folder(self, order: str) -> Path:
        if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", order) is None:
            raise InputError(f'"{order}" is no name of an order')
        return self.data / "cluster" / "sessions" / order


def _origin(path: Path) -> str | None:
    try:
        found: Any = json.loads(path.read_text(encoding="utf-8"))
        return str(found["origin"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
