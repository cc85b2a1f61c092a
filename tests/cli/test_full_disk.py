"""A disk that fills up under a harness, a journal, a build: real file systems of a few hundred kB, in a mount namespace of their own."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from farm.records import record
from farm.store import Store
from farm.workloads import HarnessBuild
from tests.conftest import CALM_TOML, a_run, a_session, in_ci

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


def test_a_journal_without_room_ends_the_session_before_a_run_could_be_lost(
    namespace: list[str], tmp_path: Path, fake_harness: HarnessBuild
) -> None:
    done = run_with_full(namespace, tmp_path, "data/journal", "40k", fake_harness)
    assert done.returncode == 3
    assert "farm: the disk of data/journal has 41.0 kB left, so nothing more is measured; what ended is kept" in done.stderr
    assert "farm run --resume" in done.stderr
    assert "Traceback" not in done.stderr


# $1: the data folder to mount on, $2: its size; everything but the database lies in `elsewhere`, where there is room. The command follows.
DATABASE_ALONE = """mount -t tmpfs -o "size=$2" none "$1" || exit 9
for name in journal box unfinished harness; do ln -s "$PWD/elsewhere/$name" "$1/$name" || exit 9; done
shift 2; "$@"; echo "exit $?" >&2; "$1" -m farm --data data runs"""


@pytest.mark.parametrize("size", ["100k", "300k", "600k"])
def test_a_database_without_room_is_a_sentence_and_what_ended_waits_in_the_journal(
    namespace: list[str], tmp_path: Path, fake_harness: HarnessBuild, size: str
) -> None:
    for name in ("data", "elsewhere/journal", "elsewhere/box", "elsewhere/unfinished"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "elsewhere" / "harness").symlink_to(fake_harness.folder.parent)
    (tmp_path / "devices.toml").write_text(CALM_TOML)
    (tmp_path / "model.fake").write_text("farm-fake 1\nspin_ns 100\n")
    farm = [sys.executable, "-m", "farm", "--data", "data", "run", "model.fake", "--passes", "latency", "--repeat", "2"]
    command = [*farm, "--iterations", "100000", "--threads", "1"]
    done = subprocess.run(
        [*namespace, "sh", "-c", DATABASE_ALONE, "sh", "data", size, *command], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr, done.stderr
    assert "exit 2" in done.stderr
    assert "the database data/farm.duckdb could not be" in done.stderr
    assert list((tmp_path / "elsewhere" / "journal").glob("*.json"))


def test_a_build_without_room_is_a_sentence(namespace: list[str], tmp_path: Path) -> None:
    done = run_with_full(namespace, tmp_path, "data", "300k", None)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert any(words in done.stderr for words in ("no room left on the disk", "could not be built", "No space left")), done.stderr


@pytest.mark.parametrize(
    ("arguments", "folder"), [("db backup kept/b.duckdb", "kept"), ("db prune --keep 1d", "data"), ("db restore b.duckdb --force", "data")]
)
def test_a_database_that_there_is_no_room_for_is_named_and_the_old_one_is_as_it_was(
    namespace: list[str], tmp_path: Path, arguments: str, folder: str
) -> None:
    session = a_session()
    readings = tuple(float(hash((7, number)) % 100_003) for number in range(200_000))
    store = Store(tmp_path / "b.duckdb")
    store.append([record(session, a_run(session, latency_ns=readings))])
    size = (store.path.stat().st_size if folder == "data" else 0) + 600_000
    (tmp_path / "data").mkdir()
    (tmp_path / "kept").mkdir()
    shutil.copy(store.path, tmp_path / "data" / "farm.duckdb")
    farm = f"{sys.executable} -m farm --data data"
    (tmp_path / "full").mkdir()
    mounted = f"mount -t tmpfs -o size={size} none full && cp {folder}/* full/ 2>/dev/null; mount --move full {folder}"
    left = f"{farm} sql --json 'SELECT count(*) AS runs, sum(len(values)) AS n FROM samples, runs'"
    script = f"{mounted} && {farm} {arguments}; code=$?; ls -A {folder} | grep partial; {left}; exit $code"
    done = subprocess.run(
        [*namespace, "--propagation", "private", "sh", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2, done.stderr
    assert "is there room on the disk?" in done.stderr
    assert "Traceback" not in done.stderr
    assert json.loads(done.stdout)[0]["runs"] == 3
    assert json.loads(done.stdout)[0]["n"] >= 200_000


def test_where_there_was_no_room_to_begin_a_database_nothing_is_left_that_must_be_deleted(namespace: list[str], tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    farm = f"{sys.executable} -m farm --data data"
    hold = f"{farm} devices hold local --reason y"
    script = f"mount -t tmpfs -o size=64k none data && dd if=/dev/zero of=data/fill bs=1k 2>/dev/null; {hold}; echo $?; "
    script += f"mount -o remount,size=8m data; rm data/fill; {farm} runs && {hold} && {farm} devices unhold local; echo $?"
    done = subprocess.run(
        [*namespace, "--propagation", "private", "sh", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    codes = [line for line in done.stdout.splitlines() if line.isdigit()]
    assert codes == ["2", "0"], done.stderr
    assert "Traceback" not in done.stderr


# What a killed writer had written stands in a log beside the database.
LEAVES_A_LOG = """import duckdb, os, sys
connection = duckdb.connect(sys.argv[1])
connection.execute("SET checkpoint_threshold = '1 GB'")
connection.execute("CREATE TABLE more AS SELECT range AS a, random() AS b FROM range(100_000)")
os._exit(0)
"""


def test_a_log_that_there_is_no_room_to_write_into_its_database_is_a_sentence(namespace: list[str], tmp_path: Path) -> None:
    session = a_session()
    Store(tmp_path / "farm.duckdb").append([record(session, a_run(session))])
    subprocess.run([sys.executable, "-c", LEAVES_A_LOG, str(tmp_path / "farm.duckdb")], check=True)
    assert (tmp_path / "farm.duckdb.wal").stat().st_size > 100_000
    (tmp_path / "data").mkdir()
    script = "mount -t tmpfs -o size=64m none data && cp farm.duckdb* data/ && dd if=/dev/zero of=data/fill bs=1k 2>/dev/null; "
    script += f"{sys.executable} -m farm --data data db prune --keep 1d"
    done = subprocess.run(
        [*namespace, "--propagation", "private", "sh", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert "is there room on the disk?" in done.stderr or "make room" in done.stderr
