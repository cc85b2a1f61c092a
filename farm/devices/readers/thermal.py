"""`dumpsys thermalservice` and thermal zones: temperatures, the throttling status, and where throttling begins.

The dump is printed by ThermalManagerService (frameworks/base); its types are the thermal HAL's TemperatureType.
"""

import re

from farm.devices.readers import errors
from farm.devices.readers.reading import Reading, absent, complete_lines, only_line, whole
from farm.workloads import THERMAL_OVERRIDDEN, THERMAL_STATUSES

SOURCE = "dumpsys thermalservice"

_HEADER = "Current temperatures from HAL:"
_NEXT_HEADERS = ("Current cooling devices from HAL:", "Temperature static thresholds from HAL:")
_SKIN = 3
_KINDS = {  # types that are degrees; 6, 7, 8 are the battery's mV, mA and %, and -1 is whatever the vendor likes
    0: "cpu",
    1: "gpu",
    2: "battery",
    _SKIN: "skin",
    4: "usb port",
    5: "power amplifier",
    9: "npu",
    10: "tpu",
    11: "display",
    12: "modem",
    13: "soc",
    14: "wifi",
    15: "camera",
    16: "flashlight",
    17: "speaker",
    18: "ambient",
    19: "pogo",
}
_NAMED = {"cpu": 0, "ap": 0, "gpu": 1, "bat": 2, "batt": 2, "battery": 2, "skin": _SKIN, "usb": 4, "pa": 5}
_NUMBER = r"(-?[0-9]+\.[0-9]+(?:E-?[0-9]+)?|NaN|-?Infinity)"
_ROW = re.compile(rf"\s*Temperature\{{mValue={_NUMBER}, mType=(-?[0-9]+), mName=(.*), mStatus=(-?[0-9]+)\}}")
_THRESHOLD = re.compile(r"\s*TemperatureThreshold\{mType=(-?[0-9]+), mName=(.*), mHotThrottlingThresholds=\[([^\]]*)\], mCold.*\}")
_DEGREES = (-40.0, 150.0)
_PLACEHOLDERS = (0.0, -1.0)
_ZONE_THOUSANDTHS = range(10_000, 150_001)
_NO_ZONE = re.compile(r"soc|socd|.*(?:[iv]bat|vph|bcl|lvl|-minus-|cycle|ocp|vdroop|batoilo|smpl).*", re.IGNORECASE)


def status(text: str) -> Reading:
    """Read the overall throttling status as thermal_status, 0 (none) to 6 (shutdown): a place in STATUSES.

    A status of 0 from a thermal HAL that is not ready means nothing, and neither does one set by hand.
    """
    name = "thermal_status"
    lines = [line.strip() for line in complete_lines(text)]
    stated = {match[1] for line in lines if (match := re.fullmatch(r"Thermal Status: (-?[0-9]+)", line))}
    if "IsStatusOverride: true" in lines:
        return absent(name, SOURCE, THERMAL_OVERRIDDEN)
    if reason := _not_ready(text, lines):
        return absent(name, SOURCE, reason)
    if len(stated) != 1:
        return absent(name, SOURCE, errors.why(text, "the dump states no single thermal status"))
    number = whole(stated.pop())
    if number is None or not 0 <= number < len(THERMAL_STATUSES):
        return absent(name, SOURCE, f"thermal status {number} is unknown")
    return Reading(name, number, source=SOURCE)


def temperatures(text: str) -> tuple[Reading, ...]:
    """Read each sensor that the HAL reports now, as temperature_c with source "name (kind)"; at least one reading.

    Cached rows are the last event's and may be far off: they are never read. Rows that are not degrees (mV,
    mA, %, and a vendor's own kind) are left out. 0.0, -1.0, NaN and what no phone survives are no reading.
    """
    name = "temperature_c"
    rows, reason = _hal_rows(text)
    if reason is not None:
        return (absent(name, SOURCE, reason),)
    readings = [_sensor(name, kind, sensor, printed) for kind, sensor, printed in rows if kind in _KINDS]
    return tuple(readings) or (absent(name, SOURCE, "the thermal HAL reports no temperature"),)


def skin(text: str) -> Reading:
    """Read the skin's temperature as skin_temperature_c: of several skin sensors the hottest, which throttling follows."""
    name = "skin_temperature_c"
    rows, reason = _hal_rows(text)
    if reason is not None:
        return absent(name, SOURCE, reason)
    readings = [_sensor(name, kind, sensor, printed) for kind, sensor, printed in rows if kind == _SKIN]
    known = [(reading.value, reading) for reading in readings if reading.value is not None]
    if known:
        return max(known, key=lambda pair: pair[0])[1]
    return readings[0] if readings else absent(name, SOURCE, "the thermal HAL reports no skin sensor")


