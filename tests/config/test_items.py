"""A suite's items: what its quality passes ask."""

from pathlib import Path

from farm import items
from farm.workloads import Pass
from tests.config import each_told, suite_of, suite_problems, written

ITEMS_SUITE = """
[suite]
name = "s"
passes = ["latency"]
[[workloads]]
id = "a"
artifact = "model.fake"
items = "a.items"
[[workloads]]
id = "b"
artifact = "model.fake"
"""


def test_items_ask_for_the_quality_pass(tmp_path: Path) -> None:
    items.write(tmp_path / "a.items", items.classify_file([[b"1234"], [b"5678"]]), {}, [1, 0])
    (first, _), (second, _) = suite_of(tmp_path, ITEMS_SUITE).work
    assert first.passes == (Pass.LATENCY, Pass.QUALITY)
    assert first.items is not None
    assert first.items.targets == (1, 0)
    assert (second.passes, second.items) == ((Pass.LATENCY,), None)


def test_items_that_cannot_be_asked_are_told_beside_every_other_problem(tmp_path: Path) -> None:
    written(tmp_path, "[1, 2]", "prompt.json")
    (tmp_path / "cut.items").write_bytes(items.classify_file([[b"1234"]])[:-1])
    items.write(tmp_path / "few.items", items.classify_file([[b"1234"], [b"5678"]]), {}, [1])
    items.write(tmp_path / "images.items", items.classify_file([[b"1234"]]), {}, [1])
    text = """
[suite]
name = "s"
passes = ["latency"]
[[workloads]]
id = "a"
artifact = "model.fake"
items = "cut.items"
[[workloads]]
id = "b"
artifact = "model.fake"
items = "few.items"
[[workloads]]
id = "c"
artifact = "model.fake"
items = "images.items"
prompt = "prompt.json"
[[workloads]]
id = "d"
artifact = "model.fake"
passes = ["quality"]
[[workloads]]
id = "e"
artifact = "model.fake"
items = "none.items"
[[workloads]]
id = "f"
artifact = "model.fake"
items = 5
"""
    found = suite_problems(tmp_path, text)
    each_told(
        found,
        f"workloads[0].items: {tmp_path / 'cut.items'} is not a whole file of items: it is cut off",
        "few.items.farm.json has 1 targets for 2 items",
        "workloads[2].items: images.items has no texts, and a prompt makes the model a language model",
        "workloads[3].items: the quality pass needs a file of items",
        f"workloads[4].items: there is no {tmp_path / 'none.items'}",
        "workloads[5].items: 5 is not a text in quotes",
    )
