"""A model that is a folder, as one file: the archive that it is known by, that is pushed, and that is pinned.

A ustar (IEEE Std 1003.1) of the folder's regular files in the order of their names, below one folder called `model.mlpackage` or
`model.mlmodelc`, with nothing else in it that could differ: no times, owners or modes. So the SHA-256 of the archive is one of names and
bytes. Empty folders and Finder's .DS_Store are no content. harness/src/model_archive.cpp unpacks it.
"""

import tarfile
from collections.abc import Iterator
from pathlib import Path

from farm.errors import ArtifactError

PACKAGE, COMPILED = "mlpackage", "mlmodelc"
_SIGNS = {PACKAGE: "Manifest.json", COMPILED: "coremldata.bin"}
_IGNORED = ".DS_Store"
_END = bytes(2 * tarfile.BLOCKSIZE)
_PIECE_BYTES = 2 * 1024 * 1024


def kind(folder: Path) -> str | None:
    """Return what a folder is by what lies in it, PACKAGE or COMPILED; None: no model."""
    return next((name for name, sign in _SIGNS.items() if (folder / sign).is_file()), None)


def size_bytes(path: Path) -> int:
    """Return the size of a file, or of the archive that a folder becomes. Raises ArtifactError, OSError."""
    if not path.is_dir():
        return path.stat().st_size
    return sum(tarfile.BLOCKSIZE + _padded(file.stat().st_size) for _, file in _content(path)) + len(_END)


def pieces(path: Path) -> Iterator[bytes]:
    """Yield the bytes of a file, or of the archive that a folder becomes, in their order. Raises ArtifactError, OSError."""
    if not path.is_dir():
        yield from _bytes_of(path)
        return
    top = f"model.{kind(path) or PACKAGE}"
    for name, file in _content(path):
        header = tarfile.TarInfo(f"{top}/{name}")
        header.size = file.stat().st_size
        try:
            yield header.tobuf(tarfile.USTAR_FORMAT, "utf-8", "strict")
        except ValueError as error:  # also of a name that is no text
            raise ArtifactError(f"{path} holds a name that no archive takes: {name!r}", hint="names have up to 255 bytes") from error
        sent = 0
        for piece in _bytes_of(file):
            sent += len(piece)
            yield piece
        if sent != header.size:
            raise ArtifactError(f"{file} changed while it was read", hint="leave a model as it is until farm has ended")
        yield bytes(_padded(sent) - sent)
    yield _END


def _content(folder: Path) -> list[tuple[str, Path]]:
    """Return the files of a folder with their names in it, in their order. Raises ArtifactError for what is neither file nor folder."""
    found = []
    for file in folder.rglob("*"):
        if file.is_symlink() or not (file.is_file() or file.is_dir()):
            raise ArtifactError(f"{file} is neither a file nor a folder", hint="a model's folder holds files only; copy what links lead to")
        if file.is_file() and file.name != _IGNORED:
            found.append((file.relative_to(folder).as_posix(), file))
    return sorted(found)


def _bytes_of(file: Path) -> Iterator[bytes]:
    with file.open("rb") as stream:
        while piece := stream.read(_PIECE_BYTES):
            yield piece


def _padded(size: int) -> int:
    return -(-size // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE
