"""farm devices check, health, retire and restore on the bench: what a look finds, and what it makes of a phone."""

import json
import re
from pathlib import Path

import pytest

from tests.bench.android import Phone
from tests.cli.gating import a_model, a_suite
from tests.cli.health import QUICK, Farm, Look, failing, health
from tests.conftest import CALM_TOML, FakeModel

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


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
