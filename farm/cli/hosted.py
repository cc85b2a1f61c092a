"""A session that another host ordered: measured here as any other, its runs kept for the one that owns the database."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from farm.cli.context import Context, say
from farm.cli.live import View
from farm.cli.measuring import Measuring
from farm.cli.unfinished import Unfinished
from farm.devices import Transport, connect
from farm.errors import FarmError
from farm.workloads import Device, Job, Run

if TYPE_CHECKING:
    from collections.abc import Callable

    from farm.cluster.host import HostedSession, Work
    from farm.cluster.order import Answer, Ended, Question

_NO_LOCK = -1
"""Nobody else works on an order's folder: the host itself sees to that."""


@dataclass(frozen=True, slots=True)
class Here:
    """Measuring on the devices of this host."""

    data: Path
    connect: "Callable[[Device, Path], Transport]" = connect

    def identify(self, question: "Question") -> "Answer":
        """Return who a device is, or why that cannot be said."""
        from farm.cluster.order import Answer, told

        try:
            transport = self.connect(replace(question.device, host=None), self.data)
            transport.preflight()
            own = tuple(runtime for runtime in question.runtimes if transport.own_harness(runtime) is not None)
            return Answer(transport.identify(), own)
        except FarmError as error:
            return Answer(None, failure=told(error))

    def measure(self, hosted: "HostedSession", work: "Work") -> "Ended":
        """Hold a session: the device is taken, brought to its conditions, measured on, and put back."""
        from farm.cluster.order import Ended, told

        order = hosted.order
        measuring = Measuring(
            Context(self.data, None),
            order.seed,
            order.provenance,
            None,
            Unfinished(hosted.journal.folder.parent, {}, "", _NO_LOCK),
            purpose=f"an order of {order.origin}",
            view=lambda _: _told(hosted),
            connect=self.connect,
            command=order.command,
            given=work.harnesses,
            owns_database=False,
        )
        try:
            with measuring.sessions([work.device]) as sessions:
                hosted.stop, hosted.drain = (lambda: measuring.stop(sessions)), measuring.draining.set
                if hosted.stopping.is_set():
                    measuring.stop(sessions)
                sessions.measure({work.device.name: work.jobs})
        except KeyboardInterrupt:  # as a session ends that is to end
            return Ended(stopped=True)
        failure = sessions.done[0].failure
        return Ended(None if failure is None else told(failure))


@dataclass(frozen=True, slots=True)
class _Told:
    """A view that writes down what goes on, for whoever asks."""

    hosted: "HostedSession"

    def more(self, device: str, count: int) -> None:
        """Nothing to tell: whoever ordered the jobs has counted them."""

    def phase(self, job: Job, phase: str) -> None:
        self.hosted.doing = job.key, phase

    def taken_up(self, device: str, count: int) -> None:
        """Nothing to tell: they are asked for as all others."""

    def note(self, device: str, text: str) -> None:
        say(text)

    def draining(self) -> None:
        """Nothing to tell: it was asked for."""

    def stopping(self) -> None:
        """Nothing to tell: it was asked for."""

    def ended(self, run: Run) -> None:
        """Nothing to tell: the journal has it."""


@contextmanager
def _told(hosted: "HostedSession") -> Iterator[View]:
    yield _Told(hosted)
