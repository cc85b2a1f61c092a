"""What an Android device says of itself: one call for many sources, each read by its own pure reader."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from farm.devices.android.adb import Adb
from farm.devices.readers import battery, cpu, errors, framework, gauge, proc, properties, thermal
from farm.devices.readers.reading import Reading
from farm.errors import DeviceNotReady
from farm.workloads import DeviceKind, Identity, StateReading

_MARK = "@@@ farm "


def _asking(commands: Mapping[str, str]) -> str:
    """Return one fixed line that runs each command, its answer or its refusal under its name."""
    return "; ".join(f"echo '{_MARK}{name}'; {command} 2>&1" for name, command in commands.items())


# Each file below a folder under a name of its own: "NAME FOLDER".
_POLICIES = "; ".join(
    f"for p in /sys/devices/system/cpu/cpufreq/policy*; do echo '{_MARK}{name}'\" ${{p##*/}}\"; cat $p/{file} 2>&1; done"
    for name, file in {
        "cur": "scaling_cur_freq",
        "cap": "scaling_max_freq",
        "max": "cpuinfo_max_freq",
        "governor": "scaling_governor",
    }.items()
)
_ZONES = (
    "for z in /sys/class/thermal/thermal_zone*; do k=$(cat $z/type 2>/dev/null); "
    f"echo '{_MARK}zone'\" ${{z##*/}} $k\"; cat $z/temp 2>&1; done"
)
_SUPPLY = "supply "
_SUPPLIES = f"for s in /sys/class/power_supply/*; do echo '{_MARK}supply'\" ${{s##*/}}\"; cat $s/uevent 2>&1; done"
_WHO = _asking(
    {
        "properties": "getprop",
        "android_id": "settings get secure android_id",
        "meminfo": "cat /proc/meminfo",
        "machine": "uname -m",
        "kernel": "uname -r",
        "cpus": "cat /sys/devices/system/cpu/present",
    }
)
_NOW = "; ".join(
    (
        _asking(
            {
                "stat": "cat /proc/stat",  # first: what follows keeps the device busy itself
                "pause": "sleep 0.2",
                "stat_again": "cat /proc/stat",
                "battery": "dumpsys battery",
                "thermal": "dumpsys thermalservice",
                "power": "dumpsys power",
                "airplane": "cmd connectivity airplane-mode",
                "loadavg": "cat /proc/loadavg",
                "meminfo": "cat /proc/meminfo",
                "uptime": "cat /proc/uptime",
                "current": "cat /sys/class/power_supply/battery/current_now",
            }
        ),
        _POLICIES,
        _ZONES,
        _SUPPLIES,
    )
)


_POWER = "; ".join(
    (
        *(
            f"for s in /sys/class/power_supply/*; do echo '{_MARK}{name}'\" ${{s##*/}}\"; cat $s/{file} 2>&1; done"
            for name, file in {
                "current": "current_now",
                "voltage": "voltage_now",
                "type": "type",
                "scope": "scope",
                "status": "status",
            }.items()
        ),
        _asking(
            {
                "battery": "dumpsys battery",
                "command": "cmd battery get -f current_now",
                "call": "service call batteryproperties 1 i32 2",
                "rails": "dumpsys android.hardware.power.stats.IPowerStats/default",
                "display": "dumpsys display",
            }
        ),
    )
)


def power_texts(adb: Adb) -> dict[str, str]:
    """Return what each power source says: battery, command, call, rails, display; and of each supply, current NAME, voltage NAME, ..."""
    return _sections(adb.shell(_POWER).out)


def identity(adb: Adb) -> Identity:
    """Return who a device is. Its id is of its serial number, model and Android id: stable over reboots, cables and names.

    Raises DeviceNotReady while its framework does not answer yet, so that no device has two identities.
    """
    text = _sections(adb.shell(_WHO).out)
    values = properties.properties(text.get("properties", ""))
    facts = {reading.name: reading.text for reading in properties.identity(values)}
    android_id = re.fullmatch(r"[0-9a-f]{8,16}", text.get("android_id", "").strip())
    serial, model = values.get("ro.serialno"), facts["model"]
    if not serial or not model:
        raise DeviceNotReady(f"{adb.name} does not say which device it is", error_class="no_identity", hint="wait until it has started")
    if android_id is None:
        raise DeviceNotReady(
            f"{adb.name} does not say its Android id: {text.get('android_id', '').strip()[:80]}",
            error_class="no_identity",
            hint="wait until it has started",
        )
    present = cpu.cpus(text.get("cpus", ""))
    if not present:
        raise DeviceNotReady(f"{adb.name} does not say which CPUs it has", error_class="no_identity")
    mark = hashlib.sha256("\n".join(("farm", serial, model, android_id[0])).encode()).hexdigest()[:16]
    return Identity(
        id=f"android-{mark}",
        kind=DeviceKind.ANDROID,
        model=" ".join(filter(None, (facts["manufacturer"], model))),
        soc=facts["soc"],
        os_build=" ".join(filter(None, (facts["os_build"], facts["patch_level"] and f"(patch level {facts['patch_level']})"))) or "unknown",
        architecture=_word(text.get("machine", "")) or "unknown",
        cpu_count=len(present),
        memory_bytes=proc.memory_bytes(text.get("meminfo", ""), "MemTotal"),
        kernel=_word(text.get("kernel", "")),
    )


def _word(text: str) -> str | None:
    """Return a text that is one word; an error's words are none."""
    return text.strip() if re.fullmatch(r"\S+\n", text) else None


