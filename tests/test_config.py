import json
import re
from datetime import date
from pathlib import Path

import pytest

from farm import items
from farm.config import LOCAL, Gating, Suite, load_lab, load_suite
from farm.errors import ConfigError, DeviceUnknown
from farm.metrics import Statistic
from farm.verdicts import Exemption, Plan, Quality, Severity
from farm.workloads import Charging, DeviceKind, Pass, PowerSettings, PowerSource, Rung
from tests.conftest import ROOT

LAB = """
[defaults.conditions]
max_cpu_busy = "10 %"
[devices.s25]
kind = "android"
serial = "R5"
[devices.s25.conditions]
settle_timeout = "2 min"
[devices.phone]
kind = "ios"
udid = "0000"
bundle = "com.lab.farm"
images = "images"
[devices.far]
kind = "ios"
udid = "0001"
usbmux = "rack2:27015"
[pools]
nightly = ["s25", "local"]
"""


def written(folder: Path, text: str, name: str = "file.toml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def problems_of(folder: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_lab(written(folder, text))
    return [problem.removeprefix(f"{folder / 'file.toml'}: ") for problem in caught.value.problems]


def suite_problems(folder: Path, text: str) -> list[str]:
    written(folder, "farm-fake 1\n", "model.fake")
    with pytest.raises(ConfigError) as caught:
        load_suite(written(folder, text), {"local": LOCAL}, {"rack": ("local",)})
    return [problem.removeprefix(f"{folder / 'file.toml'}: ") for problem in caught.value.problems]


def test_a_lab_is_read_with_its_defaults(tmp_path: Path) -> None:
    lab = load_lab(written(tmp_path, LAB))
    assert lab.device("s25").kind is DeviceKind.ANDROID
    assert lab.device("s25").conditions.settle_timeout_s == 120
    assert lab.device("s25").conditions.max_cpu_busy_ratio == pytest.approx(0.1)
    assert lab.device("local").conditions.max_cpu_busy_ratio == pytest.approx(0.1)
    assert lab.pools == {"nightly": ("s25", "local")}


def test_iphones_hang_where_the_file_says_else_where_the_environment_says(tmp_path: Path) -> None:
    lab = load_lab(written(tmp_path, LAB))
    assert (lab.device("phone").bundle, lab.device("phone").images) == ("com.lab.farm", tmp_path / "images")
    assert [lab.reached_by("host:1").device(name).usbmux for name in ("phone", "far", "s25")] == ["host:1", "rack2:27015", None]
    assert lab.reached_by(None).device("phone").usbmux is None


def test_who_signs_the_app_is_read_and_its_bundle_is_that_of_all_iphones_that_state_none(tmp_path: Path) -> None:
    text = '[signing]\nteam = "A1B2C3D4E5"\nbundle = "com.team.farm"\n[devices.other]\nkind = "ios"\nudid = "x"\n' + LAB
    lab = load_lab(written(tmp_path, text))
    assert (lab.signing.team, lab.signing.bundle) == ("A1B2C3D4E5", "com.team.farm")
    assert [lab.device(name).bundle for name in ("phone", "other", "s25")] == ["com.lab.farm", "com.team.farm", None]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[signing]\nteam = "a team"', 'signing.team: "a team" is not a team\'s id of ten capitals and digits, such as "A1B2C3D4E5"'),
        ('[signing]\nteam = "A1B2C3D4E"', 'signing.team: "A1B2C3D4E" is not a team'),
        ('[signing]\nbundle = "farm"', 'signing.bundle: "farm" is not an app'),
        ('[signing]\nbundle = "com.lab.fa rm"', 'with dots between them, such as "com.example.farm"'),
        ('[signing]\ntaem = "A1B2C3D4E5"', 'signing.taem: unknown key; did you mean "team"?'),
        ("[signing]\nteam = 5", 'signing.team: 5 is not a text in quotes, such as "A1B2C3D4E5"'),
    ],
)
def test_who_cannot_sign_the_app_is_told(tmp_path: Path, text: str, said: str) -> None:
    assert any(said in problem for problem in problems_of(tmp_path, text))


