import math

import pytest

from farm.gate import words
from farm.verdicts import Estimate


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.03, "+3 %"),
        (-0.0042, "-0.42 %"),
        (0.1254, "+12.5 %"),
        (0.0, "+0 %"),
        (1.0, "+100 %"),
        (-0.2, "-20 %"),
        (math.inf, "any"),
        (-1e-7, "+0 %"),
    ],
)
def test_shares_are_signed_per_cent(value: float, text: str) -> None:
    assert words.share(value) == text


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (0.98, 1.02, "+1 % (-2 % … +2 %)"),
        (None, 1.02, "+1 % (at most +2 %)"),
        (0.98, None, "+1 % (at least -2 %)"),
        (None, None, "+1 % (no interval)"),
    ],
)
def test_an_interval_without_an_end_says_so(low: float | None, high: float | None, text: str) -> None:
    assert words.ratio_interval(Estimate(1.01, low, high, 0.95)) == text


def test_quantities_take_their_units() -> None:
    assert words.quantity_interval(Estimate(2.0e7, 1.9e7, 2.1e7, 0.95), "latency_ns") == "20.00 ms (19.00 ms … 21.00 ms)"
    assert words.listed(["a"]) == "a"
    assert words.listed(["a", "b", "c"]) == "a, b and c"
