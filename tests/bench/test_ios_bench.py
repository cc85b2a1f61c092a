"""The stand-in iPhones, held against clients that know nothing of farm: libimobiledevice's tools and go-ios."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NoReturn

import pytest

from tests.bench.ios import BUNDLE, Bench, Iphone
from tests.bench.ios.clients import Clients, ClientUnavailable, go_ios, missing_tools
from tests.conftest import ROOT, in_ci

PHONES = ("iphonex", "iphone16pro")


def unavailable(words: str) -> NoReturn:
    """End a test that cannot run here: in CI that is a failure."""
    if in_ci():
        pytest.fail(words)
    pytest.skip(words)


@pytest.fixture(params=PHONES)
def phone(request: pytest.FixtureRequest, ios_bench: Bench) -> Iphone:
    return ios_bench.phones[request.param]


@pytest.fixture
def tools(ios_bench: Bench, tmp_path: Path) -> Clients:
    """libimobiledevice's tools."""
    if missing := missing_tools():
        words = f"no {', '.join(missing)}; on Debian: apt-get install libimobiledevice-utils"
        unavailable(words)
    return Clients(ios_bench.address, tmp_path)


@pytest.fixture
def go(ios_bench: Bench, tmp_path: Path) -> Clients:
    try:
        return Clients(ios_bench.address, tmp_path, go_ios(ROOT / ".farm"))
    except ClientUnavailable as error:
        unavailable(str(error))


# libimobiledevice.


def test_idevice_id_lists_the_phones_that_are_plugged_in(tools: Clients, ios_bench: Bench) -> None:
    assert set(tools.out("idevice_id", "-l").split()) == {phone.udid for phone in ios_bench.phones.values()}


def test_ideviceinfo_reads_values_in_a_session_under_tls(tools: Clients, phone: Iphone) -> None:
    told = dict(line.split(": ", 1) for line in tools.out("ideviceinfo", "-u", phone.udid).splitlines() if ": " in line)
    assert told["ProductType"] == phone.profile.product_type
    assert told["ProductVersion"] == phone.profile.version
    assert told["HardwareModel"] == phone.profile.hardware_model
    assert told["BootSessionID"] == phone.read("boot_id")
    battery = tools.out("ideviceinfo", "-u", phone.udid, "-q", "com.apple.mobile.battery", "-k", "BatteryCurrentCapacity")
    assert battery == "80"


def test_without_a_session_little_is_told(tools: Clients, phone: Iphone) -> None:
    told = tools.out("ideviceinfo", "-s", "-u", phone.udid)
    assert "ProductVersion" in told
    assert "SerialNumber" not in told


def test_idevicepair_pairs_when_the_phone_is_told_to_trust(tools: Clients, phone: Iphone) -> None:
    assert tools.run("idevicepair", "-u", phone.udid, "unpair").returncode == 0
    phone.state(trust="ask")
    asked = tools.run("idevicepair", "-u", phone.udid, "pair")
    assert "trust dialog" in asked.stdout + asked.stderr
    phone.state(trust="no")
    denied = tools.run("idevicepair", "-u", phone.udid, "pair")
    assert "denied the trust dialog" in denied.stdout + denied.stderr
    phone.state(trust="yes", lock="locked")
    locked = tools.run("idevicepair", "-u", phone.udid, "pair")
    assert "passcode is set" in locked.stdout + locked.stderr
    phone.state(lock="open")
    assert "SUCCESS" in tools.out("idevicepair", "-u", phone.udid, "pair")
    assert "SUCCESS" in tools.out("idevicepair", "-u", phone.udid, "validate")


def test_idevicediagnostics_reads_the_battery(tools: Clients, phone: Iphone) -> None:
    told = tools.out("idevicediagnostics", "-u", phone.udid, "ioregentry", "AppleSmartBattery")
    assert "<key>InstantAmperage</key>" in told
    assert "<integer>4102</integer>" in told


def test_idevicecrashreport_copies_reports(tools: Clients, phone: Iphone, tmp_path: Path) -> None:
    (phone.crashes / "FarmHarness-2026-01-02-030405.ips").write_text('{"bug_type":"309"}\n{}')
    tools.out("idevicecrashreport", "-u", phone.udid, "-k", tmp_path)
    assert (tmp_path / "FarmHarness-2026-01-02-030405.ips").exists()
    (phone.crashes / "FarmHarness-2026-01-02-030405.ips").unlink()


# go-ios.


