"""What a device says after a pass, and what the pass is worth then."""

from dataclasses import replace

import pytest

from farm import checks
from farm.workloads import Outcome, Pass, Run, StateReading
from tests.conftest import a_job, a_run, a_session, an_artifact


def a_run_of(pass_: Pass) -> Run:
    return a_run(a_session(), job=a_job(an_artifact(), pass_))


@pytest.mark.parametrize("pass_", [Pass.LATENCY, Pass.LOAD_COLD, Pass.LOAD_WARM, Pass.POWER, Pass.SUSTAIN])
def test_a_pass_during_which_the_screen_went_off_is_invalid(pass_: Pass) -> None:
    run = checks.as_it_was(a_run_of(pass_), [StateReading("wakefulness", "after", text="dozing")])
    assert (run.outcome, run.error_class) == (Outcome.INVALID, "asleep")
    assert run.reason == "its screen went off: after the pass it is dozing"


@pytest.mark.parametrize("pass_", [Pass.MEMORY, Pass.QUALITY])
def test_a_peak_and_an_answer_are_what_they_are_on_a_phone_asleep(pass_: Pass) -> None:
    run = a_run_of(pass_)
    assert checks.as_it_was(run, [StateReading("wakefulness", "after", text="asleep")]) == run


@pytest.mark.parametrize(
    "after", [[], [StateReading("wakefulness", "after", text="awake")], [StateReading("wakefulness", "after", reason="denied")]]
)
def test_a_device_that_is_awake_or_does_not_say_changes_nothing(after: list[StateReading]) -> None:
    run = a_run_of(Pass.LATENCY)
    assert checks.as_it_was(run, after) == run


def test_what_a_run_came_to_before_is_kept() -> None:
    run = replace(a_run_of(Pass.LATENCY), outcome=Outcome.FAILED, error_class="crashed", reason="SIGSEGV")
    said = [StateReading("wakefulness", "after", text="asleep"), StateReading("thermal_status", "after", value=3)]
    assert checks.as_it_was(run, said) == run


def test_a_device_that_throttles_after_a_pass_has_throttled() -> None:
    hot = [StateReading("thermal_status", "after", value=2)]
    run = checks.as_it_was(a_run_of(Pass.LATENCY), hot)
    assert (run.error_class, run.reason) == ("throttled", "after the pass its thermal status is moderate")
    assert checks.as_it_was(a_run_of(Pass.SUSTAIN), hot).outcome is Outcome.OK
