"""A real adb server on a port of its own, and the real adb command line as its client."""

import os
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.bench.android.processes import end, spawn, wait_until

# No search for emulators on other ports, none in the local network.
_QUIET = {"ADB_LOCAL_TRANSPORT_MAX_PORT": "5554", "ADB_MDNS": "0", "ADB_MDNS_OPENSCREEN": "0", "ADB_MDNS_AUTO_CONNECT": "0"}


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def listens(port: int) -> bool:
    """Whether somebody listens on a port of 127.0.0.1."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@dataclass(slots=True)
class AdbServer:
    """The server that the bench's phones hang on."""

    port: int
    process: subprocess.Popen[str]
    home: Path

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def run(self, *arguments: str, timeout_s: float = 30.0, input_: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run `adb ARGUMENTS` against this server: its exit code is in the result, not raised."""
        return subprocess.run(
            ["adb", "-P", str(self.port), *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout_s,
            input=input_,
            env=_environment(self.home),
        )

    def stop(self) -> None:
        end(self.process)


def start_server(folder: Path) -> AdbServer:
    """Start a server whose keys and log are in folder, and return when it answers."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    process = spawn(["adb", "-P", str(port), "nodaemon", "server"], log=folder / "server.log", environment=_environment(folder))
    server = AdbServer(port, process, folder)
    try:
        wait_until(lambda: listens(port), "the adb server")
    except BaseException:
        server.stop()
        raise
    return server


def _environment(home: Path) -> dict[str, str]:
    return (
        {key: value for key, value in os.environ.items() if not key.startswith("ADB")} | _QUIET | {"HOME": str(home), "TMPDIR": str(home)}
    )
