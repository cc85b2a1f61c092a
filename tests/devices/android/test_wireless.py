"""Between cable and Wi-Fi: an adb server with one phone that switches, and the bench's phones, whose adbd refuses."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from farm.devices.android.device import AndroidTransport
from farm.devices.android.wireless import to_usb, to_wifi
from farm.devices.transport import Holder
from farm.errors import DeviceLost, DeviceNotReady, InputError
from farm.workloads import Device, DeviceKind
from tests.bench.android import Bench
from tests.devices.adb_server import Phone, serving


@pytest.fixture
def phone() -> Phone:
    return Phone()


@pytest.fixture
def device(phone: Phone) -> Iterator[Device]:
    with serving(phone) as address:
        yield Device("s25", DeviceKind.ANDROID, adb=address, serial=phone.serialno)


def test_a_phone_on_a_cable_is_switched_to_wifi_and_back(phone: Phone, device: Device) -> None:
    assert to_wifi(device, 5555) == "192.0.2.20:5555"
    assert "tcpip:5555" in phone.asked
    assert phone.connected
    phone.by_cable = False  # unplugged
    unplugged = AndroidTransport(replace(device, wireless="192.0.2.20:5555"))
    unplugged.preflight()
    identity = unplugged.identify()
    assert identity.model == "samsung SM-S931B"
    to_usb(device, "192.0.2.20:5555")
    assert (phone.by_cable, phone.connected) == (True, False)
    assert AndroidTransport(device).identify() == identity


def test_a_phone_that_is_unplugged_in_the_middle_goes_on_over_wifi(phone: Phone, device: Device) -> None:
    to_wifi(device, 5555)
    transport = AndroidTransport(replace(device, wireless="192.0.2.20:5555"), reconnect_s=10.0)
    assert transport.adb().serial == phone.serialno  # the cable first, where there are both
    identity = transport.identify()
    phone.by_cable = False
    assert transport.identify() == identity
    assert transport.adb().serial == "192.0.2.20:5555"


def test_an_address_that_the_server_has_forgotten_is_connected_again(phone: Phone, device: Device) -> None:
    to_wifi(device, 5555)
    phone.by_cable = phone.connected = False
    AndroidTransport(replace(device, wireless="192.0.2.20:5555")).preflight()
    assert phone.connected


def test_another_phone_at_its_address_is_refused(phone: Phone, device: Device) -> None:
    to_wifi(device, 5555)
    phone.by_cable, phone.at_its_address = False, "R5CX7654321"
    with pytest.raises(
        InputError, match=r"at 192.0.2.20:5555 answers another device than s25: an unknown model, serial number R5CX7654321"
    ):
        AndroidTransport(replace(device, wireless="192.0.2.20:5555")).preflight()
    phone.by_cable = True
    with pytest.raises(DeviceNotReady, match=r"at 192.0.2.20:5555 answers another device than s25"):
        to_wifi(device, 5555)
    assert not phone.connected


def test_a_phone_that_is_known_by_its_model_must_stay_the_one_that_it_was(phone: Phone, device: Device) -> None:
    to_wifi(device, 5555)
    transport = AndroidTransport(replace(device, serial=None, match="SM-S931*", wireless="192.0.2.20:5555"), reconnect_s=5.0)
    transport.identify()
    phone.by_cable, phone.at_its_address = False, "R5CX7654321"
    with pytest.raises(InputError, match="answers another device than s25"):
        transport.identify()


def test_what_is_in_the_way_is_said(phone: Phone, device: Device) -> None:
    phone.switches = False
    with pytest.raises(DeviceNotReady, match="the adbd of s25 does not switch to tcpip:5555: closed"):
        to_wifi(device, 5555)
    phone.switches, phone.reachable = True, False
    with pytest.raises(DeviceNotReady, match=r"s25 did not answer at 192.0.2.20:5555 within 1 s") as caught:
        to_wifi(device, 5555, answer_s=1.0)
    assert caught.value.hint == "the adb server's host must be on its network"
    phone.wifi = None
    with pytest.raises(DeviceNotReady, match="s25 is on no Wi-Fi: no Wi-Fi interface has an address"):
        to_wifi(device, 5555)
    with pytest.raises(DeviceNotReady, match=r"s25 does not answer at 192.0.2.20:5555"):
        to_usb(device, "192.0.2.20:5555")


def test_a_phone_that_is_nowhere_is_lost(phone: Phone, device: Device) -> None:
    phone.by_cable = False
    with pytest.raises(DeviceLost, match="no device with the serial R5CX1234567 hangs on"):
        AndroidTransport(replace(device, wireless="192.0.2.20:5555")).preflight()


def test_a_real_adbd_that_lacks_the_service_is_one_sentence(android_bench: Bench) -> None:
    phone = android_bench.phones["s25"]
    bench_device = Device("s25", DeviceKind.ANDROID, adb=android_bench.adb.address, serial=phone.serial)
    adb = AndroidTransport(bench_device).adb()
    with pytest.raises(DeviceNotReady, match="the adbd of s25 does not switch to tcpip:5555: closed"):
        adb.restart("tcpip:5555")
    assert AndroidTransport(bench_device).identify().cpu_count == 8


def test_a_bench_phone_is_found_by_the_serial_number_that_it_states_itself(android_bench: Bench) -> None:
    phone = android_bench.phones["oneplus13"]
    meant = Device("oneplus13", DeviceKind.ANDROID, adb=android_bench.adb.address, serial=phone.serialno, wireless=phone.serial)
    transport = AndroidTransport(meant)
    transport.preflight()
    direct = AndroidTransport(replace(meant, serial=phone.serial, wireless=None))
    assert transport.identify() == direct.identify()
    with pytest.raises(InputError, match="answers another device than oneplus13"):
        AndroidTransport(replace(meant, serial="R5CX0000000")).preflight()


def test_a_lease_that_cannot_be_given_up_ends_by_itself(phone: Phone, device: Device, caplog: pytest.LogCaptureFixture) -> None:
    transport = AndroidTransport(device)
    phone.exit_code = 3
    transport.lease.holder = Holder("here", "a test")
    with caplog.at_level("INFO"):
        transport.release()
    assert transport.lease.holder is None
    assert "s25: its lease ends by itself: s25 failed at release" in caplog.text
