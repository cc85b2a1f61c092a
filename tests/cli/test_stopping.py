"""Runs that are interrupted or killed: what was measured is stored, and nothing is left running."""

import json
import signal
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from farm.cli.sharing import hearing_stops
from farm.devices import local_state
from tests.cli.commands import Farm, data, farm, words
from tests.conftest import FakeModel

__all__ = ["data", "farm"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupt_ends_with_130_and_what_was_measured_is_stored(
    data: Path, tmp_path: Path, fake_model: FakeModel, farm: Farm, number: signal.Signals
) -> None:
    model = fake_model(spin_ns=1_000_000).path
    command = words(data, "run", model, "--passes", "latency", "--repeat", "50", "--threads", "1")
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
    command = words(data, "run", model, "--passes", "latency", "--threads", "1")
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=tmp_path) as child:
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
    command = words(data, "run", model, "--passes", "latency", "--repeat", "200", "--threads", "1", "--iterations", "10")
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
    command = words(data, "run", model, "--passes", "latency")
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, cwd=tmp_path) as child:
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
