"""farm import and farm export as a person uses them."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from farm.store import Store
from tests.exchange import texts
from tests.exchange.test_export import nights
from tests.processes import command, completed, unset

Farm = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def farm(tmp_path: Path) -> Farm:
    def call(*arguments: object) -> subprocess.CompletedProcess[str]:
        return completed(command(*arguments, data=tmp_path / "data"), tmp_path, environment=unset())

    return call


def test_a_file_is_read_shown_and_stored_once(farm: Farm, tmp_path: Path) -> None:
    (tmp_path / "results.txt").write_text(texts.HUD)
    done = farm("import", "results.txt")
    assert done.returncode == 0, done.stderr
    assert "results.txt · executorch-hud-v3" in done.stdout
    assert "12.5 ms" in done.stdout
    assert "resnet xnnpack_q8: FAILURE_REPORT: the job failed" in done.stdout
    assert "farm: results.txt: 1 number stored" in done.stderr
    (tmp_path / "copy.json").write_text(texts.HUD)
    again = farm("import", "copy.json")
    assert again.returncode == 0
    assert "farm: copy.json: is stored already: nothing was added" in again.stderr
    store = Store(tmp_path / "data" / "farm.duckdb")
    assert store.sql("SELECT values[1] FROM imported_numbers").to_series().to_list() == [12.5e6]
    assert store.query("imported_files")["name"].to_list() == ["results.txt"]


def test_a_dry_run_stores_nothing(farm: Farm, tmp_path: Path) -> None:
    (tmp_path / "log.txt").write_text(texts.LITERT)
    done = farm("import", "--dry-run", "log.txt", "--json")
    assert done.returncode == 0, done.stderr
    (content,) = json.loads(done.stdout)
    found = {(number["metric"], number["statistic"]): number for number in content["numbers"]}
    assert found["latency_ns", "p50"]["values"] == [7_040_000]
    assert found["latency_ns", "p50"]["device"] is None
    assert found["latency_ns", "p50"]["meaning"] is None
    assert found["warmup_latency_ns", "mean"]["meaning"] == "an inference of the warm-up"
    assert not (tmp_path / "data").exists()


def test_one_broken_file_keeps_all_of_them_out(farm: Farm, tmp_path: Path) -> None:
    (tmp_path / "good.json").write_text(texts.AIHUB)
    (tmp_path / "broken.json").write_text(texts.MOBILE[:-20])
    done = farm("import", "good.json", "broken.json")
    assert done.returncode == 2
    assert done.stderr.startswith("farm: broken.json is not whole JSON")
    assert "hint: known are ExecuTorch" in done.stderr
    assert "Traceback" not in done.stderr
    assert not done.stdout
    assert not (tmp_path / "data").exists()


def test_a_file_that_is_not_there_is_said(farm: Farm) -> None:
    done = farm("import", "nothing.json")
    assert done.returncode == 2
    assert "nothing.json cannot be read: No such file or directory" in done.stderr


def test_foreign_control_characters_do_not_reach_the_terminal(farm: Farm, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps([texts.minibench_record("avg_inference_latency(ms)", 1, model="\x1b[31mred")]))
    done = farm("import", "a.json", "--dry-run")
    assert done.returncode == 0
    assert "\x1b" not in done.stdout + done.stderr


def test_stored_runs_are_exported(farm: Farm, tmp_path: Path) -> None:
    store = Store(tmp_path / "data" / "farm.duckdb")
    (tmp_path / "data").mkdir()
    store.append(nights(3, memory=(0, 1)))
    done = farm("export", "--format", "otava-csv", "--into", "history.csv", "--workload", "a-workload")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["tests"]["local.a-workload"]["file"] == "history.csv"
    assert "1 session lacks one of" in done.stderr
    assert len((tmp_path / "history.csv").read_text().splitlines()) == 3
    assert farm("export", "--format", "hud-v3", "--into", "hud.json").returncode == 0
    assert farm("import", "hud.json", "--dry-run").returncode == 0
    assert farm("export", "--format", "parquet", "--into", "runs.parquet", "--samples").returncode == 0
    assert (tmp_path / "runs.parquet").read_bytes()[:4] == b"PAR1"
    assert not list(tmp_path.glob("*.partial"))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--format", "parquet", "--into", "a.parquet"], "there are no such measured runs"),
        (["--format", "hud-v3", "--into", "a.json", "--samples"], "hud-v3 has no place for raw readings"),
    ],
)
def test_what_cannot_be_exported_is_said(farm: Farm, tmp_path: Path, arguments: list[str], told: str) -> None:
    done = farm("export", *arguments)
    assert done.returncode == 2
    assert told in done.stderr
    assert not list(tmp_path.glob("a.*"))


def test_a_file_that_cannot_be_written_is_said(farm: Farm, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    Store(tmp_path / "data" / "farm.duckdb").append(nights(1))
    done = farm("export", "--format", "parquet", "--into", "nowhere/a.parquet")
    assert done.returncode == 2
    assert "nowhere/a.parquet cannot be written: No such file or directory" in done.stderr
