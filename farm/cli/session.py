"""Measuring jobs on devices, each held meanwhile, every run journalled and stored as it ends."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock

from farm import leases, rack
from farm.cli.context import Context, command_line, now_utc, owner, say
from farm.cli.live import View, live
from farm.cli.unfinished import Unfinished, of_job
from farm.devices import Holder, Transport, connect
from farm.errors import DeviceLost, FarmError, StoreBusy
from farm.harness import build, own
from farm.records import Record, record, run_of
from farm.workloads import Device, HarnessBuild, Identity, Job, Outcome, Provenance, Run, Session, new_id

_BETWEEN_RUNS_DEADLINE_S = 1.0
_LOOK_UP_S = 0.1


@dataclass(slots=True)
class Done:
    """What is to be measured on one device, and what has come of it so far."""

    device: Device
    jobs: Sequence[Job]
    transport: Transport | None = None
    session: Session | None = None
    """None while the device has not been reached."""
    runs: list[Run] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    failure: FarmError | None = None
    """What ended the session, or kept it from beginning."""


@dataclass(frozen=True, slots=True)
class Measuring:
    """What the sessions of one invocation share."""

    context: Context
    seed: int
    provenance: Provenance
    wheel: Path | None
    unfinished: Unfinished
    one_at_a_time: Lock = field(default_factory=Lock)
    """Building a harness and writing to the database: a process does each once at a time."""
    interrupted: Event = field(default_factory=Event)

    def measure(self, work: Sequence[tuple[Device, Sequence[Job]]]) -> list[Done]:
        """Measure on all devices at once, each one job at a time, and return what came of each.

        A device that fails does not keep the others waiting. What ended before an interrupt is stored all the same.
        """
        sessions = [Done(device, jobs) for device, jobs in work]
        with live({done.device.name: len(done.jobs) for done in sessions}) as view, ThreadPoolExecutor(len(sessions)) as threads:
            futures = [threads.submit(self._session, done, view) for done in sessions]
            try:
                while wait(futures, _LOOK_UP_S).not_done:
                    pass  # polars has the kernel restart what an interrupt breaks off: an endless wait would never hear of it
            except KeyboardInterrupt:
                self._stop(sessions, view)
                raise
            for future in futures:
                future.result()  # a bug of farm comes up here
        waiting = self._store()
        if waiting is not None:
            say(f"{len(self.context.journal.entries())} runs wait in the journal: {waiting.message}")
        return sessions

    def _stop(self, sessions: Sequence[Done], view: View) -> None:
        """Have all sessions end as soon as they can."""
        view.stopping()
        self.interrupted.set()
        for done in sessions:
            if done.transport is not None:
                done.transport.interrupt()

    def _check(self) -> None:
        """Raise KeyboardInterrupt in the thread of a session that is to end."""
        if self.interrupted.is_set():
            raise KeyboardInterrupt

    def _session(self, done: Done, view: View) -> None:
        try:
            self._measure(done, view)
        except FarmError as error:
            done.failure = error

    def _measure(self, done: Done, view: View) -> None:
        done.transport = transport = connect(done.device, self.context.data)
        transport.preflight()
        identity = transport.identify()
        harnesses = self._harnesses(transport, done.device, done.jobs, identity)
        started_at = now_utc()
        session = Session(new_id(started_at), started_at, done.device, identity, self.provenance, self.seed, command_line())
        done.session = session
        self._take_up(done, identity, view)

        def phase(job: Job, phase: str) -> None:
            self._check()
            view.phase(job, phase)

        def keep(run: Run) -> None:
            done.runs.append(run)
            done.records.append(record(session, run))
            self.context.journal.write(done.records[-1])
            self.unfinished.journal.write(done.records[-1])
            self._store(_BETWEEN_RUNS_DEADLINE_S)

        with ExitStack() as stack:
            holder = owner()
            stack.enter_context(leases.hold(identity.id, done.device.name, holder, leases.runtime_folder()))
            transport.claim(Holder(leases.host_mark(), holder.words))
            stack.callback(transport.release)
            stack.callback(_restored, transport, done.device)
            transport.restore()
            transport.prepare(done.device.conditions)
            jobs = rack.left(done.jobs, done.runs)
            for run in rack.measure(jobs, transport, harnesses, session.id, rack.Hooks(now_utc, phase, keep)):
                view.ended(run)

    def _take_up(self, done: Done, identity: Identity, view: View) -> None:
        """Count in what an earlier process, which was asked the same, has measured on this very device."""
        jobs = {job.key: job for job in done.jobs}
        for rows in self.unfinished.journal.records():
            job = jobs.get(of_job(rows))
            if job is not None and rows["sessions"][0]["device_id"] == identity.id:
                done.runs.append(run_of(rows, job))
                done.records.append(rows)
        if done.runs:
            view.taken_up(done.device.name, len(done.jobs) - len(rack.left(done.jobs, done.runs)))

    def _store(self, deadline_s: float | None = None) -> StoreBusy | None:
        """Put what waits in the journal into the database; return why not, when another process holds it."""
        with self.one_at_a_time:
            try:
                self.context.journal.drain((self.context.store() if deadline_s is None else self.context.store(deadline_s)).append)
            except StoreBusy as error:
                return error
        return None

    def _harnesses(self, transport: Transport, device: Device, jobs: Sequence[Job], identity: Identity) -> dict[str, HarnessBuild]:
        """Return a harness for each runtime that the jobs need: the device's, the user's own, else one built here, once."""
        runtimes = dict.fromkeys(job.artifact.runtime for job in jobs)
        there = {runtime: harness for runtime in runtimes if (harness := transport.own_harness(runtime)) is not None}
        if there.keys() == runtimes.keys():
            return there
        if device.harness is not None:
            return dict.fromkeys(runtimes, own.given(device.harness, identity.architecture))
        target = build.target_for(identity.kind, identity.architecture)
        with self.one_at_a_time:
            self._check()
            return {runtime: self._built(target, runtime) for runtime in runtimes}

    def _built(self, target: build.Target, runtime: str) -> HarnessBuild:
        return build.ensure(target, runtime, self.context.data, wheel_file=self.wheel, on_progress=say, on_wait=self._check)


def _restored(transport: Transport, device: Device) -> None:
    """Put the device back; one that is gone is put back by whoever reaches it next."""
    try:
        transport.restore()
    except DeviceLost as error:
        say(f"{device.name} could not be put back: {error.message}; the next session does it")


def all_valid(jobs: Sequence[Job], runs: Sequence[Run]) -> bool:
    """Return whether every job has a valid run."""
    valid = {run.job.key for run in runs if run.outcome is Outcome.OK}
    return all(job.key in valid for job in jobs)
