"""The battery's current (and more) where it is asked for by itself: cmd battery, the binder call, power_supply.

Which unit and sign a phone uses cannot be told from a number (976 is 0.976 mA on a Pixel 3a and would be
976 mA on a Samsung): these readers return battery_current_printed, the number as the source prints it, and
in_ua() converts it once the device's unit is known.
"""

import re

from farm.devices.readers import errors
from farm.devices.readers.reading import Reading, absent, complete_lines, only_line, whole

PRINTED = "battery_current_printed"

_NO_VALUE = (-(2**63), 2**63 - 1, -(2**31), 2**31 - 1)  # what BatteryManager answers for "not supported"
_ERRNO = range(-133, 0)  # -22 is EINVAL, not a reading
_MOST_UA = 30_000_000
_STATUSES = ("Charging", "Discharging", "Not charging", "Full")


def in_ua(printed: Reading, unit_ua: int) -> Reading:
    """Return a current as battery_current_ua, where one unit of the printed number is unit_ua uA (mA: 1000).

    The sign stays the source's own. Absent stays absent; more than 30 A shows that the unit is wrong.
    """
    if printed.value is None:
        return absent("battery_current_ua", printed.source, printed.reason or "unknown")
    value = printed.value * unit_ua
    if abs(value) > _MOST_UA:
        return absent("battery_current_ua", printed.source, f"{printed.value:.0f} x {unit_ua} uA is no battery's current")
    return Reading("battery_current_ua", value, source=printed.source)


def cmd_current(text: str) -> Reading:
    """Read `cmd battery get -f current_now` (newer builds only; AOSP prints uA, OPLUS mA).

    It answers from what the battery service last heard: -f only asks for news, which come after the answer,
    and nothing changes while battery.is_frozen. 0 may also be a health HAL that knows no current.
    Source: BatteryService.onShellCommand (frameworks/base).
    """
    return _printed(only_line(text), text, "cmd battery")


def file_current(text: str) -> Reading:
    """Read .../power_supply/battery/current_now (uA by Documentation/ABI/testing/sysfs-class-power; some print mA)."""
    reading = _printed(only_line(text), text, "current_now")
    if reading.value is not None and int(reading.value) in _ERRNO:
        return absent(PRINTED, reading.source, f"{reading.value:.0f} may be an error number")
    return reading


def status(text: str) -> Reading:
    """Read .../power_supply/NAME/status as battery_status: charging, discharging, not charging or full."""
    word = only_line(text)
    if word not in _STATUSES:
        return absent("battery_status", "status", errors.why(text, "the file holds no status that is known"))
    return Reading("battery_status", text=word.lower(), source="status")


def call_current(text: str) -> Reading:
    """Read `service call batteryproperties 1 i32 2` (BATTERY_PROPERTY_CURRENT_NOW): a reply parcel in hex.

    Its 32-bit words: exception, the call's status, whether a value follows, then the value as 64 bits, low
    word first (IBatteryPropertiesRegistrar.getProperty, BatteryProperty.writeToParcel).
    """
    source = "service call batteryproperties"
    words = parcel_words(text)
    if words is None:
        return absent(PRINTED, source, errors.why(text, "the reply is not complete"))
    if words[:1] != (0,):
        return absent(PRINTED, source, "the call was refused: the reply holds an exception")
    if words[1:2] != (0,) or words[2:3] != (1,) or len(words) < 5:  # noqa: PLR2004
        return absent(PRINTED, source, "the device does not support this property")
    value = int.from_bytes((words[4] << 32 | words[3]).to_bytes(8, "big"), "big", signed=True)
    return _printed(str(value), text, source)


