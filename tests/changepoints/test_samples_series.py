"""Change points on labelled series of real benchmark noise, where the folder of samples stands beside the repository."""

import json

import numpy as np
import pytest

from farm.changepoints import find_many
from tests.conftest import ROOT

SAMPLES = ROOT.parent / "shared" / "samples" / "series"

pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples are not here")

NEAR = 5


def matched(found: list[int], true: list[int]) -> int:
    """Return how many true changes have a detection near them, each detection used once."""
    left = list(found)
    for change in true:
        near = sorted((abs(place - change), place) for place in left if abs(place - change) <= NEAR)
        if near:
            left.remove(near[0][1])
    return len(found) - len(left)


def test_injected_changes_are_found_and_unchanged_series_are_quiet() -> None:
    labelled = json.loads((SAMPLES / "injected.json").read_text())
    found = [[change.index for change in changes] for changes in find_many([each["values"] for each in labelled])]
    true = [each["change_points"] for each in labelled]
    hits = sum(matched(places, changes) for places, changes in zip(found, true, strict=True))
    assert 2 * hits / (sum(map(len, found)) + sum(map(len, true))) >= 0.95
    assert sum(bool(places) for places, changes in zip(found, true, strict=True) if not changes) <= 2


def test_forks_of_one_benchmark_in_which_nothing_changed_are_quiet() -> None:
    forks = np.load(SAMPLES / "forks.npz")["iterations"].astype(float)
    found = find_many([np.median(each, axis=1) for each in forks])
    assert sum(map(bool, found)) <= 0.02 * len(found)
