"""farm logs and farm top: what happened on a device, what it does now, and who waits for it."""

import json
import re
from pathlib import Path

from tests.cli.gating import Farm, a_model
from tests.cli.sharing import QUICK, begun, one_that_waits, stored, waited


def test_logs_tell_what_happened_on_a_device_and_to_a_run_and_hide_secrets(home: Path, farm: Farm) -> None:
    a_model(home / "broken.fake", crash_at_iteration=3)
    farm("run", "broken.fake", *QUICK, "--repeat", 1, "--branch", "token=ghp_0123456789abcdefghij")
    done = farm("logs", "local")
    assert "0123456789abcdefghij" not in done.stdout
    assert "***" in done.stdout
    assert "0123456789abcdefghij" not in stored(home, "SELECT command FROM sessions")[0]["command"]
    lines = done.stdout.splitlines()
    assert all(line[20:26] == "local " for line in lines)
    kinds = [line.split()[3].rstrip(":") for line in lines]
    assert {"session", "run", "state", "queue"} <= set(kinds)
    assert "signal 6 (SIGABRT)" in done.stdout
    run_id = json.loads(farm("runs", "--json").stdout)[0]["run_id"]
    of_run = farm("logs", run_id[-12:])
    assert "broken latency #1, attempt 2, begins" in of_run.stdout  # a crash is tried once more
    assert "signal 6 (SIGABRT)" in of_run.stdout
    assert farm("logs", "s26").returncode == 2
    assert json.loads(farm("logs", "local", "--json", "--most", 2).stdout)[0]["device"] == "local"


def test_logs_tell_how_the_health_of_a_device_changed_and_why(farm: Farm) -> None:
    farm("devices", "retire", "local", "--reason", "swollen")
    farm("devices", "restore", "local", "--reason", "a new battery")
    told = [line[20:] for line in farm("logs", "local").stdout.splitlines() if " health: " in line]
    assert told == ["local health: from good to retired: swollen", "local health: from retired to suspect: a new battery"]


def test_top_shows_what_a_device_does_and_who_waits(home: Path, farm: Farm, slow: Path, quick: Path) -> None:
    before = json.loads(farm("top", "--json").stdout)
    assert [(one["device"], one["state"]) for one in before["devices"]] == [("local", "idle")]
    holder = begun(home, "run", slow, "--passes", "latency", "--threads", 1, "--iterations", 100, "--repeat", 5)
    holder.hears("[1/5]")
    waiting = one_that_waits(home, quick)
    seen = waited(lambda: next((one for one in json.loads(farm("top", "--json").stdout)["devices"] if one["job"]), None), lambda: "a job")
    assert (seen["state"], seen["phase"], seen["pid"], seen["jobs"]) == ("leased", "measuring", holder.pid, 5)
    plain = farm("top", "--once").stdout
    assert "Queue" in plain
    assert f"process {waiting.pid}" in plain
    holder.kill()
    waiting.ends()


def test_top_shows_how_well_a_device_is_beside_what_it_does(farm: Farm) -> None:
    assert [one["health"] for one in json.loads(farm("top", "--json").stdout)["devices"]] == [None]
    farm("devices", "retire", "local", "--reason", "swollen")
    (own,) = json.loads(farm("top", "--json").stdout)["devices"]
    assert (own["health"], own["state"]) == ("retired", "idle")
    assert re.search(r"local\s+retired\s+idle", farm("top", "--once").stdout)
