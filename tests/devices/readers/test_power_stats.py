import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.devices.readers import power_stats
from tests.devices.readers import texts


def test_cumulative_energy_of_each_rail() -> None:
    found = power_stats.rails(texts.POWER_STATS)
    assert {reading.name for reading in found} == {"energy_counter_uj"}
    assert {reading.source: reading.value for reading in found} == {
        "[S2M_VDD_CPUCL2]:CPU(BIG)": 61_234_570,
        "[S4M_VDD_CPUCL0]:CPU(LITTLE)": 120_450_120,
        "[S10M_VDD_TPU]:TPU": 9_031_000,
        "[VSYS_PWR_WLAN_BT]:WLAN_BT": 1_500_000_250,
    }


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (texts.POWER_STATS_DELTA, "the dump was asked for with `delta`, which others' dumps disturb"),
        (texts.POWER_STATS.partition("============= PowerStats HAL 2.0 energy meter")[0], "this device prints no energy meter"),
        (texts.POWER_STATS.partition("========== End of PowerStats HAL 2.0 energy meter")[0], "the energy meter's block is not complete"),
        (
            "Can't find service: android.hardware.power.stats.IPowerStats/default\n",
            "no such service: Can't find service: android.hardware.power.stats.IPowerStats/default",
        ),
    ],
)
def test_dumps_without_cumulative_energy(text: str, reason: str) -> None:
    assert [reading.reason for reading in power_stats.rails(text)] == [reason]


def test_a_rail_that_is_named_twice_is_none() -> None:
    text = texts.POWER_STATS.replace("[S4M_VDD_CPUCL0]:CPU(LITTLE)", "[S2M_VDD_CPUCL2]:CPU(BIG)")
    assert [reading.value for reading in power_stats.rails(text)] == [None, None, 9_031_000, 1_500_000_250]


@given(st.integers(1, 2**53))
def test_a_counters_step_is_the_space_between_floats(counter_uj: int) -> None:
    (bits,) = struct.unpack("<I", struct.pack("<f", counter_uj))
    (here,) = struct.unpack("<f", struct.pack("<I", bits))
    (next_one,) = struct.unpack("<f", struct.pack("<I", bits + 1))
    assert power_stats.step_uj(here) == max(10.0, next_one - here)


def test_a_meter_and_its_time() -> None:
    found = {reading.source: reading for reading in power_stats.meter(texts.METER)}
    assert found["S2M_VDD_CPUCL2"].value == 51_234_567_890  # more than 32 bits hold
    assert found["energy_value"].name == "energy_counter_at_ns"
    assert found["energy_value"].value == 120_345_000_000


def test_two_meters_joined_are_not_one() -> None:
    joined = texts.METER + texts.METER.replace("120345", "120999")
    assert [reading.value for reading in power_stats.meter(joined)] == [None]
    mixed = texts.METER.replace("CH1(T=120345)", "CH1(T=120999)")
    assert [reading.reason for reading in power_stats.meter(mixed)] == ["the meter's channels were read at different times"]
