"""`dumpsys battery`: what Android and its vendors print of the battery.

The dump is printed by BatteryService.dumpInternal (frameworks/base); status and health are BatteryManager's
constants. Samsung appends its own lines, OPLUS (OnePlus, OPPO, realme) prepends a block of its own.
`dumpsys battery set` and `unplug` freeze all of it.
"""

import re

from farm.devices.readers import errors
from farm.devices.readers.reading import Reading, absent, complete_lines, whole

SOURCE = "dumpsys battery"

_STATUS = {1: "unknown", 2: "charging", 3: "discharging", 4: "not charging", 5: "full"}
_HEALTH = {1: "unknown", 2: "good", 3: "overheat", 4: "dead", 5: "over voltage", 6: "unspecified failure", 7: "cold"}
_PLUGS = {"AC powered": "ac", "USB powered": "usb", "Wireless powered": "wireless", "Dock powered": "dock"}
_EARLY_PLUGS = ("AC powered", "USB powered", "Wireless powered")  # the dock's line came with Android 14
_AFTER_PLUGS = "temperature"

_MILLIVOLTS = range(2_000, 20_001)  # one cell to four in a row; a thousand times as much can only be microvolts
_TENTHS_C = range(100, 1_001)  # below, 26 may mean 26 degrees (a set-top box prints that) as well as 2.6
_PACK_UAH = (1_500_000, 20_000_000)  # what a phone's or tablet's pack holds when full
_MOST_UA = 30_000_000

_FROZEN = re.compile(r" *(?:\(UPDATES STOPPED\b|UpdatesStopped: true$)")
_LINE = re.compile(r"[ \t]*([A-Za-z][A-Za-z ]*): (-?[\w .+-]*)")


def is_frozen(text: str) -> bool:
    """Tell whether the dump stands still since `dumpsys battery set` or `unplug`; only `reset` ends that."""
    return any(_FROZEN.match(line) for line in complete_lines(text))


def read(text: str) -> tuple[Reading, ...]:
    """Read a whole dump. Always the same names; what the dump does not say, or cannot mean, is absent with its reason.

    battery_level_percent, battery_voltage_uv, battery_temperature_c, battery_status, battery_health, battery_plugged
    ("none", or the sources that give power, joined by +), battery_charge_uah, and battery_current_ua, which only
    Samsung (`current now`) and OPLUS (`Battery current`) print, in mA. Its sign stays as printed: Samsung's plus
    flows into the battery, OPLUS' minus does. "Max charging current" is the charger's limit, no current.
    Some builds of Android 16 add battery_full_charge_uah and battery_design_charge_uah.
    """
    fields = _fields(text)
    reason = _nothing_holds(text, fields)
    if reason is not None:
        names = ("level_percent", "voltage_uv", "temperature_c", "status", "health", "plugged", "charge_uah", "current_ua")
        return tuple(absent(f"battery_{name}", SOURCE, reason) for name in names)
    level = _level(fields)
    return (
        level,
        _voltage(fields),
        _temperature(fields),
        _word(fields, "status", _STATUS),
        _word(fields, "health", _HEALTH),
        _plugged(fields),
        _charge(fields, level.value),
        _own_current(fields),
        *_capacities(fields),
    )


def _fields(text: str) -> dict[str, str | None]:
    """Return what stands after each key; None for one that is printed twice with different values."""
    fields: dict[str, str | None] = {}
    for line in complete_lines(text):
        match = _LINE.fullmatch(line)
        if match is not None:
            key, value = match[1].rstrip(), match[2].strip()
            fields[key] = value if fields.get(key, value) == value else None
    return fields


def _nothing_holds(text: str, fields: dict[str, str | None]) -> str | None:
    if is_frozen(text):
        return "frozen since `dumpsys battery set` or `unplug`: end it with `dumpsys battery reset`"
    if not {"level", "voltage", "status", "temperature"} & fields.keys():
        return errors.why(text, "this is no battery's dump")
    return "no battery is present" if fields.get("present") == "false" else None


def _number(fields: dict[str, str | None], key: str) -> int | None:
    return whole(fields.get(key))


def _missing(name: str, fields: dict[str, str | None], key: str) -> Reading:
    if key not in fields:
        return absent(name, SOURCE, f'the dump has no complete line "{key}"')
    value = fields[key]
    return absent(name, SOURCE, f'"{key}" is printed twice, differently' if value is None else f'"{key}: {value}" is not understood')


