"""What is held steady on a phone while it is measured, and put back afterwards."""

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from farm.devices.android import steady
from farm.devices.android.device import AndroidTransport
from farm.devices.android.link import is_over_radio
from farm.devices.transport import Holder
from farm.workloads import Device, DeviceKind
from tests.bench.android import Bench, Phone
from tests.conftest import CALM
from tests.devices.android import away, held, settings_of

ON, OFF = "1.000000", "0.000000"


def test_settings_are_held_steady_and_put_back_by_whoever_comes_next(
    android_bench: Bench, phone: Phone, device: Device, transport: AndroidTransport
) -> None:
    phone.shell("settings put system screen_brightness 111; settings delete global stay_on_while_plugged_in")
    before = settings_of(phone)
    transport.prepare(CALM)
    steady = {"stay_awake": "7", "screen_timeout": "2147483647", "brightness_mode": "0", "brightness": "20", "battery_saver": "0"}
    assert settings_of(phone) == steady
    assert steady.items() <= held(transport).items()
    phone.reboot(away_s=0.2)  # the controller is killed, the phone restarts: the note is still there
    other = AndroidTransport(device)
    other.preflight()
    other.restore()
    assert settings_of(phone) == before
    assert (before["stay_awake"], before["brightness"]) == ("null", "111")
    assert "put-back" not in phone.shell("ls /data/local/tmp/farm").stdout


@pytest.fixture
def pixel9(android_bench: Bench) -> Iterator[AndroidTransport]:
    """A phone whose framework offers all that is held."""
    phone = android_bench.phones["pixel9"]
    transport = AndroidTransport(Device("pixel9", DeviceKind.ANDROID, adb=android_bench.adb.address, serial=phone.serial))
    transport.preflight()
    yield transport
    transport.restore()


def switched(phone: Phone) -> dict[str, str]:
    """How a phone truly is."""
    words = {"airplane": phone.read("airplane"), "screen": phone.read("display_state")}
    return words | {name: phone.read(name) for name in ("fixed_performance", "dexopt_disabled")}


def test_radios_clocks_compilation_and_screen_are_held_and_put_back(android_bench: Bench, pixel9: AndroidTransport) -> None:
    phone = android_bench.phones["pixel9"]
    phone.shell("input keyevent KEYCODE_SLEEP; cmd package bg-dexopt-job --enable")
    before = switched(phone)
    assert before == {"airplane": "disabled", "screen": "OFF", "fixed_performance": OFF, "dexopt_disabled": OFF}
    pixel9.prepare(CALM)
    assert switched(phone) == {"airplane": "enabled", "screen": "ON", "fixed_performance": ON, "dexopt_disabled": ON}
    wanted = {"airplane_mode": "on", "fixed_performance": "on", "background_dexopt": "off", "screen": "awake"}
    assert wanted.items() <= held(pixel9).items()
    pixel9.prepare(CALM)  # a controller that did not put it back is followed by one that holds it too
    pixel9.restore()
    assert switched(phone) == before
    phone.shell("input keyevent KEYCODE_WAKEUP")


def test_what_the_conditions_leave_alone_is_left_alone(android_bench: Bench, pixel9: AndroidTransport) -> None:
    pixel9.prepare(replace(CALM, airplane_mode=False, fixed_performance=False))
    assert switched(android_bench.phones["pixel9"]).items() >= {"airplane": "disabled", "fixed_performance": OFF}.items()
    assert not {"airplane_mode", "fixed_performance"} & held(pixel9).keys()


def test_what_was_on_already_stays_on(android_bench: Bench, pixel9: AndroidTransport) -> None:
    phone = android_bench.phones["pixel9"]
    phone.shell("cmd connectivity airplane-mode enable")
    pixel9.prepare(CALM)
    pixel9.restore()
    assert switched(phone)["airplane"] == "enabled"
    phone.shell("cmd connectivity airplane-mode disable")


def test_a_phone_without_a_mode_says_so_and_has_nothing_left_to_put_back(phone: Phone, transport: AndroidTransport) -> None:
    transport.prepare(CALM)
    assert "Failed to set FIXED_PERFORMANCE mode" in str(held(transport)["fixed_performance"])
    assert "fixed_performance" not in phone.shell("cat /data/local/tmp/farm/put-back.json").stdout
    transport.restore()
    assert "put-back" not in phone.shell("ls /data/local/tmp/farm").stdout


@pytest.mark.parametrize("noted", ['{"fixed_performance": "off"}', '{"screen": "on"}', '{"fixed_performance": "off", "brightness": "77"}'])
def test_a_note_of_what_a_phone_does_not_take_does_not_stay_for_ever(phone: Phone, device: Device, noted: str) -> None:
    phone.shell(f"mkdir -p /data/local/tmp/farm; echo '{noted}' >/data/local/tmp/farm/put-back.json")  # as a killed controller left it
    transport = AndroidTransport(device)
    transport.preflight()
    transport.restore()
    assert "put-back" not in phone.shell("ls /data/local/tmp/farm").stdout
    phone.shell("settings put system screen_brightness 155")  # by its owner, later
    transport.prepare(CALM)
    transport.restore()
    assert phone.shell("settings get system screen_brightness").stdout.strip() == "155"


def test_a_full_disk_does_not_keep_what_was_held_from_being_put_back(phone: Phone, transport: AndroidTransport) -> None:
    before = settings_of(phone)
    transport.claim(Holder("here", "a test"))
    transport.prepare(CALM)
    phone.fill_disk(leave_bytes=0)
    transport.lease.renewed_s = -1e9
    transport.restore()
    transport.release()
    assert settings_of(phone) == before


@pytest.mark.parametrize(
    ("serial", "over_radio"),
    [
        ("R5CX12", False),
        ("127.0.0.1:5555", False),
        ("localhost:40001", False),
        ("192.168.1.20:5555", True),
        ("[fe80::1]:5555", True),
        ("adb-R5CX12-x1._adb-tls-connect._tcp", True),
        ("odd:serial", False),
    ],
)
def test_a_phone_that_is_reached_over_its_radio_keeps_it(serial: str, over_radio: bool) -> None:
    assert is_over_radio(serial) is over_radio
    names = {thing.name for thing in steady.wanted(CALM, link_needs_radio=over_radio)}
    assert ("airplane_mode" in names) is not over_radio


def test_a_link_that_drops_while_settings_are_put_back_costs_nothing(phone: Phone, transport: AndroidTransport) -> None:
    before = settings_of(phone)
    transport.prepare(CALM)
    dropped = threading.Thread(target=away(phone, 2, phone.drop))
    dropped.start()
    transport.restore()
    dropped.join()
    assert settings_of(phone) == before


def test_a_phone_that_lets_nobody_set_anything_says_so_and_is_measured_all_the_same(android_bench: Bench) -> None:
    phone = android_bench.phones["xiaomi12x"]
    transport = AndroidTransport(Device("mi", DeviceKind.ANDROID, adb=android_bench.adb.address, serial=phone.serial))
    transport.preflight()
    before = settings_of(phone)
    transport.prepare(CALM)
    said = held(transport)
    assert all("WRITE_SECURE_SETTINGS" in str(said[name]) for name in ("stay_awake", "brightness_mode", "brightness")), said
    assert "NETWORK_AIRPLANE_MODE" in str(said["airplane_mode"])
    assert "no command to stop it" in str(said["background_dexopt"])  # an older one would compile at once
    assert said["screen"] == "awake"
    transport.restore()
    assert settings_of(phone) == before
    assert "put-back" not in phone.shell("ls /data/local/tmp/farm").stdout
