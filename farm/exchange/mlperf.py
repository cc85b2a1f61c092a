"""MLPerf: the mobile app's extended result (docs/result-spec.md of mobile_app_open), and the load generator's detail log.

The log has a JSON object on each line after `:::MLLOG`. Percentiles are the source's; whether a measurement is valid is
the load generator's word and goes with every number of it.
"""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from farm.exchange import fields
from farm.exchange.fields import BrokenText
from farm.exchange.imported import AS_REPORTED, MAXIMUM, MEAN, MINIMUM, Contents, Gap, Number

MOBILE = "mlperf-mobile"
LOADGEN = "mlperf-loadgen"

_MARK = ":::MLLOG"
_PERCENTILE = re.compile(r"result_(\d+\.\d+)_percentile_latency_ns")
_RESULTS = {
    "result_mean_latency_ns": ("latency_ns", MEAN),
    "result_min_latency_ns": ("latency_ns", MINIMUM),
    "result_max_latency_ns": ("latency_ns", MAXIMUM),
    "result_samples_per_second": ("samples_per_s", AS_REPORTED),
    "result_scheduled_samples_per_sec": ("scheduled_samples_per_s", AS_REPORTED),
    "result_qps_with_loadgen_overhead": ("queries_with_loadgen_per_s", AS_REPORTED),
    "result_qps_without_loadgen_overhead": ("queries_without_loadgen_per_s", AS_REPORTED),
}
_LABELS = {
    "effective_scenario": "scenario",
    "effective_test_mode": "mode",
    "result_query_count": "query_count",
    "result_min_duration_met": "min_duration_met",
    "result_min_queries_met": "min_queries_met",
    "early_stopping_met": "early_stopping_met",
}


def is_loadgen(text: str) -> bool:
    """Return whether a text has the log's lines."""
    return _MARK in text


def is_mobile(value: object) -> bool:
    """Return whether this JSON is the app's result."""
    return isinstance(value, dict) and "results" in value and "environment_info" in value


def read_loadgen(text: str) -> Contents:
    """Return the results of every process that logged."""
    said: dict[str, dict[str, object]] = defaultdict(dict)
    for place, line in enumerate(text.splitlines(), 1):
        _, mark, rest = line.partition(_MARK)
        if not mark:
            continue
        entry = fields.mapping(fields.parse_json(rest.strip()), f"line {place}")
        metadata = fields.mapping(entry.get("metadata") or {}, f"line {place}'s metadata")
        process = str(metadata.get("pid", "unknown"))
        key, value = fields.text(entry.get("key"), f"line {place}'s key"), entry.get("value")
        wanted = key in _RESULTS or key in _LABELS or key == "result_validity" or _PERCENTILE.fullmatch(key)
        if wanted and said[process].setdefault(key, value) != value:
            raise BrokenText(f'says "{key}" twice for one process, and not the same')
    numbers = [number for process, keys in said.items() for number in _of_process(process, keys)]
    if not numbers:
        raise BrokenText("has no results of the load generator")
    return Contents(LOADGEN, tuple(numbers))


def _of_process(process: str, keys: Mapping[str, object]) -> list[Number]:
    labels = fields.words(**{name: keys.get(key) for key, name in _LABELS.items()})
    valid = {"VALID": True, "INVALID": False}.get(str(keys.get("result_validity")))
    found = []
    for key, value in keys.items():
        percentile = _PERCENTILE.fullmatch(key)
        known = ("latency_ns", f"p{float(percentile[1]):g}") if percentile else _RESULTS.get(key)
        if known is not None:
            metric, statistic = known
            label = f"load generator, process {fields.shortened(process)}"
            found.append(Number(label, metric, statistic, (_positive(value, key),), key, valid=valid, labels=labels))
    return found


def _positive(value: object, what: str) -> float:
    found = fields.number(value, what)
    if found <= 0:
        raise BrokenText(f"says {found:g} for {what}")
    return found


def read_mobile(value: object) -> Contents:
    """Return throughput and accuracy of every benchmark of the app."""
    given = fields.mapping(value, "the file")
    device, os = _device(fields.mapping(given["environment_info"], "environment_info"))
    build = fields.mapping(given.get("build_info") or {}, "build_info")
    numbers: list[Number] = []
    gaps: list[Gap] = []
    for item in fields.sequence(given["results"], "results"):
        result = fields.mapping(item, "a result")
        label = fields.text(result.get("benchmark_id"), "a result's benchmark_id")
        settings = fields.mapping(result.get("backend_settings") or {}, "backend_settings")
        info = fields.mapping(result.get("backend_info") or {}, "backend_info")
        labels = fields.words(
            scenario=result.get("loadgen_scenario"),
            backend=info.get("backend_name"),
            accelerator=info.get("accelerator_name"),
            accelerator_asked=settings.get("accelerator_desc"),
            framework=settings.get("framework"),
            batch_size=settings.get("batch_size"),
            model=str(settings.get("model_path") or "").rpartition("/")[2],
            app_version=build.get("version"),
        )
        for kind in ("performance_run", "accuracy_run"):
            if result.get(kind) is not None:
                found, absent = _run(label, kind, fields.mapping(result[kind], kind), labels)
                numbers += [replace(number, device=device, os=os) for number in found]
                gaps += [replace(gap, device=device) for gap in absent]
    return Contents(MOBILE, tuple(numbers), tuple(gaps))


def _device(environment: Mapping[str, Any]) -> tuple[str | None, str | None]:
    platform = fields.optional_text(environment.get("platform"))
    value = fields.mapping(environment.get("value") or {}, "environment_info's value")
    own = fields.mapping(value.get(platform or "") or {}, "the platform's information")
    named = (fields.optional_text(own.get(name)) for name in ("manufacturer", "model_name", "model_code", "soc_name", "cpu_full_name"))
    version = fields.optional_text(own.get("os_version"))
    return ", ".join(dict.fromkeys(filter(None, named))) or None, " ".join(filter(None, (platform, version))) or None


def _run(label: str, kind: str, run: Mapping[str, Any], labels: Mapping[str, str]) -> tuple[list[Number], list[Gap]]:
    loadgen = fields.mapping(run.get("loadgen_info") or {}, "loadgen_info")
    validity = loadgen.get("validity")
    more: dict[str, Any] = {
        "valid": validity if isinstance(validity, bool) else None,
        "measured_at": fields.moment(run.get("start_datetime")),
        "readings": None if run.get("measured_samples") is None else fields.count(run["measured_samples"], "measured_samples"),
        "labels": labels,
    }
    numbers, gaps = [], []
    throughput = fields.mapping(run.get("throughput") or {}, "throughput").get("value")
    if throughput is not None:
        source = f"{kind}.throughput"
        value = fields.number(throughput, source)
        if value > 0:
            numbers.append(Number(label, "throughput_per_s", AS_REPORTED, (value,), source, **more))
        else:
            gaps.append(Gap(label, source, f"{value:g}: nothing was measured"))
    for name in ("accuracy", "accuracy2"):
        normalized = fields.mapping(run.get(name) or {}, name).get("normalized")
        if normalized is None:
            continue
        source = f"{kind}.{name}"
        value = fields.number(normalized, source)
        if 0 <= value <= 1:
            numbers.append(Number(label, "normalized_accuracy_ratio", AS_REPORTED, (value,), source, **more))
        else:
            gaps.append(Gap(label, source, f"{value:g} is no share of 1"))
    return numbers, gaps
