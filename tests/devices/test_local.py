"""What only the way to this machine does."""

import time
from pathlib import Path

import pytest

from farm.devices.local import LocalTransport
from farm.harness.arguments import BoxNames, arguments
from farm.workloads import HarnessBuild
from tests.conftest import FakeModel, a_job


class Killed(BaseException):
    """What a test ends a controller by."""


def test_a_harness_whose_controller_is_killed_before_it_noted_it_never_begins_and_leaves_nothing(
    tmp_path: Path, fake_model: FakeModel, fake_harness: HarnessBuild, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(_: object) -> str:
        raise Killed

    transport = LocalTransport(tmp_path / "box")
    transport.preflight()
    transport.install(fake_harness)
    job = a_job(fake_model())
    transport.push(job.artifact.path, "files/model")
    with monkeypatch.context() as patched:
        patched.setattr("farm.devices.local.json.dumps", die)
        with pytest.raises(Killed):
            transport.start(arguments(job, BoxNames("files/model"), "0123"), "0123")
    (child,) = transport._children.values()
    assert child.wait(timeout=10) != 0
    (folder,) = (tmp_path / "box" / "runs").iterdir()
    time.sleep(0.1)
    assert {file.name for file in folder.iterdir()} == {"log"}
    LocalTransport(tmp_path / "box").restore()
    assert list((tmp_path / "box" / "runs").iterdir()) == []
