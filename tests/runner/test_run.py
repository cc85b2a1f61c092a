"""One run: what is measured, and what whatever goes wrong comes to."""

import time
from dataclasses import replace

import pytest

from farm.devices.local import LocalTransport
from farm.errors import ArtifactError
from farm.workloads import (
    Conditions,
    Device,
    DeviceKind,
    Job,
    Outcome,
    Pass,
)
from tests.conftest import CALM, FakeModel, a_job
from tests.runner import run_of, with_reference


def test_a_measured_run_has_its_readings_and_its_state(transport: LocalTransport, fake_model: FakeModel) -> None:
    run = run_of(a_job(fake_model(spin_ns=100_000)), transport)
    assert run.outcome is Outcome.OK, run.reason
    latency = next(item for item in run.readings if item.metric == "latency_ns")
    assert len(latency.values) == 5
    assert min(latency.values) >= 100_000
    assert run.measured is not None
    assert run.measured.flavour == "fake"
    assert {state.phase for state in run.state} == {"before", "after"}
    assert run.output_check == "unchecked"
    assert not list((transport.box / "runs").iterdir())


@pytest.mark.parametrize(
    ("settings", "outcome", "error_class", "said"),
    [
        ({"crash_at_iteration": 3}, Outcome.FAILED, "crashed", "SIGABRT"),
        ({"exit_at_iteration": 3}, Outcome.FAILED, "no_end", "without writing its end line"),
        ({"hang_at_iteration": 3}, Outcome.TIMED_OUT, "hung", "had not ended after 1 s"),
        ({"fail_at_iteration": 3}, Outcome.FAILED, "execution_failed", "as its model says"),
        ({"fail_load": "the model is of no use"}, Outcome.FAILED, "model_invalid", "of no use"),
        ({"speed": "fast"}, Outcome.FAILED, "model_invalid", "not understood"),
    ],
)
def test_whatever_happens_there_is_a_run_with_its_reason(
    transport: LocalTransport, fake_model: FakeModel, settings: dict[str, object], outcome: Outcome, error_class: str, said: str
) -> None:
    run = run_of(a_job(fake_model(**settings), timeout_s=1.0), transport)
    assert (run.outcome, run.error_class) == (outcome, error_class)
    assert run.reason is not None
    assert said in run.reason
    assert not run.readings
    again = run_of(a_job(fake_model("other.fake")), transport)  # the device is as it was
    assert again.outcome is Outcome.OK


def test_a_sustain_pass_says_how_fast_a_device_stays(transport: LocalTransport, fake_model: FakeModel) -> None:
    run = run_of(a_job(fake_model(spin_ns=1_000_000), Pass.SUSTAIN, sustain_ms=1000, timeout_s=20.0), transport)
    assert (run.outcome, run.error_class) == (Outcome.FAILED, "not_measured")  # one window is too few, and it says so
    assert run.reason is not None
    assert "sustained_ratio could not be measured: the pass has only" in run.reason
    assert sum(next(item.values for item in run.readings if item.metric == "window_items_count")) > 0


def test_a_pass_that_throttled_is_invalid(transport: LocalTransport, fake_model: FakeModel) -> None:
    job = a_job(fake_model(spin_ns=1000))
    touchy = Device("local", DeviceKind.LOCAL, conditions=replace(CALM, max_slowdown_ratio=-1.0))  # any time at all is too long
    run = run_of(replace(job, device=touchy), transport)
    assert (run.outcome, run.error_class) == (Outcome.INVALID, "throttled")
    assert run.reason is not None
    assert "a fixed computation took" in run.reason
    assert run.readings


@pytest.mark.parametrize(
    ("output", "check", "outcome"), [(b"\0\0\x80\x3f", "passed", Outcome.OK), (b"\0\0\0\x40", "failed", Outcome.FAILED)]
)
def test_a_fast_wrong_answer_is_a_failed_run(
    transport: LocalTransport, fake_model: FakeModel, output: bytes, check: str, outcome: Outcome
) -> None:
    run = run_of(a_job(with_reference(fake_model(), output)), transport)
    assert (run.output_check, run.outcome) == (check, outcome)
    assert run.readings  # kept, and shown


def test_a_model_that_becomes_another_file_is_not_measured_under_its_old_name(transport: LocalTransport, fake_model: FakeModel) -> None:
    job = a_job(fake_model(spin_ns=1000))
    job.artifact.path.write_text("farm-fake 1\nspin_ns 2000\n")
    with pytest.raises(ArtifactError, match="has become another file"):
        run_of(job, transport)
    job.artifact.path.unlink()
    with pytest.raises(ArtifactError, match="cannot be read any more"):
        run_of(job, transport)


def test_a_model_that_the_box_holds_is_not_asked_for_again(transport: LocalTransport, fake_model: FakeModel) -> None:
    job = a_job(fake_model(spin_ns=1000))
    assert run_of(job, transport).outcome is Outcome.OK
    job.artifact.path.unlink()
    assert run_of(job, transport).outcome is Outcome.OK


def test_an_output_that_is_not_a_number_fails(transport: LocalTransport, fake_model: FakeModel) -> None:
    run = run_of(a_job(with_reference(fake_model(output_values="nan"), b"\0\0\x80\x3f")), transport)
    assert run.error_class == "wrong_output"
    assert run.reason is not None
    assert "not finite" in run.reason


def test_a_device_that_does_not_settle_is_a_run_that_says_so(transport: LocalTransport, fake_model: FakeModel) -> None:
    restless = Device("local", DeviceKind.LOCAL, conditions=Conditions(max_cpu_busy_ratio=-1.0, settle_timeout_s=0.1))
    job = a_job(fake_model())
    started_s = time.monotonic()
    run = run_of(Job(restless, job.workload, job.artifact, job.pass_, 0), transport)
    assert run.outcome is Outcome.NOT_READY
    assert run.reason is not None
    assert "did not settle in 0.1 s: the CPUs are" in run.reason
    assert time.monotonic() - started_s < 10


def test_a_run_is_waited_for_also_where_the_kernel_does_not_tell_its_end(
    transport: LocalTransport, fake_model: FakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(_: int) -> int:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("os.pidfd_open", forbidden)
    run = run_of(a_job(fake_model(spin_ns=1_000_000)), transport)
    assert run.outcome is Outcome.OK, run.reason
