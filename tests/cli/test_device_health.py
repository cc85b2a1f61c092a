"""farm devices check, health, retire and restore on the bench: real adbd, real adb server, a real power_cycle program."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from farm.cli import device_health, healthy
from farm.cli.context import Context
from tests.bench.android import Bench, Phone
from tests.bench.android.adb import AdbServer, start_server
from tests.cli.gating import a_model, a_suite, called
from tests.conftest import CALM_TOML, FakeModel

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

Farm = Callable[..., subprocess.CompletedProcess[str]]
QUICK = ("--threads", "1", "--iterations", "5", "--duration", "0", "--passes", "latency", "--repeat", "1")

HUB = """#!{python}
import pathlib, subprocess, sys
print("port", sys.argv[1], "off and on")
here = pathlib.Path(__file__).parent
(here / "hub.log").open("a").write(" ".join(sys.argv[1:]) + chr(10))
(here / "hub.done").touch()
"""


def lab(bench: Bench, **more: str) -> str:
    text = CALM_TOML + "[defaults.health]\nquarantine_after = 2\n"
    for name in ("s25", "oneplus13"):
        phone = bench.phones[name]
        text += f'[devices.{name}]\nkind = "android"\nadb = "{bench.adb.address}"\nserial = "{phone.serial}"\n{more.get(name, "")}\n'
    return f'{text}[pools]\nrack = ["s25", "oneplus13"]\n'


@pytest.fixture
def s25(android_bench: Bench) -> Phone:
    return android_bench.phones["s25"]


@pytest.fixture
def farm(home: Path, android_bench: Bench) -> Iterator[Farm]:
    (home / "devices.toml").write_text(lab(android_bench))
    android_id = android_bench.phones["s25"].shell("settings get secure android_id").stdout.strip()
    yield lambda *arguments: called(home, *arguments)
    for phone in android_bench.phones.values():
        phone.restore()
        phone.state(level=80, plugged="usb", hold_skin_c=None, skin_c=27)
        phone.empty_disk()
        phone.connect()
    android_bench.phones["s25"].shell(f"settings put secure android_id {android_id}")


Look = Callable[..., dict[str, dict[str, Any]]]


@pytest.fixture
def looked(home: Path, farm: Farm) -> Look:
    """What farm devices check does, in this process: starting one for each look would take most of the time."""
    context = Context(home / "data", home / "devices.toml")

    def look(*names: str) -> dict[str, dict[str, Any]]:
        lab = context.lab()
        found = healthy.check(context, [lab.device(name) for name in names])
        return {one.device.name: json.loads(json.dumps(device_health.look_json(one))) for one in found}

    return look


def failing(one: dict[str, Any]) -> list[str]:
    return [check["name"] for check in one["checks"] if check["ok"] is False]


def health(farm: Farm, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(farm("devices", "health", name, "--json").stdout)
    return found


def mended_when(done: Path, phone: Phone) -> None:
    """Mend the cable as soon as the port has been switched."""
    deadline_s = time.monotonic() + 60
    while not done.exists() and time.monotonic() < deadline_s:
        time.sleep(0.05)
    phone.restore()


def test_a_phone_is_looked_at_with_every_reading_and_put_back(farm: Farm, s25: Phone) -> None:
    before = s25.shell("settings get system screen_brightness").stdout
    s25.state(level=80)  # it charges while other tests use it
    done = farm("devices", "check", "s25", "--json")
    assert done.returncode == 0, done.stderr
    (one,) = json.loads(done.stdout)
    read = {check["name"]: check for check in one["checks"]}
    assert list(read) == [
        "reachable", "authorised", "usable", "storage", "battery_level", "battery_health", "temperature", "clock", "screen", "os_build",
        "soc", "canary",
    ]  # fmt: skip
    assert re.fullmatch(r"[89]\d %", read["battery_level"]["reading"])  # it hangs on its charger
    assert read["battery_level"]["limit"] == "20 % to 100 %"
    assert read["screen"]["reading"] == "awake"
    assert read["clock"]["limit"] == "at most 300 s"
    assert "SM8750" in read["soc"]["reading"]
    assert read["canary"]["ok"] is None
    assert s25.shell("settings get system screen_brightness").stdout == before
    assert farm("devices", "health", "s25").stdout.startswith("s25 is good since")


def test_what_fails_makes_suspect_then_quarantines_and_passing_twice_makes_good_again(
    farm: Farm, looked: Look, s25: Phone, fake_model: FakeModel
) -> None:
    s25.fill_disk(100_000_000)
    first = looked("s25", "oneplus13")
    assert {name: (one["health"], failing(one)) for name, one in first.items()} == {
        "s25": ("suspect", ["storage"]),
        "oneplus13": ("good", []),
    }
    assert not first["s25"]["takes_part"]
    assert looked("s25")["s25"]["health"] == "quarantined"
    s25.empty_disk()

    model = fake_model(sleep_ns=4_000_000).path
    left_out = farm("run", model, "--pool", "rack", *QUICK)
    assert left_out.returncode == 0, left_out.stderr
    assert "farm: s25 is quarantined since" in left_out.stderr
    assert "are free, the least is 500 MB; it is left out" in left_out.stderr
    assert "s25 ·" not in left_out.stdout
    named = farm("run", model, "--device", "s25", *QUICK)
    assert named.returncode == 0, named.stderr
    assert "measured all the same, as it is named" in named.stderr
    assert farm("run", model, "--device", "oneplus13", *QUICK).stderr.count("quarantined") == 0

    assert looked("s25")["s25"]["health"] == "quarantined"
    assert looked("s25")["s25"]["health"] == "good"
    changes = health(farm, "s25")["changes"]
    assert [(row["health_before"], row["health"]) for row in reversed(changes)] == [
        ("good", "suspect"),
        ("suspect", "quarantined"),
        ("quarantined", "good"),
    ]
    assert all(row["reason"] for row in changes)
    assert health(farm, "oneplus13")["changes"] == []
    listed = {one["name"]: one["health"] for one in json.loads(farm("devices", "--json").stdout)}
    assert (listed["s25"]["state"], listed["local"]) == ("good", None)


def test_a_warm_or_empty_phone_is_suspect_and_still_measured(farm: Farm, looked: Look, s25: Phone) -> None:
    s25.state(hold_skin_c=50)
    one = looked("s25")["s25"]
    assert (failing(one), one["health"], one["takes_part"]) == (["temperature"], "suspect", True)
    s25.state(hold_skin_c=None, skin_c=27, level=10, plugged="none")
    assert failing(looked("s25")["s25"]) == ["battery_level"]


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


def test_nothing_is_switched_off_that_somebody_holds_or_nobody_knows(
    farm: Farm, looked: Look, s25: Phone, home: Path, android_bench: Bench
) -> None:
    own = 'power_cycle = "/bin/true"\nhealth = { recovery = ["reboot", "power_cycle"] }\n'
    (home / "devices.toml").write_text(lab(android_bench, s25=own))
    s25.drop()
    steps = looked("s25")["s25"]["recovery"]
    assert [step["tried"] for step in steps] == ["not_tried", "not_tried"]
    assert "has never answered here" in steps[0]["sentence"]
    s25.restore()
    s25.connect()
    device_id = looked("s25")["s25"]["device_id"]
    s25.drop()
    with subprocess.Popen([sys.executable, "-c", HOLDER, device_id], stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        steps = looked("s25")["s25"]["recovery"]
        holder.communicate("")
    assert [step["tried"] for step in steps] == ["not_tried", "not_tried"]
    assert "s25 is held by" in steps[0]["sentence"]


def test_a_phone_that_is_held_is_not_looked_at_and_keeps_its_health(farm: Farm, looked: Look, s25: Phone) -> None:
    device_id = looked("s25")["s25"]["device_id"]
    with subprocess.Popen([sys.executable, "-c", HOLDER, device_id], stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        one = looked("s25")["s25"]
        holder.communicate("")
    assert (one["health"], one["checks"], one["takes_part"]) == ("good", [], True)
    assert "s25 is held by" in one["held_by"]


def test_a_phone_that_a_person_holds_back_is_his(farm: Farm, looked: Look, s25: Phone) -> None:
    assert farm("devices", "hold", "s25", "--reason", "on my desk").returncode == 0
    s25.drop()
    one = looked("s25")["s25"]
    assert (one["checks"], one["recovery"]) == ([], [])
    assert "on my desk" in one["held_by"]
    for command in (("clean", "--device", "s25"), ("wireless", "s25")):
        done = farm("devices", *command)
        assert done.returncode == 3
        assert "s25 is held back by" in done.stderr
    assert "s25 is held back by" in farm("doctor", "--device", "s25", "--json").stdout


def test_a_phone_whose_framework_hangs_is_restarted(farm: Farm, looked: Look, s25: Phone, home: Path, android_bench: Bench) -> None:
    own = 'health = { recovery = ["reconnect", "reboot"], reboot_timeout = "30 s" }\n'
    (home / "devices.toml").write_text(lab(android_bench, s25=own))
    looked("s25")
    s25.shell("settings delete secure android_id")
    one = looked("s25")["s25"]
    assert [step["rung"] for step in one["recovery"]] == ["reconnect", "reboot"]


def test_a_person_retires_a_phone_and_takes_it_in_again(farm: Farm, looked: Look, fake_model: FakeModel) -> None:
    looked("s25", "oneplus13")
    assert farm("devices", "retire", "s25").returncode == 2
    assert farm("devices", "retire", "s25", "--reason", " ").returncode == 2
    assert farm("devices", "retire", "s25", "--reason", "its screen is broken").returncode == 0
    again = farm("devices", "retire", "s25", "--reason", "x")
    assert (again.returncode, "is retired already: its screen is broken" in again.stderr) == (2, True)
    one = looked("s25")["s25"]
    assert (one["health"], one["checks"], one["takes_part"]) == ("retired", [], False)
    farm("devices", "retire", "oneplus13", "--reason", "sold")
    none = farm("run", fake_model().path, "--pool", "rack", *QUICK)
    assert none.returncode == 3
    assert "every device is quarantined or retired: s25, oneplus13" in none.stderr
    assert farm("devices", "restore", "s25", "--reason", "new screen").returncode == 0
    assert farm("devices", "restore", "s25", "--reason", "new screen").returncode == 2
    assert [looked("s25")["s25"]["health"] for _ in range(2)] == ["suspect", "good"]
    assert [row["kind"] for row in health(farm, "s25")["changes"]] == ["checks", "restored", "retired"]


def test_a_gate_whose_phone_is_quarantined_could_not_tell(farm: Farm, looked: Look, s25: Phone, home: Path) -> None:
    a_suite(home)
    s25.fill_disk(100_000_000)
    looked("s25")
    looked("s25")
    s25.empty_disk()
    done = farm("gate", "--suite", "suite.toml", "--candidate", "new.fake", "--baseline", "old.fake", "--pool", "rack", "--json")
    assert done.returncode == 3, done.stderr
    (verdict,) = json.loads(done.stdout)["verdicts"]
    assert "s25 was not measured to the end: it is quarantined since" in verdict["reason"]
    named = farm("gate", "--suite", "suite.toml", "--candidate", "new.fake", "--baseline", "old.fake", "--device", "s25", "--json")
    assert named.returncode in (0, 3)
    assert "measured all the same" in named.stderr
    assert any("s25 is quarantined since" in warning for warning in json.loads(named.stdout)["verdicts"][0]["warnings"])


@pytest.mark.this_machine
def test_a_canary_outside_its_band_fails_the_look(farm: Farm, looked: Look, home: Path) -> None:
    (home / "devices.toml").write_text(CALM_TOML)
    a_model(home / "bird.fake", sleep_ns=400_000)
    a_model(home / "slow.fake", sleep_ns=2_000_000)
    assert farm("canary", "--artifact", "bird.fake", "--calibrate").returncode == 0
    assert farm("canary", "--artifact", "slow.fake").returncode == 3
    one = looked("local")["local"]
    assert (failing(one), one["health"], one["takes_part"]) == (["canary"], "suspect", True)
    assert "lies above its band" in one["reason"]


HOLDER = """
import sys
from farm import leases
with leases.hold(sys.argv[1], "s25", leases.Owner(1, "ann", "noon", "farm run", "here"), leases.runtime_folder()):
    print("held", flush=True)
    sys.stdin.read()
"""


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
