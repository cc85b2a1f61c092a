"""A phone that charged while its power was measured, or may have: its battery's energy is not the load's."""

from dataclasses import replace

import pytest

from farm.power import with_energy
from farm.workloads import Outcome, Readings, StateReading
from tests.power.runs import AT_NS, DRAINED, a_power_run, gauge, phases, rail, state, values


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"plugged": "usb"}, "its battery's energy is not the load's: it was plugged in (usb) before the pass"),
        ({"status": "charging"}, "its battery's energy is not the load's: its battery said charging before the pass"),
    ],
)
def test_a_phone_that_charged_gives_an_invalid_run_that_says_so(changes: dict[str, str], said: str) -> None:
    run = with_energy(a_power_run(phases() + gauge(), state(**changes)))
    assert (run.outcome, run.error_class, run.reason) == (Outcome.INVALID, "charging", said)
    assert run.hint
    assert "energy_per_inference_uj" not in values(run)
    assert any(item.metric == "battery_current_printed" for item in run.readings)  # what was read is kept


def test_a_phone_that_does_not_say_whether_it_charged_may_have() -> None:
    frozen = StateReading("battery_plugged", "after", reason="frozen since `dumpsys battery set` or `unplug`")
    said = [item for item in state() if (item.name, item.phase) != ("battery_plugged", "after")]
    run = with_energy(a_power_run(phases() + gauge(), [*said, frozen]))
    assert run.error_class == "charging"
    assert run.reason == (
        "its battery's energy is not the load's: whether it was plugged in after the pass is unknown: "
        "frozen since `dumpsys battery set` or `unplug`"
    )


def test_a_cable_in_the_middle_of_the_pass_is_seen_by_the_looks() -> None:
    looks = Readings("unplugged_ratio", (0.0, 1.0, 1.0, 0.0), "dumpsys battery", (0, 20_000_000_000, 30_000_000_000, 40_000_000_000))
    run = with_energy(a_power_run([*phases(), *gauge(), looks], state()))
    assert run.error_class == "charging"
    assert run.reason is not None
    assert "in 1 of 3 looks during the pass" in run.reason


@pytest.mark.parametrize(("source", "origin"), [("fuel_gauge", "battery"), ("odpm", "dumpsys IPowerStats")])
def test_a_cable_in_the_middle_of_the_pass_is_seen_by_the_batterys_status(source: str, origin: str) -> None:
    plugged = replace(DRAINED, values=tuple(float(not 30e9 <= at < 31e9) for at in AT_NS))
    run = with_energy(a_power_run([*phases(), *gauge(), rail("CPU", 1.0)], state(source, origin), status=plugged))
    assert run.error_class == "charging"
    assert run.reason is not None
    assert "it was plugged in, or did not say that it was not, in 10 of 590 looks during the pass" in run.reason


def test_the_status_of_another_battery_is_not_the_phones() -> None:
    pen = replace(DRAINED, values=tuple(0.0 for _ in AT_NS), source="pen-battery")
    run = with_energy(a_power_run([*phases(), *gauge(), pen], state()))
    assert run.outcome is Outcome.OK, run.reason


def test_a_pass_in_which_nothing_told_whether_a_cable_was_in_is_not_believed() -> None:
    run = with_energy(a_power_run(phases() + gauge(), state(), status=None))
    assert run.error_class == "charging"
    assert run.reason == "its battery's energy is not the load's: whether it was plugged in during the pass is unknown"
