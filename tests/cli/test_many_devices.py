"""farm run on several phones at once, on the bench: parallel, one's trouble is its own, leases keep controllers apart."""

import hashlib
import itertools
import json
import signal
import struct
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from farm import items
from tests.bench.android import Bench
from tests.cli.gating import Farm, a_new_lab, called
from tests.conftest import CALM_TOML, FakeModel
from tests.processes import command

QUICK = ("--threads", "1", "--iterations", "5", "--duration", "0")


@pytest.fixture
def farm(tmp_path: Path, builds: Path, android_bench: Bench) -> Iterator[Farm]:
    """Run a command on a lab of the bench's phones; harness builds come from the tests' own folder."""
    lab = CALM_TOML
    for name in ("s25", "oneplus13", "xiaomi12x"):
        phone = android_bench.phones[name]
        lab += f'[devices.{name}]\nkind = "android"\nadb = "{android_bench.adb.address}"\nserial = "{phone.serial}"\n'
    lab += f'[devices.absent]\nkind = "android"\nadb = "{android_bench.adb.address}"\nserial = "R5CX"\n'
    home = a_new_lab(tmp_path, builds / "harness", lab + '[pools]\nrack = ["s25", "oneplus13"]\n')
    yield lambda *arguments: called(home, *arguments)
    for phone in android_bench.phones.values():
        phone.restore()
        phone.connect()


def test_a_pool_is_measured_at_once_one_job_at_a_time_on_each(farm: Farm, fake_model: FakeModel) -> None:
    model = fake_model(sleep_ns=50_000_000).path
    done = farm(
        "run", model, "--pool", "rack", "--passes", "latency,memory", "--repeat", 2, "--threads", 1, "--json", "--html", "page.html"
    )
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert [session["device"]["name"] for session in document["sessions"]] == ["s25", "oneplus13"]
    assert len({session["device"]["id"] for session in document["sessions"]}) == 2
    statement = "SELECT device_name, runs.started_at, ended_at FROM runs JOIN sessions ON sessions.id = session_id"
    rows = json.loads(farm("sql", statement, "--json").stdout)
    spans = {
        name: sorted((row["started_at"], row["ended_at"]) for row in rows if row["device_name"] == name) for name in ("s25", "oneplus13")
    }
    for own in spans.values():
        assert len(own) == 4
        assert all(earlier[1] <= later[0] for earlier, later in itertools.pairwise(own))
    first, last = spans["s25"][0][0], spans["s25"][-1][1]
    assert any(first < began < last for began, _ in spans["oneplus13"])


def test_phones_answer_the_same_items_and_each_is_told_by_itself(farm: Farm, fake_model: FakeModel, tmp_path: Path) -> None:
    rows = [struct.pack("<2f", 0, place) for place in range(20)]  # of the first, two equal numbers: the first of them counts
    items.write(tmp_path / "a.items", items.classify_file([[row] for row in rows]), {}, [1] * 20)
    done = farm("run", fake_model(echo=1, input_bytes=8).path, "--pool", "rack", "--items", "a.items", "--passes", "quality", "--json")
    assert done.returncode == 0, done.stderr
    sessions = json.loads(done.stdout)["sessions"]
    assert [line["median"] for session in sessions for line in session["results"]] == [0.95, 0.95]
    assert [line["items"] for session in sessions for line in session["results"]] == [20, 20]
    hashes = json.loads(farm("sql", "SELECT DISTINCT output_sha256 FROM answers", "--json").stdout)
    assert [row["output_sha256"] for row in hashes] == [hashlib.sha256(b"".join(rows)).hexdigest()]


def test_one_devices_trouble_is_its_own(farm: Farm, fake_model: FakeModel) -> None:
    done = farm("run", fake_model(sleep_ns=4_000_000).path, "--device", "s25,absent", *QUICK, "--passes", "latency", "--repeat", 2)
    assert done.returncode == 3
    assert "s25 · model" in done.stdout
    assert "2 of 2" in done.stdout
    assert "Notes on s25\n" in done.stdout
    assert "Notes on absent" not in done.stdout
    assert "absent: absent is gone: no device with the serial R5CX hangs on" in done.stdout


