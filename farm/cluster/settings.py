"""How distributed is set up for farm: encrypted both ways, no page of its own, and a lost host noticed in seconds."""

import asyncio
import logging
import signal
from typing import Any

import dask.config

from farm.cluster.address import Address
from farm.cluster.keys import Keys
from farm.errors import InputError

LOST_S = 11
"""After so long without a sign a link is held to be cut: the least that distributed takes."""

_CONFIG = {
    "distributed.comm.timeouts.connect": "5s",
    "distributed.comm.timeouts.tcp": f"{LOST_S}s",
    "distributed.comm.retry.count": 0,
    "distributed.scheduler.worker-ttl": f"{LOST_S}s",
    "distributed.scheduler.allowed-failures": 1_000_000,  # a host that was cut off so often is still no reason to give a session up
    "distributed.scheduler.reuse-broadcast-comm": True,
    "distributed.scheduler.work-stealing": False,
    "distributed.scheduler.http.routes": [],  # plain HTTP, open to everybody on that machine
    "distributed.worker.http.routes": [],
    "distributed.worker.profile.enabled": False,  # looks into every thread 100 times a second: on a rack's host, that is a disturbance
    "distributed.admin.event-loop-monitor-interval": "1s",
    "distributed.admin.system-monitor.interval": "5s",
    "distributed.admin.system-monitor.disk": False,
    "distributed.client.heartbeat": "2s",
}
NO_PAGE = "127.0.0.1:0"
"""distributed always opens a port for pages: on the loopback interface, and with nothing behind it."""


def apply() -> None:
    """Set distributed up for this process."""
    dask.config.set(_CONFIG)
    for name in ("distributed", "tornado", "asyncio"):  # what of it matters to a person, farm says in its own words
        logging.getLogger(name).setLevel(logging.CRITICAL)


def stopped() -> asyncio.Event:
    """Return what is set when this process is asked to stop, by an interrupt or as a service."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


def security(address: Address, keys: Keys | None) -> Any:  # noqa: ANN401 - distributed is not typed
    """Return how to speak to an address: both sides show a certificate that the cluster's own authority has signed."""
    from distributed.security import Security

    if not address.encrypted:
        return Security(require_encryption=False)
    if keys is None:
        raise InputError(f"{address} needs the cluster's keys", hint="farm cluster keys")
    pair = {
        f"tls_{role}_{kind}": str(path)
        for role in ("client", "scheduler", "worker")
        for kind, path in (("cert", keys.certificate), ("key", keys.key))
    }
    return Security(require_encryption=True, tls_ca_file=str(keys.authority), **pair)
