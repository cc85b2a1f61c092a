"""Energy on the bench's phones: what each vendor's source says against what the simulated physics truly drew."""

from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from farm.workloads import Outcome, PowerSettings, PowerSource, Run
from tests.bench.android import Bench
from tests.power.scenes import MIDDLING, SHORT, STRICT, Scene, Seen, Truth, busy, loose, played, plug

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]  # all phones play their scenes before the first test looks

FAST = PowerSettings(poll_s=0.3)
RAILS = ("energy.S2M_VDD_CPUCL2", "energy.S3M_VDD_CPUCL1", "energy.S4M_VDD_CPUCL0")
MODEL = "spin_ns 4000000\nsleep_ns 6000000\n"
"""Four phones share the cores of one machine: each works for less than half of the time."""


BASE = Scene(FAST, model=MODEL)


def scene(**given: Any) -> Scene:
    return replace(BASE, **given)


SCENES = {
    "s25": {
        "gauge s25": scene(),
        "loose": scene(after_s=3, meanwhile=loose),
        "busy when idle": scene(settings=MIDDLING, conditions=STRICT, after_s=0.2, meanwhile=busy),
        "wrong sign s25": scene(power=PowerSettings(current_sign=-1, poll_s=0.2), settings=SHORT),
        "wrong unit s25": scene(power=PowerSettings(current_unit_ua=1, poll_s=0.2), settings=SHORT),
        "plugged s25": scene(plugged=True, settings=SHORT),
        "frozen": scene(plugged=True, before="dumpsys battery unplug"),
        "no rails s25": scene(power=PowerSettings(PowerSource.ODPM)),
    },
    "oneplus13": {
        "gauge oneplus13": scene(),
        "tokens": scene(model=f"vocabulary 8\ncontext 64\n{MODEL}", settings={"decode_tokens": 30}),
        "left alone": scene(settings=MIDDLING, conditions=STRICT),
        "busy at work": scene(settings=MIDDLING, conditions=STRICT, after_s=4.5, meanwhile=busy),
        "plugged oneplus13": scene(plugged=True, settings=SHORT),
        "plug by the service": scene(settings=MIDDLING, after_s=3, meanwhile=plug),
    },
    "pixel9": {
        "gauge pixel9": scene(),
        "rails": scene(power=PowerSettings(PowerSource.ODPM, rails=("CPU*",), poll_s=0.3), counters=RAILS),
        "wrong unit pixel9": scene(power=PowerSettings(current_unit_ua=1000), settings=SHORT),
        "wrong sign pixel9": scene(power=PowerSettings(current_sign=-1), settings=SHORT),
        "plugged pixel9": scene(plugged=True, settings=SHORT),
        "plug by the file": scene(settings=MIDDLING, after_s=3, meanwhile=plug),
        "plug by the file, rails": scene(power=PowerSettings(PowerSource.ODPM, poll_s=0.3), settings=MIDDLING, after_s=3, meanwhile=plug),
    },
    "xiaomi12x": {
        "gauge xiaomi12x": scene(),
        "loose at once": scene(closed=("current_now", "voltage_now"), breaks_at_once=True),
        "binder": scene(closed=("current_now", "voltage_now")),
        "wrong sign xiaomi12x": scene(power=PowerSettings(current_sign=1), settings=SHORT),
        "plugged xiaomi12x": scene(plugged=True, settings=SHORT),
        "plug, status closed": scene(closed=("status",), settings=MIDDLING, after_s=3, meanwhile=plug),
        "no rails xiaomi12x": scene(power=PowerSettings(PowerSource.ODPM)),
    },
}


Stage = Mapping[str, "Future[Seen]"]


@pytest.fixture(scope="module")
def stage(android_bench: Bench, tmp_path_factory: pytest.TempPathFactory) -> Stage:
    return played(android_bench, tmp_path_factory.mktemp("models"), SCENES)


def agrees(run: Run, truth: Truth, unit: str = "inference") -> None:
    """Check that net and gross energy lie in their intervals, widened a little: an interval of 95 % does not hold every time."""
    for metric, true_uj in zip((f"energy_per_{unit}_uj", f"gross_energy_per_{unit}_uj"), truth.energy_uj(run), strict=True):
        low, high = next(item.values for item in run.readings if item.metric == metric and item.source.startswith("interval"))
        middle, half = (low + high) / 2, (high - low) / 2
        assert abs(true_uj - middle) <= 1.5 * half + 0.01 * true_uj, (metric, true_uj, low, high)
        assert half < 0.5 * true_uj


def value(run: Run, metric: str) -> float:
    return next(item.values[0] for item in run.readings if (item.metric, item.source) == (metric, ""))


def state_of(run: Run, name: str) -> Any:
    return next(item.text if item.value is None else item.value for item in run.state if item.name == name)


def origin_of(run: Run) -> str:
    return next(item.source for item in run.state if item.name == "power_source")


@pytest.mark.parametrize(
    ("phone", "origin", "unit_ua", "plus"),
    [
        ("s25", "dumpsys battery, current now", 1000, "into the battery"),
        ("oneplus13", "dumpsys battery, Battery current", 1000, "out of the battery"),
        ("pixel9", "battery", 1, "into the battery"),
        ("xiaomi12x", "battery", 1, "out of the battery"),
    ],
)
def test_each_vendors_gauge_gives_the_energy_that_was_drawn(stage: Stage, phone: str, origin: str, unit_ua: float, plus: str) -> None:
    seen = stage[f"gauge {phone}"].result()
    assert seen.run.outcome is Outcome.OK, seen.run.reason
    assert (state_of(seen.run, "power_source"), origin_of(seen.run)) == ("fuel_gauge", origin)
    assert (state_of(seen.run, "battery_current_unit_ua"), state_of(seen.run, "battery_current_plus")) == (unit_ua, plus)
    agrees(seen.run, seen.truth)
    assert value(seen.run, "idle_power_uw") == pytest.approx(seen.truth.power_uw(seen.run, "idle"), rel=0.1)
    assert value(seen.run, "power_uw") == pytest.approx(seen.truth.power_uw(seen.run, "work"), rel=0.1)
    assert state_of(seen.run, "clock_offset_uncertainty_ns") > 0
    assert (state_of(seen.run, "screen"), round(state_of(seen.run, "display_refresh_rate_hz"))) == ("on", 120)


