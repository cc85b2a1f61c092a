"""What an iPhone says of itself."""

import hashlib
from collections.abc import Mapping
from typing import Any

from farm.devices.ios import chips
from farm.devices.readers import power_source
from farm.devices.readers.reading import Reading, absent
from farm.errors import DeviceNotReady
from farm.workloads import DeviceKind, Identity

_NO_HOST = "iOS lets no host read it"


def machine(monitor: Mapping[str, float | None]) -> dict[str, int | None]:
    """Return what of the system monitor never changes: cpu_count and memory_bytes. Raises DeviceNotReady when it says no CPUs."""
    cpus, memory = monitor["cpu_count"], monitor["memory_bytes"]
    if cpus is None:
        raise DeviceNotReady("an iPhone does not say how many CPUs it has", error_class="no_identity")
    return {"cpu_count": int(cpus), "memory_bytes": None if memory is None else int(memory)}


def identity(values: Mapping[str, Any], machine: Mapping[str, int | None]) -> Identity:
    """Return who a phone is. Its id is of its udid, which restarts, cables and names do not change.

    Raises DeviceNotReady when it does not say.
    """
    udid, product, version = (values.get(name) for name in ("UniqueDeviceID", "ProductType", "ProductVersion"))
    if not udid or not product or not version:
        raise DeviceNotReady("an iPhone does not say which it is", error_class="no_identity", hint="wait until it has started")
    model = " ".join(filter(None, (chips.model(product), f"({', '.join(filter(None, (product, values.get('HardwareModel'))))})")))
    return Identity(
        id=f"ios-{hashlib.sha256(f'farm {udid}'.encode()).hexdigest()[:16]}",
        kind=DeviceKind.IOS,
        model=f"Apple {model}",
        soc=chips.chip(product),
        os_build=f"iOS {version} ({values.get('BuildVersion') or 'unknown build'})",
        architecture=values.get("CPUArchitecture") or "unknown",
        cpu_count=int(machine["cpu_count"] or 1),
        memory_bytes=machine["memory_bytes"],
        kernel=None,
    )


def busy(monitor: Mapping[str, float | None]) -> Reading:
    """Return how busy the CPUs are by the system monitor."""
    ratio = monitor["busy_ratio"]
    if ratio is None:
        return absent("cpu_busy_ratio", "sysmontap", "the system monitor says nothing of it")
    return Reading("cpu_busy_ratio", ratio, source="sysmontap")


def readings(battery: Mapping[str, Any], app: tuple[Reading, ...]) -> tuple[Reading, ...]:
    """Return the phone's state by what its battery and the harness app say."""
    return (
        *power_source.read(battery),
        power_source.power(battery),
        *app,
        absent("skin_temperature_c", "", _NO_HOST),
        absent("airplane_mode", "", _NO_HOST),
        absent("frequency_hz", "", _NO_HOST),
    )
