import math
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm import gate, quality
from farm.errors import HarnessFailed
from farm.metrics import Statistic
from farm.verdicts import Budget, Decision, Plan
from farm.workloads import Answers, ItemKind, Items, Readings

IMAGES = Items("5eed", "images.items", Path("images.items"), ItemKind.CLASSIFY, 4, (8,), (0, 1, 1, 2))
TEXTS = Items("7e47", "texts.items", Path("texts.items"), ItemKind.TOKENS, 3, (3, 2, 5))
RUNS = pl.DataFrame(schema=gate.RUNS)


def said(items: int, values: int) -> tuple[Readings, ...]:
    return (Readings("items_count", (float(items),)), Readings("item_values_count", (float(values),)))


def classified(rows: list[list[float]]) -> Answers:
    output = np.array(rows, "<f4")
    return quality.graded(IMAGES, output.tobytes(), said(4, output.size))


def foretold(log_probabilities: list[float]) -> Answers:
    return quality.graded(TEXTS, np.array(log_probabilities, "<f8").tobytes(), said(3, len(log_probabilities)))


def test_an_answer_is_right_when_the_greatest_number_stands_at_its_place_and_of_equal_ones_the_first_counts() -> None:
    answers = classified([[1, 0, 0], [0, 2, -1], [5, 5, 0], [0, 0, 0]])
    assert answers.predicted == (0, 1, 0, 0)
    assert answers.values == (1.0, 1.0, 0.0, 0.0)
    assert quality.reading(answers) == Readings("accuracy_ratio", (0.5,))


def test_perplexity_is_over_tokens_and_not_over_texts() -> None:
    answers = foretold([-1, -2, -3, -4, -5, -6, -7])
    assert (answers.values, answers.tokens) == ((-3.0, -3.0, -22.0), (2, 1, 4))
    assert quality.reading(answers).values[0] == pytest.approx(math.exp(28 / 7))
    assert quality.reading(foretold([-math.log(50)] * 7)).values[0] == pytest.approx(50)


@pytest.mark.parametrize(
    ("items", "output", "stated", "error_class", "message"),
    [
        (IMAGES, np.zeros(12, "<f4"), said(3, 12), "garbage", "answered 3 of 4 items"),
        (IMAGES, np.zeros(11, "<f4"), said(4, 12), "garbage", "and 44 bytes of them arrived"),
        (IMAGES, np.zeros(12, "<f4"), (), "garbage", "answered 0 of 4 items"),
        (IMAGES, np.zeros(0, "<f4"), said(4, 0), "garbage", "no rows of 4 items"),
        (IMAGES, np.zeros(10, "<f4"), said(4, 10), "garbage", "10 numbers are no rows of 4 items"),
        (IMAGES, np.zeros(8, "<f4"), said(4, 8), "input_mismatch", "is number 2, counted from 0, and the model gives 2 numbers"),
        (IMAGES, np.array([*[0.0] * 9, math.nan, 0, 0], "<f4"), said(4, 12), "wrong_output", "1 of 4 items .* number 3"),
        (IMAGES, np.array([math.inf, -math.inf, *[0.0] * 10], "<f4"), said(4, 12), "wrong_output", "1 of 4 items .* number 0"),
        (TEXTS, np.zeros(6, "<f8"), said(3, 6), "garbage", "6 log-probabilities came, for 7 tokens"),
        (TEXTS, np.array([*[-1.0] * 6, math.nan], "<f8"), said(3, 7), "wrong_output", "1 of 3 items .* number 2"),
        (TEXTS, np.full(7, -1e4, "<f8"), said(3, 7), "wrong_output", "their perplexity is no number"),
    ],
)
def test_answers_that_are_not_whole_or_no_numbers_are_a_failed_run(
    items: Items, output: np.ndarray, stated: tuple[Readings, ...], error_class: str, message: str
) -> None:
    with pytest.raises(HarnessFailed, match=message) as caught:
        quality.graded(items, output.tobytes(), stated)
    assert caught.value.error_class == error_class


def test_the_interval_is_over_items() -> None:
    right = Answers("5eed", "accuracy_ratio", (1.0,) * 7 + (0.0,) * 43, "")
    found = quality.interval(right)
    assert found is not None
    assert (found.low, found.high) == pytest.approx((0.05819170033997342, 0.26739600249700846))
    assert quality.interval(Answers("7e47", "perplexity", (-3.0, -9.0), "", tokens=(1, 3))) is None


@given(st.integers(0, 2**32 - 1))
def test_the_interval_of_a_perplexity_holds_it_and_knows_no_order(seed: int) -> None:
    random = np.random.default_rng(seed)
    tokens = random.integers(1, 300, 8)
    sums = -random.gamma(2, 1.5, 8) * tokens
    order = random.permutation(8)
    found = quality.interval(Answers("", "perplexity", tuple(sums.tolist()), "", tokens=tuple(tokens.tolist())))
    mixed = Answers("", "perplexity", tuple(sums[order].tolist()), "", tokens=tuple(tokens[order].tolist()))
    again = quality.interval(mixed)
    assert found is not None
    assert again is not None
    assert found.low < quality.reading(mixed).values[0] < found.high
    assert (found.low, found.high) == pytest.approx((again.low, again.high))


