"""farm cluster on one machine: real phones of the bench behind a worker, and what is said where something is missing."""

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from farm.config import load_lab
from farm.errors import ConfigError
from tests.bench.android import Bench
from tests.cli.gating import Farm, called
from tests.cli.nights import a_suite
from tests.cli.nights import called as a_night
from tests.cluster.network import until
from tests.conftest import CALM_TOML, ROOT, FakeModel

WITHOUT = "import sys; sys.modules['distributed'] = None; from farm.cli import main; main()"
"""farm on a machine without the libraries of phonefarm[cluster]."""


def loopback() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"tls://127.0.0.1:{probe.getsockname()[1]}"


@pytest.fixture
def rack(home: Path, android_bench: Bench) -> Iterator[Path]:
    """A lab whose two phones hang on the host "rack": this machine under another name, with a data folder of its own."""
    address = loopback()
    lab = CALM_TOML + f'[cluster]\nscheduler = "{address}"\n'
    for name in ("s25", "oneplus13"):
        phone = android_bench.phones[name]
        lab += f'[devices.{name}]\nkind = "android"\nhost = "rack"\nadb = "{android_bench.adb.address}"\nserial = "{phone.serial}"\n'
    (home / "devices.toml").write_text(lab)
    assert called(home, "cluster", "keys", "rack").returncode == 0
    there = home / "rack"
    shutil.copytree(home / "data/cluster/keys/rack", there / ".farm/cluster/keys/rack")
    commands = [
        (home, ["--data", "data", "cluster", "scheduler"]),
        (there, ["cluster", "worker", "--scheduler", address, "--name", "rack"]),
    ]
    with (home / "said").open("w") as said:
        started = [
            subprocess.Popen(
                [sys.executable, "-m", "farm", *arguments], cwd=folder, stderr=said, env={**os.environ, "PYTHONPATH": str(ROOT)}
            )
            for folder, arguments in commands
        ]
    until(lambda: "rack is here" in (home / "said").read_text())
    yield there
    for process in reversed(started):
        process.terminate()
        assert process.wait(30) == 0
    assert "Traceback" not in (home / "said").read_text()


@pytest.mark.this_machine
def test_real_phones_of_another_host_are_measured_and_stored_here(rack: Path, farm: Farm, fake_model: FakeModel) -> None:
    model = fake_model(spin_ns=1_000_000).path
    done = farm(
        "run",
        model,
        "--device",
        "s25,oneplus13,local",
        "--passes",
        "latency,memory",
        "--repeat",
        2,
        "--iterations",
        5,
        "--duration",
        0.05,
        "--json",
    )
    assert done.returncode == 0, done.stderr
    sessions = json.loads(done.stdout)["sessions"]
    assert [session["device"]["name"] for session in sessions] == ["s25", "oneplus13", "local"]
    assert len({session["device"]["id"] for session in sessions}) == 3
    rows = json.loads(farm("sql", "SELECT DISTINCT device_name, command FROM sessions ORDER BY 1", "--json").stdout)
    assert [row["device_name"] for row in rows] == ["local", "oneplus13", "s25"]
    assert len({row["command"] for row in rows}) == 1  # what was typed here
    assert len(list(rack.glob(".farm/cluster/sessions/*/runs/*.json"))) == 8
    assert not (rack / ".farm/farm.duckdb").exists()


@pytest.mark.this_machine
def test_a_night_measures_on_a_phone_of_another_host_too_and_accounts_for_one_whose_host_is_away(
    rack: Path, home: Path, farm: Farm
) -> None:
    lab_file = home / "devices.toml"
    text = lab_file.read_text().replace("[cluster]\n", '[cluster]\npatience = "1 s"\n')
    far = '[devices.far]\nkind = "android"\nhost = "elsewhere"\nserial = "R5CY"\n'
    lab_file.write_text(f'{text}{far}[pools]\nrack = ["s25", "far", "local"]\n')
    a_suite(home, workloads=("net",), repeat=1)
    done = a_night(home)
    assert done.returncode == 3, done.stderr
    assert "s25 hangs on rack and is not looked at from here" in done.stderr
    told = "SELECT device_name, state, reason FROM expected_states ORDER BY 1"
    rows = {row["device_name"]: row for row in json.loads(farm("sql", told, "--json").stdout)}
    assert {name: row["state"] for name, row in rows.items()} == {"far": "accounted for", "local": "done", "s25": "done"}
    assert "elsewhere is not connected" in rows["far"]["reason"]


