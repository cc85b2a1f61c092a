"""What belongs to a model file and does not fit into it: `MODEL.farm.json` beside it, with recipe and reference.

    {"farm_artifact": 1, "sha256": "...", "recipe": {...},
     "reference": {"inputs": ["base64", ...], "output": "base64", "dtype": "float32", "shape": [1, 10],
                   "comparison": "max_abs", "tolerance": 1e-4, "made_by": "..."}}

Bytes are raw and little-endian. recipe and reference may be null.
"""

import base64
import binascii
import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from farm.errors import ArtifactError
from farm.workloads import Comparison, Reference

_VERSION = 1


@dataclass(frozen=True, slots=True)
class Sidecar:
    """The content of a sidecar."""

    recipe: Mapping[str, Any] | None
    reference: Reference | None


def path_of(model: Path) -> Path:
    """Return where the sidecar of a model file lies."""
    return model.with_name(f"{model.name}.farm.json")


def write(model: Path, sha256: str, card: Sidecar) -> Path:
    """Write the sidecar of a model file and return its path."""
    reference = card.reference
    content = {
        "farm_artifact": _VERSION,
        "sha256": sha256,
        "recipe": card.recipe,
        "reference": None
        if reference is None
        else {
            "inputs": [base64.b64encode(data).decode() for data in reference.inputs],
            "output": base64.b64encode(reference.output).decode(),
            "dtype": reference.dtype,
            "shape": list(reference.shape),
            "comparison": reference.comparison,
            "tolerance": reference.tolerance,
            "made_by": reference.made_by,
        },
    }
    path = path_of(model)
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
    return path


def read(model: Path, sha256: str) -> Sidecar | None:
    """Return the sidecar of a model file with this hash, or None when it has none.

    Raises ArtifactError when it belongs to other bytes, or is not a sidecar.
    """
    path = path_of(model)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ArtifactError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise ArtifactError(f"{path} is not JSON", hint="remove it, or build the artifact again") from error
    try:
        if content["farm_artifact"] != _VERSION:
            raise ArtifactError(f"{path} is of version {content['farm_artifact']}, this farm reads {_VERSION}", hint="update farm")
        if content["sha256"] != sha256:
            raise ArtifactError(f"{path} belongs to other bytes than {model.name}", hint="remove it, or build the artifact again")
        reference = content["reference"]
        return Sidecar(content["recipe"], None if reference is None else _reference(reference))
    except (KeyError, TypeError, ValueError, binascii.Error) as error:
        raise ArtifactError(f"{path} is not of the form of a sidecar: {error}", hint="remove it, or build the artifact again") from error


def is_made(model: Path, recipe: Mapping[str, Any]) -> bool:
    """Return whether model is there, whole, and made by this recipe; facts found while it was made may stand beside it."""
    try:
        card = read(model, hashlib.sha256(model.read_bytes()).hexdigest())
    except (FileNotFoundError, ArtifactError):
        return False
    return card is not None and card.recipe is not None and recipe.items() <= card.recipe.items()


def _reference(content: Mapping[str, Any]) -> Reference:
    reference = Reference(
        inputs=tuple(base64.b64decode(text, validate=True) for text in content["inputs"]),
        output=base64.b64decode(content["output"], validate=True),
        dtype=str(content["dtype"]),
        shape=tuple(int(size) for size in content["shape"]),
        comparison=Comparison(content["comparison"]),
        tolerance=float(content["tolerance"]),
        made_by=str(content["made_by"]),
    )
    if len(reference.output) != np.dtype(reference.dtype).itemsize * int(np.prod(reference.shape)):
        raise ValueError("the output is not of the stated shape")
    if not reference.output or any(size < 1 for size in reference.shape):
        raise ValueError("the output is empty, so nothing could be held against it")
    if not math.isfinite(reference.tolerance):
        raise ValueError(f"the tolerance {reference.tolerance:g} tells no right output from a wrong one")
    return reference