def parcel_words(text: str) -> tuple[int, ...] | None:
    """Return the 32-bit words of a `service call`'s reply, or None when it is cut off or no reply.

    Short replies stand on one line, longer ones on lines of four words that begin with their offset.
    """
    body = "\n".join(complete_lines(text)).strip()
    if match := re.fullmatch(r"Result: Parcel\(((?:[0-9a-f]{8} )+) *'.{1,16}'\)", body):
        return tuple(int(word, 16) for word in match[1].split())
    lines = body.split("\n")
    if lines[0].rstrip() != "Result: Parcel(":
        return None
    words: list[int] = []
    for index, line in enumerate(lines[1:], start=1):
        last = index == len(lines) - 1
        match = re.fullmatch(r" *0x([0-9a-f]{8}): ((?:[0-9a-f]{8} ){1,4}) *'.{1,16}'(\)?)", line)
        if match is None or int(match[1], 16) != 4 * len(words) or bool(match[3]) is not last:
            return None
        words += [int(word, 16) for word in match[2].split()]
    return tuple(words) or None


def _printed(value: str | None, text: str, source: str) -> Reading:
    number = whole(value)
    if number is None:
        return absent(PRINTED, source, errors.why(text, "the output is not one complete number"))
    if number in _NO_VALUE:
        return absent(PRINTED, source, "the device does not support this property")
    return Reading(PRINTED, number, source=source)


def uevent(text: str) -> tuple[Reading, ...]:
    """Read .../power_supply/NAME/uevent: level, voltage, temperature, charge, cycles, status and the printed current.

    Units by Documentation/ABI/testing/sysfs-class-power: uV, uAh, tenths of a degree; the current's is not
    kept to. Only keys that are there give a reading. A key printed twice, as merged files do, gives none
    unless both values agree. A charger's supply, whose voltage is the cable's, is refused.
    """
    fields: dict[str, str | None] = {}
    for line in complete_lines(text):
        if match := re.fullmatch(r"POWER_SUPPLY_([A-Z0-9_]+)=(.*)", line):
            fields[match[1]] = match[2] if fields.get(match[1], match[2]) == match[2] else None
    source = f"uevent {fields.get('NAME') or ''}".strip()
    if not fields:
        return (absent("battery_level_percent", source, errors.why(text, "this is no power supply's uevent")),)
    if not _is_battery(fields):
        return (absent("battery_level_percent", source, "this power supply is not said to be a battery"),)
    readings = [_supply(key, fields[key], source) for key in _KEYS if key in fields]
    status = fields.get("STATUS", "")
    if status is None or status in _STATUSES:
        reason = None if status else "STATUS is printed twice, differently"
        readings.append(Reading("battery_status", text=status.lower() if status else None, source=source, reason=reason))
    return tuple(readings)


def _is_battery(fields: dict[str, str | None]) -> bool:
    """Tell whether the supply says that it is a battery, or, where the file has no type, is named like one."""
    if "TYPE" in fields:
        return fields["TYPE"] in ("Battery", "BMS")
    return re.search(r"bat|bms|gauge|fg", fields.get("NAME") or "", re.IGNORECASE) is not None


_KEYS = {  # key: name, and what the printed number can be
    "CAPACITY": ("battery_level_percent", range(101)),
    "VOLTAGE_NOW": ("battery_voltage_uv", range(2_000_000, 20_000_001)),
    "VOLTAGE_OCV": ("battery_open_circuit_voltage_uv", range(2_000_000, 20_000_001)),
    "TEMP": ("battery_temperature_c", range(100, 1_001)),
    "CHARGE_COUNTER": ("battery_charge_uah", range(20_000, 20_000_001)),
    "CHARGE_FULL": ("battery_full_charge_uah", range(1_000_000, 20_000_001)),
    "CHARGE_FULL_DESIGN": ("battery_design_charge_uah", range(1_000_000, 20_000_001)),
    "CYCLE_COUNT": ("battery_cycle_count", range(1, 10_001)),
    "CURRENT_NOW": (PRINTED, range(-_MOST_UA, _MOST_UA + 1)),
}


def _supply(key: str, printed: str | None, source: str) -> Reading:
    name, possible = _KEYS[key]
    number = whole(printed)
    if printed is None:
        return absent(name, source, f"{key} is printed twice, differently")
    if number is None or number not in possible or number in _ERRNO:
        return absent(name, source, f"{key}={printed} is no such reading in its unit")
    return Reading(name, number / 10 if key == "TEMP" else number, source=source)
