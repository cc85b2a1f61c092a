"""A path -> an Artifact. What a file or a folder is, its bytes say; its name is never trusted."""

import hashlib
import os
import struct
import tarfile
from pathlib import Path

from farm import archives
from farm.artifacts import coreml, sidecar
from farm.errors import ArtifactError
from farm.workloads import COREML, Artifact

_HEAD_BYTES = tarfile.BLOCKSIZE
_TEXT_BYTES = 64
_ARCHIVE = {archives.PACKAGE, archives.COMPILED}
_FAKE = b"farm-fake 1"
_OTHERS = (
    (4, b"TFL3", "a LiteRT model"),
    (0, b"GGUF", "a GGUF model"),
    (0, b"PK\x03\x04", "a zip archive"),
    (0, b"\x08", "an ONNX model or a Core ML specification (.mlmodel), it seems"),
)
_EXPORT = "farm measures ExecuTorch programs (.pte) and Core ML models (.mlpackage, .mlmodelc)"
_EXPORT_AGAIN = "export the model again, or copy it again from where it was made"

# The extended header of an ExecuTorch program (exir/_serialize/_program.py of its sources), after the flatbuffer's root offset
# and its file identifier "ET12": magic, header length, program size, offset of the segments and, in headers of 32 bytes, their size.
_ET_IDENTIFIER = slice(4, 6)
_EXTENDED = struct.Struct("<4sIQQQ")
_EXTENDED_AT = 8
_EXTENDED_MAGIC = b"eh00"


def open_artifact(path: Path) -> Artifact:
    """Return the artifact that a file or a folder holds, with the recipe and the reference of its sidecar where there is one.

    A folder is known by the hash and the size of its archive (farm.archives), so that it and the archive are one artifact.
    Raises ArtifactError, with one sentence, for everything that cannot be measured.
    """
    try:
        size_bytes = archives.size_bytes(path)
        if path.is_dir():
            coreml.check(path)
            runtime = COREML
        else:
            with path.open("rb") as file:
                runtime = _runtime(path, file.read(_HEAD_BYTES), size_bytes)
        digest = hashlib.sha256()
        for piece in archives.pieces(path):
            digest.update(piece)
        sha256 = digest.hexdigest()
    except FileNotFoundError as error:
        raise ArtifactError(f"there is no {path}", hint="name a model, such as model.pte") from error
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


def is_artifact(path: Path) -> bool:
    """Whether a path is a file, or a folder that is a model by itself: other folders hold models."""
    return path.is_file() or (path.is_dir() and archives.kind(path) is not None)


def _runtime(path: Path, head: bytes, size_bytes: int) -> str:
    """Return the runtime that the file's bytes are made for."""
    if size_bytes == 0:
        raise ArtifactError(f"{path} is empty", hint=_EXPORT_AGAIN)
    if head[_ET_IDENTIFIER] == b"ET":
        _check_whole(path, head, size_bytes)
        return "executorch"
    if head.startswith(_FAKE):
        return "fake"
    if head[257:262] == b"ustar" and head[:100].partition(b"/")[0] in {f"model.{kind}".encode() for kind in _ARCHIVE}:
        return COREML
    for offset, magic, kind in _OTHERS:
        if head[offset : offset + len(magic)] == magic:
            raise ArtifactError(f"{path} is {kind}, and this version of farm measures ExecuTorch programs and Core ML models", hint=_EXPORT)
    if _is_text(head):
        raise ArtifactError(f"{path} is a text file, not a model", hint=_EXPORT_AGAIN)
    raise ArtifactError(f"{path} is not a model that farm knows", hint=_EXPORT)


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
        return all(character.isprintable() or character.isspace() for character in head[: _TEXT_BYTES - 4].decode())
    except UnicodeDecodeError:
        return False
