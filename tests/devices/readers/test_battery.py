import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.devices.readers import battery, gauge
from farm.devices.readers.reading import Reading
from farm.workloads import StateReading
from tests.devices.readers import texts


def said(text: str) -> dict[str, Reading]:
    return {reading.name: reading for reading in battery.read(text)}


def test_what_aosp_prints() -> None:
    found = said(texts.AOSP_BATTERY)
    assert {name: reading.value if reading.text is None else reading.text for name, reading in found.items()} == {
        "battery_level_percent": 71,
        "battery_voltage_uv": 3_987_000,
        "battery_temperature_c": 29.4,
        "battery_status": "charging",
        "battery_health": "good",
        "battery_plugged": "usb",
        "battery_charge_uah": 3_041_500,
        "battery_current_ua": None,
    }
    assert found["battery_current_ua"].reason == "this vendor's dump has no current"


@pytest.mark.parametrize(
    ("text", "current_ua", "line"),
    [(texts.SAMSUNG_BATTERY, -612_000, "current now"), (texts.OPLUS_BATTERY, -1_204_000, "Battery current")],
)
def test_vendors_print_their_current_in_milliamperes(text: str, current_ua: int, line: str) -> None:
    current = said(text)["battery_current_ua"]
    assert (current.value, current.source) == (current_ua, f"dumpsys battery, {line}")
    assert said(text)["battery_temperature_c"].value == 29.4


@pytest.mark.parametrize("text", [texts.FROZEN_BATTERY, texts.OPLUS_BATTERY.replace("UpdatesStopped: false", "UpdatesStopped: true")])
def test_a_frozen_dump_says_nothing(text: str) -> None:
    assert battery.is_frozen(text)
    assert not battery.is_frozen(texts.OPLUS_BATTERY)
    assert {reading.reason for reading in battery.read(text)} == {
        "frozen since `dumpsys battery set` or `unplug`: end it with `dumpsys battery reset`"
    }


def test_a_phone_without_a_battery_says_so() -> None:
    text = texts.AOSP_BATTERY.replace("present: true", "present: false")
    assert {reading.reason for reading in battery.read(text)} == {"no battery is present"}


@pytest.mark.parametrize(
    ("line", "instead", "name", "value"),
    [
        ("level: 71", "level: 142", "battery_level_percent", None),
        ("scale: 100", "scale: 200", "battery_level_percent", 35.5),
        ("scale: 100", "scale: 0", "battery_level_percent", None),
        ("voltage: 3987", "voltage: 3987000", "battery_voltage_uv", 3_987_000),
        ("voltage: 3987", "voltage: 13", "battery_voltage_uv", None),
        ("voltage: 3987", "voltage: 0", "battery_voltage_uv", None),
        ("voltage: 3987", "voltage: 3.987", "battery_voltage_uv", None),
        ("  temperature: 294", "  temperature: 26", "battery_temperature_c", None),
        ("  temperature: 294", "  temperature: 0", "battery_temperature_c", None),
        ("  temperature: 294", "  temperature: -294", "battery_temperature_c", None),
        ("  temperature: 294", "  temperature: 29400", "battery_temperature_c", None),
        ("Charge counter: 3041500", "Charge counter: 0", "battery_charge_uah", None),
        ("Charge counter: 3041500", "Charge counter: 4274", "battery_charge_uah", None),
        ("Charge counter: 3041500", "Charge counter: -3041500", "battery_charge_uah", None),
        ("status: 2", "status: 1", "battery_status", None),
        ("status: 2", "status: 9", "battery_status", None),
        ("status: 2", "status: 2\n  status: 3", "battery_status", None),
    ],
)
def test_units_and_words_that_a_dump_may_use(line: str, instead: str, name: str, value: float | None) -> None:
    reading = said(texts.AOSP_BATTERY.replace(line, instead, 1))[name]
    assert reading.value == value
    assert reading.text is None
    assert (reading.reason is None) is (value is not None)


@pytest.mark.parametrize(
    ("powered", "plugged"),
    [((), "none"), (("AC",), "ac"), (("Wireless",), "wireless"), (("Dock",), "dock"), (("AC", "USB"), "ac+usb")],
)
def test_what_gives_power(powered: tuple[str, ...], plugged: str) -> None:
    text = texts.AOSP_BATTERY.replace("USB powered: true", "USB powered: false")
    for source in powered:
        text = text.replace(f"{source} powered: false", f"{source} powered: true")
    assert said(text)["battery_plugged"].text == plugged


@given(level=st.integers(0, 100), tenths=st.integers(-500, 2000), millivolts=st.integers(0, 30_000))
def test_no_reading_lies_outside_what_batteries_are(level: int, tenths: int, millivolts: int) -> None:
    text = texts.AOSP_BATTERY.replace("level: 71", f"level: {level}").replace("voltage: 3987", f"voltage: {millivolts}", 1)
    found = said(text.replace("temperature: 294", f"temperature: {tenths}"))
    assert found["battery_level_percent"].value == level
    assert found["battery_temperature_c"].value == (tenths / 10 if 100 <= tenths <= 1000 else None)
    assert found["battery_voltage_uv"].value == (millivolts * 1000 if 2000 <= millivolts <= 20_000 else None)


def test_a_reading_becomes_a_fact_about_a_run() -> None:
    assert said(texts.AOSP_BATTERY)["battery_level_percent"].at("before") == StateReading(
        "battery_level_percent", "before", value=71.0, source="dumpsys battery"
    )


