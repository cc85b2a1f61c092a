"""From what a device's power will be read in a pass, and how: what its sources say beforehand -> a plan, or why there is none."""

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from farm.devices.readers import battery, errors, gauge, power_stats, sysfs
from farm.devices.readers.watched import BATTERY, CALL, COMMAND, RAILS, REFRESH
from farm.errors import DeviceNotReady
from farm.workloads import DeviceKind, PowerSettings, PowerSource

# What a Transport's power_texts() calls its sources; those that are files of several supplies are followed by the supply's name.
CURRENT, VOLTAGE, TYPE, SCOPE, STATUS, COUNTER = "current", "voltage", "type", "scope", "status", "counter"
DISPLAY = "display"

_DEFAULT = {DeviceKind.LOCAL: PowerSource.RAPL, DeviceKind.ANDROID: PowerSource.FUEL_GAUGE, DeviceKind.IOS: PowerSource.NONE}
_SUPPLIES = ("battery", "bms", "maxfg", "*battery*", "*fuel*gauge*")
"""Names of supplies that are a battery or its gauge, and not a charger; the first that can be read is taken."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is read: origin is the `source` of the readings that the energy will be computed from."""

    source: PowerSource
    origin: str
    watch: tuple[str, ...] = ()
    """What has to be asked beside the harness, again and again; empty: the harness's own sampler reads it."""
    plug_watch: tuple[str, ...] = ()
    """What has to be asked meanwhile for whether the phone is plugged in; empty: watch or the sampler tells."""


def source_of(kind: DeviceKind, settings: PowerSettings) -> PowerSource:
    """Return the source that is stated, else the one that this kind of device usually has."""
    return settings.source or _DEFAULT[kind]


def plan(name: str, kind: DeviceKind, settings: PowerSettings, texts: Mapping[str, str]) -> Plan:
    """Return how the power of the device called name is read. Raises DeviceNotReady when it cannot be."""
    source = source_of(kind, settings)
    match source:
        case PowerSource.FUEL_GAUGE:
            found = _fuel_gauge(texts)
        case PowerSource.ODPM:
            found = _rails(settings, texts)
        case PowerSource.RAPL:
            found = _counters(texts)
        case PowerSource.MONSOON:
            found = Plan(source, "monsoon")
        case PowerSource.NONE:
            found = "no power source is known for this kind of device" if settings.source is None else "devices.toml says that it has none"
    if isinstance(found, Plan):
        return found
    raise DeviceNotReady(
        f"the power of {name} cannot be read ({source}): {found}",
        error_class="no_power_source",
        hint="state another source in devices.toml: power = { source = ... }, or leave the power pass out",
    )


def _fuel_gauge(texts: Mapping[str, str]) -> Plan | str:
    dump = texts.get(BATTERY, "")
    if battery.is_frozen(dump):
        return "its battery's readings are frozen since `dumpsys battery set` or `unplug`; `dumpsys battery reset` ends that"
    supplies = sorted(key.removeprefix(f"{CURRENT} ") for key in texts if key.startswith(f"{CURRENT} "))
    for supply in (one for pattern in _SUPPLIES for one in supplies if fnmatchcase(one, pattern)):
        current, voltage = gauge.file_current(texts[f"{CURRENT} {supply}"]), texts.get(f"{VOLTAGE} {supply}", "")
        if current.value is not None and sysfs.whole_number(voltage) is not None and _is_battery(texts, supply):
            return Plan(PowerSource.FUEL_GAUGE, supply, plug_watch=_plug_watch(texts))
    read = {reading.name: reading for reading in battery.read(dump)}
    voltage_reading, own = read["battery_voltage_uv"], read["battery_current_ua"]
    if voltage_reading.value is None:
        return f"no file shows current and voltage to a shell, and {voltage_reading.source} has no voltage: {voltage_reading.reason}"
    if own.value is not None:
        return Plan(PowerSource.FUEL_GAUGE, own.source, (BATTERY, REFRESH))
    reasons = [f"{own.source}: {own.reason}"]
    for key, read_current in ((COMMAND, gauge.cmd_current), (CALL, gauge.call_current)):
        printed = read_current(texts.get(key, ""))
        if printed.value is not None:
            return Plan(PowerSource.FUEL_GAUGE, printed.source, (BATTERY, key))
        reasons.append(f"{printed.source}: {printed.reason}")
    return f"no file shows current and voltage to a shell; {'; '.join(reasons)}"


def _is_battery(texts: Mapping[str, str], supply: str) -> bool:
    """Tell whether a supply with a battery's name may be one: it says so, or does not say what it is. A pen's powers the pen only."""
    return sysfs.word(texts.get(f"{TYPE} {supply}", "")) in (None, "Battery", "BMS") and _is_own(texts, supply)


def _is_own(texts: Mapping[str, str], supply: str) -> bool:
    return sysfs.word(texts.get(f"{SCOPE} {supply}", "")) != "Device"


def _plug_watch(texts: Mapping[str, str]) -> tuple[str, ...]:
    """Return what tells during the pass whether the phone is plugged in: nothing where its `status` file does, which is sampled."""
    supplies = [key.removeprefix(f"{STATUS} ") for key in texts if key.startswith(f"{STATUS} ")]
    told = [gauge.status(texts[f"{STATUS} {supply}"]) for supply in supplies if _is_own(texts, supply)]
    return () if any(reading.text is not None for reading in told) else (BATTERY,)


def _rails(settings: PowerSettings, texts: Mapping[str, str]) -> Plan | str:
    found = power_stats.rails(texts.get(RAILS, ""))
    if all(reading.value is None for reading in found):
        return "; ".join(sorted({f"{reading.source}: {reading.reason}" for reading in found}))
    names = [reading.source for reading in found]
    for pattern in settings.rails:
        if not chosen_rails(names, (pattern,)):
            return f'no rail is called "{pattern}"; there are {", ".join(names)}'
    return Plan(PowerSource.ODPM, power_stats.SOURCE, (RAILS,), _plug_watch(texts))


def _counters(texts: Mapping[str, str]) -> Plan | str:
    counters = {key.removeprefix(f"{COUNTER} "): text for key, text in texts.items() if key.startswith(f"{COUNTER} ")}
    packages = {name: text for name, text in counters.items() if is_package(name)}
    if not packages:
        return "this machine has no energy counter of a processor package under /sys/class/powercap"
    for name, text in packages.items():
        if sysfs.whole_number(text) is None:
            return f"{name}: {errors.why(text, 'it holds no number')}"
    return Plan(PowerSource.RAPL, "powercap")


def chosen_rails(names: list[str], patterns: tuple[str, ...]) -> list[str]:
    """Return the rails that a pattern fits, by the whole name (`[S5S_VDDQ_MEM]:DDR`), the rail's or the part's; all without a pattern."""
    return [name for name in names if not patterns or any(fnmatchcase(part, one) for one in patterns for part in _parts(name))]


def _parts(name: str) -> tuple[str, ...]:
    rail, _, part = name.partition(":")
    return name, rail.strip("[]"), part


def is_package(name: str) -> bool:
    """Tell whether a powercap zone is a whole processor package: its parts are counted in it."""
    return name.partition(" ")[2].startswith("package")
