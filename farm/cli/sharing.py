"""What an invocation shares its devices by: a request for each, in line with those of other processes of the data folder."""

import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from farm.cli import members
from farm.cli.context import now_utc
from farm.cli.states import States
from farm.cli.ticket import Asking, Ticket
from farm.errors import StoreError
from farm.queue import Standing
from farm.workloads import Device

_ASK_DEADLINE_S = 2.0
_LEAVE_DEADLINE_S = 2.0


@dataclass(slots=True)
class Sharing:
    """The tickets of one invocation, by the names of their devices, and what the devices do."""

    asking: Asking
    tickets: dict[str, Ticket]
    states: States

    def ticket(self, device: Device) -> Ticket:
        """Return the request for a device; a new one where the device was given up before."""
        ticket = self.tickets.get(device.name)
        if ticket is None or ticket.request.standing not in (Standing.WAITING, Standing.MEASURING):
            ticket = self.tickets[device.name] = self.asking.ticket(device)
        return ticket

    def close(self) -> None:
        """Want no device any more, and say so."""
        for ticket in self.tickets.values():
            ticket.end()
        self.asking.board.flush(_LEAVE_DEADLINE_S)  # where this fails, that the process is gone says the same


@contextmanager
def shared(asking: Asking, devices: Sequence[Device]) -> Iterator[Sharing]:
    """Ask for these devices; at the end none is wanted any more. A database that another process holds keeps nobody waiting."""
    tickets: dict[str, Ticket] = {}
    sharing = Sharing(asking, tickets, States(asking.board, tickets))
    for device in devices:
        sharing.ticket(device)
    try:
        asking.board.flush(_ASK_DEADLINE_S)
        asking.board.look()
        asking.board.bury(now_utc())
        yield sharing
    finally:
        sharing.close()
        asking.member.leave()


def joined(data: Path) -> members.Member:
    """Make this process known in a data folder. Raises StoreError where nothing can be written."""
    try:
        return members.join(data)
    except OSError as error:
        raise StoreError(f"{data} cannot be written to: {error.strerror}", hint="make room, or give another folder with --data") from error


@contextmanager
def hearing_stops(draining: threading.Event, interrupting: threading.Event) -> Iterator[None]:
    """Have the first SIGTERM set draining, and the next one interrupt at once, as it does outside.

    Ctrl-C and a terminal that closes set interrupting, too: where a library's code loses the KeyboardInterrupt that is raised, it is
    known all the same.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def hear(number: int, frame: FrameType | None) -> None:
        if draining.is_set() or number != signal.SIGTERM:
            interrupting.set()
            signal.default_int_handler(number, frame)
        draining.set()

    heard = [number for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP) if signal.getsignal(number) is not signal.SIG_IGN]
    earlier = {number: signal.signal(number, hear) for number in heard}  # under nohup, some stay ignored
    try:
        yield
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)
