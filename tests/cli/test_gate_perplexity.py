"""A language model's perplexity as a budget of farm gate, from the texts to the verdict."""

import json
import re
import struct
from pathlib import Path

import pytest

from farm import items
from tests.cli.gating import Farm, a_model, gate, rows

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

PROMPT = (1, 2, 3)


def a_language_model(path: Path, vocabulary: int) -> Path:
    """A model that holds t + 1 for the likeliest after t: the more tokens there are, the less likely."""
    logits = [0.0] * vocabulary
    logits[PROMPT[-1] + 1] = 1.0
    answer = struct.pack("<3q", *PROMPT), struct.pack(f"<{vocabulary}f", *logits)
    return a_model(path, answer, vocabulary=vocabulary, context=32)


@pytest.fixture(autouse=True)
def _language(home: Path) -> None:
    texts = [[place % 12, place % 12 + 1, place % 12 + 2, *[0] * (place % 5)] for place in range(20)]
    items.write(home / "some.items", items.tokens_file(texts), {}, None)
    (home / "prompt.json").write_text(json.dumps(PROMPT))
    a_language_model(home / "old.fake", 16)
    (home / "suite.toml").write_text(
        '[suite]\nname = "s"\n[[workloads]]\nid = "net"\nartifact = "old.fake"\nprompt = "prompt.json"\ndecode_tokens = 2\nthreads = 1\n'
        'items = "some.items"\n[[budgets]]\nworkload = "net"\nmetric = "perplexity"\nmax_regression = "10 %"\n'
    )


@pytest.mark.parametrize(("vocabulary", "code", "decision"), [(15, 0, "pass"), (24, 4, "fail")])
def test_perplexity_is_judged_on_the_texts_that_both_models_read(farm: Farm, home: Path, vocabulary: int, code: int, decision: str) -> None:
    a_language_model(home / "new.fake", vocabulary)
    done = farm(*gate("new.fake", "--json"))
    assert done.returncode == code, done.stdout + done.stderr
    (verdict,) = json.loads(done.stdout)["verdicts"]
    assert (verdict["decision"], verdict["used"][0]["candidate"], verdict["used"][0]["baseline"]) == (decision, 20, 20)
    assert (verdict["estimate"]["value"] > 1.1) == (decision == "fail")
    assert rows(home, "SELECT DISTINCT pass FROM runs") == [{"pass": "quality"}]
    told = farm("explain").stdout
    assert "judged again from these runs: the same verdict" in told
    assert "perplexity" in told
    assert json.loads(farm(*gate("new.fake", "--stored", "--json")).stdout)["verdicts"] == [verdict]


def test_items_that_are_not_those_that_the_baseline_pins_are_told_and_judged_all_the_same(farm: Farm, home: Path) -> None:
    a_language_model(home / "new.fake", 15)
    assert farm("baseline", "set", "v1", "--artifact", "old.fake", "--items", "some.items").returncode == 0
    same = farm(*gate("new.fake", baseline="v1"))
    assert (same.returncode, "pins" in same.stdout + same.stderr) == (0, False), same.stderr
    items.write(home / "some.items", items.tokens_file([[1, 2, 3]] * 20), {}, None)
    done = farm(*gate("new.fake", "--json", baseline="v1"))
    said = r'the suite\'s items some\.items \([0-9a-f]{12}\) are not those that the baseline "v1" pins: some\.items \([0-9a-f]{12}\)'
    assert re.search(f"net: {said}", done.stderr), done.stderr
    (verdict,) = json.loads(done.stdout)["verdicts"]
    assert (done.returncode, verdict["decision"]) == (0, "pass")
    assert any(re.fullmatch(said, warning) for warning in verdict["warnings"]), verdict["warnings"]
    assert re.search(said, farm("explain").stdout)
