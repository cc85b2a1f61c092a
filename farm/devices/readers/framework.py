"""What Android's framework says of screen, doze, settings, radio and an app's memory.

Each answers `dumpsys`, `cmd` or `settings`; a service that is not there yet, or refuses, answers in words of its own.
"""

import re

from farm.devices.readers import errors
from farm.devices.readers.reading import Reading, absent, complete_lines, only_line

_WAKEFULNESS = ("Awake", "Asleep", "Dreaming", "Dozing")
_SCREEN = {"ON": "on", "OFF": "off", "DOZE": "doze", "DOZE_SUSPEND": "doze", "ON_SUSPEND": "on"}
_ON_WORDS = {"enabled": "on", "disabled": "off"}


def wakefulness(power: str) -> Reading:
    """Read `dumpsys power` as wakefulness: awake, asleep, dreaming or dozing."""
    name, source = "wakefulness", "dumpsys power"
    word = _one_value(power, "mWakefulness")
    if word not in _WAKEFULNESS:
        return absent(name, source, errors.why(power, "the dump has no single mWakefulness that is known"))
    return Reading(name, text=word.lower(), source=source)


def stays_on(power: str) -> Reading:
    """Read `dumpsys power` as stay_on, on or off: whether power now keeps the screen on (`svc power stayon`)."""
    word = {"true": "on", "false": "off"}.get(_one_value(power, "mStayOn") or "")
    source = "dumpsys power"
    return Reading("stay_on", text=word, source=source) if word else absent("stay_on", source, errors.why(power, "the dump has no mStayOn"))


def screen(display: str) -> Reading:
    """Read `dumpsys display` as screen: on, off or doze; on when any of several displays is on.

    The list of display states says how many there are; without it, all mScreenState lines must agree.
    """
    name, source = "screen", "dumpsys display"
    lines = complete_lines(display)
    sizes = [int(match[1]) for line in lines if (match := re.fullmatch(r"Display States: size=([0-9]{1,3})", line.strip()))]
    states = {word for line in lines if (word := _after(line, "Display State="))}
    if sizes:
        listed = sum(line.strip().startswith("Display State=") for line in lines)
        known = len(sizes) == 1 and listed == sizes[0] > 0
    else:
        states = {word for line in lines if (word := _after(line, "mScreenState="))}
        known = len(states) == 1
    words = {_SCREEN.get(state) for state in states}
    if not known or None in words:
        return absent(name, source, errors.why(display, "the dump does not state every display's state"))
    return Reading(name, text=next(word for word in ("on", "doze", "off") if word in words), source=source)


def refresh_rate(display: str) -> Reading:
    """Read `dumpsys display` as display_refresh_rate_hz: the panel's mode that is active now, of one panel."""
    name, source = "display_refresh_rate_hz", "dumpsys display"
    found = {
        match[1]
        for line in complete_lines(display)
        if (
            match := re.search(
                r"^\s*mActiveSfDisplayMode=DisplayMode\{.*?\b(?:peakRefreshRate|refreshRate)=([0-9]{1,6}\.[0-9]+), .*\}$", line
            )
        )
    }
    if len(found) != 1:
        return absent(name, source, errors.why(display, "the dump states no single active mode"))
    return Reading(name, float(found.pop()), source=source)


def panels(surfaceflinger: str) -> tuple[Reading, ...]:
    """Read `dumpsys SurfaceFlinger --displays`: screen (on, off or doze) of each panel, with its number and kind as source."""
    readings = []
    panel = None
    for line in complete_lines(surfaceflinger):
        if match := re.match(r"Display ([0-9]+) \((\w+)", line):
            panel = f"SurfaceFlinger display {match[1]} ({match[2]})"
        elif panel and (match := re.fullmatch(r"\s+powerMode=(\w+)", line)) and match[1].upper() in _SCREEN:
            readings.append(Reading("screen", text=_SCREEN[match[1].upper()], source=panel))
            panel = None
    return tuple(readings) or (absent("screen", "SurfaceFlinger", errors.why(surfaceflinger, "the dump states no panel's power mode")),)


def doze(deviceidle: str) -> Reading:
    """Read `dumpsys deviceidle` as doze: "deep STATE, light STATE", such as deep ACTIVE (not dozing)."""
    source = "dumpsys deviceidle"
    found = {
        (match[1], match[2])
        for line in complete_lines(deviceidle)
        if (match := re.fullmatch(r"\s*mState=([A-Z_]+) mLightState=([A-Z_]+)\s*", line))
    }
    if len(found) != 1:
        return absent("doze", source, errors.why(deviceidle, "the dump states no single mState and mLightState"))
    deep, light = found.pop()
    return Reading("doze", text=f"deep {deep}, light {light}", source=source)


def setting(text: str, key: str) -> Reading:
    """Read `settings get NAMESPACE KEY` as the text of one line; the word null says that it is not set."""
    line = only_line(text)
    if line is None or errors.find(text):
        return absent(key, "settings", errors.why(text, "the answer is not one complete line"))
    return absent(key, "settings", "not set") if line == "null" else Reading(key, text=line, source="settings")


def settings(text: str) -> dict[str, str | None]:
    """Return `settings list NAMESPACE` by key, None for what is null; values may hold = and commas.

    A key that is listed twice, differently, is left out; so are lines without =, which go on from the one before.
    """
    values: dict[str, str | None] = {}
    twice: set[str] = set()
    for line in complete_lines(text):
        key, equals, value = line.partition("=")
        if equals and re.fullmatch(r"\S+", key):
            stated = None if value == "null" else value
            if values.setdefault(key, stated) != stated:
                twice.add(key)
    return {key: value for key, value in values.items() if key not in twice}


def airplane_mode(text: str) -> Reading:
    """Read `cmd connectivity airplane-mode` as airplane_mode: on or off."""
    word = _ON_WORDS.get(only_line(text) or "")
    source = "cmd connectivity"
    return (
        Reading("airplane_mode", text=word, source=source)
        if word
        else absent("airplane_mode", source, errors.why(text, "the answer is neither enabled nor disabled"))
    )


def app_memory(meminfo: str) -> tuple[Reading, ...]:
    """Read `dumpsys meminfo PACKAGE` as pss_bytes, rss_bytes and swap_pss_bytes of one process.

    PSS holds what is swapped and the GPU's, too, and can exceed RSS: it is what the system accounts, not what is resident.
    """
    source = "dumpsys meminfo"
    found = {
        match.groups()
        for line in complete_lines(meminfo)
        if (match := re.fullmatch(r"\s*TOTAL PSS: +([0-9]{1,12}) +TOTAL RSS: +([0-9]{1,12}) +TOTAL SWAP PSS: +([0-9]{1,12})\s*", line))
    }
    names = ("pss_bytes", "rss_bytes", "swap_pss_bytes")
    if len(found) != 1:
        reason = errors.why(meminfo, "the dump has no single line of totals")
        return tuple(absent(name, source, reason) for name in names)
    return tuple(Reading(name, int(kib) * 1024, source=source) for name, kib in zip(names, found.pop(), strict=True))


def _one_value(text: str, key: str) -> str | None:
    """Return what stands after "key=" on lines of their own, when all agree."""
    found = {value for line in complete_lines(text) if (value := _after(line, f"{key}="))}
    return found.pop() if len(found) == 1 else None


def _after(line: str, start: str) -> str | None:
    stripped = line.strip()
    return stripped.removeprefix(start) if stripped.startswith(start) else None
