"""Measuring jobs on devices, each held meanwhile, every run journalled and stored as it ends."""

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from threading import Event, Lock
from typing import Protocol

from farm import leases, rack
from farm.cli import host
from farm.cli.board import Alone, Board
from farm.cli.context import Context, command_line, now_utc, owner, say
from farm.cli.live import View, live
from farm.cli.sharing import Sharing, hearing_stops, joined, shared
from farm.cli.ticket import Asking, Drained, Stop, Ticket
from farm.cli.unfinished import Unfinished, of_job
from farm.devices import Holder, Transport, connect
from farm.errors import FarmError, HostExhausted, InputError, MeasureError, StoreBusy
from farm.harness import build, own
from farm.queue import Limits, Occupation, Priority
from farm.records import Record, record, run_of
from farm.workloads import COREML, Device, DeviceKind, HarnessBuild, Identity, Job, Outcome, Provenance, Run, Session, new_id

_BETWEEN_RUNS_DEADLINE_S = 1.0
_STORE_EVERY_S = 5.0
_LOOK_UP_S = 0.1
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


@dataclass(frozen=True, slots=True)
class _Held:
    """A device that is held and ready to measure; closing the stack puts it back and gives it up."""

    transport: Transport
    harnesses: Mapping[str, HarnessBuild]
    session: Session
    holder: Holder
    ticket: Ticket
    stack: ExitStack


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
            stack.enter_context(hearing_stops(self.draining))
            sharing = stack.enter_context(shared(self._asking(view), [device for device in devices if device.name not in self.unavailable]))
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
                waiting = self.store(_BETWEEN_RUNS_DEADLINE_S if self.interrupted.is_set() else None)
        if waiting is not None:
            say(f"{len(self.context.journal.entries())} runs wait in the journal: {waiting.message}")

    def _asking(self, view: View) -> Asking:
        board = Board(self.context, self.storing) if self.owns_database else Alone(self.context, self.storing)
        member = joined(self.context.data)
        return Asking(board, member, self.priority, self.purpose, self.check, self.draining, view.note, self.foreign_wait_s, self.limits)

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
                    time.sleep(_LOOK_UP_S)

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


