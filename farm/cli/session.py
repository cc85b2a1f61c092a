"""Measuring jobs on devices, each held meanwhile, every run journalled and stored as it ends."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from threading import Event, Lock

from farm import leases, rack
from farm.cli.context import Context, command_line, now_utc, owner, say
from farm.cli.live import View, live
from farm.cli.unfinished import Unfinished, of_job
from farm.devices import Holder, Transport, connect
from farm.errors import FarmError, InputError, MeasureError, StoreBusy
from farm.harness import build, own
from farm.records import Record, record, run_of
from farm.workloads import COREML, Device, DeviceKind, HarnessBuild, Identity, Job, Outcome, Provenance, Run, Session, new_id

_BETWEEN_RUNS_DEADLINE_S = 1.0
_STORE_EVERY_S = 5.0
_LOOK_UP_S = 0.1


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
    stack: ExitStack


@dataclass(frozen=True, slots=True)
class Measuring:
    """What the sessions of one invocation share."""

    context: Context
    seed: int
    provenance: Provenance
    wheel: Path | None
    unfinished: Unfinished
    now_utc: Callable[[], datetime] = now_utc
    crashes: int = 0
    """How often a job is tried again whose harness crashed."""
    one_at_a_time: Lock = field(default_factory=Lock)
    """Building a harness and writing to the database: a process does each once at a time."""
    interrupted: Event = field(default_factory=Event)
    names: dict[str, str] = field(default_factory=dict)
    """What the lab calls each device that was reached, by the device's own identity."""

    def measure(self, work: Sequence[tuple[Device, Sequence[Job]]]) -> list[Done]:
        """Measure on all devices at once, each one job at a time, and return what came of each."""
        with self.sessions([device for device, _ in work]) as sessions:
            sessions.measure({device.name: jobs for device, jobs in work})
        return sessions.done

    @contextmanager
    def sessions(self, devices: Sequence[Device]) -> Iterator["Sessions"]:
        """Have a session on each device; at the end all are put back, and what was measured is stored, also after an interrupt."""
        with live(device.name for device in devices) as view, ThreadPoolExecutor(len(devices)) as threads:
            sessions = Sessions(self, [Done(device) for device in devices], view, threads)
            try:
                yield sessions
            except KeyboardInterrupt:
                self._stop(sessions)
                raise
            finally:
                sessions.close()
                waiting = self.store(_BETWEEN_RUNS_DEADLINE_S if self.interrupted.is_set() else None)
        if waiting is not None:
            say(f"{len(self.context.journal.entries())} runs wait in the journal: {waiting.message}")

    def _stop(self, sessions: "Sessions") -> None:
        """Have all sessions end as soon as they can."""
        sessions.view.stopping()
        self.interrupted.set()
        for done in sessions.done:
            if done.transport is not None:
                done.transport.interrupt()

    def check(self) -> None:
        """Raise KeyboardInterrupt in the thread of a session that is to end."""
        if self.interrupted.is_set():
            raise KeyboardInterrupt

    def store(self, deadline_s: float | None = None) -> StoreBusy | None:
        """Put what waits in the journal into the database; return why not, when another process holds it."""
        with self.one_at_a_time:
            try:
                self.context.journal.drain((self.context.store() if deadline_s is None else self.context.store(deadline_s)).append)
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
        if device.harness is not None:
            return dict.fromkeys(runtimes, own.given(device.harness, identity.architecture))
        target = build.target_for(identity.kind, identity.architecture)
        with self.one_at_a_time:
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
    held: dict[str, _Held] = field(default_factory=dict)
    futures: list[Future[None]] = field(default_factory=list)
    renew_s: float = 60.0
    """How often a device that waits for the others is claimed again: a lease ends without a sign of life."""
    stored_s: float = float("-inf")

    def measure(self, jobs: Mapping[str, Sequence[Job]], *, hold: bool = False, go_on: Callable[[Job], bool] = lambda _: True) -> None:
        """Measure these jobs on each device, by its name, and return when all have ended.

        A device whose session has failed measures nothing more. hold: there may be more to measure, so the devices stay held; else
        each is put back as soon as its own jobs are done. go_on is asked before each job: False ends what is measured now.
        """
        self.futures = [self.threads.submit(self._session, done, jobs[done.device.name], hold, go_on) for done in self._at_work(jobs)]
        renewed_s = time.monotonic()
        while wait(self.futures, _LOOK_UP_S).not_done:  # polars has the kernel restart what an interrupt breaks off: no endless wait
            if time.monotonic() - renewed_s > self.renew_s:
                self.futures += [self.threads.submit(_claim_again, held) for held in list(self.held.values())]
                renewed_s = time.monotonic()
        for future in self.futures:
            future.result()  # a bug of farm comes up here

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
        self.view.more(done.device.name, len(jobs))
        done.jobs += jobs
        try:
            held = self.held.pop(done.device.name, None) or self._hold(done, jobs)
            with held.stack:
                self._measure(done, held, jobs, go_on)
                if hold:
                    self.held[done.device.name] = replace(held, stack=held.stack.pop_all())
        except FarmError as error:
            done.failure = error

    def _hold(self, done: Done, jobs: Sequence[Job]) -> _Held:
        """Reach a device, take it, and bring it to its conditions."""
        shared = self.measuring
        done.transport = transport = connect(done.device, shared.context.data)
        transport.preflight()
        identity = transport.identify()
        if (other := shared.names.setdefault(identity.id, done.device.name)) != done.device.name:
            raise InputError(f"{done.device.name} is the same device as {other}", hint="name it once")
        harnesses = shared.harnesses(transport, done.device, jobs, identity)
        started_at = shared.now_utc()
        session = Session(new_id(started_at), started_at, done.device, identity, shared.provenance, shared.seed, command_line())
        done.session = session
        with ExitStack() as stack:
            who = owner()
            holder = Holder(leases.host_mark(), who.words)
            stack.enter_context(leases.hold(identity.id, done.device.name, who, leases.runtime_folder()))
            transport.claim(holder)
            stack.callback(transport.release)
            stack.callback(_restored, transport, done.device)
            transport.restore()
            transport.prepare(done.device.conditions)
            return _Held(transport, harnesses, session, holder, stack.pop_all())

    def _measure(self, done: Done, held: _Held, jobs: Sequence[Job], go_on: Callable[[Job], bool]) -> None:
        shared = self.measuring

        def phase(job: Job, phase: str) -> None:
            shared.check()
            self.view.phase(job, phase)

        def keep(run: Run) -> None:
            if run.outcome is Outcome.DEVICE_LOST:
                shared.check()  # it is not waited for when farm is to end: that says nothing of the device
            done.runs.append(run)
            done.records.append(record(held.session, run))
            shared.unfinished.journal.write(done.records[-1])  # first: who takes this up gives the other journal what a kill kept from it
            shared.context.journal.write(done.records[-1])
            self._store_now_and_then()

        self._take_up(done, held.session.identity, jobs)
        left = rack.left(jobs, done.runs, crashes=shared.crashes)
        hooks = rack.Hooks(shared.now_utc, phase, keep, go_on)
        for run in rack.measure(left, held.transport, held.harnesses, held.session.id, hooks, crashes=shared.crashes):
            self.view.ended(run)

    def _store_now_and_then(self) -> None:
        """Have readers of the database see what has ended; not after each run, as a short one takes less time than that.

        Nothing waits unsaved: the journal has it.
        """
        if time.monotonic() - self.stored_s >= _STORE_EVERY_S:
            self.stored_s = time.monotonic()
            self.measuring.store(_BETWEEN_RUNS_DEADLINE_S)

    def _take_up(self, done: Done, identity: Identity, jobs: Sequence[Job]) -> None:
        """Count in what an earlier process, which was asked the same, has measured on this very device."""
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
        for _, rows in found.values():
            self.measuring.context.journal.write(rows)  # the database knows a run by its identity: again does no harm
        done.runs += runs
        done.records += [found[run.id][1] for run in runs]
        if runs:
            self.view.taken_up(done.device.name, len(jobs) - len(rack.left(jobs, runs)))


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
