"""What holds of every reader: cut off, out of order or foreign text gives what is right or nothing, and never an exception."""

import re
from collections.abc import Callable, Hashable, Iterable

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from farm.devices.readers import (
    adb,
    battery,
    cpu,
    errors,
    framework,
    gauge,
    logs,
    power_stats,
    proc,
    properties,
    reports,
    sysfs,
    thermal,
    toybox,
)
from farm.devices.readers.reading import Reading
from tests.devices.readers import ios_texts, system_texts, texts

Facts = Callable[[str], set[Hashable]]


def of_readings(reader: Callable[[str], Iterable[Reading] | Reading]) -> Facts:
    """Return a reader's facts: what it says with a value. Each reading has a value, a text or a reason, and only one of them."""

    def facts(text: str) -> set[Hashable]:
        found = reader(text)
        readings = (found,) if isinstance(found, Reading) else tuple(found)
        for reading in readings:
            assert [reading.value, reading.text, reading.reason].count(None) == 2, reading
            assert reading.reason != ""
        return {(reading.name, reading.source, reading.value, reading.text) for reading in readings if reading.reason is None}

    return facts


def of_values(reader: Callable[[str], Iterable[Hashable] | None]) -> Facts:
    return lambda text: set(reader(text) or ())


def of_one(reader: Callable[[str], Hashable]) -> Facts:
    return lambda text: {reader(text)} - {None}


def device_facts(text: str) -> set[Hashable]:
    return {(device.serial, device.state, *sorted(device.facts.items())) for device in adb.attached(text)}


def crash_facts(text: str) -> set[Hashable]:
    found = logs.tombstone(text)
    if found is None:
        return set()
    return {(name, getattr(found, name)) for name in found.__slots__ if getattr(found, name) is not None}


def report_facts(text: str) -> set[Hashable]:
    found = reports.read(text, 4711)
    return set() if found is None else {found}


