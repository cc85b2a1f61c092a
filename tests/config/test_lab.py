"""devices.toml: which devices there are, and what each is said to be."""

from pathlib import Path

import pytest

from farm.config import load_lab
from farm.errors import ConfigError, DeviceUnknown
from farm.workloads import DeviceKind
from tests.config import each_told, problems_of, written
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
    each_told(
        found,
        'defaults.conditions.max_cpu_bussy: unknown key; did you mean "max_cpu_busy"?',
        "defaults.conditions.settle_timeout: 60 has no unit",
        'devices.s25.serail: unknown key; did you mean "serial"?',
        'devices.s25.adb: 5037 is not a text in quotes, such as "localhost:5037"',
        "devices.s25: an android device needs a serial or a match",
        'devices.phone.kind: "andriod" is none of local, android, ios; did you mean "android"?',
        "devices.other.serial: not a key of a device of kind ios",
        "devices.other: an ios device needs its udid",
        'pools.nightly: there is no device "s52"; did you mean "s25"?',
    )


@pytest.mark.parametrize("name", ["o d d", "-s25", "s25;reboot", "../s25", "s25\\n"])
def test_a_devices_name_has_no_odd_characters(tmp_path: Path, name: str) -> None:
    (problem,) = problems_of(tmp_path, f'[devices."{name}"]\nkind = "android"\nserial = "x"\n')
    assert 'a name holds letters, digits, ".", "_" and "-" only' in problem


def test_an_address_over_wifi_is_an_android_devices(tmp_path: Path) -> None:
    found = problems_of(tmp_path, '[devices.one]\nkind = "local"\nwireless = "192.168.1.20:5555"\n')
    assert found == ["devices.one.wireless: not a key of a device of kind local"]
    found = problems_of(tmp_path, '[devices.one]\nkind = "android"\nserial = "x"\nwireless = "192.168.1.20"\n')
    assert 'devices.one.wireless: "192.168.1.20" is not an address as host:port, such as "192.168.1.20:5555"' in found[0]


@pytest.mark.parametrize(("text", "said"), [("[devices", "is not TOML"), ("\udcff", "is not UTF-8")])
def test_what_is_not_toml_is_said(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "file.toml"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ConfigError, match=said):
        load_lab(path)


def test_an_unknown_device_is_named_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(DeviceUnknown, match='there is no device "s24"; did you mean "s25"'):
        load_lab(written(tmp_path, LAB)).device("s24")


def test_the_name_local_is_always_this_machine(tmp_path: Path) -> None:
    path = tmp_path / "devices.toml"
    path.write_text('[devices.local]\nkind = "android"\nserial = "R5CX"\n')
    with pytest.raises(ConfigError) as caught:
        load_lab(path)
    assert caught.value.problems == [
        f"{path}: devices.local.kind: local is always this machine; call a device of kind android something else"
    ]
