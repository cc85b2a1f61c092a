"""The hosts that devices of the lab hang on: how they are reached, what they kept, and measuring there."""

import platform
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from farm import rack
from farm.cli.context import Context, now_utc, say
from farm.errors import HostAway, InputError
from farm.queue import Occupation
from farm.records import Record
from farm.workloads import Device, Job

if TYPE_CHECKING:
    from farm.cli.measuring import Done
    from farm.cli.session import Sessions
    from farm.cli.ticket import Ticket
    from farm.cluster.link import Link


@contextmanager
def cluster(context: Context, given: str | None, devices: Sequence[Device]) -> Iterator["Cluster | None"]:
    """Have the cluster that these devices need, connected; None where all of them hang on this host.

    Raises InputError where none is named, or without the keys or the libraries, and HostAway where its scheduler does not answer.
    """
    hosts = list(dict.fromkeys(device.host for device in devices if device.host is not None))
    if not hosts:
        yield None
        return
    link, patience_s = connected(context, given)
    try:
        found = Cluster(link, origin(context.data), patience_s)
        found.collect(context)
        yield found
    finally:
        link.close()


def connected(context: Context, given: str | None) -> tuple["Link", float]:
    """Return a link to the scheduler that was named, here or in devices.toml, and how long a host is waited for."""
    from farm import cluster as hosts

    stated = context.lab().cluster
    address = given or stated.scheduler
    if address is None:
        raise InputError(
            "no scheduler is named", hint='--cluster tls://10.0.0.1:8786, or scheduler = "..." under [cluster] in devices.toml'
        )
    parsed = hosts.parsed(address)
    hosts.require()
    from farm.cluster import keys
    from farm.cluster.link import Link

    own = None
    if parsed.encrypted:
        own, warning = keys.opened(stated.keys or context.data / "cluster" / "keys" / keys.SCHEDULER, now_utc())
        if warning is not None:
            say(warning)
    link = Link(parsed, own)
    link.open()
    return link, stated.patience_s


def origin(data: Path) -> str:
    """Return what tells this host's database from others that order from the same hosts."""
    return f"{platform.node()}:{data.resolve()}"


@dataclass(slots=True)
class Cluster:
    """The hosts that devices of the lab hang on."""

    link: "Link"
    origin: str
    patience_s: float
    lock: Lock = field(default_factory=Lock)
    away: set[str] = field(default_factory=set)
    """Hosts of which that was told."""

    def collect(self, context: Context) -> int:
        """Journal here what hosts have kept of sessions that nobody received to their end; return how many runs that were."""
        from farm.cluster import calls

        count = 0
        for host in self.link.hosts():
            with suppress(HostAway):
                for order in self.link.call(host, calls.waiting, self.origin):
                    records = _all_of(self.link, host, order)
                    for rows in records:
                        context.journal.write(rows)
                    self.link.call(host, calls.collected, order)
                    count += len(records)
                    say(f"{len(records)} runs of an earlier session came in from {host}")
        return count

    def measure(self, sessions: "Sessions", done: "Done", jobs: Sequence[Job], ticket: "Ticket") -> None:
        """Measure these jobs where the device hangs, until the ticket says to stop; one thread for each device.

        Raises FarmError when that ends before they are done.
        """
        from farm.cli.attached import Attached

        attached = Attached(self, sessions, done, jobs, ticket)
        identity = attached.identified()
        sessions.measuring.check_new(identity, done.device)
        sessions.take_up(done, identity, jobs)
        attached.known |= {run.id for run in done.runs}
        if not rack.left(jobs, done.runs):
            return
        ticket.known(identity.id)
        with ExitStack() as stack:
            ticket.take(stack, lambda _: None)  # its locks are the host's
            states, name = sessions.sharing.states, done.device.name
            states.becomes(name, Occupation.LEASED)
            stack.callback(states.becomes, name, Occupation.IDLE)
            attached.session(identity)

    def is_away(self, host: str, away: bool) -> bool:
        """Note whether a host is away, and return whether that is news."""
        with self.lock:
            if (host in self.away) == away:
                return False
            (self.away.add if away else self.away.remove)(host)
            return True


def _all_of(link: "Link", host: str, order: str) -> list[Record]:
    """Return every run that a host has of an order that has ended."""
    from farm.cluster import calls

    found: dict[str, Record] = {}
    while records := link.call(host, calls.progress, order, list(found), None).records:
        found |= {rows["runs"][0]["id"]: rows for rows in records}
    return list(found.values())
