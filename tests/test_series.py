from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from farm.series import inputs_sha256, series_key, workload_key
from farm.workloads import ItemKind, Items, Job, Pass, PassSettings, Workload
from tests.conftest import a_job, an_artifact

JOB = a_job(an_artifact())


def with_settings(job: Job, **changes: Any) -> Job:
    return replace(job, workload=replace(job.workload, settings=replace(job.workload.settings, **changes)))


def key(job: Job, device: str = "local-1", runtime: str = "executorch", flavour: str = "xnnpack") -> str:
    return series_key(device, job, runtime, flavour)


def test_what_may_change_a_number_by_design_stays_within_the_series() -> None:
    """Artifact, repeat, and how long we would have waited: causes to look for, or nothing at all."""
    assert key(JOB) == key(replace(JOB, artifact=an_artifact("other.pte"), repeat=3)) == key(with_settings(JOB, timeout_s=1.0))


@pytest.mark.parametrize(
    "other",
    [
        with_settings(JOB, threads=4),
        with_settings(JOB, cpus="4-7"),
        with_settings(JOB, iterations=6),
        with_settings(JOB, compute_units="cpu_only"),
        with_settings(replace(JOB, pass_=Pass.QUALITY), compute_units="cpu_only"),
        replace(JOB, pass_=Pass.MEMORY),
        replace(JOB, workload=replace(JOB.workload, id="b")),
        replace(JOB, workload=replace(JOB.workload, method="other")),
        replace(JOB, workload=replace(JOB.workload, inputs=(b"x",))),
        replace(JOB, workload=replace(JOB.workload, prompt=(1, 2))),
    ],
    ids=["threads", "cpus", "iterations", "units", "units of answers", "pass", "id", "method", "inputs", "prompt"],
)
def test_what_is_asked_of_the_model_splits_a_series(other: Job) -> None:
    assert key(other) != key(JOB)


def test_a_power_passs_durations_split_its_own_series_and_no_other() -> None:
    power = replace(JOB, pass_=Pass.POWER)
    assert key(with_settings(power, power_idle_ms=1)) != key(power) != key(with_settings(power, power_work_ms=1))
    assert key(with_settings(JOB, power_idle_ms=1, power_work_ms=1)) == key(JOB)


def test_device_runtime_and_flavour_are_never_mixed() -> None:
    assert len({key(JOB), key(JOB, device="local-2"), key(JOB, runtime="fake"), key(JOB, flavour="plain_attention+xnnpack")}) == 4


def test_inputs_are_known_by_their_bytes_and_their_order() -> None:
    def with_inputs(*inputs: bytes) -> Job:
        return Job(JOB.device, Workload("w", (Pass.LATENCY,), PassSettings(), inputs=inputs), JOB.artifact, Pass.LATENCY, 0)

    assert inputs_sha256(with_inputs()) == "generated"
    assert len({inputs_sha256(with_inputs(*given)) for given in ((b"ab",), (b"a", b"b"), (b"b", b"a"))}) == 3
    assert len(workload_key(JOB)) == 32


def asked(sha256: str, job: Job = JOB) -> Job:
    """The job as a quality pass with this file of items."""
    file = Items(sha256, "a.items", Path("a.items"), ItemKind.CLASSIFY, 1, (4,), (0,))
    return replace(job, pass_=Pass.QUALITY, workload=replace(job.workload, items=file))


def test_the_items_are_what_a_quality_is_of() -> None:
    assert inputs_sha256(asked("5eed")) == "5eed"
    assert key(asked("5eed")) != key(asked("07e5"))
    assert key(asked("5eed")) != key(asked("5eed", with_settings(JOB, threads=4)))
    assert key(asked("5eed")) == key(asked("5eed", with_settings(JOB, iterations=6, duration_ms=5, cpus="0")))


def test_items_do_not_split_the_series_of_other_passes() -> None:
    assert key(replace(asked("5eed"), pass_=Pass.LATENCY)) == key(JOB)


def test_a_series_is_no_other_for_a_setting_that_is_younger_than_it() -> None:
    """Its key as it was before compute units could be stated."""
    assert key(JOB) == "99036fc2f9e04bd7260981874a766811"
