"""A power run's readings, as a harness and a phone give them, and what they come to."""

from dataclasses import replace

import numpy as np
import pytest

from farm.power import with_energy
from farm.watched import series
from farm.workloads import Device, DeviceKind, Measured, Outcome, Pass, PowerSettings, PowerSource, Readings, Run, StateReading
from tests.conftest import a_job, a_run, a_session, an_artifact

SESSION = a_session()
IDLE_NS, WORK_NS = (1e9, 21e9), (21e9, 61e9)
UNIX_NS = 1_764_090_000_000_000_000
IDLE_UW, WORK_UW, PER_S = 450_000.0, 2_950_000.0, 100
NET_UJ, GROSS_UJ = 25_000, 29_500
AT_NS = tuple(range(0, 62_000_000_000, 100_000_000))


def powers(seed: int = 3) -> np.ndarray:
    noise = 1 + 0.01 * np.random.default_rng(seed).standard_normal(len(AT_NS))
    return np.where(np.asarray(AT_NS) < WORK_NS[0], IDLE_UW, WORK_UW) * noise


def phases(asleep_ns: float = 0.0, clock_step_ns: float = 0.0) -> list[Readings]:
    found = []
    for name, (begin, end) in (("idle", IDLE_NS), ("work", WORK_NS)):
        found += [
            Readings("phase_ns", (begin, end), name),
            Readings("phase_unix_ns", (UNIX_NS + begin, UNIX_NS + end + clock_step_ns), name),
            Readings("phase_asleep_ns", (asleep_ns,), name),
        ]
    steps = tuple(range(int(WORK_NS[0]), int(WORK_NS[1]) + 1, 100_000_000))
    return [*found, Readings("inferences_count", tuple(float(PER_S // 10 * index) for index in range(len(steps))), "work", steps)]


def gauge(unit_ua: float = 1, sign: float = 1, supply: str = "battery") -> list[Readings]:
    volts = 3.9
    printed = tuple(float(round(-sign * power_uw / volts / unit_ua)) for power_uw in powers())
    return [
        Readings("battery_current_printed", printed, supply, AT_NS),
        Readings("battery_voltage_uv", tuple(volts * 1e6 for _ in AT_NS), supply, AT_NS),
    ]


def state(source: str = "fuel_gauge", origin: str = "battery", plugged: str = "none", status: str = "discharging") -> list[StateReading]:
    found = [StateReading("power_source", "before", text=source, source=origin)]
    for phase in ("before", "after"):
        found += [StateReading("battery_plugged", phase, text=plugged), StateReading("battery_status", phase, text=status)]
    return found


DRAINED = Readings("battery_discharging_ratio", tuple(1.0 for _ in AT_NS), "battery", AT_NS)


def a_power_run(
    readings: list[Readings],
    said: list[StateReading],
    power: PowerSettings = PowerSettings(),  # noqa: B008
    status: Readings | None = DRAINED,
) -> Run:
    job = replace(a_job(an_artifact(), Pass.POWER), device=Device("s25", DeviceKind.ANDROID, serial="x", power=power))
    measured = Measured("executorch", "1.5.1", "xnnpack", "0f1e", "Release", {"clock": {"monotonic_ns": 5, "unix_ns": UNIX_NS}})
    return a_run(SESSION, job=job, measured=measured, readings=tuple(readings) + ((status,) if status else ()), state=tuple(said))


def values(run: Run) -> dict[str, float]:
    return {item.metric: item.values[0] for item in run.readings if not item.source}


def interval(run: Run, metric: str) -> tuple[float, ...]:
    return next(item.values for item in run.readings if item.metric == metric and item.source == "interval 95%")


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


def rail(name: str, share: float, start_uj: float = 1e6) -> Readings:
    at = np.asarray(AT_NS)
    taken = np.concatenate(([0.0], np.cumsum(np.diff(at) / 1e9 * powers()[1:])))
    return Readings("energy_counter_uj", tuple(float(round(value)) for value in start_uj + share * taken), name, AT_NS)


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
