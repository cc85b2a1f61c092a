"""What the sessions of one invocation share, and what comes of each: every run journalled and stored as it ends."""

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import Event, Lock
from typing import TYPE_CHECKING, Protocol

from farm import rack
from farm.cli.board import Alone, Board
from farm.cli.context import Context, command_line, now_utc, say
from farm.cli.live import View, live
from farm.cli.sharing import hearing_stops, joined, shared
from farm.cli.ticket import Asking, Drained, Ticket
from farm.cli.unfinished import Unfinished
from farm.devices import Transport, connect
from farm.errors import FarmError, InputError, StoreBusy
from farm.harness import build, own
from farm.queue import Limits, Priority
from farm.records import Record
from farm.workloads import COREML, Device, DeviceKind, HarnessBuild, Identity, Job, Outcome, Provenance, Run, Session

if TYPE_CHECKING:
    from farm.cli.session import Sessions

_STOPPING_DEADLINE_S = 1.0
_PAUSE_S = 0.1
_AT_A_TIME = 32
"""Runs that go into the database in one transaction, about a second."""


@dataclass(slots=True)
class Done:
    """What is to be measured on one device, and what has come of it so far."""

    device: Device
    jobs: list[Job] = field(default_factory=list)
    transport: Transport | None = None
    session: Session | None = None
    """None while the device has not been reached."""
    runs: list[Run] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    failure: FarmError | None = None
    """What ended the session, or kept it from beginning."""

    @property
    def lost(self) -> Run | None:
        """The run in which the device was lost for good, None where it was not."""
        last = self.runs[-1] if self.runs else None
        return last if last is not None and last.outcome is Outcome.DEVICE_LOST and rack.left(self.jobs, self.runs) else None


class Elsewhere(Protocol):
    """How devices that hang on other hosts are measured (farm.cli.remote)."""

    def measure(self, sessions: "Sessions", done: Done, jobs: Sequence[Job], ticket: Ticket) -> None:
        """Measure these jobs until the ticket says to stop, every run kept and shown as it comes in. Raises FarmError."""