def vitals(adb: Adb, phase: str) -> tuple[StateReading, ...]:
    """Return the device's state now."""
    text = _sections(adb.shell(_NOW).out)
    earlier, later = proc.cpu_times(text.get("stat", "")), proc.cpu_times(text.get("stat_again", ""))
    busy = later.busy_ratio(earlier) if earlier and later else None
    numbers = {
        "cpu_busy_ratio": (busy, "stat"),
        "load_1m": (proc.load_1m(text.get("loadavg", "")), "loadavg"),
        "memory_available_bytes": (proc.memory_bytes(text.get("meminfo", ""), "MemAvailable"), "meminfo"),
        "uptime_s": (proc.uptime_s(text.get("uptime", "")), "uptime"),
    }
    readings = [
        Reading(name, value, reason=None if value is not None else errors.why(text.get(source, ""), "the device says nothing of it"))
        for name, (value, source) in numbers.items()
    ]
    readings += battery.read(text.get("battery", ""))
    readings += (thermal.status(text.get("thermal", "")), thermal.skin(text.get("thermal", "")))
    readings += thermal.temperatures(text.get("thermal", ""))
    readings += [limit for limit in thermal.thresholds(text.get("thermal", "")) if "(skin)" in limit.source]
    readings += (framework.wakefulness(text.get("power", "")), framework.stays_on(text.get("power", "")))
    readings.append(framework.airplane_mode(text.get("airplane", "")))
    readings.append(gauge.file_current(text.get("current", "")))
    readings += [_of_file(name, content) for name, content in text.items() if " " in name and not name.startswith(_SUPPLY)]
    supplies = [gauge.uevent(content) for name, content in text.items() if name.startswith(_SUPPLY)]
    return tuple(reading.at(phase) for reading in _filled(readings, [reading for supply in supplies for reading in supply]))


def _filled(readings: Sequence[Reading], supplies: Sequence[Reading]) -> list[Reading]:
    """Return readings with what only the supplies' own files say, such as how worn a battery is, and why what nobody says is absent."""
    known = {reading.name for reading in readings if reading.reason is None}
    more = {reading.name: reading for reading in supplies if reading.reason is None and reading.name not in known}
    return [*(reading for reading in readings if reading.reason is None or reading.name not in more), *more.values()]


def _of_file(name: str, content: str) -> Reading:
    """Read one of the files that there are several of, by its name: "cur policy0", "zone thermal_zone3 skin"."""
    what, _, which = name.partition(" ")
    match what:
        case "cur":
            return cpu.frequency(content, which)
        case "cap":
            return cpu.frequency(content, which, "frequency_cap_hz")
        case "max":
            return cpu.frequency(content, which, "max_frequency_hz")
        case "governor":
            return cpu.governor(content, which)
        case _:
            number, _, kind = which.partition(" ")
            return replace(thermal.zone(content, kind), source=f"{number} {kind}".strip())


def _sections(text: str) -> dict[str, str]:
    """Return what each source said, by its name."""
    found = {}
    for part in text.split(_MARK)[1:]:
        name, _, content = part.partition("\n")
        found[name] = content
    return found
