"""farm compare as a person uses it."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from farm.cli.main import farm
from farm.errors import InputError

Compare = Callable[..., tuple[int, str]]


@pytest.fixture
def compare(tmp_path: Path) -> Compare:
    """Call the command in this process, on files of tmp_path: its exit code, and what it printed or the sentence it ended with."""

    def call(*arguments: str) -> tuple[int, str]:
        files = [str(tmp_path / each) if each.endswith(".csv") else each for each in arguments]
        done = CliRunner().invoke(farm, ["compare", *files], standalone_mode=False)
        if done.exception is None:
            return done.return_value, done.output
        assert isinstance(done.exception, InputError), done.exc_info
        return done.exception.exit_code, done.exception.message

    return call


def write(folder: Path, ratio: float, *, ordered: bool, extra: str = "", count: int = 40) -> None:
    random = np.random.default_rng(1)
    for side, mine, level in (("a", (0, 3), 1.0), ("b", (1, 2), ratio)):
        places = [place for place in range(2 * count) if place % 4 in mine]
        values = 20e6 * level * np.exp(random.normal(0, 0.01, count))
        header = "run,value" + (",session,order" if ordered else "") + (",metric" if extra else "")
        lines = [
            f"{number},{value:.0f}" + (f",s,{place}" if ordered else "") + (f",{extra}" if extra else "")
            for number, (place, value) in enumerate(zip(places, values, strict=True))
        ]
        (folder / f"{side}.csv").write_text("\n".join([header, *lines]))


@pytest.mark.parametrize(
    ("ratio", "ordered", "options", "code", "said"),
    [
        (1.0, True, [], 0, "PASS"),
        (1.1, True, [], 4, "FAIL"),
        (1.05, True, [], 3, "INCONCLUSIVE"),
        (1.03, True, ["--budget", "1%"], 4, "+1 % allowed"),
        (1.0, False, [], 3, "advisory: order unknown"),
        (1.0, False, ["--allow-unordered"], 0, "advisory: order unknown"),
        (1.1, False, [], 4, "advisory: order unknown"),
    ],
)
def test_it_exits_as_the_gate_does(
    compare: Compare, tmp_path: Path, ratio: float, ordered: bool, options: list[str], code: int, said: str
) -> None:
    write(tmp_path, ratio, ordered=ordered)
    ended, printed = compare("a.csv", "b.csv", *options)
    assert ended == code, printed
    assert said in printed


def test_json_is_one_document_that_says_everything(compare: Compare, tmp_path: Path) -> None:
    write(tmp_path, 1.1, ordered=True, extra="decode_tokens_per_s")
    code, printed = compare("a.csv", "b.csv", "--json")
    document = json.loads(printed)
    (verdict,) = document["verdicts"]
    assert (code, document["exit_code"], verdict["decision"]) == (0, 0, "pass")  # a rate: more is better
    assert verdict["allowed"] == pytest.approx(0.95)
    assert verdict["estimate"]["low"] < 1.1 < verdict["estimate"]["high"]
    assert verdict["used"][0]["candidate"] == 40


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["a.csv", "none.csv"], "none.csv cannot be read: No such file or directory"),
        (["a.csv", "bad.csv"], "bad.csv: the value of run 1 is not above zero, so there is no ratio"),
        (["a.csv", "b.csv", "--budget", "5 ms"], '--budget: "5 ms" is not a share'),
        (["a.csv", "b.csv", "--budget", "200 %"], '--budget: "200 %" is not between 0 % and 100 %'),
        (["x.csv", "x.csv"], 'farm does not know which way "throughput" improves'),
        (["t.csv", "t.csv", "--better", "higher"], "latency_ns is better when lower"),
    ],
)
def test_wrong_input_is_one_sentence_and_code_2(compare: Compare, tmp_path: Path, arguments: list[str], said: str) -> None:
    write(tmp_path, 1.0, ordered=True)
    (tmp_path / "bad.csv").write_text("run,value\n1,-4\n")
    (tmp_path / "x.csv").write_text("run,value,metric\n1,4,throughput\n")
    (tmp_path / "t.csv").write_text("run,value,metric\n1,4,latency_ns\n")
    code, sentence = compare(*arguments)
    assert code == 2
    assert said in sentence
    assert "\n" not in sentence


def test_a_metric_that_farm_does_not_know_is_judged_the_way_that_is_said(compare: Compare, tmp_path: Path) -> None:
    write(tmp_path, 0.8, ordered=True, extra="throughput")
    assert compare("a.csv", "b.csv", "--better", "higher")[0] == 4
    assert compare("a.csv", "b.csv", "--better", "lower")[0] == 0


def test_a_file_against_itself_is_no_interleaved_measurement(compare: Compare, tmp_path: Path) -> None:
    write(tmp_path, 1.0, ordered=True)
    code, sentence = compare("a.csv", "a.csv")
    assert code == 2
    assert "have the same place in session s" in sentence


def test_the_process_ends_with_the_gates_code_and_speaks_on_stdout_only(tmp_path: Path) -> None:
    write(tmp_path, 1.1, ordered=True)
    command = [sys.executable, "-m", "farm", "compare", "a.csv", "b.csv"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, timeout=60)
    assert done.returncode == 4
    assert "FAIL" in done.stdout
    assert done.stderr == ""