def test_a_device_that_another_controller_holds_is_refused_with_its_holder(farm: Farm, fake_model: FakeModel, tmp_path: Path) -> None:
    slow = fake_model("slow.fake", sleep_ns=50_000_000).path
    other = command("run", slow, "--device", "xiaomi12x", *QUICK, "--repeat", 20, data="other")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "harness").symlink_to(tmp_path / "data" / "harness")
    with subprocess.Popen(other, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as holder:
        assert holder.stderr is not None
        for line in holder.stderr:
            if "[1/" in line:
                break
        done = farm("run", fake_model(sleep_ns=4_000_000).path, "--device", "xiaomi12x", *QUICK)
        holder.send_signal(signal.SIGINT)
        holder.communicate(timeout=30)
    assert done.returncode == 3
    assert f"xiaomi12x is held by process {holder.pid} of" in done.stderr
    assert (
        farm("run", fake_model(sleep_ns=4_000_000).path, "--device", "xiaomi12x", *QUICK, "--passes", "latency", "--repeat", 1).returncode
        == 0
    )


def test_two_names_of_one_phone_are_refused(farm: Farm, android_bench: Bench, fake_model: FakeModel, tmp_path: Path) -> None:
    phone = android_bench.phones["s25"]
    with (tmp_path / "devices.toml").open("a") as lab:
        for name, where in (("twin", f'serial = "{phone.serial}"'), ("galaxy", 'match = "SM-S931*"')):
            lab.write(f'[devices.{name}]\nkind = "android"\nadb = "{android_bench.adb.address}"\n{where}\n')
    plainly = farm("run", fake_model(sleep_ns=4_000_000).path, "--device", "s25,twin", *QUICK)
    assert plainly.returncode == 2
    assert f"s25 and twin are one device: {phone.serial}" in plainly.stderr
    found_out = farm("run", fake_model(sleep_ns=4_000_000).path, "--device", "s25,galaxy", *QUICK, "--passes", "memory", "--repeat", 1)
    assert found_out.returncode == 3
    assert "s25 is the same device as galaxy" in found_out.stdout or "galaxy is the same device as s25" in found_out.stdout
    assert "1 of 1" in found_out.stdout  # it is measured once


def test_doctor_says_what_a_phone_would_be_measured_with_and_who_holds_it(farm: Farm, android_bench: Bench) -> None:
    phone = android_bench.phones["s25"]
    phone.state(hold_skin_c=39)
    phone.shell("settings put system screen_brightness 99")
    checks = {check["name"].removeprefix("optional: "): check for check in json.loads(farm("doctor", "--device", "s25", "--json").stdout)}
    phone.state(hold_skin_c=None, skin_c=27)
    assert checks["source of power"]["found"] == "fuel_gauge: dumpsys battery, current now"
    assert (checks["ready for a pass"]["works"], "its skin is at" in checks["ready for a pass"]["found"]) == (False, True)
    assert "brightness 99" in checks["settings as they are"]["found"]
    assert "Permission denied" in checks["battery_current_printed"]["found"]
    assert (checks["nobody holds it"]["works"], checks["nobody holds it"]["found"]) == (True, "free")
    phone.shell("cd /data/local/tmp/farm && { echo elsewhere; echo $(($(date +%s) + 60)); echo process 7 of ann since noon; } >lease")
    checks = {check["name"]: check for check in json.loads(farm("doctor", "--device", "s25", "--json").stdout)}
    phone.shell("rm /data/local/tmp/farm/lease")
    assert checks["optional: nobody holds it"]["found"] == "process 7 of ann since noon"
    assert "optional: settings as they are" not in checks  # nothing is asked of a phone that another one measures


@pytest.mark.parametrize("cable", ["slow", "freeze"])
def test_an_interrupt_ends_a_push_over_a_bad_link_at_once(
    farm: Farm, android_bench: Bench, fake_model: FakeModel, tmp_path: Path, cable: str
) -> None:
    phone = android_bench.phones["xiaomi12x"]
    model = fake_model().path
    model.write_bytes(model.read_bytes() + b"#" * 40_000_000 + cable.encode())
    phone.shell("rm -f /data/local/tmp/farm/files/partial-*")  # of the one before: whoever comes next removes it
    with subprocess.Popen(
        command("run", model, "--device", "xiaomi12x", *QUICK), cwd=tmp_path, stderr=subprocess.PIPE, text=True
    ) as process:
        phone.slow(500_000)
        deadline_s = time.monotonic() + 60
        pushed = phone.root / "data/local/tmp/farm/files"
        while not list(pushed.glob("partial-*")) and process.poll() is None and time.monotonic() < deadline_s:
            time.sleep(0.1)
        if cable == "freeze":
            phone.freeze()
        process.send_signal(signal.SIGINT)
        began_s = time.monotonic()
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert time.monotonic() - began_s < 10  # two, and what a busy machine takes
    assert "Traceback" not in said
    phone.restore()
    phone.connect()
    assert json.loads(farm("sql", "SELECT count(*) AS n FROM runs", "--json").stdout) == [{"n": 0}]  # what was broken off is no run


def test_an_unknown_pool_and_a_pool_beside_devices_are_refused(farm: Farm, fake_model: FakeModel) -> None:
    model = fake_model().path
    assert 'there is no pool "rakc"; did you mean "rack"?' in farm("run", model, "--pool", "rakc").stderr
    assert "name either devices or a pool" in farm("run", model, "--pool", "rack", "--device", "s25").stderr
    assert "no device is named" in farm("run", model, "--device", "").stderr  # as of a variable that is not set
