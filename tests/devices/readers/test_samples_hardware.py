"""The readers of batteries, heat, energy and cores over genuine recordings of Android phones."""

from collections import Counter

import pytest

from farm.devices.readers import battery, cpu, gauge, power_stats, proc, thermal
from tests.devices.readers.samples import SAMPLES, by_name, by_source, needs_samples, text

pytestmark = needs_samples


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("aosp-usbfull-android9", (100, "full", "usb", 27.4, 4352, 3270000, None)),
        ("google-pixel4-android10", (75, "charging", "usb", 31.3, 4120, 2282000, None)),
        ("honor-emui-charging-android8", (68, "charging", "usb", 27.0, 3890, None, None)),
        ("honor-emui-full-android8", (100, "full", "usb", 24.0, 4371, None, None)),
        ("samsung-galaxyj6-j6lte-android10", (84, "charging", "usb", 33.6, 4110, 2532000, 347_000)),
        ("samsung-s23-SM-S9110-android16", (44, "charging", "usb", 42.2, 3908, 1633905, 559_000)),
        ("unknown-odd-counter-androidNA", (15, "charging", "ac", 34.0, 4359, None, None)),
        ("unknown-rackphone-android16", (100, "discharging", "none", 27.0, 4318, 3140000, None)),
        ("unknown-skialab-tabindent-androidNA", (94, "charging", "ac", 28.1, 4248, 2448973, None)),
        ("waydroid-container-android13", (85, "charging", "ac+usb", 35.0, 3600, 1900000, None)),
        ("xiaomi-hyperos-android15", (65, "charging", "usb", 37.7, 4077, 2520000, None)),
        ("xiaomi-pad6-pipa-android14", (22, "charging", "ac", 33.7, 3826, 2010829, None)),
    ],
)
def test_batteries(name: str, expected: tuple[float | str | None, ...]) -> None:
    found = by_name(battery.read(text(f"battery/battery.{name}.txt")))
    level, status, plugged, temperature_c, millivolts, charge_uah, current_ua = expected
    assert found["battery_level_percent"] == level
    assert found["battery_status"] == status
    assert found["battery_plugged"] == plugged
    assert found["battery_temperature_c"] == temperature_c
    assert found["battery_voltage_uv"] == float(millivolts or 0) * 1000
    assert found["battery_charge_uah"] == charge_uah
    assert found["battery_current_ua"] == current_ua
    assert found["battery_health"] == "good"


def test_a_battery_that_has_aged() -> None:
    found = by_name(battery.read(text("battery/battery.unknown-rackphone-android16.txt")))
    assert (found["battery_full_charge_uah"], found["battery_design_charge_uah"]) == (3140000, 4250000)


def test_every_battery_is_read() -> None:
    for path in (SAMPLES / "battery").iterdir():
        assert {reading.name for reading in battery.read(path.read_text()) if reading.reason is None} >= {"battery_level_percent"}


def test_the_gauge_of_a_mi_6() -> None:
    found = by_name(gauge.uevent(text("sysfs/power_supply_bms_uevent.xiaomi-mi6-sagit-androidNA.txt")))
    assert found == {
        "battery_level_percent": 70,
        "battery_voltage_uv": 4137440,
        "battery_open_circuit_voltage_uv": 4010748,
        "battery_temperature_c": 36.0,
        "battery_charge_uah": 1673935,
        "battery_full_charge_uah": 2187885,
        "battery_design_charge_uah": 3350000,
        "battery_cycle_count": 151,
        "battery_current_printed": -1202147,
    }


def test_heat_of_a_qualcomm_pixel() -> None:
    dump = text("thermalservice/thermalservice.google-pixel-sdm-android11.txt")
    found = by_source(thermal.temperatures(dump))
    assert thermal.status(dump).value == 0
    assert thermal.skin(dump).value == 30.147001
    assert thermal.skin(dump).source == "mb-therm-monitor (skin)"
    assert found["battery (battery)"] == 28.000002
    assert max(value for source, value in found.items() if value is not None and source.endswith("(cpu)")) == 44.1
    assert len(found) == 13


def test_heat_of_a_tensor_pixel() -> None:
    dump = text("thermalservice/thermalservice.google-pixel6-class-gs101-android12.txt", end="\n")
    assert thermal.status(dump).value == 0
    assert thermal.skin(dump).value == 24.83324
    assert by_source(thermal.temperatures(dump)) == {
        "TPU (npu)": 25.000002,
        "G3D (gpu)": 26.000002,
        "BIG (cpu)": 26.000002,
        "LITTLE (cpu)": 27.000002,
        "VIRTUAL-USB-THROTTLING (usb port)": None,
        "cellular-emergency (power amplifier)": 24.83324,
        "MID (cpu)": 27.000002,
        "VIRTUAL-SKIN (skin)": 24.83324,
        "VIRTUAL-USB-UI (usb port)": None,
        "battery (battery)": 22.1,
    }


