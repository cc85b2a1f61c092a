"""iPhones that misbehave, on the bench: cables, locks, tunnels, workers, apps. Each ends in the right outcome, and the next job works."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from farm import rack
from farm.artifacts import open_artifact
from farm.devices.ios.client import Worker
from farm.devices.ios.device import IosTransport
from farm.devices.transport import Holder, Status
from farm.errors import ArtifactError, DeviceBusy, DeviceLost, DeviceNotReady
from farm.harness.arguments import BoxNames, arguments
from farm.workloads import Artifact, Device, DeviceKind, HarnessBuild, Job, Outcome, Pass, Run
from tests.artifacts.coreml_models import a_package
from tests.bench.android import proxy
from tests.bench.ios import Bench, Iphone
from tests.conftest import CALM, NOW, FakeModel, a_job

Hook = Callable[[], object]
Connected = Callable[[Device], IosTransport]
BOTH = pytest.mark.parametrize("name", ["iphonex", "iphone16pro"])


@pytest.fixture
def name() -> str:
    """The one that most tests run on: through the tunnel. A parameter of a test takes this one's place."""
    return "iphone16pro"


@pytest.fixture
def phone(ios_bench: Bench, name: str) -> Iterator[Iphone]:
    phone = ios_bench.phones[name]
    yield phone
    phone.heal()
    phone.state(image="mounted")
    assert phone.pid is None, "something is left running"


@pytest.fixture
def device(ios_bench: Bench, phone: Iphone) -> Device:
    """The phone as devices.toml would describe it."""
    return Device(phone.name, DeviceKind.IOS, conditions=CALM, udid=phone.udid, usbmux=ios_bench.address)


@pytest.fixture
def connected(ios_workers: dict[str, Worker]) -> Connected:
    """Make a transport on the worker that tests share."""

    def connect(device: Device) -> IosTransport:
        transport = IosTransport(device, reconnect_s=30.0, answer_s=4.0, developer_s=6.0, report_s=1.5)
        if device.usbmux == ios_workers[device.name].address.usbmux:
            transport.phone.worker = ios_workers[device.name]
        return transport

    return connect


@pytest.fixture
def transport(connected: Connected, device: Device, fake_harness: HarnessBuild) -> IosTransport:
    transport = connected(device)
    transport.preflight()
    transport.install(fake_harness)
    return transport


def on(device: Device, artifact: Artifact, **settings: Any) -> Job:
    return replace(a_job(artifact, **settings), device=device)


def measured(transport: IosTransport, job: Job, harness: HarnessBuild, meanwhile: Hook | None = None, replacements: int = 2) -> list[Run]:
    """Measure a job, and do something to the phone as soon as the harness runs."""
    trouble: list[threading.Timer] = []

    def phase(_job: Job, phase: str) -> None:
        if meanwhile is not None and phase == "measuring" and not trouble:
            trouble.append(threading.Timer(0.5, meanwhile))
            trouble[0].start()

    hooks = rack.Hooks(lambda: NOW, phase, lambda _: None)
    runs = list(rack.measure([(job, 1)], transport, {"fake": harness}, "a-session", hooks, replacements=replacements))
    if trouble:
        trouble[0].join()
    return runs


def works_again(transport: IosTransport, fake_model: FakeModel, harness: HarnessBuild) -> None:
    """The next job on the same phone works, and leaves nothing behind."""
    transport.restore()
    (run,) = measured(transport, on(transport.device, fake_model("next.fake")), harness)
    assert run.outcome is Outcome.OK, run.reason
    assert transport.phone.names("runs") == []


# Links and workers: what runs on the phone goes on.


def gone_for(phone: Iphone, seconds: float) -> None:
    phone.unplug()
    time.sleep(seconds)
    phone.plug()


def frozen_for(phone: Iphone, seconds: float) -> None:
    phone.cable(frozen=True)
    time.sleep(seconds)
    phone.cable()


