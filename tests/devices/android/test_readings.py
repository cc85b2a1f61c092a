"""What is read from a phone, and where it comes from."""

from farm.devices.android.device import AndroidTransport
from farm.workloads import Device, DeviceKind
from tests.bench.android import Bench


def test_a_batterys_own_file_tells_what_the_battery_service_does_not(android_bench: Bench) -> None:
    phone = android_bench.phones["xiaomi12x"]
    transport = AndroidTransport(Device("mi", DeviceKind.ANDROID, adb=android_bench.adb.address, serial=phone.serial))
    found = [reading for reading in transport.vitals("before") if reading.name.startswith("battery_")]
    by_name = {reading.name: reading for reading in found}
    assert by_name["battery_cycle_count"].value == 213
    assert by_name["battery_cycle_count"].source == "uevent bms"
    assert by_name["battery_level_percent"].source == "dumpsys battery"
    assert len(by_name) == len(found)


def test_where_a_skin_throttles_is_stored_with_how_warm_it_is(android_bench: Bench) -> None:
    phone = android_bench.phones["pixel9"]
    transport = AndroidTransport(Device("pixel9", DeviceKind.ANDROID, adb=android_bench.adb.address, serial=phone.serial))
    limits = {one.source: one.value for one in transport.vitals("before") if one.name == "temperature_threshold_c"}
    assert limits["VIRTUAL-SKIN (skin) light"] == 39.0
    assert all("(skin)" in source for source in limits)
