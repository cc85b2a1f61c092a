"""farm nightly where its host is in trouble: a full disk, a database that is held, a second nightly. Each has its message, nothing is lost.

FARM_HELD_S=60 holds the database for a minute; usually it is a few seconds.
"""

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from farm.cli import healthy, host, nightly
from farm.cli.context import Context
from farm.cli.nightly_open import Asked
from farm.cli.nightly_steps import Checked, usual_steps
from farm.devices.local import LocalTransport
from farm.errors import DeviceNotReady, HostExhausted
from farm.health import Check, Health, Name, Standing
from farm.workloads import Device
from tests.bench.android import Bench
from tests.cli.gating import a_model
from tests.cli.nights import DAY, EVERY, SCHEDULE, Killed, Lab, a_lab, a_suite, broken_off, called
from tests.cli.test_full_disk import namespace
from tests.conftest import CALM_TOML
from tests.processes import command

__all__ = ["namespace"]
HELD_S = float(os.environ.get("FARM_HELD_S", "9"))
HOLD = "import duckdb, sys, time; c = duckdb.connect(sys.argv[1]); print('held', flush=True); time.sleep(float(sys.argv[2]))"

# $1: the size of the disk that is too small, $2: python. A night that fills the disk, the disk made larger, the same night again.
FULL = """mount -t tmpfs -o size="$1" none data && ln -s "$PWD/harness" data/harness || exit 9
"$2" -m farm --data data nightly --suite suite.toml; echo "first $?" >&2
mount -o remount,size=2g data || exit 9
"$2" -m farm --data data nightly --suite suite.toml; echo "second $?" >&2
"$2" -m farm --data data sql "SELECT state, count(*) AS jobs FROM expected_states GROUP BY state"
"$2" -m farm --data data sql "SELECT max(times) AS most FROM (SELECT count(*) AS times FROM runs WHERE outcome = 'ok' \
GROUP BY workload_id, pass, repeat)"
"""


