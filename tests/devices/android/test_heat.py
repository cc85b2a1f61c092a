"""Phones that are warm before a run, and that throttle in it."""

import re
from dataclasses import replace

from farm.devices.android.device import AndroidTransport
from farm.runner import Attempt, execute
from farm.workloads import HarnessBuild, Outcome, Pass
from tests.bench.android import Phone
from tests.conftest import CALM, NOW, FakeModel
from tests.devices import measured, on


def test_a_warm_phone_is_waited_for_and_not_measured_when_it_stays_warm(
    phone: Phone, transport: AndroidTransport, fake_model: FakeModel, fake_harness: HarnessBuild
) -> None:
    limits = replace(CALM, max_skin_temperature_c=36.0, settle_timeout_s=1.0)
    job = on(replace(transport.device, conditions=limits), fake_model())
    phone.state(hold_skin_c=37.5)
    attempt = Attempt("a-session", 1, fake_harness, lambda: NOW, lambda _: None)
    run = execute(job, transport, attempt)
    assert (run.outcome, run.error_class) == (Outcome.NOT_READY, "not_settled")
    assert run.reason is not None
    assert re.fullmatch(r"s25 did not settle in 1 s: its skin is at 37\.[45] C, the limit is 36 C", run.reason), run.reason
    phone.state(hold_skin_c=30.0)
    run = execute(job, transport, attempt)
    assert run.outcome is Outcome.OK, run.reason
    assert {reading.name for reading in run.state} >= {"skin_temperature_c", "thermal_status", "battery_level_percent", "frequency_hz"}


def test_a_phone_that_throttles_in_a_pass_gives_an_invalid_run(
    phone: Phone, transport: AndroidTransport, fake_model: FakeModel, fake_harness: HarnessBuild
) -> None:
    job = on(transport.device, fake_model(sleep_ns=200_000_000))
    runs = measured(transport, job, fake_harness, lambda: phone.state(hold_skin_c=45))
    assert runs[0].outcome is Outcome.INVALID
    assert runs[0].reason is not None
    assert re.fullmatch(r"after the pass its thermal status is (light|moderate|severe|critical)", runs[0].reason)


def test_a_sustain_pass_notes_how_warm_the_phone_becomes_and_is_valid_although_it_throttles(
    phone: Phone, transport: AndroidTransport, fake_model: FakeModel, fake_harness: HarnessBuild
) -> None:
    job = replace(on(transport.device, fake_model(sleep_ns=50_000_000), sustain_ms=12_000), pass_=Pass.SUSTAIN)
    (run,) = measured(transport, job, fake_harness, lambda: phone.state(hold_skin_c=45))
    assert run.outcome is Outcome.OK, run.reason
    noted = {item.metric: item for item in run.readings}
    assert max(noted["thermal_status"].values) >= 1  # the skin is held at 45 C: the phone says that it throttles
    assert max(noted["skin_temperature_c"].values) > 44
    at_ns = noted["thermal_status"].at_ns
    assert at_ns is not None
    assert -1e9 < at_ns[0] < at_ns[-1] < 20e9
    assert next(reading.value for reading in run.state if reading.name == "thermal_poll_hz") == 0.2
