"""Phones that somebody holds, or nobody knows: they are not looked at, and nothing is done to them."""

from pathlib import Path

import pytest

from tests.bench.android import Bench, Phone
from tests.cli.health import Farm, Look, held_by_another, lab

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


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
    with held_by_another(device_id):
        steps = looked("s25")["s25"]["recovery"]
    assert [step["tried"] for step in steps] == ["not_tried", "not_tried"]
    assert "s25 is held by" in steps[0]["sentence"]


def test_a_phone_that_is_held_is_not_looked_at_and_keeps_its_health(farm: Farm, looked: Look, s25: Phone) -> None:
    device_id = looked("s25")["s25"]["device_id"]
    with held_by_another(device_id):
        one = looked("s25")["s25"]
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
