"""A phone of the Android bench for each test, put right after it, and a transport to it."""

from collections.abc import Iterator

import pytest

from farm.devices.android.device import AndroidTransport
from farm.workloads import Device, DeviceKind, HarnessBuild
from tests.bench.android import Bench, Phone
from tests.conftest import CALM


@pytest.fixture
def phone(android_bench: Bench) -> Iterator[Phone]:
    phone = android_bench.phones["s25"]
    yield phone
    phone.restore()
    phone.empty_disk()
    phone.state(adbd=1, hold_skin_c=None, skin_c=27)
    phone.connect()


@pytest.fixture
def device(android_bench: Bench, phone: Phone) -> Device:
    return Device("s25", DeviceKind.ANDROID, conditions=CALM, adb=android_bench.adb.address, serial=phone.serial)


@pytest.fixture
def transport(device: Device, fake_harness: HarnessBuild) -> AndroidTransport:
    transport = AndroidTransport(device, reconnect_s=30.0)
    transport.preflight()
    transport.install(fake_harness)
    return transport
