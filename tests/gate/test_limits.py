"""Budgets that are a limit, not a ratio."""

import pytest

from farm.metrics import Statistic
from farm.verdicts import (
    ONE_LOOK,
    Budget,
    Decision,
)
from tests.gate import LIMIT, memory, one


def test_a_limit_is_held_against_the_median_of_the_candidates_runs() -> None:
    assert one(LIMIT, memory(*[1.0e9] * 10)).decision is Decision.PASS
    spread = one(LIMIT, memory(*[1.0e9, 1.01e9] * 20), plan=ONE_LOOK)
    assert spread.detectable is not None
    assert 1.1e9 < spread.detectable < 1.12e9
    failed = one(LIMIT, memory(*[1.2e9] * 20))
    assert failed.decision is Decision.FAIL
    assert failed.reason == "1.200 GB (1.200 GB … 1.200 GB), 1.100 GB allowed"
    assert one(LIMIT, memory(*[1.1e9] * 40)).decision is Decision.INCONCLUSIVE
    assert one(LIMIT, memory(*[1.0e9] * 5), plan=ONE_LOOK).decision is Decision.INCONCLUSIVE  # 1/32 is above 0.025
    assert one(LIMIT, memory(*[1.0e9] * 6), plan=ONE_LOOK).decision is Decision.PASS


@pytest.mark.parametrize(("value", "devices", "fewest"), [(1.0e9, 1, 6), (1.2e9, 1, 6), (1.2e9, 2, 7)])
def test_so_few_runs_that_there_is_no_interval_hold_no_limit_and_say_how_many_would_do(value: float, devices: int, fewest: int) -> None:
    names = ["s25", "pixel9"][:devices]
    verdict = one(LIMIT, *(memory(*[value] * 5, device=name) for name in names), plan=ONE_LOOK)
    assert verdict.decision is Decision.INCONCLUSIVE
    assert "(no interval)" in verdict.reason
    assert verdict.reason.endswith("allowed: 5 runs are too few for an interval")
    assert verdict.would_decide == f"more runs: at least {fewest} on each device"
    enough = one(LIMIT, *(memory(*[value] * fewest, device=name) for name in names), plan=ONE_LOOK)
    assert enough.decision is not Decision.INCONCLUSIVE


def test_a_limit_that_an_interval_holds_says_so_of_the_device_that_holds_it_back() -> None:
    steady = memory(*[1.09e9] * 40)
    verdict = one(LIMIT, steady, memory(*[1.0e9, 1.15e9, 1.02e9, 1.16e9, 1.01e9] * 4, device="pixel9"), plan=ONE_LOOK)
    assert verdict.decision is Decision.INCONCLUSIVE
    assert verdict.estimate is not None
    assert verdict.estimate.low is not None
    assert verdict.estimate.high is not None
    assert verdict.estimate.low < 1.1e9 < verdict.estimate.high
    assert "on pixel9, 1.100 GB allowed: the interval holds the limit" in verdict.reason


def test_one_device_over_the_limit_is_enough_and_all_must_be_within() -> None:
    good, bad = memory(*[1.0e9] * 40), memory(*[1.2e9] * 40, device="pixel9")
    verdict = one(LIMIT, good, bad)
    assert verdict.decision is Decision.FAIL
    assert "on pixel9" in verdict.reason
    assert one(LIMIT, good, memory(*[1.05e9, 1.15e9] * 20, device="pixel9")).decision is Decision.INCONCLUSIVE
    assert one(LIMIT, good, devices=("s25", "pixel9")).decision is Decision.INCONCLUSIVE


def test_a_rate_has_a_lowest_value() -> None:
    budget = Budget("w", "decode_tokens_per_s", Statistic.VALUE, limit=10.0)
    assert one(budget, memory(*[9.0] * 40, metric="decode_tokens_per_s")).decision is Decision.FAIL
    assert one(budget, memory(*[11.0] * 40, metric="decode_tokens_per_s")).decision is Decision.PASS


def test_a_failed_run_holds_back_the_pass_of_a_limit() -> None:
    rows = memory(*[1.0e9] * 10)
    rows[0] |= {"outcome": "failed", "reason": "killed: out of memory", "value": None}
    verdict = one(LIMIT, rows)
    assert verdict.decision is Decision.INCONCLUSIVE
    assert "killed: out of memory" in verdict.reason
