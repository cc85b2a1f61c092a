"""Phones that hang on several hosts, driven through Dask distributed; imported only where a cluster is named.

The scheduler is where all hosts meet. On each other host one worker announces its devices as resources, one of each, so that one
session at a time has a device. A session's runs are journalled on the worker's host before anybody hears of them, and are asked for
from there until they have been journalled on the host that owns the database too; a run is known by its identity, so that
receiving it twice is receiving it once. The sessions belong to the worker's process, not to its connection: a cut link costs nothing.
"""

import re

from farm.cluster.address import Address, parsed
from farm.cluster.order import Ended, Order, Progress, Told

__all__ = ["Address", "Ended", "Order", "Progress", "Told", "host_name", "parsed", "require"]


def require() -> None:
    """Raise InputError, with the remedy, where the libraries are missing."""
    from importlib.util import find_spec

    from farm.errors import InputError

    if find_spec("distributed") is None or find_spec("cryptography") is None:
        raise InputError("driving the phones of other hosts needs two more libraries", hint="pip install 'phonefarm[cluster]'")


def host_name(text: str) -> bool:
    """Return whether a host may be called so."""
    return len(text) <= 100 and re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", text) is not None  # noqa: PLR2004 - as devices.toml takes it