def test_heat_of_an_s22() -> None:
    dump = (SAMPLES.parent / "executorch" / "device_telemetry_s22.txt").read_text()
    assert thermal.status(dump).value == 0
    assert (thermal.skin(dump).value, thermal.skin(dump).source) == (35.8, "SKIN (skin)")
    assert by_source(thermal.temperatures(dump))["SUBBAT (battery)"] is None
    assert thermal.thresholds(dump) == ()


@pytest.mark.parametrize("name", ["qcom-halnotready-android14", "waydroid-halnotready-android13"])
def test_a_hal_that_is_not_ready_is_unknown_and_not_cool(name: str) -> None:
    dump = text(f"thermalservice/thermalservice.{name}.txt")
    for reading in (thermal.status(dump), thermal.skin(dump), *thermal.temperatures(dump)):
        assert (reading.value, reading.reason) == (None, "the thermal HAL is not ready: status and temperatures are unknown")


def test_the_energy_meters_of_a_pixel_6() -> None:
    joined = text("powerstats/odpm_energy_value.google-pixel6-android12.txt")
    assert [reading.reason for reading in power_stats.meter(joined)] == ["this is no single meter's complete reading"]
    second = joined.index("t=359458")
    first_meter, second_meter = by_source(power_stats.meter(joined[:second])), by_source(power_stats.meter(joined[second:]))
    assert first_meter["S2M_VDD_CPUCL2"] == 30203502
    assert first_meter["energy_value"] == 349_894_000_000
    assert second_meter["VSYS_PWR_DISPLAY"] == 81221665
    assert len(first_meter) == len(second_meter) == 9


def test_the_clusters_of_an_sm8650() -> None:
    lines = text("sysfs/cpufreq_time_in_state.xiaomi-sm8650-android16.txt").splitlines(keepends=True)
    starts = [index for index, line in enumerate(lines) if line.startswith("cpu")]
    clusters = {
        lines[start].strip(): cpu.time_in_state("".join(lines[start + 1 : end]))
        for start, end in zip(starts, [*starts[1:], len(lines)], strict=True)
    }
    assert {name: times[-1].frequency_hz for name, times in clusters.items()} == {
        "cpu0": 2_265_600_000,
        "cpu2": 3_148_800_000,
        "cpu5": 2_956_800_000,
        "cpu7": 3_302_400_000,
    }
    assert clusters["cpu0"][2] == cpu.TimeAt(556_800_000, 1_658_810_000_000)
    assert cpu.time_in_state("".join(lines)) == ()


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("galaxy-s9-global-androidNA", {"0x53/0x002": 4, "0x41/0xd05": 4}),
        ("google-pixel8pro-husky-android16", {"0x41/0xd46": 4, "0x41/0xd4d": 4, "0x41/0xd4e": 1}),
        ("oppo-r15-androidNA", {"0x41/0xd03": 4, "0x41/0xd09": 4}),
        ("pixel-2-xl-androidNA", {"0x51/0x800": 4, "0x51/0x801": 4}),
    ],
)
def test_cores(name: str, parts: dict[str, int]) -> None:
    found = cpu.cores(text(f"sysfs/proc_cpuinfo.{name}.txt"))
    assert Counter(f"{core.implementer}/{core.part}" for core in found) == parts
    assert [core.number for core in found] == list(range(len(found)))


def test_memory_and_load_of_phones() -> None:
    pixel = text("sysfs/proc_meminfo.google-pixel8pro-husky-android16.txt")
    assert proc.memory_bytes(pixel, "MemTotal") == 11850652 * 1024
    assert proc.memory_bytes(pixel, "MemAvailable") == 4398048 * 1024
    samsung = text("sysfs/proc_loadavg_meminfo.samsung-galaxy-android14.txt")
    assert proc.memory_bytes(samsung, "MemAvailable") == 2841964 * 1024
    assert proc.load_1m(samsung.splitlines()[-1]) == 4.49


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("proc_cpuinfo.oppo-r15-androidNA.txt", "MT6771V/C"),
        ("proc_cpuinfo.pixel-2-xl-androidNA.txt", "Qualcomm Technologies, Inc MSM8998"),
        ("proc_cpuinfo.google-pixel8pro-husky-android16.txt", None),  # newer kernels name no hardware
    ],
)
def test_the_processor_of_phones(name: str, model: str | None) -> None:
    assert proc.cpu_model(text(f"sysfs/{name}")) == model


def test_an_error_text_is_never_a_reading() -> None:
    content = text("sysfs/permission_denied.samsung-s23-android16.txt")
    assert proc.cpu_times(content) is None
    assert proc.load_1m(content) is None
    assert proc.memory_bytes(content, "MemTotal") is None