def test_a_current_needs_its_unit() -> None:
    printed = gauge.cmd_current("-976\n")
    assert (printed.name, printed.value) == ("battery_current_printed", -976)
    assert gauge.in_ua(printed, 1).value == -976
    assert gauge.in_ua(printed, 1000).value == -976_000
    assert gauge.in_ua(gauge.cmd_current("402133\n"), 1000).reason == "402133 x 1000 uA is no battery's current"
    assert gauge.in_ua(gauge.cmd_current("Unknown get option: current_now\n"), 1).reason == (
        "no such command: Unknown get option: current_now"
    )


@pytest.mark.parametrize("printed", [-(2**63), 2**63 - 1, -(2**31), 2**31 - 1])
def test_the_answer_not_supported_is_no_current(printed: int) -> None:
    assert gauge.cmd_current(f"{printed}\n").reason == "the device does not support this property"


def test_an_error_number_in_a_file_is_no_current() -> None:
    assert gauge.file_current("-22\n").reason == "-22 may be an error number"
    assert gauge.file_current("-402133\n").value == -402133


@given(st.integers(-(2**63) + 1, 2**63 - 2))
def test_a_call_returns_64_bits(value: int) -> None:
    low, high = value & 0xFFFFFFFF, value >> 32 & 0xFFFFFFFF
    text = texts.PARCEL.replace("fffa2f10", f"{low:08x}").replace("ffffffff ffffffff ", f"{high:08x} ffffffff ")
    assert gauge.call_current(text).value in (value, None)
    assert (gauge.call_current(text).value is None) is (abs(value + 0.5) == 2**31 - 0.5)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            texts.PARCEL.replace("00000000 00000000 00000001", "ffffffff 00000000 00000001"),
            "the call was refused: the reply holds an exception",
        ),
        (texts.PARCEL.replace("00000000 00000000 00000001", "00000000 ffffffda 00000001"), "the device does not support this property"),
        ("Result: Parcel(00000000 ffffffda   '........')\n", "the device does not support this property"),
        ("Service batteryproperties does not exist\n", "no such service: Service batteryproperties does not exist"),
        (texts.PARCEL.replace("0x00000010", "0x00000020"), "the reply is not complete"),
    ],
)
def test_calls_that_return_no_current(text: str, reason: str) -> None:
    assert gauge.call_current(text).reason == reason
    assert gauge.call_current(texts.PARCEL).value == -381168


def test_a_uevent() -> None:
    found = {reading.name: reading for reading in gauge.uevent(texts.UEVENT)}
    assert found["battery_status"].text == "discharging"
    assert found["battery_temperature_c"].value == 28.8
    assert found["battery_current_printed"].value == 402133
    assert {reading.source for reading in found.values()} == {"uevent battery"}


def test_merged_uevents_that_disagree_say_nothing() -> None:
    found = {reading.name: reading for reading in gauge.uevent(texts.UEVENT + "POWER_SUPPLY_CAPACITY=75\nPOWER_SUPPLY_TEMP=-22\n")}
    assert found["battery_level_percent"].reason == "CAPACITY is printed twice, differently"
    assert found["battery_temperature_c"].value is None
    assert found["battery_voltage_uv"].value == 3_801_250


@pytest.mark.parametrize(
    ("supply", "is_battery"),
    [
        ("NAME=usb\nPOWER_SUPPLY_TYPE=USB", False),
        ("NAME=battery-charger\nPOWER_SUPPLY_TYPE=Mains", False),
        ("NAME=usb", False),
        ("NAME=maxfg\nPOWER_SUPPLY_TYPE=Battery", True),
        ("NAME=bms\nPOWER_SUPPLY_TYPE=BMS", True),
        ("NAME=bms", True),
        ("NAME=BAT0", True),
    ],
)
def test_a_chargers_voltage_is_not_the_batterys(supply: str, is_battery: bool) -> None:
    found = gauge.uevent(f"POWER_SUPPLY_{supply}\nPOWER_SUPPLY_VOLTAGE_NOW=5012000\nPOWER_SUPPLY_CURRENT_MAX=2000\n")
    assert [reading.value for reading in found] == [5_012_000 if is_battery else None]


@pytest.mark.parametrize(
    ("lines", "name", "value"),
    [
        ("  Max charging current: 12400000\n", "battery_current_ua", None),  # the charger's limit: 12.4 A
        ("  current now: 0\n", "battery_current_ua", 0),
        ("  current now: 347.5\n", "battery_current_ua", None),
        ("  fastChargeStatus: false\n", "battery_status", "charging"),
        ("  pad level: 12\n  pad status: 3\n", "battery_status", "charging"),
        ("mSavedBatteryMaxTemp: 782\n", "battery_temperature_c", 29.4),
        ("  status: 3\n", "battery_status", None),
    ],
)
def test_what_else_vendors_print(lines: str, name: str, value: float | str | None) -> None:
    reading = said(texts.AOSP_BATTERY + lines)[name]
    assert (reading.text if reading.value is None else reading.value) == value


def test_a_phone_that_does_not_charge_under_a_cable_that_it_does_not_see() -> None:
    found = said(texts.AOSP_BATTERY.replace("USB powered: true", "USB powered: false").replace("status: 2", "status: 4"))
    assert (found["battery_plugged"].text, found["battery_status"].text) == ("none", "not charging")


@pytest.mark.parametrize(
    ("text", "word"),
    [("Discharging\n", "discharging"), ("Not charging\n", "not charging"), ("Unknown\n", None), ("Disch", None), ("", None)],
)
def test_a_supplys_status_is_one_of_four_words(text: str, word: str | None) -> None:
    reading = gauge.status(text)
    assert reading.text == word
    assert (reading.reason is None) is (word is not None)