@dataclass(slots=True)
class Sessions:
    """The sessions of one invocation: a device that fails does not keep the others waiting."""

    measuring: Measuring
    done: list[Done]
    view: View
    threads: ThreadPoolExecutor
    sharing: Sharing
    held: dict[str, _Held] = field(default_factory=dict)
    futures: list[Future[None]] = field(default_factory=list)
    renew_s: float = 60.0
    """How often a device that waits for the others is claimed again: a lease ends without a sign of life."""
    stored_s: float = float("-inf")
    drain_told: bool = False

    def measure(self, jobs: Mapping[str, Sequence[Job]], *, hold: bool = False, go_on: Callable[[Job], bool] = lambda _: True) -> None:
        """Measure these jobs on each device, by its name, and return when all have ended.

        A device whose session has failed measures nothing more. hold: there may be more to measure, so the devices stay held; else
        each is put back as soon as its own jobs are done. go_on is asked before each job: False ends what is measured now.
        """
        at_work = self._at_work(jobs)
        self.futures = [self.threads.submit(self._session, done, jobs[done.device.name], hold, go_on) for done in at_work]
        renewed_s = time.monotonic()
        while wait(self.futures, _LOOK_UP_S).not_done:  # polars has the kernel restart what an interrupt breaks off: no endless wait
            if time.monotonic() - renewed_s > self.renew_s:
                self.futures += [self.threads.submit(_claim_again, held) for held in list(self.held.values())]
                renewed_s = time.monotonic()
            self._attend()
        for future in self.futures:
            future.result()  # a bug of farm comes up here
        if self.measuring.draining.is_set() and any(done.failure is None and rack.left(done.jobs, done.runs) for done in at_work):
            self._tell_draining()
            raise Drained

    def _attend(self) -> None:
        """Between whiles: give up devices that only wait for the others and that somebody else is to have first; store what is new.

        Here, so that no session waits for the database; but not while this machine itself is measured.
        """
        self._tell_draining()
        for name, held in list(self.held.items()):
            if held.ticket.must_stop() and held.ticket.stop is Stop.GIVES_WAY and self.held.pop(name, None) is held:
                self.futures.append(self.threads.submit(_give_way, held))
        if not self.sharing.states.at_work:
            self.sharing.asking.board.look()
            self.sharing.states.tell_now_and_then()
            self.store_now_and_then()

    def _tell_draining(self) -> None:
        if self.measuring.draining.is_set() and not self.drain_told:
            self.drain_told = True
            self.view.draining()

    def close(self) -> None:
        """Put back and give up what is still held, when what goes on there has come to its end."""
        wait(self.futures)
        for name, closing in {name: self.threads.submit(held.stack.close) for name, held in self.held.items()}.items():
            try:
                closing.result()
            except FarmError as error:  # what was measured is worth telling all the same
                say(f"{name} could not be given up: {error.message}")

    def _at_work(self, jobs: Mapping[str, Sequence[Job]]) -> list[Done]:
        return [done for done in self.done if done.device.name in jobs and done.failure is None]

    def _session(self, done: Done, jobs: Sequence[Job], hold: bool, go_on: Callable[[Job], bool]) -> None:
        name = done.device.name
        self.view.more(name, len(jobs))
        self.sharing.states.more(name, len(jobs))
        done.jobs += jobs
        try:
            while True:
                ticket = self._session_here(done, jobs, hold, go_on) if done.device.host is None else self._session_there(done, jobs)
                if ticket.stop is not Stop.GIVES_WAY:
                    break
                ticket.lets_go_first()
            if (error := ticket.refusal() if ticket.stop is not None else None) is not None:
                raise error
        except FarmError as error:
            done.failure = error
        except MemoryError:
            done.failure = HostExhausted(
                "this host has no memory left; what ended is kept", hint="farm run --resume goes on with what is left"
            )
        finally:
            if name not in self.held:
                self._given_up(done)

    def _session_here(self, done: Done, jobs: Sequence[Job], hold: bool, go_on: Callable[[Job], bool]) -> Ticket:
        name = done.device.name
        held = self.held.pop(name, None) or self._hold(done, jobs)
        with held.stack:
            self._measure(done, held, jobs, go_on)
            if hold and held.ticket.stop is None:
                self.held[name] = replace(held, stack=held.stack.pop_all())
        return held.ticket

    def _session_there(self, done: Done, jobs: Sequence[Job]) -> Ticket:
        """Measure on a device of another host: it has the locks, and its own line; the line of this data folder comes before."""
        if self.measuring.elsewhere is None:
            connect(done.device, self.measuring.context.data)  # says where it hangs
        assert self.measuring.elsewhere is not None, "connect() refuses such a device"
        ticket = self.sharing.ticket(done.device)
        ticket.until_first()
        self.measuring.elsewhere.measure(self, done, jobs, ticket)
        return ticket

    def _given_up(self, done: Done) -> None:
        """Want a device no more on which nothing is left to do for now."""
        self.sharing.tickets[done.device.name].end(None if done.failure is None else done.failure.message)

    def _hold(self, done: Done, jobs: Sequence[Job]) -> _Held:
        """Reach a device, take it, and bring it to its conditions."""
        shared = self.measuring
        ticket = self.sharing.ticket(done.device)
        ticket.until_first()  # before the device is asked anything: another one may measure
        done.transport = transport = shared.connect(done.device, shared.context.data)
        transport.preflight()
        identity = transport.identify()
        shared.check_new(identity, done.device)
        ticket.known(identity.id)
        harnesses = shared.harnesses(transport, done.device, jobs, identity)
        who = owner()
        holder = Holder(leases.host_mark(), who.words)

        def hold(stack: ExitStack) -> None:
            stack.enter_context(leases.hold(identity.id, done.device.name, who, leases.runtime_folder()))
            transport.claim(holder)
            stack.callback(transport.release)

        with ExitStack() as stack:
            ticket.take(stack, hold)
            self.sharing.states.becomes(done.device.name, Occupation.LEASED)
            stack.callback(self.sharing.states.becomes, done.device.name, Occupation.IDLE)  # before another one can have it
            stack.callback(_restored, transport, done.device)
            transport.restore()
            transport.prepare(done.device.conditions)
            started_at = shared.now_utc()
            done.session = Session(new_id(started_at), started_at, done.device, identity, shared.provenance, shared.seed, shared.command)
            return _Held(transport, harnesses, done.session, holder, ticket, stack.pop_all())

    def _measure(self, done: Done, held: _Held, jobs: Sequence[Job], go_on: Callable[[Job], bool]) -> None:
        shared = self.measuring

        def phase(job: Job, phase: str) -> None:
            shared.check()
            self.view.phase(job, phase)
            self.sharing.states.phase(job, phase)

        def keep(run: Run) -> None:
            if run.outcome is Outcome.DEVICE_LOST:
                shared.check()  # it is not waited for when farm is to end: that says nothing of the device
            done.runs.append(run)
            done.records.append(record(held.session, run))
            shared.keep(done.records[-1])
            if done.device.kind is DeviceKind.LOCAL:
                self.store_now_and_then()  # between its runs, so that nothing else works here while one is measured

        def next_one(job: Job) -> bool:
            host.check(shared.context.journal.folder)
            return go_on(job)

        self.take_up(done, held.session.identity, jobs)
        earlier = list(done.runs)
        hooks = rack.Hooks(shared.now_utc, phase, keep, next_one, held.ticket.must_stop)
        for run in rack.measure(rack.left(jobs, earlier), held.transport, held.harnesses, held.session.id, hooks, earlier=earlier):
            self.view.ended(run)
            self.sharing.states.ended(run)

    def store_now_and_then(self) -> None:
        """Have readers of the database see what has ended; not after each run, as a short one takes less time than that.

        Nothing waits unsaved: the journal has it.
        """
        if time.monotonic() - self.stored_s >= _STORE_EVERY_S:
            self.stored_s = time.monotonic()
            self.measuring.store(_BETWEEN_RUNS_DEADLINE_S)

    def take_up(self, done: Done, identity: Identity, jobs: Sequence[Job]) -> None:
        """Count in what an earlier session, of this process or of another that was asked the same, has measured on this very device.

        Of a gate's blocks, only those that one session measured to their end: a block that was broken off is measured anew.
        """
        asked = {job.key: job for job in jobs}
        found: dict[str, tuple[Run, Record]] = {}
        for rows in self.measuring.unfinished.journal.records():
            job = asked.get(of_job(rows))
            if job is not None and rows["sessions"][0]["device_id"] == identity.id:
                run = run_of(rows, job)
                found[run.id] = run, rows
        runs = [run for run, _ in found.values()]
        if any(job.place for job in jobs):
            runs = rack.whole_blocks(jobs, runs)
        if self.measuring.owns_database:
            for _, rows in found.values():
                self.measuring.context.journal.write(rows)  # the database knows a run by its identity: again does no harm
        counted = self._forget(done, asked)
        done.runs += runs
        done.records += [found[run.id][1] for run in runs]
        ended = len(jobs) - len(rack.left(jobs, runs))
        if ended != counted:
            self.view.taken_up(done.device.name, ended - counted)
        self.sharing.states.done(done.device.name, len(done.jobs) - len(rack.left(done.jobs, done.runs)))

    def _forget(self, done: Done, asked: Mapping[tuple[str, str, str, str, int], Job]) -> int:
        """Leave out what an earlier session of this process has measured of these jobs, and return how many were done by then."""
        counted = len(asked) - len(rack.left([*asked.values()], done.runs))
        kept = [place for place, run in enumerate(done.runs) if run.job.key not in asked]
        done.runs[:], done.records[:] = [done.runs[place] for place in kept], [done.records[place] for place in kept]
        return counted


def _give_way(held: _Held) -> None:
    """Let another have a device that is held while nothing is measured on it."""
    held.stack.close()
    held.ticket.lets_go_first()


def _claim_again(held: _Held) -> None:
    """Keep a device that waits; whether it is gone, or another host's by now, its next job finds out."""
    with suppress(FarmError):
        held.transport.claim(held.holder)


def _restored(transport: Transport, device: Device) -> None:
    """Put the device back; one that is gone is put back by whoever reaches it next."""
    try:
        transport.restore()
    except MeasureError as error:
        say(f"{device.name} could not be put back: {error.message}; the next session does it")


def all_valid(jobs: Sequence[Job], runs: Sequence[Run]) -> bool:
    """Return whether every job has a valid run."""
    valid = {run.job.key for run in runs if run.outcome is Outcome.OK}
    return all(job.key in valid for job in jobs)
