"""Building the shipped artifacts anew. Needs torch: make test EXPORT=1."""

from pathlib import Path

import numpy as np
import pytest

from farm.artifacts import build, open_artifact
from farm.outputs import compare
from tests.conftest import ROOT

pytestmark = [
    pytest.mark.export,
    pytest.mark.timeout(600),
    # torch, torchao and executorch warn of their own deprecations while they export.
    pytest.mark.filterwarnings("default"),
]


def test_rebuilt_artifacts_compute_what_the_shipped_ones_do(tmp_path: Path) -> None:
    pytest.importorskip("executorch", reason="make test EXPORT=1 installs it")
    said: list[str] = []
    paths = build("digits", tmp_path, said.append)
    for path in paths:
        rebuilt, shipped = open_artifact(path), open_artifact(ROOT / "farm" / "examples" / path.name)
        assert rebuilt.reference is not None
        assert shipped.reference is not None
        assert rebuilt.recipe is not None
        assert rebuilt.recipe["held_out_accuracy"] >= 0.98
        assert rebuilt.reference.inputs == shipped.reference.inputs
        # Sums differ in order between kinds of processors, and training amplifies it: the answer is the same, the logits nearly.
        ours, theirs = (np.frombuffer(item.reference.output, np.float32) for item in (rebuilt, shipped) if item.reference)
        assert ours.argmax() == theirs.argmax()
    assert build("digits", tmp_path, said.append) == paths
    assert said[-1].endswith("holds the artifacts of this recipe already")


def test_a_shipped_program_gives_its_reference_in_the_python_runtime() -> None:
    pytest.importorskip("executorch", reason="make test EXPORT=1 installs it")
    import torch

    from farm.artifacts.digits import runner

    for name in ("digits_fp32.pte", "digits_int8.pte"):
        artifact = open_artifact(ROOT / "farm" / "examples" / name)
        assert artifact.reference is not None
        image = torch.frombuffer(bytearray(artifact.reference.inputs[0]), dtype=torch.float32).reshape(1, 1, 8, 8)
        checked = compare(artifact.reference, runner(artifact.path.read_bytes())(image).tobytes())
        assert checked.passed, checked.why
