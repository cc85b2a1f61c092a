"""A disk that fills up under a harness, a journal, a build: real file systems of a few hundred kB, in a mount namespace of their own."""

import subprocess
import sys
from pathlib import Path

import pytest

from farm.workloads import HarnessBuild
from tests.conftest import CALM_TOML, in_ci

# $1: the folder to mount on, $2: its size; the command follows.
MOUNTED = 'mount -t tmpfs -o "size=$2" none "$1" && shift 2 && exec "$@"'


@pytest.fixture
def namespace() -> list[str]:
    """A command that starts another in a mount namespace: root's own, or an unprivileged user's where the kernel allows it."""
    for command in (["unshare", "-m"], ["unshare", "-rm"]):
        if subprocess.run([*command, "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, check=False).returncode == 0:
            return command
    assert not in_ci(), "this machine allows no mount namespaces"
    pytest.skip("this machine allows no mount namespaces")


def run_with_full(
    namespace: list[str], home: Path, folder: str, size: str, fake_harness: HarnessBuild | None
) -> subprocess.CompletedProcess[str]:
    (home / folder).mkdir(parents=True)
    if fake_harness is not None:
        (home / "data" / "harness").symlink_to(fake_harness.folder.parent)
    (home / "devices.toml").write_text(CALM_TOML)
    (home / "model.fake").write_text("farm-fake 1\nspin_ns 100\n")
    farm = [sys.executable, "-m", "farm", "--data", "data", "run", "model.fake", "--passes", "latency"]
    command = [*farm, "--repeat", "1", "--iterations", "200000", "--threads", "1"]
    return subprocess.run(
        [*namespace, "sh", "-c", MOUNTED, "sh", str(home / folder), size, *command], cwd=home, capture_output=True, text=True, check=False
    )


def test_a_result_that_fills_the_disk_is_a_failed_run_that_says_so(
    namespace: list[str], tmp_path: Path, fake_harness: HarnessBuild
) -> None:
    done = run_with_full(namespace, tmp_path, "data/box", "100k", fake_harness)
    assert done.returncode == 3, done.stderr
    assert "the disk of its box is full" in done.stdout
    sql = [sys.executable, "-m", "farm", "--data", "data", "sql", "SELECT outcome, error_class FROM runs"]
    stored = subprocess.run(sql, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert "failed" in stored


def test_a_journal_without_room_is_named_and_leaves_nothing_half_written(
    namespace: list[str], tmp_path: Path, fake_harness: HarnessBuild
) -> None:
    done = run_with_full(namespace, tmp_path, "data/journal", "40k", fake_harness)
    assert done.returncode == 2
    assert "farm: the run could not be written to the journal data/journal: No space left on device" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_build_without_room_is_a_sentence(namespace: list[str], tmp_path: Path) -> None:
    done = run_with_full(namespace, tmp_path, "data", "300k", None)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert any(words in done.stderr for words in ("no room left on the disk", "could not be built", "No space left")), done.stderr
