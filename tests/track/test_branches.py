"""A branch against the base that it left."""

import math
from datetime import date, datetime, timedelta

import numpy as np
import pytest

from farm.findings import Followed, Night, Series
from farm.track import departure

FIRST = datetime(2026, 1, 1)  # noqa: DTZ001 - as the database has it


def a_series(metric: str = "latency_ns", device: str = "s25") -> Series:
    return Series(f"key-{device}", metric, device, device, "net", "k", "latency", "executorch", "xnnpack", 1)


def nights(levels: list[float], first: int = 0, metric: str = "latency_ns", device: str = "s25") -> Followed:
    """One night after the other, from a day on."""
    found = []
    for number, level in enumerate(levels):
        at = FIRST + timedelta(days=first + number)
        values = [level * factor for factor in (0.999, 1.0, 1.001)]
        found.append(Night(date(2026, 1, 1), at, f"r{number}", None, None, None, None, None, None, values))
    return Followed(a_series(metric, device), tuple(found))


def noisy(count: int, ratio: float = 1.0, seed: int = 1) -> list[float]:
    return [float(2e7 * ratio * math.exp(0.005 * value)) for value in np.random.default_rng(seed).standard_normal(count)]


def test_a_slower_branch_is_worse_by_its_size_and_a_rate_that_falls_is_worse_too() -> None:
    base = [nights(noisy(30)), nights(noisy(30, seed=3), metric="decode_tokens_per_s")]
    branch = [nights(noisy(5, 1.1, seed=2), 31), nights(noisy(5, 0.9, seed=4), 31, metric="decode_tokens_per_s")]
    found = departure("main", base, branch)
    assert found.left_at == FIRST + timedelta(days=31)
    rate, latency = found.compared
    assert (latency.worse, rate.worse) == (True, True)
    assert latency.is_told
    assert latency.size.value == pytest.approx(1.1, rel=0.01)
    assert latency.size.low < 1.1 < latency.size.high * 1.01
    assert (latency.base_nights, latency.nights, found.silent) == (10, 5, 0)


def test_what_the_base_did_after_the_branch_began_is_not_its_level() -> None:
    base = [nights([*noisy(20), *noisy(20, 1.5, seed=5)])]
    found = departure("main", base, [nights(noisy(5, seed=2), 20)])
    assert not any(one.is_told for one in found.compared)


def test_too_few_nights_other_series_and_values_that_have_no_ratio_are_not_compared() -> None:
    branch = [nights(noisy(2), 31), nights(noisy(5), 31, device="pixel9"), nights([0.0] * 5, 31, metric="vm_hwm_bytes")]
    found = departure("main", [nights(noisy(30)), nights([0.0] * 30, metric="vm_hwm_bytes")], branch)
    assert (found.compared, found.silent) == ((), 3)
    assert departure("main", [nights(noisy(30))], []).left_at is None


def test_unchanged_branches_are_seldom_told() -> None:
    base = [nights(noisy(30, seed=seed), device=f"d{seed}") for seed in range(200)]
    branch = [nights(noisy(6, seed=seed + 1000), 31, device=f"d{seed}") for seed in range(200)]
    assert sum(one.is_told for one in departure("main", base, branch).compared) == 0
