"""The readers of what Android says of itself over genuine recordings: properties, screens, settings, memory, errors."""

from collections import Counter

import pytest

from farm.devices.readers import adb, battery, cpu, errors, framework, gauge, proc, properties, toybox
from farm.devices.readers.errors import Problem
from tests.devices.readers.samples import SAMPLES, by_name, needs_samples, text

pytestmark = needs_samples


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
