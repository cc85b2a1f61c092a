"""How the harness app ends: as it should, by crashing, hanging, or for want of memory; and what it leaves."""

import os
import signal

import pytest

from farm.devices.ios.device import IosTransport
from farm.devices.transport import Status
from farm.errors import DeviceNotReady
from farm.workloads import HarnessBuild, Outcome
from tests.bench.ios import Iphone
from tests.conftest import FakeModel
from tests.devices import measured, on, started
from tests.devices.ios import BOTH, works_again


def test_an_app_that_cannot_be_ended_is_said_and_not_waited_for_for_ever(
    phone: Iphone, transport: IosTransport, fake_model: FakeModel
) -> None:
    job = on(transport.device, fake_model(hang_at_iteration=1))
    handle = started(transport, job)
    phone.state(is_deaf=True)
    with pytest.raises(DeviceNotReady, match="iphone16pro: the harness app does not end"):
        transport.stop(handle)
    phone.state(is_deaf=False)
    transport.restore()
    assert phone.pid is None


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
    handle = started(transport, job)
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
