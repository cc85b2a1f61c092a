"""The parts of the iPhone transport that need no phone: values, sentences, the pipe to the worker."""

import json
import os
import plistlib
import signal
import zipfile
from pathlib import Path

import pytest

from farm.devices.ios import app, chips, preflight, state, wire
from farm.devices.ios.client import Address, Worker
from farm.errors import DeviceLost, DeviceNotReady, InputError
from farm.workloads import Device, DeviceKind

PHONE = Device("iphone16pro", DeviceKind.IOS, udid="00008140-0")


# Values.


@pytest.mark.parametrize(
    ("version", "is_refused"), [("16.7.10", False), ("17.0", True), ("17.3.1", True), ("17.4", False), ("18.6", False), ("26.1", False)]
)
def test_versions_whose_developer_services_linux_cannot_reach(version: str, is_refused: bool) -> None:
    error = preflight.of_phone("iphone16pro", {"ProductVersion": version, "PasswordProtected": False})
    assert (error is not None) == is_refused


def test_an_app_that_is_signed_for_ever_or_for_long_is_fit() -> None:
    info = {"CFBundleExecutable": "FarmHarness", "FarmProtocol": 1, "FarmRuntimes": {"fake": {"version": "1", "source_hash": "0f1e"}}}
    assert preflight.of_app(PHONE, app.BUNDLE, {"app": info, "signed_until_s": None}, 1000.0) is None
    assert preflight.of_app(PHONE, app.BUNDLE, {"app": info, "signed_until_s": 1001.0}, 1000.0) is None
    error = preflight.of_app(PHONE, app.BUNDLE, {"app": {"CFBundleExecutable": "Other"}, "signed_until_s": None}, 1000.0)
    assert error is not None
    assert error.message == "iphone16pro's harness app speaks no protocol of farm's, this farm speaks 1"


def test_chips_are_known_by_product_type_and_others_are_unknown() -> None:
    assert (chips.model("iPhone17,1"), chips.chip("iPhone17,1")) == ("iPhone 16 Pro", "A18 Pro")
    assert (chips.model("iPhone99,1"), chips.chip("iPhone99,1")) == ("iPhone99,1", None)


def test_a_phone_that_does_not_say_which_it_is_has_no_identity() -> None:
    machine = state.machine({"busy_ratio": 0.1, "cpu_count": 6, "memory_bytes": None})
    with pytest.raises(DeviceNotReady, match="does not say which it is"):
        state.identity({"ProductType": "iPhone17,1"}, machine)
    one, other = (
        state.identity({"UniqueDeviceID": udid, "ProductType": "iPhone99,1", "ProductVersion": "30.0"}, machine) for udid in ("a", "b")
    )
    assert one.id != other.id
    assert (one.soc, one.memory_bytes, one.os_build) == (None, None, "iOS 30.0 (unknown build)")


@pytest.mark.parametrize(
    "text", [None, "", "{", "[]", "[" * 100_000, '{"thermal_state": "tepid", "low_power_mode": 1, "uptime_s": "long"}']
)
def test_an_app_that_says_nothing_of_use_gives_reasons(text: str | None) -> None:
    found = app.probed(text)
    assert [reading.name for reading in found] == [reading.name for reading in app.probed('{"thermal_state": "fair"}')]
    assert all(reading.reason for reading in found)


def test_what_an_app_says_of_the_phone() -> None:
    facts = {"thermal_state": "serious", "low_power_mode": False, "brightness_ratio": 0.5, "memory_available_bytes": 3, "uptime_s": 7.5}
    found = {reading.name: reading.value if reading.value is not None else reading.text for reading in app.probed(json.dumps(facts))}
    assert found == {
        "thermal_status": 3.0,
        "thermal_state": "serious",
        "low_power_mode": "off",
        "brightness_ratio": 0.5,
        "memory_available_bytes": 3.0,
        "uptime_s": 7.5,
    }


