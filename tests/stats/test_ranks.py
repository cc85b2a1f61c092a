import math
import time
from itertools import combinations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from farm.stats import ranks
from farm.stats.ranks import Shift, Stratum, fewest_a_side

Sizes = list[tuple[int, int]]


def exact_counts(m: int, n: int) -> np.ndarray:
    """P(U = k) for k = 0 .. m n, from the Gaussian binomial coefficient."""
    found = np.zeros(m * n + 1)
    found[0] = 1.0
    for i in range(1, m + 1):
        times = found.copy()
        if n + i <= m * n:
            times[n + i :] -= found[: -(n + i)]
        for k in range(i, m * n + 1):
            times[k] += times[k - i]
        found = times * i / (n + i)
    return found


def shift(*sides: tuple[list[float], list[float]]) -> Shift:
    return Shift(tuple(Stratum(np.array(baseline, dtype=float), np.array(candidate, dtype=float)) for baseline, candidate in sides))


def of_sizes(sizes: Sizes) -> Shift:
    return Shift(tuple(Stratum(np.zeros(m), np.zeros(n)) for m, n in sizes))


def test_exact_counts_are_those_of_all_arrangements() -> None:
    below = [sum(place - rank for rank, place in enumerate(chosen)) for chosen in combinations(range(7), 3)]
    assert exact_counts(3, 4) * 35 == pytest.approx(np.bincount(below, minlength=13))


@pytest.mark.parametrize(("level", "strata", "fewest"), [(0.05, 1, 3), (0.0499, 1, 4), (0.025, 1, 4), (0.025, 2, 3), (0.2, 3, 1)])
def test_a_shift_has_a_bound_from_the_fewest_values_a_side_on(level: float, strata: int, fewest: int) -> None:
    assert fewest_a_side(level, strata) == fewest
    assert math.isfinite(of_sizes([(fewest, fewest)] * strata).lower_bound(level))
    assert fewest == 1 or math.isinf(of_sizes([(fewest - 1, fewest - 1)] * strata).lower_bound(level))


def test_estimate_and_bounds_of_a_worked_example() -> None:
    # Differences sorted: 0 1 1 2 2 2 3 3 4. P(none of nine below) = 1 / C(6, 3) = 0.05.
    example = shift(([1, 2, 3], [3, 4, 5]))
    assert example.estimate() == 2
    assert (example.lower_bound(0.05), example.upper_bound(0.05)) == (0, 4)
    assert (example.lower_bound(0.0499), example.upper_bound(0.0499)) == (-math.inf, math.inf)


@pytest.mark.parametrize("level", [0.0001, 0.001, 0.005, 0.01, 0.025, 0.2])
def test_one_stratums_critical_count_is_never_above_the_exact_one_and_at_most_two_below(level: float) -> None:
    for m, n in [(m, m) for m in (*range(3, 17), 20, 25, 32, 40)] + [(4, 9), (5, 30), (12, 20), (40, 37)]:
        exact = int(np.searchsorted(np.cumsum(exact_counts(m, n)), level * (1 + 1e-12), side="right")) - 1
        used = max(-1, math.floor(of_sizes([(m, n)]).critical_count(level) * (m + n + 1) + 1e-9))
        assert exact - 2 <= used <= exact, (m, n)


@pytest.mark.parametrize("sizes", [[(8, 8), (8, 8)], [(8, 8), (10, 10), (4, 5)], [(8, 8)] * 5])
@pytest.mark.parametrize("level", [0.001, 0.005, 0.025])
def test_several_strata_err_at_most_as_often_as_they_say(sizes: Sizes, level: float) -> None:
    found = of_sizes(sizes)
    values: np.ndarray = np.zeros(1)
    chances: np.ndarray = np.ones(1)
    for stratum, (m, n) in zip(found.strata, sizes, strict=True):  # the exact distribution of the weighted count
        own = np.arange(m * n + 1.0) * stratum.weight
        values = (values[:, None] + own[None, :]).ravel()
        chances = (chances[:, None] * exact_counts(m, n)[None, :]).ravel()
        values, places = np.unique(values.round(9), return_inverse=True)
        chances = np.bincount(places, weights=chances)
    tail = chances[values <= found.critical_count(level) + 1e-9].sum()
    assert 0.7 * level <= tail <= 1.01 * level


