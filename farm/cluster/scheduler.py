"""Where the hosts of a cluster meet."""

import asyncio
from collections.abc import Callable

from distributed import Scheduler

from farm.cluster import settings
from farm.cluster.address import Address
from farm.cluster.keys import Keys
from farm.errors import InputError

_HOSTS_LOOK_S = 1.0


def serve(address: Address, keys: Keys | None, say: Callable[[str], None]) -> None:
    """Serve until the process is asked to stop. say is told when it listens, and of each host that comes and goes."""
    settings.apply()
    asyncio.run(_serve(address, keys, say))


async def _serve(address: Address, keys: Keys | None, say: Callable[[str], None]) -> None:
    stop = settings.stopped()
    scheduler = Scheduler(
        host=address.host,
        port=address.port,
        protocol=address.scheme,
        security=settings.security(address, keys),
        dashboard_address=settings.NO_PAGE,
        dashboard=False,
    )
    try:
        await scheduler
    except (OSError, RuntimeError) as error:
        cause = error.__cause__ or error
        raise InputError(f"{address} cannot be listened on: {cause}", hint="an address of this machine, and a port that is free") from error
    say(f"the scheduler listens at {address}")
    there: set[str] = set()
    try:
        while not stop.is_set():
            now = {str(state.name) for state in scheduler.workers.values()}
            for name in sorted(now - there):
                say(f"{name} is here")
            for name in sorted(there - now):
                say(f"{name} is gone")
            there = now
            try:
                await asyncio.wait_for(stop.wait(), _HOSTS_LOOK_S)
            except TimeoutError:
                continue
    finally:
        await scheduler.close(reason="farm ends it")
