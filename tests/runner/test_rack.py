"""Many jobs on one device: their order, what is replaced, and when its session ends."""

import contextlib
import itertools
from dataclasses import replace

import pytest

from farm import rack
from farm.devices.local import LocalTransport
from farm.errors import DeviceNotReady
from farm.workloads import (
    Conditions,
    Device,
    DeviceKind,
    HarnessBuild,
    Outcome,
    Pass,
    PowerSettings,
    PowerSource,
    Run,
    Workload,
)
from tests.conftest import CALM, LOCAL, NOW, FakeModel, a_job, an_artifact


def test_a_plan_has_every_job_once_in_blocks_and_the_seed_decides_the_order() -> None:
    work = [(Workload(name, (Pass.LATENCY, Pass.MEMORY)), an_artifact(name)) for name in "abc"]
    jobs = rack.plan(LOCAL, work, 4, seed=1)
    assert jobs == rack.plan(LOCAL, work, 4, seed=1)
    assert jobs != rack.plan(LOCAL, work, 4, seed=2)
    blocks = [jobs[at : at + 6] for at in range(0, 24, 6)]
    for repeat, block in enumerate(blocks):
        assert {(job.workload.id, job.pass_, job.repeat) for job in block} == {
            (*pair, repeat) for pair in itertools.product("abc", (Pass.LATENCY, Pass.MEMORY))
        }
    assert len({tuple((job.workload.id, job.pass_) for job in block) for block in blocks}) > 1


def test_what_gives_the_same_again_is_planned_once() -> None:
    jobs = rack.plan(LOCAL, [(Workload("w", (Pass.LATENCY, Pass.QUALITY)), an_artifact())], 4, seed=1)
    assert [(job.repeat, job.pass_) for job in jobs if job.pass_ is Pass.QUALITY] == [(0, Pass.QUALITY)]
    assert len(jobs) == 5


def test_a_disturbed_run_is_kept_and_replaced_as_often_as_stated(
    transport: LocalTransport, fake_model: FakeModel, fake_harness: HarnessBuild
) -> None:
    strict = Device(
        "local", DeviceKind.LOCAL, conditions=Conditions(max_cpu_busy_ratio=10.0, max_run_delay_ratio=10.0, min_thread_cpu_ratio=99.0)
    )
    job = a_job(fake_model(spin_ns=1000))
    kept: list[Run] = []
    hooks = rack.Hooks(lambda: NOW, lambda _job, _phase: None, kept.append)
    runs = list(rack.measure([(replace(job, device=strict), 1)], transport, {"fake": fake_harness}, "s", hooks, replacements=2))
    assert [run.attempt for run in runs] == [1, 2, 3]
    assert {run.outcome for run in runs} == {Outcome.INVALID}
    assert kept == runs
    assert runs[0].readings


@pytest.mark.parametrize(("jobs", "measured", "ends"), [(5, 3, True), (3, 3, False), (2, 2, False)])
def test_a_device_that_is_never_ready_ends_its_session_while_jobs_are_left(
    transport: LocalTransport, fake_model: FakeModel, fake_harness: HarnessBuild, jobs: int, measured: int, ends: bool
) -> None:
    restless = Device("local", DeviceKind.LOCAL, conditions=Conditions(max_cpu_busy_ratio=-1.0, settle_timeout_s=0.01))
    artifact = fake_model()
    work = [(replace(a_job(artifact, repeat=repeat), device=restless), 1) for repeat in range(jobs)]
    kept: list[Run] = []
    hooks = rack.Hooks(lambda: NOW, lambda _job, _phase: None, kept.append)
    said = pytest.raises(DeviceNotReady, match="was not ready for 3 jobs in a row, so its session ends here: local did not settle")
    with said if ends else contextlib.nullcontext():
        list(rack.measure(work, transport, {"fake": fake_harness}, "s", hooks))
    assert [run.outcome for run in kept] == [Outcome.NOT_READY] * measured
    assert len(rack.left([job for job, _ in work], kept)) == jobs  # all can be gone on with


def test_a_device_that_its_power_pass_alone_finds_not_ready_goes_on_with_the_others(
    transport: LocalTransport, fake_model: FakeModel, fake_harness: HarnessBuild
) -> None:
    device = Device("local", DeviceKind.LOCAL, power=PowerSettings(PowerSource.NONE), conditions=CALM)
    power = [replace(a_job(fake_model(), repeat=repeat), device=device, pass_=Pass.POWER) for repeat in range(4)]
    hooks = rack.Hooks(lambda: NOW, lambda _job, _phase: None, lambda _run: None)
    work = [(job, 1) for job in (*power, replace(power[0], pass_=Pass.MEMORY))]
    *refused, last = rack.measure(work, transport, {"fake": fake_harness}, "s", hooks)
    assert [run.error_class for run in refused] == ["no_power_source"] * 4
    assert last.outcome is Outcome.OK, last.reason
