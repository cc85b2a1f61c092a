"""The readers of adb's texts and of logs over genuine recordings."""

import pytest

from farm.devices.readers import adb, logs, toybox
from tests.devices.readers.samples import needs_samples, text

pytestmark = needs_samples


@pytest.mark.parametrize(
    ("name", "states"),
    [
        ("adb_devices_l.emulator-and-nexus7", ["device", "device"]),
        ("adb_devices_mdns.xiaomi-android", ["device"]),
        ("adb_devices_serial_only.samsung-galaxyj6", ["device"]),
        ("adb_devices_usb_and_mdns.mixed", ["device", "device"]),
    ],
)
def test_attached_devices(name: str, states: list[str]) -> None:
    assert [device.state for device in adb.attached(text(f"adb/{name}.txt", end="\n"))] == states


def test_facts_of_attached_devices() -> None:
    emulator, nexus = adb.attached(text("adb/adb_devices_l.emulator-and-nexus7.txt", end="\n"))
    assert emulator.serial == "emulator-5556"
    assert nexus.facts == {"usb": "1-1", "product": "razor", "model": "Nexus_7", "device": "flo"}
    (phone,) = adb.attached(text("adb/adb_devices_mdns.xiaomi-android.txt", end="\n"))
    assert phone.serial == "adb-XXXXXXXX-XXXXXX._adb-tls-connect._tcp"


@pytest.mark.parametrize("name", ["adb_devices_no_permissions.unknown", "adb_devices_no_permissions_spaces.unknown"])
def test_a_device_without_permissions_is_there_but_not_ready(name: str) -> None:
    (device,) = adb.attached(text(f"adb/{name}.txt", end="\n"))
    assert not device.is_ready
    assert device.state.startswith("no permissions (user in plugdev group")


def test_pushes_and_disks() -> None:
    assert adb.pushed(text("adb/adb_push_ok.samsung-galaxyj6.txt")).bytes_sent == 486979
    (disk,) = toybox.disks(text("adb/df_data.samsung-s23-android16.txt"))
    assert disk == toybox.Disk(234987468 * 1024, 158757392 * 1024, 76099004 * 1024, "/data/user/0")


def test_kills() -> None:
    lmkd = text("kills/logcat_lmkd_kills.emulator-pixel8-android15.txt")
    found = logs.kills(lmkd)
    assert len(found) == 4
    assert all(kill.for_memory for kill in found)
    assert found[-1] == logs.Kill(
        "lmkd", "dev.mobile.maestro", 5126, "min watermark is breached even after kill", adj=0, rss_bytes=179924 * 1024
    )
    assert logs.deaths(lmkd) == {5126: "dev.mobile.maestro"}
    trims = logs.kills(text("kills/logcat_activitymanager_killing.qcom-msm8953-android6.txt"))
    assert len(trims) == 10
    assert not any(kill.for_memory for kill in trims)
    assert trims[-1].reason.startswith("depends on provider com.android.providers.contacts")
    assert logs.kills(text("kills/logcat_thermalengine.motorola-xt1072-android5.txt")) == ()


def test_crashes() -> None:
    adbd = logs.tombstone(text("kills/tombstone_head.samsung-a10-android10.txt"))
    assert adbd is not None
    assert (adbd.process, adbd.pid, adbd.signal, adbd.cause) == ("/system/bin/adbd", 9850, "SIGABRT", "SI_QUEUE")
    assert adbd.abort_message == "Check failed: payload.size() <= bytes_left (payload.size()=99, bytes_left=51)"
    assert adbd.at == "2021-09-29 17:43:49+0200"
    vendor = logs.tombstone(text("kills/tombstone_head2.samsung-a10-android11.txt"))
    assert vendor is not None
    assert (vendor.pid, vendor.signal, vendor.cause, vendor.abort_message) == (3559, "SIGSEGV", "SEGV_MAPERR", None)
    assert vendor.fault_address == "0xe8b4d14c"
