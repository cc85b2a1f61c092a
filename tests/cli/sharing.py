"""Farm processes that share a device, for tests: begun, listened to, stopped."""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest

from farm.queue import Limits
from tests.cli.gating import Farm, a_model
from tests.conftest import ROOT
from tests.processes import command, completed

USUAL = Limits()
Found = TypeVar("Found")
PATIENCE_S = 60.0
QUICK = ("--passes", "latency", "--threads", 1, "--iterations", 5)
RUN_NS = 40_000_000
"""Of an inference of the long work: about a second for a run of twenty."""


@dataclass(frozen=True, slots=True)
class Process:
    """A farm process; what it says goes into files."""

    popen: subprocess.Popen[bytes]
    errors: Path
    out: Path

    @property
    def pid(self) -> int:
        return self.popen.pid

    @property
    def said(self) -> list[str]:
        return self.errors.read_text().splitlines()

    @property
    def output(self) -> str:
        return self.out.read_text()

    def hears(self, text: str) -> str:
        """Return the first line that holds text, as soon as it is said."""
        return waited(lambda: next((line for line in self.said if text in line), None), lambda: f"{text!r} of {self}")

    def ends(self, timeout_s: float = PATIENCE_S) -> int:
        return self.popen.wait(timeout_s)

    def kill(self) -> None:
        self.popen.kill()
        self.popen.wait()

    def __str__(self) -> str:
        return "\n".join([str(self.popen.args), *self.said])


STARTED: list[Process] = []


def begun(home: Path, *arguments: object) -> Process:
    """Begin a farm command."""
    return _begun(home, command(*arguments))


def nightly(home: Path, model: Path, repeats: int, device: str = "local", limits: Limits = USUAL, priority: str = "NIGHTLY") -> Process:
    """Begin nightly work, or work of another priority."""
    given = map(str, (model, repeats, priority, limits.ceiling_s, limits.turn_s, limits.courtesy_s, device))
    return _begun(home, [sys.executable, "-m", "tests.cli.nightly_work", *given])


def _begun(home: Path, words: list[str]) -> Process:
    name = f"{len(STARTED)}-{time.monotonic_ns()}"
    errors, out = home / f"{name}.err", home / f"{name}.out"
    with errors.open("wb") as error_file, out.open("wb") as out_file:
        popen = subprocess.Popen(words, cwd=home, env=os.environ | {"PYTHONPATH": str(ROOT)}, stdout=out_file, stderr=error_file)
    process = Process(popen, errors, out)
    STARTED.append(process)
    return process


def kill_all() -> None:
    """End what a test that failed has left behind."""
    while STARTED:
        STARTED.pop().kill()


def waited(look: Callable[[], Found | None], what: Callable[[], str], timeout_s: float = PATIENCE_S) -> Found:
    deadline_s = time.monotonic() + timeout_s
    while (found := look()) is None:
        assert time.monotonic() < deadline_s, f"waited in vain for {what()}"
        time.sleep(0.05)
    return found


def stored(home: Path, statement: str) -> list[dict[str, Any]]:
    done = completed(command("sql", "--json", statement), home)
    done.check_returncode()
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def ok_runs(home: Path, workload: str) -> Counter[int]:
    """How often each repeat of a workload was measured."""
    return Counter(row["repeat"] for row in stored(home, f"SELECT repeat FROM runs WHERE workload_id = '{workload}' AND outcome = 'ok'"))


@pytest.fixture(autouse=True)
def nobody_left() -> Iterator[None]:
    yield
    kill_all()


@pytest.fixture
def slow(home: Path) -> Path:
    return a_model(home / "slow.fake", sleep_ns=RUN_NS)


@pytest.fixture
def quick(home: Path) -> Path:
    return a_model(home / "quick.fake", sleep_ns=100_000)


def one_that_waits(home: Path, model: Path) -> Process:
    """Begin an ad hoc run on this machine while another process has it."""
    process = begun(home, "run", model, *QUICK, "--repeat", 1)
    process.hears("local is held by")
    return process


def listed(farm: Farm) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(farm("queue", "--json").stdout)
    return found


def ended(process: Process) -> dict[str, object]:
    """What nightly work came to."""
    assert process.ends() == 0, process.said
    found: dict[str, object] = json.loads(process.output)
    return found
