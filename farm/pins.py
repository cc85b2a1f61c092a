"""Pinned bytes: files kept under the hash of what they are, in a folder that no eviction touches.

A *tree* is a few files by their names; its hash is that of the names, sizes and hashes of all of them, and it lies in a folder of
that name. What is there is checked whenever it is taken out: a file that was changed since is as good as lost.
"""

import hashlib
import os
import shutil
import stat
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from farm import archives
from farm.artifacts import open_artifact
from farm.artifacts.sidecar import path_of
from farm.errors import BytesMissing, StoreError
from farm.workloads import Artifact

FOLDER = "pinned"


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that a baseline pins: an artifact (with its sidecar), items, or a harness."""

    kind: str
    sha256: str
    tree_sha256: str
    size_bytes: int
    name: str
    workload: str | None = None


def artifact_files(artifact: Artifact) -> dict[str, Path]:
    """Return the files that an artifact consists of, by name: its sidecar holds the right answer to its input."""
    card = path_of(artifact.path)
    return {artifact.name: artifact.path} | ({path_of(Path(artifact.name)).name: card} if card.exists() else {})


def folder_files(folder: Path) -> dict[str, Path]:
    """Return the files of a folder by their paths relative to it."""
    return {str(file.relative_to(folder)): file for file in sorted(folder.rglob("*")) if file.is_file()}


def pin(data: Path, files: Mapping[str, Path]) -> tuple[str, int]:
    """Copy files into the data folder, unless they are there already, and return the tree's hash and its bytes.

    A model that is a folder is pinned as its archive, which is the same artifact.

    It is there whole or not at all. Raises StoreError when it cannot be written.
    """
    root = data / FOLDER
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=root, prefix=f".pinning-{os.getpid()}-") as scratch:
            made = Path(scratch) / "made"
            for name, source in files.items():
                place = made / name
                place.parent.mkdir(parents=True, exist_ok=True)
                with place.open("wb") as pinned:
                    pinned.writelines(archives.pieces(source))
                executable = 0 if source.is_dir() else source.stat().st_mode & 0o111
                place.chmod(stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH | executable)
            tree = tree_sha256(made)
            place = root / tree
            if place.exists() and tree_sha256(place) != tree:
                place.rename(root / f".damaged-{tree}-{os.getpid()}")
            if not place.exists():
                made.rename(place)
    except OSError as error:
        raise StoreError(f"nothing could be pinned in {root}: {error.strerror}", hint="make room there") from error
    return tree, sum(file.stat().st_size for file in folder_files(root / tree).values())


@dataclass(frozen=True, slots=True)
class Carried:
    """What came of copying pinned trees from one folder to another. Each tree that is not lost was read back, and is what it was."""

    copied: int
    size_bytes: int
    """Of those that were copied now."""
    known: int
    """Those that were there already."""
    lost: frozenset[str]
    """Those that are whole in neither folder."""


def carry(source: Path, target: Path, trees: Iterable[str]) -> Carried:
    """Copy trees from one data folder's pins to another's, unless they are there whole. Raises StoreError when one cannot be written."""
    copied = size_bytes = known = 0
    lost = set()
    for tree in dict.fromkeys(trees):
        if _is_tree(target, tree):
            known += 1
        elif _is_tree(source, tree) and pin(target, folder_files(source / FOLDER / tree))[0] == tree:
            copied += 1
            size_bytes += sum(file.stat().st_size for file in folder_files(target / FOLDER / tree).values())
        else:
            lost.add(tree)
    return Carried(copied, size_bytes, known, frozenset(lost))


def tree_sha256(folder: Path) -> str:
    """Return the hash of a folder's files: of the name, the size and the hash of each."""
    digest = hashlib.sha256()
    for name, file in folder_files(folder).items():
        with file.open("rb") as stream:
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
        digest.update(f"{name}\0{file.stat().st_size}\0{sha256}\0".encode(errors="surrogateescape"))
    return digest.hexdigest()


def is_whole(data: Path, part: Part) -> bool:
    """Whether a part's bytes are there, and are those that were pinned."""
    return _is_tree(data, part.tree_sha256)


def _is_tree(data: Path, tree: str) -> bool:
    folder = data / FOLDER / tree
    return folder.is_dir() and tree_sha256(folder) == tree


def folder_of(data: Path, baseline: str, part: Part) -> Path:
    """Return where a part's bytes lie. Raises BytesMissing when they are not there, or are others."""
    if not is_whole(data, part):
        raise BytesMissing(
            f'the baseline "{baseline}" cannot be compared with: the {part.kind} {part.name} is not in {data / FOLDER} as it was pinned',
            hint=f"set it again where the bytes are: farm baseline set {baseline}",
        )
    return data / FOLDER / part.tree_sha256


def artifact(data: Path, baseline: str, part: Part) -> Artifact:
    """Return a pinned artifact with its reference. Raises BytesMissing as folder_of() does."""
    return open_artifact(folder_of(data, baseline, part) / Path(part.name).name)


def drop(data: Path, trees: Iterable[str]) -> None:
    """Remove trees that nothing pins any more."""
    for tree in trees:
        shutil.rmtree(data / FOLDER / tree, ignore_errors=True)
