"""The bench's phones, looked at with the real adb command line: what they say of themselves, and what they keep."""

import hashlib
import re
import time
from pathlib import Path

import pytest

from tests.bench.android import Bench, Phone
from tests.bench.android.processes import wait_until
from tests.bench.conftest import out

BOX = "/data/local/tmp"


@pytest.fixture(params=["s25", "pixel9", "oneplus13", "xiaomi12x"])
def phone(request: pytest.FixtureRequest, android_bench: Bench) -> Phone:
    return android_bench.phones[request.param]


def number(pattern: str, text: str) -> float:
    found = re.search(pattern, text, re.MULTILINE)
    assert found, f"{pattern} is not in {text}"
    return float(found[1])


# Who they are.


def test_the_server_sees_all_of_them(android_bench: Bench) -> None:
    shown = android_bench.adb.run("devices", "-l").stdout
    for phone, product in zip(android_bench.phones.values(), ("pa1qxxx", "tokay", "CPH2653", "psyche_eea"), strict=True):
        assert re.search(rf"^{re.escape(phone.serial)}\s+device product:{product} ", shown, re.MULTILINE)
    assert android_bench.adb.run("-s", android_bench.phones["s25"].serial, "features").stdout.split() >= ["shell_v2"]


def test_a_phone_is_what_its_properties_say(phone: Phone) -> None:
    assert out(phone, "getprop ro.product.model") == phone.profile.properties["ro.product.model"]
    assert f"[ro.serialno]: [{phone.serialno}]" in out(phone, "getprop").splitlines()
    assert out(phone, "getprop no.such.property") == ""
    assert out(phone, "uname -m") == {"x86_64": "x86_64", "arm64-v8a": "aarch64"}[phone.abi]
    assert "uid=2000(shell)" in out(phone, "id")
    assert out(phone, "uname -r") == phone.profile.kernel
    assert f"MemTotal:{phone.profile.memory_kb:>15} kB" in out(phone, "cat /proc/meminfo")


def test_a_shell_sets_only_the_properties_that_are_its(s25: Phone) -> None:
    assert out(s25, "setprop debug.farm 'a value' && getprop debug.farm") == "a value"
    denied = s25.shell("setprop ro.product.model Other")
    assert (denied.returncode, denied.stderr.splitlines()[0]) == (1, "Failed to set property 'ro.product.model' to 'Other'.")


def test_exit_codes_and_both_streams_come_back(s25: Phone) -> None:
    result = s25.shell("echo out; echo err >&2; exit 42")
    assert (result.returncode, result.stdout, result.stderr) == (42, "out\n", "err\n")
    assert s25.shell("no-such-program").returncode == 127
    assert s25.shell("kill -9 $$").returncode == 128 + 9


def test_files_go_there_and_back(phone: Phone, android_bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(bytes(range(256)) * 40_000)
    wanted = hashlib.sha256((tmp_path / "file").read_bytes()).hexdigest()
    assert android_bench.adb.run("-s", phone.serial, "push", str(tmp_path / "file"), f"{BOX}/file").returncode == 0
    assert out(phone, f"sha256sum {BOX}/file").split()[0] == wanted
    assert android_bench.adb.run("-s", phone.serial, "pull", f"{BOX}/file", str(tmp_path / "back")).returncode == 0
    assert hashlib.sha256((tmp_path / "back").read_bytes()).hexdigest() == wanted
    out(phone, f"rm {BOX}/file")


# What they say of themselves.


def test_each_vendor_writes_its_battery_in_its_own_way(android_bench: Bench) -> None:
    for phone in android_bench.phones.values():
        phone.state(level=80)  # they charge while other tests use them
    texts = {name: out(phone, "dumpsys battery") for name, phone in android_bench.phones.items()}
    for text in texts.values():
        assert number(r"^  level: (\d+)$", text) == 80
        assert 3500 < number(r"^  voltage: (\d+)$", text) < 4500
        assert 240 < number(r"^  temperature: (\d+)$", text) < 400
    assert number(r"^  current now: (-?\d+)$", texts["s25"]) > 100, "mA, plus into the battery"
    assert number(r"^  Battery current : (-?\d+)$", texts["oneplus13"]) < -100, "mA, minus into the battery"
    assert texts["oneplus13"].startswith("Current OPLUS Battery Service state:")
    assert "current" not in texts["pixel9"].replace("charging current", "").lower().replace("current battery service", "")
    assert "Dock powered" in texts["pixel9"]
    assert "Dock powered" not in texts["xiaomi12x"]


def test_signs_and_units_of_the_current_differ(android_bench: Bench) -> None:
    phones = android_bench.phones
    assert int(out(phones["pixel9"], "cat /sys/class/power_supply/battery/current_now")) > 100_000
    assert int(out(phones["pixel9"], "cmd battery get -f current_now")) > 100_000
    assert -5000 < int(out(phones["oneplus13"], "cmd battery get -f current_now")) < -100
    assert phones["s25"].shell("cmd battery get -f current_now").returncode == 255
    assert int(out(phones["xiaomi12x"], "cat /sys/class/power_supply/battery/current_now")) < -100_000
    assert number(r"^POWER_SUPPLY_CURRENT_NOW=(-?\d+)$", out(phones["xiaomi12x"], "cat /sys/class/power_supply/bms/uevent")) < -100_000
    parcel = out(phones["pixel9"], "service call batteryproperties 1 i32 2")
    words = re.findall(r"(?<= )[0-9a-f]{8}(?= )", parcel)
    assert words[:3] == ["00000000", "00000000", "00000001"]
    assert 100_000 < int(words[4] + words[3], 16) < 3_000_000


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("s25", "/sys/class/power_supply/battery/current_now"),
        ("oneplus13", "/sys/class/power_supply/battery/current_now"),
        ("oneplus13", "/sys/class/thermal/thermal_zone0/temp"),
        ("pixel9", "/sys/bus/iio/devices/iio:device0/energy_value"),
    ],
)
def test_what_is_closed_is_denied_in_the_genuine_words(android_bench: Bench, name: str, path: str) -> None:
    result = android_bench.phones[name].shell(f"cat {path}")
    assert (result.returncode, result.stdout, result.stderr) == (1, "", f"cat: {path}: Permission denied\n")


