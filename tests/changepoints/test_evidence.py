"""How sure a change is: held against simulation and worked examples."""

import numpy as np
import pytest

from farm.changepoints import evidence, noise
from farm.changepoints.values import Floats
from tests.changepoints import noises


def maxima(points: Floats) -> Floats:
    """Return each row's largest standardised difference of two sides, over all splits."""
    count = points.shape[1]
    splits = np.arange(1, count)
    sums = np.cumsum(points - points.mean(axis=1, keepdims=True), axis=1)[:, :-1]
    found: Floats = np.abs(sums / np.sqrt(splits * (count - splits) / count)).max(axis=1)
    return found


@pytest.mark.parametrize("count", [10, 40, 200])
@pytest.mark.parametrize("z", [3.0, 3.5])
def test_the_tail_of_the_maximum_is_that_of_simulated_points(count: int, z: float) -> None:
    simulated = float((maxima(np.random.default_rng(1).standard_normal((20_000, count))) > z).mean())
    assert simulated < evidence.tail_of_maximum(z, count) < 1.4 * simulated


@pytest.mark.parametrize("count", [10, 40, 200])
def test_for_ranks_the_tail_errs_on_the_safe_side(count: int) -> None:
    ranks = np.argsort(np.random.default_rng(2).random((20_000, count)), axis=1) / np.sqrt(count * (count + 1) / 12)
    assert (maxima(ranks) > 3).mean() < evidence.tail_of_maximum(3, count)


def test_the_rank_sum_is_wilcoxons() -> None:
    # Ranks 4, 5, 6 against 1, 2, 3: 4.5 above the expected sum of 10.5, whose deviation is sqrt(3 * 3 * 7 / 12).
    assert evidence.rank_sum(np.array([1.0, 2, 3, 10, 20, 30]), 3) == pytest.approx(4.5 / np.sqrt(5.25))
    assert evidence.rank_sum(np.ones(9), 4) == 0


def test_correlation_makes_a_change_less_sure() -> None:
    row = np.concatenate([np.arange(20.0), np.arange(20.0) + 12])
    assert evidence.significance(row, 20, 1.0) < evidence.significance(row, 20, 2.0) < evidence.significance(row, 20, 100.0) == 1


def test_the_shift_is_the_median_of_all_differences() -> None:
    found = evidence.shift(np.array([1.0, 2.0, 3.0]), np.array([11.0, 12.0, 16.0]), 1.0)
    assert found.value == 10  # of 8, 9, 10, 9, 10, 11, 13, 14, 15
    assert 8 <= found.low < 10 < found.high <= 15


@pytest.mark.parametrize(
    ("kind", "low", "high"),
    [(noises.normal, 1, 1.3), (noises.correlated(0.3), 1.4, 2.4), (noises.correlated(0.6), 3, 5), (noises.heavy, 1, 1.3)],
)
def test_the_inflation_is_that_of_the_process(kind: noises.Noise, low: float, high: float) -> None:
    rows = kind(np.random.default_rng(3), 200, 400)
    assert low <= np.median([noise.inflation(row) for row in rows]) <= high  # of AR(1): (1 + rho) / (1 - rho) = 1.86, 4
