import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.errors import PowerUnread
from farm.power.energy import Done, EnergyCurve, energies, from_power, renewal_ns

IDLE_NS, WORK_NS = (0.0, 20e9), (20e9, 60e9)


def done(per_s: float) -> Done:
    """So many units of work a second throughout the work phase."""
    at_ns = np.linspace(*WORK_NS, 401)
    return Done(at_ns, np.floor((at_ns - WORK_NS[0]) / 1e9 * per_s))


def a_run(idle_uw: float, work_uw: float, noise: float = 0.0, seed: int = 0, every_ns: float = 1e8) -> EnergyCurve:
    """Powers read ten times a second off a gauge that shows something new every 0.25 s."""
    random = np.random.default_rng(seed)
    at_ns = np.arange(0.0, 60e9 + 1, every_ns)
    error = 1 + noise * random.standard_normal(int(60 / 0.25) + 1)
    power_uw = np.where(at_ns < WORK_NS[0], idle_uw, work_uw) * error[(at_ns / 0.25e9).astype(int)]
    return from_power(at_ns.tolist(), power_uw.tolist(), 0.25e9)


def test_energy_of_a_steady_load_is_exact() -> None:
    found = energies(a_run(400_000, 2_900_000), IDLE_NS, WORK_NS, done(100))
    assert found.idle_power_uw.value == pytest.approx(400_000)
    assert found.power_uw.value == pytest.approx(2_900_000)
    assert found.gross_uj.value == pytest.approx(29_000, rel=1e-3)
    assert found.net_uj.value == pytest.approx(25_000, rel=1e-3)
    assert len(found.net_uj.windows) == len(found.window_at_ns) == 37


def test_the_stated_interval_covers_the_truth_as_often_as_it_says() -> None:
    runs = [energies(a_run(400_000, 2_900_000, noise=0.05, seed=seed), IDLE_NS, WORK_NS, done(100)) for seed in range(400)]
    covered = sum(run.net_uj.low <= 25_000 <= run.net_uj.high for run in runs) / len(runs)
    assert 0.92 <= covered <= 0.98
    assert np.median([run.net_uj.high - run.net_uj.low for run in runs]) < 0.03 * 25_000
    covered = sum(run.gross_uj.low <= 29_000 <= run.gross_uj.high for run in runs) / len(runs)
    assert 0.92 <= covered <= 0.98


def test_the_baselines_own_uncertainty_is_in_the_net_interval_only() -> None:
    random = np.random.default_rng(1)
    at_ns = np.arange(0.0, 60e9 + 1, 1e8)
    restless = np.where(at_ns < WORK_NS[0], 400_000 * (1 + 0.5 * random.standard_normal(at_ns.size)), 2_900_000)
    found = energies(from_power(at_ns.tolist(), restless.tolist(), 1e8), IDLE_NS, WORK_NS, done(100))
    assert found.net_uj.high - found.net_uj.low > 5 * (found.gross_uj.high - found.gross_uj.low)


def test_work_that_slows_down_widens_the_interval() -> None:
    at_ns = np.linspace(*WORK_NS, 401)
    seconds = (at_ns - WORK_NS[0]) / 1e9
    slowing = Done(at_ns, 100 * seconds - seconds**2)
    steady = energies(a_run(400_000, 2_900_000), IDLE_NS, WORK_NS, done(100)).gross_uj
    found = energies(a_run(400_000, 2_900_000), IDLE_NS, WORK_NS, slowing).gross_uj
    assert found.high - found.low > 5 * (steady.high - steady.low)
    assert found.windows[0] < found.windows[-1]


def test_how_finely_a_counter_counts_is_in_the_interval() -> None:
    at_ns = np.arange(0.0, 60e9 + 1, 1e9)
    exact = EnergyCurve(at_ns, at_ns / 1e9 * 1e6, 1e9)
    coarse = EnergyCurve(at_ns, at_ns / 1e9 * 1e6, 1e9, step_uj=65_536.0)
    found, wider = (energies(curve, IDLE_NS, WORK_NS, done(100)).gross_uj for curve in (exact, coarse))
    assert wider.value == found.value
    units = 100 * 37
    assert (wider.high - wider.low) - (found.high - found.low) == pytest.approx(2 * 65_536 / units, rel=0.1)


