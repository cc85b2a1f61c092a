"""What state an iPhone is in, before a run and in it: locked, trusted, warm, busy."""

from dataclasses import replace

import pytest

from farm.devices.ios.device import IosTransport
from farm.workloads import HarnessBuild, Outcome
from tests.bench.ios import Iphone
from tests.conftest import CALM, FakeModel
from tests.devices import measured, on
from tests.devices.ios import works_again


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
