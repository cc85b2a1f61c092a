"""Quality passes as a person uses them: what is printed, what is stored, what is refused."""

import json
import re
import struct
from pathlib import Path

import pytest

from farm import items
from tests.cli.commands import Farm, data, farm
from tests.conftest import FakeModel

__all__ = ["data", "farm"]


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Ten items of two numbers, of which the second is the greater one in all but the first; the right answer is always the second."""
    rows = [struct.pack("<2f", 1, 0), *[struct.pack("<2f", 0, place + 1) for place in range(9)]]
    return items.write(tmp_path / "images.items", items.classify_file([[row] for row in rows]), {"made": "here"}, [1] * 10)[0]


def test_items_add_the_quality_pass_once_and_its_interval_is_over_items(farm: Farm, fake_model: FakeModel, images: Path) -> None:
    model = fake_model(echo=1, input_bytes=8, sleep_ns=4_000_000).path
    command = ["run", model, "--items", images, "--passes", "latency", "--repeat", 3, "--iterations", 5, "--duration", 0, "--threads", 1]
    done = farm(*command)
    assert done.returncode == 0, done.stderr
    assert re.search(r"accuracy +90.0 % +55.5 % … 99.7 % \(95% over 10 items\) +1 of 1", done.stdout), done.stdout
    (session,) = json.loads(farm(*command, "--json").stdout)["sessions"]
    (line,) = [line for line in session["results"] if line["pass"] == "quality"]
    assert (line["name"], line["median"], line["items"], line["better"]) == ("accuracy_ratio", 0.9, 10, "higher")
    assert [run["pass"] for run in session["runs"]].count("quality") == 1
    rows = json.loads(farm("sql", "SELECT item, value, predicted FROM item_answers ORDER BY run_id, item LIMIT 2", "--json").stdout)
    assert rows == [{"item": 0, "value": 0.0, "predicted": 0}, {"item": 1, "value": 1.0, "predicted": 1}]
    (run,) = [run for run in session["runs"] if run["pass"] == "quality"]
    assert re.search(r"accuracy_ratio +1 +90.0 %", farm("show", run["id"]).stdout)


def test_a_language_models_perplexity_stands_beside_its_speed(farm: Farm, fake_model: FakeModel, tmp_path: Path) -> None:
    texts = [[place, place + 1, place + 2, 0] for place in range(8)]
    path, _ = items.write(tmp_path / "texts.items", items.tokens_file(texts), {}, None)
    (tmp_path / "prompt.json").write_text("[1, 2, 3]")
    model = fake_model(vocabulary=16, context=32).path
    done = farm(
        *("run", model, "--prompt", "prompt.json", "--decode-tokens", 4, "--items", path, "--passes", "latency", "--repeat", 1),
        *("--threads", 1, "--html", tmp_path / "page.html"),
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"perplexity +9\.\d\d .*\(95% over 8 items\)", done.stdout), done.stdout
    assert "perplexity" in (tmp_path / "page.html").read_text()


def test_items_of_another_models_inputs_are_a_failed_job(farm: Farm, fake_model: FakeModel, images: Path) -> None:
    model = fake_model(echo=1, input_bytes=4).path
    done = farm("run", model, "--items", images, "--passes", "quality", "--threads", 1)
    assert done.returncode == 3
    assert "input_mismatch" in farm("sql", "SELECT error_class FROM runs").stdout
    assert "input 0 of the model is 4 bytes, an item's is 8" in done.stdout


@pytest.mark.parametrize(
    ("break_it", "code", "said"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:-1]), 2, "is not a whole file of items: it is cut off"),
        (lambda path: path.write_bytes(b"GGUF" + path.read_bytes()), 2, "is not a whole file of items: it does not begin as one"),
        (lambda path: path.unlink(), 2, "there is no "),
        (lambda path: items.card_path(path).unlink(), 2, "the right answers to "),
        (lambda path: items.write(path, path.read_bytes(), {}, [1] * 9), 2, "has 9 targets for 10 items"),
        (lambda path: items.write(path, path.read_bytes(), {}, [2] * 10), 3, "is number 2, counted from 0, and the model gives 2 numbers"),
    ],
    ids=["cut off", "another file", "missing", "no answers", "too few answers", "impossible answers"],
)
def test_items_that_cannot_be_asked_end_with_one_sentence(
    farm: Farm, fake_model: FakeModel, images: Path, break_it: object, code: int, said: str
) -> None:
    assert callable(break_it)
    break_it(images)
    done = farm("run", fake_model(echo=1, input_bytes=8).path, "--items", images, "--passes", "quality", "--threads", 1)
    assert done.returncode == code, done.stderr
    lines = [line for line in (done.stderr + done.stdout).splitlines() if said in line]
    assert lines, done.stderr + done.stdout
    assert "Traceback" not in done.stderr
    if code == 2:
        assert len([line for line in done.stderr.splitlines() if line.startswith("farm:")]) <= 2  # the sentence and its hint


def test_a_quality_pass_without_items_is_refused(farm: Farm, fake_model: FakeModel) -> None:
    done = farm("run", fake_model().path, "--passes", "quality")
    assert done.returncode == 2
    assert "the quality pass needs a file of items" in done.stderr


def test_a_prompt_and_items_without_texts_are_refused(farm: Farm, fake_model: FakeModel, images: Path, tmp_path: Path) -> None:
    (tmp_path / "prompt.json").write_text("[1, 2, 3]")
    done = farm("run", fake_model(vocabulary=8, context=16).path, "--prompt", "prompt.json", "--items", images)
    assert done.returncode == 2
    assert "images.items has no texts, and a prompt makes the model a language model" in done.stderr


def test_items_of_an_unknown_recipe_are_refused(farm: Farm) -> None:
    done = farm("artifacts", "items", "digit")
    assert done.returncode == 2
    assert 'there is no recipe "digit"; did you mean digits?' in done.stderr


def test_the_digits_items_are_written_where_asked(farm: Farm, tmp_path: Path) -> None:
    pytest.importorskip("sklearn", reason="pip install scikit-learn")
    done = farm("artifacts", "items", "digits", "--into", "models")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["models/digits_test.items", "models/digits_test.items.farm.json"]
    assert items.open_items(tmp_path / "models" / "digits_test.items").count == 360