def test_a_failure_there_is_told_here_and_other_commands_say_where_the_phone_hangs(
    rack: Path, home: Path, farm: Farm, fake_model: FakeModel
) -> None:
    with (home / "devices.toml").open("a") as lab:
        lab.write('[devices.absent]\nkind = "android"\nhost = "rack"\nadb = "127.0.0.1:1"\nserial = "R5CX"\n')
        lab.write('[devices.far]\nkind = "android"\nhost = "elsewhere"\nserial = "R5CY"\n')
    lab_file = home / "devices.toml"
    lab_file.write_text(lab_file.read_text().replace("[cluster]\n", '[cluster]\npatience = "1 s"\n'))
    absent = farm("run", fake_model().path, "--device", "absent", "--repeat", 1)
    assert absent.returncode == 3
    assert "on rack: no adb server answers at 127.0.0.1:1" in absent.stderr
    far = farm("run", fake_model().path, "--device", "far", "--repeat", 1)
    assert far.returncode == 3
    assert "elsewhere is not connected to tls://127.0.0.1:" in far.stderr
    assert "farm run --resume goes on with what is left when it is back" in far.stderr
    doctor = farm("devices", "clean", "--device", "s25")
    assert doctor.returncode == 2
    assert "s25 hangs on rack, not on this host" in doctor.stderr
    status = farm("cluster", "status")
    assert status.returncode == 3  # elsewhere is away
    assert "R5CY on elsewhere" in farm("devices").stdout


def test_without_the_libraries_one_sentence_says_how_to_get_them(home: Path) -> None:
    (home / "devices.toml").write_text('[devices.far]\nkind = "local"\nhost = "rack"\n')
    for command in (
        ["run", "old.fake", "--device", "far", "--cluster", "tls://127.0.0.1:1"],
        ["cluster", "keys", "rack"],
        ["cluster", "scheduler", "--listen", "tls://127.0.0.1:1"],
        ["cluster", "worker", "--scheduler", "tls://127.0.0.1:1"],
        ["cluster", "status", "--cluster", "tls://127.0.0.1:1"],
    ):
        done = subprocess.run([sys.executable, "-c", WITHOUT, *command], cwd=home, capture_output=True, text=True, check=False)
        assert done.returncode == 2, done.stderr
        needed = "farm: driving the phones of other hosts needs two more libraries\nfarm: hint: pip install 'phonefarm[cluster]'\n"
        assert done.stderr == needed


def test_one_host_needs_none_of_it(home: Path) -> None:
    run = ["--data", "data", "run", "old.fake", "--passes", "latency", "--repeat", "1", "--iterations", "3", "--duration", "0"]
    program = f"import sys; from farm.cli.main import farm; farm.main({run!r}, standalone_mode=False); print('LOADED', *sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], cwd=home, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split("LOADED")[1].split())
    assert "farm.cli.session" in loaded
    assert not {"distributed", "dask", "cryptography", "tornado", "farm.cluster"} & loaded


def test_a_device_of_another_host_without_a_scheduler_is_refused(farm: Farm, home: Path) -> None:
    (home / "devices.toml").write_text('[devices.far]\nkind = "local"\nhost = "rack"\n')
    done = farm("run", "old.fake", "--device", "far")
    assert done.returncode == 2
    assert "no scheduler is named" in done.stderr
    plain = farm("run", "old.fake", "--device", "far", "--cluster", "tcp://10.0.0.1:8786")
    assert "neither encrypted nor protected" in plain.stderr


def test_devices_toml_names_hosts_and_where_they_meet(tmp_path: Path) -> None:
    path = tmp_path / "devices.toml"
    text = '[cluster]\nscheduler = "tls://10.0.0.1:8786"\npatience = "10 min"\nkeys = "keys/here"\n'
    path.write_text(text + '[devices.a]\nkind = "local"\nhost = "rack2"\n')
    lab = load_lab(path)
    assert (lab.device("a").host, lab.device("local").host) == ("rack2", None)
    assert (lab.cluster.scheduler, lab.cluster.patience_s, lab.cluster.keys) == ("tls://10.0.0.1:8786", 600.0, tmp_path / "keys/here")
    path.write_text('[cluster]\nscheduler = "10.0.0.1"\n[devices.local]\nkind = "local"\nhost = "rack2"\n')
    with pytest.raises(ConfigError) as caught:
        load_lab(path)
    said = "\n".join(caught.value.problems)
    assert "cluster.scheduler" in said
    assert "devices.local.host: local is always this machine" in said