@pytest.mark.timeout(300)
def test_a_database_that_another_process_holds_is_waited_for(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    broken_off(lab)
    database = str(lab.home / "data" / "farm.duckdb")
    with subprocess.Popen([sys.executable, "-c", HOLD, database, str(HELD_S)], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        began_s = time.monotonic()
        assert lab.night() == 0
        assert time.monotonic() - began_s > HELD_S - 4
    assert f"was held by process {holder.pid} (" in (said := capsys.readouterr().err)
    assert "waiting for up to 4 min" in said
    assert (lab.states(), lab.runs()) == (Counter(done=4), EVERY)


@pytest.mark.slow
def test_two_nightlies_that_are_started_at_once_are_one_and_the_second_says_who_is_at_work(lab: Lab) -> None:
    suite = a_suite(lab.home, SCHEDULE)
    suite.write_text(suite.read_text().replace('duration = "1 ms"', 'duration = "2 s"'))
    with subprocess.Popen(command("nightly", "--suite", "suite.toml"), cwd=lab.home, stderr=subprocess.PIPE, text=True) as first:
        assert first.stderr is not None
        assert any(line.startswith("farm: plan: ") for line in first.stderr)
        second = called(lab.home)
        was_at_work = first.poll() is None
        first.stderr.read()
    assert was_at_work
    assert first.returncode == 0
    assert second.returncode == 3
    assert f"the nightly of suite s on pool rack is held by process {first.pid} of " in second.stderr
    assert (lab.states(), lab.runs()) == (Counter(done=4), EVERY)


def test_a_phone_that_is_not_there_is_tried_again_and_then_accounted_for(
    lab: Lab, android_bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    toml = CALM_TOML
    for name, serial in (("s25", android_bench.phones["s25"].serial), ("absent", "R5CX")):
        toml += f'[devices.{name}]\nkind = "android"\nadb = "{android_bench.adb.address}"\nserial = "{serial}"\n'
    (lab.home / "devices.toml").write_text(f'{toml}[pools]\nrack = ["s25", "absent"]\n')
    assert lab.night() == 3
    said = capsys.readouterr()
    assert "absent: tried again in 0.1 s (2 of 2)" in said.err
    states = lab.sql(
        "SELECT device_name, state, any_value(reason) AS reason, count(*) AS jobs FROM expected_states GROUP BY ALL ORDER BY ALL"
    )
    assert [(row["device_name"], row["state"], row["jobs"]) for row in states] == [("absent", "accounted for", 4), ("s25", "done", 4)]
    assert "no device with the serial R5CX hangs on" in states[0]["reason"]
    assert "absent 4 jobs of" in said.out
    assert any(line.startswith("absent: 2 series are missing: none of 2 expected runs") for line in lab.news[0].new)


class Silent(LocalTransport):
    """This machine, which does not answer."""

    def preflight(self) -> None:
        raise DeviceNotReady("it does not answer", error_class="silent")


def looks(lab: Lab) -> list[tuple[str, int]]:
    return [(row["health"], row["failed"]) for row in lab.sql("SELECT health, failed FROM health_looks ORDER BY looked_at, id")]


def test_a_controller_that_is_started_again_and_again_counts_one_failure_of_a_phone_a_night(lab: Lab) -> None:
    a_lab(lab.home, more="[defaults.health]\nquarantine_after = 2\nrecovery = []\n")

    def health(context: Context, devices: Sequence[Device], night: datetime) -> Sequence[Checked]:
        def connect(device: Device, data: Path) -> Silent:
            return Silent(data / "box" / device.name)

        return healthy.check(context, devices, night=healthy.Night(night, "again"), connect=connect, now_utc=lambda: lab.at)

    def die(*_: object) -> None:
        raise Killed

    for failed in ([("suspect", 1)] * 3, [("suspect", 1)] * 3 + [("quarantined", 2)] * 3):
        for _ in range(3):  # killed when the looks are stored, and started again
            with pytest.raises(Killed):
                nightly.run(lab.context, Asked(lab.home / "suite.toml"), lab.clock(), replace(lab.steps(), health=health, rack=die))
        assert looks(lab) == failed
        lab.passes(DAY)


@pytest.mark.parametrize(("others", "sung"), [((), ["local"]), ((Name.CLOCK,), [])])
def test_the_canary_of_a_device_that_nothing_else_keeps_out_is_measured_again(lab: Lab, others: Sequence[Name], sung: list[str]) -> None:
    """Only another canary can bring it back."""
    a_suite(lab.home, SCHEDULE.replace("canary = false", "canary = true"), repeat=1)
    out = Standing(Health.QUARANTINED, "its canary is outside its band", failed=3)

    def health(context: Context, devices: Sequence[Device], night: datetime) -> Sequence[Checked]:
        failing = tuple(Check(name, False, None, None, "it is not as it was") for name in (Name.CANARY, *others))
        return [healthy.Checked(device, failing, out) for device in devices]

    heard: list[str] = []

    def sing(context: Context, devices: Sequence[Device], wheel: Path | None) -> str:
        heard.extend(device.name for device in devices)
        return "as it was"

    asked = Asked(lab.home / "suite.toml")
    assert nightly.run(lab.context, asked, lab.clock(), replace(lab.steps(), health=health, canary=sing)) == 3
    assert heard == sung
    assert lab.states() == Counter({"accounted for": 2})


@pytest.mark.parametrize(
    ("more", "memory_bytes", "said"),
    [
        (
            '[defaults.health]\nmin_free = "900000 GB"\n',
            0.0,
            r"the disk of .*data has .* left, so nothing more is measured; what ended is kept",
        ),
        ("", 1e15, "this host has .* of memory left, so nothing more is measured; what ended is kept"),
    ],
)
def test_a_host_that_the_health_look_finds_exhausted_ends_the_night_cleanly_and_is_no_broken_device(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, more: str, memory_bytes: float, said: str
) -> None:
    a_lab(lab.home, more=more)
    usual = usual_steps().health

    def health(context: Context, devices: Sequence[Device], night: datetime) -> Sequence[Checked]:
        monkeypatch.setattr(host, "_LEAST_MEMORY_BYTES", memory_bytes)  # what was there when the night began is gone by now
        return usual(context, devices, night)

    with pytest.raises(HostExhausted, match=said) as caught:
        nightly.run(lab.context, Asked(lab.home / "suite.toml"), lab.clock(), replace(lab.steps(), health=health))
    assert caught.value.exit_code == 3
    assert "the same command goes on with the night" in (caught.value.hint or "")
    assert looks(lab) == [("good", 0)]
    assert lab.states() == Counter({"to come": 4})
    monkeypatch.undo()
    a_lab(lab.home)
    assert lab.night() == 0
    assert (lab.states(), lab.runs()) == (Counter(done=4), EVERY)


@pytest.mark.slow(40)
@pytest.mark.timeout(400)
@pytest.mark.parametrize("size", ["8m", "40m"])
def test_a_disk_that_fills_up_ends_the_night_cleanly_and_the_night_goes_on_when_there_is_room(
    namespace: list[str], home: Path, size: str
) -> None:
    a_lab(home, more='[defaults.health]\nmin_free = "0 B"\n')  # else the machine takes no part before it is full
    suite = a_suite(home, SCHEDULE, repeat=4)
    suite.write_text(suite.read_text().replace("iterations = 5\n", "iterations = 40000\nmax_iterations = 40000\n"))
    for name in ("net", "other"):
        a_model(home / f"{name}.fake", spin_ns=100 + len(name))
    (home / "harness").symlink_to((home / "data" / "harness").resolve())
    (home / "data" / "harness").unlink()
    command = [*namespace, "sh", "-c", FULL, "sh", size, sys.executable]
    done = subprocess.run(command, cwd=home, env=os.environ, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    assert "first 2" in done.stderr or "first 3" in done.stderr, done.stderr
    assert "hint: make room" in done.stderr or "could not be" in done.stderr
    assert "second 0" in done.stderr, done.stderr
    assert "done      8" in " ".join(done.stdout.split("\n")).replace("  ", "  "), done.stdout
    assert done.stdout.split()[-1] == "1", done.stdout