@dataclass(frozen=True, slots=True)
class Measuring:
    """What the sessions of one invocation share."""

    context: Context
    seed: int
    provenance: Provenance
    wheel: Path | None
    unfinished: Unfinished
    priority: Priority = Priority.AD_HOC
    purpose: str = "run"
    """What it is measured for, for those who wait."""
    foreign_wait_s: float = 0.0
    """How long to wait for a device that a process of another data folder or host holds; one of this data folder is waited for in line."""
    limits: Limits = field(default_factory=Limits)
    connect: Callable[[Device, Path], Transport] = connect
    """How a device is reached."""
    building: Lock = field(default_factory=Lock)
    emptying: Lock = field(default_factory=Lock)
    storing: Lock = field(default_factory=Lock)
    """Building a harness, emptying the journal, opening the database: a process does each once at a time."""
    draining: Event = field(default_factory=Event)
    """Set: every session ends after the run that is under way."""
    interrupting: Event = field(default_factory=Event)
    """Set by a Ctrl-C, or by a terminal that closes."""
    again: str = "the same command goes on with what is left"
    """How that is done, for people."""
    now_utc: Callable[[], datetime] = now_utc
    """The time of day; a night gives one that nobody sets while it goes on."""
    interrupted: Event = field(default_factory=Event)
    unavailable: Mapping[str, FarmError] = field(default_factory=dict)
    """Devices, by name, that are not to be measured on, and why: they count as missing."""
    names: dict[str, str] = field(default_factory=dict)
    """What the lab calls each device that was reached, by the device's own identity."""
    elsewhere: Elsewhere | None = None
    """None: there are no other hosts."""
    view: Callable[[Iterable[str]], AbstractContextManager[View]] = live
    command: str = field(default_factory=command_line)
    """What the user typed, for people to read."""
    given: Mapping[str, HarnessBuild] = field(default_factory=dict)
    """Harnesses that are there already, by runtime."""
    owns_database: bool = True
    """False: what has ended is kept for another host, which does."""

    def measure(self, work: Sequence[tuple[Device, Sequence[Job]]]) -> list[Done]:
        """Measure on all devices at once, each one job at a time, and return what came of each."""
        with self.sessions([device for device, _ in work]) as sessions:
            sessions.measure({device.name: jobs for device, jobs in work})
        return sessions.done

    @contextmanager
    def sessions(self, devices: Sequence[Device]) -> Iterator["Sessions"]:
        """Have a session on each device; at the end all are put back, and what was measured is stored, also after an interrupt."""
        with ExitStack() as stack:
            view = stack.enter_context(self.view(device.name for device in devices))
            threads = stack.enter_context(ThreadPoolExecutor(len(devices)))
            stack.enter_context(hearing_stops(self.draining, self.interrupting))
            sharing = stack.enter_context(shared(self._asking(view), [device for device in devices if device.name not in self.unavailable]))
            from farm.cli.session import Sessions

            sessions = Sessions(
                self, [Done(device, failure=self.unavailable.get(device.name)) for device in devices], view, threads, sharing
            )
            try:
                yield sessions
            except Drained:
                raise
            except KeyboardInterrupt:
                self.stop(sessions)
                raise
            finally:
                sessions.close()
                waiting = self.store(_STOPPING_DEADLINE_S if self.interrupted.is_set() else None)
        if waiting is not None:
            say(f"{len(self.context.journal.entries())} runs wait in the journal: {waiting.message}")

    def _asking(self, view: View) -> Asking:
        board = Board(self.context, self.storing) if self.owns_database else Alone(self.context, self.storing)
        member = joined(self.context.data)
        shared = (self.priority, self.purpose, self.check, self.draining, view.note, self.foreign_wait_s, self.limits, self.again)
        return Asking(board, member, *shared)

    def stop(self, sessions: "Sessions") -> None:
        """Have all sessions end as soon as they can; from any thread."""
        sessions.view.stopping()
        self.interrupted.set()
        for done in sessions.done:
            if done.transport is not None:
                done.transport.interrupt()

    def check(self) -> None:
        """Raise KeyboardInterrupt in the thread of a session that is to end."""
        if self.interrupted.is_set():
            raise KeyboardInterrupt

    def check_new(self, identity: Identity, device: Device) -> None:
        """Raise InputError when this very device was reached under another name."""
        if (other := self.names.setdefault(identity.id, device.name)) != device.name:
            raise InputError(f"{device.name} is the same device as {other}", hint="name it once")

    def keep(self, ended: Record) -> None:
        """Write down a run that has ended: on disk when this returns."""
        self.unfinished.journal.write(ended)  # first: who takes this up gives the other journal what a kill kept from it
        if self.owns_database:
            self.context.journal.write(ended)

    def store(self, deadline_s: float | None = None) -> StoreBusy | None:
        """Put what waits in the journal into the database; return why not, when another process holds it."""
        if not self.owns_database:
            return None
        store = self.context.store() if deadline_s is None else self.context.store(deadline_s)

        def append(records: Sequence[Record]) -> None:
            """Put some in at a time: a process that waits for the database has it between two times."""
            for first in range(0, len(records), _AT_A_TIME):
                with self.storing:
                    store.append(records[first : first + _AT_A_TIME])
                if first + _AT_A_TIME < len(records):
                    time.sleep(_PAUSE_S)

        with self.emptying:
            try:
                self.context.journal.drain(append)
            except StoreBusy as error:
                return error
        return None

    def harnesses(self, transport: Transport, device: Device, jobs: Sequence[Job], identity: Identity) -> dict[str, HarnessBuild]:
        """Return a harness for each runtime that the jobs need: the device's, the user's own, else one built here, once."""
        runtimes = dict.fromkeys(job.artifact.runtime for job in jobs)
        if COREML in runtimes and device.kind is not DeviceKind.IOS:
            raise InputError(f"{device.name} cannot run Core ML models", hint="only iPhones do: state one with --device")
        there = {runtime: harness for runtime in runtimes if (harness := transport.own_harness(runtime)) is not None}
        if there.keys() == runtimes.keys():
            return there
        return dict(self.given) if self.given.keys() >= runtimes.keys() else self.harnesses_for(runtimes, device, identity)

    def harnesses_for(self, runtimes: Collection[str], device: Device, identity: Identity) -> dict[str, HarnessBuild]:
        """Return a harness for each of these runtimes: the user's own, else one built here, once."""
        if device.harness is not None:
            return dict.fromkeys(runtimes, own.given(device.harness, identity.architecture))
        target = build.target_for(identity.kind, identity.architecture)
        with self.building:
            self.check()
            return {runtime: self._built(target, runtime) for runtime in runtimes}

    def _built(self, target: build.Target, runtime: str) -> HarnessBuild:
        return build.ensure(target, runtime, self.context.data, wheel_file=self.wheel, on_progress=say, on_wait=self.check)


def all_valid(jobs: Sequence[Job], runs: Sequence[Run]) -> bool:
    """Return whether every job has a valid run."""
    valid = {run.job.key for run in runs if run.outcome is Outcome.OK}
    return all(job.key in valid for job in jobs)
