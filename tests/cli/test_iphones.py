"""farm on iPhones, on the bench: both ways of iOS at once, what doctor says, and an interrupt that leaves nothing behind."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.artifacts.coreml_models import a_package
from tests.bench.ios import Bench
from tests.conftest import CALM_TOML, FakeModel
from tests.processes import command, completed

QUICK = ("--threads", "1", "--iterations", "5", "--duration", "0.05")


class Farm:
    """Runs commands on a lab of the bench's iPhones."""

    def __init__(self, folder: Path, bench: Bench) -> None:
        self.folder, self.bench = folder, bench

    def command(self, *arguments: object) -> list[str]:
        return command(*arguments)

    def __call__(self, *arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
        return completed(self.command(*arguments), self.folder, environment=os.environ | environment)


@pytest.fixture
def farm(tmp_path: Path, ios_bench: Bench) -> Iterator[Farm]:
    lab = CALM_TOML
    for name, phone in ios_bench.phones.items():
        lab += f'[devices.{name}]\nkind = "ios"\nudid = "{phone.udid}"\nusbmux = "{ios_bench.address}"\n'
    lab += f'[devices.here]\nkind = "ios"\nudid = "{ios_bench.phones["iphone16pro"].udid}"\n'
    (tmp_path / "devices.toml").write_text(lab)
    yield Farm(tmp_path, ios_bench)
    for phone in ios_bench.phones.values():
        phone.heal()


def test_both_iphones_are_measured_at_once_with_the_harness_that_their_app_is(farm: Farm, fake_model: FakeModel) -> None:
    model = fake_model(spin_ns=1_000_000).path
    done = farm("run", model, "--device", "iphonex,iphone16pro", *QUICK, "--passes", "latency,memory", "--repeat", 1, "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    devices = {session["device"]["name"]: session["device"] for session in document["sessions"]}
    assert devices["iphone16pro"]["soc"] == "A18 Pro"
    assert devices["iphonex"]["os_build"] == "iOS 16.7.10 (20H350)"
    rows = json.loads(farm("sql", "SELECT DISTINCT harness_hash FROM runs", "--json").stdout)
    assert [row["harness_hash"] for row in rows] == [farm.bench.harnesses[0].source_hash]
    assert not list((farm.folder / "data").glob("harness*")), "no harness is built for an iPhone"


def test_what_the_gauge_and_the_system_monitor_say_is_stored_and_shown_as_what_it_is(farm: Farm, fake_model: FakeModel) -> None:
    model = fake_model(sleep_ns=300_000_000).path
    done = farm("run", model, "--device", "iphone16pro", *QUICK, "--passes", "memory", "--repeat", 1)
    assert done.returncode == 0, done.stderr
    assert "peak memory (phys_footprint)" in done.stdout
    (row,) = json.loads(farm("runs", "--json").stdout)
    assert row["metric"] == "phys_footprint_bytes"
    shown = farm("show", row["run_id"]).stdout
    assert "estimated (net battery current on USB)" in shown
    assert "sysmontap, while it measures" in shown
    stated = "SELECT name, value, source FROM device_state WHERE name IN ('battery_power_uw', 'footprint_poll_hz') AND phase = 'before'"
    power, rate = sorted(json.loads(farm("sql", stated, "--json").stdout), key=lambda row: str(row["name"]))
    assert (power["value"], power["source"]) == (pytest.approx(-0.42 * 4.102e6), "estimated (net battery current on USB)")
    assert rate["value"] == 4.0
    seen = "SELECT len(values) AS readings FROM samples WHERE metric = 'phys_footprint_bytes' AND source = 'sysmontap'"
    (sampled,) = json.loads(farm("sql", seen, "--json").stdout)
    assert sampled["readings"] >= 3


def test_no_budget_can_be_put_on_the_gauges_power(farm: Farm, fake_model: FakeModel) -> None:
    model = fake_model()
    suite = farm.folder / "suite.toml"
    suite.write_text(
        f'[suite]\nname = "s"\n[[workloads]]\nid = "w"\nartifact = "{model.path.name}"\n'
        '[[budgets]]\nworkload = "w"\nmetric = "battery_power_uw"\nmax = "1 W"\n'
    )
    done = farm("config", "check", suite)
    assert done.returncode == 2
    assert "battery_power_uw" in done.stderr


def test_an_app_without_core_ml_says_so_for_a_core_ml_model(farm: Farm) -> None:
    package = a_package(farm.folder / "net.mlpackage")
    done = farm("run", package, "--device", "iphone16pro", "--repeat", 1)
    assert done.returncode == 3
    assert "iphone16pro's harness app was built without coreml: it has fake" in done.stderr
    assert "farm harness build --target ios --runtime coreml" in done.stderr
    here = farm("run", package, "--repeat", 1)
    assert here.returncode == 2
    assert "local cannot run Core ML models" in here.stderr
    units = farm("run", farm.folder / "none.fake", "--compute-units", "gpu")
    assert units.returncode == 2


def test_compute_units_are_for_core_ml_models(farm: Farm, fake_model: FakeModel) -> None:
    done = farm("run", fake_model().path, "--compute-units", "cpu_only")
    assert done.returncode == 2
    assert "model.fake is no Core ML model, and compute units are Core ML's" in done.stderr


def test_doctor_says_what_an_iphone_lacks_and_what_to_do(farm: Farm) -> None:
    phone = farm.bench.phones["iphone16pro"]
    assert "A18 Pro, 6 CPUs, iOS 18.6 (22G86)" in farm("doctor", "--device", "iphone16pro").stdout
    phone.state(developer_mode=False)
    checks = json.loads(farm("doctor", "--device", "iphone16pro", "--json").stdout)
    (check,) = [check for check in checks if check["name"] == "device iphone16pro"]
    assert (check["works"], check["found"]) == (False, "iphone16pro has developer mode off")
    assert check["remedy"].startswith("Settings > Privacy & Security")


def test_doctor_tells_a_holder_that_was_killed_from_one_that_measures(farm: Farm, fake_model: FakeModel) -> None:
    def holder() -> tuple[bool, str]:
        checks = json.loads(farm("doctor", "--device", "iphonex", "--json").stdout)
        (check,) = [check for check in checks if check["name"] == "optional: nobody holds it"]
        return check["works"], check["found"]

    run = farm.command("run", fake_model(hang_at_iteration=1).path, "--device", "iphonex", *QUICK, "--repeat", 1, "--passes", "latency")
    with subprocess.Popen(run, cwd=farm.folder, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as process:
        while not list((farm.bench.phones["iphonex"].documents / "runs").glob("*/started")) and process.poll() is None:
            time.sleep(0.1)
        free, words = holder()
        assert not free
        assert f"process {process.pid} of " in words
        process.kill()
    free, words = holder()
    assert free
    assert words.startswith(f"process {process.pid} of ")
    assert words.endswith(" is gone, and the next session puts back what it left")
    assert farm("run", fake_model(spin_ns=1_000_000).path, "--device", "iphonex", *QUICK, "--repeat", 1).returncode == 0
    assert holder() == (True, "free")


def test_the_environment_says_where_usbmuxd_is_when_the_lab_does_not(farm: Farm) -> None:
    found = farm("doctor", "--device", "here", USBMUXD_SOCKET_ADDRESS=farm.bench.address)
    assert "A18 Pro" in found.stdout
    nowhere = farm("doctor", "--device", "here", USBMUXD_SOCKET_ADDRESS="127.0.0.1:1")
    assert "here: no usbmuxd answers" in nowhere.stdout


def test_an_interrupt_ends_the_app_and_the_worker_and_gives_the_phone_up(farm: Farm, fake_model: FakeModel) -> None:
    phone = farm.bench.phones["iphonex"]
    slow = fake_model(sleep_ns=300_000_000).path
    command = farm.command("run", slow, "--device", "iphonex", *QUICK, "--repeat", 20)
    with subprocess.Popen(command, cwd=farm.folder, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        for line in running.stderr:
            if "[1/" in line:
                break
        assert len(workers_of(farm.folder)) == 1
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=60)
    assert running.returncode == 130
    assert phone.pid is None
    assert list((phone.documents / "runs").iterdir()) == []
    assert not (phone.documents / "lease.json").exists()
    assert workers_of(farm.folder) == []


def workers_of(folder: Path) -> list[str]:
    """The workers' processes that a command in a folder has started."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if b"farm.devices.ios.worker" in (process / "cmdline").read_bytes() and (process / "cwd").readlink() == folder:
                found.append(process.name)
        except OSError:  # it has ended meanwhile
            continue
    return found