def test_a_package_is_read_and_refused_when_it_is_another_app(tmp_path: Path) -> None:
    package = tmp_path / "app.ipa"
    with pytest.raises(InputError, match=r"there is no .*app\.ipa"):
        app.packaged(package, app.BUNDLE)
    package.write_bytes(b"no archive")
    with pytest.raises(InputError, match="is no app that an iPhone can install"):
        app.packaged(package, app.BUNDLE)
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("Payload/A.app/Info.plist", plistlib.dumps({"CFBundleIdentifier": "com.lab.farm", "FarmProtocol": 1}))
    assert app.packaged(package, "com.lab.farm").protocol == 1
    with pytest.raises(InputError, match=r"is the app com\.lab\.farm, not org\.phonefarm\.harness") as caught:
        app.packaged(package, app.BUNDLE)
    assert caught.value.hint == 'state bundle = "com.lab.farm"'


@pytest.mark.parametrize(
    "error",
    [DeviceLost("gone", error_class="link_lost"), DeviceNotReady("locked", error_class="locked", hint="unlock it"), InputError("no")],
)
def test_an_error_goes_over_the_pipe_and_comes_out_the_same(error: DeviceLost | DeviceNotReady | InputError) -> None:
    back = wire.error_from(json.loads(json.dumps(wire.error_of(error))))
    assert type(back) is type(error)
    assert (back.message, back.hint) == (error.message, error.hint)
    assert getattr(back, "error_class", None) == getattr(error, "error_class", None)


# The worker's process, played by small programs.


class Played(Address):
    """A worker that is a program of a test's."""

    __slots__ = ()
    program = ""

    def command(self) -> list[str]:
        import sys

        return [sys.executable, "-I", "-S", "-c", self.program]


def worker(program: str) -> Worker:
    played = type("One", (Played,), {"program": program, "__slots__": ()})
    return Worker(played("udid", None, "bundle"), "phone")


READY = 'import sys, json, time, os\nprint(json.dumps({"ok": "ready"}), flush=True)\n'


def test_a_worker_answers_and_tells_how_far_it_is() -> None:
    one = worker(
        READY
        + """
for line in sys.stdin:
    asked = json.loads(line)
    for sent in (1, 2):
        print(json.dumps({"id": asked["id"], "sent": sent, "size": 2}), flush=True)
    print(json.dumps({"id": asked["id"], "ok": asked["name"]}), flush=True)
"""
    )
    told: list[tuple[int, int]] = []
    assert one.call("push", {"name": "files/x"}, 5.0, lambda sent, size: told.append((sent, size))) == "files/x"
    assert told == [(1, 2), (2, 2)]
    pid = one.pid
    assert pid is not None
    one.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_what_answers_an_earlier_call_is_passed_over() -> None:
    one = worker(
        READY
        + """
for line in sys.stdin:
    asked = json.loads(line)
    print(json.dumps({"id": asked["id"] - 1, "ok": "old"}), flush=True)
    print(json.dumps({"id": asked["id"], "ok": "new"}), flush=True)
"""
    )
    assert one.call("values", {}, 5.0) == "new"
    one.close()


def test_a_worker_that_dies_says_its_last_words_and_the_next_call_has_another() -> None:
    one = worker(READY + 'sys.stdin.readline(); sys.exit("it broke")')
    for _ in range(2):
        with pytest.raises(DeviceLost, match="phone's worker died: it broke") as caught:
            one.call("values", {}, 5.0)
        assert caught.value.error_class == "worker_died"


def test_a_worker_that_cannot_start_because_the_library_is_missing_says_how_to_get_it() -> None:
    one = worker("import sys; sys.exit(\"ModuleNotFoundError: No module named 'pymobiledevice3'\")")
    with pytest.raises(DeviceNotReady, match="pymobiledevice3 is not installed") as caught:
        one.call("values", {}, 5.0)
    assert caught.value.hint == "pip install 'phonefarm[ios]'"


def test_a_worker_that_does_not_answer_is_killed_at_the_deadline() -> None:
    one = worker(READY + "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(3600)")
    with pytest.raises(DeviceLost, match="did not answer to values in time"):
        one.call("values", {}, 0.3)
    assert one.pid is None


def test_a_worker_ends_with_what_it_works_for() -> None:
    one = worker(READY + "sys.stdin.read()")
    with pytest.raises(DeviceLost):
        one.call("values", {}, 0.2)
    another = worker(READY + "sys.stdin.read()")
    another._running()
    pid = another.pid
    assert pid is not None
    del another
    with pytest.raises(ProcessLookupError):
        os.kill(pid, signal.SIGCONT)
