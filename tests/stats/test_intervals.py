import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm import stats
from farm.stats.intervals import fewest_for_a_bound, median_bounds, share_interval


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


@pytest.mark.parametrize("level", [0.4, 0.025, 0.0125, 1 / 64, 0.001])
def test_a_bound_begins_with_the_fewest_values_that_allow_it(level: float) -> None:
    fewest = fewest_for_a_bound(level)
    assert math.isfinite(median_bounds(range(fewest), level)[0])
    assert fewest == 1 or median_bounds(range(fewest - 1), level) == (-math.inf, math.inf)


def test_bounds_of_many_values_are_those_of_the_normal_limit() -> None:
    low, high = median_bounds(np.arange(100_001.0), 0.025)
    assert (high - low) / 2 == pytest.approx(1.96 * math.sqrt(100_001) / 2, rel=0.01)


def test_a_shares_interval_is_the_one_that_scipy_documents() -> None:
    found = share_interval(7, 50)
    assert (found.low, found.high) == pytest.approx((0.05819170033997342, 0.26739600249700846), abs=1e-12)


@pytest.mark.parametrize("count", [1, 5, 360, 100_000])
def test_a_share_of_all_or_nothing_has_one_open_end(count: int) -> None:
    none, every = share_interval(0, count), share_interval(count, count)
    assert [none.low, none.high] == pytest.approx([0, 1 - 0.025 ** (1 / count)])
    assert [every.low, every.high] == pytest.approx([0.025 ** (1 / count), 1])


@pytest.mark.parametrize("count", [8, 40, 360])
def test_a_shares_interval_covers_every_truth(count: int) -> None:
    intervals = [share_interval(hits, count) for hits in range(count + 1)]
    for truth in [0.001, 0.01, 0.06, 0.3, 0.5, 0.72, 0.944, 0.99, 0.9944, 0.999]:
        chances = [math.comb(count, hits) * truth**hits * (1 - truth) ** (count - hits) for hits in range(count + 1)]
        covered = sum(chance for chance, found in zip(chances, intervals, strict=True) if found.low <= truth <= found.high)
        assert 0.95 <= covered <= 1 + 1e-9


@pytest.mark.parametrize(("hits", "count"), [(0, 0), (-1, 4), (5, 4)])
def test_hits_that_are_not_among_the_draws_are_refused(hits: int, count: int) -> None:
    with pytest.raises(ValueError, match="hits are among the draws"):
        share_interval(hits, count)
