"""farm run --passes power: what a person and a program read of it, on the bench and on a machine without a source."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bench.android import Bench
from tests.cli.gating import Farm, a_new_lab, called
from tests.conftest import FakeModel

LAB = """
[defaults.conditions]
max_cpu_busy = "1000 %"
max_run_delay = "1000 %"
min_thread_cpu = "0 %"
max_skin_temperature = "100 C"
settle_timeout = "5 s"
[devices.here]
kind = "local"
power = { source = "none" }
"""


@pytest.fixture
def farm(tmp_path: Path, builds: Path) -> Farm:
    home = a_new_lab(tmp_path, builds / "harness", LAB)
    return lambda *arguments: called(home, *arguments)


@pytest.fixture
def phones(android_bench: Bench, tmp_path: Path, farm: Farm) -> Iterator[Farm]:
    """The bench's s25 on its cable, its oneplus13 off it."""
    lab = LAB
    for name in ("s25", "oneplus13"):
        phone = android_bench.phones[name]
        phone.state(plugged=name == "s25", hold_skin_c=30)
        lab += f'[devices.{name}]\nkind = "android"\nadb = "{android_bench.adb.address}"\nserial = "{phone.serial}"\n'
        lab += 'power = { poll = "300 ms" }\n'
    (tmp_path / "devices.toml").write_text(lab)
    yield farm
    for name in ("s25", "oneplus13"):
        android_bench.phones[name].state(plugged=True, hold_skin_c=None)


@pytest.mark.slow
def test_energy_and_its_label_reach_table_document_page_and_database(phones: Farm, fake_model: FakeModel, tmp_path: Path) -> None:
    model = fake_model(spin_ns=10_000_000).path
    options = ("--power-idle", 8, "--power-work", 8, "--threads", 1, "--repeat", 1, "--passes", "power")
    done = phones("run", model, "--device", "s25,oneplus13", *options, "--json", "--html", "page.html")
    assert done.returncode == 3, done.stderr  # s25 has no valid run
    cabled, free = json.loads(done.stdout)["sessions"]
    (refused,) = cabled["runs"]  # and is not tried again: its cable would still be there
    assert (refused["outcome"], refused["error_class"], refused["power"]["charging"]) == ("not_ready", "charging", True)
    assert (refused["power"]["values"], cabled["results"]) == ({}, [])
    (run,) = free["runs"]
    assert run["outcome"] == "ok", run["reason"]
    assert run["power"]["source"] == "fuel_gauge"
    assert run["power"]["poll_hz"] == pytest.approx(10 / 3)
    net = run["power"]["values"]["energy_per_inference_uj"]
    assert net["low"] < net["value"] < net["high"]
    assert (net["coverage"], net["windows"] >= 4) == (0.95, True)
    names = {line["name"]: line for line in free["results"]}
    assert names["energy_per_inference_uj"]["flavour"] == "fake+fuel_gauge"
    assert names["idle_power_uw"]["median"] < names["power_uw"]["median"]
    page = (tmp_path / "page.html").read_text()
    assert "energy per inference, net" in page
    assert "the power of s25 is not measured while it charges, or may: it was plugged in (usb) before the pass" in page
    assert "asked every 300 ms" in page
    rows = json.loads(phones("sql", "SELECT error_class, pass, flavour FROM runs ORDER BY outcome", "--json").stdout)
    assert rows == [
        {"error_class": "charging", "pass": "power", "flavour": None},
        {"error_class": None, "pass": "power", "flavour": "fake+fuel_gauge"},
    ]
    listed = phones("runs").stdout
    assert "mJ" in listed
    assert "the power of s25 is not measured while it charges" in listed
    shown = phones("show", run["id"]).stdout
    assert "Within the run" in shown
    assert "interval by its windows (95%)" in shown
    statement = "SELECT name, value FROM device_state WHERE name LIKE 'clock_offset%' AND value IS NOT NULL"
    assert len(json.loads(phones("sql", statement, "--json").stdout)) == 2  # of the phone that was measured


def test_doctor_says_beforehand_whose_power_would_not_be_measured(phones: Farm) -> None:
    told = {}
    for name in ("s25", "oneplus13"):
        checks = json.loads(phones("doctor", "--device", name, "--json").stdout)
        assert [check["works"] for check in checks if check["name"] == "optional: source of power"] == [True]
        told[name] = [(check["works"], check["found"]) for check in checks if check["name"] == "optional: on its battery alone"]
    assert told == {"s25": [(False, "its power would not be measured: it was plugged in (usb) before the pass")], "oneplus13": []}


def test_a_device_without_a_source_says_so_before_it_measures(farm: Farm, fake_model: FakeModel) -> None:
    done = farm("run", fake_model().path, "--device", "here", "--passes", "power", "--repeat", 1)
    assert done.returncode == 3
    assert "the power of here cannot be read (none): devices.toml says that it has none" in done.stderr
    rows = json.loads(farm("sql", "SELECT outcome, error_class FROM runs", "--json").stdout)
    assert rows == [{"outcome": "not_ready", "error_class": "no_power_source"}]


def test_power_is_no_pass_unless_it_is_named(farm: Farm, fake_model: FakeModel) -> None:
    farm("run", fake_model().path, "--device", "here", "--repeat", 1, "--iterations", 5)
    passes = {row["pass"] for row in json.loads(farm("sql", "SELECT DISTINCT pass FROM runs", "--json").stdout)}
    assert passes == {"latency", "memory", "load_cold", "load_warm"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("here",), "here is a device of kind local: only Android devices are reached by adb over Wi-Fi"),
        (("s26",), 'there is no device "s26"'),
    ],
)
def test_what_cannot_be_switched_to_wifi_is_refused(farm: Farm, arguments: tuple[str, ...], said: str) -> None:
    done = farm("devices", "wireless", *arguments)
    assert done.returncode == 2
    assert said in done.stderr


def test_a_bench_phone_says_in_one_sentence_that_it_cannot_switch(phones: Farm, android_bench: Bench) -> None:
    done = phones("devices", "wireless", "s25")
    assert done.returncode == 3
    assert "s25 is on no Wi-Fi" in done.stderr
    assert "Traceback" not in done.stderr
    assert "does not say where s25 answers over Wi-Fi" in phones("devices", "wireless", "s25", "--off").stderr
