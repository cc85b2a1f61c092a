"""Qualcomm AI Hub Models: perf.yaml, what a model's published profile jobs came to.

One entry for each precision, component, device and runtime. Times are milliseconds. `estimated_peak_memory_range_mb` is in MiB, rounded
to whole ones by the scorecard that writes the file (QAIHMModelPerf.PerformanceDetails.PeakMemoryRangeMB.from_bytes). A job that did not
pass has no numbers. Of language models the file does not say how tokens are counted, so they have names of their own.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from farm.exchange import fields
from farm.exchange.fields import BrokenText
from farm.exchange.imported import AS_REPORTED, MAXIMUM, MINIMUM, Contents, Gap, Number

FORMAT = "aihub-perf"

_MS = 1e6
_MIB = 2.0**20
_PASSED = "passed"


def is_ours(text: str) -> bool:
    """Return whether this text is a perf.yaml of today's form: its entries stand under their precisions."""
    return re.search(r"(?m)^precisions:[ \t]*$", text) is not None and re.search(r"(?m)^ +performance_metrics:[ \t]*$", text) is not None


def read(text: str) -> Contents:
    """Return the numbers of a perf.yaml."""
    if not text.endswith("\n"):
        raise BrokenText("ends in the middle of a line: a number that was cut off is another number")
    numbers: list[Number] = []
    gaps: list[Gap] = []
    for label, device, labels, entry in _entries(fields.mapping(fields.parse_yaml(text), "the file")):
        status = entry.get("job_status")
        if status is not None and str(status).lower() != _PASSED:
            gaps.append(Gap(label, "inference_time_milliseconds", f"the job on {labels['runtime']}: {status}", device))
            continue
        found = [*_timed(label, device, labels, entry, gaps), *_of_tokens(label, device, labels, entry)]
        if not found:
            gaps.append(Gap(label, "inference_time_milliseconds", f"no number on {labels['runtime']}", device))
        numbers += found
    return Contents(FORMAT, tuple(numbers), tuple(gaps))


def _entries(given: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, str], Mapping[str, Any]]]:
    """Yield each entry: what was measured, on which device, with which labels, and what it says."""
    for precision, content in _named(given.get("precisions"), "precisions"):
        for component, parts in _named(content.get("components"), f"the components of {precision}"):
            for device, runtimes in _named(parts.get("performance_metrics"), f"the performance_metrics of {component}"):
                for runtime, entry in _named(runtimes, device):
                    yield f"{component} {precision}", device, _labels(str(precision), str(runtime), entry), entry


def _named(value: object, what: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, content in fields.mapping(value if value is not None else {}, what).items():
        yield str(name), fields.mapping(content, str(name))


def _labels(precision: str, runtime: str, entry: Mapping[str, Any]) -> dict[str, str]:
    labels = {"precision": precision, "runtime": runtime}
    for name in ("job_id", "primary_compute_unit"):
        if entry.get(name) is not None:
            labels[name] = str(entry[name])
    layers = fields.mapping(entry.get("layer_counts") or {}, "layer_counts")
    versions = fields.mapping(entry.get("tool_versions") or {}, "tool_versions")
    return labels | {f"layers_{unit}": str(count) for unit, count in layers.items()} | {str(tool): str(of) for tool, of in versions.items()}


def _timed(label: str, device: str, labels: Mapping[str, str], entry: Mapping[str, Any], gaps: list[Gap]) -> Iterator[Number]:
    """Yield the time and the memory of an inference; what is nought was rounded away, and is a gap."""
    source = "inference_time_milliseconds"
    if entry.get(source) is not None:
        value = fields.number(entry[source], source)
        if value <= 0:
            raise BrokenText(f"says {value:g} for {source}")
        yield Number(label, "latency_ns", AS_REPORTED, (value * _MS,), source, device, labels=labels)
    source = "estimated_peak_memory_range_mb"
    if entry.get(source) is None:
        return
    ends = fields.mapping(entry[source], source)
    low, high = (fields.number(ends.get(name), f"{source}.{name}") for name in ("min", "max"))
    if not 0 <= low <= high:
        raise BrokenText(f"has no range for {source}")
    for name, statistic, value in (("min", MINIMUM, low), ("max", MAXIMUM, high)):
        if value == 0:
            gaps.append(Gap(label, f"{source}.{name}", f"0 on {labels['runtime']}: less than half a MiB, or nothing", device))
        else:
            yield Number(label, "inference_peak_bytes", statistic, (value * _MIB,), source, device, labels=labels)


def _of_tokens(label: str, device: str, labels: Mapping[str, str], entry: Mapping[str, Any]) -> Iterator[Number]:
    """Yield what is said of a language model, for each length of its context."""
    for item in fields.sequence(entry.get("llm_metrics") or [], "llm_metrics"):
        given = fields.mapping(item, "llm_metrics")
        own = dict(labels) | {"context_length": str(given.get("context_length"))}
        for source, metric in (("tokens_per_second", "response_tokens_per_s"), ("prefill_tokens_per_second", "prompt_rate_tokens_per_s")):
            if given.get(source) is not None:
                yield Number(label, metric, AS_REPORTED, (fields.number(given[source], source),), source, device, labels=own)
        source = "time_to_first_token_range_milliseconds"
        if given.get(source) is not None:
            ends = fields.mapping(given[source], source)
            for name, statistic in (("min", MINIMUM), ("max", MAXIMUM)):
                value = fields.number(ends.get(name), f"{source}.{name}") * _MS
                yield Number(label, "prompt_ttft_ns", statistic, (value,), source, device, labels=own)