def _level(fields: dict[str, str | None]) -> Reading:
    name = "battery_level_percent"
    level, scale = _number(fields, "level"), _number(fields, "scale")
    if level is None or scale is None:
        return _missing(name, fields, "level" if level is None else "scale")
    if not 0 <= level <= scale or scale == 0:
        return absent(name, SOURCE, f"level {level} of {scale} is no level")
    return Reading(name, 100 * level / scale, source=SOURCE)


def _voltage(fields: dict[str, str | None]) -> Reading:
    """Return the voltage; AOSP prints mV, some kernels' uV shine through, whole volts are too coarse to be one."""
    name = "battery_voltage_uv"
    printed = _number(fields, "voltage")
    if printed is None:
        return _missing(name, fields, "voltage")
    if printed in _MILLIVOLTS:
        return Reading(name, printed * 1000, source=SOURCE)
    if printed // 1000 in _MILLIVOLTS:
        return Reading(name, printed, source=SOURCE)
    return absent(name, SOURCE, f"{printed} is no battery's voltage in mV or uV")


def _temperature(fields: dict[str, str | None]) -> Reading:
    name = "battery_temperature_c"
    printed = _number(fields, "temperature")
    if printed is None:
        return _missing(name, fields, "temperature")
    if printed not in _TENTHS_C:
        return absent(name, SOURCE, f"{printed} cannot be told to be tenths of a degree: only 10 to 100 C is believed")
    return Reading(name, printed / 10, source=SOURCE)


def _word(fields: dict[str, str | None], key: str, words: dict[int, str]) -> Reading:
    number = _number(fields, key)
    if number is None:
        return _missing(f"battery_{key}", fields, key)
    if words.get(number, "unknown") == "unknown":
        return absent(f"battery_{key}", SOURCE, f'the device says "{key}: {number}", which is unknown')
    return Reading(f"battery_{key}", text=words[number], source=SOURCE)


def _plugged(fields: dict[str, str | None]) -> Reading:
    """Return what gives power. A dump that ends before its later lines may have lost the dock's."""
    name = "battery_plugged"
    for key in (*_EARLY_PLUGS, _AFTER_PLUGS):
        if key not in fields:
            return _missing(name, fields, key)
    stated = {key: fields[key] for key in _PLUGS if key in fields}
    for key, value in stated.items():
        if value not in ("true", "false"):
            return _missing(name, fields, key)
    return Reading(name, text="+".join(word for key, word in _PLUGS.items() if stated.get(key) == "true") or "none", source=SOURCE)


def _charge(fields: dict[str, str | None], level_percent: float | None) -> Reading:
    """Return the charge left, if a full pack would then hold what packs hold: 220, 1000 and 4274 are seen, too."""
    name = "battery_charge_uah"
    counter = _number(fields, "Charge counter")
    if counter is None:
        return _missing(name, fields, "Charge counter")
    if level_percent is None:
        return absent(name, SOURCE, f"charge counter {counter} cannot be checked: the level is unknown")
    smallest = 100 * counter / (level_percent + 1)  # the level is rounded
    largest = 100 * counter / max(level_percent - 1, 0.5)
    if largest < _PACK_UAH[0] or smallest > _PACK_UAH[1]:
        return absent(name, SOURCE, f"charge counter {counter} at {level_percent:.0f} % is no battery's charge in uAh")
    return Reading(name, counter, source=SOURCE)


def _own_current(fields: dict[str, str | None]) -> Reading:
    name = "battery_current_ua"
    found = [(key, whole(fields[key])) for key in ("current now", "Battery current") if key in fields]
    if not found:
        return absent(name, SOURCE, "this vendor's dump has no current")
    key, printed_ma = found[0]
    if len(found) > 1:
        return absent(name, SOURCE, "two vendors' currents are printed")
    if printed_ma is None:
        return _missing(name, fields, key)
    if abs(printed_ma) * 1000 > _MOST_UA:
        return absent(name, SOURCE, f'"{key}: {printed_ma}" is no current in mA')
    return Reading(name, printed_ma * 1000, source=f"{SOURCE}, {key}")


def _capacities(fields: dict[str, str | None]) -> list[Reading]:
    readings = []
    for key, name in (("Maximum capacity", "battery_full_charge_uah"), ("Design capacity", "battery_design_charge_uah")):
        if key in fields:
            printed = _number(fields, key)
            possible = printed is not None and _PACK_UAH[0] <= printed <= _PACK_UAH[1]
            readings.append(Reading(name, printed, source=SOURCE) if possible else _missing(name, fields, key))
    return readings
