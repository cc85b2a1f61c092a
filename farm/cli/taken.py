"""A device that is taken for measuring: reached, held, brought to its conditions, and put back."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass

from farm import leases
from farm.cli.context import owner, say
from farm.cli.measuring import Done, Measuring
from farm.cli.sharing import Sharing
from farm.cli.ticket import Ticket
from farm.devices import Holder, Transport
from farm.errors import FarmError, MeasureError
from farm.queue import Occupation
from farm.workloads import Device, HarnessBuild, Job, Session, new_id


@dataclass(frozen=True, slots=True)
class Taken:
    """A device that is held and ready to measure; closing the stack puts it back and gives it up."""

    transport: Transport
    harnesses: Mapping[str, HarnessBuild]
    session: Session
    holder: Holder
    ticket: Ticket
    stack: ExitStack

    def give_way(self) -> None:
        """Let another have it, while nothing is measured on it."""
        self.stack.close()
        self.ticket.lets_go_first()

    def claim_again(self) -> None:
        """Keep it while it waits; whether it is gone, or another host's by now, its next job finds out."""
        with suppress(FarmError):
            self.transport.claim(self.holder)


def take(shared: Measuring, sharing: Sharing, done: Done, jobs: Sequence[Job]) -> Taken:
    """Reach a device when it is its turn, take it, and bring it to its conditions. Raises FarmError."""
    ticket = sharing.ticket(done.device)
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
        sharing.states.becomes(done.device.name, Occupation.LEASED)
        stack.callback(sharing.states.becomes, done.device.name, Occupation.IDLE)  # before another one can have it
        stack.callback(_put_back, transport, done.device)
        transport.restore()
        transport.prepare(done.device.conditions)
        started_at = shared.now_utc()
        done.session = Session(new_id(started_at), started_at, done.device, identity, shared.provenance, shared.seed, shared.command)
        return Taken(transport, harnesses, done.session, holder, ticket, stack.pop_all())


def _put_back(transport: Transport, device: Device) -> None:
    """Put the device back; one that is gone is put back by whoever reaches it next."""
    try:
        transport.restore()
    except MeasureError as error:
        say(f"{device.name} could not be put back: {error.message}; the next session does it")
