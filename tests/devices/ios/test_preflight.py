"""What stands in the way of measuring on an iPhone is one sentence with the remedy."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from farm.devices.ios.device import IosTransport
from farm.errors import DeviceLost, DeviceNotReady
from farm.workloads import Device, DeviceKind, HarnessBuild
from tests.bench.ios import Bench, Iphone
from tests.devices.ios import BOTH, Connected, developer_image


def unready(transport: IosTransport) -> DeviceNotReady:
    with pytest.raises(DeviceNotReady) as caught:
        transport.preflight()
    return caught.value


@BOTH
@pytest.mark.parametrize(
    ("state", "error_class", "message", "remedy"),
    [
        ({"lock": "locked"}, "locked", "{} is locked with its passcode", "unlock it"),
        ({"developer_mode": False}, "developer_mode_off", "{} has developer mode off", "Settings > Privacy & Security > Developer Mode"),
        ({"image": None}, "no_image", "{} has no developer image mounted", "images = FOLDER"),
        ({"battery__level_percent": 9}, "low_battery", "{}'s battery is at 9 %, the least is 20%", "let it charge"),
        ({"low_power_mode": True}, "low_power_mode", "{} is in low-power mode", "Settings > Battery"),
    ],
)
def test_what_stands_in_the_way_is_one_sentence_with_the_remedy(
    phone: Iphone, device: Device, connected: Connected, state: dict[str, object], error_class: str, message: str, remedy: str
) -> None:
    phone.state(**state)
    error = unready(connected(device))
    assert (error.error_class, error.message) == (error_class, message.format(phone.name))
    assert error.hint is not None
    assert remedy in error.hint


def test_an_app_that_does_not_come_to_the_front_is_no_phone_whose_state_is_unknown(
    phone: Iphone, device: Device, connected: Connected, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("farm.devices.ios.ready._PROBE_S", 1.0)
    phone.state(app_fault="silent")
    error = unready(connected(device))
    assert (error.error_class, error.message) == ("not_started", f"{phone.name}'s harness app was started and said nothing in 1 s")
    assert error.hint is not None
    assert "wake its screen" in error.hint


@pytest.mark.parametrize(
    ("trust", "error_class", "said"),
    [("ask", "trust_pending", "asks whether to trust this computer"), ("no", "trust_denied", "was told not to trust this computer")],
)
def test_a_phone_that_is_not_paired_says_what_to_do(
    phone: Iphone, device: Device, connected: Connected, trust: str, error_class: str, said: str
) -> None:
    phone.revoke_trust()
    phone.forget()
    phone.state(trust=trust)
    error = unready(connected(device))
    assert error.error_class == error_class, error.message
    assert said in error.message
    phone.state(trust="yes")
    connected(device).preflight()


def test_a_usbmuxd_that_is_not_there_and_a_phone_that_is_not_plugged_in(phone: Iphone, device: Device, connected: Connected) -> None:
    assert unready(connected(replace(device, usbmux="127.0.0.1:1"))).error_class == "no_usbmuxd"
    phone.unplug()
    with pytest.raises(DeviceLost) as caught:
        connected(device).preflight()
    assert caught.value.message == f"{phone.name} is gone: no iPhone with the udid {phone.udid} is plugged in"
    assert caught.value.hint is not None
    assert "plug it in" in caught.value.hint


@BOTH
def test_the_developer_image_is_mounted_from_a_folder(phone: Iphone, device: Device, connected: Connected, tmp_path: Path) -> None:
    phone.state(image=None)
    folder = replace(device, images=tmp_path)
    assert unready(connected(folder)).error_class == "no_image"
    if phone.name == "iphonex":
        (tmp_path / "16.7").mkdir()
        (tmp_path / "16.7/DeveloperDiskImage.dmg").write_bytes(b"an image")
        (tmp_path / "16.7/DeveloperDiskImage.dmg.signature").write_bytes(b"its signature")
    else:
        developer_image(tmp_path)
        phone.state(manifest=None)
        assert unready(connected(folder)).error_class == "image_not_personalised"
        phone.state(manifest="a ticket")
    connected(folder).preflight()
    connected(device).preflight()


@BOTH
@pytest.mark.parametrize(
    ("installed", "error_class", "said"),
    [
        (None, "no_app", "does not have the harness app org.phonefarm.harness"),
        ({"protocol": 0}, "app_protocol", "speaks protocol 0, this farm speaks 1"),
        ({"days": -1}, "app_expired", "its provisioning profile has ended"),
    ],
)
def test_an_app_that_is_not_fit_is_replaced_when_a_package_is_given(
    phone: Iphone, device: Device, connected: Connected, tmp_path: Path, installed: dict[str, Any] | None, error_class: str, said: str
) -> None:
    phone.package(tmp_path / "harness.ipa")
    if installed is None:
        phone.remove_app()
    else:
        phone.install_app(**installed)
    error = unready(connected(device))
    assert error.error_class == error_class
    assert said in error.message
    assert error.hint is not None
    assert "harness = FILE.ipa" in error.hint
    connected(replace(device, harness=tmp_path / "harness.ipa")).preflight()
    connected(device).preflight()


def test_an_ios_between_16_and_17_4_is_refused_with_the_reason(fake_harness: HarnessBuild) -> None:
    with Bench([fake_harness], profiles=("iphone15",)) as bench:
        phone = bench.phones["iphone15"]
        error = unready(IosTransport(Device("iphone15", DeviceKind.IOS, udid=phone.udid, usbmux=bench.address)))
    assert error.message == "iphone15 runs iOS 17.2.1: from 17.0 to 17.3 developer services cannot be reached from Linux"
    assert error.hint == "update it to iOS 17.4 or newer"