_WRONG_LAB = """
[signing]
team = "a"
bundle = "b"
[defaults]
conditions = "calm"
[devices.s25]
kind = 1
labels = ["a"]
conditions = {airplane_mode = "yes", max_cpu_busy = "-1 %", max_skin_temperature = "200 C", settle_timeout = "0 s"}
serial = 5
adb = "here"
power = {source = "x", current_unit = 1, rails = [""], poll = "1 h", voltage = "1 V", meter_serial = "one"}
[devices."two words"]
kind = "local"
[pools]
none = []
some = "s25"
twice = ["local", "local"]
"""
_WRONG_SUITE = """
budgets = 5
[suite]
name = "two words"
repeat = 0
passes = []
[[workloads]]
id = 7
artifact = true
passes = ["latnecy", 5]
threads = 65
iterations = 1.5
duration = "2000 h"
cpus = "all"
compute_units = "gpu"
inputs = "a.bin"
[gate]
most_runs = 2000
looks = []
allow_unordered = "no"
"""


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


def test_no_sentence_shows_how_farm_checks(tmp_path: Path) -> None:
    lab, suite = problems_of(tmp_path, _WRONG_LAB), suite_problems(tmp_path, _WRONG_SUITE)
    for problem in (*lab, *suite):
        assert not re.search(r"should|pattern|\^|\$|pydantic|_[A-Z]|Entry|Table\b|instance|characters? |literal|enum", problem), problem
    for part in (
        'defaults.conditions: "calm" is not a table: write [defaults.conditions] and its keys below it',
        "devices.s25.kind: 1 is none of local, android, ios",
        'devices.s25.conditions.airplane_mode: "yes" is not true or false, without quotes',
        'devices.s25.conditions.max_cpu_busy: "-1 %" is less than 0 %',
        'devices.s25.conditions.max_skin_temperature: "200 C" is more than 100 C',
        'devices.s25.conditions.settle_timeout: "0 s" is not more than 0 s',
        "devices.s25.power.rails[0]: it is empty",
        'devices.s25.power.meter_serial: "one" is not a whole number without quotes, such as 5',
        'devices.two words: a name holds letters, digits, ".", "_" and "-" only, and begins with a letter or a digit',
        "pools.none: it is empty",
        'pools.twice: "local" stands there 2 times',
        'pools.some: "s25" is not a list in square brackets, such as ["one", "two"]',
    ):
        assert any(part in problem for problem in lab), (part, lab)
    for part in (
        "budgets: 5 is not a list in square brackets",
        'suite.name: "two words" is not a name, which holds letters, digits, ".", "_" and "-" only',
        'such as "digits-int8"',
        "suite.repeat: 0 is less than 1",
        "workloads[0].id: 7 is not a text in quotes",
        'workloads[0].passes[0]: "latnecy" is none of',
        'did you mean "latency"?',
        "workloads[0].threads: 65 is more than 64",
        "workloads[0].iterations: 1.5 is not a whole number without quotes",
        'workloads[0].duration: "2000 h" is more than 168 h',
        'workloads[0].cpus: "all" is not a list of CPUs, such as "4-7"',
        "gate.most_runs: 2000 is more than 1000",
        'gate.allow_unordered: "no" is not true or false, without quotes',
    ):
        assert any(part in problem for problem in suite), (part, suite)


def test_the_annotated_example_is_right() -> None:
    lab = load_lab(ROOT / "devices.toml")
    assert {"s25", "pixel9", "oneplus13", "benchphone", "iphone16pro", "local"} == set(lab.devices)