def test_what_is_not_there_is_not_there(s25: Phone) -> None:
    absent = s25.shell("cat /sys/class/power_supply/bms/current_now")
    assert absent.stderr.endswith(": No such file or directory\n")
    unknown = s25.shell("dumpsys nothing.there")
    assert (unknown.returncode, unknown.stderr) == (0, "Can't find service: nothing.there\n")
    assert s25.shell("dumpsys android.hardware.power.stats.IPowerStats/default").stdout == ""
    unknown = s25.shell("cmd nothing.there x")
    assert (unknown.returncode, unknown.stderr) == (20, "cmd: Can't find service: nothing.there\n")


def test_thermalservice_has_the_vendors_rows(android_bench: Bench) -> None:
    rows = {
        name: out(phone, "dumpsys thermalservice").partition("Current temperatures from HAL:")[2]
        for name, phone in android_bench.phones.items()
    }
    for name, skin in (("s25", "SKIN"), ("pixel9", "VIRTUAL-SKIN"), ("oneplus13", "skin")):
        assert 20 < number(rf"mValue=([\d.]+), mType=3, mName={skin},", rows[name]) < 45
    assert "mType=3" not in rows["xiaomi12x"]
    assert "mValue=11900.0, mType=7" in rows["pixel9"], "milliamperes among the temperatures"


def test_rails_only_grow(pixel9: Phone) -> None:
    line = "dumpsys android.hardware.power.stats.IPowerStats/default"
    before = out(pixel9, line)
    burn(pixel9, 0.5)
    after = out(pixel9, line)
    for rail in ("S2M_VDD_CPUCL2", "VSYS_PWR_DISPLAY"):
        grown = number(rf"\[{rail}\]:\S+\s+([\d.]+) mWs", after) - number(rf"\[{rail}\]:\S+\s+([\d.]+) mWs", before)
        assert 20 < grown < 20_000


# What they keep.


def test_what_is_set_is_read_back(pixel9: Phone) -> None:
    def kept(change: str, look: str, wanted: str) -> None:
        assert pixel9.shell(change).stdout in ("", "Deleted 1 rows\n"), change
        assert out(pixel9, look) == wanted, change

    kept("cmd connectivity airplane-mode enable", "cmd connectivity airplane-mode; settings get global airplane_mode_on", "enabled\n1")
    kept("cmd connectivity airplane-mode disable", "cmd connectivity airplane-mode; settings get global airplane_mode_on", "disabled\n0")
    kept("settings put system screen_brightness 30", "settings get system screen_brightness", "30")
    kept("settings put global farm_x 'a=b, c'", "settings list global | grep farm", "farm_x=a=b, c")
    kept("settings delete global farm_x", "settings get global farm_x", "null")
    kept("svc power stayon true", "settings get global stay_on_while_plugged_in; dumpsys power | grep mStayOn=", "15\n  mStayOn=true")
    kept("svc power stayon false", "dumpsys power | grep mStayOn=", "mStayOn=false")
    kept(
        "input keyevent KEYCODE_SLEEP",
        "dumpsys power | grep mWakefulness=; dumpsys display | grep mScreenState",
        "mWakefulness=Asleep\n  mScreenState=OFF",
    )
    kept("input keyevent 224", "dumpsys power | grep mWakefulness=", "mWakefulness=Awake")
    kept("cmd thermalservice override-status 3", "dumpsys thermalservice | grep Status:", "Thermal Status: 3")
    kept("cmd thermalservice reset", "dumpsys thermalservice | grep Status:", "Thermal Status: 0")
    kept("cmd power set-fixed-performance-mode-enabled true", "cat /sys/devices/system/cpu/cpu7/cpufreq/scaling_governor", "sched_pixel")
    assert float(pixel9.read("fixed_performance")) == 1
    pixel9.shell("cmd power set-fixed-performance-mode-enabled false; settings put system screen_brightness 102")
    assert out(pixel9, "cmd package bg-dexopt-job --disable") == "Background dexopt job disabled"
    pixel9.shell("cmd package bg-dexopt-job --enable")


