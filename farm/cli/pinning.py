"""What farm baseline pins: finding the bytes of artifacts and harnesses by their hashes, and copying them."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from farm import archives, pins
from farm.errors import ArtifactError, BytesMissing, InputError
from farm.pins import Part

if TYPE_CHECKING:
    from farm.store import Store

_SHORT = 12


@dataclass(frozen=True, slots=True)
class Model:
    """An artifact to pin: the file, where it was named, else what tells it among others."""

    sha256: str
    size_bytes: int
    name: str
    workloads: tuple[str | None, ...]
    path: Path | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be pinned: artifacts, the hashes of the harnesses that measured them, and the revision that was named."""

    artifacts: tuple[Model, ...]
    harnesses: tuple[str, ...]
    items: tuple[tuple[str, str], ...]
    """Hash and name of each file that they were asked."""
    revision: str | None


def wanted(store: "Store", artifact: str | None, revision: str | None) -> Wanted:
    """Return what is to be pinned, by what was named and what was measured with it."""
    from farm.artifacts import is_artifact, open_artifact

    file = open_artifact(Path(artifact)) if artifact is not None and is_artifact(Path(artifact)) else None
    rows = store.query("measured_artifacts", artifact=file.sha256 if file else artifact, revision=revision).to_dicts()
    if file is None:
        _check_one(rows, artifact, revision)
    models: dict[str, Model] = {}
    for row in rows:
        known = models.get(row["sha256"])
        workloads = tuple(dict.fromkeys([*(known.workloads if known else ()), row["workload"]]))
        models[row["sha256"]] = Model(row["sha256"], row["size_bytes"], row["name"], workloads, None if file is None else file.path)
    if file is not None and not rows:
        models[file.sha256] = Model(file.sha256, file.size_bytes, file.name, (None,), file.path)
    harnesses = tuple(sorted({row["harness"] for row in rows if row["harness"]}))
    items = store.query("measured_items", artifact=file.sha256 if file else artifact, revision=revision)
    return Wanted(tuple(models.values()), harnesses, tuple(items.rows()), rows[0]["revision"] if revision else None)


def _check_one(rows: Sequence[dict[str, Any]], artifact: str | None, revision: str | None) -> None:
    """Raise InputError unless the rows are of one artifact, or of one revision with one artifact for each workload."""
    if not rows:
        what = f'revision "{revision}"' if revision else f'artifact "{artifact}"'
        raise InputError(f"no valid run is of the {what}", hint="name a model file, or what farm show says of a run")
    if artifact is not None:
        if len({row["sha256"] for row in rows}) > 1:
            raise InputError(f'more than one artifact begins with "{artifact}"', hint="give more of its hash")
        return
    if len({row["revision"] for row in rows}) > 1:
        raise InputError(f'more than one revision begins with "{revision}"', hint="give more of its hash")
    by_workload: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        by_workload[row["workload"]].add(row["sha256"])
    for workload, hashes in by_workload.items():
        if len(hashes) > 1:
            raise InputError(f'{len(hashes)} artifacts were measured as "{workload}" of {revision}', hint="name one with --artifact")


def _holds(path: Path, model: Model) -> bool:
    """Whether a file, or a folder that is a model, has the model's bytes."""
    from farm.artifacts import is_artifact

    try:
        return is_artifact(path) and archives.size_bytes(path) == model.size_bytes and sha256_of(path) == model.sha256
    except ArtifactError:  # a folder that looks like a model, and holds what none may
        return False


def find(model: Model, folders: Sequence[Path]) -> Path:
    """Return a file, or a folder that is a model, with the model's bytes. Raises BytesMissing when none of the folders has one."""
    if model.path is not None:
        return model.path
    for folder in folders:
        for file in sorted(folder.rglob("*")):
            if _holds(file, model):
                return file
    raise BytesMissing(
        f"the bytes of {model.name} ({model.sha256[:_SHORT]}) are in none of {', '.join(map(str, folders))}",
        hint="name their folder with --from",
    )


def harness(data: Path, sha256: str, given: Sequence[Path]) -> tuple[str, dict[str, Path]]:
    """Return the name and the files of the harness with this hash: one that farm built, else one of those that were given."""
    from farm.harness import build, own

    for built in build.built(data):
        if built.source_hash == sha256:
            return built.folder.name, pins.folder_files(built.folder)
    for path in given:
        given_one = own.given(path, own.elf_machine(path / own.PROGRAM if path.is_dir() else path) or "")
        if given_one.source_hash == sha256:
            return path.name, {name: given_one.folder / name for name in given_one.files}
    raise BytesMissing(
        f"the harness {sha256[:_SHORT]} that it was measured with is not in {data / 'harness'}",
        hint="name it with --harness, or give --without-harness",
    )


def items_files(wanted: Sequence[tuple[str, str]], given: Sequence[Path], folders: Sequence[Path]) -> list[tuple[str, Path]]:
    """Return hash and file of the items that were asked, and of those that are given. Raises BytesMissing for one that is nowhere."""
    found = {sha256_of(path): path for path in given}
    for sha256, name in wanted:
        named = (file for folder in folders for file in sorted(folder.rglob("*")) if file.name == name and file.is_file())
        path = found.get(sha256) or next((file for file in named if sha256_of(file) == sha256), None)
        if path is None:
            places = ", ".join(map(str, folders))
            raise BytesMissing(
                f"the items {name} ({sha256[:_SHORT]}) that it was asked are in none of {places}",
                hint="name them with --items, or give --without-items",
            )
        found[sha256] = path
    return list(found.items())


def with_sidecar(path: Path) -> dict[str, Path]:
    """Return a file and what lies beside it under its name: the right answers to items."""
    from farm.artifacts.sidecar import path_of

    return {each.name: each for each in (path, path_of(path)) if each.exists()}


def artifact_parts(data: Path, model: Model, path: Path) -> list[Part]:
    """Pin one artifact, and return it as the part of each of its workloads."""
    from farm.artifacts import open_artifact

    artifact = open_artifact(path)
    tree, size_bytes = pins.pin(data, pins.artifact_files(artifact))
    return [Part("artifact", artifact.sha256, tree, size_bytes, artifact.name, workload) for workload in model.workloads]


def part(data: Path, kind: str, sha256: str, files: dict[str, Path], name: str) -> Part:
    """Pin files, and return them as one part."""
    return Part(kind, sha256, *pins.pin(data, files), name)


def sha256_of(path: Path) -> str:
    """Return the hash of a file's bytes, or of the archive that a folder becomes."""
    digest = hashlib.sha256()
    for piece in archives.pieces(path):
        digest.update(piece)
    return digest.hexdigest()
