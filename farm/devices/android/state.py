"""What an Android device says of itself: one call for many sources, each read by its own pure reader."""

import hashlib
import re

from farm.devices.android.adb import Adb
from farm.devices.readers import proc
from farm.errors import DeviceNotReady
from farm.workloads import DeviceKind, Identity, StateReading

_MARK = "@@@ farm "
_WHO = "; ".join(
    f"echo '{_MARK}{name}'; {command} 2>&1"
    for name, command in {
        "properties": "getprop",
        "android_id": "settings get secure android_id",
        "meminfo": "cat /proc/meminfo",
        "machine": "uname -m",
        "kernel": "uname -r",
        "cpus": "cat /sys/devices/system/cpu/present",
    }.items()
)
_NOW = "; ".join(
    f"echo '{_MARK}{name}'; {command} 2>&1"
    for name, command in {
        "stat": "cat /proc/stat",
        "pause": "sleep 0.2",
        "stat_again": "cat /proc/stat",
        "loadavg": "cat /proc/loadavg",
        "meminfo": "cat /proc/meminfo",
        "uptime": "cat /proc/uptime",
    }.items()
)


def identity(adb: Adb) -> Identity:
    """Return who a device is. Its id is of its serial number, model and Android id: stable over reboots, cables and names.

    Raises DeviceNotReady while its framework does not answer yet, so that no device has two identities.
    """
    text = _sections(adb.shell(_WHO).out)
    properties = dict(re.findall(r"^\[([^\]]+)\]: \[(.*)\]$", text.get("properties", ""), re.MULTILINE))
    android_id = re.fullmatch(r"[0-9a-f]{8,16}", text.get("android_id", "").strip())
    serial, model = properties.get("ro.serialno"), properties.get("ro.product.model")
    if not serial or not model:
        raise DeviceNotReady(f"{adb.serial} does not say which device it is", error_class="no_identity", hint="wait until it has started")
    if android_id is None:
        raise DeviceNotReady(
            f"{adb.serial} does not say its Android id: {text.get('android_id', '').strip()[:80]}",
            error_class="no_identity",
            hint="wait until it has started",
        )
    mark = hashlib.sha256("\n".join(("farm", serial, model, android_id[0])).encode()).hexdigest()[:16]
    meminfo = text.get("meminfo", "")
    present = re.fullmatch(r"0(?:-(\d+))?", text.get("cpus", "").strip())
    return Identity(
        id=f"android-{mark}",
        kind=DeviceKind.ANDROID,
        model=f"{properties.get('ro.product.manufacturer', '')} {model}".strip(),
        soc=" ".join(filter(None, (properties.get("ro.soc.manufacturer"), properties.get("ro.soc.model")))) or None,
        os_build=properties.get("ro.build.fingerprint", "unknown"),
        architecture=text.get("machine", "").strip(),
        cpu_count=int(present[1] or 0) + 1 if present else 1,
        memory_bytes=proc.memory_bytes(meminfo, "MemTotal"),
        kernel=text.get("kernel", "").strip() or None,
    )


def vitals(adb: Adb, phase: str) -> tuple[StateReading, ...]:
    """Return the device's state now."""
    text = _sections(adb.shell(_NOW).out)
    earlier, later = proc.cpu_times(text.get("stat", "")), proc.cpu_times(text.get("stat_again", ""))
    busy = later.busy_ratio(earlier) if earlier and later else None
    readings = {
        "cpu_busy_ratio": (busy, "stat"),
        "load_1m": (proc.load_1m(text.get("loadavg", "")), "loadavg"),
        "memory_available_bytes": (proc.memory_bytes(text.get("meminfo", ""), "MemAvailable"), "meminfo"),
        "uptime_s": (proc.uptime_s(text.get("uptime", "")), "uptime"),
    }
    return tuple(
        StateReading(name, phase, value=value, reason=None if value is not None else _why(text.get(source, "")))
        for name, (value, source) in readings.items()
    )


def _sections(text: str) -> dict[str, str]:
    """Return what each source said, by its name."""
    found = {}
    for part in text.split(_MARK)[1:]:
        name, _, content = part.partition("\n")
        found[name] = content
    return found


def _why(text: str) -> str:
    """Return the reason that a text without a reading gives: its first line."""
    return text.strip().split("\n", 1)[0][:120] or "the device says nothing"
