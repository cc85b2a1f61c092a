"""farm run --resume: a killed controller goes on with what is not done, and measures nothing twice."""

import json
import os
import signal
import subprocess
import threading
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from farm.cli import unfinished
from farm.workloads import new_id
from tests.cli.gating import a_new_lab
from tests.conftest import FakeModel
from tests.processes import command, completed

OPTIONS = ("--passes", "latency,memory", "--repeat", "3", "--threads", "1", "--iterations", "20", "--duration", "0.2", "--seed", "7")


@pytest.fixture
def home(tmp_path: Path, builds: Path) -> Path:
    return a_new_lab(tmp_path, builds / "harness")


def farm(home: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    return completed(command(*arguments), home)


def stopped(home: Path, model: Path, after_runs: int, how: signal.Signals) -> None:
    """Begin a run, and stop its controller when so many runs have ended."""
    with subprocess.Popen(command("run", model, *OPTIONS), cwd=home, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if f"[{after_runs}/6]" in line:
                process.send_signal(how)
                break
        process.communicate()
    assert process.returncode != 0


def done(home: Path) -> Counter[tuple[str, int, str]]:
    """How often each job was measured, by the database."""
    rows = json.loads(farm(home, "sql", "--json", "SELECT pass, repeat, outcome FROM runs").stdout)
    return Counter((row["pass"], row["repeat"], row["outcome"]) for row in rows)


EVERY_JOB_ONCE = Counter({(pass_, repeat, "ok"): 1 for pass_ in ("latency", "memory") for repeat in range(3)})


@pytest.mark.parametrize(("after_runs", "how"), [(1, signal.SIGKILL), (4, signal.SIGKILL), (3, signal.SIGINT)])
def test_what_is_not_done_is_measured_and_nothing_twice(home: Path, fake_model: FakeModel, after_runs: int, how: signal.Signals) -> None:
    stopped(home, fake_model(spin_ns=1_000_000).path, after_runs, how)
    resumed = farm(home, "run", "--resume", "--json")
    assert resumed.returncode == 0, resumed.stderr
    assert "done before" in resumed.stderr
    document: dict[str, Any] = json.loads(resumed.stdout)
    (session,) = document["sessions"]
    assert Counter((run["pass"], run["repeat"], run["outcome"]) for run in session["runs"]) == EVERY_JOB_ONCE
    assert {len(line["runs"]) for line in session["results"]} == {3}
    assert done(home) == EVERY_JOB_ONCE
    assert not list((home / "data" / "unfinished").iterdir())


def test_the_order_goes_on_as_it_was_drawn(home: Path, fake_model: FakeModel) -> None:
    model = fake_model(spin_ns=1_000_000).path
    stopped(home, model, 2, signal.SIGKILL)
    farm(home, "run", "--resume")
    statement = "SELECT pass, repeat FROM runs JOIN sessions ON sessions.id = session_id ORDER BY runs.started_at"
    parts = json.loads(farm(home, "sql", "--json", statement).stdout)
    (home / "other").mkdir()
    (home / "other" / "harness").symlink_to(home / "data" / "harness")  # not to be built once more
    whole = farm(home, "--data", "other", "run", model, *OPTIONS, "--json")
    document = json.loads(whole.stdout)
    assert [(run["pass"], run["repeat"]) for run in document["sessions"][0]["runs"]] == [(row["pass"], row["repeat"]) for row in parts]


def test_another_model_is_not_gone_on_with(home: Path, fake_model: FakeModel) -> None:
    stopped(home, fake_model(spin_ns=1_000_000).path, 1, signal.SIGKILL)
    fake_model(spin_ns=2_000_000)  # the same file, other bytes
    refused = farm(home, "run", "--resume")
    assert refused.returncode == 2
    assert "what was asked has changed since" in refused.stderr


def test_a_run_that_still_goes_on_is_not_gone_on_with(home: Path, fake_model: FakeModel) -> None:
    process = subprocess.Popen(command("run", fake_model(sleep_ns=20_000_000).path, *OPTIONS), cwd=home, stderr=subprocess.DEVNULL)
    try:
        deadline_s = time.monotonic() + 20
        while not list((home / "data").glob("unfinished/*/asked.json")) and time.monotonic() < deadline_s:
            time.sleep(0.05)
        refused = farm(home, "run", "--resume")
    finally:
        process.kill()
        process.wait()
    assert refused.returncode == 3
    assert "still going on" in refused.stderr


def test_the_newest_that_nobody_works_on_is_gone_on_with_or_the_one_that_is_named(home: Path, fake_model: FakeModel) -> None:
    older, newer, going_on = (fake_model(f"{name}.fake", spin_ns=1_000_000).path for name in ("older", "newer", "going-on"))
    for model in (older, newer):
        stopped(home, model, 1, signal.SIGKILL)
    unfinished = sorted(path.name for path in (home / "data" / "unfinished").iterdir())
    assert len(unfinished) == 2
    unknown = farm(home, "run", "--resume", "older")
    assert unknown.returncode == 2
    assert 'there is no unfinished run that begins with "older"' in unknown.stderr
    assert f"{unfinished[0][:13]} (begun 20" in unknown.stderr
    assert "older.fake on local" in unknown.stderr
    named = farm(home, "run", "--resume", unfinished[0][:13], "--json")
    assert named.returncode == 0, named.stderr
    assert {line["workload"] for line in json.loads(named.stdout)["sessions"][0]["results"]} == {"older"}
    process = subprocess.Popen(command("run", going_on, *OPTIONS, "--repeat", "500"), cwd=home, stderr=subprocess.DEVNULL)
    try:
        deadline_s = time.monotonic() + 20
        while len(list((home / "data").glob("unfinished/*/asked.json"))) < 2 and time.monotonic() < deadline_s:
            time.sleep(0.05)
        # The newest goes on, so that the one before it is meant; this machine is waited for meanwhile, which is said.
        with subprocess.Popen(command("run", "--resume", "--json"), cwd=home, stdout=-1, stderr=-1, text=True) as resumed:
            assert resumed.stderr is not None
            told = next(line for line in resumed.stderr if "local is held by" in line)
            process.kill()
            output, _ = resumed.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert f"process {process.pid} of" in told
    assert {line["workload"] for line in json.loads(output)["sessions"][0]["results"]} == {"newer"}


def test_what_is_begun_is_its_own_from_the_first_moment(tmp_path: Path) -> None:
    """Others look for what they could go on with, and for what is old, all the time."""
    ended = threading.Event()

    def look() -> None:
        while not ended.is_set():
            found = unfinished.same(tmp_path, "run", "a plan")
            if found is not None:
                os.close(found.lock)

    lookers = [threading.Thread(target=look) for _ in range(3)]
    for looker in lookers:
        looker.start()
    try:
        for _ in range(200):
            begun = unfinished.begin(tmp_path, new_id(datetime.now(UTC)), "run", {}, "a plan")
            os.close(begun.lock)
    finally:
        ended.set()
        for looker in lookers:
            looker.join()
    assert 0 < len(list((tmp_path / "unfinished").iterdir())) <= 20


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run", "--resume"), "there is no unfinished run"),
        (("run", "--suite", "s.toml", "--resume"), "name either model files or a --suite, or go on with --resume"),
    ],
)
def test_nothing_to_go_on_with_is_said(home: Path, arguments: tuple[str, ...], said: str) -> None:
    refused = farm(home, *arguments)
    assert refused.returncode == 2
    assert said in refused.stderr


def test_what_went_as_asked_leaves_nothing_unfinished(home: Path, fake_model: FakeModel) -> None:
    model = fake_model(crash_at_iteration=3).path
    failed = farm(home, "run", model, *OPTIONS)  # a failure would only come again: there is nothing to go on with
    assert failed.returncode == 3
    assert not list((home / "data" / "unfinished").iterdir())
