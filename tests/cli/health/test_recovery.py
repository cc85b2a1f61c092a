"""Phones that do not answer, on the bench: what was tried is told, and a link or a restart brings them back."""

from pathlib import Path

import pytest

from tests.bench.android import Bench, Phone
from tests.cli.health import Farm, Look, failing, lab

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


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


def test_a_phone_whose_framework_hangs_is_restarted(farm: Farm, looked: Look, s25: Phone, home: Path, android_bench: Bench) -> None:
    own = 'health = { recovery = ["reconnect", "reboot"], reboot_timeout = "30 s" }\n'
    (home / "devices.toml").write_text(lab(android_bench, s25=own))
    looked("s25")
    s25.shell("settings delete secure android_id")
    one = looked("s25")["s25"]
    assert [step["rung"] for step in one["recovery"]] == ["reconnect", "reboot"]
