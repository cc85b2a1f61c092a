import hashlib
import io
import os
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm import archives
from farm.errors import ArtifactError
from tests.conftest import ROOT

PACKAGE = {
    "Manifest.json": b'{"rootModelIdentifier": "A"}',
    "Data/com.apple.CoreML/model.mlmodel": b"\x08\x07\x12",
    "Data/com.apple.CoreML/weights/weight.bin": bytes(range(256)) * 5,
}
EXAMPLE = ROOT / "harness/protocol/examples/archive/model.tar"


def folder(at: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (at / name).parent.mkdir(parents=True, exist_ok=True)
        (at / name).write_bytes(content)
    return at


def packed(path: Path) -> bytes:
    return b"".join(archives.pieces(path))


def unpacked(archive: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        return {member.name: opened.extractfile(member).read() for member in opened}  # type: ignore[union-attr]


def test_the_example_that_the_harness_unpacks_is_what_farm_makes_of_a_folder(tmp_path: Path) -> None:
    archive = packed(folder(tmp_path / "any name.mlpackage", PACKAGE))
    assert archive == EXAMPLE.read_bytes()
    assert unpacked(archive) == {f"model.mlpackage/{name}": content for name, content in PACKAGE.items()}


def test_nothing_but_names_and_bytes_makes_a_difference(tmp_path: Path) -> None:
    one = folder(tmp_path / "one", PACKAGE)
    other = folder(tmp_path / "other", dict(reversed(PACKAGE.items())))
    (other / "Manifest.json").chmod(0o600)
    os.utime(other / "Manifest.json", (1, 1))
    (other / ".DS_Store").write_bytes(b"Finder was here")
    (other / "empty").mkdir()
    assert packed(one) == packed(other)
    (other / "Manifest.json").rename(other / "manifest.json")
    assert packed(one) != packed(other)


@given(
    st.dictionaries(
        st.text(st.characters(codec="utf-8", exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=20).filter(
            lambda name: name not in (".", "..", ".DS_Store")
        ),
        st.binary(max_size=1200),
        max_size=5,
    )
)
def test_every_folder_comes_out_as_it_went_in(files: dict[str, bytes]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as scratch:
        made = folder(Path(scratch) / "model", {f"x{name}": content for name, content in files.items()})
        made.mkdir(exist_ok=True)
        archive = packed(made)
        assert len(archive) == archives.size_bytes(made)
        assert unpacked(archive) == {f"model.mlpackage/x{name}": content for name, content in files.items()}


def test_a_file_is_its_own_archive(tmp_path: Path) -> None:
    file = tmp_path / "model.pte"
    file.write_bytes(os.urandom(5_000_000))
    assert hashlib.sha256(packed(file)).digest() == hashlib.sha256(file.read_bytes()).digest()
    assert archives.size_bytes(file) == 5_000_000


def test_what_an_archive_cannot_hold_is_refused(tmp_path: Path) -> None:
    linked = folder(tmp_path / "linked", PACKAGE)
    (linked / "weights").symlink_to("/etc/passwd")
    with pytest.raises(ArtifactError, match="weights is neither a file nor a folder"):
        packed(linked)
    long = folder(tmp_path / "long", {"n" * 120: b"x"})
    with pytest.raises(ArtifactError, match="holds a name that no archive takes"):
        packed(long)
    no_text = folder(tmp_path / "bytes", {os.fsdecode(b"\xff\xfe"): b"x"})
    with pytest.raises(ArtifactError, match="holds a name that no archive takes"):
        packed(no_text)


def test_a_file_that_grows_while_it_is_read_is_told(tmp_path: Path) -> None:
    model = folder(tmp_path / "model", PACKAGE)
    stream = archives.pieces(model)
    next(stream)
    (model / "Data/com.apple.CoreML/model.mlmodel").write_bytes(b"longer than it was")
    with pytest.raises(ArtifactError, match="changed while it was read"):
        list(stream)
