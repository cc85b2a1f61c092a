"""Fresh changes: seen soon, and seldom believed where there is none."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from farm.changepoints import FEWEST, Fresh, confirm, fresh
from farm.changepoints.values import Floats


def nights(seed: int, count: int, runs: int = 5, variation: float = 0.02) -> Floats:
    found: Floats = 100 * np.exp(variation * np.random.default_rng(seed).standard_normal((count, runs)))
    return found


def seen_by(step: float, night: int, before: int, series: int = 120) -> float:
    """Return the share of series in which a step is suspected by so many nights after it."""
    seen = 0
    for seed in range(series):
        values = nights(seed, before + night)
        values[before:] *= 1 + step
        seen += any(fresh(list(values[: before + after])) is not None for after in range(1, night + 1))
    return seen / series


def test_a_step_of_five_per_cent_is_suspected_by_its_third_night() -> None:
    assert seen_by(0.05, 3, before=20) >= 0.8
    assert seen_by(-0.05, 3, before=20) >= 0.8


def test_a_step_of_ten_per_cent_is_suspected_by_its_second_night() -> None:
    assert seen_by(0.10, 2, before=20) >= 0.95
    assert seen_by(0.10, 2, before=10) >= 0.95


def test_without_a_change_hardly_any_night_asks_and_fewer_are_believed() -> None:
    asked = believed = looked = 0
    for seed in range(25):
        values, again = nights(seed, 50), nights(10_000 + seed, 50, runs=10)
        for night in range(FEWEST + 1, 50):
            suspected = fresh(list(values[:night]))
            looked += 1
            if suspected is not None:
                asked += 1
                believed += confirm(suspected, again[night])
    assert asked / looked <= 0.01
    assert believed / looked <= 0.001


def test_what_is_suspected_says_how_many_sessions_and_how_much() -> None:
    values = nights(1, 43)
    values[40:] *= 1.1
    suspected = fresh(list(values))
    assert suspected is not None
    assert suspected.sessions == 3
    assert suspected.ratio is not None
    assert suspected.ratio.low < 1.1 < suspected.ratio.high
    assert confirm(suspected, nights(2, 1, runs=10)[0] * 1.1)
    assert not confirm(suspected, nights(2, 1, runs=10)[0])
    assert not confirm(suspected, nights(2, 1, runs=10)[0] * 0.9)


def test_too_few_sessions_before_say_nothing() -> None:
    values = nights(1, FEWEST + 1)
    values[-1] *= 2
    assert fresh(list(values[1:])) is None
    assert fresh(list(values)) is not None
    assert fresh([]) is None


def test_a_number_that_never_moved_and_moves_is_suspected_unless_by_next_to_nothing() -> None:
    suspected = fresh([[4096.0]] * 20 + [[8192.0]])
    assert suspected is not None
    assert suspected.shift.value == pytest.approx(np.log(2))
    assert fresh([[4096.0]] * 20 + [[4097.0]]) is None
    assert fresh([[0.3]] * 20 + [[0.1 + 0.2]]) is None
    assert fresh([[5.0]] * 30) is None


def test_slow_nights_that_come_now_and_then_are_no_change() -> None:
    values = nights(3, 40, runs=1)
    values[5:40:6] *= 1.2
    values[-1] = values[5]
    assert fresh(list(values)) is None


def test_missing_runs_and_sessions_are_left_out() -> None:
    values = [list(night) for night in nights(1, 43)]
    for night in values[40:]:
        night[:] = [1.1 * run for run in night]
    whole = fresh(values)
    gapped = fresh([[*values[0], np.nan], [], *values[1:20], [np.nan], *values[20:]])
    assert whole is not None
    assert whole == gapped


def test_values_that_are_not_positive_have_a_shift_and_no_ratio() -> None:
    suspected = fresh([[value] for value in np.random.default_rng(1).standard_normal(30)] + [[30.0], [31.0]])
    assert suspected is not None
    assert suspected.ratio is None
    assert suspected.shift.value == pytest.approx(30.5, abs=1)
    assert confirm(suspected, [30.0, 29.0])


def test_infinite_values_are_refused() -> None:
    with pytest.raises(ValueError, match="infinite"):
        fresh([[1.0]] * 20 + [[np.inf]])


@pytest.mark.parametrize("runs", [[], [np.nan], [np.inf], [0.0], [-1.0, 2.0]])
def test_runs_that_can_confirm_nothing_are_refused(runs: list[float]) -> None:
    suspected = fresh([[100.0]] * 20 + [[200.0]])
    assert suspected is not None
    with pytest.raises(ValueError, match="what should confirm a change"):
        confirm(suspected, runs)


@given(st.integers(0, 2**32 - 1), st.floats(1e-6, 1e6), st.sampled_from([0.0, 0.1]))
@settings(max_examples=50, deadline=None)
def test_units_and_sides_do_not_matter(seed: int, unit: float, step: float) -> None:
    values = nights(seed, 30)
    values[28:] *= 1 + step
    plain, scaled, turned = fresh(list(values)), fresh(list(values * unit)), fresh(list(1 / values))
    assert (plain is None) == (scaled is None) == (turned is None)
    if plain is not None and scaled is not None and turned is not None:
        assert plain.sessions == scaled.sessions == turned.sessions
        assert (scaled.deviations, turned.deviations) == pytest.approx((plain.deviations, plain.deviations))
        assert (scaled.shift.value, turned.shift.value) == pytest.approx((plain.shift.value, -plain.shift.value))


@given(st.lists(st.lists(st.floats(-1e150, 1e150), max_size=3), max_size=20))
@settings(max_examples=100, deadline=None)
def test_whatever_the_numbers_the_answer_is_finite(values: list[list[float]]) -> None:
    suspected = fresh(values)
    assert suspected is None or isinstance(suspected, Fresh)
    assert suspected is None or np.isfinite([suspected.level, suspected.deviation, suspected.shift.value]).all()