def test_an_unplug_by_dumpsys_freezes_the_readings_and_not_the_charging(pixel9: Phone) -> None:
    out(pixel9, "dumpsys battery unplug")
    frozen = out(pixel9, "dumpsys battery")
    assert "(UPDATES STOPPED -- use 'reset' to restart)" in frozen
    assert "  USB powered: false" in frozen
    pixel9.state(level=60)
    assert out(pixel9, "dumpsys battery") == frozen
    assert float(pixel9.read("current_ua")) > 0
    out(pixel9, "dumpsys battery reset")
    assert number(r"^  level: (\d+)$", out(pixel9, "dumpsys battery")) == 60


def test_a_xiaomi_lets_the_shell_change_nothing_until_it_is_allowed(android_bench: Bench) -> None:
    phone = android_bench.phones["xiaomi12x"]
    denied = phone.shell("settings put global farm_x 1")
    assert denied.returncode == 255
    assert (
        "java.lang.SecurityException: Permission denial: writing to settings requires:android.permission.WRITE_SECURE_SETTINGS"
        in denied.stderr
    )
    assert "INJECT_EVENTS" in phone.shell("input keyevent 224").stderr
    phone.state(security_settings=1)
    assert out(phone, "settings put global farm_x 1; settings get global farm_x") == "1"
    phone.state(security_settings=0)


# What their physics do.


def burn(phone: Phone, seconds: float) -> None:
    """Keep one core of the phone busy."""
    phone.shell(f"timeout {seconds} sh -c 'while :; do :; done'")


def test_work_warms_the_skin_and_drains_the_battery(pixel9: Phone) -> None:
    pixel9.state(plugged=False, thermal_speed=60, skin_c=26)
    time.sleep(0.3)
    resting = {name: float(pixel9.read(name)) for name in ("skin_c", "drain_ua", "charge_uah")}
    assert resting["drain_ua"] > 0
    worker = out(pixel9, "sh -c 'while :; do :; done' >/dev/null 2>&1 & echo $!")
    try:
        wait_until(lambda: float(pixel9.read("drain_ua")) > 1.4 * resting["drain_ua"], "the work to drain the battery")
        clock = "cat /sys/devices/system/cpu/cpu7/cpufreq/scaling_cur_freq"
        wait_until(lambda: int(out(pixel9, clock)) > 1_000_000, "the work to raise the clock")
        wait_until(lambda: float(pixel9.read("skin_c")) > resting["skin_c"] + 1, "the work to warm the skin")
    finally:
        pixel9.shell(f"kill {worker}")
    assert float(pixel9.read("charge_uah")) < resting["charge_uah"]
    wait_until(lambda: float(pixel9.read("load_cores")) < 0.3, "the phone to rest")


def test_a_hot_skin_throttles(s25: Phone) -> None:
    s25.state(hold_skin_c=46)
    wait_until(lambda: "Thermal Status: 3" in out(s25, "dumpsys thermalservice"), "the phone to throttle")
    text = out(s25, "dumpsys thermalservice")
    assert "mValue=46.000, mType=3, mName=SKIN, mStatus=3" in text
    cap = "cat /sys/devices/system/cpu/cpufreq/policy6/scaling_max_freq"
    wait_until(lambda: int(out(s25, cap)) < 0.7 * 4_473_600, "the cap to fall")
    assert out(s25, "cat /sys/class/thermal/thermal_zone4/temp") == "46000"


def test_a_file_kept_open_shows_new_values(s25: Phone) -> None:
    """As the harness's sampler reads: one descriptor, from its start again and again."""
    with (s25.root / "sys/class/thermal/thermal_zone4/temp").open("rb", buffering=0) as file:

        def read() -> bytes:
            file.seek(0)
            return file.read(64)

        for skin_c in (30, 35):
            s25.state(hold_skin_c=skin_c)
            wait_until(lambda: read() == f"{skin_c}000\n".encode(), f"the open file to show {skin_c} C")  # noqa: B023 - waited for here
