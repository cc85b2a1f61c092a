from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.devices.readers import power_source, reports
from tests.devices.readers import ios_texts

ENTRY: dict[str, Any] = {
    "CurrentCapacity": 80,
    "MaxCapacity": 100,
    "AppleRawCurrentCapacity": 2_800,
    "AppleRawMaxCapacity": 3_400,
    "DesignCapacity": 3_582,
    "CycleCount": 123,
    "ExternalConnected": True,
    "InstantAmperage": -402,
    "IsCharging": False,
    "Temperature": 2_789,
    "Voltage": 4_102,
}


def read(entry: dict[str, Any]) -> dict[str, float | str | None]:
    return {reading.name: reading.value if reading.value is not None else reading.text for reading in power_source.read(entry)}


def test_the_battery_of_an_iphone_in_base_units() -> None:
    assert read(ENTRY) == {
        "battery_level_percent": 80,
        "battery_voltage_uv": 4_102_000,
        "battery_temperature_c": 27.89,
        "battery_status": "not charging",
        "battery_plugged": "usb",
        "battery_current_ua": -402_000,
        "battery_charge_uah": 2_800_000,
        "battery_full_charge_uah": 3_400_000,
        "battery_design_charge_uah": 3_582_000,
        "battery_cycle_count": 123,
    }


def test_the_current_says_that_it_is_an_estimate() -> None:
    (current,) = [reading for reading in power_source.read(ENTRY) if reading.name == "battery_current_ua"]
    assert "estimated" in current.source


def test_a_negative_current_without_its_sign_is_read_as_one() -> None:
    assert read({**ENTRY, "InstantAmperage": (1 << 64) - 402})["battery_current_ua"] == -402_000


@pytest.mark.parametrize(
    ("key", "value", "name"),
    [
        ("Voltage", 4, "battery_voltage_uv"),
        ("Voltage", True, "battery_voltage_uv"),
        ("Temperature", 30_000, "battery_temperature_c"),
        ("CurrentCapacity", 101, "battery_level_percent"),
        ("InstantAmperage", 1_000_000, "battery_current_ua"),
        ("AppleRawMaxCapacity", 100, "battery_full_charge_uah"),
        ("IsCharging", "Yes", "battery_status"),
    ],
)
def test_what_cannot_be_meant_is_absent_with_its_reason(key: str, value: object, name: str) -> None:
    for entry in ({**ENTRY, key: value}, {each: known for each, known in ENTRY.items() if each != key}):
        (reading,) = [reading for reading in power_source.read(entry) if reading.name == name]
        assert (reading.value, reading.text) == (None, None)
        assert reading.reason


@given(st.dictionaries(st.sampled_from(sorted(ENTRY)), st.one_of(st.integers(), st.floats(), st.text(), st.booleans(), st.none())))
def test_any_entry_gives_the_same_names_each_with_a_value_or_a_reason(entry: dict[str, Any]) -> None:
    found = power_source.read(entry)
    assert [reading.name for reading in found] == [reading.name for reading in power_source.read(ENTRY)]
    assert all([reading.value, reading.text, reading.reason].count(None) == 2 for reading in found)


def test_a_crash_is_told_in_the_words_of_its_report() -> None:
    ended = reports.read(ios_texts.CRASH_REPORT, 4711)
    assert ended is not None
    assert not ended.out_of_memory
    assert reports.signal_number(ended.signal) == 11
    assert ended.words == "EXC_BAD_ACCESS (SIGSEGV); Segmentation fault: 11; KERN_INVALID_ADDRESS at 0x0000000000000000"


def test_an_end_for_want_of_memory_is_told_apart() -> None:
    ended = reports.read(ios_texts.JETSAM_REPORT, 4711)
    assert ended is not None
    assert ended.out_of_memory
    assert ended.words == "per-process-limit at 3500 MB"


@pytest.mark.parametrize(
    ("text", "pid"),
    [
        (ios_texts.CRASH_REPORT, 4712),
        (ios_texts.JETSAM_REPORT, 34),  # it was there, and was not ended
        (ios_texts.CRASH_REPORT.replace('"309"', '"210"'), 4711),
        (ios_texts.CRASH_REPORT[:-3], 4711),
        ("", 4711),
        ("[]\n[]", 4711),
        ('{"bug_type":"309"}\n' + "[" * 100_000, 4711),
    ],
)
def test_reports_that_say_nothing_of_a_process(text: str, pid: int) -> None:
    assert reports.read(text, pid) is None


def test_the_first_report_that_names_the_process_is_taken() -> None:
    ended = reports.of_process(["", ios_texts.CRASH_REPORT.replace("4711", "99"), ios_texts.JETSAM_REPORT, ios_texts.CRASH_REPORT], 4711)
    assert ended is not None
    assert ended.out_of_memory
