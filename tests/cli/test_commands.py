"""The commands as a person uses them: real processes, the fake runtime, real exit codes."""

import json
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import click
import pytest

from farm.cli.main import farm as group
from farm.cli.sharing import hearing_stops
from farm.devices import local_state
from farm.workloads import HarnessBuild
from tests.conftest import CALM_TOML, ROOT, FakeModel
from tests.processes import command, completed, unset

Farm = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def data(tmp_path: Path, fake_harness: HarnessBuild) -> Path:
    """A data folder that shares the harness builds of the test session."""
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "harness").symlink_to(fake_harness.folder.parent)
    (tmp_path / "devices.toml").write_text(CALM_TOML)
    return folder


@pytest.fixture
def farm(data: Path, tmp_path: Path) -> Farm:
    def call(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
        words = command("--devices", tmp_path / "devices.toml", *arguments, data=data)
        return completed(words, tmp_path, environment=unset("GIT", "CI") | environment)

    return call


def quick(model: Path) -> list[object]:
    return ["run", model, "--passes", "latency,memory", "--repeat", 2, "--iterations", 20, "--duration", 0.05, "--threads", 1, "--seed", 1]


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


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupt_ends_with_130_and_what_was_measured_is_stored(
    data: Path, tmp_path: Path, fake_model: FakeModel, farm: Farm, number: signal.Signals
) -> None:
    model = fake_model(spin_ns=1_000_000).path
    command = [sys.executable, "-m", "farm", "--data", str(data), "--devices", str(tmp_path / "devices.toml"), "run", str(model)]
    command += ["--passes", "latency", "--repeat", "50", "--threads", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path) as child:
        assert child.stderr is not None
        for line in child.stderr:
            if "[1/50]" in line:
                break
        child.send_signal(number)
        _, said = child.communicate(timeout=30)
    assert child.returncode == 130
    assert "Traceback" not in said
    assert not list((data / "journal").glob("*.json")), "the database has them"
    runs = json.loads(farm("runs", "--json").stdout)
    assert runs
    assert {run["outcome"] for run in runs} == {"ok"}
    assert not list((data / "box" / "local" / "runs").iterdir())


def test_an_interrupt_that_a_library_swallows_is_heard_all_the_same() -> None:
    draining, interrupting = threading.Event(), threading.Event()
    with hearing_stops(draining, interrupting):
        with suppress(KeyboardInterrupt):  # as in a destructor, or in code in C
            signal.raise_signal(signal.SIGINT)
        assert interrupting.is_set()
        assert not draining.is_set()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_interrupt_in_the_middle_of_a_long_pass_is_heard_at_once(data: Path, tmp_path: Path, fake_model: FakeModel) -> None:
    model = fake_model(hang_at_iteration=1).path
    command = [sys.executable, "-m", "farm", "--data", str(data), "--devices", str(tmp_path / "devices.toml"), "run", str(model)]
    with subprocess.Popen([*command, "--passes", "latency", "--threads", "1"], stderr=subprocess.PIPE, text=True, cwd=tmp_path) as child:
        deadline_s = time.monotonic() + 20
        while not list((data / "box" / "local" / "runs").glob("*/result.jsonl.partial")):
            assert time.monotonic() < deadline_s
            time.sleep(0.02)
        time.sleep(4)  # the longer a pass takes, the more seldom it is looked at
        child.send_signal(signal.SIGINT)
        sent_s = time.monotonic()
        _, said = child.communicate(timeout=30)
        took_s = time.monotonic() - sent_s
    assert child.returncode == 130
    assert took_s < 2.5, said
    assert [line for line in said.splitlines() if line] == [
        "farm: stopping",
        "farm: what had been measured is stored; farm run --resume goes on with what is left",
        "farm: interrupted",
    ]
    assert not list((data / "box" / "local" / "runs").iterdir())


def test_a_killed_controller_loses_no_ended_run(data: Path, tmp_path: Path, fake_model: FakeModel, farm: Farm) -> None:
    model = fake_model(spin_ns=100_000).path
    command = [sys.executable, "-m", "farm", "--data", str(data), "--devices", str(tmp_path / "devices.toml"), "run", str(model)]
    command += ["--passes", "latency", "--repeat", "200", "--threads", "1", "--iterations", "10"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=tmp_path) as child:
        assert child.stderr is not None
        ended = 0
        for line in child.stderr:
            ended += ": ok" in line
            if ended == 3:
                break
        child.kill()
    assert farm("recover").returncode == 0
    assert len(json.loads(farm("runs", "--json", "--most", 500).stdout)) >= 3
    deadline_s = time.monotonic() + 20
    while farm("run", model, "--passes", "latency", "--repeat", 1, "--threads", 1).returncode != 0:
        assert time.monotonic() < deadline_s


def test_what_a_killed_controller_left_running_is_ended_by_the_next(data: Path, tmp_path: Path, fake_model: FakeModel, farm: Farm) -> None:
    model = fake_model("hangs.fake", hang_at_iteration=1).path
    command = [sys.executable, "-m", "farm", "--data", str(data), "--devices", str(tmp_path / "devices.toml"), "run", str(model)]
    with subprocess.Popen([*command, "--passes", "latency"], stderr=subprocess.DEVNULL, cwd=tmp_path) as child:
        runs = data / "box" / "local" / "runs"
        deadline_s = time.monotonic() + 60
        while not (list(runs.glob("*/result.jsonl.partial")) and list(runs.glob("*/handle.json"))):
            assert time.monotonic() < deadline_s
            time.sleep(0.02)
        child.kill()
    (note,) = runs.glob("*/handle.json")
    pid = json.loads(note.read_text())["pid"]
    assert local_state.process_start(pid) is not None  # it hangs on, and would for ever
    assert farm("run", fake_model().path, "--passes", "latency", "--repeat", 1, "--threads", 1).returncode == 0
    assert local_state.process_start(pid) is None
    assert not list(runs.iterdir())


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


def test_every_model_of_a_suite_that_is_none_is_told_at_once(farm: Farm, tmp_path: Path) -> None:
    text = '[suite]\nname = "s"\n'
    for name in ("one", "two"):
        (tmp_path / f"{name}.pte").write_text("I am no model\n")
        text += f'[[workloads]]\nid = "{name}"\nartifact = "{name}.pte"\n'
    (tmp_path / "suite.toml").write_text(text)
    done = farm("config", "check", "suite.toml")
    assert done.returncode == 2
    assert done.stderr.splitlines() == [f"farm: suite.toml: {name}.pte is a text file, not a model" for name in ("one", "two")]


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


def all_commands(command: click.Command, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], click.Command]]:
    found = [(path, command)] if path else []
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None
            found += all_commands(child, (*path, name))
    return found


@pytest.mark.parametrize(("path", "command"), all_commands(group), ids=lambda value: " ".join(value) if isinstance(value, tuple) else "")
def test_every_command_has_help_with_an_example_and_stands_in_the_readme(path: tuple[str, ...], command: click.Command) -> None:
    assert command.help
    assert command.epilog
    assert command.epilog.startswith("Example: farm ")
    if not isinstance(command, click.Group):
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, f"{path}: {parameter.name}"
        assert f"farm {' '.join(path)}" in (ROOT / "README.md").read_text()
