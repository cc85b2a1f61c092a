import hashlib
import json
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.artifacts import RECIPES, build, open_artifact, sidecar
from farm.artifacts.sidecar import Sidecar
from farm.errors import ArtifactError
from farm.workloads import Comparison, Reference
from tests.conftest import ROOT

EXAMPLES = ROOT / "farm" / "examples"
INT8 = (EXAMPLES / "digits_int8.pte").read_bytes()


@pytest.mark.parametrize("name", ["digits_fp32.pte", "digits_int8.pte"])
def test_the_shipped_artifacts_are_what_their_sidecars_say(name: str) -> None:
    artifact = open_artifact(EXAMPLES / name)
    assert artifact.runtime == "executorch"
    assert artifact.recipe is not None
    assert artifact.recipe["held_out_accuracy"] >= 0.98
    assert artifact.reference is not None
    assert artifact.reference.shape == (1, 10)
    assert len(artifact.reference.inputs[0]) == 8 * 8 * 4
    recipe = ROOT / "farm" / "artifacts" / "digits.py"
    assert artifact.recipe["source_sha256"] == hashlib.sha256(recipe.read_bytes()).hexdigest(), (
        "farm artifacts build digits --into farm/examples"
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"hello, this is a README\n" * 10, "is a text file"),
        (b"\x1c\x00\x00\x00TFL3" + bytes(100), "is a LiteRT model"),
        (b"GGUF" + bytes(100), "is a GGUF model"),
        (b"PK\x03\x04" + bytes(100), "is a zip archive"),
        (bytes(range(255, 150, -1)), "is not a model that farm knows"),
    ],
)
def test_what_is_no_model_is_said_in_a_sentence(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "model.pte"
    path.write_bytes(content)
    with pytest.raises(ArtifactError, match=said) as caught:
        open_artifact(path)
    assert "model.pte" in caught.value.message
    assert "\n" not in caught.value.message


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"there is no .*model\.pte"):
        open_artifact(tmp_path / "model.pte")
    with pytest.raises(ArtifactError, match="is a folder"):
        open_artifact(tmp_path)


@pytest.mark.parametrize("length", [1, 7, 8, 20, 39, 40, 64, 1000, len(INT8) // 2, len(INT8) - 1000])
def test_a_program_that_is_cut_off_is_refused(tmp_path: Path, length: int) -> None:
    path = tmp_path / "model.pte"
    path.write_bytes(INT8[:length])
    with pytest.raises(ArtifactError):
        open_artifact(path)


def test_a_header_that_states_more_than_there_is_is_believed(tmp_path: Path) -> None:
    path = tmp_path / "model.pte"
    path.write_bytes(INT8[:16] + struct.pack("<Q", 2**40) + INT8[24:])
    with pytest.raises(ArtifactError, match="is cut off"):
        open_artifact(path)


@given(st.binary(min_size=1, max_size=200).filter(lambda content: not content.startswith(b"farm-fake 1")))
def test_random_bytes_are_refused_in_a_sentence(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("random") / "model.pte"
    path.write_bytes(content)
    with pytest.raises(ArtifactError):
        open_artifact(path)


@given(
    st.builds(
        Reference,
        inputs=st.lists(st.binary(max_size=20), max_size=3).map(tuple),
        output=st.binary(min_size=24, max_size=24),
        dtype=st.just("float32"),
        shape=st.sampled_from([(6,), (1, 6), (2, 3)]),
        comparison=st.sampled_from([*Comparison]),
        tolerance=st.floats(0, 10),
        made_by=st.text(st.characters(codec="utf-8")),
    )
)
def test_a_sidecar_comes_back_as_it_was_written(tmp_path_factory: pytest.TempPathFactory, reference: Reference) -> None:
    model = tmp_path_factory.mktemp("sidecar") / "model.pte"
    card = Sidecar({"name": "x", "seed": 1}, reference)
    sidecar.write(model, "ab", card)
    assert sidecar.read(model, "ab") == card


def a_model_with(tmp_path: Path, **changes: object) -> Path:
    path = tmp_path / "model.fake"
    path.write_text("farm-fake 1\n")
    reference = {
        "inputs": [],
        "output": "AAAAAA==",
        "dtype": "float32",
        "shape": [1],
        "comparison": "max_abs",
        "tolerance": 0.1,
        "made_by": "x",
    }
    content = {"farm_artifact": 1, "sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "recipe": None, "reference": reference}
    sidecar.path_of(path).write_text(json.dumps(content | changes))
    return path


def test_a_right_sidecar_is_taken(tmp_path: Path) -> None:
    assert open_artifact(a_model_with(tmp_path)).reference is not None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"sha256": "00"}, "belongs to other bytes"),
        ({"farm_artifact": 2}, "is of version 2"),
        ({"reference": {"inputs": []}}, "is not of the form"),
        (
            {
                "reference": {
                    "inputs": [],
                    "output": "AAAA",
                    "dtype": "float32",
                    "shape": [1],
                    "comparison": "max_abs",
                    "tolerance": 1,
                    "made_by": "",
                }
            },
            "stated shape",
        ),
        (
            {
                "reference": {
                    "inputs": [],
                    "output": "!",
                    "dtype": "float32",
                    "shape": [1],
                    "comparison": "max_abs",
                    "tolerance": 1,
                    "made_by": "",
                }
            },
            "not of the form",
        ),
    ],
)
def test_a_wrong_sidecar_is_refused(tmp_path: Path, changes: dict[str, object], said: str) -> None:
    with pytest.raises(ArtifactError, match=said):
        open_artifact(a_model_with(tmp_path, **changes))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"output": "", "shape": [0]}, "the output is empty"),
        ({"shape": [-1, -1]}, "the output is empty"),
        ({"tolerance": float("inf")}, "the tolerance inf tells no right output from a wrong one"),
        ({"tolerance": float("nan")}, "the tolerance nan"),
    ],
)
def test_a_reference_that_any_output_would_pass_is_refused(tmp_path: Path, changes: dict[str, object], said: str) -> None:
    path = a_model_with(tmp_path)
    content = json.loads(sidecar.path_of(path).read_text())
    sidecar.path_of(path).write_text(json.dumps(content | {"reference": content["reference"] | changes}))
    with pytest.raises(ArtifactError, match=said):
        open_artifact(path)


@pytest.mark.parametrize("text", ["{", "[" * 100_000])
def test_a_sidecar_that_is_no_json_is_refused(tmp_path: Path, text: str) -> None:
    path = a_model_with(tmp_path)
    sidecar.path_of(path).write_text(text)
    with pytest.raises(ArtifactError, match="is not JSON"):
        open_artifact(path)


def test_an_unknown_recipe_is_named_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match='there is no recipe "digit"; did you mean digits'):
        build("digit", tmp_path, lambda _: None)
    assert "digits" in RECIPES
