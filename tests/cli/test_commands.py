"""The commands as a person uses them: real processes, the fake runtime, real exit codes."""

import json
import re
from pathlib import Path

from tests.cli.commands import Farm, data, farm, quick
from tests.conftest import FakeModel

__all__ = ["data", "farm"]


def test_a_run_ends_with_a_table_a_page_and_a_database(farm: Farm, fake_model: FakeModel, tmp_path: Path, data: Path) -> None:
    done = farm(*quick(fake_model(spin_ns=100_000).path), "--html", tmp_path / "page.html", FARM_REVISION="abc123")
    assert done.returncode == 0, done.stderr
    assert "output unchecked" in done.stdout
    number = r"\d+(\.\d+)? us"
    assert re.search(rf"latency +100(\.\d+)? us +{number} … {number} \(50%\)", done.stdout), done.stdout
    assert "2 of 2" in done.stdout
    assert "temperature_c" in done.stdout
    page = (tmp_path / "page.html").read_text()
    assert "abc123" in page
    assert "http" not in page.replace("http-equiv", "")
    assert (data / "farm.duckdb").exists()
    assert "Traceback" not in done.stderr


def test_runs_show_and_sql_find_what_was_measured(farm: Farm, fake_model: FakeModel) -> None:
    farm(*quick(fake_model(spin_ns=100_000).path))
    listed = json.loads(farm("runs", "--json").stdout)
    assert len(listed) == 4
    assert json.loads(farm("runs", "--json", "--outcome", "ok").stdout) == listed
    assert "no such runs" in farm("runs", "--outcome", "timed_out").stderr
    run_id = listed[0]["run_id"]
    shown = farm("show", run_id[-12:], "--samples")
    assert run_id in shown.stdout
    assert "Device state" in shown.stdout
    as_json = json.loads(farm("show", run_id, "--json").stdout)
    assert as_json["outcome"] == "ok"
    assert as_json["samples"]
    assert farm("sql", "SELECT count(*) AS n FROM runs", "--json").stdout.split() == ["[", "{", '"n":', "4", "}", "]"]


def test_json_is_one_document_with_every_run(farm: Farm, fake_model: FakeModel) -> None:
    done = farm(*quick(fake_model(spin_ns=100_000).path), "--json")
    document = json.loads(done.stdout)
    assert document["exit_code"] == 0
    assert len(document["sessions"][0]["runs"]) == 4
    latency = next(line for line in document["sessions"][0]["results"] if line["name"] == "latency_ns.p50")
    assert latency["median"] >= 100_000
    assert latency["interval"]["coverage"] == 0.5


def test_a_job_without_a_valid_run_ends_with_3_and_is_stored(farm: Farm, fake_model: FakeModel) -> None:
    done = farm(*quick(fake_model(crash_at_iteration=3).path))
    assert done.returncode == 3
    assert "the harness crashed: signal 6 (SIGABRT)" in done.stdout
    assert {run["outcome"] for run in json.loads(farm("runs", "--json").stdout)} == {"failed"}


def test_a_suite_is_measured_and_its_budgets_are_said_not_to_be_judged(farm: Farm, fake_model: FakeModel, tmp_path: Path) -> None:
    fake_model(spin_ns=100_000)
    (tmp_path / "suite.toml").write_text("""
[suite]
name = "s"
repeat = 1
passes = ["latency"]
[[workloads]]
id = "w"
artifact = "model.fake"
iterations = 5
duration = "1 ms"
threads = 1
[[budgets]]
workload = "w"
metric = "latency_ns"
max = "1 ms"
""")
    assert farm("config", "check", "suite.toml").stdout.splitlines()[1] == "suite.toml: 1 workload, 1 budget, 1 repeat"
    done = farm("run", "--suite", "suite.toml")
    assert done.returncode == 0, done.stderr
    assert "s states 1 budget; farm run measures and does not judge" in done.stderr


def test_a_language_model_gives_its_rates(farm: Farm, fake_model: FakeModel, tmp_path: Path) -> None:
    (tmp_path / "prompt.json").write_text("[1, 2, 3, 4]")
    model = fake_model(spin_ns=1_000_000, vocabulary=16, context=64).path
    done = farm(
        "run", model, "--prompt", "prompt.json", "--decode-tokens", 8, "--passes", "latency,memory", "--repeat", 2, "--threads", 1, "--json"
    )
    assert done.returncode == 0, done.stderr
    found = {line["name"]: line["median"] for line in json.loads(done.stdout)["sessions"][0]["results"]}
    assert found["ttft_ns.p50"] >= 1_000_000
    assert 50 < found["decode_tokens_per_s.p50"] <= 1000  # a token spins for a millisecond, and what else runs here can only add to it
    assert 200 < found["prefill_tokens_per_s.p50"] <= 4000
    assert found["vm_hwm_bytes"] > 0


def test_devices_doctor_and_harness_list(farm: Farm) -> None:
    assert "local" in farm("devices").stdout
    assert [device["name"] for device in json.loads(farm("devices", "--json").stdout)] == ["local"]
    doctor = farm("doctor", "--json")
    checks = {check["name"]: check for check in json.loads(doctor.stdout)}
    assert checks["device local"]["works"]
    assert checks["database"]["works"]
    assert "fake" in farm("harness", "list").stdout