def test_every_problem_is_told_at_once_with_the_nearest_name(tmp_path: Path) -> None:
    text = """
[defaults.conditions]
max_cpu_bussy = "10 %"
settle_timeout = 60
[devices.s25]
kind = "android"
serail = "R5"
adb = 5037
[devices.phone]
kind = "andriod"
[devices.other]
kind = "ios"
serial = "x"
[pools]
nightly = ["s52"]
"""
    found = problems_of(tmp_path, text)
    for part in (
        'defaults.conditions.max_cpu_bussy: unknown key; did you mean "max_cpu_busy"?',
        "defaults.conditions.settle_timeout: 60 has no unit",
        'devices.s25.serail: unknown key; did you mean "serial"?',
        'devices.s25.adb: 5037 is not a text in quotes, such as "localhost:5037"',
        "devices.s25: an android device needs a serial or a match",
        'devices.phone.kind: "andriod" is none of local, android, ios; did you mean "android"?',
        "devices.other.serial: not a key of a device of kind ios",
        "devices.other: an ios device needs its udid",
        'pools.nightly: there is no device "s52"; did you mean "s25"?',
    ):
        assert any(part in problem for problem in found), (part, found)


@pytest.mark.parametrize("name", ["o d d", "-s25", "s25;reboot", "../s25", "s25\\n"])
def test_a_devices_name_has_no_odd_characters(tmp_path: Path, name: str) -> None:
    (problem,) = problems_of(tmp_path, f'[devices."{name}"]\nkind = "android"\nserial = "x"\n')
    assert 'a name holds letters, digits, ".", "_" and "-" only' in problem


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


def test_an_address_over_wifi_is_an_android_devices(tmp_path: Path) -> None:
    found = problems_of(tmp_path, '[devices.one]\nkind = "local"\nwireless = "192.168.1.20:5555"\n')
    assert found == ["devices.one.wireless: not a key of a device of kind local"]
    found = problems_of(tmp_path, '[devices.one]\nkind = "android"\nserial = "x"\nwireless = "192.168.1.20"\n')
    assert 'devices.one.wireless: "192.168.1.20" is not an address as host:port, such as "192.168.1.20:5555"' in found[0]


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


def test_a_suite_states_how_long_a_power_pass_is_idle_and_works(tmp_path: Path) -> None:
    written(tmp_path, "farm-fake 1\n", "model.fake")
    text = '[suite]\nname = "s"\n[[workloads]]\nid = "w"\nartifact = "model.fake"\npasses = ["power"]\npower_idle = "1 min"\n'
    suite = load_suite(written(tmp_path, text + 'power_work = "90 s"\n'), {"local": LOCAL})
    ((workload, _),) = suite.work
    assert (workload.passes, workload.settings.power_idle_ms, workload.settings.power_work_ms) == ((Pass.POWER,), 60_000, 90_000)


def test_a_suite_states_where_core_ml_may_compute(tmp_path: Path) -> None:
    (tmp_path / "net.mlpackage").mkdir()
    text = '[suite]\nname = "s"\n[[workloads]]\nid = "w"\nartifact = "net.mlpackage"\n'
    ((workload, path),) = load_suite(written(tmp_path, text + 'compute_units = "cpu_and_ne"\n'), {"local": LOCAL}).work
    assert (workload.settings.compute_units, path) == ("cpu_and_ne", tmp_path / "net.mlpackage")
    with pytest.raises(ConfigError, match='compute_units: "gpu" is not one of all, cpu_only, cpu_and_gpu, cpu_and_ne, such'):
        load_suite(written(tmp_path, text + 'compute_units = "gpu"\n'), {"local": LOCAL})
    with pytest.raises(ConfigError, match=r"inputs: .*net\.mlpackage cannot be read: Is a directory"):
        load_suite(written(tmp_path, text + 'inputs = ["net.mlpackage"]\n'), {"local": LOCAL})


