"""What every transport does, whatever it reaches. One fixture parameter for each."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from threading import Timer

import pytest

from farm.devices.android.device import AndroidTransport
from farm.devices.ios.client import Worker
from farm.devices.ios.device import IosTransport
from farm.devices.local import LocalTransport
from farm.devices.readers.watched import looks
from farm.devices.transport import WATCHED, Handle, Holder, Status, Transport, Watch
from farm.errors import DeviceNotReady
from farm.harness import build, protocol
from farm.harness.arguments import BoxNames, arguments
from farm.workloads import Device, DeviceKind, HarnessBuild, run_folder
from tests.bench.android import Bench
from tests.bench.ios import Bench as IosBench
from tests.conftest import FakeModel, a_job

Start = Callable[..., Handle]


Connect = Callable[[], Transport]
KINDS = ("local", "android", "android on arm64", "ios 16", "ios 18")


@pytest.fixture(params=KINDS)
def connect(request: pytest.FixtureRequest, tmp_path: Path) -> Connect:
    """Make a transport to one and the same device, as each controller process does."""
    if request.param == "local":
        return lambda: LocalTransport(tmp_path / "box")
    if request.param.startswith("ios"):
        iphones: IosBench = request.getfixturevalue("ios_bench")
        iphone = iphones.phones["iphonex" if request.param == "ios 16" else "iphone16pro"]
        workers: dict[str, Worker] = request.getfixturevalue("ios_workers")
        first = [workers[iphone.name]]

        def reach() -> Transport:
            """The second has a worker of its own, as another controller has."""
            transport = IosTransport(Device(iphone.name, DeviceKind.IOS, udid=iphone.udid, usbmux=iphones.address))
            transport.phone.worker = first.pop() if first else transport.phone.worker
            return transport

        return reach
    bench: Bench = request.getfixturevalue("android_bench")
    phone = bench.phones["s25" if request.param == "android" else "pixel9"]
    return lambda: AndroidTransport(Device(phone.name, DeviceKind.ANDROID, adb=bench.adb.address, serial=phone.serial))


@pytest.fixture
def transport(connect: Connect, fake_harness: HarnessBuild, builds: Path) -> Iterator[Transport]:
    transport = connect()
    transport.preflight()
    on_arm = transport.identify().architecture == "aarch64"
    transport.install(
        build.ensure(build.Target.ANDROID_ARM64_GLIBC, "fake", builds, on_progress=lambda _: None) if on_arm else fake_harness
    )
    yield transport
    transport.restore()


@pytest.fixture
def start(transport: Transport, fake_model: FakeModel) -> Iterator[Start]:
    """Start the fake harness on a model with these settings; stopped and cleaned at the end."""
    handles = []

    def started(nonce: str, watch: Watch | None = None, **settings: object) -> Handle:
        job = a_job(fake_model(**settings))
        transport.push(job.artifact.path, "files/model")
        handles.append(transport.start(arguments(job, BoxNames("files/model"), nonce), nonce, watch))
        return handles[-1]

    yield started
    for handle in handles:
        transport.stop(handle)
        transport.clean(handle)


def ended(transport: Transport, handle: Handle) -> Status:
    deadline_s = time.monotonic() + 20
    while (status := transport.poll(handle)) is Status.RUNNING and time.monotonic() < deadline_s:
        time.sleep(0.01)
    return status


def test_it_says_who_it_is_and_says_the_same_again(transport: Transport) -> None:
    assert transport.identify() == transport.identify()
    assert transport.identify().cpu_count > 0


def test_a_push_is_there_and_a_second_one_sends_nothing(transport: Transport, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"some bytes" * 1000)
    assert transport.push(file, "files/one") == 10_000
    assert transport.push(file, "files/one") == 0
    assert transport.pull("files/one", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == file.read_bytes()
    file.write_bytes(b"other")
    assert transport.push(file, "files/one") == 5


def test_what_is_not_in_the_box_cannot_be_pulled(transport: Transport, tmp_path: Path) -> None:
    assert not transport.pull("files/nothing", tmp_path / "back")
    assert not (tmp_path / "back").exists()


def test_a_harness_runs_and_its_result_is_collected(transport: Transport, start: Start) -> None:
    handle = start("aa")
    assert ended(transport, handle) is Status.ENDED
    left = transport.collect(handle)
    assert left.exit_code == 0
    assert left.result is not None
    assert len(protocol.parse(left.result, "aa").readings[0].values) == 5
    transport.clean(handle)
    assert transport.collect(handle).result is None


def test_a_wait_is_interrupted_from_another_thread_and_what_runs_can_still_be_stopped(transport: Transport, start: Start) -> None:
    handle = start("dd", hang_at_iteration=1)
    Timer(0.5, transport.interrupt).start()
    began_s = time.monotonic()
    assert transport.wait(handle, 60.0) is Status.RUNNING
    assert time.monotonic() - began_s < 5
    assert transport.wait(handle, 60.0) is Status.RUNNING  # for good: the controller is being stopped
    assert time.monotonic() - began_s < 10
    transport.stop(handle)
    assert transport.poll(handle) is not Status.RUNNING


def test_another_controller_takes_a_handle_up(transport: Transport, connect: Connect, start: Start) -> None:
    other = connect()
    other.preflight()
    handle = start("bb", spin_ns=50_000_000)
    assert other.poll(handle) is Status.RUNNING
    assert ended(other, handle) is Status.ENDED
    assert other.collect(handle).exit_code == 0


def test_waiting_ends_with_the_harness_or_with_its_time(transport: Transport, start: Start) -> None:
    handle = start("a1", spin_ns=100_000_000)
    began_s = time.monotonic()
    assert transport.wait(handle, 0.1) is Status.RUNNING
    assert transport.wait(handle, 20.0) is Status.ENDED
    assert time.monotonic() - began_s < 10
    assert transport.wait(handle, 20.0) is Status.ENDED
    hanging = start("a2", hang_at_iteration=1)
    assert transport.wait(hanging, 0.2) is Status.RUNNING
    transport.stop(hanging)
    assert transport.wait(hanging, 20.0) is Status.VANISHED


def test_a_hanging_harness_is_stopped_and_gone(transport: Transport, start: Start) -> None:
    handle = start("cc", hang_at_iteration=1)
    assert transport.poll(handle) is Status.RUNNING
    transport.stop(handle)
    assert transport.poll(handle) is Status.VANISHED
    transport.stop(handle)  # a second time does no harm


def test_a_crash_leaves_the_partial_result_and_the_signal(transport: Transport, start: Start) -> None:
    handle = start("dd", crash_at_iteration=3)
    assert ended(transport, handle) is Status.ENDED
    left = transport.collect(handle)
    assert left.exit_code == 128 + 6
    assert left.result is not None
    assert '"begin"' in left.result


def test_names_with_shell_characters_are_only_names(transport: Transport, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"x")
    name = "files/$(touch evil);`touch evil` 'a\" && b"
    assert transport.push(file, name) == 1
    handle = transport.start(["--model", name, "; touch evil"], "ee")
    assert ended(transport, handle) is Status.ENDED
    assert transport.collect(handle).exit_code == 2
    assert not transport.pull("evil", tmp_path / "back")
    transport.clean(handle)


def test_vitals_are_readings_or_reasons(transport: Transport) -> None:
    for reading in transport.vitals("before"):
        assert (reading.value is not None or reading.text is not None) != (reading.reason is not None)


def test_its_clock_is_told_with_how_sure_that_is(transport: Transport) -> None:
    told = {reading.name: reading for reading in transport.clock(lambda: datetime.now(UTC))}
    offset, uncertainty = told["clock_offset_ns"].value, told["clock_offset_uncertainty_ns"].value
    assert offset is not None
    assert uncertainty is not None
    assert abs(offset) <= uncertainty < 0.1e9  # device and host share one clock here
    assert {reading.phase for reading in told.values()} == {"before"}


def test_what_its_power_sources_say_comes_under_their_names(transport: Transport) -> None:
    said = transport.power_texts()
    if isinstance(transport, LocalTransport):
        assert all(name.startswith("counter ") for name in said)
    elif isinstance(transport, IosTransport):
        assert said == {}
    else:
        assert {"battery", "command", "call", "rails", "current battery", "voltage battery"} <= said.keys()


def test_what_is_watched_is_noted_until_the_harness_ends(transport: Transport, start: Start, tmp_path: Path) -> None:
    if isinstance(transport, LocalTransport | IosTransport):  # files that the harness's sampler reads; none
        with pytest.raises(DeviceNotReady, match="battery cannot be watched"):
            transport.start([], "a8", Watch(("battery",), 1.0))
        return
    began_ns = time.time_ns()
    handle = start("a7", Watch(("battery", "refresh", "command", "call", "rails"), 0.2), spin_ns=400_000_000)
    assert ended(transport, handle) is Status.ENDED
    assert transport.pull(f"{run_folder('a7')}/{WATCHED}", tmp_path / "watched")
    found = looks((tmp_path / "watched").read_text())
    assert len(found) > 3
    assert all(list(look.texts) == ["battery", "refresh", "command", "call", "rails"] for look in found)
    assert all("level:" in look.texts["battery"] for look in found)
    assert began_ns < found[0].at_unix_ns < found[-1].at_unix_ns < time.time_ns()
    assert all(0 < look.uncertainty_ns < 1e9 for look in found)
    transport.clean(handle)
    time.sleep(0.5)
    assert not transport.pull(f"{run_folder('a7')}/{WATCHED}", tmp_path / "again")  # and nothing writes any more


def test_a_run_lies_in_the_folder_of_its_nonce(transport: Transport, start: Start, tmp_path: Path) -> None:
    handle = start("ff")
    ended(transport, handle)
    assert transport.pull(f"{run_folder('ff')}/log", tmp_path / "log")


def test_what_another_controller_left_running_is_ended(transport: Transport, connect: Connect, start: Start) -> None:
    handle = start("a0", hang_at_iteration=1)
    other = connect()
    other.preflight()
    other.restore()
    assert other.poll(handle) is Status.VANISHED
    assert other.collect(handle).result is None


def test_a_claim_is_renewed_by_its_own_host_and_given_up(transport: Transport, connect: Connect) -> None:
    transport.claim(Holder("host-one", "somebody"))
    successor = connect()
    successor.claim(Holder("host-one", "the next controller of that host"))  # its lock says that the first one is dead
    successor.release()
    transport.release()


def test_what_was_used_longest_ago_goes_first_when_room_is_made(transport: Transport, tmp_path: Path) -> None:
    transport.shrink(0)
    file = tmp_path / "file"
    for number, name in enumerate(("files/a", "files/b", "files/c")):
        file.write_bytes(bytes([number]) * 1000)
        transport.push(file, name)
        time.sleep(1.1)  # files are dated to the second
    file.write_bytes(bytes([0]) * 1000)
    assert transport.push(file, "files/a") == 0  # used again
    assert transport.shrink(5000) == 0
    assert transport.shrink(2500) == 1000
    assert [transport.pull(f"files/{name}", tmp_path / "back") for name in "abc"] == [True, False, True]
    assert transport.shrink(0) == 2000
