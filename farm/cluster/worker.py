"""A host's connection to its scheduler: made anew whenever it breaks, while the host's sessions go on."""

import asyncio
from collections.abc import Callable

from distributed import Worker

from farm.cluster import calls, settings
from farm.cluster.address import Address
from farm.cluster.host import Host
from farm.cluster.keys import Keys
from farm.cluster.probe import knock
from farm.errors import HostAway, InputError

_AGAIN_S = 1.0
_SESSIONS = 256
"""How many sessions a host can hold at once: each is a thread that waits."""


def serve(host: Host, address: Address, keys: Keys | None, say: Callable[[str], None]) -> None:
    """Serve until the process is asked to stop, then end the host's sessions. Raises InputError when the keys turn out wrong at first."""
    settings.apply()
    asyncio.run(_serve(host, address, keys, say))


async def _serve(host: Host, address: Address, keys: Keys | None, say: Callable[[str], None]) -> None:
    stop = settings.stopped()
    first, told = True, ""
    tending = asyncio.create_task(_tend(host))
    try:
        while not stop.is_set():
            try:
                await asyncio.to_thread(knock, address, keys)
                await _connected(host, address, keys, stop, say)
                why = "the connection was lost; sessions go on"
            except HostAway as error:
                why = error.message
            except InputError as error:
                if first:
                    raise
                why = error.message
            first = False
            host.connected = False
            if why != told and not stop.is_set():
                say(f"{why}; trying again")
            told = why
            await _wait(stop, _AGAIN_S)
    finally:
        tending.cancel()
        await asyncio.to_thread(host.close)


async def _connected(host: Host, address: Address, keys: Keys | None, stop: asyncio.Event, say: Callable[[str], None]) -> None:
    """Be connected until that ends, or stop is set; then the host's sessions are ended first, so that their runs still get away."""
    worker = Worker(
        str(address),
        name=host.name,
        nthreads=_SESSIONS,
        resources={f"device:{name}": 1 for name in host.devices},
        security=settings.security(address, keys),
        memory_limit=0,
        local_directory=str(host.data / "cluster" / "dask"),
        dashboard_address=settings.NO_PAGE,
        dashboard=False,
    )
    calls.attach(worker, host)
    try:
        await worker
    except (OSError, RuntimeError, ValueError) as error:
        if "name taken" in f"{error} {error.__cause__}":
            raise HostAway(f"a worker called {host.name} is there already, or was until seconds ago") from error
        raise HostAway(f"{address} did not take {host.name} in: {error.__cause__ or error}") from error
    host.connected = True
    say(f"{host.name} is connected to {address}")
    stopped, finished = asyncio.create_task(stop.wait()), asyncio.create_task(worker.finished())
    try:
        await asyncio.wait((stopped, finished), return_when=asyncio.FIRST_COMPLETED)
        if stop.is_set() and (await asyncio.to_thread(host.close)) > 0:
            await _wait(asyncio.Event(), 2 * calls.NEWS_S)  # whoever asks hears how it ended
    finally:
        stopped.cancel()
        finished.cancel()
        await worker.close(timeout=_AGAIN_S, executor_wait=False, reason="farm ends it")


async def _tend(host: Host) -> None:
    while True:
        await asyncio.sleep(_AGAIN_S)
        host.end_the_orphaned()


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return
