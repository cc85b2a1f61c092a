"""farm bisect as a person uses it: a real repository, whose revisions build artifacts that take different times."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner

from farm.cli.main import farm as group
from farm.cli.revisions import Builds, Unbuildable
from farm.errors import FarmError, InputError
from tests.cli.gating import USUAL_NS, Farm, a_model, a_suite, rows
from tests.processes import command

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

BUILD = "sh build.sh {rev}"


def git(home: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=kim", "-c", "user.email=kim@example.org", "-c", "init.defaultBranch=main"]
    env = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return subprocess.run(["git", *identity, *arguments], cwd=home, env=env, capture_output=True, text=True, check=True).stdout.strip()


def a_repository(home: Path, times: Sequence[float | None]) -> list[str]:
    """One revision for each number, whose artifact takes so many times the usual time; None: it cannot be built."""
    git(home, "init", "--quiet", ".")
    (home / ".gitignore").write_text("*\n!source.txt\n")
    # Every build is counted; the sources of a revision that cannot be built say so.
    (home / "build.sh").write_text(
        'echo "$1" >> built.txt\ngit show "$1:source.txt" > wanted.txt\ngrep -q broken wanted.txt && echo "no rule to make it" && exit 2\n'
        "cp wanted.txt old.fake\n"
    )
    for number, factor in enumerate(times):
        text = f"broken {number}\n" if factor is None else f"farm-fake 1\nsleep_ns {round(factor * USUAL_NS) + number}\n"
        (home / "source.txt").write_text(text)
        git(home, "add", "-f", "source.txt")
        git(home, "commit", "--quiet", "-m", f"change {number}")
    for name in ("old.fake", "old.fake.farm.json"):  # nothing is built yet
        (home / name).unlink()
    a_suite(home, most_runs=8)
    return git(home, "rev-list", "--reverse", "HEAD").split()


def bisect(good: str, bad: str, *more: object, build: str = BUILD) -> list[object]:
    return ["bisect", "--good", good, "--bad", bad, "--build", build, "--suite", "suite.toml", *more]


def test_the_revision_that_made_it_slower_is_found_past_one_that_cannot_be_built(farm: Farm, home: Path) -> None:
    revisions = a_repository(home, [1, 1, None, 1, 1, 1.5, 1.5, 1.5])
    done = farm(*bisect(revisions[0], "main", "--json"))
    assert done.returncode == 0, done.stdout + done.stderr
    document = json.loads(done.stdout)
    assert document["place"] == {"last_good": revisions[4], "first_bad": revisions[5], "between": [], "is_exact": True}
    assert document["is_confirmed"]
    assert document["ratio"]["low"] < 1.5 < document["ratio"]["high"] * 1.05
    (kept,) = rows(home, "SELECT last_good, first_bad, is_exact, revisions FROM bisections")
    assert kept == {"last_good": revisions[4], "first_bad": revisions[5], "is_exact": True, "revisions": 7}
    placed = rows(
        home, "SELECT answer, count(DISTINCT run_id) > 0 AS ran FROM bisect_steps LEFT JOIN placements USING (gate_id) GROUP BY 1"
    )
    assert {(row["answer"], row["ran"]) for row in placed} >= {("good", True), ("bad", True)}
    built = (home / "built.txt").read_text().split()
    assert len(built) == len(set(built))
    assert not list((home / "data" / "unfinished").iterdir())


def test_what_cannot_be_built_leaves_a_stretch_and_a_killed_search_goes_on(farm: Farm, home: Path) -> None:
    revisions = a_repository(home, [1, 1, None, 1.5, 1.5])
    arguments = bisect(revisions[0], revisions[-1])
    with subprocess.Popen(command(*arguments), cwd=home, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if f"{revisions[2][:12]} is unbuildable: the build ended with 2: no rule to make it" in line:
                break
        for line in process.stderr:
            if "[3/16]" in line:  # a comparison of the next one is under way
                process.send_signal(signal.SIGKILL)
                break
        process.communicate()
    before = (home / "built.txt").read_text().split()
    done = farm(*arguments)
    assert done.returncode == 3, done.stdout + done.stderr
    assert "going on with it" in done.stderr
    assert f"between {revisions[1]} and {revisions[3]}: of the 1 there, 1 cannot be built" in done.stdout
    after = (home / "built.txt").read_text().split()
    assert after[: len(before)] == before
    assert len(after) == len(set(after))
    (steps,) = rows(home, "SELECT count(*) AS n, count(DISTINCT revision) AS revisions FROM bisect_steps")
    assert steps == {"n": 3, "revisions": 3}
    assert "change 2" in done.stdout


def test_a_killed_search_leaves_no_build_behind(farm: Farm, home: Path) -> None:
    revisions = a_repository(home, [1, 1.5])
    os.mkfifo(home / "building")
    (home / "slow.sh").write_text("sleep 300 &\necho $$ $! > building\nwait\n")
    with subprocess.Popen(command(*bisect(*revisions, build="sh slow.sh {rev}")), cwd=home, stderr=subprocess.DEVNULL) as process:
        build, child = map(int, (home / "building").read_text().split())
        assert is_running(build)
        assert is_running(child)
        process.kill()
    give_up_s = time.monotonic() + 20
    while (is_running(build) or is_running(child)) and time.monotonic() < give_up_s:
        time.sleep(0.05)
    assert not is_running(build)
    assert not is_running(child)


def is_running(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text()
    except FileNotFoundError:
        return False
    return state.rpartition(")")[2].split()[0] != "Z"  # it has ended, and nobody asked how


def test_nothing_is_searched_for_before_a_regression_is_shown(farm: Farm, home: Path) -> None:
    revisions = a_repository(home, [1.5, 1, 1])
    done = farm(*bisect(revisions[0], revisions[-1]))
    assert done.returncode == 3, done.stderr
    assert "the bad revision is no worse than the good one" in done.stdout
    assert (home / "built.txt").read_text().split() == [revisions[0], revisions[-1]]
    assert rows(home, "SELECT * FROM bisections") == []


def refused(home: Path, monkeypatch: pytest.MonkeyPatch, *arguments: object) -> FarmError:
    monkeypatch.chdir(home)
    found = CliRunner().invoke(group, ["--data", "data", *map(str, arguments)], standalone_mode=False)
    assert isinstance(found.exception, FarmError), found.exc_info
    return found.exception


@pytest.mark.parametrize(
    ("good", "bad", "build", "more", "said"),
    [
        ("HEAD~9", "HEAD", BUILD, (), "--good HEAD~9: git knows no commit HEAD~9"),
        ("--version", "HEAD", BUILD, (), "git knows no commit --version"),
        ("HEAD", "HEAD~1", BUILD, (), "does not come after"),
        ("HEAD", "HEAD", BUILD, (), "the same revision"),
        ("HEAD~1", "HEAD", "make", (), "does not say where the revision goes"),
        ("HEAD~1", "HEAD", "no-such-program {rev}", (), "there is no program no-such-program"),
        ("HEAD~1", "HEAD", "sh 'a {rev}", (), "--build: No closing quotation"),
        ("HEAD~1", "HEAD", BUILD, ("--metric", "latency"), 'there is no metric "latency"'),
        ("HEAD~1", "HEAD", BUILD, ("--workload", "nett"), 'there is no workload "nett"; did you mean "net"?'),
        ("HEAD~1", "HEAD", BUILD, ("--metric", "perplexity"), "farm bisect compares runs"),
        ("HEAD~1", "HEAD", BUILD, ("--build-timeout", "soon"), '"soon" is not a time'),
        ("HEAD~1", "HEAD", BUILD, ("--device", "s25"), 'there is no device "s25"'),
        ("HEAD~1", "HEAD", "false {rev}", (), "cannot be built: the build ended with 1: it said nothing"),
    ],
)
def test_what_cannot_be_asked_is_said_in_one_sentence(
    home: Path, monkeypatch: pytest.MonkeyPatch, good: str, bad: str, build: str, more: tuple[str, ...], said: str
) -> None:
    a_repository(home, [1, 1])
    error = refused(home, monkeypatch, *bisect(good, bad, *more, build=build))
    assert (error.exit_code, said in error.message) == (2, True), error.message


def test_without_a_repository_there_is_nothing_to_walk(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "not a git repository" in refused(home, monkeypatch, *bisect("a", "b")).message


def builds(home: Path, command: str, timeout_s: float = 20.0) -> Builds:
    return Builds(command, home, home / "made.fake", home / "kept", timeout_s)


def test_a_revision_is_one_word_whatever_it_is(home: Path) -> None:
    a_model(home / "made.fake", checked=False)
    (home / "write.sh").write_text('printf "%s|" "$@" > seen.txt\nprintf "farm-fake 1\\n" > made.fake\n')
    assert builds(home, "sh write.sh 'a b' REV={rev} $HOME;").artifact("c d;e").name == "made.fake"
    assert (home / "seen.txt").read_text() == "a b|REV=c d;e|$HOME;|"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("true {rev}", "the build ended well and wrote no"),
        ("sh -c 'echo x; echo one of two >&2; exit 7' {rev}", "the build ended with 7: one of two"),
        ("sh -c 'sleep 60 & sleep 60' {rev}", "the build had not ended after 0.5 s"),
        ("sh -c 'echo nonsense > made.fake' {rev}", "what it built is no artifact"),
        ("sh -c 'rm made.fake' {rev}", "the build ended well and wrote no"),
    ],
)
def test_a_build_that_gives_nothing_new_is_no_build(home: Path, command: str, said: str) -> None:
    a_model(home / "made.fake", checked=False)
    with pytest.raises(Unbuildable, match=said):
        builds(home, command, 0.5 if "sleep" in command else 20.0).artifact("abc")
    assert not (home / "kept" / "abc").exists()


def test_an_empty_command_builds_nothing(home: Path) -> None:
    with pytest.raises(InputError, match="--build is empty"):
        builds(home, " ").check()