@BOTH
@pytest.mark.parametrize("trouble", ["unplug", "cut", "freeze", "tunnel", "kill worker", "stop worker"])
def test_trouble_on_the_way_in_the_middle_of_a_pass_costs_nothing(
    phone: Iphone, transport: IosTransport, fake_model: FakeModel, fake_harness: HarnessBuild, trouble: str
) -> None:
    def worker() -> int:
        assert transport.phone.worker.pid is not None
        return transport.phone.worker.pid

    hooks: dict[str, Hook] = {
        "unplug": lambda: gone_for(phone, 2.0),
        "cut": phone.cut_links,
        "freeze": lambda: frozen_for(phone, 3.0),
        "tunnel": phone.drop_tunnels,
        "kill worker": lambda: os.kill(worker(), signal.SIGKILL),
        "stop worker": lambda: os.kill(worker(), signal.SIGSTOP),
    }
    before = worker()
    job = on(transport.device, fake_model(sleep_ns=500_000_000), timeout_s=60.0)
    (run,) = measured(transport, job, fake_harness, hooks[trouble])
    assert run.outcome is Outcome.OK, run.reason
    assert len(next(item for item in run.readings if item.metric == "latency_ns").values) == 5
    if "worker" in trouble:
        assert worker() != before
        with pytest.raises(ProcessLookupError):
            os.kill(before, 0)


