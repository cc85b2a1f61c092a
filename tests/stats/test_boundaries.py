import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from farm.stats.boundaries import Spending, nominal_level, spent

FIFTHS = (0.2, 0.4, 0.6, 0.8, 1.0)


def boundaries(spending: Spending, fractions: tuple[float, ...], error: float = 0.025) -> list[float]:
    levels = [nominal_level(spending, error, fractions[: k + 1]) for k in range(len(fractions))]
    return [NormalDist().inv_cdf(1 - level) if level else math.inf for level in levels]


@pytest.mark.parametrize(
    ("spending", "expected"),
    # Published for five equally spaced looks at a one-sided 0.025 (R's gsDesign and SAS give the same to three decimals).
    [
        (Spending.OBRIEN_FLEMING, [4.877, 3.357, 2.680, 2.290, 2.031]),
        (Spending.POCOCK, [2.438, 2.427, 2.410, 2.397, 2.386]),
    ],
)
def test_boundaries_of_five_looks_are_the_published_ones(spending: Spending, expected: list[float]) -> None:
    assert boundaries(spending, FIFTHS) == pytest.approx(expected, abs=0.0015)


@pytest.mark.parametrize("spending", Spending)
def test_all_looks_together_err_as_often_as_one_would(spending: Spending) -> None:
    fractions = (0.1, 0.15, 0.35, 0.7, 0.75, 1.0)
    random = np.random.default_rng(3)
    steps = random.standard_normal((200_000, 6)) * np.sqrt(np.diff(fractions, prepend=0.0))
    z = np.cumsum(steps, axis=1) / np.sqrt(fractions)
    crossed = (z > np.array(boundaries(spending, fractions, 0.05))).any(axis=1).mean()
    assert crossed == pytest.approx(0.05, abs=0.002)


@pytest.mark.parametrize("spending", Spending)
def test_everything_is_spent_at_the_end_and_one_look_is_an_ordinary_test(spending: Spending) -> None:
    assert spent(spending, 0.025, 1.0) == pytest.approx(0.025)
    assert spent(spending, 0.025, 1.7) == pytest.approx(0.025)
    assert spent(spending, 0.025, 0.0) == 0.0
    assert nominal_level(spending, 0.025, (1.0,)) == pytest.approx(0.025, rel=1e-4)


@pytest.mark.parametrize("spending", Spending)
def test_a_look_without_new_information_or_after_the_end_has_nothing_to_spend(spending: Spending) -> None:
    assert nominal_level(spending, 0.025, (0.5, 0.5)) == 0.0
    assert nominal_level(spending, 0.025, (0.5, 1.0, 1.2)) == 0.0
    assert nominal_level(spending, 0.025, (0.5, 0.5, 1.0)) == nominal_level(spending, 0.025, (0.5, 1.0))


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(Spending), st.lists(st.floats(0.02, 1.0), min_size=1, max_size=5, unique=True))
def test_no_look_is_less_strict_than_what_it_spends(spending: Spending, given_fractions: list[float]) -> None:
    fractions = tuple(sorted(given_fractions))
    before = 0.0
    for k in range(len(fractions)):
        level, now = nominal_level(spending, 0.025, fractions[: k + 1]), spent(spending, 0.025, fractions[k])
        assert now - before - 1e-6 <= level + 1e-6 or level == 0.0
        assert level <= now + 1e-6
        before = now
