"""What a model's answers to items come to: right or wrong, how probable it held each text, and how sure that is. Values in, values out."""

import hashlib
import math
from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from farm.errors import HarnessFailed
from farm.stats import Interval, paired
from farm.stats.intervals import share_interval
from farm.workloads import Answers, ItemKind, Items, Outcome, Readings

ACCURACY, PERPLEXITY = "accuracy_ratio", "perplexity"
_FEWEST_TEXTS = 3
_GREATEST_EXPONENT = 700.0  # of a double
_COVERAGE = 0.95


def graded(items: Items, output: bytes, readings: Sequence[Readings]) -> Answers:
    """Return the answers in a quality pass's raw output; readings hold how many items and numbers the harness says it wrote.

    Raises HarnessFailed when the output is not whole, holds what is no number, or cannot hold an item's right answer.
    """
    dtype = np.dtype("<f4" if items.kind is ItemKind.CLASSIFY else "<f8")
    count, values = _stated(readings, "items_count"), _stated(readings, "item_values_count")
    if count != items.count or len(output) != values * dtype.itemsize:
        raise HarnessFailed(
            f"the harness answered {count} of {items.count} items with {values} numbers, and {len(output)} bytes of them arrived",
            error_class="garbage",
        )
    numbers = np.frombuffer(output, dtype).astype(np.float64)
    graded_as = _classified if items.kind is ItemKind.CLASSIFY else _foretold
    return graded_as(items, numbers, hashlib.sha256(output).hexdigest())


def _stated(readings: Sequence[Readings], metric: str) -> int:
    return next((int(item.values[0]) for item in readings if item.metric == metric and item.values), 0)


def _classified(items: Items, numbers: NDArray[np.float64], sha256: str) -> Answers:
    if numbers.size == 0 or numbers.size % items.count:
        raise HarnessFailed(f"{numbers.size} numbers are no rows of {items.count} items", error_class="garbage")
    rows = numbers.reshape(items.count, -1)
    classes = rows.shape[1]
    if max(items.targets) >= classes:
        raise HarnessFailed(
            f"the right answer to an item of {items.name} is number {max(items.targets)}, counted from 0, "
            f"and the model gives {classes} numbers",
            error_class="input_mismatch",
            hint="give the model the items that it was made for",
        )
    _refuse_odd(items, np.isfinite(rows))
    predicted = rows.argmax(axis=1)
    right = predicted == np.asarray(items.targets)
    return Answers(items.sha256, ACCURACY, tuple(right.astype(float).tolist()), sha256, predicted=tuple(predicted.tolist()))


def _foretold(items: Items, numbers: NDArray[np.float64], sha256: str) -> Answers:
    tokens = np.asarray(items.sizes) - 1  # the first token of a text only conditions
    if numbers.size != tokens.sum():
        raise HarnessFailed(f"{numbers.size} log-probabilities came, for {tokens.sum()} tokens", error_class="garbage")
    sums = np.add.reduceat(numbers, np.cumsum(tokens) - tokens)
    _refuse_odd(items, np.isfinite(sums))
    if -sums.sum() / tokens.sum() > _GREATEST_EXPONENT:
        raise HarnessFailed("the model holds the texts for so improbable that their perplexity is no number", error_class="wrong_output")
    return Answers(items.sha256, PERPLEXITY, tuple(sums.tolist()), sha256, tokens=tuple(tokens.tolist()))


def _refuse_odd(items: Items, finite: NDArray[np.bool_]) -> None:
    """Refuse answers that are not finite: a model that gives them is broken, and how many it would have got right is not known."""
    odd = np.flatnonzero(~finite.reshape(items.count, -1).all(axis=1))
    if odd.size:
        raise HarnessFailed(
            f"{odd.size} of {items.count} items were answered with values that are not finite, the first is number {odd[0]}",
            error_class="wrong_output",
        )


def reading(answers: Answers) -> Readings:
    """Return what answers come to: the share of right ones, or exp of the mean negative log-probability of a target token."""
    values = np.asarray(answers.values)
    if answers.tokens is None:
        return Readings(answers.metric, (float(values.mean()),))
    return Readings(answers.metric, (math.exp(-float(values.sum()) / sum(answers.tokens)),))


def interval(answers: Answers) -> Interval | None:
    """Return how far the number would scatter had other items of the same kind been asked; None for fewer than three texts.

    The items are the draws. A share of right answers has the exact interval of Clopper and Pearson. The logarithm of a perplexity is
    a ratio of sums over texts, and has the interval of its change (farm.stats.paired) from a model that is always right: the two
    differ by nothing.
    """
    level = (1 - _COVERAGE) / 2
    values = np.asarray(answers.values)
    if answers.tokens is None:
        return share_interval(int(values.sum()), values.size, _COVERAGE)
    if values.size < _FEWEST_TEXTS:
        return None
    _, low, high = paired.log_perplexity_change(np.zeros_like(values), values, np.asarray(answers.tokens, dtype=float), level)
    return Interval(math.exp(low), math.exp(high), _COVERAGE) if high < _GREATEST_EXPONENT else None


_SAME = ["device_id", "flavour", "items_sha256", "metric"]


def paired_items(baseline: pl.DataFrame, candidate: pl.DataFrame) -> pl.DataFrame:
    """Return one row for each item that candidate answered, beside baseline's answer to it: the frame that gate.judge takes as items.

    Both have the columns of the store's query chosen_answers. Only valid runs count: of the candidate the newest of each workload on a
    device. Answers are held against each other on one device unit, of one flavour and one item file; the baseline's workload may be
    another one, such as that of the float original. An item without such an answer of the baseline has null.
    """
    own = _newest(candidate, ["device_id", "flavour", "workload", "metric"])
    base = _newest(baseline, _SAME).select(*_SAME, "item", pl.col("value").alias("baseline"))
    return own.join(base, on=[*_SAME, "item"], how="left", maintain_order="left").select(
        "device",
        "workload",
        "metric",
        pl.concat_str(pl.col("items_sha256").str.head(12), pl.lit("#"), pl.col("item")).alias("item"),
        "baseline",
        pl.col("value").alias("candidate"),
        "tokens",
    )


def _newest(answers: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """Return the answers of valid runs, of several that answered the same the newest run's."""
    valid = answers.filter(pl.col("outcome") == Outcome.OK)
    newest = pl.col("run_id").sort_by("started_at", "run_id").last().over(keys)
    return valid.filter(pl.col("run_id") == newest)
