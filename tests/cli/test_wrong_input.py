"""What a person gets wrong is one sentence and code 2, before anything is measured."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.commands import Farm, data, farm, quick
from tests.conftest import ROOT, FakeModel

__all__ = ["data", "farm"]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["run"], 2, "name either model files or a --suite"),
        (["run", "no.pte"], 2, "there is no no.pte"),
        (["run", "text.pte"], 2, "text.pte is a text file, not a model"),
        (["run", "cut.pte"], 2, "cut.pte is cut off"),
        (["run", "model.fake", "--device", "s25"], 2, 'there is no device "s25"'),
        (["run", "model.fake", "--passes", "latncy"], 2, 'there is no pass "latncy"; did you mean "latency"?'),
        (["run", "model.fake", "--prompt", "text.pte"], 2, "is not JSON"),
        (["run", "--suite", "no.toml"], 2, "no.toml cannot be read"),
        (["rnu", "model.fake"], 2, 'there is no command "rnu"; did you mean "run"?'),
        (["show", "ffff"], 2, 'there is no run "ffff"'),
        (["sql", "SELEC 1"], 2, "there is no database"),
        (["artifacts", "build", "digit"], 2, "did you mean digits?"),
        (["config", "check", "no.toml"], 2, "no.toml cannot be read"),
    ],
)
def test_wrong_input_is_one_sentence_and_code_2(
    farm: Farm, fake_model: FakeModel, tmp_path: Path, arguments: list[str], code: int, said: str
) -> None:
    fake_model()
    (tmp_path / "text.pte").write_text("I am no model\n")
    (tmp_path / "cut.pte").write_bytes((ROOT / "farm" / "examples" / "digits_int8.pte").read_bytes()[:9999])
    done = farm(*arguments)
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_an_unwritable_data_folder_is_said(tmp_path: Path, fake_model: FakeModel) -> None:
    (tmp_path / "file").write_text("")
    command = [sys.executable, "-m", "farm", "--data", str(tmp_path / "file" / "data"), "run", str(fake_model().path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 2
    assert "cannot be written to" in done.stderr


def test_a_database_that_cannot_be_used_is_said_before_anything_is_measured(data: Path, fake_model: FakeModel, farm: Farm) -> None:
    data.mkdir(exist_ok=True)
    (data / "farm.duckdb").write_text("this is no database")
    done = farm("run", fake_model().path)
    assert done.returncode == 2
    assert "cannot be opened" in done.stderr
    assert "[1/" not in done.stderr


@pytest.mark.parametrize("place", [".", "/proc/page.html", "model.fake/page.html"])
def test_a_page_that_cannot_be_written_is_said_before_anything_is_measured(fake_model: FakeModel, farm: Farm, place: str) -> None:
    done = farm("run", fake_model().path, "--html", place)
    assert done.returncode == 2
    assert f"farm: the page {place} cannot be written" in done.stderr
    assert "[1/" not in done.stderr


@pytest.mark.parametrize("statement", ["", "SELECT 1; SELECT 2", ";"])
def test_sql_takes_one_statement(fake_model: FakeModel, farm: Farm, statement: str) -> None:
    farm(*quick(fake_model(sleep_ns=4_000_000).path))
    assert "not one statement" in farm("sql", statement).stderr


def test_every_model_of_a_suite_that_is_none_is_told_at_once(farm: Farm, tmp_path: Path) -> None:
    text = '[suite]\nname = "s"\n'
    for name in ("one", "two"):
        (tmp_path / f"{name}.pte").write_text("I am no model\n")
        text += f'[[workloads]]\nid = "{name}"\nartifact = "{name}.pte"\n'
    (tmp_path / "suite.toml").write_text(text)
    done = farm("config", "check", "suite.toml")
    assert done.returncode == 2
    assert done.stderr.splitlines() == [f"farm: suite.toml: {name}.pte is a text file, not a model" for name in ("one", "two")]
