"""A path -> an Artifact. What a file is, its bytes say; its name is never trusted."""

import hashlib
import os
import struct
from pathlib import Path

from farm.artifacts import sidecar
from farm.errors import ArtifactError
from farm.workloads import Artifact

_HEAD_BYTES = 64
_FAKE = b"farm-fake 1"
_OTHERS = (
    (4, b"TFL3", "a LiteRT model"),
    (0, b"GGUF", "a GGUF model"),
    (0, b"PK\x03\x04", "a zip archive"),
    (0, b"\x08", "an ONNX model, it seems"),
)
_EXPORT_AGAIN = "export the model again, or copy it again from where it was made"

# The extended header of an ExecuTorch program (exir/_serialize/_program.py of its sources), after the flatbuffer's root offset
# and its file identifier "ET12": magic, header length, program size, offset of the segments and, in headers of 32 bytes, their size.
_ET_IDENTIFIER = slice(4, 6)
_EXTENDED = struct.Struct("<4sIQQQ")
_EXTENDED_AT = 8
_EXTENDED_MAGIC = b"eh00"


def open_artifact(path: Path) -> Artifact:
    """Return the artifact that a file holds, with the recipe and the reference of its sidecar where there is one.

    Raises ArtifactError, with one sentence, for everything that cannot be measured.
    """
    try:
        if path.is_dir():
            raise ArtifactError(f"{path} is a folder, and this farm measures single files", hint="name a .pte file")
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
            size_bytes = path.stat().st_size
            runtime = _runtime(path, head, size_bytes)
            file.seek(0)
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError as error:
        raise ArtifactError(f"there is no {path}", hint="name a model file, such as model.pte") from error
    except OSError as error:
        raise ArtifactError(f"{path} cannot be read: {error.strerror}") from error
    card = sidecar.read(path, sha256)
    return Artifact(
        sha256=sha256,
        name=os.fsencode(path.name).decode(errors="replace"),  # a name need not be UTF-8, and goes into a database that wants it
        path=path,
        size_bytes=size_bytes,
        runtime=runtime,
        recipe=card.recipe if card else None,
        reference=card.reference if card else None,
    )


def _runtime(path: Path, head: bytes, size_bytes: int) -> str:
    """Return the runtime that the file's bytes are made for."""
    if size_bytes == 0:
        raise ArtifactError(f"{path} is empty", hint=_EXPORT_AGAIN)
    if head[_ET_IDENTIFIER] == b"ET":
        _check_whole(path, head, size_bytes)
        return "executorch"
    if head.startswith(_FAKE):
        return "fake"
    for offset, magic, kind in _OTHERS:
        if head[offset : offset + len(magic)] == magic:
            raise ArtifactError(f"{path} is {kind}, and this version of farm measures ExecuTorch programs only", hint="export it to a .pte")
    if _is_text(head):
        raise ArtifactError(f"{path} is a text file, not a model", hint=_EXPORT_AGAIN)
    raise ArtifactError(f"{path} is not a model that farm knows", hint="farm measures ExecuTorch programs (.pte)")


def _check_whole(path: Path, head: bytes, size_bytes: int) -> None:
    """Refuse a program that is shorter than its own header says."""
    stated = _EXTENDED_AT + _EXTENDED.size
    if len(head) >= stated:
        magic, header_bytes, program_bytes, segments_at, segments_bytes = _EXTENDED.unpack_from(head, _EXTENDED_AT)
        if magic != _EXTENDED_MAGIC:
            return  # without an extended header a program does not state its size
        stated = max(program_bytes, segments_at + (segments_bytes if header_bytes >= _EXTENDED.size else 0))
    if size_bytes < stated:
        raise ArtifactError(f"{path} is cut off: it has {size_bytes} bytes, and is {stated} by its header", hint=_EXPORT_AGAIN)


def _is_text(head: bytes) -> bool:
    try:
        return all(character.isprintable() or character.isspace() for character in head[: _HEAD_BYTES - 4].decode())
    except UnicodeDecodeError:
        return False
