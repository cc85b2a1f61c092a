"""Files that are sent to an iPhone: whole, once, and gone when they are needed no more."""

import hashlib
import os
import threading
from pathlib import Path

import pytest

from farm.artifacts import open_artifact
from farm.devices.ios.device import IosTransport
from farm.errors import ArtifactError, DeviceNotReady
from tests.artifacts.coreml_models import a_package
from tests.bench.ios import Iphone
from tests.devices.ios import BOTH


def test_what_is_left_of_a_push_that_was_broken_off_goes_with_the_next_look(phone: Iphone, transport: IosTransport) -> None:
    (phone.documents / "files").mkdir(exist_ok=True)
    left = phone.documents / "files" / f"partial-{'0' * 64}"
    left.write_bytes(b"half of it")
    transport.restore()
    assert not left.exists()


@BOTH
def test_a_push_that_is_cut_off_is_made_again_and_arrives_whole(phone: Iphone, transport: IosTransport, tmp_path: Path) -> None:
    file = tmp_path / "big"
    file.write_bytes(os.urandom(20_000_000))
    phone.cable(unplug_after_bytes=8_000_000)
    back = threading.Timer(2.0, phone.plug)
    back.start()
    assert transport.push(file, "files/big") == 20_000_000
    back.join()
    assert (phone.documents / "files/big").read_bytes() == file.read_bytes()
    assert [each.name for each in (phone.documents / "files").glob("partial-*")] == []


def test_a_slow_cable_only_takes_longer(phone: Iphone, transport: IosTransport, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(os.urandom(2_000_000))
    told: list[tuple[int, int]] = []
    phone.cable(rate_bytes_per_s=1_000_000)
    assert transport.push(file, "files/slow", lambda sent, size: told.append((sent, size))) == 2_000_000
    assert told[-1] == (2_000_000, 2_000_000)


def test_a_file_that_changed_on_the_phone_is_sent_again(phone: Iphone, transport: IosTransport, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"the right bytes")
    assert transport.push(file, "files/model") == 15
    assert transport.push(file, "files/model") == 0
    (phone.documents / "files/model").write_bytes(b"the wrong bytes")
    assert transport.push(file, "files/model") == 15
    (phone.documents / "manifest.json").write_text("{ torn")
    assert transport.push(file, "files/model") == 0


@pytest.mark.parametrize(
    ("code", "error_class", "said"), [(18, "device_full", "no room left"), (20, "afc_error", "IO_ERROR"), (10, "afc_error", "PERM_DENIED")]
)
def test_an_error_of_the_file_service_is_a_phone_that_is_not_ready(
    phone: Iphone, transport: IosTransport, tmp_path: Path, code: int, error_class: str, said: str
) -> None:
    file = tmp_path / "file"
    file.write_bytes(os.urandom(1000))
    phone.afc_fault("write", code)
    with pytest.raises(DeviceNotReady, match=said) as caught:
        transport.push(file, "files/one")
    assert caught.value.error_class == error_class
    assert transport.push(file, "files/one") == 1000


def test_a_file_service_that_never_answers_costs_a_worker_and_no_more(phone: Iphone, transport: IosTransport, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(os.urandom(1000))
    before = transport.phone.worker.pid
    phone.afc_fault("write", None)
    assert transport.push(file, "files/one") == 1000
    assert transport.phone.worker.pid != before


def test_what_is_kept_compiled_of_a_model_goes_when_the_model_goes(phone: Iphone, transport: IosTransport, tmp_path: Path) -> None:
    names = ["aa" * 32, "bb" * 32]
    for number, name in enumerate(names):
        file = tmp_path / name
        file.write_bytes(bytes([number]) * 1000)
        transport.push(file, f"files/{name}")
        compiled = phone.documents / f"compiled/{name}-Version-18-6/model.mlmodelc"
        compiled.mkdir(parents=True)
        (compiled / "coremldata.bin").write_bytes(b"data")
    transport.shrink(10**9)
    assert {path.name[:64] for path in (phone.documents / "compiled").iterdir()} == set(names)
    (phone.documents / "files" / names[0]).unlink()
    transport.shrink(10**9)
    assert {path.name[:64] for path in (phone.documents / "compiled").iterdir()} == {names[1]}
    transport.shrink(0)
    assert list((phone.documents / "compiled").iterdir()) == []


def test_a_model_that_is_a_folder_is_pushed_as_its_archive_once(phone: Iphone, transport: IosTransport, tmp_path: Path) -> None:
    artifact = open_artifact(a_package(tmp_path / "net.mlpackage", os.urandom(5_000_000)))
    told: list[tuple[int, int]] = []
    sent = transport.push(artifact.path, "files/net", lambda done, size: told.append((done, size)), sha256=artifact.sha256)
    assert sent == artifact.size_bytes
    assert told[-1] == (sent, sent)
    assert hashlib.sha256((phone.documents / "files/net").read_bytes()).hexdigest() == artifact.sha256
    assert transport.push(artifact.path, "files/net", sha256=artifact.sha256) == 0
    (artifact.path / "Data/com.apple.CoreML/weights/weight.bin").write_bytes(b"others")
    with pytest.raises(ArtifactError, match="has become another file since farm began"):
        transport.push(artifact.path, "files/net", sha256=artifact.sha256)


def test_a_phone_without_room_is_told_before_anything_is_sent(phone: Iphone, transport: IosTransport, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(os.urandom(1000))
    phone.state(afc_faults__room_bytes=1_000_000)
    with pytest.raises(DeviceNotReady, match=r"has 1 MB free, file needs 64 MB with room over"):
        transport.push(file, "files/one")
    package = a_package(tmp_path / "net.mlpackage", os.urandom(5_000_000))
    phone.state(afc_faults__room_bytes=75_000_000)
    with pytest.raises(DeviceNotReady, match=r"has 75 MB free, net.mlpackage needs 79 MB with room over"):  # as it is, unpacked, compiled
        transport.push(package, "files/net")
