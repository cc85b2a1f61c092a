import shutil
import struct
from dataclasses import replace
from pathlib import Path

import pytest

from farm.devices.android.device import AndroidTransport
from farm.devices.local import LocalTransport
from farm.errors import HarnessUnavailable
from farm.harness import own
from farm.runner import Attempt, execute
from farm.workloads import Device, DeviceKind, HarnessBuild, Outcome
from tests.bench.android import Bench
from tests.conftest import CALM, NOW, FakeModel, a_job


def an_elf(path: Path, machine: int) -> Path:
    path.write_bytes(b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HH", 3, machine) + bytes(40))
    path.chmod(0o755)
    return path


@pytest.fixture
def program(tmp_path: Path, fake_harness: HarnessBuild) -> Path:
    """A harness of one's own: the fake one, alone in a folder that farm did not make."""
    folder = tmp_path / "mine"
    folder.mkdir()
    return Path(shutil.copy2(fake_harness.folder / "farm-harness", folder / "farm-harness"))


def test_a_program_and_its_folder_are_known_by_their_bytes(program: Path) -> None:
    alone, folder = own.given(program, "x86_64"), own.given(program.parent, "x86_64")
    assert alone.files == folder.files == ("farm-harness",)
    assert alone.source_hash == folder.source_hash
    (program.parent / "lib").mkdir()
    (program.parent / "lib" / "libmine.so").write_bytes(b"a library")
    assert own.given(program.parent, "x86_64").files == ("farm-harness", "lib/libmine.so")
    assert own.given(program.parent, "x86_64").source_hash != alone.source_hash
    assert own.given(program, "x86_64") == alone


@pytest.mark.parametrize(
    ("make", "machine", "said"),
    [
        (lambda folder: folder / "nothing", "aarch64", "there is no harness at"),
        (lambda folder: folder, "aarch64", "has no farm-harness"),
        (lambda folder: an_elf(folder / "farm-harness", 0x3E), "aarch64", "is for x86_64, the device is aarch64"),
        (lambda folder: an_elf(folder / "farm-harness", 0x1234), "aarch64", "is for ELF machine 4660"),
    ],
)
def test_what_is_no_harness_for_the_device_is_refused_in_a_sentence(tmp_path: Path, make: object, machine: str, said: str) -> None:
    assert callable(make)
    with pytest.raises(HarnessUnavailable, match=said):
        own.given(make(tmp_path), machine)


def test_a_program_that_may_not_be_executed_is_refused_with_the_remedy(tmp_path: Path) -> None:
    an_elf(tmp_path / "farm-harness", 0xB7).chmod(0o644)
    with pytest.raises(HarnessUnavailable, match="cannot be executed") as caught:
        own.given(tmp_path / "farm-harness", "aarch64")
    assert caught.value.hint is not None
    assert caught.value.hint.startswith("chmod +x")


def test_machines_have_other_names_elsewhere(tmp_path: Path) -> None:
    assert own.given(an_elf(tmp_path / "farm-harness", 0xB7), "arm64").command == ("./farm-harness",)


def test_ones_own_harness_measures_here_and_on_a_phone(program: Path, tmp_path: Path, android_bench: Bench, fake_model: FakeModel) -> None:
    phone = android_bench.phones["oneplus13"]
    device = Device("oneplus13", DeviceKind.ANDROID, conditions=CALM, adb=android_bench.adb.address, serial=phone.serial)
    harness = own.given(program, "x86_64")
    job = a_job(fake_model(spin_ns=1000))
    for transport, on in ((LocalTransport(tmp_path / "box"), job), (AndroidTransport(device), replace(job, device=device))):
        transport.preflight()
        run = execute(on, transport, Attempt("a-session", 1, harness, lambda: NOW, lambda _: None))
        assert run.outcome is Outcome.OK, run.reason
        assert run.measured is not None
        assert run.measured.harness_hash == harness.source_hash
    assert phone.shell("ls /data/local/tmp/farm/harness").stdout.split()


def test_a_harness_of_another_runtime_gives_no_number(program: Path, tmp_path: Path, fake_model: FakeModel) -> None:
    job = a_job(fake_model())
    transport = LocalTransport(tmp_path / "box")
    transport.preflight()
    other = replace(job, artifact=replace(job.artifact, runtime="executorch"))
    run = execute(other, transport, Attempt("a-session", 1, own.given(program, "x86_64"), lambda: NOW, lambda _: None))
    assert (run.outcome, run.error_class) == (Outcome.FAILED, "wrong_runtime")
    assert run.reason is not None
    assert "runs fake models" in run.reason
