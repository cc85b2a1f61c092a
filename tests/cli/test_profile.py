"""Profile passes as a person uses them: what is printed and stored, and that no judgement takes them."""

import json
import re
from pathlib import Path

import polars as pl
import pytest

from farm import units
from farm.cli.track import Asked, look
from tests.artifacts.coreml_models import a_package
from tests.cli.commands import Farm, data, farm
from tests.cli.nights import SCHEDULE, Lab, a_suite
from tests.conftest import FakeModel

__all__ = ["data", "farm"]

PARTS = "call 1000\ninner Convolution #1 300000\ninner Softmax #1 2000\npart add 100000"
QUICK = ("--repeat", 2, "--iterations", 9, "--duration", 0, "--threads", 1)


def test_a_profile_is_printed_with_the_latency_beside_it_and_shown_again(farm: Farm, fake_model: FakeModel, tmp_path: Path) -> None:
    done = farm("run", fake_model(part=PARTS).path, "--passes", "latency,profile", *QUICK, "--html", tmp_path / "page.html")
    assert done.returncode == 0, done.stderr
    text = done.stdout
    assert "Profile · model · model.fake · fake · 1 thread · 2 runs, 18 inferences" in text
    assert re.search(r"Convolution #1 +inner +0 +1 +3\d\d us", text), text
    assert re.search(r"add +kernel +1 +1 +1\d\d us", text), text
    assert text.index("Convolution #1") < text.index(" add ") < text.index("outside operators") < text.index("the whole, with the tracer")
    assert re.search(r"makes it slower \(here (no more than runs differ, )?[+-]\d+\.\d % against the latency passes' \d+ us\)", text), text
    assert re.search(r"^ latency ", text, re.MULTILINE)
    assert "traced" not in text  # what the tracer made slower stands among no metrics
    assert "Where the time goes" in (tmp_path / "page.html").read_text()
    (run, _) = json.loads(farm("sql", "SELECT id::VARCHAR AS id FROM runs WHERE pass = 'profile' ORDER BY id", "--json").stdout)
    shown = farm("show", run["id"], "--samples").stdout
    assert "1 run, 9 inferences" in shown
    assert "which makes all of it slower" in shown
    assert re.search(r"Readings of operators\s", shown)
    values = json.loads(farm("show", run["id"], "--json").stdout)
    assert [row["name"] for row in values["operators"]] == ["call", "Convolution #1", "Softmax #1", "add", None]
    assert [len(row["times_ns"]) for row in values["operator_times"]] == [9, 9, 9, 9]
    assert farm("export", "--format", "parquet", "--into", "runs.parquet", "--samples").returncode == 0
    raw = pl.read_parquet(tmp_path / "runs.parquet").filter(pl.col("metric") == "operator_ns", pl.col("run_id") == run["id"])
    assert raw["source"].to_list() == ["0 call", "1 Convolution #1", "2 Softmax #1", "3 add"]
    assert raw["values"].to_list() == [row["times_ns"] for row in values["operator_times"]]


def test_a_session_as_json_has_its_profiles_apart_from_its_results(farm: Farm, fake_model: FakeModel) -> None:
    done = farm("run", fake_model(part=PARTS).path, "--passes", "profile", *QUICK, "--json")
    assert done.returncode == 0, done.stderr
    (session,) = json.loads(done.stdout)["sessions"]
    assert session["results"] == []
    (profile,) = session["profiles"]
    assert profile["with_tracer"] is True
    assert [operator["name"] for operator in profile["operators"]] == ["Convolution #1", "add", "Softmax #1"]
    assert "traced_latency_ns" in farm("sql", "SELECT DISTINCT metric FROM samples").stdout
    assert "latency_ns" not in farm("sql", "SELECT DISTINCT metric FROM samples").stdout.replace("traced_latency_ns", "")
    assert re.search(r"profile +1.1 +ok +4\d\d us", farm("runs").stdout)


def test_a_language_models_profile_is_of_its_tokens(farm: Farm, fake_model: FakeModel, tmp_path: Path) -> None:
    (tmp_path / "prompt.json").write_text("[1, 2, 3]")
    model = fake_model(vocabulary=8, context=32, part=PARTS).path
    done = farm("run", model, "--passes", "profile", "--prompt", "prompt.json", "--decode-tokens", 4, "--repeat", 1, "--threads", 1)
    assert done.returncode == 0, done.stderr
    assert "1 run, 3 tokens" in done.stdout
    assert "reading the prompt is not in it" in done.stdout
    one = farm("run", model, "--passes", "profile", "--prompt", "prompt.json", "--decode-tokens", 1)
    assert (one.returncode, "tokens after the first" in one.stderr) == (2, True)


def test_a_model_without_operators_is_a_failed_run_that_says_why(farm: Farm, fake_model: FakeModel) -> None:
    done = farm("run", fake_model(spin_ns=1000).path, "--passes", "profile", *QUICK)
    assert done.returncode == 3
    assert "the runtime times no operator" in done.stdout
    assert "Profile ·" not in done.stdout


def test_core_ml_has_no_profile_and_that_is_said_before_anything_is_measured(farm: Farm, tmp_path: Path) -> None:
    done = farm("run", a_package(tmp_path / "net.mlpackage"), "--passes", "profile")
    assert done.returncode == 2
    assert "Core ML tells nobody how long its operators take" in done.stderr


@pytest.mark.parametrize("command", ["run", "gate"])
def test_a_budget_of_what_was_traced_is_refused(farm: Farm, tmp_path: Path, fake_model: FakeModel, command: str) -> None:
    model = fake_model(part=PARTS).path
    (tmp_path / "suite.toml").write_text(
        f'[suite]\nname = "s"\n[[workloads]]\nid = "w"\nartifact = "{model}"\npasses = ["latency", "profile"]\n'
        '[[budgets]]\nworkload = "w"\nmetric = "traced_latency_ns"\nmax_regression = "3 %"\n'
    )
    sides = ("--candidate", model, "--baseline", model) if command == "gate" else ()
    done = farm(command, "--suite", "suite.toml", *sides)
    assert done.returncode == 2
    assert "traced_latency_ns" in done.stderr


def test_no_history_misses_a_profile_that_a_night_could_not_make(lab: Lab) -> None:
    suite = a_suite(lab.home, SCHEDULE, workloads=("net",), repeat=1)
    suite.write_text(re.sub(r"passes = \[.*\]", 'passes = ["latency", "profile"]', suite.read_text()))
    assert lab.night() == 3  # its model has no parts to be timed
    states = {row["pass"]: row["state"] for row in lab.sql("SELECT pass, state FROM expected_states")}
    assert states == {"latency": "done", "profile": "accounted for"}
    assert look(lab.context.store(), Asked("main", lab.at.replace(tzinfo=None))).missing == ()


def test_many_readings_that_are_no_metric_have_their_quantiles(farm: Farm, fake_model: FakeModel) -> None:
    assert farm("run", fake_model(part=PARTS).path, "--passes", "profile", *QUICK).returncode == 0
    (row, *_) = json.loads(
        farm("sql", "SELECT run_id::VARCHAR AS run, p50 FROM run_statistics WHERE metric = 'traced_latency_ns'", "--json").stdout
    )
    shown = re.search(r"traced_latency_ns +9 +(\S+ \S+) +(\S+ \S+) +(\S+ \S+)", farm("show", row["run"]).stdout)
    assert shown is not None
    assert shown[1] == units.show(row["p50"], units.TIME)
