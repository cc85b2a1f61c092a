"""Hosts for tests: Linux network namespaces on one bridge, each with an address, a folder of locks and a data folder of its own."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.conftest import ROOT, in_ci

HUB = "hub"
_NET = "10.213.77"


def needs_namespaces() -> None:
    """Skip, with the reason, where no namespace can be made; as root in CI that is a failure."""
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    if shutil.which("ip") is None:
        missing = "network namespaces need iproute2: apt-get install iproute2"
        pytest.fail(missing) if in_ci() else pytest.skip(missing)


@dataclass
class Host:
    """One host."""

    name: str
    namespace: str
    address: str
    folder: Path
    """Where its commands run; its data folder is `.farm` there."""

    def command(self, *arguments: object) -> list[str]:
        """Return a command line that runs there, with locks of its own; its pid is the program's."""
        inside = 'mount -t tmpfs none /run/lock && exec "$@"'
        return ["ip", "netns", "exec", self.namespace, "unshare", "-m", "sh", "-c", inside, "sh", sys.executable, *map(str, arguments)]

    def run(self, *arguments: object, timeout_s: float = 60) -> subprocess.CompletedProcess[str]:
        """Run a program of Python's there to its end."""
        return subprocess.run(
            self.command(*arguments), cwd=self.folder, env=environment(), capture_output=True, text=True, check=False, timeout=timeout_s
        )


@dataclass
class Network:
    """A hub, where the scheduler is, and racks around it."""

    folder: Path
    racks: tuple[str, ...]
    hosts: dict[str, Host] = field(default_factory=dict)
    processes: list[subprocess.Popen[str]] = field(default_factory=list)
    stack: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> "Network":
        """Make the namespaces; whatever goes wrong, they are removed again."""
        with ExitStack() as stack:
            for place, name in enumerate((HUB, *self.racks), start=1):
                namespace = f"farm{os.getpid()}-{name}"
                _ip("netns", "add", namespace)
                stack.callback(_ip, "netns", "delete", namespace)
                _ip("-n", namespace, "link", "set", "lo", "up")
                self.hosts[name] = Host(name, namespace, f"{_NET}.{place}", self.folder / name)
                (self.folder / name / ".farm").mkdir(parents=True)
            hub = self.hosts[HUB]
            _ip("-n", hub.namespace, "link", "add", "bridge", "type", "bridge")
            _ip("-n", hub.namespace, "address", "add", f"{hub.address}/24", "dev", "bridge")
            _ip("-n", hub.namespace, "link", "set", "bridge", "up")
            for name in self.racks:
                rack = self.hosts[name]
                _ip("-n", hub.namespace, "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", rack.namespace)
                _ip("-n", hub.namespace, "link", "set", name, "master", "bridge", "up")
                _ip("-n", rack.namespace, "address", "add", f"{rack.address}/24", "dev", "eth0")
                _ip("-n", rack.namespace, "link", "set", "eth0", "up")
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """End what was started, by pid, and remove the namespaces."""
        for process in self.processes:
            if process.poll() is None:
                process.terminate()
        for process in self.processes:
            end(process)
        self.stack.close()

    def start(self, host: str, log: str, *arguments: object) -> subprocess.Popen[str]:
        """Start a program of Python's on a host, its output in a file of that name."""
        there = self.hosts[host]
        with (there.folder / log).open("a") as file:
            process = subprocess.Popen(there.command(*arguments), cwd=there.folder, env=environment(), stdout=file, stderr=file, text=True)
        self.processes.append(process)
        return process

    def cut(self, rack: str) -> None:
        """Pull a rack's cable."""
        _ip("-n", self.hosts[HUB].namespace, "link", "set", rack, "down")

    def mend(self, rack: str) -> None:
        """Plug it in again."""
        _ip("-n", self.hosts[HUB].namespace, "link", "set", rack, "up")


def environment() -> dict[str, str]:
    """Return what programs on a host are given."""
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def end(process: subprocess.Popen[str]) -> None:
    """Wait for a process that was asked to stop, and kill it when it does not."""
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def until(true: Callable[[], object], timeout_s: float = 30.0) -> None:
    """Wait until something is so."""
    deadline_s = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < deadline_s, "it did not come true in time"
        time.sleep(0.1)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True)