def test_a_perplexity_known_to_be_the_same_in_every_text_has_no_width() -> None:
    found = quality.interval(Answers("", "perplexity", (-math.log(50) * 7,) * 8, "", tokens=(7,) * 8))
    assert found is not None
    assert (found.low, found.high) == pytest.approx((50, 50))


def answered(values: list[float], run: str = "r1", **changes: str) -> pl.DataFrame:
    """Rows as the store's chosen_answers gives them."""
    common: dict[str, object] = {
        "run_id": run,
        "started_at": run,
        "outcome": "ok",
        "device_id": "d-1",
        "device": "s25",
        "workload": "digits",
        "flavour": "xnnpack",
        "items_sha256": "5eed",
        "metric": "accuracy_ratio",
        "tokens": None,
    }
    common |= changes
    return pl.DataFrame(
        [common | {"item": item, "value": value} for item, value in enumerate(values)], schema_overrides={"tokens": pl.Int64}
    )


def test_items_are_paired_for_the_gate() -> None:
    found = quality.paired_items(answered([1, 1, 0, 1]), answered([1, 0, 0, 1], run="r2"))
    assert found["baseline"].to_list() == [1, 1, 0, 1]
    assert found["candidate"].to_list() == [1, 0, 0, 1]
    assert found["item"].to_list() == ["5eed#0", "5eed#1", "5eed#2", "5eed#3"]
    assert set(gate.ITEMS) <= set(found.columns)


def test_the_baseline_may_be_another_workloads_such_as_the_float_original() -> None:
    found = quality.paired_items(answered([1, 1], workload="digits-fp32"), answered([1, 0], workload="digits-int8"))
    assert (found["workload"].to_list(), found["baseline"].to_list()) == (["digits-int8"] * 2, [1, 1])


@pytest.mark.parametrize(
    "other", [{"device_id": "d-2"}, {"flavour": "portable"}, {"items_sha256": "07e5"}, {"metric": "perplexity"}, {"outcome": "failed"}]
)
def test_answers_that_are_not_comparable_are_no_answers_of_the_baseline(other: dict[str, str]) -> None:
    found = quality.paired_items(answered([1.0] * 10, **other), answered([1.0] * 10, run="r2"))
    assert found["baseline"].null_count() == 10
    budget = Budget("digits", "accuracy_ratio", Statistic.VALUE, max_drop=0.1)
    (verdict,) = gate.judge([budget], RUNS, Plan(), date(2026, 1, 1), items=found)
    assert verdict.decision is Decision.INCONCLUSIVE
    assert "10 of 10 items have no answer of the baseline" in verdict.reason


def test_of_several_valid_runs_the_newest_counts() -> None:
    runs = pl.concat([answered([0, 0], run="r1"), answered([1, 1], run="r2"), answered([0, 0], run="r3", outcome="invalid")])
    found = quality.paired_items(runs, runs)
    assert found["baseline"].to_list() == found["candidate"].to_list() == [1, 1]


def test_answers_to_items_that_have_been_replaced_since_do_not_count() -> None:
    candidate = pl.concat([answered([0, 0], run="r2", items_sha256="07d1"), answered([1, 1], run="r3")])
    found = quality.paired_items(answered([1, 1]), candidate)
    assert found["item"].to_list() == ["5eed#0", "5eed#1"]


def test_two_flavours_on_one_device_are_not_taken_for_one() -> None:
    candidate = pl.concat([answered([1.0] * 10, run="r2"), answered([1.0] * 10, run="r3", flavour="portable")])
    budget = Budget("digits", "accuracy_ratio", Statistic.VALUE, max_drop=0.1)
    found = quality.paired_items(answered([1.0] * 10), candidate)
    (verdict,) = gate.judge([budget], RUNS, Plan(), date(2026, 1, 1), items=found)
    assert verdict.decision is Decision.INCONCLUSIVE
    assert "has an item twice" in verdict.reason


@pytest.mark.parametrize(("wrong", "decision"), [(0, Decision.PASS), (60, Decision.FAIL), (20, Decision.INCONCLUSIVE)])
def test_the_gate_judges_the_drop(wrong: int, decision: Decision) -> None:
    baseline, candidate = answered([1.0] * 400), answered([0.0] * wrong + [1.0] * (400 - wrong), run="r2")
    budget = Budget("digits", "accuracy_ratio", Statistic.VALUE, max_drop=0.05)
    (verdict,) = gate.judge([budget], RUNS, Plan(), date(2026, 1, 1), items=quality.paired_items(baseline, candidate))
    assert verdict.decision is decision