def test_power_is_measured_only_where_it_is_asked_for(tmp_path: Path) -> None:
    written(tmp_path, "farm-fake 1\n", "model.fake")
    suite = load_suite(written(tmp_path, '[suite]\nname = "s"\n[[workloads]]\nid = "w"\nartifact = "model.fake"\n'), {"local": LOCAL})
    ((workload, _),) = suite.work
    assert Pass.POWER not in workload.passes


@pytest.mark.parametrize(("text", "said"), [("[devices", "is not TOML"), ("\udcff", "is not UTF-8")])
def test_what_is_not_toml_is_said(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "file.toml"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ConfigError, match=said):
        load_lab(path)


def test_an_unknown_device_is_named_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(DeviceUnknown, match='there is no device "s24"; did you mean "s25"'):
        load_lab(written(tmp_path, LAB)).device("s24")


def test_a_suite_is_read(tmp_path: Path) -> None:
    written(tmp_path, "farm-fake 1\n", "model.fake")
    written(tmp_path, json.dumps({"text": "hello", "tokens": [1, 2, 3]}), "prompt.json")
    text = """
[suite]
name = "s"
repeat = 3
passes = ["latency"]
[conditions]
max_cpu_busy = "50 %"
[[workloads]]
id = "a"
artifact = "model.fake"
duration = "250 ms"
[[workloads]]
id = "b"
artifact = "model.fake"
prompt = "prompt.json"
decode_tokens = 8
passes = ["latency", "memory"]
[[budgets]]
workload = "a"
metric = "latency_ns.p90"
max = "42 ms"
[[budgets]]
workload = "b"
metric = "decode_tokens_per_s"
max_regression = "3 %"
severity = "warn"
"""
    suite = load_suite(written(tmp_path, text), {"local": LOCAL})
    (first, _), (second, path) = suite.work
    assert (suite.repeats, first.settings.duration_ms, first.passes) == (3, 250, (Pass.LATENCY,))
    assert (second.prompt, second.settings.decode_tokens, second.settings.warmup_iterations) == ((1, 2, 3), 8, 1)
    assert path == tmp_path / "model.fake"
    assert suite.budgets[0].limit == 42e6
    assert suite.budgets[0].statistic is Statistic.P90
    assert suite.budgets[1].max_regression == pytest.approx(0.03)
    assert suite.budgets[1].severity is Severity.WARN
    assert suite.on(LOCAL).conditions.max_cpu_busy_ratio == 0.5


def test_every_problem_of_a_suite_is_told_at_once(tmp_path: Path) -> None:
    text = """
[suite]
name = "s"
passes = ["latncy"]
[[workloads]]
id = "a"
artifact = "modl.fake"
duration = "1 parsec"
decode_tokens = 4
[[workloads]]
id = "a"
artifact = "model.fake"
iteratons = 5
[[budgets]]
workload = "aa"
metric = "latncy_ns.p50"
max = "1 ms"
[[budgets]]
workload = "a"
metric = "latency_ns.p95"
max = "1 ms"
[[budgets]]
workload = "a"
metric = "latency_ns"
max = "1 GB"
[[budgets]]
workload = "a"
metric = "latency_ns"
min = "1 ms"
devices = ["loca"]
[[budgets]]
workload = "a"
metric = "latency_ns"
"""
    found = suite_problems(tmp_path, text)
    for part in (
        "is none of latency, memory, ",
        f"workloads[0].artifact: there is no {tmp_path / 'modl.fake'}",
        'workloads[0].duration: "1 parsec" is not a time',
        "workloads[0].decode_tokens: only with a prompt",
        'workloads[1].iteratons: unknown key; did you mean "iterations"?',
        'workloads: 2 are called "a"',
        'budgets[0].workload: there is no workload "aa"; did you mean "a"?',
        'budgets[0].metric: there is no metric "latncy_ns"; did you mean "latency_ns"?',
        "budgets[1].metric: latency_ns has p50, p90, p99, not p95",
        'budgets[2].max: "1 GB" is not a time',
        "budgets[3].min: latency_ns is better when lower, so state the other limit",
        'budgets[3].devices: there is no device "loca"; did you mean "local"?',
        "budgets[4].metric latency_ns: state one of max, min, max_regression and max_drop, not none",
    ):
        assert any(part in problem for problem in found), (part, found)