def test_go_ios_reads_the_battery_and_the_apps(go: Clients, phone: Iphone) -> None:
    udid = f"--udid={phone.udid}"
    assert go.go_ios("batteryregistry", udid)["Voltage"] == 4102
    (app,) = go.go_ios("apps", udid)
    assert (app["CFBundleIdentifier"], app["FarmProtocol"]) == (BUNDLE, 1)
    assert go.go_ios("devmode", "get", udid)["DeveloperModeEnabled"] is True


def test_go_ios_copies_a_file_into_the_box_and_back(go: Clients, phone: Iphone, tmp_path: Path) -> None:
    file, back = tmp_path / "file", tmp_path / "back"
    file.write_bytes(os.urandom(3_000_000))
    sync = ("fsync", f"--app={BUNDLE}", f"--udid={phone.udid}")
    go.go_ios(*sync, "push", f"--srcPath={file}", "--dstPath=/Documents/of-go-ios")
    assert (phone.documents / "of-go-ios").read_bytes() == file.read_bytes()
    go.go_ios(*sync, "pull", "--srcPath=/Documents/of-go-ios", f"--dstPath={back}")
    assert hashlib.sha256((back / "of-go-ios").read_bytes()).digest() == hashlib.sha256(file.read_bytes()).digest()
    (phone.documents / "of-go-ios").unlink()


def test_go_ios_pairs_by_itself(go: Clients, phone: Iphone) -> None:
    phone.revoke_trust()
    phone.forget()
    phone.state(trust="yes")
    go.go_ios("pair", f"--udid={phone.udid}")
    assert abs(go.go_ios("date", f"--udid={phone.udid}")["TimeIntervalSince1970"] - time.time()) < 60


def launched(go: Clients, phone: Iphone, options: list[str]) -> None:
    """The app starts without arguments: the harness refuses that, in its log and by its exit code."""
    go.go_ios("launch", BUNDLE, *options)
    run = phone.documents / "runs/none"
    deadline_s = time.monotonic() + 10
    while not (run / "exit").exists() and time.monotonic() < deadline_s:
        time.sleep(0.05)
    assert (run / "exit").read_text() == "2"
    assert "--protocol is missing" in (run / "log").read_text()


def test_go_ios_starts_the_app_over_lockdown_up_to_ios_16(go: Clients, ios_bench: Bench) -> None:
    phone = ios_bench.phones["iphonex"]
    launched(go, phone, [f"--udid={phone.udid}"])


def test_go_ios_starts_the_app_through_a_tunnel_of_its_own_on_ios_18(go: Clients, ios_bench: Bench) -> None:
    phone = ios_bench.phones["iphone16pro"]
    with go.tunnel(phone.udid, 28_181) as options:
        assert go.go_ios("rsd", "ls", *options)["com.apple.instruments.dtservicehub"]["Port"] > 0
        launched(go, phone, options)
        sync = ("fsync", f"--app={BUNDLE}", *options)
        assert "Documents" in go.out(str(go.go_ios_program), *sync, "tree", "--path=/")


# The bench itself.


def test_a_replugged_phone_has_another_number(tools: Clients, ios_bench: Bench) -> None:
    phone = ios_bench.phones["iphonex"]
    phone.unplug()
    assert phone.udid not in tools.out("idevice_id", "-l")
    assert "not found" in tools.run("ideviceinfo", "-u", phone.udid).stdout
    phone.plug()
    assert tools.out("ideviceinfo", "-u", phone.udid, "-k", "ProductVersion") == phone.profile.version


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_bench_iphones_prints_its_lab_and_leaves_nothing_behind(tools: Clients, tmp_path: Path) -> None:
    for each in ("harness", "wheels"):  # what is built and fetched once for all
        (ROOT / ".farm" / each).mkdir(parents=True, exist_ok=True)
        (tmp_path / each).symlink_to(ROOT / ".farm" / each)
    command = [sys.executable, "-m", "tests.bench.ios", "--data", str(tmp_path), "iphonex"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        path = Path(process.stdout.readline().strip())
        text = path.read_text()
        address = text.split('usbmux = "')[1].split('"')[0]
        assert Clients(address, tmp_path).out("idevice_id", "-l") == "b5e1f0a9c3d2478e96a1b0c2d3e4f5a6b7c8d9e0"
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) == 0
    assert not path.exists()
    assert Clients(address, tmp_path).run("idevice_id", "-l").stdout == ""
