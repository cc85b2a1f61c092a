"""farm detect as a person uses it: real processes, no device and no database."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from tests.processes import command, completed


def detect(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return completed(command("detect", *arguments), folder)


@pytest.fixture
def nightly(tmp_path: Path) -> Path:
    """A folder with a CSV file of a series that stays, one that changes and one that may have."""
    rng = np.random.default_rng(1)
    lines = ["series,time,value"]
    for name, begin, factor in (("steady", 0, 1.0), ("slower", 20, 1.1), ("fresh", 38, 0.9)):
        for night in range(40):
            level = 20e6 * (factor if night >= begin else 1)
            lines += [
                f"{name},2026-{1 + night // 28:02}-{1 + night % 28:02},{level * np.exp(0.02 * noise):.0f}"
                for noise in rng.standard_normal(5)
            ]
    (tmp_path / "nightly.csv").write_text("\n".join(lines))
    return tmp_path


def test_each_change_is_a_line_with_place_size_and_significance(nightly: Path) -> None:
    done = detect(nightly, "nightly.csv")
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines() if line.split()[:1] in (["slower"], ["fresh"], ["steady"])]
    assert [line[:2] for line in lines] == [["slower", "2026-01-21"], ["fresh", "2026-02-11"]]
    assert "suspected: confirm with fresh runs" in done.stdout
    assert done.stdout.splitlines()[-1] == "3 series: 1 changed, 1 suspected at the end"


def test_json_says_the_same(nightly: Path) -> None:
    document = json.loads(detect(nightly, "nightly.csv", "--json").stdout)
    assert document["exit_code"] == 0
    assert [(each["name"], each["sessions"], len(each["findings"])) for each in document["series"]] == [
        ("steady", 40, 0),
        ("slower", 40, 1),
        ("fresh", 40, 1),
    ]
    (change,), (suspected,) = (each["findings"] for each in document["series"][1:])
    assert (change["kind"], change["index"], change["at"]) == ("change", 20, "2026-01-21")
    assert change["index_low"] <= 20 <= change["index_high"]
    assert change["size"]["low"] < 1.1 < change["size"]["high"]
    assert change["significance"] < 0.01
    assert (suspected["kind"], suspected["at"], suspected["significance"]) == ("suspected", "2026-02-11", None)


def test_series_in_which_nothing_could_be_found_are_counted(tmp_path: Path) -> None:
    long, short = list(range(100, 108)), [100, None, 101, 102, 103, 104, 105, 106]
    (tmp_path / "s.json").write_text(json.dumps([{"name": "long", "values": long}, {"name": "short", "values": short}]))
    done = detect(tmp_path, "s.json")
    assert done.stdout.splitlines()[-1] == "2 series: 0 changed, 0 suspected at the end, 1 too short for any change to be found"
    document = json.loads(detect(tmp_path, "s.json", "--json").stdout)
    assert [each["is_too_short"] for each in document["series"]] == [False, True]


def test_only_a_change_that_is_sure_fails_on_change(nightly: Path) -> None:
    assert detect(nightly, "nightly.csv", "--fail-on-change").returncode == 4
    kept = [line for line in (nightly / "nightly.csv").read_text().splitlines() if not line.startswith("slower")]
    (nightly / "kept.csv").write_text("\n".join(kept))
    done = detect(nightly, "kept.csv", "--fail-on-change", "--json")
    assert done.returncode == json.loads(done.stdout)["exit_code"] == 0
    assert "suspected" in done.stdout


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "series.csv cannot be read: No such file or directory"),
        ("time,value\n1,x\n", 'series.csv:2: "x" is not a number'),
        ('[{"values": [1, Infinity]}]', "series.csv, series 0, value 1 is infinite"),
        ('[{"values": [-1, 1e200]}]', "series.csv: the series holds values beyond 1e+150, with which nothing can be computed"),
    ],
)
def test_wrong_input_is_one_sentence_and_code_2(tmp_path: Path, content: str | None, said: str) -> None:
    if content is not None:
        (tmp_path / "series.csv").write_text(content)
    done = detect(tmp_path, "series.csv", "--fail-on-change")
    assert done.returncode == 2
    assert done.stderr == f"farm: {said}\n"
    assert done.stdout == ""
