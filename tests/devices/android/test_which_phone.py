"""Which phone is meant, and what is said where it is not there, not to be used, or not the only one."""

from dataclasses import replace
from pathlib import Path

import pytest

from farm.devices.android.device import AndroidTransport
from farm.devices.android.server import Server
from farm.errors import FarmError, InputError
from farm.workloads import Device, DeviceKind
from tests.bench.android import Bench, Spec


def failing(device: Device) -> FarmError:
    with pytest.raises(FarmError) as caught:
        AndroidTransport(device, reconnect_s=0.0).preflight()
    assert "\n" not in caught.value.message
    return caught.value


def test_what_is_wrong_with_a_device_is_said_with_the_remedy(android_bench: Bench, device: Device) -> None:
    unauthorised = failing(replace(device, serial=android_bench.unauthorized()))
    assert "is unauthorized" in unauthorised.message
    assert unauthorised.hint is not None
    assert "allow this computer" in unauthorised.hint
    assert "no device with the serial R5CX hangs on 127.0.0.1:" in failing(replace(device, serial="R5CX")).message
    no_server = failing(replace(device, adb="127.0.0.1:9"))
    assert no_server.message == "no adb server answers at 127.0.0.1:9"


def test_a_match_finds_the_one_device_and_refuses_two(android_bench: Bench, device: Device) -> None:
    by_model = AndroidTransport(replace(device, serial=None, match="Pixel 9"))
    by_model.preflight()
    assert by_model.identify().model == "Google Pixel 9"
    by_product = AndroidTransport(replace(device, serial=None, match="CPH26*"))
    by_product.preflight()
    assert by_product.identify().model.endswith("CPH2653")
    with pytest.raises(InputError, match=r"\d devices with the product or model \* hang on"):
        AndroidTransport(replace(device, serial=None, match="*"), reconnect_s=0.0).preflight()


def test_two_phones_of_one_serial_number_have_two_identities(builds: Path) -> None:
    with Bench(builds, [Spec("s25", name=name, serialno="0123456789ABCDEF") for name in ("one", "two")]) as bench:
        devices = [Device(name, DeviceKind.ANDROID, adb=bench.adb.address, serial=phone.serial) for name, phone in bench.phones.items()]
        one, two = (AndroidTransport(device).identify() for device in devices)
        assert one.model == two.model
        assert one.id != two.id


def test_a_server_lists_its_devices_as_adb_does(android_bench: Bench) -> None:
    host, _, port = android_bench.adb.address.partition(":")
    listed = {one.serial: (one.state, one.model) for one in Server(host, int(port)).devices() if one.state == "device"}
    assert listed[android_bench.phones["s25"].serial] == ("device", "SM_S931B")
