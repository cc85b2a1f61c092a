"""What the scheduler's side asks of a host: functions that run in its worker, each harmless when it is asked twice."""

import asyncio
import time
from collections.abc import Collection
from typing import Any

from distributed import Reschedule, get_worker

from farm.cluster.host import Host
from farm.cluster.order import Answer, Ended, Hello, Order, Progress, Question

NEWS_S = 1.0
"""How long an answer about a session waits for something to tell."""
_LOOK_S = 0.1


def attach(worker: Any, host: Host) -> None:  # noqa: ANN401 - distributed is not typed
    """Have a worker know which host it serves."""
    worker.farm_host = host


def _host(worker: Any) -> Host:  # noqa: ANN401
    host: Host = worker.farm_host
    return host


def hello(dask_worker: Any = None) -> Hello:  # noqa: ANN401
    """Say who this is."""
    return _host(dask_worker).hello()


async def announce(device: str, dask_worker: Any = None) -> None:  # noqa: ANN401
    """Have the scheduler know that one session at a time can be held on a device here."""
    _host(dask_worker).devices.add(device)
    if f"device:{device}" not in dask_worker.state.total_resources:
        await dask_worker.set_resources(**{f"device:{device}": 1})


def lacking(hashes: Collection[str], dask_worker: Any = None) -> list[str]:  # noqa: ANN401
    """Return those files that have to be sent."""
    return _host(dask_worker).files.lacking(list(hashes))


async def take(sha256: str, token: str, offset: int, chunk: bytes, last: bool, dask_worker: Any = None) -> None:  # noqa: ANN401
    """Take a part of a file."""
    await asyncio.to_thread(_host(dask_worker).files.take, sha256, token, offset, chunk, last=last)


async def progress(order: str, known: Collection[str], doing: Any, dask_worker: Any = None) -> Progress:  # noqa: ANN401
    """Return what is new of an order, when there is something, else after NEWS_S; doing is what the asker knows of it."""
    host = _host(dask_worker)
    deadline_s = time.monotonic() + NEWS_S
    while True:
        found = await asyncio.to_thread(host.progress, order, set(known))
        if found.records or found.ended is not None or found.doing != doing or time.monotonic() > deadline_s:
            return found
        await asyncio.sleep(_LOOK_S)


def stop(order: str, dask_worker: Any = None) -> None:  # noqa: ANN401
    """End a session, its device put back."""
    _host(dask_worker).stop(order)


def drain(order: str, dask_worker: Any = None) -> None:  # noqa: ANN401
    """End a session after its current run, its device put back."""
    _host(dask_worker).drain(order)


def collected(order: str, dask_worker: Any = None) -> None:  # noqa: ANN401
    """Hear that all of an order's runs were received."""
    _host(dask_worker).collected(order)


def waiting(origin: str, dask_worker: Any = None) -> dict[str, int]:  # noqa: ANN401
    """Return the orders of an origin whose runs wait here."""
    return _host(dask_worker).waiting(origin)


def identify(question: Question) -> Answer:
    """Return who a device is. A task: it needs the device."""
    return _host(get_worker()).identify(question)


def hold(order: Order) -> Ended:
    """Hold an order's session and return how it ended. A task: it needs the device.

    Where the connection ends before the session, the scheduler gives the order again, and then this takes the session up.
    """
    worker = get_worker()
    host = _host(worker)
    session = None if host.closing else host.begin(order)
    while session is None or not session.over.wait(_LOOK_S) or host.closing:
        if worker.status.name not in ("running", "paused"):
            raise Reschedule
        time.sleep(_LOOK_S)
    assert session.ended is not None, "over"
    return session.ended