def thresholds(text: str) -> tuple[Reading, ...]:
    """Read where throttling begins: temperature_threshold_c with source "name (kind) status"; what is not set is left out."""
    readings = []
    for line in complete_lines(text):
        match = _THRESHOLD.fullmatch(line)
        kind = _KINDS.get(int(match[1])) if match else None
        if match is None or kind is None:
            continue
        printed = [part.strip() for part in match[3].split(",")]
        if len(printed) != len(THERMAL_STATUSES) or not all(re.fullmatch(_NUMBER, part) for part in printed):
            continue
        for severity, value in zip(THERMAL_STATUSES, map(float, printed), strict=True):
            if value != 0 and _DEGREES[0] < value < _DEGREES[1]:
                readings.append(Reading("temperature_threshold_c", value, source=f"{match[2]} ({kind}) {severity}"))
    return tuple(readings)


def zone(text: str, kind: str) -> Reading:
    """Read .../thermal_zone*/temp, where kind is its `type` file's word: temperature_c with kind as source.

    The kernel's unit is a thousandth of a degree, but some zones hold whole degrees, tenths, or the
    battery's mV, mA and %: only what can be nothing but a temperature of 10 to 150 C in thousandths is read.
    """
    name = "temperature_c"
    number = whole(only_line(text))
    if number is None:
        return absent(name, kind, errors.why(text, "the file holds no complete number"))
    if _NO_ZONE.fullmatch(kind.strip()):
        return absent(name, kind, "this zone is no thermometer: it holds the battery's state")
    if number not in _ZONE_THOUSANDTHS:
        return absent(name, kind, f"{number} is no temperature in thousandths of a degree")
    return Reading(name, number / 1000, source=kind)


def _not_ready(text: str, lines: list[str]) -> str | None:
    if "HAL Ready: false" in lines:
        return "the thermal HAL is not ready: status and temperatures are unknown"
    return None if "HAL Ready: true" in lines else errors.why(text, "the dump does not say that the thermal HAL is ready")


def _hal_rows(text: str) -> tuple[list[tuple[int, str, str]], str | None]:
    """Return (type, name, printed value) of each row of the HAL's block, or why it cannot be trusted to be that block."""
    lines = [line.strip() for line in complete_lines(text)]
    if reason := _not_ready(text, lines):
        return [], reason
    starts = [index for index, line in enumerate(lines) if line == _HEADER]
    if len(starts) != 1:
        return [], "the dump has no single block of the HAL's current temperatures"
    end = next((index for index in range(starts[0] + 1, len(lines)) if lines[index] in _NEXT_HEADERS), None)
    if end is None:
        return [], "the dump ends within the HAL's temperatures"
    matches = [_ROW.fullmatch(line) for line in lines[starts[0] + 1 : end]]
    rows = [(int(match[2]), match[3], match[1]) for match in matches if match]
    if len(rows) < len(matches):
        return [], "the HAL's block holds other lines than temperatures"
    return rows, _distrust(rows, lines[: starts[0]], lines[end:])


def _distrust(rows: list[tuple[int, str, str]], before: list[str], after: list[str]) -> str | None:
    """Return why rows may not be what the HAL reports now, given the lines before and after them."""
    first = before.index("Cached temperatures:") if "Cached temperatures:" in before else len(before)
    cached = [match for line in before[first:] if (match := _ROW.fullmatch(line))]
    if any(_ROW.fullmatch(line) for line in (*before[:first], *after)):
        return "temperatures stand outside their blocks: the HAL's cannot be told from cached ones"
    if len({row[:2] for row in rows}) < len(rows) or len({(match[2], match[3]) for match in cached}) < len(cached):
        return "a sensor is named twice: the HAL's temperatures cannot be told from cached ones"
    if any(int(match[2]) == _SKIN and match[3] not in {name for _, name, _ in rows} for match in cached):
        return "a skin sensor that is cached is not among those that the HAL reports now"
    if any(_NAMED.get(name.lower(), kind) != kind for kind, name, _ in rows):
        return "the HAL's types contradict its sensors' names"
    return None


def _sensor(name: str, kind: int, sensor: str, printed: str) -> Reading:
    source = f"{sensor} ({_KINDS[kind]})"
    value = float(printed)
    if value in _PLACEHOLDERS or not _DEGREES[0] < value < _DEGREES[1]:
        return absent(name, source, f"the HAL prints {printed}, which means no reading")
    return Reading(name, value, source=source)
