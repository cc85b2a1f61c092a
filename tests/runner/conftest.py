"""This machine as a device, with the fake harness on it."""

from pathlib import Path

import pytest

from farm.devices.local import LocalTransport
from farm.workloads import (
    HarnessBuild,
)
from tests.runner import this_machine


@pytest.fixture
def transport(tmp_path: Path, fake_harness: HarnessBuild) -> LocalTransport:
    return this_machine(tmp_path, fake_harness)
