"""IOPMPowerSource: the battery's entry in the registry of an iPhone (IOKit), as the diagnostics service gives it.

Current in mA, plus into the battery; voltage in mV; temperature in hundredths of a degree; capacities in mAh; level in per cent of
MaxCapacity. On USB the current is what the battery takes beside what the phone uses: no measure of the phone's own power.
"""

from collections.abc import Mapping
from typing import Any

from farm.devices.readers.reading import Reading, absent

SOURCE = "IOPMPowerSource"
ESTIMATED = "estimated (net battery current on USB)"

_MILLIVOLTS = range(2_000, 20_001)
_CENTI_C = range(-4_000, 10_001)
_MOST_MA = 30_000
_PACK_MAH = range(500, 20_001)
_SIGNED_LIMIT = 1 << 63


def read(entry: Mapping[str, Any]) -> tuple[Reading, ...]:
    """Read an entry. Always the same names; what it does not say, or cannot mean, is absent with its reason."""
    return (
        _level(entry),
        _scaled(entry, "battery_voltage_uv", "Voltage", 1000, _MILLIVOLTS),
        _temperature(entry),
        _truth(entry, "battery_status", "IsCharging", "charging", "not charging"),
        _truth(entry, "battery_plugged", "ExternalConnected", "usb", "none"),
        _current(entry),
        _scaled(entry, "battery_charge_uah", "AppleRawCurrentCapacity", 1000, range(1, 20_001)),
        _scaled(entry, "battery_full_charge_uah", "AppleRawMaxCapacity", 1000, _PACK_MAH),
        _scaled(entry, "battery_design_charge_uah", "DesignCapacity", 1000, _PACK_MAH),
        _scaled(entry, "battery_cycle_count", "CycleCount", 1, range(100_000)),
    )


def _whole(entry: Mapping[str, Any], key: str) -> int | None:
    """Return a whole number; one above half of 64 bits is a negative one that was printed without its sign."""
    value = entry.get(key)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value - 2 * _SIGNED_LIMIT if value >= _SIGNED_LIMIT else value


def _missing(name: str, entry: Mapping[str, Any], key: str) -> Reading:
    if key not in entry:
        return absent(name, SOURCE, f"the entry has no {key}")
    return absent(name, SOURCE, f"{key} {str(entry[key])[:40]} is not understood")


def _scaled(entry: Mapping[str, Any], name: str, key: str, factor: int, believed: range) -> Reading:
    value = _whole(entry, key)
    if value is None or value not in believed:
        return _missing(name, entry, key)
    return Reading(name, value * factor, source=f"{SOURCE} {key}")


def _level(entry: Mapping[str, Any]) -> Reading:
    name = "battery_level_percent"
    level, most = _whole(entry, "CurrentCapacity"), _whole(entry, "MaxCapacity")
    if level is None or most is None:
        return _missing(name, entry, "CurrentCapacity" if level is None else "MaxCapacity")
    if not 0 <= level <= most or most == 0:
        return absent(name, SOURCE, f"level {level} of {most} is no level")
    return Reading(name, 100 * level / most, source=SOURCE)


def _temperature(entry: Mapping[str, Any]) -> Reading:
    value = _whole(entry, "Temperature")
    name = "battery_temperature_c"
    if value is None or value not in _CENTI_C:
        return _missing(name, entry, "Temperature")
    return Reading(name, value / 100, source=SOURCE)


def _truth(entry: Mapping[str, Any], name: str, key: str, yes: str, no: str) -> Reading:
    value = entry.get(key)
    return Reading(name, text=yes if value else no, source=SOURCE) if isinstance(value, bool) else _missing(name, entry, key)


def power(entry: Mapping[str, Any]) -> Reading:
    """Return current x voltage now: an estimate of what flows out of the battery (minus: into it), and no metric that could be judged."""
    name = "battery_power_uw"
    current, voltage = _current(entry), _scaled(entry, "battery_voltage_uv", "Voltage", 1000, _MILLIVOLTS)
    if current.value is None or voltage.value is None:
        return absent(name, SOURCE, current.reason or voltage.reason or "")
    return Reading(name, -current.value * voltage.value / 1e6, source=ESTIMATED)


def _current(entry: Mapping[str, Any]) -> Reading:
    """Return the current now: an estimate only of what the phone uses."""
    name = "battery_current_ua"
    value = _whole(entry, "InstantAmperage")
    if value is None or abs(value) > _MOST_MA:
        return _missing(name, entry, "InstantAmperage")
    return Reading(name, value * 1000, source=f"{SOURCE} InstantAmperage, estimated: on USB the battery's net current")
