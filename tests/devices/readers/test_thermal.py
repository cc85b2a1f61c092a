import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.devices.readers import thermal
from farm.workloads import THERMAL_STATUSES
from tests.devices.readers import texts


def test_degrees_of_the_hal_and_nothing_else() -> None:
    found = {reading.source: reading.value for reading in thermal.temperatures(texts.THERMAL)}
    assert found == {
        "VIRTUAL-SKIN (skin)": 33.25,
        "VIRTUAL-SKIN-BACK (skin)": 34.5,
        "BIG (cpu)": 41.600002,
        "G3D (gpu)": None,
        "USB-PORT (usb port)": None,
        "battery (battery)": 27.1,
    }


def test_the_skin_is_its_hottest_sensor() -> None:
    reading = thermal.skin(texts.THERMAL)
    assert (reading.name, reading.value, reading.source) == ("skin_temperature_c", 34.5, "VIRTUAL-SKIN-BACK (skin)")


def test_a_skin_sensor_without_a_reading_says_why() -> None:
    text = texts.thermal_dump(cached="", hal="\tTemperature{mValue=NaN, mType=3, mName=skin, mStatus=0}\n")
    assert thermal.skin(text).reason == "the HAL prints NaN, which means no reading"
    none = texts.thermal_dump(cached="", hal="\tTemperature{mValue=40.0, mType=0, mName=CPU, mStatus=0}\n")
    assert thermal.skin(none).reason == "the thermal HAL reports no skin sensor"


@pytest.mark.parametrize("printed", ["-99.9", "-1.0", "0.0", "NaN", "Infinity", "271.0", "33250.0", "1.0E-4"])
def test_what_no_phone_survives_is_no_reading(printed: str) -> None:
    text = texts.thermal_dump(cached="", hal=f"\tTemperature{{mValue={printed}, mType=3, mName=skin, mStatus=0}}\n")
    value = thermal.skin(text).value
    assert value is None or printed == "1.0E-4"


def test_types_that_contradict_names_are_not_believed() -> None:
    text = texts.thermal_dump(cached="", hal="\tTemperature{mValue=30.1, mType=3, mName=BATTERY, mStatus=0}\n")
    assert thermal.skin(text).reason == "the HAL's types contradict its sensors' names"


def test_status() -> None:
    assert thermal.status(texts.THERMAL).value == 1
    assert THERMAL_STATUSES[1] == "light"
    assert thermal.status(texts.THERMAL.replace("Status: 1", "Status: 9")).reason == "thermal status 9 is unknown"
    overridden = texts.THERMAL.replace("IsStatusOverride: false", "IsStatusOverride: true")
    assert thermal.status(overridden).reason == "its thermal status is overridden by `cmd thermalservice override-status`"
    assert "not ready" in str(thermal.status(texts.THERMAL_CACHED_ONLY).reason)


def test_thresholds_that_are_set() -> None:
    found = thermal.thresholds(texts.THERMAL)
    assert [(reading.source, reading.value) for reading in found] == [
        (f"VIRTUAL-SKIN (skin) {status}", value)
        for status, value in zip(THERMAL_STATUSES[1:], (38.5, 42.5, 45.5, 47.5, 51.0, 55.0), strict=True)
    ]


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("41500\n", "cpu-1-0-usr", 41.5),
        ("41\n", "cpu-1-0-usr", None),  # degrees, or a sensor that is off
        ("415\n", "xo-therm", None),
        ("-274000\n", "pa-therm0", None),
        ("3936\n", "vbat", None),
        ("71\n", "soc", None),
        ("12000\n", "ibat", None),
        ("33200\n", "soc_max", 33.2),
        ("cat: temp: Invalid argument\n", "modem", None),
    ],
)
def test_zones(text: str, kind: str, value: float | None) -> None:
    reading = thermal.zone(text, kind)
    assert (reading.value, reading.source) == (value, kind)
    assert (reading.reason is None) is (value is not None)


@given(st.integers(-300_000, 300_000))
def test_a_zone_is_read_in_thousandths_only(number: int) -> None:
    assert thermal.zone(f"{number}\n", "skin").value == (number / 1000 if 10_000 <= number <= 150_000 else None)


def test_a_hot_processor_is_not_hidden_by_its_cooler_past() -> None:
    """A set-top box has been seen at 66.5 C while its cached block still said 37 C."""
    row = "\tTemperature{{mValue={}, mType=0, mName=CPU, mStatus=0}}\n"
    text = texts.thermal_dump(cached=row.format("37.0"), hal=row.format("66.5"))
    assert [reading.value for reading in thermal.temperatures(text)] == [66.5]
