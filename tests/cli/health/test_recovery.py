"""Phones that do not answer and are brought back, on the bench: real adbd, real adb server, a real power_cycle program."""

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bench.android import Bench, Phone
from tests.bench.android.adb import AdbServer, start_server
from tests.cli.health import Farm, Look, failing, lab
from tests.conftest import CALM_TOML

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

HUB = """#!{python}
import pathlib, subprocess, sys
print("port", sys.argv[1], "off and on")
here = pathlib.Path(__file__).parent
(here / "hub.log").open("a").write(" ".join(sys.argv[1:]) + chr(10))
(here / "hub.done").touch()
"""


def mended_when(done: Path, phone: Phone) -> None:
    """Mend the cable as soon as the port has been switched."""
    deadline_s = time.monotonic() + 60
    while not done.exists() and time.monotonic() < deadline_s:
        time.sleep(0.05)
    phone.restore()


def test_one_phone_that_is_gone_keeps_no_other_waiting_and_the_ladder_is_told(farm: Farm, looked: Look, s25: Phone) -> None:
    s25.drop()
    found = looked("s25", "oneplus13")
    assert {name: one["health"] for name, one in found.items()} == {"s25": "suspect", "oneplus13": "good"}
    assert failing(found["s25"]) == ["reachable"]
    (step,) = found["s25"]["recovery"]
    assert (step["rung"], step["tried"]) == ("reconnect", "no_use")
    shown = farm("devices", "health", "s25").stdout
    assert "What was tried when it did not answer" in shown
    assert "How its health changed" in shown


def test_a_phone_is_brought_back_by_its_link(farm: Farm, looked: Look, s25: Phone, android_bench: Bench) -> None:
    looked("s25")
    s25.adb.run("disconnect", s25.serial)
    one = looked("s25")["s25"]
    assert [(step["rung"], step["tried"]) for step in one["recovery"]] == [("reconnect", "helped")]
    assert (one["health"], failing(one)) == ("good", [])


def test_the_users_command_switches_the_port_and_what_it_says_is_kept(
    farm: Farm, looked: Look, s25: Phone, home: Path, android_bench: Bench
) -> None:
    hub = home / "hub"
    hub.write_text(HUB.format(python=sys.executable))
    hub.chmod(0o755)
    (home / "devices.toml").write_text(lab(android_bench, s25="power_cycle = \"./hub '1 2' -a cycle; $(touch pwned)\"\n"))
    looked("s25")
    s25.drop()
    mending = threading.Thread(target=mended_when, args=(home / "hub.done", s25))
    mending.start()
    one = looked("s25")["s25"]
    mending.join()
    assert [step["rung"] for step in one["recovery"]] == ["reconnect", "power_cycle"]
    last = one["recovery"][-1]
    assert (last["tried"], "port 1 2 off and on" in last["output"], one["health"]) == ("helped", True, "good"), last
    assert (home / "hub.log").read_text() == "1 2 -a cycle; $(touch pwned)\n"
    assert not (home / "pwned").exists()
    assert "port 1 2 off and on" in farm("devices", "health", "s25").stdout


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("#!/bin/sh\necho no such port >&2\nexit 3\n", "ended with exit code 3"),
        ("#!/bin/sh\nsleep 60\n", "had not ended after 1 s and was ended"),
        (None, "cannot be started"),
    ],
)
def test_a_command_that_fails_is_told_and_ends_the_ladder(
    farm: Farm, looked: Look, s25: Phone, home: Path, android_bench: Bench, program: str | None, said: str
) -> None:
    if program is not None:
        (home / "hub").write_text(program)
        (home / "hub").chmod(0o755)
    own = 'power_cycle = "./hub"\nhealth = { power_cycle_timeout = "1 s", recovery = ["power_cycle"] }\n'
    (home / "devices.toml").write_text(lab(android_bench, s25=own))
    looked("s25")
    s25.drop()
    (step,) = looked("s25")["s25"]["recovery"]
    assert step["tried"] == "failed"
    assert said in step["sentence"]
    assert ("no such port" in step["output"]) == ("exit code" in said)


def test_a_phone_whose_framework_hangs_is_restarted(farm: Farm, looked: Look, s25: Phone, home: Path, android_bench: Bench) -> None:
    own = 'health = { recovery = ["reconnect", "reboot"], reboot_timeout = "30 s" }\n'
    (home / "devices.toml").write_text(lab(android_bench, s25=own))
    looked("s25")
    s25.shell("settings delete secure android_id")
    one = looked("s25")["s25"]
    assert [step["rung"] for step in one["recovery"]] == ["reconnect", "reboot"]


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
