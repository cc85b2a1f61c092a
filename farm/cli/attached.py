"""One device's session on another host, seen from here: ordered there, and every run received, kept and shown as it ends."""

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from farm import __version__
from farm.cli.context import say
from farm.cli.unfinished import of_job
from farm.errors import FarmError, HostAway
from farm.records import Record, run_of, session_of
from farm.workloads import Identity, Job

if TYPE_CHECKING:
    from farm.cli.measuring import Done
    from farm.cli.remote import Cluster
    from farm.cli.session import Sessions
    from farm.cli.ticket import Ticket
    from farm.cluster.order import Answer, Ended, JobKey, Order, Parcel, Progress, Told

_PAUSE_S = 0.2
_TRY_AGAIN_S = 0.5
_PUT_BACK_S = 30.0
"""How long an interrupt waits for a device there to be put back."""
_MORE_IS_LEFT = "{again} when it is back; what it has measured meanwhile comes in then"


@dataclass(slots=True)
class Attached:
    """One device's session on its host, seen from here."""

    cluster: "Cluster"
    sessions: "Sessions"
    done: "Done"
    jobs: Sequence[Job]
    ticket: "Ticket"
    identity: Identity | None = None
    known: set[str] = field(default_factory=set)
    """Runs that were received."""
    own_runtimes: frozenset[str] = frozenset()
    """Those that the device has itself."""
    doing: "tuple[JobKey, str] | None" = None
    drained: bool = False
    """Whether the host was told to end after the run that is under way."""

    @property
    def host(self) -> str:
        """The host that the device hangs on."""
        assert self.done.device.host is not None, "measured here"
        return self.done.device.host

    def there(self, failure: "Told") -> FarmError:
        """Return a failure of the host's as one that says where."""
        return replace(failure, message=f"on {self.host}: {failure.message}").error

    def identified(self) -> Identity:
        """Return who the device is; its own runtimes need no harness to be sent."""
        from farm.cluster.order import Question

        runtimes = tuple(dict.fromkeys(job.artifact.runtime for job in self.jobs))
        answer: Answer = self.task("identify", Question(self.done.device, runtimes), lambda: time.sleep(_PAUSE_S))
        if answer.failure is not None:
            raise self.there(answer.failure)
        assert answer.identity is not None, "there is no failure"
        self.identity = answer.identity
        self.own_runtimes = frozenset(answer.own_runtimes)
        return answer.identity

    def order(self, identity: Identity) -> "Order":
        """Return the order of what is to be measured; whatever its host needs for it is there when this returns."""
        from farm.cluster.files import of_order, parcel
        from farm.cluster.order import Order

        shared = self.sessions.measuring
        runtimes = {job.artifact.runtime for job in self.jobs}
        parcels: dict[str, Parcel] = {}
        files: dict[str, Path] = {}
        if not self.own_runtimes >= runtimes:
            for runtime, build in shared.harnesses_for(runtimes, self.done.device, identity).items():
                parcels[runtime], places = parcel(build)
                files |= places
        order = Order(
            id=f"{shared.unfinished.folder.name}-{self.done.device.name}",
            token=secrets.token_hex(8),
            origin=self.cluster.origin,
            device=self.done.device,
            jobs=tuple(self.jobs),
            harnesses=parcels,
            provenance=shared.provenance,
            seed=shared.seed,
            command=shared.command,
            earlier=tuple(self.done.records),
        )
        self.persist(lambda: self.cluster.link.send(self.host, of_order(order) | files, self._sent))
        return order

    def _sent(self, name: str, sent: int, size: int) -> None:
        self.sessions.measuring.check()
        if sent < size:
            self._phase(f"sending {name} to {self.host} {sent * 100 // size} %")

    def session(self, identity: Identity) -> None:
        """Have the jobs measured: begun again when their host was stopped meanwhile."""
        order = self.order(identity)
        try:
            ended: Ended = self.task("hold", order, lambda: self.attend(order))
            while ended.stopped and self.ticket.stop is None:  # not by this process
                order = self.order(identity)
                ended = self.task("hold", order, lambda: self.attend(order))  # noqa: B023 - called within this turn
            self.receive_all(order)
        except KeyboardInterrupt:
            self.stop(order)
            raise
        if ended.failure is not None:
            raise self.there(ended.failure)

    def attend(self, order: "Order") -> None:
        """Receive what has ended, and have the host stop between two runs when others go first or farm is to end."""
        from farm.cluster import calls

        self.receive(self.progress(order))
        if not self.drained and self.ticket.must_stop():
            self.cluster.link.call(self.host, calls.drain, order.id)
            self.drained = True

    def progress(self, order: "Order") -> "Progress":
        """Ask the host what has ended, and wait a moment for something to tell."""
        from farm.cluster import calls

        return self.cluster.link.call(self.host, calls.progress, order.id, list(self.known), self.doing)

    def receive(self, progress: "Progress") -> None:
        """Keep and show what has ended there; what has been received before is nothing new."""
        shared = self.sessions.measuring
        asked = {job.key: job for job in self.jobs}
        for rows in progress.records:
            shared.keep(rows)
            self.known.add(rows["runs"][0]["id"])
            self._count_in(rows, asked)
        self.doing = progress.doing
        if progress.doing is not None and (job := asked.get(progress.doing[0])) is not None:
            self.sessions.view.phase(job, progress.doing[1])
            self.sessions.sharing.states.phase(job, progress.doing[1])

    def _count_in(self, rows: Record, asked: Mapping[tuple[str, str, str, str, int], Job]) -> None:
        job = asked.get(of_job(rows))
        if job is None or self.identity is None or rows["runs"][0]["device_id"] != self.identity.id:
            return  # of a device that hung there before
        run = run_of(rows, job)
        self.done.session = session_of(rows, self.done.device, self.identity)
        self.done.runs.append(run)
        self.done.records.append(rows)
        self.sessions.view.ended(run)
        self.sessions.sharing.states.ended(run)

    def receive_all(self, order: "Order") -> None:
        """Receive what is left of an order that has ended, and tell its host so."""
        from farm.cluster import calls

        while (progress := self.persist(lambda: self.progress(order))).records:
            self.receive(progress)
        with suppress(HostAway):
            self.cluster.link.call(self.host, calls.collected, order.id)

    def stop(self, order: "Order") -> None:
        """Have the session there end, and receive what it came to; a host that is away ends it by itself."""
        from farm.cluster import calls

        device = self.done.device.name
        deadline_s = time.monotonic() + _PUT_BACK_S
        try:
            self.cluster.link.call(self.host, calls.stop, order.id)
            while time.monotonic() < deadline_s:
                progress = self.progress(order)
                self.receive(progress)
                if progress.ended is not None or not progress.known:
                    self.cluster.link.call(self.host, calls.collected, order.id)
                    return
            say(f"{device} was not yet put back; {self.host} goes on with that")
        except HostAway as error:
            say(f"{error.message}: {device} is put back there when its jobs are done")

    def persist(self, attempt: "Callable[[], Any]") -> Any:  # noqa: ANN401 - whatever attempt returns
        """Return what attempt does, tried again while the host is away, as long as patience lasts."""
        since_s: float | None = None
        while True:
            self.sessions.measuring.check()
            try:
                found = attempt()
            except HostAway as error:
                since_s = self._patient(since_s, error)
            else:
                self._is_there()
                return found

    def task(self, name: str, argument: object, look: "Callable[[], None]") -> Any:  # noqa: ANN401 - its type is the task's
        """Have the device's host do a task of farm.cluster.calls; look is called again and again meanwhile. Ends as persist() does."""
        from farm.cluster import calls

        link = self.cluster.link
        worker, asked, future, since_s = "", "", None, None
        try:
            while True:
                self.sessions.measuring.check()
                try:
                    worker = self._announced(worker)
                    if (
                        future is None or asked != worker or future.status in ("cancelled", "lost")
                    ):  # the worker or the scheduler is a new one
                        future, asked = link.submit(getattr(calls, name), argument, self.done.device.name), worker
                    look()
                    self._is_there()
                    since_s = None
                    if future.status in ("finished", "error"):
                        return future.result()
                except HostAway as error:
                    since_s = self._patient(since_s, error)
        finally:
            if future is not None:
                future.release()

    def _is_there(self) -> None:
        if self.cluster.is_away(self.host, away=False):
            self.sessions.view.note(self.done.device.name, f"{self.host} is back")

    def _phase(self, phase: str) -> None:
        job = next((job for job in self.jobs if self.doing is not None and job.key == self.doing[0]), self.jobs[0])
        self.sessions.view.phase(job, phase)

    def _announced(self, before: str) -> str:
        """Return the address of the host's worker; one that has come anew is told which device is meant."""
        from farm.cluster import calls

        worker = self.cluster.link.worker(self.host)
        if worker != before:
            self.cluster.link.greet(self.host, __version__)
            self.cluster.link.call(self.host, calls.announce, self.done.device.name)
        return worker

    def _patient(self, since_s: float | None, error: HostAway) -> float:
        now_s = time.monotonic()
        since_s = now_s if since_s is None else since_s
        if now_s - since_s > self.cluster.patience_s:
            raise HostAway(
                f"{error.message}, and was not for {self.cluster.patience_s:g} s",
                hint=_MORE_IS_LEFT.format(again=self.sessions.measuring.again),
            ) from error
        if self.cluster.is_away(self.host, away=True):
            patience = f"{self.cluster.patience_s:g} s"
            self.sessions.view.note(self.done.device.name, f"{error.message}; its devices wait for up to {patience}, the others go on")
        self._phase(f"waiting for {self.host}")
        time.sleep(_TRY_AGAIN_S)
        return since_s
