"""Cables, tunnels and workers that break: what runs on the phone goes on."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from farm.devices.ios.device import IosTransport
from farm.errors import DeviceLost
from farm.workloads import Device, DeviceKind, HarnessBuild, Outcome
from tests.bench.android import proxy
from tests.bench.ios import Bench, Iphone
from tests.conftest import CALM, FakeModel
from tests.devices import measured, on
from tests.devices.ios import BOTH, Connected, developer_image, works_again


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

    hooks: dict[str, Callable[[], object]] = {
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
    assert time.monotonic() - began_s < 8
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert transport.phone.values()["ProductType"] == "iPhone17,1"


@BOTH
def test_a_connection_that_broke_while_nothing_was_asked_is_made_anew_without_waiting_for_anything(
    phone: Iphone, transport: IosTransport
) -> None:
    transport.preflight()
    phone.cut_links()
    transport.preflight()
