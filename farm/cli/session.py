"""Measuring jobs on devices at once, each held meanwhile; a device that fails does not keep the others waiting."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace

from farm import rack
from farm.cli import host
from farm.cli.context import say
from farm.cli.live import View
from farm.cli.measuring import Done, Measuring
from farm.cli.sharing import Sharing
from farm.cli.taken import Taken, take
from farm.cli.ticket import Drained, Stop, Ticket
from farm.cli.unfinished import of_job
from farm.devices import connect
from farm.errors import FarmError, HostExhausted
from farm.records import Record, record, run_of
from farm.workloads import DeviceKind, Identity, Job, Outcome, Run

_BETWEEN_RUNS_DEADLINE_S = 1.0
_STORE_EVERY_S = 5.0
_LOOK_UP_S = 0.1


@dataclass(slots=True)
class Sessions:
    """The sessions of one invocation: a device that fails does not keep the others waiting."""

    measuring: Measuring
    done: list[Done]
    view: View
    threads: ThreadPoolExecutor
    sharing: Sharing
    held: dict[str, Taken] = field(default_factory=dict)
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
                self.futures += [self.threads.submit(held.claim_again) for held in list(self.held.values())]
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
        if self.measuring.interrupting.is_set():
            raise KeyboardInterrupt
        self._tell_draining()
        for name, held in list(self.held.items()):
            if held.ticket.must_stop() and held.ticket.stop is Stop.GIVES_WAY and self.held.pop(name, None) is held:
                self.futures.append(self.threads.submit(held.give_way))
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
            done.failure = HostExhausted("this host has no memory left; what ended is kept", hint=self.measuring.again)
        finally:
            if name not in self.held:
                self._given_up(done)

    def _session_here(self, done: Done, jobs: Sequence[Job], hold: bool, go_on: Callable[[Job], bool]) -> Ticket:
        name = done.device.name
        held = self.held.pop(name, None) or take(self.measuring, self.sharing, done, jobs)
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

    def _measure(self, done: Done, held: Taken, jobs: Sequence[Job], go_on: Callable[[Job], bool]) -> None:
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
            host.check(shared.context.journal.folder, shared.again)
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
