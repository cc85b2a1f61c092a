import math

import numpy as np
import pytest

from farm.stats.paired import accuracy_drop_bounds, log_perplexity_change, student_quantile


def test_tangos_interval_of_a_published_example() -> None:
    # Airway hyper-responsiveness: 1 and 7 changed of 21 (Fagerland, Lydersen and Laake, chapter 8): -0.517 to -0.026.
    assert accuracy_drop_bounds(1, 7, 21, 0.025) == pytest.approx((-0.517, -0.026), abs=0.001)


def test_without_a_changed_item_the_bounds_are_those_of_the_score_test() -> None:
    low, high = accuracy_drop_bounds(0, 0, 360, 0.025)
    z = 1.959964
    assert high == pytest.approx(z * z / (360 + z * z), abs=1e-6)
    assert low == pytest.approx(-high)


def test_losing_and_gaining_mirror_each_other_and_all_is_the_end_of_the_scale() -> None:
    low, high = accuracy_drop_bounds(9, 3, 200, 0.01)
    assert accuracy_drop_bounds(3, 9, 200, 0.01) == pytest.approx((-high, -low))
    assert accuracy_drop_bounds(5, 0, 5, 0.025)[1] == 1.0
    assert accuracy_drop_bounds(0, 5, 5, 0.025)[0] == -1.0


@pytest.mark.parametrize("counts", [(1, 1, 0), (3, 3, 5), (-1, 0, 5)])
def test_counts_that_cannot_be_are_refused(counts: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="items that changed"):
        accuracy_drop_bounds(*counts, 0.025)


@pytest.mark.parametrize(
    ("degrees", "quantile"),
    # Tables of Student's t at 0.975.
    [(1, 12.706), (2, 4.303), (3, 3.182), (4, 2.776), (7, 2.365), (10, 2.228), (30, 2.042), (1000, 1.962)],
)
def test_student_quantiles_are_those_of_the_tables(degrees: int, quantile: float) -> None:
    assert student_quantile(0.975, degrees) == pytest.approx(quantile, rel=0.0015)


def test_a_change_of_perplexity_is_a_ratio_of_sums() -> None:
    tokens = np.array([100.0, 200.0, 50.0, 120.0, 80.0])
    baseline = -3.0 * tokens
    change, low, high = log_perplexity_change(baseline, baseline - 0.1 * tokens, tokens, 0.025)
    assert (change, low, high) == pytest.approx((0.1, 0.1, 0.1))
    change, low, high = log_perplexity_change(baseline, baseline - np.array([10.0, 22.0, 4.0, 13.0, 8.0]), tokens, 0.025)
    assert change == pytest.approx(57 / 550)
    assert low < change < high


def test_swapping_models_mirrors_the_change_of_perplexity() -> None:
    random = np.random.default_rng(4)
    tokens = random.integers(50, 200, 20).astype(float)
    baseline = -3 * tokens + random.normal(0, 20, 20)
    candidate = baseline - random.gamma(2.0, 2.0, 20)
    change, low, high = log_perplexity_change(baseline, candidate, tokens, 0.025)
    assert log_perplexity_change(candidate, baseline, tokens, 0.025) == pytest.approx((-change, -high, -low))


def test_bounds_lean_towards_the_long_tail() -> None:
    tokens = np.full(12, 100.0)
    loss = np.array([1.0] * 11 + [30.0])
    change, low, high = log_perplexity_change(np.zeros(12), -loss, tokens, 0.025)
    assert high - change > 1.5 * (change - low)
    assert all(math.isfinite(value) for value in (change, low, high))


def test_two_items_are_too_few() -> None:
    with pytest.raises(ValueError, match="three items"):
        log_perplexity_change(np.zeros(2), np.ones(2), np.ones(2), 0.025)
