"""The user's own command that switches a phone's port, on the bench: a real program, and those that fail."""

import sys
import threading
import time
from pathlib import Path

import pytest

from tests.bench.android import Bench, Phone
from tests.cli.health import Farm, Look, lab

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


def test_a_command_that_fails_is_told_and_ends_the_ladder(looked: Look, s25: Phone, home: Path, android_bench: Bench) -> None:
    (home / "hub").write_text("#!/bin/sh\necho no such port >&2\nexit 3\n")
    (home / "hub").chmod(0o755)
    own = 'power_cycle = "./hub"\nhealth = { power_cycle_timeout = "1 s", recovery = ["power_cycle"] }\n'
    (home / "devices.toml").write_text(lab(android_bench, s25=own))
    looked("s25")
    s25.drop()
    (step,) = looked("s25")["s25"]["recovery"]
    assert step["tried"] == "failed"
    assert "ended with exit code 3" in step["sentence"]
    assert "no such port" in step["output"]
