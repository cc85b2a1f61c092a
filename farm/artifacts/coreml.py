"""Core ML models: whether a folder is a whole one."""

import json
from pathlib import Path, PurePosixPath

from farm import archives
from farm.errors import ArtifactError

_AGAIN = "save it again with coremltools, or copy the whole folder"


def check(folder: Path) -> None:
    """Raise ArtifactError for a folder that is no Core ML model, or not a whole one."""
    match archives.kind(folder):
        case archives.PACKAGE:
            _check_package(folder)
        case archives.COMPILED:
            if not any((folder / name).is_file() for name in ("model.mil", "model.espresso.net")):
                raise ArtifactError(f"{folder} has neither model.mil nor model.espresso.net: it is no whole compiled model", hint=_AGAIN)
        case _:
            raise ArtifactError(f"{folder} is a folder, and no Core ML model", hint="name a .pte file, a .mlpackage or a .mlmodelc")


def _check_package(folder: Path) -> None:
    """Refuse a package that does not hold what its manifest lists (coremltools' modelpackage library writes it)."""
    manifest = folder / "Manifest.json"
    try:
        content = json.loads(manifest.read_text(encoding="utf-8"))
        listed = {str(name): str(entry["path"]) for name, entry in content["itemInfoEntries"].items()}
        root = str(content["rootModelIdentifier"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ArtifactError(f"{manifest} is no manifest of a Core ML package", hint=_AGAIN) from error
    if root not in listed:
        raise ArtifactError(f"{manifest} lists no model", hint=_AGAIN)
    for name in listed.values():
        place = PurePosixPath(name)
        if place.is_absolute() or ".." in place.parts or not (folder / "Data" / place).exists():
            raise ArtifactError(f"{folder} is not whole: its manifest lists {name}, which is not there", hint=_AGAIN)
