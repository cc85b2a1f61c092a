"""Restarting devices and adb servers: they are back, or it is said that they are not."""

import os
import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from farm.devices.android.device import AndroidTransport
from farm.devices.android.server import Server, start_anew
from farm.devices.ios.device import IosTransport
from farm.devices.local import LocalTransport
from farm.errors import DeviceLost, DeviceNotReady
from farm.workloads import Device, DeviceKind
from tests.bench.android import Bench, Phone
from tests.bench.android.adb import free_port, start_server
from tests.bench.ios import Bench as IosBench
from tests.devices.adb_server import Phone as OneThatStaysUp
from tests.devices.adb_server import serving


@pytest.fixture
def phone(android_bench: Bench) -> Iterator[Phone]:
    phone = android_bench.phones["oneplus13"]
    yield phone
    phone.restore()
    phone.connect()


@pytest.fixture
def transport(android_bench: Bench, phone: Phone) -> AndroidTransport:
    transport = AndroidTransport(Device("oneplus13", DeviceKind.ANDROID, adb=android_bench.adb.address, serial=phone.serial))
    transport.preflight()
    return transport


BOOT = "cat /proc/sys/kernel/random/boot_id"


def test_a_phone_is_back_when_its_framework_is(transport: AndroidTransport, phone: Phone) -> None:
    before, who = phone.shell(BOOT).stdout, transport.identify()
    transport.restart(60)
    assert phone.shell(BOOT).stdout not in ("", before)
    assert transport.identify() == who
    assert transport.room_bytes() > 1e6


def test_a_phone_that_stays_away_is_said_to_be(transport: AndroidTransport, phone: Phone) -> None:
    phone.drop()
    with pytest.raises(DeviceLost):
        transport.restart(2)  # it does not even hear of it
    phone.restore()
    phone.connect()
    phone.state(reboot_s=8)  # on its way already
    with pytest.raises(DeviceLost, match=r"was not back 2 s after it was restarted|is gone"):
        transport.restart(2)
    phone.reboot()


def test_a_restart_that_is_waited_for_ends_when_its_controller_is_stopped() -> None:
    phone = OneThatStaysUp()
    with serving(phone) as address:
        transport = AndroidTransport(Device("s25", DeviceKind.ANDROID, adb=address, serial=phone.serialno))
        threading.Timer(0.3, transport.interrupt).start()
        with pytest.raises(KeyboardInterrupt):
            transport.restart(10)


def test_a_phone_that_the_server_has_forgotten_is_connected_anew(transport: AndroidTransport, phone: Phone) -> None:
    phone.adb.run("disconnect", phone.serial)
    with pytest.raises(DeviceLost):
        transport.preflight()
    transport.reconnect()
    phone.connect()
    transport.preflight()


def test_an_iphone_is_back_with_another_start(ios_bench: IosBench) -> None:
    phone = ios_bench.phones["iphonex"]
    transport = IosTransport(Device("iphonex", DeviceKind.IOS, udid=phone.udid, usbmux=ios_bench.address))
    try:
        transport.preflight()
        before = transport.phone.boot_id()
        assert transport.room_bytes() > 1e6
        pid = transport.phone.worker.pid
        transport.reconnect()
        transport.preflight()
        assert transport.phone.worker.pid not in (None, pid)
        with pytest.raises(DeviceLost, match="no developer image mounted"):  # a restart unmounts it, and nobody stated where one lies
            transport.restart(8)
        assert transport.phone.boot_id() not in (None, before)
    finally:
        transport.phone.worker.close()
        phone.heal()


def test_an_iphones_restart_that_is_waited_for_ends_when_its_controller_is_stopped(ios_bench: IosBench) -> None:
    phone = ios_bench.phones["iphonex"]
    transport = IosTransport(Device("iphonex", DeviceKind.IOS, udid=phone.udid, usbmux=ios_bench.address))
    try:
        transport.preflight()
        threading.Timer(0.3, transport.interrupt).start()
        with pytest.raises(KeyboardInterrupt):
            transport.restart(10)
    finally:
        transport.phone.worker.close()
        phone.heal()


def test_this_machine_is_never_restarted(tmp_path: Path) -> None:
    with pytest.raises(DeviceNotReady, match="does not restart the machine that it runs on"):
        LocalTransport(tmp_path).restart(1)


def test_an_adb_server_is_another_one_afterwards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"ADB_LOCAL_TRANSPORT_MAX_PORT": "5554", "ADB_MDNS": "0", "ADB_MDNS_OPENSCREEN": "0", "HOME": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    first = start_server(tmp_path / "server")
    server = Server("127.0.0.1", first.port)
    try:
        assert server.devices() == []
        start_anew(server)
        assert first.process.wait(10) is not None
        assert server.devices() == []
        server.kill()
        start_anew(server)  # one that was not there
        assert server.devices() == []
    finally:
        server.kill()
        first.stop()


def test_an_adb_server_that_hangs_is_ended_by_its_process_and_another_one_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"ADB_LOCAL_TRANSPORT_MAX_PORT": "5554", "ADB_MDNS": "0", "ADB_MDNS_OPENSCREEN": "0", "HOME": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    first = start_server(tmp_path / "server")
    server = Server("127.0.0.1", first.port)
    os.kill(first.process.pid, signal.SIGSTOP)
    try:
        with pytest.raises(DeviceLost, match="did not answer in 1 s"):
            server.devices(timeout_s=1)
        assert start_anew(server) == first.process.pid
        assert first.process.wait(10) == -signal.SIGKILL
        assert server.devices() == []
        assert start_anew(server) is None  # one that answers ends when it is asked to
        assert server.devices() == []
    finally:
        server.kill()
        first.stop()


def test_making_a_link_anew_says_what_was_done(transport: AndroidTransport, phone: Phone, tmp_path: Path) -> None:
    phone.adb.run("disconnect", phone.serial)
    words = f"the adb server at {phone.adb.address} was asked to connect to {phone.serial} anew, and said: "
    assert transport.reconnect() == f"{words}connected to {phone.serial}"
    phone.drop()
    assert transport.reconnect().startswith(f"{words}failed to connect to")
    nobody = Device("s25", DeviceKind.ANDROID, adb=f"127.0.0.1:{free_port()}", serial="R5CX")
    with pytest.raises(DeviceNotReady, match="no adb server answers at"):
        AndroidTransport(nobody).reconnect()
    assert (
        "asked to connect anew to what is offline"
        in AndroidTransport(Device("s25", DeviceKind.ANDROID, adb=phone.adb.address, serial="R5CX")).reconnect()
    )
    assert "no link lies between" in LocalTransport(tmp_path).reconnect()


def test_an_adb_server_elsewhere_is_left_alone_and_one_that_cannot_start_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(DeviceNotReady, match="is another machine's"):
        start_anew(Server("rack2", 5037))
    monkeypatch.setenv("HOME", str(tmp_path))
    with (
        socket.create_server(("127.0.0.1", free_port())) as taken,
        pytest.raises(DeviceNotReady, match=r"held by process [0-9]+ \(.*\), which is no adb server"),
    ):
        start_anew(Server("127.0.0.1", taken.getsockname()[1]), timeout_s=5)
