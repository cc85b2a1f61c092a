"""llama-bench of llama.cpp: JSON, JSON lines and CSV (tools/llama-bench).

A test is a prompt of n_prompt tokens, a generation of n_gen tokens, or both one after the other, after n_depth tokens that
are already there. JSON has every repetition; CSV has their mean and deviation and does not say how many there were.
"""

import math
from collections.abc import Mapping
from typing import Any

from farm.exchange import fields
from farm.exchange.fields import BrokenText
from farm.exchange.imported import DEVIATION, MEAN, READING, Contents, Number

FORMAT = "llama-bench"
_NEEDED = {"build_commit", "model_filename", "n_prompt", "n_gen", "avg_ts"}
_LABELS = (
    *("build_commit", "build_number", "backends", "model_type", "model_size", "model_n_params", "n_batch", "n_ubatch", "n_threads"),
    *("cpu_mask", "cpu_strict", "poll", "type_k", "type_v", "n_gpu_layers", "split_mode", "no_kv_offload", "flash_attn", "use_mmap"),
)
_ROUNDED = 2e-3
"""Rates are printed to six digits and less; a rate that disagrees with its time by more is of another test."""


def is_ours(names: object) -> bool:
    """Return whether these are a test's names."""
    return isinstance(names, dict | list) and set(names) >= _NEEDED


def read_json(value: object) -> Contents:
    """Return the numbers of a list of tests."""
    tests = value if isinstance(value, list) else [value]
    return Contents(FORMAT, tuple(number for test in tests for number in _test(fields.mapping(test, "a test"))))


def read_csv(text: str) -> Contents:
    """Return the numbers of a table of tests."""
    header, lines = fields.table(text)
    if not is_ours(header):
        raise BrokenText(f"lacks the columns {', '.join(sorted(_NEEDED - set(header)))}")
    numbers: list[Number] = []
    for line in lines:
        test: dict[str, Any] = dict(zip(header, line, strict=True))
        for name in ("n_prompt", "n_gen", "n_depth", "avg_ns", "stddev_ns", "avg_ts", "stddev_ts"):
            if name in test:
                test[name] = fields.numeral(test[name], name)
        numbers += _test(test)
    return Contents(FORMAT, tuple(numbers))


def _test(test: Mapping[str, Any]) -> list[Number]:
    if not is_ours(dict(test)):
        raise BrokenText(f"has a test without {', '.join(sorted(_NEEDED - set(test)))}")
    prompt, generated, depth = (fields.count(test.get(name, 0), name) for name in ("n_prompt", "n_gen", "n_depth"))
    if prompt + generated == 0:
        raise BrokenText("has a test of no tokens")
    kind = "prefill_decode" if prompt and generated else "prefill" if prompt else "decode"
    parts = [f"pp{prompt}" if prompt else "", f"tg{generated}" if generated else ""]
    file = fields.text(test["model_filename"], "model_filename").replace("\\", "/").rpartition("/")[2]
    label = f"{file} {'+'.join(filter(None, parts))}{f' @ d{depth}' if depth else ''}"
    chips = dict.fromkeys(filter(None, (fields.optional_text(test.get(name)) for name in ("cpu_info", "gpu_info"))))

    def of(metric: str, statistic: str, values: tuple[float, ...], source: str) -> Number:
        return Number(
            label,
            metric,
            statistic,
            values,
            source,
            ", ".join(chips) or None,
            readings=1 if statistic == READING else None,
            measured_at=fields.moment(test.get("test_time")),
            labels=fields.words(**{name: test.get(name) for name in _LABELS}),
        )

    time, rate = f"{kind}_ns", f"{kind}_tokens_per_s"
    if "samples_ts" in test or "samples_ns" in test:
        times_ns, rates = _checked_samples(test, prompt + generated)
        return [of(time, READING, times_ns, "samples_ns"), of(rate, READING, rates, "samples_ts")]
    mean_ns, mean_ts = _positive(test.get("avg_ns"), "avg_ns"), _positive(test.get("avg_ts"), "avg_ts")
    if not math.isclose((prompt + generated) * 1e9 / mean_ns, mean_ts, rel_tol=0.1):  # a mean of rates is not the rate of the mean
        raise BrokenText(f"says {mean_ts:g} tokens/s and {mean_ns:g} ns for {prompt + generated} tokens of {label}")
    found = [of(time, MEAN, (mean_ns,), "avg_ns"), of(rate, MEAN, (mean_ts,), "avg_ts")]
    for metric, name in ((time, "stddev_ns"), (rate, "stddev_ts")):
        if test.get(name) is not None:
            found.append(of(metric, DEVIATION, (fields.number(test[name], name),), name))
    return found


def _checked_samples(test: Mapping[str, Any], tokens: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the times and rates of all repetitions; the rates must be those of the times, and the means theirs."""
    times_ns, rates = (fields.numbers(test.get(name), name) for name in ("samples_ns", "samples_ts"))
    if len(times_ns) != len(rates):
        raise BrokenText(f"has {len(times_ns)} samples_ns and {len(rates)} samples_ts")
    for time_ns, rate in zip(times_ns, rates, strict=True):
        if time_ns <= 0 or not math.isclose(tokens * 1e9 / time_ns, rate, rel_tol=_ROUNDED):
            raise BrokenText(f"says {rate:g} tokens/s and {time_ns:g} ns for {tokens} tokens")
    for values, name in ((times_ns, "avg_ns"), (rates, "avg_ts")):
        if not math.isclose(sum(values) / len(values), _positive(test.get(name), name), rel_tol=_ROUNDED):
            raise BrokenText(f"has a mean {name} that is not its samples'")
    return times_ns, rates


def _positive(value: object, what: str) -> float:
    found = fields.number(value, what)
    if found <= 0:
        raise BrokenText(f"says {found:g} for {what}")
    return found
