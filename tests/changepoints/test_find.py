"""Change points: known answers, what must not matter, and false alarms on series without a change."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from farm.changepoints import SHORTEST, Change, find, find_many
from farm.changepoints.values import Floats
from tests.changepoints import noises

SEEDS = st.integers(0, 2**32 - 1)


def stepped(seed: int, steps: dict[int, float], points: int = 120, noise: noises.Noise = noises.normal) -> Floats:
    """Return a series with 2 % noise whose level is multiplied by steps[place] from place on."""
    values: Floats = noises.series(noise, seed, 1, points)[0]
    for place, factor in steps.items():
        values[place:] *= factor
    return values


def indices(changes: tuple[Change, ...]) -> list[int]:
    return [change.index for change in changes]


@pytest.mark.parametrize("noise", noises.UNCHANGED.values(), ids=noises.UNCHANGED)
def test_at_most_one_unchanged_series_in_fifty_alarms(noise: noises.Noise) -> None:
    found = find_many(list(noises.series(noise, seed=77, rows=600)))
    assert sum(bool(changes) for changes in found) <= 12


@pytest.mark.parametrize("noise", [noises.normal, noises.heavy, noises.two_modes], ids=["normal", "t3", "two modes"])
@pytest.mark.parametrize("factor", [1.1, 0.9])
def test_a_step_of_five_deviations_is_found_with_its_place_size_and_significance(noise: noises.Noise, factor: float) -> None:
    (change,) = find(stepped(3, {70: factor}, noise=noise))
    assert abs(change.index - 70) <= 2
    assert change.index_low <= 70 <= change.index_high
    assert change.index_high - change.index_low <= 10
    assert change.ratio is not None
    assert change.ratio.low < factor < change.ratio.high
    assert change.shift is None
    assert change.after / change.before == pytest.approx(factor, rel=0.02)
    assert change.significance < 1e-6


def test_several_changes_are_found_in_order() -> None:
    changes = find(stepped(5, {40: 1.2, 90: 0.9, 150: 1.03}, points=200))
    assert len(changes) == 3
    assert all(abs(index - place) <= 4 for index, place in zip(indices(changes), (40, 90, 150), strict=True))


def test_a_spike_of_three_points_is_no_change() -> None:
    values = noises.series(noises.normal, 1, 1)[0]
    values[90:93] *= 3
    assert find(values) == ()


def test_the_interval_of_the_place_holds_it_in_nineteen_of_twenty_series() -> None:
    rng = np.random.default_rng(8)
    places = rng.integers(30, 170, 300)
    rows = noises.series(noises.normal, 9, 300)
    for row, place in zip(rows, places, strict=True):
        row[place:] *= 1.03
    found = [(changes[0], place) for changes, place in zip(find_many(list(rows)), places, strict=True) if len(changes) == 1]
    assert len(found) >= 285
    assert np.mean([change.index_low <= place <= change.index_high for change, place in found]) >= 0.94
    assert np.mean([change.ratio is not None and change.ratio.low <= 1.03 <= change.ratio.high for change, _ in found]) >= 0.93


def test_a_step_of_readings_without_any_noise_is_found_where_it_is() -> None:
    (change,) = find([4096.0] * 40 + [8192.0] * 20)
    assert change.index == 40
    assert 39 <= change.index_low <= 40 <= change.index_high <= 41
    assert (change.before, change.after) == pytest.approx((4096, 8192))


def test_readings_that_take_two_values_by_chance_are_no_change() -> None:
    rng = np.random.default_rng(2)
    rows = [100 + (rng.random(200) < share) for share in (0.02, 0.1, 0.3, 0.5) for _ in range(20)]
    assert sum(bool(changes) for changes in find_many(rows)) <= 1


def test_a_series_with_values_that_are_not_positive_has_a_difference_and_no_ratio() -> None:
    values = np.random.default_rng(4).standard_normal(100)
    values[60:] += 6
    (change,) = find(values)
    assert change.ratio is None
    assert change.shift is not None
    assert change.shift.low < 6 < change.shift.high


def test_a_long_series_is_searched_through() -> None:
    steps = {place: 1.04 if number % 2 else 0.96 for number, place in enumerate(range(400, 5000, 400))}
    changes = find(stepped(6, steps, points=5000))
    assert len(changes) == len(steps)
    assert all(abs(index - place) <= 10 for index, place in zip(indices(changes), steps, strict=True))
    assert find(noises.series(noises.normal, 7, 1, 5000)[0]) == ()


@pytest.mark.parametrize("constant", [0.0, 1.0, -3.5, 1e300, 5e-324])
@pytest.mark.parametrize("count", [0, 1, 2, SHORTEST - 1, SHORTEST, 50, 2000])
def test_points_that_are_all_one_number_do_not_change(constant: float, count: int) -> None:
    assert find([constant] * count) == ()


def test_rounding_is_no_change() -> None:
    assert find([0.3] * 30 + [0.1 + 0.2] * 30) == ()
    assert find([-0.3] * 30 + [-0.1 - 0.2] * 30) == ()


def test_missing_points_are_skipped_and_places_still_count_them() -> None:
    values = stepped(3, {70: 1.1})
    (whole,) = find(values)
    gapped = values.copy()
    gapped[10:40:3] = np.nan
    (change,) = find(gapped)
    assert abs(change.index - whole.index) <= 1
    assert find([np.nan] * 100) == ()


@pytest.mark.parametrize(
    ("series", "sentence"),
    [
        ([1.0] * 20 + [np.inf], "the series holds an infinite value at point 20"),
        ([1.0, -np.inf], "the series holds an infinite value at point 1"),
        ([[1.0, 2.0]], "the series is not one row of numbers"),
        ([1.0, [2.0]], "the series is not one row of numbers"),
        (3.0, "the series is not one row of numbers"),
        (["1", "2"], "the series holds something that is not a number"),
        ([1.0, None], "the series holds something that is not a number"),
        ([True, False], "the series holds something that is not a number"),
        ([-1.0, 1e200], "the series holds values beyond 1e+150, with which nothing can be computed"),
    ],
)
def test_what_is_no_series_is_refused_in_one_sentence(series: object, sentence: str) -> None:
    with pytest.raises(ValueError, match="^" + sentence.replace("+", r"\+") + "$"):
        find(series)  # type: ignore[arg-type]


def test_the_series_at_fault_is_named() -> None:
    with pytest.raises(ValueError, match="series 1 holds an infinite value at point 0"):
        find_many([[1.0], [np.inf]])


def test_no_series_have_no_changes() -> None:
    assert find_many([]) == []


ANY = st.lists(st.one_of(st.floats(-1e150, 1e150), st.sampled_from([0.0, 1.0, -1.0, 1e-300, np.nan]), st.floats(0.99, 1.01)), max_size=60)


@given(ANY)
@settings(max_examples=100, deadline=None)
def test_whatever_the_numbers_the_answer_is_in_order_and_finite(values: list[float]) -> None:
    changes = find(values)
    assert indices(changes) == sorted(set(indices(changes)))
    for change in changes:
        assert 0 < change.index_low <= change.index <= change.index_high < len(values)
        assert 0 <= change.significance <= 0.01
        assert np.isfinite([change.before, change.after]).all()
        assert (change.ratio is None) != (change.shift is None)


@given(SEEDS, st.floats(1e-12, 1e12), st.sampled_from([1.0, 1.04, 1.2]))
@settings(max_examples=25, deadline=None)
def test_another_unit_changes_nothing(seed: int, unit: float, factor: float) -> None:
    values = stepped(seed, {70: factor})
    plain, scaled = find(values), find(values * unit)
    assert indices(plain) == indices(scaled)
    for one, other in zip(plain, scaled, strict=True):
        assert one.ratio is not None
        assert other.ratio is not None
        assert (other.index_low, other.index_high) == (one.index_low, one.index_high)
        assert (other.ratio.value, other.before) == pytest.approx((one.ratio.value, one.before * unit))


@given(SEEDS, st.floats(1e-9, 1e9), st.floats(-1e3, 1e3), st.sampled_from([0.0, 2.0, 8.0]))
@settings(max_examples=25, deadline=None)
def test_another_unit_or_zero_changes_nothing_where_values_are_not_positive(seed: int, unit: float, zero: float, step: float) -> None:
    values = np.random.default_rng(seed).standard_normal(100)
    values[60:] += step
    moved = (values - zero - 20 * np.sign(zero)) * unit
    if (moved > 0).all():
        moved -= moved.max()
    assert indices(find(moved)) == indices(find(values - 10))


@given(SEEDS, st.sampled_from([1.0, 1.04, 1.2]))
@settings(max_examples=25, deadline=None)
def test_turned_upside_down_the_same_points_change_the_other_way(seed: int, factor: float) -> None:
    values = stepped(seed, {70: factor})
    plain, turned = find(values), find(1 / values)
    assert indices(plain) == indices(turned)
    for one, other in zip(plain, turned, strict=True):
        assert one.ratio is not None
        assert other.ratio is not None
        assert (1 / other.ratio.value, 1 / other.ratio.high) == pytest.approx((one.ratio.value, one.ratio.low))


@given(SEEDS, st.sampled_from([1.0, 1.06, 1.2]))
@settings(max_examples=25, deadline=None)
def test_backwards_the_changes_lie_at_the_mirrored_places(seed: int, factor: float) -> None:
    values = stepped(seed, {70: factor})
    mirrored = sorted(values.size - change.index for change in find(values[::-1]))
    plain = indices(find(values))
    assert len(plain) == len(mirrored)
    assert all(abs(one - other) <= 1 for one, other in zip(plain, mirrored, strict=True))  # places may tie


@given(SEEDS, st.integers(1, 60))
@settings(max_examples=30, deadline=None)
def test_more_points_of_the_first_level_before_move_a_change_by_as_many(seed: int, more: int) -> None:
    values = stepped(seed, {70: 1.2})
    earlier = noises.series(noises.normal, seed + 1, 1, more)[0]
    assert [index - more for index in indices(find(np.concatenate([earlier, values])))] == indices(find(values))


@given(SEEDS)
@settings(max_examples=5, deadline=None)
def test_a_series_gives_the_same_alone_and_among_others(seed: int) -> None:
    rng = np.random.default_rng(seed)
    many = [stepped(int(rng.integers(1000)), {40: 1.0 + 0.1 * rng.random()}, points=int(rng.integers(5, 150))) for _ in range(15)]
    assert find_many(many) == [find(series) for series in many]
