"""Processes of a bench: each dies with the bench, also when the bench is killed, and each is ended by its own id."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.bench.android.errors import BenchFailed, BenchUnavailable

TOOLS = dict.fromkeys(("setpriv", "unshare", "nsenter"), "util-linux") | {"mount": "mount", "gcc": "g++", "g++": "g++", "adb": "adb"}


def check_tools() -> None:
    """Raise BenchUnavailable without root or without a tool, naming them all."""
    if os.geteuid() != 0:
        raise BenchUnavailable("the Android bench needs root: its phones live in namespaces and mounts of their own")
    missing = {package for tool, package in TOOLS.items() if shutil.which(tool) is None}
    if missing:
        raise BenchUnavailable(f"the Android bench needs more packages; on Debian: apt-get install {' '.join(sorted(missing))}")


def spawn(command: Sequence[str | Path], *, log: Path, environment: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
    """Start a process that the kernel kills when this thread's process is gone; its errors go to log.

    To be called from the thread that lives longest: the kernel kills the children of a thread that ends, too.
    """
    with log.open("a") as errors:
        return subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "--", *(str(each) for each in command)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env=None if environment is None else dict(environment),
            start_new_session=True,  # Ctrl-C is for the bench, which ends them in order
        )


def end(process: subprocess.Popen[str]) -> None:
    """Kill a process and wait for it; one that has ended does no harm."""
    process.kill()
    process.wait(timeout=10)
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            try:
                pipe.close()
            except BrokenPipeError:
                continue


def answer(process: subprocess.Popen[str], line: str | None = None) -> str:
    """Send a line, when given, and return the next line that the process says."""
    assert process.stdin is not None
    assert process.stdout is not None
    if line is not None:
        process.stdin.write(f"{line}\n")
        process.stdin.flush()
    said = process.stdout.readline()
    if not said:
        raise BenchFailed(f"{process.args!r} ended with {process.wait(timeout=5)}")
    return said.strip()


def wait_until(condition: Callable[[], bool], what: str, timeout_s: float = 15.0) -> None:
    """Return when condition holds; raises BenchFailed with what was waited for."""
    deadline_s = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline_s:
            raise BenchFailed(f"{what}: not within {timeout_s:.0f} s")
        time.sleep(0.02)
