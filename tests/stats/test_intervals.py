import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm import stats
from farm.stats.intervals import median_bounds


@pytest.mark.parametrize(
    ("count", "rank", "coverage"),
    # By hand from binomial tails at 1/2: n = 10, rank 2: 1 - 2 (1 + 10) / 1024.
    [(2, 1, 0.5), (5, 1, 0.9375), (6, 1, 0.96875), (10, 2, 0.978515625), (20, 6, 0.9586105)],
)
def test_the_interval_of_a_median_lies_between_the_ranks_of_the_table(count: int, rank: int, coverage: float) -> None:
    interval = stats.median_interval([float(value) for value in range(1, count + 1)])
    assert interval is not None
    assert (interval.low, interval.high) == (rank, count + 1 - rank)
    assert interval.coverage == pytest.approx(coverage)


def test_one_run_has_no_interval() -> None:
    assert stats.median_interval([3.0]) is None
    assert stats.median_interval([]) is None


@given(st.lists(st.floats(-1e9, 1e9), min_size=2, max_size=60), st.randoms())
def test_order_does_not_matter_and_the_median_is_inside(values: list[float], random: object) -> None:
    interval = stats.median_interval(values)
    assert interval == stats.median_interval(sorted(values))
    assert interval is not None
    assert interval.low <= float(np.median(values)) <= interval.high


def test_the_interval_covers_the_median_as_often_as_it_says() -> None:
    draws = np.random.default_rng(1).lognormal(size=(4000, 9))
    hits = [(found := stats.median_interval(draw.tolist())) is not None and found.low <= 1.0 <= found.high for draw in draws]
    stated = stats.median_interval(draws[0].tolist())
    assert stated is not None
    assert np.mean(hits) == pytest.approx(stated.coverage, abs=0.012)
    assert stated.coverage >= 0.95


@pytest.mark.parametrize(
    ("count", "level", "rank"),
    # By hand from binomial tails at 1/2: eight values, P(none below) = 1/256 = 0.0039; twenty, P(< 6) = 0.0207.
    [(8, 0.0039, 0), (8, 0.004, 1), (20, 0.0207, 6), (20, 0.0206, 5), (1, 0.4, 0), (0, 0.4, 0), (10, 0.0, 0)],
)
def test_a_bound_of_the_median_has_the_rank_of_the_sign_test(count: int, level: float, rank: int) -> None:
    low, high = median_bounds([float(value) for value in range(1, count + 1)], level)
    assert (low, high) == ((rank, count + 1 - rank) if rank else (-math.inf, math.inf))


def test_bounds_of_many_values_are_those_of_the_normal_limit() -> None:
    low, high = median_bounds(np.arange(100_001.0), 0.025)
    assert (high - low) / 2 == pytest.approx(1.96 * math.sqrt(100_001) / 2, rel=0.01)