@pytest.mark.parametrize(
    ("metric", "limit", "example"),
    [
        ("latency_ns.p50", 'max = "0 ms"', "1 s"),
        ("vm_hwm_bytes", 'max = "-1 GB"', "1 GB"),
        ("decode_tokens_per_s", 'min = "-0 tokens/s"', "1 tokens/s"),
        ("sustained_ratio", 'min = "0 %"', "1 %"),
    ],
)
def test_a_limit_that_allows_nothing_or_anything_is_refused(tmp_path: Path, metric: str, limit: str, example: str) -> None:
    written(tmp_path, "farm-fake 1\n", "model.fake")
    text = '[suite]\nname = "s"\n[[workloads]]\nid = "w"\nartifact = "model.fake"\n'
    (found,) = suite_problems(tmp_path, f'{text}[[budgets]]\nworkload = "w"\nmetric = "{metric}"\n{limit}\n')
    assert f'is not more than 0, and a limit of {metric.partition(".")[0]} is, such as "{example}"' in found


@pytest.mark.parametrize(
    ("written_as", "said"),
    [
        ('max_regression = "3"', 'budgets[0].max_regression: "3" without a unit is 300 %: write "3 %" if that is what is meant'),
        ('max_regression = "3 %"\ndevices = []', "budgets[0].devices: it is empty: state something, or leave the key out"),
        ('max_regression = "3 %"\ndevices = ["local", "local"]', 'budgets[0].devices: "local" stands there 2 times'),
    ],
)
def test_a_budget_that_would_mean_something_else_is_refused(tmp_path: Path, written_as: str, said: str) -> None:
    text = '[suite]\nname = "s"\n[[workloads]]\nid = "w"\nartifact = "model.fake"\n'
    assert suite_problems(tmp_path, f'{text}[[budgets]]\nworkload = "w"\nmetric = "latency_ns"\n{written_as}\n') == [said]


ITEMS_SUITE = """
[suite]
name = "s"
passes = ["latency"]
[[workloads]]
id = "a"
artifact = "model.fake"
items = "a.items"
[[workloads]]
id = "b"
artifact = "model.fake"
"""


def test_items_ask_for_the_quality_pass(tmp_path: Path) -> None:
    written(tmp_path, "farm-fake 1\n", "model.fake")
    items.write(tmp_path / "a.items", items.classify_file([[b"1234"], [b"5678"]]), {}, [1, 0])
    (first, _), (second, _) = load_suite(written(tmp_path, ITEMS_SUITE), {"local": LOCAL}).work
    assert first.passes == (Pass.LATENCY, Pass.QUALITY)
    assert first.items is not None
    assert first.items.targets == (1, 0)
    assert (second.passes, second.items) == ((Pass.LATENCY,), None)


