import pytest

from farm.errors import DeviceNotReady
from farm.power.plan import Plan, chosen_rails, plan
from farm.workloads import DeviceKind, PowerSettings, PowerSource
from tests.devices.readers import texts

DENIED = "cat: /sys/class/power_supply/battery/current_now: Permission denied\n"
CLOSED = {"current battery": DENIED, "voltage battery": DENIED}
RAILS = texts.POWER_STATS


def planned(said: dict[str, str], kind: DeviceKind = DeviceKind.ANDROID, **settings: object) -> Plan:
    return plan("s25", kind, PowerSettings(**settings), said)  # type: ignore[arg-type]


def refused(said: dict[str, str], kind: DeviceKind = DeviceKind.ANDROID, **settings: object) -> str:
    with pytest.raises(DeviceNotReady) as caught:
        planned(said, kind, **settings)
    assert caught.value.error_class == "no_power_source"
    assert caught.value.hint
    return caught.value.message


def test_files_that_may_be_read_are_left_to_the_harness() -> None:
    said = {"current battery": "-402133\n", "voltage battery": "4012000\n", "battery": texts.AOSP_BATTERY}
    assert planned(said | {"status battery": "Discharging\n"}) == Plan(PowerSource.FUEL_GAUGE, "battery")
    assert planned(said | {"status battery": DENIED}) == Plan(PowerSource.FUEL_GAUGE, "battery", plug_watch=("battery",))
    said |= {"current bms": "402133\n", "voltage bms": "4012000\n"}
    assert planned(said).origin == "battery"
    assert planned(said | {"current battery": DENIED}).origin == "bms"


def test_a_chargers_current_is_never_taken_for_the_batterys() -> None:
    said = {"current usb": "500000\n", "voltage usb": "5012000\n", "battery": texts.AOSP_BATTERY}
    assert "no file shows current and voltage to a shell" in refused(said)
    said |= {"current main-battery": "500000\n", "voltage main-battery": "5012000\n", "type main-battery": "Mains\n"}
    assert "no file shows current and voltage to a shell" in refused(said)


def test_a_pens_battery_is_never_taken_for_the_phones_nor_asked_whether_that_is_charged() -> None:
    pen = {"type pen_battery": "Battery\n", "scope pen_battery": "Device\n", "status pen_battery": "Discharging\n"}
    pen |= {"current pen_battery": "-900\n", "voltage pen_battery": "3912000\n", "battery": texts.AOSP_BATTERY}
    assert "no file shows current and voltage to a shell" in refused(pen)
    own = {"current battery": "-402133\n", "voltage battery": "4012000\n", "type battery": "Battery\n", "scope battery": "System\n"}
    assert planned(pen | own) == Plan(PowerSource.FUEL_GAUGE, "battery", plug_watch=("battery",))


@pytest.mark.parametrize(
    ("said", "origin", "watch"),
    [
        ({"battery": texts.SAMSUNG_BATTERY}, "dumpsys battery, current now", ("battery", "refresh")),
        ({"battery": texts.OPLUS_BATTERY}, "dumpsys battery, Battery current", ("battery", "refresh")),
        ({"battery": texts.AOSP_BATTERY, "command": "-402133\n"}, "cmd battery", ("battery", "command")),
        ({"battery": texts.AOSP_BATTERY, "call": texts.PARCEL}, "service call batteryproperties", ("battery", "call")),
    ],
)
def test_where_files_are_closed_the_battery_service_is_asked(said: dict[str, str], origin: str, watch: tuple[str, ...]) -> None:
    assert planned(CLOSED | said) == Plan(PowerSource.FUEL_GAUGE, origin, watch)


def test_a_phone_that_shows_no_current_has_no_source_and_says_why() -> None:
    message = refused(CLOSED | {"battery": texts.AOSP_BATTERY, "command": "Unknown get option: current_now\n"})
    assert "the power of s25 cannot be read (fuel_gauge): no file shows current and voltage" in message
    assert "this vendor's dump has no current" in message
    assert "no such command" in message


def test_a_frozen_battery_is_never_measured() -> None:
    assert "`dumpsys battery reset` ends that" in refused(
        {"current battery": "-1\n", "voltage battery": "1\n", "battery": texts.FROZEN_BATTERY}
    )


def test_rails_are_taken_when_they_are_stated() -> None:
    said = {"rails": RAILS, "battery": texts.SAMSUNG_BATTERY}
    assert planned(said).source is PowerSource.FUEL_GAUGE
    assert planned(said, source=PowerSource.ODPM).watch == ("rails",)
    assert planned(said, source=PowerSource.ODPM).plug_watch == ("battery",)
    assert 'no rail is called "S9*"; there are ' in refused(said, source=PowerSource.ODPM, rails=("S9*",))
    assert "no such service" in refused({"rails": "Can't find service: x\n"}, source=PowerSource.ODPM)


def test_rails_are_known_by_either_of_their_names() -> None:
    names = ["[S2M_VDD_CPUCL2]:CPU(BIG)", "[S5S_VDDQ_MEM]:DDR"]
    assert chosen_rails(names, ()) == names
    assert chosen_rails(names, ("S2M_*",)) == chosen_rails(names, ("CPU(BIG)",)) == names[:1]
    assert chosen_rails(names, ("S2M_*", "DDR")) == names


def test_the_local_machine_has_the_counters_of_its_packages() -> None:
    said = {"counter intel-rapl:0 package-0": "123\n", "counter intel-rapl:0:0 core": "45\n"}
    assert planned(said, DeviceKind.LOCAL) == Plan(PowerSource.RAPL, "powercap")
    assert "has no energy counter" in refused({}, DeviceKind.LOCAL)
    assert "denied" in refused({"counter intel-rapl:0 package-0": "/sys/x: Permission denied\n"}, DeviceKind.LOCAL)


def test_a_device_without_a_source_says_so() -> None:
    assert "devices.toml says that it has none" in refused({}, source=PowerSource.NONE)
    assert "no power source is known for this kind of device" in refused({}, DeviceKind.IOS)