READERS: dict[str, tuple[Facts, str]] = {
    "iOS crash report": (report_facts, ios_texts.CRASH_REPORT),
    "iOS jetsam report": (report_facts, ios_texts.JETSAM_REPORT),
    "battery, AOSP": (of_readings(battery.read), texts.AOSP_BATTERY),
    "battery, Samsung": (of_readings(battery.read), texts.SAMSUNG_BATTERY),
    "battery, OPLUS": (of_readings(battery.read), texts.OPLUS_BATTERY),
    "battery, frozen": (of_readings(battery.read), texts.FROZEN_BATTERY),
    "uevent": (of_readings(gauge.uevent), texts.UEVENT),
    "current, by cmd": (of_readings(gauge.cmd_current), "-402133\n"),
    "current, by file": (of_readings(gauge.file_current), "402133\n"),
    "current, by call": (of_readings(gauge.call_current), texts.PARCEL),
    "thermal status": (of_readings(thermal.status), texts.THERMAL),
    "temperatures": (of_readings(thermal.temperatures), texts.THERMAL_HAL_ONLY),
    "temperatures, cached only": (of_readings(thermal.temperatures), texts.THERMAL_CACHED_ONLY),
    "skin": (of_readings(thermal.skin), texts.THERMAL_HAL_ONLY),
    "thresholds": (of_readings(thermal.thresholds), texts.THERMAL),
    "zone": (of_readings(lambda text: thermal.zone(text, "cpu-1-0")), "41500\n"),
    "rails": (of_readings(power_stats.rails), texts.POWER_STATS),
    "rails, delta": (of_readings(power_stats.rails), texts.POWER_STATS_DELTA),
    "meter": (of_readings(power_stats.meter), texts.METER),
    "frequency": (of_readings(lambda text: cpu.frequency(text, "policy0")), "2803200\n"),
    "governor": (of_readings(lambda text: cpu.governor(text, "policy0")), "schedutil\n"),
    "time in state": (of_values(cpu.time_in_state), texts.TIME_IN_STATE),
    "cpus": (of_one(lambda text: cpu.cpus(text) or None), "0-5,7\n"),
    "identity": (of_readings(lambda text: properties.identity(properties.properties(text))), system_texts.GETPROP),
    "wakefulness": (of_readings(framework.wakefulness), system_texts.POWER),
    "stay on": (of_readings(framework.stays_on), system_texts.POWER),
    "screen": (of_readings(framework.screen), system_texts.DISPLAY),
    "refresh rate": (of_readings(framework.refresh_rate), system_texts.DISPLAY),
    "panels": (of_readings(framework.panels), system_texts.SURFACE_FLINGER),
    "doze": (of_readings(framework.doze), system_texts.DEVICEIDLE),
    "setting": (of_readings(lambda text: framework.setting(text, "screen_off_timeout")), "2147483647\n"),
    "settings": (lambda text: set(framework.settings(text).items()), system_texts.SETTINGS),
    "airplane mode": (of_readings(framework.airplane_mode), "enabled\n"),
    "app memory": (of_readings(framework.app_memory), system_texts.APP_MEMORY),
    "uptime": (of_readings(toybox.uptime), system_texts.UPTIME),
    "disks": (of_values(toybox.disks), system_texts.DF),
    "adb devices": (device_facts, system_texts.ADB_DEVICES),
    "adb push": (of_one(lambda text: adb.pushed(text).bytes_sent), system_texts.ADB_PUSH),
    "kills": (of_values(logs.kills), system_texts.LOGCAT),
    "deaths": (lambda text: set(logs.deaths(text).items()), system_texts.LOGCAT),
    "tombstone": (crash_facts, system_texts.TOMBSTONE),
    "cores": (of_values(cpu.cores), texts.CPUINFO),
    "cpu times": (of_one(proc.cpu_times), texts.STAT),
    "load": (of_one(proc.load_1m), "2.31 1.87 1.90 3/1234 5678\n"),
    "uptime of the kernel": (of_one(proc.uptime_s), "12345.67 45678.90\n"),
    "processor's name": (of_one(proc.cpu_model), "Processor\t: AArch64 rev 4\nHardware\t: Acme Inc ACM 1234\n"),
    "system's name": (of_one(proc.os_name), 'NAME="Acme"\nPRETTY_NAME="Acme Linux 12 (twelve)"\nVERSION_ID="12"\n'),
    "system's name, unquoted": (of_one(proc.os_name), "PRETTY_NAME=Acme\n"),
    "start of a process": (of_one(proc.start_mark), texts.PID_STAT),
    "who listens": (lambda text: set(proc.listening_inodes(text, 0x14AC)), system_texts.PROC_NET_TCP),
    "memory": (of_one(lambda text: proc.memory_bytes(text, "MemAvailable")), "MemTotal: 8000000 kB\nMemAvailable:    4000000 kB\n"),
    "whole number": (of_one(sysfs.whole_number), "41500\n"),
    "word": (of_one(sysfs.word), "schedutil\n"),
}
WORDS = {
    "identity",
    "settings",
    "setting",
    "adb devices",
    "iOS crash report",
    "tombstone",
    "start of a process",
    "processor's name",
    "system's name",
}
"""Readers of words, in which any digits may stand."""
ALL = pytest.mark.parametrize("name", READERS)
# Of a core's lines, "CPU part" says nothing of which core it belongs to: only its place does.
IN_ANY_ORDER = pytest.mark.parametrize("name", [name for name in READERS if name != "cores"])
NUMBERS = re.compile(r"[0-9]+")


@pytest.mark.parametrize("name", [name for name in READERS if not name.endswith(("frozen", "cached only", "delta"))])
def test_a_whole_text_says_something(name: str) -> None:
    facts, text = READERS[name]
    assert facts(text)


