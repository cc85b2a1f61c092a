"""The readers of Android's texts over genuine recordings, where the folder of samples stands beside the repository."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from farm.devices.readers import adb, battery, cpu, errors, framework, gauge, logs, power_stats, proc, properties, thermal, toybox
from farm.devices.readers.errors import Problem
from farm.devices.readers.reading import Reading
from tests.conftest import ROOT

SAMPLES = ROOT.parent / "shared" / "samples" / "android"

pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples are not here")


def text(name: str, end: str = "") -> str:
    """Return a recording; end puts back the line end that a recording lost."""
    return Path(SAMPLES / name).read_text() + end


def by_name(readings: Iterable[Reading]) -> dict[str, float | str | None]:
    return {reading.name: reading.text if reading.value is None else reading.value for reading in readings}


def by_source(readings: Iterable[Reading]) -> dict[str, float | None]:
    return {reading.source: reading.value for reading in readings}


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


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        (
            "google-pixel8pro-husky-android16",
            {"model": "Pixel 8 Pro", "os_release": "16", "soc": "Google Tensor G3", "patch_level": "2026-03-05"},
        ),
        ("oneplus-nordn10-billie-android11", {"model": "BE2028", "os_release": "11", "soc": "lito", "abi": "arm64-v8a"}),
        ("xiaomi-12x-psyche-android12", {"model": "2112123AG", "os_release": "12", "soc": "QTI SM8250", "trade_name": "Xiaomi 12X"}),
        (
            "xiaomi-pad6-pipa-android14",
            {
                "model": "23043RP34G",
                "os_release": "14",
                "soc": "QTI SM8250",
                "trade_name": "Xiaomi Pad 6",
                "os_build": "Xiaomi/pipa_eea/pipa:14/UKQ1.240624.001/OS2.0.12.0.UMZEUXM:user/release-keys",
            },
        ),
        (
            "google-emulator-x86_64-android6",
            {"model": "Android SDK built for x86_64", "os_release": "6.0", "manufacturer": None, "soc": None},
        ),
    ],
)
def test_who_phones_are(name: str, facts: dict[str, str | None]) -> None:
    values = properties.properties(text(f"getprop/getprop.{name}.txt", end="\n"))
    found = by_name(properties.identity(values))
    assert {key: found[key] for key in facts} == facts
    assert properties.is_emulator(values) is ("emulator" in name)
    assert properties.has_booted(values) is ("emulator" not in name)


@pytest.mark.parametrize("name", ["oneplus-nordn10-billie-android11", "xiaomi-12x-psyche-android12", "xiaomi-pad6-pipa-android14"])
def test_a_property_over_several_lines(name: str) -> None:
    recorded = text(f"getprop/getprop.{name}.txt", end="\n")
    values = properties.properties(recorded)
    assert len(values["persist.sys.boot.reason.history"].splitlines()) >= 2
    assert len(values) == sum(line.startswith("[") for line in recorded.splitlines())


def test_what_a_collecting_script_of_an_s23_wrote() -> None:
    recorded = text("getprop/props_and_devinfo.samsung-s23-SM-S9110-android16.txt")
    assert properties.properties(recorded) == {}  # key=value is another form
    props = dict(line.split("=", 1) for line in recorded.partition("#cpu")[0].splitlines()[1:])
    found = by_name(properties.identity(properties.properties("".join(f"[{key}]: [{value}]\n" for key, value in sorted(props.items())))))
    assert (found["model"], found["os_release"], found["os_sdk"], found["trade_name"]) == ("SM-S9110", "16", "36", None)
    assert found["patch_level"] == "2026-07-05"
    maxima = [line.split()[1] for line in recorded.splitlines() if line.startswith("cpu") and line[3].isdigit()]
    assert Counter(cpu.frequency(f"{khz}\n", "cpu").value for khz in maxima) == {2_016_000_000: 3, 2_803_200_000: 4, 3_360_000_000: 1}
    assert proc.memory_bytes(recorded, "MemTotal") == 7242448 * 1024
    assert [disk.free_bytes for disk in toybox.disks(recorded)] == [76099004 * 1024]
    assert framework.refresh_rate(recorded).value == 60.000004
    assert errors.find(recorded) == (Problem.DENIED, "cat: /sys/class/power_supply/battery/charge_full_design: Permission denied")
    assert cpu.frequency("2016000\n", "policy0", "max_frequency_hz").value == 2_016_000_000
    assert cpu.cores(recorded) == ()


def test_screens_power_and_doze() -> None:
    pad, board = "xiaomi-pad6-pipa-android14", "mtk-tb8168-off-android13"
    assert framework.screen(text(f"framework/dumpsys_display.{pad}.txt")).text == "on"
    assert framework.refresh_rate(text(f"framework/dumpsys_display.{pad}.txt")).value == 90
    assert framework.screen(text(f"framework/dumpsys_display.{board}.txt")).text == "off"
    assert [panel.text for panel in framework.panels(text(f"framework/dumpsys_SurfaceFlinger_displays.{board}.txt"))] == ["off"]
    power = text(f"framework/dumpsys_power.{pad}.txt")
    assert framework.wakefulness(power).text == "awake"
    assert framework.stays_on(power).text == "off"
    assert framework.doze(text(f"framework/dumpsys_deviceidle.{pad}.txt")).text == "deep ACTIVE, light ACTIVE"


def test_settings_and_radio() -> None:
    listed = framework.settings(text("framework/settings_list_global.xiaomi-pad6-pipa-android14.txt"))
    assert listed["airplane_mode_on"] == listed["stay_on_while_plugged_in"] == "0"
    assert listed["zen_duration"] is None
    assert listed["battery_stats_constants"] == "track_cpu_times_by_proc_state=false,track_cpu_active_cluster_time=false"
    assert "0#pc_service_cloud" in listed
    system = framework.settings(text("framework/settings_list_system.xiaomi-pad6-pipa-android14.txt"))
    assert (system["screen_off_timeout"], system["font_scale"]) == ("2147483647", "0.98999995")
    assert framework.setting(text("framework/settings_get.samsung-galaxyj6-android10.txt"), "screen_brightness").text == "100"
    assert framework.airplane_mode(text("framework/cmd_connectivity_airplane.emulator-pixel8-android15.txt")).text == "off"


def test_memory_of_an_app_whose_pss_exceeds_its_rss() -> None:
    found = by_name(framework.app_memory(text("framework/dumpsys_meminfo_package.samsung-s23-android16.txt")))
    assert found == {"pss_bytes": 3229008 * 1024, "rss_bytes": 1683588 * 1024, "swap_pss_bytes": 1601537 * 1024}


def test_uptime_of_a_board() -> None:
    lines = text("framework/uptime_clock.mtk-tb8168-android13.txt").splitlines(keepends=True)
    answers = [toybox.uptime(line) for line in lines if " up " in line]
    assert [(up.value, load.value) for up, load in answers] == [(4200, 6.01), (4260, 6.80)]
    assert all(toybox.uptime(line)[0].value is None for line in lines if " up " not in line)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("framework/am_start_error3.atak-android.txt", Problem.FAILED),
        ("framework/cant_find_service.emulator-android16.txt", Problem.NO_SERVICE),
        ("framework/cant_find_service_variants.qcom-android13.txt", Problem.NO_SERVICE),
        ("framework/settings_delete_securityexception.unknown-android10.txt", Problem.DENIED),
        ("framework/shell_errors.samsung-galaxyj6-android10.txt", Problem.DENIED),
        ("sysfs/permission_denied.samsung-s23-android16.txt", Problem.DENIED),
        ("adb/adb_push_no_space.emulator-android5.txt", Problem.NO_SPACE),
    ],
)
def test_error_texts_are_recognised(name: str, problem: Problem) -> None:
    content = text(name)
    found = errors.find(content)
    assert found is not None
    assert found[0] is problem
    assert all(reading.value is None and reading.text is None for reading in battery.read(content))
    assert framework.setting(content, "screen_brightness").text is None
    assert gauge.file_current(content).reason is not None
    assert adb.pushed(content).bytes_sent is None


def test_every_line_of_the_shells_errors_is_one() -> None:
    lines = text("framework/shell_errors.samsung-galaxyj6-android10.txt").splitlines()
    assert [found[0] for line in lines if (found := errors.find(line))] == [Problem.DENIED, Problem.DENIED, Problem.NO_COMMAND]


def test_no_other_recording_states_an_error() -> None:
    for folder in ("battery", "thermalservice", "powerstats", "kills"):
        for path in (SAMPLES / folder).iterdir():
            assert errors.find(path.read_text()) is None, path.name


@pytest.mark.parametrize(
    ("name", "states"),
    [
        ("adb_devices_l.emulator-and-nexus7", ["device", "device"]),
        ("adb_devices_mdns.xiaomi-android", ["device"]),
        ("adb_devices_serial_only.samsung-galaxyj6", ["device"]),
        ("adb_devices_usb_and_mdns.mixed", ["device", "device"]),
    ],
)
def test_attached_devices(name: str, states: list[str]) -> None:
    assert [device.state for device in adb.attached(text(f"adb/{name}.txt", end="\n"))] == states


def test_facts_of_attached_devices() -> None:
    emulator, nexus = adb.attached(text("adb/adb_devices_l.emulator-and-nexus7.txt", end="\n"))
    assert emulator.serial == "emulator-5556"
    assert nexus.facts == {"usb": "1-1", "product": "razor", "model": "Nexus_7", "device": "flo"}
    (phone,) = adb.attached(text("adb/adb_devices_mdns.xiaomi-android.txt", end="\n"))
    assert phone.serial == "adb-XXXXXXXX-XXXXXX._adb-tls-connect._tcp"


@pytest.mark.parametrize("name", ["adb_devices_no_permissions.unknown", "adb_devices_no_permissions_spaces.unknown"])
def test_a_device_without_permissions_is_there_but_not_ready(name: str) -> None:
    (device,) = adb.attached(text(f"adb/{name}.txt", end="\n"))
    assert not device.is_ready
    assert device.state.startswith("no permissions (user in plugdev group")


def test_pushes_and_disks() -> None:
    assert adb.pushed(text("adb/adb_push_ok.samsung-galaxyj6.txt")).bytes_sent == 486979
    (disk,) = toybox.disks(text("adb/df_data.samsung-s23-android16.txt"))
    assert disk == toybox.Disk(234987468 * 1024, 158757392 * 1024, 76099004 * 1024, "/data/user/0")


def test_kills() -> None:
    lmkd = text("kills/logcat_lmkd_kills.emulator-pixel8-android15.txt")
    found = logs.kills(lmkd)
    assert len(found) == 4
    assert all(kill.for_memory for kill in found)
    assert found[-1] == logs.Kill(
        "lmkd", "dev.mobile.maestro", 5126, "min watermark is breached even after kill", adj=0, rss_bytes=179924 * 1024
    )
    assert logs.deaths(lmkd) == {5126: "dev.mobile.maestro"}
    trims = logs.kills(text("kills/logcat_activitymanager_killing.qcom-msm8953-android6.txt"))
    assert len(trims) == 10
    assert not any(kill.for_memory for kill in trims)
    assert trims[-1].reason.startswith("depends on provider com.android.providers.contacts")
    assert logs.kills(text("kills/logcat_thermalengine.motorola-xt1072-android5.txt")) == ()


def test_crashes() -> None:
    adbd = logs.tombstone(text("kills/tombstone_head.samsung-a10-android10.txt"))
    assert adbd is not None
    assert (adbd.process, adbd.pid, adbd.signal, adbd.cause) == ("/system/bin/adbd", 9850, "SIGABRT", "SI_QUEUE")
    assert adbd.abort_message == "Check failed: payload.size() <= bytes_left (payload.size()=99, bytes_left=51)"
    assert adbd.at == "2021-09-29 17:43:49+0200"
    vendor = logs.tombstone(text("kills/tombstone_head2.samsung-a10-android11.txt"))
    assert vendor is not None
    assert (vendor.pid, vendor.signal, vendor.cause, vendor.abort_message) == (3559, "SIGSEGV", "SEGV_MAPERR", None)
    assert vendor.fault_address == "0xe8b4d14c"
