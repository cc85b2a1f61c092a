"""What the tests of iPhones share: their transports, and how the next job shows that a phone is all right."""

from collections.abc import Callable
from pathlib import Path

import pytest

from farm.devices.ios.device import IosTransport
from farm.workloads import Device, HarnessBuild, Outcome
from tests.conftest import FakeModel
from tests.devices import measured, on

Connected = Callable[[Device], IosTransport]
BOTH = pytest.mark.parametrize("name", ["iphonex", "iphone16pro"])


def works_again(transport: IosTransport, fake_model: FakeModel, harness: HarnessBuild) -> None:
    """The next job on the same phone works, and leaves nothing behind."""
    transport.restore()
    (run,) = measured(transport, on(transport.device, fake_model("next.fake")), harness)
    assert run.outcome is Outcome.OK, run.reason
    assert transport.phone.names("runs") == []


def developer_image(folder: Path) -> Path:
    """A folder with images of both kinds."""
    for name in ("Image.dmg", "BuildManifest.plist", "Image.dmg.trustcache"):
        (folder / name).write_bytes(name.encode())
    return folder