def test_how_finely_a_counter_counted_the_idle_phase_is_carried_over_to_the_work() -> None:
    at_ns = np.arange(0.0, 60e9 + 1, 1e9)
    exact = EnergyCurve(at_ns, at_ns / 1e9 * 1e6, 1e9)
    coarse = EnergyCurve(at_ns, at_ns / 1e9 * 1e6, 1e9, step_uj=65_536.0)
    found, wider = (energies(curve, IDLE_NS, WORK_NS, done(100)).net_uj for curve in (exact, coarse))
    worked_s, idle_s = 37, 17  # between the first and the last edge of a window
    step = 65_536 * (1 + worked_s / idle_s)
    assert (wider.high - wider.low) - (found.high - found.low) == pytest.approx(2 * step / (100 * worked_s), rel=0.1)


@pytest.mark.parametrize(
    ("renewed_s", "phase", "least"),
    [(4.0, "idle", 48), (12.0, "idle", 144)],
)
def test_a_gauge_that_is_too_slow_for_the_phase_is_refused_with_what_would_do(renewed_s: float, phase: str, least: int) -> None:
    curve = EnergyCurve(np.arange(0.0, 61e9, 1e9), np.arange(0.0, 61.0), renewed_s * 1e9)
    with pytest.raises(
        PowerUnread, match=f"shows something new every {renewed_s} s, and the {phase} phase of 20.0 s is too short"
    ) as caught:
        energies(curve, IDLE_NS, WORK_NS, done(100))
    assert caught.value.hint == f"state power_{phase} of at least {least} s"


def test_a_gauge_that_stands_still_is_refused() -> None:
    curve = EnergyCurve(np.arange(0.0, 61e9, 1e9), np.arange(0.0, 61.0), math.inf)
    with pytest.raises(PowerUnread, match="the same reading throughout"):
        energies(curve, IDLE_NS, WORK_NS, done(100))


@pytest.mark.parametrize(("first", "last", "phase"), [(5e9, 60e9, "idle"), (0.0, 50e9, "work"), (0.0, 15e9, "idle")])
def test_readings_that_do_not_cover_a_phase_are_refused(first: float, last: float, phase: str) -> None:
    at_ns = np.arange(first, last, 1e8)
    with pytest.raises(PowerUnread, match=f"not read throughout the {phase} phase"):
        energies(EnergyCurve(at_ns, at_ns, 1e8), IDLE_NS, WORK_NS, done(100))


def test_work_of_which_nothing_was_done_is_refused() -> None:
    nothing = Done(np.array([20e9, 60e9]), np.array([0.0, 0.0]))
    with pytest.raises(PowerUnread, match="less than one unit"):
        energies(a_run(1e5, 1e6), IDLE_NS, WORK_NS, nothing)


def test_the_usual_time_between_two_different_readings() -> None:
    at_ns = [index * 1e8 for index in range(100)]
    assert renewal_ns(at_ns, [float(index // 5) for index in range(100)]) == pytest.approx(5e8)
    assert renewal_ns(at_ns, [7.0] * 100) == math.inf
    assert renewal_ns(at_ns, [7.0] * 99 + [8.0]) == math.inf


@given(st.floats(1e3, 1e7), st.floats(1e3, 1e7), st.floats(5, 1000))
def test_net_and_baseline_make_up_the_gross(idle_uw: float, work_uw: float, per_s: float) -> None:
    found = energies(a_run(idle_uw, work_uw), IDLE_NS, WORK_NS, done(per_s))
    seconds_each = found.gross_uj.value / found.power_uw.value
    assert found.net_uj.value + found.idle_power_uw.value * seconds_each == pytest.approx(found.gross_uj.value, rel=1e-6)
