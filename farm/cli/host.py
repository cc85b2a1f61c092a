"""Whether this host can still take what is measured: asked before each job, so that a run that has ended always has its room."""

import shutil
from pathlib import Path

from farm import units
from farm.devices import local_state
from farm.devices.readers import proc
from farm.errors import HostExhausted

_LEAST_ROOM_BYTES = 32e6
"""A run's raw readings are a few MB at most, and each device may have one that is about to end."""
_LEAST_MEMORY_BYTES = 64e6


def check(folder: Path, again: str, least_bytes: float = _LEAST_ROOM_BYTES) -> None:
    """Raise HostExhausted when the file system of a folder, which need not be there yet, or this host's memory is nearly full.

    again says how what is left is gone on with. least_bytes: the room that must be there, where somebody states more.
    """
    existing = next(one for one in (folder.resolve(), *folder.resolve().parents) if one.exists())
    free_bytes = shutil.disk_usage(existing).free
    least_bytes = max(least_bytes, _LEAST_ROOM_BYTES)
    if free_bytes < least_bytes:
        raise HostExhausted(
            f"the disk of {folder} has {units.show(free_bytes, units.BYTES)} left, so nothing more is measured; what ended is kept",
            hint=f"make room, {units.show(least_bytes, units.BYTES)} are the least; {again}",
        )
    available_bytes = proc.memory_bytes(local_state.text("/proc/meminfo"), "MemAvailable")
    if available_bytes is not None and available_bytes < _LEAST_MEMORY_BYTES:
        raise HostExhausted(
            f"this host has {units.show(available_bytes, units.BYTES)} of memory left, so nothing more is measured; what ended is kept",
            hint=f"end what uses it; {again}",
        )
