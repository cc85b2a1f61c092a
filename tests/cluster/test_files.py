"""What is sent to a host: known by its hash, checked when it has arrived, sent once."""

import hashlib
import os
from dataclasses import replace
from pathlib import Path

import pytest

from farm.cluster.files import Files, parcel
from farm.cluster.order import FilePart
from farm.errors import InputError, StoreError
from farm.workloads import HarnessBuild

BYTES = b"a model" * 1000
SHA256 = hashlib.sha256(BYTES).hexdigest()


def test_a_file_that_arrives_in_parts_has_its_name_when_it_is_whole(tmp_path: Path) -> None:
    files = Files(tmp_path)
    assert files.lacking([SHA256, SHA256]) == [SHA256]
    files.take(SHA256, "me", 0, BYTES[:100], last=False)
    assert files.lacking([SHA256]) == [SHA256]
    files.take(SHA256, "me", 100, BYTES[100:], last=True)
    assert files.lacking([SHA256]) == []
    assert files.path(SHA256).read_bytes() == BYTES


def test_two_who_send_the_same_do_not_meet(tmp_path: Path) -> None:
    files = Files(tmp_path)
    files.take(SHA256, "me", 0, BYTES[:100], last=False)
    files.take(SHA256, "another", 0, BYTES, last=True)
    files.take(SHA256, "me", 100, BYTES[100:], last=True)
    assert files.path(SHA256).read_bytes() == BYTES


def test_other_bytes_than_the_hash_says_are_refused_and_removed(tmp_path: Path) -> None:
    files = Files(tmp_path)
    with pytest.raises(StoreError, match="is not the file with the hash"):
        files.take(SHA256, "me", 0, BYTES[:-1], last=True)
    assert not list((tmp_path / "files").iterdir())


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "A" * 64, SHA256[:-1]])
def test_a_name_that_is_no_hash_leads_nowhere(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="is no SHA-256"):
        Files(tmp_path).take(name, "me", 0, b"", last=True)


def a_build(folder: Path) -> HarnessBuild:
    (folder / "lib").mkdir(parents=True)
    (folder / "farm-harness").write_text("program")
    (folder / "farm-harness").chmod(0o755)
    (folder / "lib/libc.so").write_text("library")
    return HarnessBuild("host", "fake", "1", "0f1e", folder, ("./farm-harness",), ("farm-harness", "lib/libc.so"))


def test_a_harness_is_laid_out_from_its_files_once(tmp_path: Path) -> None:
    sent, places = parcel(a_build(tmp_path / "here"))
    files = Files(tmp_path / "there")
    for sha256, path in places.items():
        files.take(sha256, "me", 0, path.read_bytes(), last=True)
    built = files.harness(sent)
    assert replace(built, folder=sent.build.folder) == sent.build
    assert (built.folder / "lib/libc.so").read_text() == "library"
    assert os.access(built.folder / "farm-harness", os.X_OK)
    assert not os.access(built.folder / "lib/libc.so", os.X_OK)
    assert files.harness(sent).folder == built.folder
    assert len(list((tmp_path / "there/harness").iterdir())) == 1


@pytest.mark.parametrize("name", ["/etc/cron.d/x", "../x", "a/../../x"])
def test_a_harness_stays_in_its_folder(tmp_path: Path, name: str) -> None:
    sent, _ = parcel(a_build(tmp_path / "here"))
    with pytest.raises(InputError, match="a harness has no file"):
        Files(tmp_path / "there").harness(replace(sent, files=(FilePart(name, SHA256, True),)))


def test_what_nobody_uses_any_more_is_removed(tmp_path: Path) -> None:
    files = Files(tmp_path)
    files.take(SHA256, "me", 0, BYTES, last=True)
    files.take("0" * 64, "me", 0, BYTES, last=False)
    os.utime(files.path(SHA256), (1000.0, 1000.0))
    files.tidy(1500.0, unused_s=600.0)
    assert files.lacking([SHA256]) == []  # and is used now
    os.utime(files.path(SHA256), (1000.0, 1000.0))
    files.tidy(1601.0, unused_s=600.0)
    assert files.lacking([SHA256]) == [SHA256]
    assert list((tmp_path / "files").iterdir())  # what arrives just now is not removed