def test_items_that_cannot_be_asked_are_told_beside_every_other_problem(tmp_path: Path) -> None:
    written(tmp_path, "farm-fake 1\n", "model.fake")
    written(tmp_path, "[1, 2]", "prompt.json")
    (tmp_path / "cut.items").write_bytes(items.classify_file([[b"1234"]])[:-1])
    items.write(tmp_path / "few.items", items.classify_file([[b"1234"], [b"5678"]]), {}, [1])
    items.write(tmp_path / "images.items", items.classify_file([[b"1234"]]), {}, [1])
    text = """
[suite]
name = "s"
passes = ["latency"]
[[workloads]]
id = "a"
artifact = "model.fake"
items = "cut.items"
[[workloads]]
id = "b"
artifact = "model.fake"
items = "few.items"
[[workloads]]
id = "c"
artifact = "model.fake"
items = "images.items"
prompt = "prompt.json"
[[workloads]]
id = "d"
artifact = "model.fake"
passes = ["quality"]
[[workloads]]
id = "e"
artifact = "model.fake"
items = "none.items"
[[workloads]]
id = "f"
artifact = "model.fake"
items = 5
"""
    found = suite_problems(tmp_path, text)
    for part in (
        f"workloads[0].items: {tmp_path / 'cut.items'} is not a whole file of items: it is cut off",
        "few.items.farm.json has 1 targets for 2 items",
        "workloads[2].items: images.items has no texts, and a prompt makes the model a language model",
        "workloads[3].items: the quality pass needs a file of items",
        f"workloads[4].items: there is no {tmp_path / 'none.items'}",
        "workloads[5].items: 5 is not a text in quotes",
    ):
        assert any(part in problem for problem in found), (part, found)


def test_the_shipped_suites_are_right() -> None:
    for path in sorted((ROOT / "farm" / "examples").glob("*.toml")):
        assert load_suite(path, {"local": LOCAL}).work


def test_the_name_local_is_always_this_machine(tmp_path: Path) -> None:
    path = tmp_path / "devices.toml"
    path.write_text('[devices.local]\nkind = "android"\nserial = "R5CX"\n')
    with pytest.raises(ConfigError) as caught:
        load_lab(path)
    assert caught.value.problems == [
        f"{path}: devices.local.kind: local is always this machine; call a device of kind android something else"
    ]


WORK = """
[suite]
name = "s"
[[workloads]]
id = "a"
artifact = "model.fake"
"""


def test_budgets_take_pools_exemptions_and_qualities(tmp_path: Path) -> None:
    written(tmp_path, "farm-fake 1\n", "model.fake")
    items.write(tmp_path / "some.items", items.tokens_file([[1, 2]] * 8), {}, None)
    text = f"""{WORK}items = "some.items"
[[budgets]]
workload = "a"
metric = "latency_ns"
max_regression = "3 %"
pool = "rack"
until = 2026-12-31
owner = "me"
reason = "a slower kernel, to be replaced"
[[budgets]]
workload = "a"
metric = "accuracy_ratio"
max_drop = "0.5 %"
devices = ["local"]
[[budgets]]
workload = "a"
metric = "perplexity"
max_regression = "1 %"
"""
    first, second, third = load_suite(written(tmp_path, text), {"local": LOCAL}, {"rack": ("s25", "pixel9")}).budgets
    assert first.devices == ("s25", "pixel9")
    assert first.exemption == Exemption(date(2026, 12, 31), "me", "a slower kernel, to be replaced")
    assert (second.metric, second.max_drop, second.devices) == (Quality.ACCURACY.value, 0.005, ("local",))
    assert (third.metric, third.statistic, third.max_regression) == (Quality.PERPLEXITY.value, Statistic.VALUE, 0.01)


def test_the_plan_is_stated_in_runs_a_side(tmp_path: Path) -> None:
    written(tmp_path, "farm-fake 1\n", "model.fake")

    def gating(text: str) -> Gating:
        return load_suite(written(tmp_path, WORK + text), {"local": LOCAL}).gating

    assert gating("").plan == Plan()
    assert gating("[gate]\nmost_runs = 12\n").plan.looks == (4, 5, 6)
    assert gating("[gate]\nmost_runs = 60\n").plan.looks == (*Plan().looks, 24, 28, 30)
    assert gating("[gate]\nlooks = [8, 20]\n").plan.looks == (4, 10)
    stated = gating('[gate]\nmin_runs = 6\ntime_budget = "20 min"\nallow_unordered = true\n')
    assert (stated.plan.min_runs, stated.time_budget_s, stated.plan.allow_unordered) == (6, 1200, True)
    assert gating("").at_most(8).plan.looks == (4,)
    with pytest.raises(ValueError, match="4 a side is less than the 6"):
        stated.at_most(4)
    with pytest.raises(ValueError, match="7 is no even number"):
        gating("").at_most(7)