@ALL
def test_a_text_cut_off_anywhere_gives_what_is_right_or_nothing(name: str) -> None:
    facts, text = READERS[name]
    whole = facts(text)
    for length in range(len(text)):
        assert facts(text[:length]) <= whole, text[:length][-80:]


@ALL
def test_windows_line_ends_change_nothing(name: str) -> None:
    facts, text = READERS[name]
    assert facts(text.replace("\n", "\r\n")) == facts(text.replace("\n", "\r\r\n")) == facts(text)


@IN_ANY_ORDER
@given(data=st.data())
def test_lines_out_of_order_give_what_is_right_or_nothing(name: str, data: st.DataObject) -> None:
    facts, text = READERS[name]
    lines = data.draw(st.permutations(text.splitlines(keepends=True)))
    assert facts("".join(lines)) <= facts(text)


@ALL
@given(data=st.data())
def test_one_line_in_a_wrong_place_gives_what_is_right_or_nothing(name: str, data: st.DataObject) -> None:
    facts, text = READERS[name]
    lines = text.splitlines(keepends=True)
    place = st.integers(0, len(lines) - 1)
    lines.insert(data.draw(place), lines.pop(data.draw(place)))
    assert facts("".join(lines)) <= facts(text)


@given(data=st.data())
def test_a_cached_temperature_is_never_read(data: st.DataObject) -> None:
    """Lines of the two blocks in any order: only an exchange of like for like cannot be seen, and is left out here."""
    lines = texts.THERMAL.splitlines(keepends=True)
    if data.draw(st.booleans()):
        lines = data.draw(st.permutations(lines))
    else:
        place = st.integers(0, len(lines) - 1)
        lines.insert(data.draw(place), lines.pop(data.draw(place)))
    facts = READERS["temperatures"][0]
    found = facts("".join(lines))
    assume(not found or len(found) == len(facts(texts.THERMAL)))
    assert found <= facts(texts.THERMAL)


@ALL
@given(text=st.text())
def test_no_text_raises(name: str, text: str) -> None:
    READERS[name][0](text)


@ALL
@given(data=st.data())
def test_no_damage_raises(name: str, data: st.DataObject) -> None:
    facts, text = READERS[name]
    place = st.integers(0, len(text))
    facts(text[: data.draw(place)] + data.draw(st.text(max_size=8)) + text[data.draw(place) :])


@ALL
def test_a_number_of_thousands_of_digits_is_none(name: str) -> None:
    facts, text = READERS[name]
    whole = facts(text)
    for number in list(NUMBERS.finditer(text))[:100]:
        found = facts(text[: number.start()] + "9" * 5000 + text[number.end() :])
        assert "9" * 100 not in repr(found - whole) or name in WORDS, number


@ALL
@pytest.mark.timeout(60)
@pytest.mark.parametrize("filling", [" ", "1", "1 ", "a ", ": "])
def test_no_line_takes_long(name: str, filling: str) -> None:
    facts, text = READERS[name]
    line = text.splitlines()[-1]
    for place in (0, len(line) // 2, len(line)):
        facts(f"{line[:place]}{filling * 1900}!{line[place:]}\n{text}")


@ALL
@pytest.mark.parametrize(
    "line",
    [
        "cat: /sys/class/power_supply/battery/current_now: Permission denied",
        "cat: /sys/class/thermal/thermal_zone9/temp: No such file or directory",
        "cat: /sys/class/thermal/thermal_zone9/temp: Invalid argument",
        "Can't find service: battery",
        "cmd: Can't find service: thermalservice",
        "java.lang.SecurityException: Permission denial: uid 2000 may not",
        "Permission Denial: can't dump battery from from pid=1, uid=2000",
        "/system/bin/sh: dumpsys: inaccessible or not found",
        "Unknown command: airplane-mode",
        "",
    ],
)
def test_an_error_text_is_never_data(name: str, line: str) -> None:
    assert READERS[name][0](f"{line}\n") == set()
    assert not line or errors.find(line) is not None
