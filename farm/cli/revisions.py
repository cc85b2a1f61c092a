"""Revisions of a git repository, and what a user's command builds of them."""

import os
import shlex
import shutil
import signal
import subprocess
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from farm import pins
from farm.artifacts import open_artifact
from farm.errors import InputError
from farm.workloads import Artifact

_REVISION = "{rev}"
_GUARDED = """exec 3<&0
((read -r told || kill -s KILL 0) <&3 &)
exec "$@" 3<&- </dev/null
"""
"""Runs a program with a guard in its process group, which ends the group when its input ends before a line was written there.

So whatever ends this process ends the build: it would go on to write what the next one writes.
"""
_LONGEST = 200


class Unbuildable(Exception):
    """A revision that gives no artifact; the message says why."""


@dataclass(frozen=True, slots=True)
class Repository:
    """A git repository by a folder of it."""

    folder: Path

    def resolve(self, option: str, name: str) -> str:
        """Return the full hash of the commit that a name means. Raises InputError."""
        found = self._git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
        if found.returncode != 0:
            why = found.stderr.strip() or f"git knows no commit {name}"
            raise InputError(f"{option} {name}: {why}", hint="name a commit, a tag or a branch of the repository here")
        return found.stdout.strip()

    def between(self, good: str, bad: str) -> list[str]:
        """Return the commits from good to bad, both with them, along the first parents of bad. Raises InputError where there is no way."""
        if good == bad:
            raise InputError("--good and --bad are the same revision", hint="nothing lies between them")
        if self._git("merge-base", "--is-ancestor", good, bad).returncode != 0:
            raise InputError(f"--bad {bad[:12]} does not come after --good {good[:12]}", hint="swap them, or name an older good one")
        found = self._git("rev-list", "--first-parent", "--reverse", f"{good}..{bad}")
        if found.returncode != 0:
            raise InputError(f"git rev-list failed: {found.stderr.strip()}")
        return [good, *found.stdout.split()]

    def subject(self, revision: str) -> str:
        """Return the first line of a commit's message."""
        return self._git("log", "-1", "--format=%s", revision).stdout.strip()

    def _git(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        program = shutil.which("git")
        if program is None:
            raise InputError("git is not installed here, and farm bisect walks its revisions", hint="install git")
        try:
            return subprocess.run(
                [program, *arguments], cwd=self.folder, capture_output=True, text=True, errors="replace", check=False, timeout=120
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise InputError(f"git {arguments[0]} failed in {self.folder}: {error}") from error


@dataclass(frozen=True, slots=True)
class Builds:
    """How a revision becomes an artifact, and where those that were built are kept."""

    command: str
    folder: Path
    """Where the command runs."""
    product: Path
    """The model file that it writes."""
    kept: Path
    timeout_s: float

    def check(self) -> None:
        """Raise InputError for a command that could not build any revision."""
        words = self._words("0" * 40)
        if not words:
            raise InputError("--build is empty", hint=f"--build 'make model.pte REV={_REVISION}'")
        if _REVISION not in self.command:
            raise InputError(f"--build does not say where the revision goes: it has no {_REVISION}", hint=f"--build 'make REV={_REVISION}'")
        if shutil.which(words[0]) is None and not (self.folder / words[0]).exists():
            raise InputError(f"--build: there is no program {words[0]}")

    def is_kept(self, revision: str) -> bool:
        """Whether a revision was built before."""
        return (self.kept / revision).exists()

    def artifact(self, revision: str) -> Artifact:
        """Return the artifact of a revision: kept from before, else built now. Raises Unbuildable."""
        kept = self.kept / revision
        if not self.is_kept(revision):
            self._build(revision)
            self._keep(revision, kept)
        return open_artifact(kept / self.product.name)

    def _build(self, revision: str) -> None:
        before = _mark(self.product)
        self.kept.mkdir(parents=True, exist_ok=True)
        log = self.kept / f"{revision}.log"
        with log.open("wb") as output:
            try:
                process = subprocess.Popen(
                    ["/bin/sh", "-c", _GUARDED, "sh", *self._words(revision)],
                    cwd=self.folder,
                    stdin=subprocess.PIPE,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    bufsize=0,
                )
            except OSError as error:
                raise Unbuildable(f"the build could not be started: {error.strerror}") from error
            code = self._ended(process)
        if code is None:
            raise Unbuildable(f"the build had not ended after {self.timeout_s:g} s")
        if code != 0:
            raise Unbuildable(f"the build ended with {code}: {_last_line(log)}")
        if _mark(self.product) in (None, before):
            raise Unbuildable(f"the build ended well and wrote no {self.product}")

    def _ended(self, process: "subprocess.Popen[bytes]") -> int | None:
        """Return the exit code of a build; None, with all that it started ended, when it takes too long."""
        try:
            return process.wait(self.timeout_s)
        except subprocess.TimeoutExpired:
            return None
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            assert process.stdin is not None
            with suppress(BrokenPipeError), process.stdin:
                process.stdin.write(b"the build has ended\n")

    def _keep(self, revision: str, kept: Path) -> None:
        """Copy what was built, whole or not at all: the next build overwrites it."""
        try:
            artifact = open_artifact(self.product)
        except InputError as error:
            raise Unbuildable(f"what it built is no artifact: {error.message}") from error
        with tempfile.TemporaryDirectory(dir=self.kept, prefix=f".{revision}-") as scratch:
            for name, source in pins.artifact_files(artifact).items():
                shutil.copyfile(source, Path(scratch) / name)
            Path(scratch).rename(kept)
            Path(scratch).mkdir()  # what the context manager removes

    def _words(self, revision: str) -> list[str]:
        """Return the command's words, split as a shell would; the revision stays part of one word, whatever it is."""
        try:
            return [word.replace(_REVISION, revision) for word in shlex.split(self.command)]
        except ValueError as error:
            raise InputError(f"--build: {error}", hint="quote it as for a shell") from error


def _mark(path: Path) -> tuple[int, int, int] | None:
    """Return what changes whenever a file is written; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_ctime_ns


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").split("\n")
    last = next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")
    return last if len(last) <= _LONGEST else f"{last[: _LONGEST - 1]}…"
