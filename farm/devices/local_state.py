"""What Linux says of this machine and its processes."""

import time
from pathlib import Path

from farm.devices.readers import proc, sysfs
from farm.workloads import StateReading

_BUSY_WINDOW_S = 0.1
_THERMAL = Path("/sys/class/thermal")
_CPU = Path("/sys/devices/system/cpu")
_SUPPLY = Path("/sys/class/power_supply")
_POWERCAP = Path("/sys/class/powercap")


def text(path: str | Path) -> str:
    """Return a small file's text; "" when it cannot be read, which no reader takes for a value."""
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def energy_counters() -> dict[str, str]:
    """Return what each powercap zone's counter says, its error where it cannot be read: only root may, on most machines."""
    return {f"counter {zone.parent.name} {text(zone.parent / 'name').strip()}": _text_or_error(zone) for zone in _counter_files()}


def _counter_files() -> list[Path]:
    return sorted(_POWERCAP.glob("*/energy_uj"))


def _text_or_error(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        return f"{path}: {error.strerror}\n"


def process_start(pid: int) -> str | None:
    """Return the mark of when a living process began, or None when there is no such process."""
    return proc.start_mark(text(f"/proc/{pid}/stat"))


def machine_mark() -> tuple[str, str]:
    """Return what tells this machine from others, and what kind of mark it is."""
    for path in ("/etc/machine-id", "/var/lib/dbus/machine-id"):
        if mark := text(path).strip():
            return "machine-id", mark
    return "hostname", text("/proc/sys/kernel/hostname").strip() or "unknown"


def vitals(phase: str) -> tuple[StateReading, ...]:
    """Return the machine's state now. Before a pass it takes 0.1 s: how busy others keep the CPUs needs two looks."""
    meminfo = text("/proc/meminfo")
    return (
        *([_busy(phase)] if phase == "before" else ()),
        _number("load_1m", phase, proc.load_1m(text("/proc/loadavg")), "/proc/loadavg cannot be read"),
        _number("memory_available_bytes", phase, proc.memory_bytes(meminfo, "MemAvailable"), "/proc/meminfo has no MemAvailable"),
        _number("uptime_s", phase, proc.uptime_s(text("/proc/uptime")), "/proc/uptime cannot be read"),
        *_governors(phase),
        *_frequencies(phase),
        *_temperatures(phase),
        *battery(phase),
        *_energy(phase),
    )


def _busy(phase: str) -> StateReading:
    earlier = proc.cpu_times(text("/proc/stat"))
    time.sleep(_BUSY_WINDOW_S)
    later = proc.cpu_times(text("/proc/stat"))
    busy = later.busy_ratio(earlier) if earlier and later else None
    return _number("cpu_busy_ratio", phase, busy, "/proc/stat cannot be read")


def _number(name: str, phase: str, value: float | None, reason: str, source: str = "") -> StateReading:
    return StateReading(name, phase, value=value, source=source, reason=None if value is not None else reason)


def _governors(phase: str) -> list[StateReading]:
    found = {path.parent.name: sysfs.word(text(path)) for path in sorted(_CPU.glob("cpufreq/policy*/scaling_governor"))}
    if not found:
        return [StateReading("governor", phase, reason="no cpufreq policy under /sys: a virtual machine often has none")]
    return [
        StateReading("governor", phase, text=word, source=policy, reason=None if word else "unreadable") for policy, word in found.items()
    ]


def _frequencies(phase: str) -> list[StateReading]:
    """Return each policy's frequency now; the kernel gives kHz (Documentation/admin-guide/pm/cpufreq.rst)."""
    found = {path.parent.name: sysfs.whole_number(text(path)) for path in sorted(_CPU.glob("cpufreq/policy*/scaling_cur_freq"))}
    if not found:
        return [StateReading("frequency_hz", phase, reason="no cpufreq policy under /sys: a virtual machine often has none")]
    return [_number("frequency_hz", phase, None if khz is None else khz * 1000, "unreadable", policy) for policy, khz in found.items()]


def _temperatures(phase: str) -> list[StateReading]:
    """Return each thermal zone's temperature; the kernel gives thousandths of a degree (Documentation/driver-api/thermal)."""
    zones = sorted(_THERMAL.glob("thermal_zone*"))
    if not zones:
        return [StateReading("temperature_c", phase, reason="no thermal zone under /sys: a virtual machine often has none")]
    readings = []
    for zone in zones:
        thousandths = sysfs.whole_number(text(zone / "temp"))
        source = f"{zone.name} {text(zone / 'type').strip()}".strip()
        readings.append(_number("temperature_c", phase, None if thousandths is None else thousandths / 1000, "unreadable", source))
    return readings


def battery(phase: str, supplies: Path = _SUPPLY) -> list[StateReading]:
    """Return level and status of the machine's batteries; supplies is where the kernel lists them."""
    batteries = [supply for supply in sorted(supplies.glob("*")) if _is_own_battery(supply)]
    if not batteries:
        return [StateReading("battery_level_percent", phase, reason="this machine has no battery")]
    readings = []
    for battery in batteries:
        readings.append(_number("battery_level_percent", phase, sysfs.whole_number(text(battery / "capacity")), "unreadable", battery.name))
        status = text(battery / "status").strip() or None
        readings.append(StateReading("battery_status", phase, text=status, source=battery.name, reason=None if status else "unreadable"))
    return readings


def _is_own_battery(supply: Path) -> bool:
    """Whether a supply is a battery of this machine's: a mouse's or a headset's says that it powers that device."""
    return text(supply / "type").strip() == "Battery" and text(supply / "scope").strip() != "Device"


def _energy(phase: str) -> list[StateReading]:
    """Return the energy counters of the processor's packages, as they stand: whoever uses them subtracts two readings.

    Cumulative microjoules that wrap round (Documentation/power/powercap/powercap.rst); usually only root may read them.
    """
    zones = _counter_files()
    if not zones:
        return [
            StateReading(
                "energy_counter_uj", phase, reason="no energy counter under /sys/class/powercap, and no other power source is read"
            )
        ]
    return [_number("energy_counter_uj", phase, sysfs.whole_number(text(zone)), "unreadable", zone.parent.name) for zone in zones]
