"""A power run's readings, and what they come to: from the battery's own figures, or from an external meter."""

from dataclasses import replace

import numpy as np
import pytest

from farm.power import with_energy
from farm.watched import series
from farm.workloads import Outcome, PowerSettings, PowerSource, Readings, StateReading
from tests.power.runs import AT_NS, GROSS_UJ, IDLE_UW, NET_UJ, UNIX_NS, WORK_UW, a_power_run, gauge, interval, phases, powers, state, values


@pytest.mark.parametrize(("unit_ua", "sign"), [(1, 1), (1, -1), (1000, 1), (1000, -1)])
def test_energy_from_the_batterys_files_whatever_their_unit_and_sign(unit_ua: float, sign: float) -> None:
    run = with_energy(a_power_run(phases() + gauge(unit_ua, sign), state()))
    assert run.outcome is Outcome.OK, run.reason
    found = values(run)
    assert found["energy_per_inference_uj"] == pytest.approx(NET_UJ, rel=0.01)
    assert found["gross_energy_per_inference_uj"] == pytest.approx(GROSS_UJ, rel=0.01)
    assert found["power_uw"] == pytest.approx(WORK_UW, rel=0.01)
    assert found["idle_power_uw"] == pytest.approx(IDLE_UW, rel=0.01)
    low, high = interval(run, "energy_per_inference_uj")
    assert low < found["energy_per_inference_uj"] < high
    learned = {item.name: item.value or item.text for item in run.state if item.name.startswith("battery_current")}
    assert learned == {"battery_current_unit_ua": unit_ua, "battery_current_plus": f"{'into' if sign > 0 else 'out of'} the battery"}


def test_the_source_is_part_of_the_flavour_and_so_of_the_series() -> None:
    run = with_energy(a_power_run(phases() + gauge(), state()))
    assert run.measured is not None
    assert run.measured.flavour == "xnnpack+fuel_gauge"
    rails = with_energy(a_power_run([], state("odpm", "x"), PowerSettings(PowerSource.ODPM, rails=("S2M_*", "DDR"))))
    assert rails.measured is not None
    assert rails.measured.flavour == "xnnpack+odpm(S2M_*,DDR)"


def test_tokens_instead_of_inferences_where_they_were_counted() -> None:
    readings = [replace(item, metric="tokens_count") if item.metric == "inferences_count" else item for item in phases()]
    found = values(with_energy(a_power_run(readings + gauge(), state())))
    assert found["energy_per_token_uj"] == pytest.approx(NET_UJ, rel=0.01)
    assert "energy_per_inference_uj" not in found


def test_a_run_whose_windows_lie_far_apart_is_no_measurement() -> None:
    at = np.asarray(AT_NS)
    restless = np.where((at > 30e9) & (at < 33e9), 12.0, 1.0)
    (current, voltage) = gauge()
    wild = replace(current, values=tuple(float(value * factor) for value, factor in zip(current.values, restless, strict=True)))
    run = with_energy(a_power_run([*phases(), wild, voltage], state()))
    assert (run.outcome, run.error_class) == (Outcome.INVALID, "unsteady"), run.reason
    assert run.reason is not None
    assert run.reason.startswith("its windows leave the energy per inference, net, between ")
    assert values(run)["energy_per_inference_uj"] > 0  # what was read is kept


def test_a_stated_unit_that_the_readings_deny_fails_the_run_and_keeps_them() -> None:
    run = with_energy(a_power_run(phases() + gauge(1000), state(), PowerSettings(current_unit_ua=1)))
    assert (run.outcome, run.error_class) == (Outcome.FAILED, "power_ambiguous")
    assert run.reason is not None
    assert "is not what a phone draws" in run.reason
    assert "energy_per_inference_uj" not in values(run)


def test_a_charge_counter_that_rose_denies_a_discharge() -> None:
    charge = [StateReading("battery_charge_uah", phase, value=value) for phase, value in (("before", 3e6), ("after", 3.02e6))]
    uptime = [StateReading("uptime_s", phase, value=value) for phase, value in (("before", 100.0), ("after", 170.0))]
    run = with_energy(a_power_run(phases() + gauge(), [*state(), *charge, *uptime]))
    assert run.error_class == "power_ambiguous"