def test_a_usbmuxd_that_ends_with_its_last_phone_is_waited_for(
    device: Device, connected: Connected, fake_model: FakeModel, fake_harness: HarnessBuild, tmp_path: Path
) -> None:
    """As Debian's does: its unit says --systemd, which exits when no phone is attached and is started again with the next."""
    assert device.usbmux is not None
    (tmp_path / "port").write_text(device.usbmux.partition(":")[2])
    command = [sys.executable, str(Path(proxy.__file__)), str(tmp_path / "port")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as mux:
        assert mux.stdin is not None
        assert mux.stdout is not None
        transport = connected(replace(device, usbmux=f"127.0.0.1:{int(mux.stdout.readline())}"))

        def told(words: str) -> None:
            print(words, file=mux.stdin, flush=True)

        def away() -> None:
            told("drop")
            time.sleep(3.0)
            told("restore")

        try:
            transport.preflight()
            transport.install(fake_harness)
            (run,) = measured(transport, on(transport.device, fake_model(sleep_ns=500_000_000), timeout_s=60.0), fake_harness, away)
            assert run.outcome is Outcome.OK, run.reason
        finally:
            transport.release()
            mux.kill()


def test_a_phone_that_stays_away_is_a_lost_device_and_what_ran_there_is_ended_by_the_next(
    phone: Iphone, transport: IosTransport, fake_model: FakeModel, fake_harness: HarnessBuild
) -> None:
    transport.link.reconnect_s = 1.0
    runs = measured(transport, on(transport.device, fake_model(hang_at_iteration=1)), fake_harness, phone.unplug)
    assert {run.outcome for run in runs} == {Outcome.DEVICE_LOST}
    assert runs[0].reason is not None
    assert "is gone" in runs[0].reason
    assert phone.pid is not None
    phone.plug()
    transport.link.reconnect_s = 30.0
    works_again(transport, fake_model, fake_harness)


def test_a_restart_costs_that_attempt_and_the_developer_image_is_mounted_again(
    phone: Iphone, transport: IosTransport, fake_model: FakeModel, fake_harness: HarnessBuild, tmp_path: Path
) -> None:
    transport.device = replace(transport.device, images=developer_image(tmp_path))
    job = on(transport.device, fake_model(sleep_ns=400_000_000))
    runs = measured(transport, job, fake_harness, lambda: phone.reboot(away_s=1.0))
    assert [run.outcome for run in runs] == [Outcome.DEVICE_LOST, Outcome.OK], [run.reason for run in runs]
    first, second = runs
    assert (first.outcome, first.error_class) == (Outcome.DEVICE_LOST, "rebooted")
    assert first.reason == "iphone16pro restarted during the run"
    assert second.outcome is Outcome.OK, second.reason


def test_an_app_that_cannot_be_ended_is_said_and_not_waited_for_for_ever(
    phone: Iphone, transport: IosTransport, fake_model: FakeModel
) -> None:
    job = on(transport.device, fake_model(hang_at_iteration=1))
    transport.push(job.artifact.path, "files/model")
    handle = transport.start(arguments(job, BoxNames("files/model"), "ab"), "ab")
    phone.state(is_deaf=True)
    with pytest.raises(DeviceNotReady, match="iphone16pro: the harness app does not end"):
        transport.stop(handle)
    phone.state(is_deaf=False)
    transport.restore()
    assert phone.pid is None


def test_what_is_left_of_a_push_that_was_broken_off_goes_with_the_next_look(phone: Iphone, transport: IosTransport) -> None:
    (phone.documents / "files").mkdir(exist_ok=True)
    left = phone.documents / "files" / f"partial-{'0' * 64}"
    left.write_bytes(b"half of it")
    transport.restore()
    assert not left.exists()


def test_a_phone_that_is_locked_in_a_run_stops_the_app_and_says_so_next_time(
    phone: Iphone, transport: IosTransport, fake_model: FakeModel, fake_harness: HarnessBuild
) -> None:
    job = on(transport.device, fake_model(sleep_ns=300_000_000), timeout_s=3.0)
    (run,) = measured(transport, job, fake_harness, phone.lock_now)
    assert (run.outcome, run.error_class) == (Outcome.TIMED_OUT, "hung")
    (run,) = measured(transport, job, fake_harness)
    assert (run.outcome, run.error_class) == (Outcome.NOT_READY, "locked")
    assert run.reason == "iphone16pro: it is locked, so no app can be started"
    phone.state(lock="open")
    works_again(transport, fake_model, fake_harness)


def test_trust_that_is_revoked_in_a_run_ends_it_with_the_remedy(
    phone: Iphone, transport: IosTransport, fake_model: FakeModel, fake_harness: HarnessBuild
) -> None:
    job = on(transport.device, fake_model(sleep_ns=300_000_000))
    (run,) = measured(transport, job, fake_harness, phone.revoke_trust)
    assert (run.outcome, run.error_class) == (Outcome.NOT_READY, "trust_pending")
    assert run.hint == "unlock it and tap Trust"
    phone.state(trust="yes")
    works_again(transport, fake_model, fake_harness)


def test_a_worker_that_hangs_does_not_stall_another_phone(
    ios_bench: Bench, phone: Iphone, transport: IosTransport, fake_model: FakeModel, fake_harness: HarnessBuild
) -> None:
    other = ios_bench.phones["iphonex"]
    second = IosTransport(Device(other.name, DeviceKind.IOS, conditions=CALM, udid=other.udid, usbmux=ios_bench.address))
    second.preflight()
    assert transport.phone.worker.pid is not None
    os.kill(transport.phone.worker.pid, signal.SIGSTOP)
    waiting = threading.Thread(target=transport.vitals, args=("before",))
    waiting.start()
    began_s = time.monotonic()
    (run,) = measured(second, on(second.device, fake_model()), fake_harness)
    assert run.outcome is Outcome.OK, run.reason
    assert waiting.is_alive() or time.monotonic() - began_s > 8
    waiting.join(timeout=60)
    assert not waiting.is_alive()
    second.phone.worker.close()


def test_a_worker_that_hangs_is_ended_by_the_deadline(phone: Iphone, transport: IosTransport) -> None:
    transport.link.reconnect_s = 0.0
    transport.phone.answer_s = 1.0
    pid = transport.phone.worker.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    began_s = time.monotonic()
    with pytest.raises(DeviceLost, match="worker did not answer to values in time and was ended"):
        transport.phone.values()
    assert time.monotonic() - began_s < 3
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert transport.phone.values()["ProductType"] == "iPhone17,1"


# Pushes.


@BOTH
def test_a_push_that_is_cut_off_is_made_again_and_arrives_whole(phone: Iphone, transport: IosTransport, tmp_path: Path) -> None:
    file = tmp_path / "big"
    file.write_bytes(os.urandom(20_000_000))
    phone.cable(unplug_after_bytes=8_000_000)
    back = threading.Timer(2.0, phone.plug)
    back.start()
    assert transport.push(file, "files/big") == 20_000_000
    back.join()
    assert (phone.documents / "files/big").read_bytes() == file.read_bytes()
    assert [each.name for each in (phone.documents / "files").glob("partial-*")] == []


@BOTH
def test_a_connection_that_broke_while_nothing_was_asked_is_made_anew_without_waiting_for_anything(
    phone: Iphone, transport: IosTransport
) -> None:
    transport.preflight()
    phone.cut_links()
    transport.preflight()


def test_a_slow_cable_only_takes_longer(phone: Iphone, transport: IosTransport, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(os.urandom(2_000_000))
    told: list[tuple[int, int]] = []
    phone.cable(rate_bytes_per_s=1_000_000)
    assert transport.push(file, "files/slow", lambda sent, size: told.append((sent, size))) == 2_000_000
    assert told[-1] == (2_000_000, 2_000_000)


def test_a_file_that_changed_on_the_phone_is_sent_again(phone: Iphone, transport: IosTransport, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"the right bytes")
    assert transport.push(file, "files/model") == 15
    assert transport.push(file, "files/model") == 0
    (phone.documents / "files/model").write_bytes(b"the wrong bytes")
    assert transport.push(file, "files/model") == 15
    (phone.documents / "manifest.json").write_text("{ torn")
    assert transport.push(file, "files/model") == 0


@pytest.mark.parametrize(
    ("code", "error_class", "said"), [(18, "device_full", "no room left"), (20, "afc_error", "IO_ERROR"), (10, "afc_error", "PERM_DENIED")]
)
def test_an_error_of_the_file_service_is_a_phone_that_is_not_ready(
    phone: Iphone, transport: IosTransport, tmp_path: Path, code: int, error_class: str, said: str
) -> None:
    file = tmp_path / "file"
    file.write_bytes(os.urandom(1000))
    phone.afc_fault("write", code)
    with pytest.raises(DeviceNotReady, match=said) as caught:
        transport.push(file, "files/one")
    assert caught.value.error_class == error_class
    assert transport.push(file, "files/one") == 1000


def test_a_file_service_that_never_answers_costs_a_worker_and_no_more(phone: Iphone, transport: IosTransport, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(os.urandom(1000))
    before = transport.phone.worker.pid
    phone.afc_fault("write", None)
    assert transport.push(file, "files/one") == 1000
    assert transport.phone.worker.pid != before


def test_what_is_kept_compiled_of_a_model_goes_when_the_model_goes(phone: Iphone, transport: IosTransport, tmp_path: Path) -> None:
    names = ["aa" * 32, "bb" * 32]
    for number, name in enumerate(names):
        file = tmp_path / name
        file.write_bytes(bytes([number]) * 1000)
        transport.push(file, f"files/{name}")
        compiled = phone.documents / f"compiled/{name}-Version-18-6/model.mlmodelc"
        compiled.mkdir(parents=True)
        (compiled / "coremldata.bin").write_bytes(b"data")
    transport.shrink(10**9)
    assert {path.name[:64] for path in (phone.documents / "compiled").iterdir()} == set(names)
    (phone.documents / "files" / names[0]).unlink()
    transport.shrink(10**9)
    assert {path.name[:64] for path in (phone.documents / "compiled").iterdir()} == {names[1]}
    transport.shrink(0)
    assert list((phone.documents / "compiled").iterdir()) == []


def test_a_model_that_is_a_folder_is_pushed_as_its_archive_once(phone: Iphone, transport: IosTransport, tmp_path: Path) -> None:
    artifact = open_artifact(a_package(tmp_path / "net.mlpackage", os.urandom(5_000_000)))
    told: list[tuple[int, int]] = []
    sent = transport.push(artifact.path, "files/net", lambda done, size: told.append((done, size)), sha256=artifact.sha256)
    assert sent == artifact.size_bytes
    assert told[-1] == (sent, sent)
    assert hashlib.sha256((phone.documents / "files/net").read_bytes()).hexdigest() == artifact.sha256
    assert transport.push(artifact.path, "files/net", sha256=artifact.sha256) == 0
    (artifact.path / "Data/com.apple.CoreML/weights/weight.bin").write_bytes(b"others")
    with pytest.raises(ArtifactError, match="has become another file since farm began"):
        transport.push(artifact.path, "files/net", sha256=artifact.sha256)


def test_a_phone_without_room_is_told_before_anything_is_sent(phone: Iphone, transport: IosTransport, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(os.urandom(1000))
    phone.state(afc_faults__room_bytes=1_000_000)
    with pytest.raises(DeviceNotReady, match=r"has 1 MB free, file needs 64 MB with room over"):
        transport.push(file, "files/one")
    package = a_package(tmp_path / "net.mlpackage", os.urandom(5_000_000))
    phone.state(afc_faults__room_bytes=75_000_000)
    with pytest.raises(DeviceNotReady, match=r"has 75 MB free, net.mlpackage needs 79 MB with room over"):  # as it is, unpacked, compiled
        transport.push(package, "files/net")


# The app.


@BOTH
def test_a_crash_brings_the_reason_that_the_phone_reports(
    phone: Iphone, transport: IosTransport, fake_model: FakeModel, fake_harness: HarnessBuild
) -> None:
    first, second = measured(transport, on(transport.device, fake_model(crash_at_iteration=3)), fake_harness)
    for run in (first, second):
        assert (run.outcome, run.error_class) == (Outcome.FAILED, "crashed")
        assert run.reason is not None
        assert "signal 6 (SIGABRT)" in run.reason
        assert "EXC_CRASH (SIGABRT); Abort trap: 6; abort() called" in run.reason
        assert ("it crashed twice, so the artifact, or the harness that runs it, is at fault" in run.reason) == (run is second)
    works_again(transport, fake_model, fake_harness)


def test_an_end_that_nobody_reports_is_a_harness_that_vanished(
    phone: Iphone, transport: IosTransport, fake_model: FakeModel, fake_harness: HarnessBuild
) -> None:
    phone.state(keeps_reports_back=True)
    runs = measured(transport, on(transport.device, fake_model(crash_at_iteration=3)), fake_harness)
    assert [(run.outcome, run.error_class) for run in runs] == [(Outcome.FAILED, "vanished")] * 2


def test_an_end_for_want_of_memory_has_an_error_class_of_its_own(
    phone: Iphone, transport: IosTransport, fake_model: FakeModel, fake_harness: HarnessBuild
) -> None:
    run, again = measured(transport, on(transport.device, fake_model(hang_at_iteration=3), timeout_s=5.0), fake_harness, phone.jetsam)
    assert (run.outcome, run.error_class) == (Outcome.FAILED, "out_of_memory")
    assert again.outcome is Outcome.TIMED_OUT
    assert run.reason == "iOS ended the harness for want of memory: per-process-limit at 3500 MB"
    works_again(transport, fake_model, fake_harness)


def test_an_app_that_hangs_is_ended_at_the_deadline(
    phone: Iphone, transport: IosTransport, fake_model: FakeModel, fake_harness: HarnessBuild
) -> None:
    (run,) = measured(transport, on(transport.device, fake_model(hang_at_iteration=3), timeout_s=1.0), fake_harness)
    assert (run.outcome, run.error_class) == (Outcome.TIMED_OUT, "hung")
    works_again(transport, fake_model, fake_harness)


@pytest.mark.parametrize(
    ("fault", "error_class", "said"),
    [
        ("stale", "wrong_nonce", "belongs to another run"),
        ("truncated", "no_end", "without writing its end line"),
        ("debug", "debug_build", "debug build"),
        ("other_model", "wrong_job", "the harness understood another job: model_sha256"),
        ("missing", "no_end", "without writing its end line"),
    ],
)
def test_what_is_no_result_of_this_run_is_never_taken(
    phone: Iphone, transport: IosTransport, fake_model: FakeModel, fake_harness: HarnessBuild, fault: str, error_class: str, said: str
) -> None:
    works_again(transport, fake_model, fake_harness)  # leaves the stale one
    phone.state(app_fault=fault)
    run, *again = measured(transport, on(transport.device, fake_model(spin_ns=1000)), fake_harness)
    assert (run.outcome, run.error_class) == (Outcome.FAILED, error_class), run.reason
    assert [each.outcome for each in again] == ([Outcome.OK] if error_class == "no_end" else [])  # as after a crash
    assert run.reason is not None
    assert said in run.reason
    assert not run.readings
    works_again(transport, fake_model, fake_harness)


def test_an_old_report_of_the_same_process_number_is_not_taken_for_this_end(
    phone: Iphone, transport: IosTransport, fake_model: FakeModel
) -> None:
    job = on(transport.device, fake_model(hang_at_iteration=1))
    transport.push(job.artifact.path, "files/model")
    handle = transport.start(arguments(job, BoxNames("files/model"), "aa"), "aa")
    for each in phone.crashes.iterdir():
        each.unlink()
    phone.report(handle.pid, signal=11)
    report = next(phone.crashes.glob("*.ips"))
    os.utime(report, (0, 0))
    assert phone.pid == handle.pid
    os.kill(handle.pid, signal.SIGKILL)
    assert transport.wait(handle, 10.0) is Status.VANISHED
    os.utime(report)
    assert transport.poll(handle) is Status.ENDED
    assert transport.collect(handle).exit_code == 128 + 11
    report.unlink()
    transport.clean(handle)


def test_a_warm_phone_is_waited_for_and_not_measured_when_it_stays_warm(
    phone: Iphone, transport: IosTransport, fake_model: FakeModel, fake_harness: HarnessBuild
) -> None:
    limits = replace(CALM, max_skin_temperature_c=36.0, settle_timeout_s=1.0)
    job = on(replace(transport.device, conditions=limits), fake_model())
    phone.state(battery__temperature_centi_c=3810)
    (run,) = measured(transport, job, fake_harness)
    assert (run.outcome, run.error_class) == (Outcome.NOT_READY, "not_settled")
    assert run.reason == "iphone16pro did not settle in 1 s: its battery is at 38.1 C, the limit is 36 C"
    phone.state(battery__temperature_centi_c=3000, thermal_state="serious")
    (run,) = measured(transport, job, fake_harness)
    assert run.reason == "iphone16pro did not settle in 1 s: its thermal status is severe"
    phone.state(thermal_state="nominal", low_power_mode=True)
    (run,) = measured(transport, job, fake_harness)
    assert run.reason == "iphone16pro did not settle in 1 s: its low-power mode is on"
    phone.state(low_power_mode=False)
    (run,) = measured(transport, job, fake_harness)
    assert run.outcome is Outcome.OK, run.reason


def test_a_system_monitor_that_says_nothing_is_a_reading_with_its_reason(phone: Iphone, transport: IosTransport) -> None:
    phone.state(monitor_is_silent=True)
    transport.phone.developer_s = 20.0
    (busy,) = [reading for reading in transport.vitals("before") if reading.name == "cpu_busy_ratio"]
    assert (busy.value, busy.reason) == (None, "the system monitor says nothing of it")
    phone.state(monitor_is_silent=False, busy_ratio=0.25)
    (busy,) = [reading for reading in transport.vitals("before") if reading.name == "cpu_busy_ratio"]
    assert busy.value == pytest.approx(0.25)


# Memory.


def footprints(run: Run) -> dict[str, tuple[float, ...]]:
    return {item.source: item.values for item in run.readings if item.metric == "phys_footprint_bytes"}


@BOTH
def test_beside_a_memory_pass_the_system_monitor_tells_the_footprint_as_a_second_source(
    phone: Iphone, transport: IosTransport, fake_model: FakeModel, fake_harness: HarnessBuild
) -> None:
    model = fake_model(sleep_ns=300_000_000, allocate_bytes=50_000_000)
    job = replace(on(transport.device, model), pass_=Pass.MEMORY)
    (run,) = measured(transport, job, fake_harness)
    assert run.outcome is Outcome.OK, run.reason
    found = footprints(run)
    assert len(found["sysmontap"]) >= 3
    assert 50_000_000 < max(found["sysmontap"]) <= found[""][0] * 1.01
    (series,) = [item for item in run.readings if (item.metric, item.source) == ("phys_footprint_bytes", "sysmontap")]
    wall_ns = next(item.values[0] for item in run.readings if item.metric == "wall_ns")
    assert series.at_ns is not None
    assert list(series.at_ns) == sorted(series.at_ns)
    assert series.at_ns[-1] < wall_ns + 2e9
    (rate,) = [item for item in run.state if item.name == "footprint_poll_hz"]
    assert (rate.value, rate.source) == (4.0, "sysmontap, while it measures")


def test_a_memory_pass_that_is_over_before_the_system_monitor_tells_anything_says_so(
    phone: Iphone, transport: IosTransport, fake_model: FakeModel, fake_harness: HarnessBuild
) -> None:
    (run,) = measured(transport, replace(on(transport.device, fake_model()), pass_=Pass.MEMORY), fake_harness)
    assert run.outcome is Outcome.OK, run.reason
    assert set(footprints(run)) == {"", "start", "loaded", "ran"}
    (why,) = [item for item in run.absent if item.source == "sysmontap"]
    assert why.reason == "the system monitor told nothing before the run was over"


def test_a_memory_pass_that_hangs_leaves_no_system_monitor_running(
    phone: Iphone, transport: IosTransport, fake_model: FakeModel, fake_harness: HarnessBuild
) -> None:
    job = replace(on(transport.device, fake_model(hang_at_iteration=1), timeout_s=2.0), pass_=Pass.MEMORY)
    (run,) = measured(transport, job, fake_harness)
    assert (run.outcome, run.error_class) == (Outcome.TIMED_OUT, "hung")
    time.sleep(0.6)
    assert transport.phone.watched() == ""


@pytest.mark.parametrize("trouble", ["kill worker", "cut"])
def test_trouble_beside_a_memory_pass_costs_the_second_source_only(
    phone: Iphone, transport: IosTransport, fake_model: FakeModel, fake_harness: HarnessBuild, trouble: str
) -> None:
    def kill() -> None:
        assert transport.phone.worker.pid is not None
        os.kill(transport.phone.worker.pid, signal.SIGKILL)

    job = replace(on(transport.device, fake_model(sleep_ns=400_000_000), timeout_s=60.0), pass_=Pass.MEMORY)
    (run,) = measured(transport, job, fake_harness, {"kill worker": kill, "cut": phone.cut_links}[trouble])
    assert run.outcome is Outcome.OK, run.reason
    assert footprints(run)[""][0] > 0
    works_again(transport, fake_model, fake_harness)


# Leases.


def test_a_phone_is_held_by_one_host_at_a_time(phone: Iphone, device: Device, transport: IosTransport) -> None:
    transport.claim(Holder("host-one", "process 7 of ann on rack1: farm run"))
    other = IosTransport(device)
    with pytest.raises(DeviceBusy, match="iphone16pro is held by process 7 of ann on rack1: farm run"):
        other.claim(Holder("host-two", "somebody else"))
    asking = IosTransport(device)
    assert asking.holder() == Holder("host-one", "process 7 of ann on rack1: farm run")
    phone.state(clock_offset_s=241.0)  # no sign of life for so long
    assert asking.holder() is None
    asking.release()
    other.claim(Holder("host-two", "somebody else"))
    transport.lease.renewed_s = -1000.0
    with pytest.raises(DeviceBusy, match="held by somebody else"):
        transport.vitals("before")
    transport.lease.give_up()
    other.release()
    assert not (phone.documents / "lease.json").exists()


def test_another_controllers_look_at_a_phone_that_is_held_leaves_what_runs_there_alone(
    phone: Iphone, device: Device, transport: IosTransport, fake_model: FakeModel, tmp_path: Path
) -> None:
    phone.package(tmp_path / "harness.ipa", source_hash="another build")
    transport.claim(Holder("host-one", "process 7 of ann on rack1: farm run"))
    other = IosTransport(device)
    other.preflight()
    identity = transport.identify()
    job = on(device, fake_model(sleep_ns=300_000_000))
    transport.push(job.artifact.path, "files/model")
    handle = transport.start(arguments(job, BoxNames("files/model"), "aa"), "aa")
    other.preflight()
    assert other.identify() == identity
    other.device = replace(device, harness=tmp_path / "harness.ipa")
    with pytest.raises(DeviceBusy, match="is held by process 7 of ann on rack1"):
        other.preflight()
    assert transport.poll(handle) is Status.RUNNING
    assert transport.wait(handle, 20.0) is Status.ENDED
    assert transport.collect(handle).exit_code == 0
    transport.clean(handle)
    transport.lease.give_up()
    transport.phone.release("host-one")


def test_a_lease_is_renewed_while_a_big_file_is_sent_and_read_back(phone: Iphone, transport: IosTransport, tmp_path: Path) -> None:
    transport.reconnect()  # over the cable that is to be slow
    transport.lease.seconds = 4.0
    transport.claim(Holder("here", "a test"))
    file = tmp_path / "big"
    file.write_bytes(bytes(range(256)) * 16_000 + b"leased")
    phone.cable(rate_bytes_per_s=1_000_000)
    left_s: list[float] = []
    began_s = time.monotonic()
    sending = threading.Thread(target=transport.push, args=(file, "files/leased"))
    sending.start()
    while sending.is_alive():
        left_s.append(json.loads((phone.documents / "lease.json").read_text())["until_s"] - time.time())
        time.sleep(0.1)
    phone.cable()
    assert time.monotonic() - began_s > transport.lease.seconds
    assert min(left_s) > 0
    transport.lease.give_up()
    transport.phone.release("here")


def test_two_hosts_that_claim_at_once_do_not_both_get_the_phone(phone: Iphone, device: Device, transport: IosTransport) -> None:
    transports = [transport, IosTransport(device)]
    transports[1].preflight()
    got: list[str] = []
    barrier = threading.Barrier(2)

    def claim(number: int) -> None:
        barrier.wait()
        try:
            transports[number].claim(Holder(f"host-{number}", f"host {number}"))
            got.append(f"host-{number}")
        except DeviceBusy:
            pass

    for _ in range(5):
        threads = [threading.Thread(target=claim, args=(number,)) for number in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(got) == 1
        got.clear()
        for number, each in enumerate(transports):
            each.lease.give_up()
            each.phone.release(f"host-{number}")
    transports[1].phone.worker.close()


# Preflight.


def developer_image(folder: Path) -> Path:
    """A folder with images of both kinds."""
    for name in ("Image.dmg", "BuildManifest.plist", "Image.dmg.trustcache"):
        (folder / name).write_bytes(name.encode())
    return folder


def unready(transport: IosTransport) -> DeviceNotReady:
    with pytest.raises(DeviceNotReady) as caught:
        transport.preflight()
    return caught.value


@BOTH
@pytest.mark.parametrize(
    ("state", "error_class", "message", "remedy"),
    [
        ({"lock": "locked"}, "locked", "{} is locked with its passcode", "unlock it"),
        ({"developer_mode": False}, "developer_mode_off", "{} has developer mode off", "Settings > Privacy & Security > Developer Mode"),
        ({"image": None}, "no_image", "{} has no developer image mounted", "images = FOLDER"),
        ({"battery__level_percent": 9}, "low_battery", "{}'s battery is at 9 %, the least is 20%", "let it charge"),
        ({"low_power_mode": True}, "low_power_mode", "{} is in low-power mode", "Settings > Battery"),
    ],
)
def test_what_stands_in_the_way_is_one_sentence_with_the_remedy(
    phone: Iphone, device: Device, connected: Connected, state: dict[str, object], error_class: str, message: str, remedy: str
) -> None:
    phone.state(**state)
    error = unready(connected(device))
    assert (error.error_class, error.message) == (error_class, message.format(phone.name))
    assert error.hint is not None
    assert remedy in error.hint


def test_an_app_that_does_not_come_to_the_front_is_no_phone_whose_state_is_unknown(
    phone: Iphone, device: Device, connected: Connected, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("farm.devices.ios.ready._PROBE_S", 1.0)
    phone.state(app_fault="silent")
    error = unready(connected(device))
    assert (error.error_class, error.message) == ("not_started", f"{phone.name}'s harness app was started and said nothing in 1 s")
    assert error.hint is not None
    assert "wake its screen" in error.hint


@pytest.mark.parametrize(
    ("trust", "error_class", "said"),
    [("ask", "trust_pending", "asks whether to trust this computer"), ("no", "trust_denied", "was told not to trust this computer")],
)
def test_a_phone_that_is_not_paired_says_what_to_do(
    phone: Iphone, device: Device, connected: Connected, trust: str, error_class: str, said: str
) -> None:
    phone.revoke_trust()
    phone.forget()
    phone.state(trust=trust)
    error = unready(connected(device))
    assert error.error_class == error_class, error.message
    assert said in error.message
    phone.state(trust="yes")
    connected(device).preflight()


def test_a_usbmuxd_that_is_not_there_and_a_phone_that_is_not_plugged_in(phone: Iphone, device: Device, connected: Connected) -> None:
    assert unready(connected(replace(device, usbmux="127.0.0.1:1"))).error_class == "no_usbmuxd"
    phone.unplug()
    with pytest.raises(DeviceLost) as caught:
        connected(device).preflight()
    assert caught.value.message == f"{phone.name} is gone: no iPhone with the udid {phone.udid} is plugged in"
    assert caught.value.hint is not None
    assert "plug it in" in caught.value.hint


@BOTH
def test_the_developer_image_is_mounted_from_a_folder(phone: Iphone, device: Device, connected: Connected, tmp_path: Path) -> None:
    phone.state(image=None)
    folder = replace(device, images=tmp_path)
    assert unready(connected(folder)).error_class == "no_image"
    if phone.name == "iphonex":
        (tmp_path / "16.7").mkdir()
        (tmp_path / "16.7/DeveloperDiskImage.dmg").write_bytes(b"an image")
        (tmp_path / "16.7/DeveloperDiskImage.dmg.signature").write_bytes(b"its signature")
    else:
        developer_image(tmp_path)
        phone.state(manifest=None)
        assert unready(connected(folder)).error_class == "image_not_personalised"
        phone.state(manifest="a ticket")
    connected(folder).preflight()
    connected(device).preflight()


@BOTH
@pytest.mark.parametrize(
    ("installed", "error_class", "said"),
    [
        (None, "no_app", "does not have the harness app org.phonefarm.harness"),
        ({"protocol": 0}, "app_protocol", "speaks protocol 0, this farm speaks 1"),
        ({"days": -1}, "app_expired", "its provisioning profile has ended"),
    ],
)
def test_an_app_that_is_not_fit_is_replaced_when_a_package_is_given(
    phone: Iphone, device: Device, connected: Connected, tmp_path: Path, installed: dict[str, Any] | None, error_class: str, said: str
) -> None:
    phone.package(tmp_path / "harness.ipa")
    if installed is None:
        phone.remove_app()
    else:
        phone.install_app(**installed)
    error = unready(connected(device))
    assert error.error_class == error_class
    assert said in error.message
    assert error.hint is not None
    assert "harness = FILE.ipa" in error.hint
    connected(replace(device, harness=tmp_path / "harness.ipa")).preflight()
    connected(device).preflight()


def test_an_ios_between_16_and_17_4_is_refused_with_the_reason(fake_harness: HarnessBuild) -> None:
    with Bench([fake_harness], profiles=("iphone15",)) as bench:
        phone = bench.phones["iphone15"]
        error = unready(IosTransport(Device("iphone15", DeviceKind.IOS, udid=phone.udid, usbmux=bench.address)))
    assert error.message == "iphone15 runs iOS 17.2.1: from 17.0 to 17.3 developer services cannot be reached from Linux"
    assert error.hint == "update it to iOS 17.4 or newer"
