"""How a device's power is measured, as devices.toml says it."""

from pathlib import Path

import pytest

from farm.config import load_lab
from farm.workloads import PowerSettings, PowerSource
from tests.config import problems_of, written


def test_a_power_source_is_read_in_base_units(tmp_path: Path) -> None:
    text = """
[devices.s25]
kind = "android"
serial = "R5"
wireless = "192.168.1.20:5555"
power = { source = "fuel_gauge", current_unit = "mA", current_plus = "out", poll = "500 ms" }
[devices.pixel9]
kind = "android"
serial = "G1"
power = { source = "odpm", rails = ["CPU*", "DDR"] }
[devices.meter]
kind = "android"
serial = "M1"
power = { source = "monsoon", voltage = "3.9 V", meter_serial = 7 }
[devices.plain]
kind = "android"
serial = "P1"
"""
    lab = load_lab(written(tmp_path, text))
    assert lab.device("s25").power == PowerSettings(PowerSource.FUEL_GAUGE, current_unit_ua=1000, current_sign=-1, poll_s=0.5)
    assert lab.device("s25").wireless == "192.168.1.20:5555"
    assert lab.device("pixel9").power == PowerSettings(PowerSource.ODPM, rails=("CPU*", "DDR"))
    assert lab.device("meter").power == PowerSettings(PowerSource.MONSOON, voltage_uv=3.9e6, meter_serial=7)
    assert lab.device("plain").power == PowerSettings()


@pytest.mark.parametrize(
    ("kind", "power", "said"),
    [
        (
            "android",
            'source = "fuel_gage"',
            'power.source: "fuel_gage" is none of fuel_gauge, odpm, rapl, monsoon, none; did you mean',
        ),
        ("android", 'source = "rapl"', "power.source: a device of kind android has fuel_gauge, odpm, monsoon, none, not rapl"),
        ("local", 'source = "odpm"', "power.source: a device of kind local has rapl, monsoon, none, not odpm"),
        ("android", 'rails = ["CPU*"]', "power.rails: not a key of the source fuel_gauge"),
        ("android", 'source = "odpm", current_unit = "uA"', "power.current_unit: not a key of the source odpm"),
        ("android", 'current_unit = "A"', 'power.current_unit: "A" is none of uA, mA'),
        ("android", 'current_plus = "up"', 'power.current_plus: "up" is none of in, out'),
        ("android", "poll = 1", "power.poll: 1 has no unit"),
        ("android", 'poll = "1 ms"', 'power.poll: "1 ms" is less than 100 ms'),
        ("android", 'source = "monsoon"', 'power.voltage: missing: say what the meter is to give the device, such as "4.0 V"'),
        ("android", 'source = "monsoon", voltage = "12 V"', 'power.voltage: "12 V" is more than 5 V'),
        ("android", 'current_unti = "mA"', 'power.current_unti: unknown key; did you mean "current_unit"?'),
    ],
)
def test_every_problem_of_a_power_source_is_told(tmp_path: Path, kind: str, power: str, said: str) -> None:
    serial = 'serial = "R5"\n' if kind == "android" else ""
    found = problems_of(tmp_path, f'[devices.one]\nkind = "{kind}"\n{serial}power = {{ {power} }}\n')
    assert [problem for problem in found if f"devices.one.{said}" in problem], found
