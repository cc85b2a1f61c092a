"""Qualcomm AI Hub: the JSON of a profile job (download_profile() of the qai_hub client).

Times are microseconds and memory bytes. The file names neither the model nor the device. A stage that there was not (a
model compiled beforehand) has the time 0 or null. How estimated_inference_time follows from the readings is not said.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from farm.exchange import fields
from farm.exchange.fields import BrokenText
from farm.exchange.imported import AS_REPORTED, MAXIMUM, MINIMUM, READING, Contents, Gap, Number

FORMAT = "aihub-profile"

_US = 1e3
_LABEL = "a model that is not named"
_SUMMARY = "execution_summary"
_TIMES = {"first_load_time": "first_load_ns", "warm_load_time": "warm_load_ns", "compile_time": "device_compile_ns"}
_STAGES = {"first_load": "first_load", "warm_load": "warm_load", "compile": "compile", "inference": "inference"}
_PEAKS = {
    "estimated_inference_peak_memory": "inference_peak_bytes",
    "first_load_peak_memory": "first_load_peak_bytes",
    "warm_load_peak_memory": "warm_load_peak_bytes",
    "compile_peak_memory": "compile_peak_bytes",
}


def is_ours(value: object) -> bool:
    """Return whether this JSON is a profile."""
    return isinstance(value, dict) and isinstance(value.get(_SUMMARY), dict)


def read(value: object) -> Contents:
    """Return the numbers of a profile."""
    given = fields.mapping(value, "the file")
    summary = fields.mapping(given[_SUMMARY], _SUMMARY)
    details = [
        fields.mapping(item, "execution_detail") for item in fields.sequence(given.get("execution_detail") or [], "execution_detail")
    ]
    layers = Counter(str(item["compute_unit"]).lower() for item in details if item.get("compute_unit"))
    labels = {f"layers_{fields.shortened(unit)}": str(count) for unit, count in layers.items()}
    numbers: list[Number] = []
    gaps: list[Gap] = []

    def add(source: str, metric: str, statistic: str, values: tuple[float, ...], readings: int | None = None) -> None:
        if min(values) < 0:
            raise BrokenText(f"says {min(values):g} for {source}")
        if 0 in values:
            gaps.append(Gap(_LABEL, source, "0: there was nothing to measure"))
        else:
            numbers.append(Number(_LABEL, metric, statistic, values, source, readings=readings, labels=labels))

    times = summary.get("all_inference_times") or given.get("all_inference_times")
    readings = fields.numbers(times, "all_inference_times") if times is not None else ()
    if readings:
        add("all_inference_times", "latency_ns", READING, tuple(value * _US for value in readings), 1)
    for source, metric in {"estimated_inference_time": "latency_ns", **_TIMES}.items():
        if summary.get(source) is not None:
            count = len(readings) or None if metric == "latency_ns" else None
            add(source, metric, AS_REPORTED, (fields.number(summary[source], source) * _US,), count)
        elif source in summary:
            gaps.append(Gap(_LABEL, source, "null"))
    for source, metric in _PEAKS.items():
        if summary.get(source) is not None:
            add(source, metric, AS_REPORTED, (fields.number(summary[source], source),))
    for source, metric, statistic, size_bytes in _ranges(summary):
        numbers.append(Number(_LABEL, metric, statistic, (size_bytes,), source, labels=labels))
    if not numbers:
        raise BrokenText(f"has an {_SUMMARY} without numbers")
    return Contents(FORMAT, tuple(numbers), tuple(gaps))


def _ranges(summary: Mapping[str, Any]) -> list[tuple[str, str, str, float]]:
    """Return both ends of each range of memory: source, metric, statistic, bytes. A growth of nothing is 0."""
    found = []
    for stage, name in _STAGES.items():
        for kind, word in (("increase", "growth"), ("peak", "peak")):
            source = f"{stage}_memory_{kind}_range"
            if summary.get(source) is None:
                continue
            ends = fields.numbers(list(summary[source]) if isinstance(summary[source], tuple) else summary[source], source)
            if len(ends) != 2 or ends[0] > ends[1]:  # noqa: PLR2004
                raise BrokenText(f"has no range for {source}")
            if ends[1] > 0 or kind == "increase":
                found += [(source, f"{name}_{word}_bytes", statistic, end) for statistic, end in zip((MINIMUM, MAXIMUM), ends, strict=True)]
    return found
