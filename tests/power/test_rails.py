"""Counters of energy: the rails of a phone, and a processor's."""

from dataclasses import replace

import pytest

from farm.power import with_energy
from farm.workloads import Device, DeviceKind, Outcome, PowerSettings, PowerSource, Readings, StateReading
from tests.power.runs import AT_NS, NET_UJ, a_power_run, phases, rail, state, values


def test_rails_are_summed_as_chosen_and_the_sum_says_which() -> None:
    given = [*phases(), rail("[S2M_VDD_CPUCL2]:CPU(BIG)", 0.75), rail("[VSYS_PWR_MODEM]:Modem", 0.25)]
    every = with_energy(a_power_run(given, state("odpm", "dumpsys IPowerStats")))
    assert every.outcome is Outcome.OK, every.reason
    assert values(every)["energy_per_inference_uj"] == pytest.approx(NET_UJ, rel=0.01)
    one = with_energy(a_power_run(given, state("odpm", "dumpsys IPowerStats"), PowerSettings(PowerSource.ODPM, rails=("CPU*",))))
    assert values(one)["energy_per_inference_uj"] == pytest.approx(0.75 * NET_UJ, rel=0.01)
    assert [item.text for item in one.state if item.name == "power_rails"] == ["[S2M_VDD_CPUCL2]:CPU(BIG)"]


def test_rails_while_charging_are_labelled_too_and_their_energy_is_kept() -> None:
    run = with_energy(a_power_run([*phases(), rail("CPU", 1.0)], state("odpm", "dumpsys IPowerStats", plugged="usb")))
    assert (run.outcome, run.error_class) == (Outcome.INVALID, "charging")
    assert run.reason == "it did not run on its battery alone: it was plugged in (usb) before the pass"
    assert values(run)["energy_per_inference_uj"] == pytest.approx(NET_UJ, rel=0.01)


def test_a_rail_that_began_anew_or_was_not_always_read_is_refused() -> None:
    whole = rail("CPU", 1.0)
    restarted = replace(whole, values=(*whole.values[:300], *(value - 1e6 for value in whole.values[300:])))
    missing = replace(rail("GPU", 0.1), values=whole.values[1:], at_ns=AT_NS[1:])
    for readings, said in (([restarted], "began anew"), ([whole, missing], "not read every time"), ([], "no power rail was read")):
        run = with_energy(a_power_run([*phases(), *readings], state("odpm", "dumpsys IPowerStats")))
        assert run.error_class == "power_unread"
        assert run.reason is not None
        assert said in run.reason


def test_a_processors_counter_is_followed_over_its_end() -> None:
    counter = rail("intel-rapl:0 package-0", 1.0, start_uj=0)
    end_uj = 50e6
    wrapped = replace(counter, values=tuple(value % end_uj for value in counter.values))
    part = rail("intel-rapl:0:0 core", 0.5)
    ending = Readings("energy_counter_range_uj", (end_uj,), counter.source)
    run = a_power_run([*phases(), wrapped, part, ending], [StateReading("power_source", "before", text="rapl", source="powercap")])
    local = replace(run, job=replace(run.job, device=Device("local", DeviceKind.LOCAL)))
    assert values(with_energy(local))["energy_per_inference_uj"] == pytest.approx(NET_UJ, rel=0.01)
    without = replace(local, readings=tuple(item for item in local.readings if item is not ending))
    assert with_energy(without).error_class == "power_unread"