@pytest.mark.parametrize(
    ("readings", "error_class", "said"),
    [
        (phases(asleep_ns=5e9) + gauge(), "suspended", "suspended for 5.0 s of the idle phase"),
        (phases(clock_step_ns=3.6e12) + gauge(), "power_unread", "clock was set during the pass"),
        (phases(), "power_unread", "of battery was not read during the pass"),
        (phases()[:-1] + gauge(), "power_unread", "does not say how much it did"),
        (gauge(), "power_unread", "does not say when its idle phase was"),
    ],
)
def test_readings_that_do_not_tell_the_energy_fail_the_run(readings: list[Readings], error_class: str, said: str) -> None:
    run = with_energy(a_power_run(readings, state()))
    assert (run.outcome, run.error_class) == (Outcome.FAILED, error_class)
    assert run.reason is not None
    assert said in run.reason


def test_a_disturbed_run_keeps_its_outcome_and_has_its_energy_all_the_same() -> None:
    disturbed = replace(a_power_run(phases() + gauge(), state()), outcome=Outcome.INVALID, error_class="disturbed")
    run = with_energy(disturbed)
    assert (run.outcome, run.error_class) == (Outcome.INVALID, "disturbed")
    assert "energy_per_inference_uj" in values(run)


DUMP = """\
@@@ farm begin {begin:.6f}
@@@ farm battery
Current Battery Service state:
  AC powered: false
  USB powered: {usb}
  Wireless powered: false
  Charge counter: 3041500
  status: 3
  level: 71
  scale: 100
  voltage: 3900
  temperature: 294
{current}
@@@ farm refresh
@@@ farm end {end:.6f}
"""


def noted(current: str, usb: str = "false") -> list[Readings]:
    text = ""
    for at_ns, power_uw in zip(AT_NS[::5], powers()[::5], strict=True):
        seconds = UNIX_NS / 1e9 + at_ns / 1e9
        drawn_ma = round(power_uw / 3.9 / 1e3)
        text += DUMP.format(begin=seconds - 0.01, end=seconds + 0.01, current=current.format(-drawn_ma), usb=usb)
    return list(series(text, UNIX_NS))


@pytest.mark.parametrize(
    ("line", "origin"),
    [("  current now: {}", "dumpsys battery, current now"), ("@@@ farm command\n{}", "cmd battery")],
)
def test_energy_from_what_the_phone_noted_of_its_battery_service(line: str, origin: str) -> None:
    polled = StateReading("power_poll_hz", "before", value=2.0)
    stated = PowerSettings(current_unit_ua=1000, current_sign=1)
    run = with_energy(a_power_run(phases() + noted(line), [*state(origin=origin), polled], stated))
    assert run.outcome is Outcome.OK, run.reason
    assert values(run)["energy_per_inference_uj"] == pytest.approx(NET_UJ, rel=0.02)
    wrong = with_energy(a_power_run(phases() + noted(line), [*state(origin=origin), polled], PowerSettings(current_unit_ua=1)))
    assert wrong.error_class == "power_ambiguous"
    charging = with_energy(a_power_run(phases() + noted(line, usb="true"), [*state(origin=origin), polled]))
    assert charging.error_class == "charging"


def test_an_external_meter_counts_the_looks_during_the_pass_alone() -> None:
    meter = Readings("power_sample_uw", tuple(float(value) for value in powers()), "monsoon", AT_NS)
    off = Readings("unplugged_ratio", (0.0, 1.0, 1.0), "dumpsys battery", (500_000_000, 5_000_000_000, 55_000_000_000))
    cabled = state("monsoon", "monsoon", plugged="usb")
    run = with_energy(a_power_run([*phases(), meter, off], cabled))
    assert run.outcome is Outcome.OK, run.reason
    assert values(run)["energy_per_inference_uj"] == pytest.approx(NET_UJ, rel=0.01)
    assert with_energy(a_power_run([*phases(), meter], cabled)).error_class == "charging"


def test_a_run_that_never_had_a_source_is_left_as_it_is() -> None:
    run = a_power_run(phases(), [])
    assert with_energy(run) is run


def test_a_current_whose_small_readings_were_taken_for_errors_is_refused() -> None:
    current, voltage = gauge(unit_ua=1000)
    assert current.at_ns is not None
    kept = [(value, at) for value, at in zip(current.values, current.at_ns, strict=True) if value < -115]  # the idle phase reads about -115
    part = replace(current, values=tuple(value for value, _ in kept), at_ns=tuple(at for _, at in kept))
    run = with_energy(a_power_run([*phases(), part, voltage], state()))
    assert (run.outcome, run.error_class) == (Outcome.FAILED, "power_ambiguous")
    assert run.reason is not None
    assert "looks at the battery's current held no number, or one from -133 to -1" in run.reason
