import hashlib
import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm import items
from farm.artifacts import make_items, open_artifact
from farm.errors import ArtifactError
from farm.workloads import ItemKind
from tests.conftest import ROOT

EXAMPLES = ROOT / "harness" / "protocol" / "examples" / "items"
SHIPPED = ROOT / "farm" / "examples" / "digits_test.items"
CLASSIFY = (EXAMPLES / "classify.items").read_bytes()
TOKENS = (EXAMPLES / "tokens.items").read_bytes()


def head_of(content: bytes) -> tuple[ItemKind, int, tuple[int, ...]]:
    return items.read_head(io.BytesIO(content), len(content))


def written(folder: Path, content: bytes = CLASSIFY, targets: object = (0, 1, 2)) -> Path:
    """A file of items with its right answers beside it."""
    path = folder / "a.items"
    path.write_bytes(content)
    card = {"farm_items": 1, "sha256": hashlib.sha256(content).hexdigest(), "recipe": None, "targets": targets}
    items.card_path(path).write_text(json.dumps(card))
    return path


def test_the_protocols_examples_are_read() -> None:
    assert head_of(CLASSIFY) == (ItemKind.CLASSIFY, 3, (8, 3))
    assert head_of(TOKENS) == (ItemKind.TOKENS, 2, (4, 2))


def test_what_is_written_is_what_the_protocol_says() -> None:
    assert items.tokens_file([[1, 2, 3, 5], [7, 0]]) == TOKENS
    body = CLASSIFY[-33:]
    assert items.classify_file([(body[at : at + 8], body[at + 8 : at + 11]) for at in (0, 11, 22)]) == CLASSIFY


@pytest.mark.parametrize("path", sorted((EXAMPLES / "invalid").glob("*.items")), ids=lambda path: path.stem)
def test_what_is_no_whole_file_of_items_is_refused_for_the_reason_in_its_name(path: Path) -> None:
    with pytest.raises(ArtifactError, match=path.name.split(".")[0].replace("_", " ")):
        items.open_items(path)


@given(st.sampled_from([CLASSIFY, TOKENS]), st.data())
def test_a_file_cut_off_anywhere_is_refused(content: bytes, data: st.DataObject) -> None:
    with pytest.raises(ValueError, match=r"is cut off|is shorter than its header"):
        head_of(content[: data.draw(st.integers(0, len(content) - 1))])


@given(st.binary(max_size=120))
def test_no_bytes_are_items_by_chance(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"is shorter|does not begin"):
        head_of(content)


def test_items_that_make_no_file_are_refused() -> None:
    for wrong in ([], [[b"a"], [b"bc"]]):
        with pytest.raises(ValueError, match="inputs of the same sizes"):
            items.classify_file(wrong)
    for short in ([], [[1, 2], [3]]):
        with pytest.raises(ValueError, match="at least two tokens"):
            items.tokens_file(short)


def test_items_are_known_by_their_bytes_and_have_their_right_answers(tmp_path: Path) -> None:
    found = items.open_items(written(tmp_path))
    assert (found.sha256, found.name, found.kind) == (hashlib.sha256(CLASSIFY).hexdigest(), "a.items", ItemKind.CLASSIFY)
    assert (found.count, found.sizes, found.targets) == (3, (8, 3), (0, 1, 2))


def test_texts_are_their_own_targets_and_need_nothing_beside_them(tmp_path: Path) -> None:
    path = tmp_path / "texts.items"
    path.write_bytes(TOKENS)
    assert items.open_items(path).targets == ()
    with pytest.raises(ArtifactError, match="the targets of texts are their own tokens"):
        items.open_items(written(tmp_path, TOKENS, targets=(1, 2)))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"targets": [0, 1]}, "has 2 targets for 3 items"),
        ({"targets": None}, "the right answers to .* are missing"),
        ({"targets": [0, 1, -1]}, "a target is the place of the right answer"),
        ({"targets": [0, 1, "2"]}, "a target is the place of the right answer"),
        ({"targets": 3}, "not of the form of right answers"),
        ({"recipe": "by hand"}, "a recipe is an object"),
        ({"sha256": "00"}, "belongs to other bytes than a.items"),
        ({"farm_items": 2}, "is of version 2, this farm reads 1"),
    ],
)
def test_right_answers_that_are_not_these_items_are_refused(tmp_path: Path, changes: dict[str, object], said: str) -> None:
    path = written(tmp_path)
    card = json.loads(items.card_path(path).read_text())
    items.card_path(path).write_text(json.dumps(card | changes))
    with pytest.raises(ArtifactError, match=said):
        items.open_items(path)


def test_items_without_right_answers_or_that_are_not_there_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path)
    items.card_path(path).write_text("targets: 1")
    with pytest.raises(ArtifactError, match="is not JSON"):
        items.open_items(path)
    items.card_path(path).unlink()
    with pytest.raises(ArtifactError, match=r"the right answers to .* are missing"):
        items.open_items(path)
    path.unlink()
    with pytest.raises(ArtifactError, match="there is no "):
        items.open_items(path)


def test_the_shipped_items_are_of_the_data_that_the_shipped_models_were_trained_without() -> None:
    found = items.open_items(SHIPPED)
    assert (found.kind, found.count, found.sizes) == (ItemKind.CLASSIFY, 360, (256,))
    assert set(found.targets) == set(range(10))
    for name in ("digits_fp32.pte", "digits_int8.pte"):
        recipe = open_artifact(SHIPPED.with_name(name)).recipe
        assert recipe is not None
        assert found.recipe is not None
        assert found.recipe["data_sha256"] == recipe["data_sha256"]
        assert (found.recipe["seed"], found.recipe["data"]) == (recipe["seed"], recipe["data"])


def test_the_shipped_items_are_made_again_bit_by_bit(tmp_path: Path) -> None:
    pytest.importorskip("sklearn", reason="pip install scikit-learn")
    path, _ = make_items("digits", tmp_path / "new", lambda _: None)
    rebuilt, shipped = items.open_items(path), items.open_items(SHIPPED)
    assert (rebuilt.sha256, rebuilt.targets) == (shipped.sha256, shipped.targets)


def test_an_unknown_recipe_of_items_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match='no recipe "digit"; did you mean digits'):
        make_items("digit", tmp_path, lambda _: None)
