"""Gates as a person has them decided, for tests: a folder with a suite and models of the fake runtime, and real processes."""

import hashlib
import json
import struct
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from farm.artifacts import sidecar
from farm.workloads import Comparison, HarnessBuild, Reference
from tests.bench.android import Bench
from tests.conftest import CALM_TOML
from tests.processes import command, completed

WORKLOAD = 'threads = 1\nwarmup_iterations = 1\niterations = 20\nduration = "1 ms"\n'
BUDGET = '[[budgets]]\nworkload = "net"\nmetric = "latency_ns"\nmax_regression = "15 %"\n'
USUAL_NS = 4_000_000

Farm = Callable[..., subprocess.CompletedProcess[str]]


USUAL_ANSWER = (b"\0\1\2\3", struct.pack("<f", 1.0))


def a_model(path: Path, answer: tuple[bytes, bytes] = USUAL_ANSWER, *, checked: bool = True, **settings: int | str) -> Path:
    """A model of the fake runtime, with the reference that its output is."""
    path.write_text("farm-fake 1\n" + "".join(f"{key} {value}\n" for key, value in settings.items()))
    if checked:
        given, output = answer
        reference = Reference((given,), output, "float32", (len(output) // 4,), Comparison.MAX_ABS, 0.0, "by hand")
        sidecar.write(path, hashlib.sha256(path.read_bytes()).hexdigest(), sidecar.Sidecar(None, reference))
    return path


def a_new_lab(folder: Path, harnesses: Path, lab: str = CALM_TOML) -> Path:
    """Make of a folder a lab in which nothing was measured yet and no harness has to be built; return it."""
    (folder / "data").mkdir()
    (folder / "data" / "harness").symlink_to(harnesses)
    (folder / "devices.toml").write_text(lab)
    return folder


@pytest.fixture
def home(tmp_path: Path, fake_harness: HarnessBuild) -> Path:
    """A folder with a suite, a baseline, and candidates of every kind."""
    a_new_lab(tmp_path, fake_harness.folder.parent)
    a_model(tmp_path / "old.fake", sleep_ns=USUAL_NS)
    a_model(tmp_path / "new.fake", sleep_ns=USUAL_NS + 1)
    a_suite(tmp_path)
    return tmp_path


def a_suite(home: Path, budgets: str = BUDGET, most_runs: int = 4, workload: str = WORKLOAD) -> None:
    text = f'[suite]\nname = "s"\n[gate]\nmost_runs = {most_runs}\n[[workloads]]\nid = "net"\nartifact = "old.fake"\n{workload}{budgets}'
    (home / "suite.toml").write_text(text)


@pytest.fixture
def farm(home: Path) -> Farm:
    return lambda *arguments: called(home, *arguments)


def called(home: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    return completed(command(*arguments), home)


def gate(candidate: object, *more: object, baseline: object = "old.fake") -> list[object]:
    return ["gate", "--suite", "suite.toml", "--candidate", candidate, "--baseline", baseline, *more]


def rows(home: Path, statement: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(called(home, "sql", "--json", statement).stdout)
    return found


@pytest.fixture
def phones(home: Path, android_bench: Bench) -> Iterator[Farm]:
    lab = CALM_TOML
    for name in ("s25", "oneplus13"):
        phone = android_bench.phones[name]
        lab += f'[devices.{name}]\nkind = "android"\nadb = "{android_bench.adb.address}"\nserial = "{phone.serial}"\n'
    lab += f'[devices.absent]\nkind = "android"\nadb = "{android_bench.adb.address}"\nserial = "R5CX"\n'
    (home / "devices.toml").write_text(f'{lab}[pools]\nrack = ["s25", "oneplus13"]\n')
    yield lambda *arguments: called(home, *arguments)
    for phone in android_bench.phones.values():
        phone.restore()
        phone.connect()
