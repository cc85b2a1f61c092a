import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.stats.families import q_values
from farm.stats.modes import two_groups
from farm.stats.power import detectable, runs_needed, standard_error


def test_two_groups_are_told_with_their_shares_and_middles() -> None:
    random = np.random.default_rng(5)
    values = np.concatenate([random.normal(100.0, 0.2, 30), random.normal(108.0, 0.2, 10)])
    groups = two_groups(random.permutation(values))
    assert groups is not None
    assert groups.upper_share == 0.25
    assert groups.lower == pytest.approx(100.0, abs=0.2)
    assert groups.upper == pytest.approx(108.0, abs=0.3)
    assert groups.lower < groups.split < groups.upper


def test_one_group_seldom_passes_for_two() -> None:
    random = np.random.default_rng(6)
    for draw in (random.standard_normal, random.random, lambda n: random.standard_t(3, n)):
        assert sum(two_groups(np.asarray(draw(20))) is not None for _ in range(400)) <= 10


@pytest.mark.parametrize("values", [[], [1.0], [1.0] * 50, [1.0] * 7 + [2.0] * 8, [0.0] * 19 + [1.0]])
def test_few_or_equal_values_or_a_single_outlier_are_one_group(values: list[float]) -> None:
    assert two_groups(np.array(values)) is None


def test_q_values_of_the_procedures_own_example() -> None:
    # m p / i from the largest down: 0.01 x 4, 0.02 x 2, 0.03 x 4/3, 0.5.
    assert q_values([0.03, 0.01, 0.5, 0.02]) == pytest.approx([0.04, 0.04, 0.5, 0.04])
    assert q_values([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.floats(0.001, 0.999))
def test_what_q_values_find_is_what_stepping_up_finds(given_p: list[float], rate: float) -> None:
    found = {place for place, q in enumerate(q_values(given_p)) if q <= rate}
    ordered = sorted(range(len(given_p)), key=lambda place: given_p[place])
    last = max((rank for rank, place in enumerate(ordered, 1) if given_p[place] * len(given_p) / rank <= rate), default=0)
    assert found >= set(ordered[:last])
    assert all(given_p[place] <= given_p[ordered[last - 1]] for place in found) if last else not found


def test_what_can_be_seen_and_how_many_runs_it_takes_agree() -> None:
    runs = runs_needed(0.02, 0.03, 0.025)
    assert detectable(math.sqrt(2 / runs * math.pi / 3) * 0.02, 0.025) == pytest.approx(0.03, rel=0.05)
    assert runs == 8
    assert runs_needed(0.0, 0.03, 0.025) == 2
    assert detectable(0.01, 0.0) == math.inf
    assert standard_error(-1.96, 1.96, 0.025) == pytest.approx(1.0, rel=1e-4)
    with pytest.raises(ValueError, match="above 0"):
        runs_needed(0.02, 0.0, 0.025)
