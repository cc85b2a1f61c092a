"""Memory passes on an iPhone, with the system monitor as a second source."""

import os
import signal
import time
from dataclasses import replace

import pytest

from farm.devices.ios.device import IosTransport
from farm.workloads import HarnessBuild, Outcome, Pass, Run
from tests.bench.ios import Iphone
from tests.conftest import FakeModel
from tests.devices import measured, on
from tests.devices.ios import BOTH, works_again


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