def test_the_variance_and_fourth_cumulant_are_those_of_the_exact_distribution() -> None:
    for m, n in ((3, 5), (8, 8), (20, 13)):
        chances = exact_counts(m, n)
        away = np.arange(m * n + 1) - m * n / 2
        variance = float((chances * away**2).sum())
        deviation, kurtosis = of_sizes([(m, n)])._moments()
        assert deviation * (m + n + 1) == pytest.approx(math.sqrt(variance))
        assert kurtosis == pytest.approx(float((chances * away**4).sum()) / variance**2 - 3)


def test_p_values_are_near_the_exact_ones() -> None:
    baseline, candidate = [1.0, 2, 3, 4, 5, 6, 7, 8], [5.5, 6.5, 7.5, 8.5, 9.5, 10.5, 11.5, 12.5]
    below = sum(c - b < 0 for c in candidate for b in baseline)
    exact = 2 * exact_counts(8, 8)[: below + 1].sum()
    assert shift((baseline, candidate)).p_value() == pytest.approx(exact, rel=0.15)
    assert shift((baseline, baseline)).p_value() == 1.0


values = st.lists(st.floats(-5, 5).map(lambda value: round(value, 2)), min_size=1, max_size=12)
strata = st.lists(st.tuples(values, values), min_size=1, max_size=3)


@example([([0.0, -1.0, -2.0], [0.0, 0.0, 0.0, 0.0, -1.0]), ([0.0], [0.0])], 0.001)
@given(strata, st.sampled_from([0.001, 0.025, 0.2]))
def test_counting_without_writing_out_pairs_gives_the_same(sides: list[tuple[list[float], list[float]]], level: float) -> None:
    written = shift(*sides)
    expected = written.estimate(), written.lower_bound(level), written.upper_bound(level)
    pairs, ranks._PAIRS = ranks._PAIRS, 0
    try:
        assert (written.estimate(), written.lower_bound(level), written.upper_bound(level)) == pytest.approx(expected, abs=1e-9)
    finally:
        ranks._PAIRS = pairs


@given(strata, st.sampled_from([0.001, 0.025, 0.2]))
def test_swapping_sides_mirrors_everything(sides: list[tuple[list[float], list[float]]], level: float) -> None:
    there, back = shift(*sides), shift(*[(candidate, baseline) for baseline, candidate in sides])
    assert back.estimate() == pytest.approx(-there.estimate())
    assert back.lower_bound(level) == -there.upper_bound(level)
    assert back.p_value() == pytest.approx(there.p_value())
    assert there.lower_bound(level) <= there.estimate() <= there.upper_bound(level)


@settings(max_examples=30)
@given(strata, st.floats(-3, 3))
def test_moving_the_candidate_moves_the_estimate(sides: list[tuple[list[float], list[float]]], by: float) -> None:
    moved = shift(*[(baseline, [value + by for value in candidate]) for baseline, candidate in sides])
    assert moved.estimate() == pytest.approx(shift(*sides).estimate() + by, abs=1e-9)


def test_a_hundred_thousand_runs_take_no_time() -> None:
    random = np.random.default_rng(1)
    many = Shift((Stratum(random.normal(size=50_000), random.normal(0.3, size=50_000)),))
    start_s = time.perf_counter()
    low, estimate, high = many.lower_bound(0.025), many.estimate(), many.upper_bound(0.025)
    assert time.perf_counter() - start_s < 8  # about one second on a free core; all 2.5e9 pairs would take minutes and 20 GB
    assert low < estimate < high
    assert high - low == pytest.approx(2 * 1.96 * math.sqrt(2 / 50_000 * math.pi / 3), rel=0.03)
    assert estimate == pytest.approx(0.3, abs=0.02)


def test_intervals_cover_the_truth_as_often_as_they_say_when_strata_differ() -> None:
    random, hits = np.random.default_rng(2), 0
    for _ in range(1500):
        parts = [
            Stratum(level + random.exponential(size=8), level + 0.5 + random.exponential(size=8)) for level in random.normal(0, 5, size=3)
        ]
        found = Shift(tuple(parts))
        hits += found.lower_bound(0.025) <= 0.5 <= found.upper_bound(0.025)
    assert 0.94 <= hits / 1500 <= 0.975


def test_a_stratum_without_one_side_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one value on each side"):
        shift(([], [1.0]))
    with pytest.raises(ValueError, match="at least one value"):
        Shift(())