def test_every_problem_of_budgets_and_the_plan_is_told_at_once(tmp_path: Path) -> None:
    text = f"""{WORK}
[[budgets]]
workload = "a"
metric = "latency_ns"
max_drop = "1 %"
pool = "rakc"
devices = ["local"]
[[budgets]]
workload = "a"
metric = "accurcy_ratio"
max_drop = "1 %"
[[budgets]]
workload = "a"
metric = "accuracy_ratio"
max = "99 %"
until = 2026-12-31
[[budgets]]
workload = "a"
metric = "decode_tokens_per_s"
max_regression = "100 %"
until = "tomorrow"
owner = ""
reason = "r"
severity = "wran"
[[budgets]]
workload = "a"
metric = "latency_ns"
max_regression = "1 %"
until = 2026-12-31
owner = "me"
reason = "r"
severity = "warn"
[gate]
most_run = 40
most_runs = 7
looks = [8, 6]
min_runs = 10
time_budget = 60
"""
    found = suite_problems(tmp_path, text)
    for part in (
        "budgets[0].max_drop: latency_ns is no quality; state max_regression",
        'budgets[0].pool: there is no pool "rakc"; did you mean "rack"?',
        "budgets[0].pool: not together with devices",
        'budgets[1].metric: there is no metric "accurcy_ratio"; did you mean "accuracy_ratio"?',
        'budgets[2].metric: accuracy_ratio is of items, and the workload "a" states none',
        "budgets[2].max: a budget of accuracy_ratio states max_drop",
        "budgets[2]: an exemption states until, owner and reason, and owner and reason are missing",
        "budgets[3].max_regression: decode_tokens_per_s is better when higher, so 100 % allows anything",
        "is not a day without quotes, such as 2026-12-31",
        "budgets[3].owner: it is empty: state something, or leave the key out",
        'budgets[3].severity: "wran" is none of block, warn; did you mean "warn"?',
        "budgets[4].until: a budget that only warns needs no exemption",
        'gate.most_run: unknown key; did you mean "most_runs"?',
        "gate.most_runs: not together with looks",
        "gate.looks: even numbers of runs a side from 4 to 1000, rising",
        "gate.min_runs: 10 is more than the most that are measured, 6",
        "gate.time_budget: 60 has no unit",
    ):
        assert any(part in problem for problem in found), (part, found)


def test_a_suite_that_may_lack_files_says_whose_and_keeps_what_else_is_wrong(tmp_path: Path) -> None:
    def loaded(text: str) -> Suite:
        return load_suite(written(tmp_path, text), ["local"], is_built=False, may_lack=True)

    head = '[suite]\nname = "s"\npasses = ["latency"]\n[[workloads]]\nid = "a"\nartifact = "m.fake"\n'
    whole = f'{head}inputs = ["gone.bin"]\nitems = "gone.items"\n[[workloads]]\nid = "b"\nartifact = "m.fake"\n'
    suite = loaded(whole)
    assert list(suite.lost) == ["a"]
    assert "inputs: " in suite.lost["a"]
    assert "items: " in suite.lost["a"]
    (first, _), (second, _) = suite.work
    assert (first.inputs, first.items, first.passes) == ((), None, (Pass.LATENCY, Pass.QUALITY))
    assert second.passes == (Pass.LATENCY,)
    with pytest.raises(ConfigError) as caught:
        loaded(f'{head}inputs = ["gone.bin"]\ndecode_tokens = 3\n')
    assert [problem.partition(": ")[2] for problem in caught.value.problems] == ["workloads[0].decode_tokens: only with a prompt"]
    with pytest.raises(ConfigError):
        load_suite(written(tmp_path, whole), ["local"], is_built=False)
