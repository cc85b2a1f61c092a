"""Adb servers that died or hang while farm may start them anew, on the bench."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bench.android import Phone
from tests.bench.android.adb import AdbServer, start_server
from tests.cli.health import Look, failing
from tests.conftest import CALM_TOML

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture
def own_server(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AdbServer]:
    """An adb server that farm may end and start: whoever starts it anew does so with this environment."""
    for name, value in {"ADB_LOCAL_TRANSPORT_MAX_PORT": "5554", "ADB_MDNS": "0", "ADB_MDNS_OPENSCREEN": "0", "HOME": str(home)}.items():
        monkeypatch.setenv(name, value)
    server = start_server(home / "adb")
    yield server
    server.stop()
    server.run("kill-server")


def on_own_server(home: Path, server: AdbServer, phone: Phone, *rungs: str) -> None:
    """Write a lab whose phone hangs on that server and is brought back by these rungs."""
    entry = f'[devices.s25]\nkind = "android"\nadb = "{server.address}"\nadb_server = "own"\nserial = "{phone.serial}"\n'
    (home / "devices.toml").write_text(f"{CALM_TOML}{entry}health = {{ recovery = {json.dumps(rungs)} }}\n")


def test_a_phone_whose_adb_server_died_is_brought_back_by_starting_it_anew(
    looked: Look, s25: Phone, home: Path, own_server: AdbServer
) -> None:
    on_own_server(home, own_server, s25, "reconnect")
    own_server.run("connect", s25.serial)
    assert looked("s25")["s25"]["recovery"] == []
    own_server.run("kill-server")
    one = looked("s25")["s25"]
    assert (one["health"], failing(one)) == ("suspect", ["reachable"])  # reconnecting is all that its ladder has
    on_own_server(home, own_server, s25, "reconnect", "adb_server")
    one = looked("s25")["s25"]
    assert [(step["rung"], step["tried"]) for step in one["recovery"]] == [("reconnect", "failed"), ("adb_server", "helped")]
    assert one["recovery"][0]["sentence"] == f"no adb server answers at {own_server.address}"
    assert failing(one) == []


def test_a_phone_whose_adb_server_hangs_is_brought_back_by_another_one(looked: Look, s25: Phone, home: Path, own_server: AdbServer) -> None:
    on_own_server(home, own_server, s25, "reconnect", "adb_server")
    own_server.run("connect", s25.serial)
    hung = own_server.process.pid
    os.kill(hung, signal.SIGSTOP)
    one = looked("s25")["s25"]
    assert [(step["rung"], step["tried"]) for step in one["recovery"]] == [("reconnect", "failed"), ("adb_server", "helped")]
    said = [step["sentence"] for step in one["recovery"]]
    assert said[0] == f"the adb server at {own_server.address} did not answer in 10 s"
    assert said[1] == f"the adb server at {own_server.address} hung and was ended (process {hung}), and was started anew"
    assert failing(one) == []
