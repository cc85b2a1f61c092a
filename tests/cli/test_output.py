"""Where results go: a reader that has gone, an output without room, JSON that is JSON."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.gating import a_new_lab
from tests.conftest import FakeModel
from tests.processes import command, completed

QUICK = ("--passes", "latency", "--repeat", "1", "--iterations", "5", "--duration", "0", "--threads", "1")


@pytest.fixture
def home(tmp_path: Path, builds: Path) -> Path:
    return a_new_lab(tmp_path, builds / "harness")


def into_a_closed_pipe(home: Path, *arguments: object) -> tuple[int, str]:
    """Run a command whose output nobody reads; return its exit code and what it said beside it."""
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(command(*arguments), cwd=home, stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    return done.returncode, done.stderr


@pytest.mark.parametrize(("settings", "code"), [({}, 0), ({"crash_at_iteration": 3}, 3)])
@pytest.mark.parametrize("form", [(), ("--json",)])
def test_a_run_whose_output_nobody_reads_still_ends_with_its_own_code(
    home: Path, fake_model: FakeModel, settings: dict[str, int], code: int, form: tuple[str, ...]
) -> None:
    ended, said = into_a_closed_pipe(home, "run", fake_model(sleep_ns=4_000_000, **settings).path, *QUICK, *form)
    assert ended == code, said
    assert "Traceback" not in said
    assert "BrokenPipe" not in said
    assert into_a_closed_pipe(home, "runs") == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_an_output_without_room_is_not_called_a_full_disk(home: Path, fake_model: FakeModel) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            command("run", fake_model(sleep_ns=4_000_000).path, *QUICK),
            cwd=home,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert "farm: the output cannot be written: No space left on device; runs that had ended are stored" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_code_in_the_json_is_the_one_that_the_process_ends_with(home: Path, fake_model: FakeModel) -> None:
    (home / "data" / "journal").write_text("a file, where the folder should be")
    done = completed(command("run", fake_model(sleep_ns=4_000_000).path, *QUICK, "--json"), home)
    assert done.returncode == 2, done.stderr
    assert json.loads(done.stdout)["exit_code"] == 2


def test_numbers_that_json_does_not_have_are_texts(home: Path, fake_model: FakeModel) -> None:
    completed(command("run", fake_model(sleep_ns=4_000_000).path, *QUICK), home).check_returncode()
    statement = "SELECT 'nan'::DOUBLE AS a, ['-inf'::DOUBLE, 1.5] AS b, {'c': 'inf'::DOUBLE} AS d, NULL AS e"
    done = completed(command("sql", "--json", statement), home)
    assert json.loads(done.stdout, parse_constant=pytest.fail) == [{"a": "NaN", "b": ["-Infinity", 1.5], "d": {"c": "Infinity"}, "e": None}]


def test_an_interrupt_while_farm_is_being_loaded_is_no_traceback() -> None:
    program = """
import sys
class Interrupted:
    def find_spec(self, name, path=None, target=None):
        if name == "farm.cli.main":
            raise KeyboardInterrupt
sys.meta_path.insert(0, Interrupted())
from farm.cli import main
main()
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (130, "farm: interrupted\n")
