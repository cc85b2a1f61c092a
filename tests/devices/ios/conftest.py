"""A phone of the iOS bench for each test, put right after it, and a transport to it."""

from collections.abc import Iterator

import pytest

from farm.devices.ios.client import Worker
from farm.devices.ios.device import IosTransport
from farm.workloads import Device, DeviceKind, HarnessBuild
from tests.bench.ios import Bench, Iphone
from tests.conftest import CALM
from tests.devices.ios import Connected


@pytest.fixture
def name() -> str:
    """The one that most tests run on: through the tunnel. A parameter of a test takes this one's place."""
    return "iphone16pro"


@pytest.fixture
def phone(ios_bench: Bench, name: str) -> Iterator[Iphone]:
    phone = ios_bench.phones[name]
    yield phone
    phone.heal()
    phone.state(image="mounted")
    assert phone.pid is None, "something is left running"


@pytest.fixture
def device(ios_bench: Bench, phone: Iphone) -> Device:
    """The phone as devices.toml would describe it."""
    return Device(phone.name, DeviceKind.IOS, conditions=CALM, udid=phone.udid, usbmux=ios_bench.address)


@pytest.fixture
def connected(ios_workers: dict[str, Worker]) -> Connected:
    """Make a transport on the worker that tests share."""

    def connect(device: Device) -> IosTransport:
        transport = IosTransport(device, reconnect_s=30.0, answer_s=4.0, developer_s=6.0, report_s=1.5)
        if device.usbmux == ios_workers[device.name].address.usbmux:
            transport.phone.worker = ios_workers[device.name]
        return transport

    return connect


@pytest.fixture
def transport(connected: Connected, device: Device, fake_harness: HarnessBuild) -> IosTransport:
    transport = connected(device)
    transport.preflight()
    transport.install(fake_harness)
    return transport