def test_a_language_models_energy_is_told_for_each_token(stage: Stage) -> None:
    seen = stage["tokens"].result()
    assert seen.run.outcome is Outcome.OK, seen.run.reason
    done = next(item.values for item in seen.run.readings if item.metric == "tokens_count")
    generations = next(item.values[0] for item in seen.run.readings if item.metric == "generations_count")
    assert done[-1] == 30 * generations
    agrees(seen.run, seen.truth, "token")


def test_chosen_rails_give_the_energy_that_went_through_them(stage: Stage) -> None:
    seen = stage["rails"].result()
    assert seen.run.outcome is Outcome.OK, seen.run.reason
    assert state_of(seen.run, "power_rails") == "[S2M_VDD_CPUCL2]:CPU(BIG), [S3M_VDD_CPUCL1]:CPU(MID), [S4M_VDD_CPUCL0]:CPU(LITTLE)"
    agrees(seen.run, seen.truth)


def test_where_every_file_is_closed_the_binder_call_gives_the_energy(stage: Stage) -> None:
    seen = stage["binder"].result()
    assert seen.run.outcome is Outcome.OK, seen.run.reason
    assert origin_of(seen.run) == "service call batteryproperties"
    assert (state_of(seen.run, "battery_current_unit_ua"), state_of(seen.run, "battery_current_plus")) == (1, "out of the battery")
    agrees(seen.run, seen.truth)


@pytest.mark.parametrize("when", ["loose", "loose at once"])
def test_a_link_that_drops_during_the_pass_costs_no_reading(stage: Stage, when: str) -> None:
    run = stage[when].result().run
    assert run.outcome is Outcome.OK, run.reason
    current = next(item for item in run.readings if item.source == origin_of(run) and item.metric.startswith("battery_current"))
    assert current.at_ns is not None
    assert current.at_ns[0] < 1e9
    assert max(np.diff(current.at_ns)) < 2e9


@pytest.mark.parametrize(("which", "when"), [("busy when idle", "it was to be idle"), ("busy at work", "the model worked")])
def test_other_work_on_the_phone_gives_an_invalid_run(stage: Stage, which: str, when: str) -> None:
    run = stage[which].result().run
    assert (run.outcome, run.error_class) == (Outcome.INVALID, "disturbed"), run.reason
    assert run.reason is not None
    assert f"of the CPUs was busy with other work while {when}, the limit is 2%" in run.reason


def test_what_farm_asks_of_the_phone_meanwhile_disturbs_nothing(stage: Stage) -> None:
    run = stage["left alone"].result().run
    assert run.error_class != "disturbed", run.reason


@pytest.mark.parametrize("which", ["plug by the file", "plug by the file, rails", "plug by the service", "plug, status closed"])
def test_a_cable_that_is_put_in_and_pulled_again_gives_an_invalid_run(stage: Stage, which: str) -> None:
    run = stage[which].result().run
    assert (run.outcome, run.error_class) == (Outcome.INVALID, "charging"), run.reason
    assert run.reason is not None
    assert "it was plugged in, or did not say that it was not, in " in run.reason


@pytest.mark.parametrize(
    ("which", "said"),
    [
        ("wrong unit pixel9", "devices.toml says that the current is in mA"),
        ("wrong sign pixel9", "devices.toml says that plus flows out of the battery, and unplugged the current reads minus"),
        ("wrong sign xiaomi12x", "devices.toml says that plus flows into the battery, and unplugged the current reads plus"),
        ("wrong sign s25", "devices.toml says that plus flows out of the battery"),
        ("wrong unit s25", "devices.toml says that the current is in uA"),
    ],
)
def test_a_wrong_unit_or_sign_is_refused(stage: Stage, which: str, said: str) -> None:
    run = stage[which].result().run
    assert (run.outcome, run.error_class) == (Outcome.FAILED, "power_ambiguous")
    assert run.reason is not None
    assert said in run.reason
    assert any(item.metric in ("battery_current_ua", "battery_current_printed") for item in run.readings)


@pytest.mark.parametrize("phone", ["s25", "pixel9", "oneplus13", "xiaomi12x"])
def test_the_power_of_a_plugged_phone_is_not_measured_on_any_vendor(stage: Stage, phone: str) -> None:
    run = stage[f"plugged {phone}"].result().run
    assert (run.outcome, run.error_class) == (Outcome.NOT_READY, "charging")
    assert run.reason == f"the power of {phone} is not measured while it charges, or may: it was plugged in (usb) before the pass"
    assert run.measured is None
    assert not run.readings


def test_nothing_is_sampled_under_dumpsys_battery_unplug(stage: Stage) -> None:
    run = stage["frozen"].result().run
    assert run.outcome is Outcome.NOT_READY
    assert run.reason is not None
    assert "frozen" in run.reason


@pytest.mark.parametrize("phone", ["s25", "xiaomi12x"])
def test_a_phone_without_rails_says_so(stage: Stage, phone: str) -> None:
    run = stage[f"no rails {phone}"].result().run
    assert (run.outcome, run.error_class) == (Outcome.NOT_READY, "no_power_source")
    assert run.reason is not None
    assert "no such service" in run.reason
