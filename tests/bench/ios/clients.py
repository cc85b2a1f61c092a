"""Clients that are not farm's: libimobiledevice's tools (Debian) and go-ios (npm). What they make of the bench is what counts."""

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_VERSION = "1.2.0"
_SHA256 = "4209de5888c010f798c659e123444ef46b20042f9638729e7de5694e7dc26fdb"
_MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}
_FETCH_S = 300


class ClientUnavailable(Exception):
    """A client that is not here, and how to get it."""


@dataclass(frozen=True, slots=True)
class Clients:
    """Runs clients against a usbmuxd."""

    address: str
    folder: Path
    """Where they run: go-ios leaves a file there."""
    go_ios_program: Path | None = None

    def run(self, *command: str | Path, timeout_s: float = 30.0) -> subprocess.CompletedProcess[str]:
        """Run a command with this usbmuxd in its environment."""
        return subprocess.run(
            [str(word) for word in command],
            env=os.environ | {"USBMUXD_SOCKET_ADDRESS": self.address},
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )

    def out(self, *command: str | Path) -> str:
        """Return what a command prints that must succeed."""
        done = self.run(*command)
        assert done.returncode == 0, done
        return done.stdout.strip()

    def go_ios(self, *words: str) -> Any:
        """Return what go-ios prints, the last of its lines read as JSON; None for nothing."""
        assert self.go_ios_program is not None
        lines = self.out(self.go_ios_program, *words).splitlines()
        return json.loads(lines[-1]) if lines else None

    @contextlib.contextmanager
    def tunnel(self, udid: str, port: int) -> Iterator[list[str]]:
        """Hold a tunnel of go-ios's own to a phone; yields the options that make its other commands use it."""
        assert self.go_ios_program is not None
        command = [str(self.go_ios_program), "tunnel", "start", "--userspace", f"--udid={udid}", f"--tunnel-info-port={port}"]
        with tempfile.TemporaryFile() as words:
            environment = os.environ | {"USBMUXD_SOCKET_ADDRESS": self.address}
            process = subprocess.Popen(command, env=environment, cwd=self.folder, stdout=words, stderr=words, stdin=subprocess.DEVNULL)
            try:
                options = [f"--udid={udid}", f"--tunnel-info-port={port}"]
                deadline_s = time.monotonic() + 20
                while udid not in self.run(self.go_ios_program, "tunnel", "ls", *options).stdout:
                    assert time.monotonic() < deadline_s, "go-ios has no tunnel"
                    time.sleep(0.2)
                yield options
            finally:
                process.terminate()
                process.wait(timeout=10)


def missing_tools() -> list[str]:
    """Return the tools of libimobiledevice that are not here."""
    return [tool for tool in ("idevice_id", "ideviceinfo", "idevicepair", "idevicediagnostics") if shutil.which(tool) is None]


def go_ios(data: Path) -> Path:
    """Return go-ios's program, fetched once by npm at a pinned version and hash. Raises ClientUnavailable."""
    folder = data / "bench-ios"
    program = folder / f"go-ios-{_VERSION}"
    if program.exists():
        return program
    machine = _MACHINES.get(os.uname().machine)
    if shutil.which("npm") is None or machine is None:
        raise ClientUnavailable("go-ios is not here, and there is no npm to fetch it with; on Debian: apt-get install npm")
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not program.exists():
            _fetch(program, machine)
    return program


def _fetch(program: Path, machine: str) -> None:
    with tempfile.TemporaryDirectory(dir=program.parent) as scratch:
        command = ["npm", "pack", f"go-ios@{_VERSION}", "--pack-destination", scratch]
        done = subprocess.run(command, cwd=scratch, capture_output=True, text=True, timeout=_FETCH_S, check=False)
        package = Path(scratch) / f"go-ios-{_VERSION}.tgz"
        if done.returncode != 0 or not package.exists():
            raise ClientUnavailable(f"npm did not fetch go-ios: {done.stderr.strip()[-300:]}")
        found = hashlib.sha256(package.read_bytes()).hexdigest()
        if found != _SHA256:
            raise ClientUnavailable(f"npm fetched another go-ios {_VERSION} than the pinned one: SHA-256 {found}")
        name = f"package/dist/go-ios-linux-{machine}_linux_{machine}/ios"
        with tarfile.open(package) as archive:
            content = archive.extractfile(name)
            assert content is not None, f"{name} is not in the package"
            partial = Path(scratch) / "ios"
            partial.write_bytes(content.read())
        partial.chmod(0o755)
        partial.rename(program)
