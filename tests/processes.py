"""farm as processes of its own, for tests."""

import atexit
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.conftest import ROOT

_BEGINS_S = 60.0
_ENDS_S = 200.0
_OF_THE_INTERPRETER = ("PYTHON", "LC_", "LANG", "LD_", "COVERAGE")


def command(*arguments: object, data: Path | str = "data") -> list[str]:
    """Return the command line of a farm command."""
    return [sys.executable, "-m", "farm", "--data", str(data), *map(str, arguments)]


def completed(
    words: list[str], folder: Path, *, environment: Mapping[str, str] | None = None, timeout_s: float = _ENDS_S
) -> subprocess.CompletedProcess[str]:
    """Run a farm command in a folder to its end. It is forked from a process that has farm loaded, where that is no difference."""
    given = dict(os.environ if environment is None else environment)
    if words[:3] != [sys.executable, "-m", "farm"] or _interpreter(given) != _interpreter(os.environ):
        return subprocess.run(words, cwd=folder, env=given, capture_output=True, text=True, check=False, timeout=timeout_s)
    return _server().run(words, folder, given, timeout_s)


def unset(*more: str) -> dict[str, str]:
    """Return the environment without farm's own variables, and those that begin otherwise as said."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("FARM_", *more))}


def _interpreter(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name.startswith(_OF_THE_INTERPRETER)}


@dataclass(frozen=True, slots=True)
class _Server:
    """Where tests.forked listens."""

    address: str

    def run(self, words: list[str], folder: Path, environment: Mapping[str, str], timeout_s: float) -> subprocess.CompletedProcess[str]:
        with (
            socket.socket(socket.AF_UNIX) as connection,
            tempfile.TemporaryFile("w+", encoding="ascii") as request,
            Path(os.devnull).open("rb") as nothing,
            tempfile.TemporaryFile("w+", encoding="utf-8") as out,
            tempfile.TemporaryFile("w+", encoding="utf-8") as errors,
        ):
            json.dump({"arguments": words[3:], "folder": str(folder), "environment": environment}, request)
            request.seek(0)
            connection.connect(self.address)
            socket.send_fds(connection, [b"r"], [file.fileno() for file in (request, nothing, out, errors)])
            with connection.makefile(encoding="ascii") as answers:
                pid = int(answers.readline())
                try:
                    connection.settimeout(timeout_s)
                    code = int(answers.readline())
                except TimeoutError:
                    os.kill(pid, signal.SIGKILL)
                    raise subprocess.TimeoutExpired(words, timeout_s) from None
                except BaseException:
                    os.kill(pid, signal.SIGKILL)
                    raise
            out.seek(0)
            errors.seek(0)
            return subprocess.CompletedProcess(words, code, out.read(), errors.read())


_STARTING = threading.Lock()


def _server() -> _Server:
    with _STARTING:
        return _started()


@cache
def _started() -> _Server:
    folder = tempfile.mkdtemp(prefix="farm-")  # not below pytest's: a socket's path is short
    address = f"{folder}/forked"
    process = subprocess.Popen([sys.executable, "-m", "tests.forked", address], cwd=ROOT, stdin=subprocess.PIPE)

    def end() -> None:
        assert process.stdin is not None
        process.stdin.close()
        process.wait()
        shutil.rmtree(folder)

    atexit.register(end)
    deadline_s = time.monotonic() + _BEGINS_S
    while not Path(address).exists():
        assert process.poll() is None, "tests.forked ended at once"
        assert time.monotonic() < deadline_s, "tests.forked does not begin"
        time.sleep(0.02)
    return _Server(address)
