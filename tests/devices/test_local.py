"""What only the way to this machine does."""

import errno
import subprocess
from pathlib import Path

import pytest

from farm.devices import local_state
from farm.devices.local import LocalTransport
from farm.devices.transport import Handle
from farm.errors import DeviceNotReady
from farm.harness.arguments import BoxNames, arguments
from farm.workloads import HarnessBuild
from tests.conftest import FakeModel, a_job


class Killed(BaseException):
    """What a test ends a controller by."""


@pytest.mark.parametrize(
    ("trouble", "raised", "words"),
    [
        (Killed("killed"), Killed, "killed"),
        (OSError(errno.ENOSPC, "No space left on device"), DeviceNotReady, "cannot be written to: No space left"),
    ],
)
def test_a_harness_of_which_it_could_not_be_noted_that_it_runs_never_begins_and_leaves_nothing(
    tmp_path: Path,
    fake_model: FakeModel,
    fake_harness: HarnessBuild,
    monkeypatch: pytest.MonkeyPatch,
    trouble: BaseException,
    raised: type[BaseException],
    words: str,
) -> None:
    def fail(_: object) -> str:
        raise trouble

    transport = LocalTransport(tmp_path / "box")
    transport.preflight()
    transport.install(fake_harness)
    job = a_job(fake_model())
    transport.push(job.artifact.path, "files/model")
    with monkeypatch.context() as patched:
        patched.setattr("farm.devices.local.json.dumps", fail)
        with pytest.raises(raised, match=words):
            transport.start(arguments(job, BoxNames("files/model"), "0123"), "0123")
    (child,) = transport._children.values()
    assert child.wait(timeout=10) != 0
    (folder,) = (tmp_path / "box" / "runs").iterdir()
    assert {file.name for file in folder.iterdir()} == {"log"}
    LocalTransport(tmp_path / "box").restore()
    assert list((tmp_path / "box" / "runs").iterdir()) == []


def test_a_harness_that_cannot_be_ended_is_said_and_not_waited_for_for_ever(tmp_path: Path) -> None:
    transport = LocalTransport(tmp_path / "box", stop_s=0.2)
    with subprocess.Popen(["sleep", "60"]) as process:  # in a group of this test's own, which is not the one that is ended
        handle = Handle("ab", process.pid, local_state.process_start(process.pid) or "")
        with pytest.raises(DeviceNotReady, match="the harness on this machine does not end"):
            transport.stop(handle)
        process.kill()
    transport.stop(handle)


def test_a_mouses_battery_is_not_this_machines(tmp_path: Path) -> None:
    for name, facts in {
        "BAT0": {"type": "Battery", "capacity": "81", "status": "Charging"},
        "hidpp_battery_0": {"type": "Battery", "scope": "Device", "capacity": "5", "status": "Discharging"},
        "AC": {"type": "Mains"},
    }.items():
        (tmp_path / name).mkdir()
        for file, word in facts.items():
            (tmp_path / name / file).write_text(f"{word}\n")
    assert {(one.name, one.value, one.text, one.source) for one in local_state.battery("before", tmp_path)} == {
        ("battery_level_percent", 81, None, "BAT0"),
        ("battery_status", None, "Charging", "BAT0"),
    }
