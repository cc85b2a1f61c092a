"""What a device must be like, and how it is brought back, as devices.toml says it."""

from pathlib import Path

import pytest

from farm.config import load_lab
from farm.errors import ConfigError
from farm.workloads import Charging, Rung
from tests.config import problems_of, written


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ('min_battery_capacity = "160 %"', 'min_battery_capacity: "160 %" is more than 100 %'),
        ('min_free = "-1 MB"', 'min_free: "-1 MB" is less than 0 B'),
        ("max_battery_cycles = 0", "max_battery_cycles: 0 is less than 1"),
    ],
)
def test_a_limit_of_health_that_no_device_could_keep_is_refused_in_its_own_unit(tmp_path: Path, entry: str, sentence: str) -> None:
    assert problems_of(tmp_path, f'[devices.d]\nkind = "local"\nhealth = {{ {entry} }}\n') == [f"devices.d.health.{sentence}"]


HEALTH = """
[defaults.health]
quarantine_after = 2
charge = ["40 %", "80 %"]
[devices.s25]
kind = "android"
serial = "R5"
soc = "SM8750*"
adb_server = "own"
power_cycle = "./bin/hub 'port 2' --cycle"
[devices.s25.health]
min_free = "1 GB"
recovery = ["reconnect", "adb_server", "reboot", "power_cycle"]
charge_timeout = "30 min"
[devices.other]
kind = "android"
serial = "R6"
power_cycle = "uhubctl -l 1-1 -p 2 -a cycle"
health = { charge = ["20 %", "90 %"] }
"""


def test_health_is_stated_for_all_and_for_one(tmp_path: Path) -> None:
    lab = load_lab(written(tmp_path, HEALTH))
    s25, other = lab.device("s25"), lab.device("other")
    assert (s25.soc, s25.owns_adb_server, other.owns_adb_server) == ("SM8750*", True, False)
    assert s25.power_cycle == (str(tmp_path / "bin/hub"), "port 2", "--cycle")
    assert other.power_cycle == ("uhubctl", "-l", "1-1", "-p", "2", "-a", "cycle")
    assert (s25.health.quarantine_after, s25.health.min_free_bytes, s25.health.recovery) == (2, 1e9, tuple(Rung))
    assert s25.health.charging == Charging(0.4, 0.8, 1800)
    assert other.health.charging == Charging(0.2, 0.9, 7200)
    assert lab.device("local").health.quarantine_after == 2


@pytest.mark.parametrize(
    ("kind", "stated", "said"),
    [
        ("android", 'power_cycle = "uhubctl \'-l"', "power_cycle: uhubctl '-l is no command"),
        ("android", 'power_cycle = " "', "power_cycle: the command is empty"),
        ("android", 'health = { recovery = ["power_cycle"] }', "needs the command"),
        ("android", 'health = { recovery = ["adb_server"] }', 'only with farm\'s own: adb_server = "own"'),
        ("android", 'adb_server = "mine"', 'adb_server: "mine" is none of own'),
        ("android", 'health = { recovery = ["reboot", "reboot"] }', "each is tried once"),
        ("android", 'health = { recovery = ["hammer"] }', 'recovery[0]: "hammer" is none of reconnect, adb_server, reboot, power_cycle'),
        ("android", 'health = { charge = ["80 %", "40 %"] }', "a band goes from the lower to the higher"),
        ("android", "health = { quarantine_after = 0 }", "quarantine_after: 0 is less than 1"),
        ("android", 'health = { min_fre = "1 GB" }', 'unknown key; did you mean "min_free"?'),
        ("local", 'health = { recovery = ["reboot"] }', "reboot is never done to this machine"),
        ("local", 'adb_server = "own"', "adb_server: not a key of a device of kind local"),
    ],
)
def test_every_problem_of_health_is_told(tmp_path: Path, kind: str, stated: str, said: str) -> None:
    serial = 'serial = "R5"\n' if kind == "android" else ""
    with pytest.raises(ConfigError) as caught:
        load_lab(written(tmp_path, f'[devices.one]\nkind = "{kind}"\n{serial}{stated}\n'))
    assert said in str(caught.value)
