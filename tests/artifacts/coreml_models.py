"""Folders in the form of Core ML models; no machine learns anything from them."""

import json
from pathlib import Path


def a_package(path: Path, weights: bytes = b"weights") -> Path:
    """Write a .mlpackage as coremltools does."""
    data = path / "Data/com.apple.CoreML"
    (data / "weights").mkdir(parents=True)
    (data / "model.mlmodel").write_bytes(b"\x08\x07")
    (data / "weights/weight.bin").write_bytes(weights)
    entries = {
        "A-1": {"author": "com.apple.CoreML", "name": "model.mlmodel", "path": "com.apple.CoreML/model.mlmodel"},
        "B-2": {"author": "com.apple.CoreML", "name": "weights", "path": "com.apple.CoreML/weights"},
    }
    manifest = {"fileFormatVersion": "1.0.0", "itemInfoEntries": entries, "rootModelIdentifier": "A-1"}
    (path / "Manifest.json").write_text(json.dumps(manifest))
    return path


def a_compiled(path: Path) -> Path:
    """Write a .mlmodelc."""
    path.mkdir(parents=True)
    (path / "coremldata.bin").write_bytes(b"data")
    (path / "model.mil").write_text("program(1.0)")
    return path
