"""ExecuTorch's benchmark numbers: the records of PyTorch's benchmark database (HUD, version 3) and of the MiniBench app.

Units, from the writers' sources (ModelRunner.kt, LlmBenchmark.kt and extract_benchmark_results.py of
pytorch/executorch): times are milliseconds. "(mb)" is 1024 x 1024 bytes for Android's PSS;
for the two peaks of iOS it is XCTest's kB, of 1000 bytes, over 1024. An app that measured nothing writes 0, and a model
that did not load has a status other than 0 beside times that mean nothing.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from farm.exchange import fields
from farm.exchange.fields import BrokenText
from farm.exchange.imported import AS_REPORTED, MEAN, MIDDLE_MEAN, READING, Contents, Gap, Number
from farm.exchange.names import based
from farm.metrics import METRICS

HUD = "executorch-hud-v3"
MINIBENCH = "executorch-minibench"

_STATUS = "load_status"
_FAILURE = "FAILURE_REPORT"
_IOS_MB = 1_024_000.0
_METRICS = {
    "avg_inference_latency(ms)": ("latency_ns", MEAN, 1e6),
    "trimmean_inference_latency(ms)": ("latency_ns", MIDDLE_MEAN, 1e6),
    "model_load_time(ms)": ("load_ns", AS_REPORTED, 1e6),
    "llm_model_load_time(ms)": ("load_ns", AS_REPORTED, 1e6),
    "generate_time(ms)": ("generation_ns", AS_REPORTED, 1e6),
    "token_per_sec": ("generated_tokens_per_s", AS_REPORTED, 1.0),
    "ram_pss_usage(mb)": ("pss_growth_bytes", AS_REPORTED, 2.0**20),
    "peak_load_mem_usage(mb)": ("load_peak_bytes", AS_REPORTED, _IOS_MB),
    "peak_inference_mem_usage(mb)": ("inference_peak_bytes", AS_REPORTED, _IOS_MB),
}
_MAY_BE_ZERO = {"pss_growth_bytes"}
_WITH_UNIT = re.compile(r"(.+)\((ns|us|ms|s)\)")
_OWN = re.compile(r"([a-z0-9_]+)(?:\.(p50|p90|p99))?")


@dataclass(frozen=True, slots=True)
class _Record:
    label: str
    device: str | None
    os: str | None
    metric: str
    values: tuple[float, ...]
    labels: Mapping[str, str]
    job: str
    ours: bool = False

    @property
    def group(self) -> tuple[str | None, ...]:
        """What one load of one model on one device wrote."""
        return self.label, self.device, self.os, self.labels.get("method"), self.job


def is_hud(value: object) -> bool:
    """Return whether this JSON is of the benchmark database: records with benchmark, model and metric."""
    return _first(value).keys() >= {"benchmark", "metric"}


def is_minibench(value: object) -> bool:
    """Return whether this JSON is what the MiniBench app writes."""
    return _first(value).keys() >= {"benchmarkModel", "metric"}


def _first(value: object) -> Mapping[str, Any]:
    first = value[0] if isinstance(value, list) and value else value
    return first if isinstance(first, dict) else {}


def read_hud(value: object) -> Contents:
    """Return the numbers of benchmark database records: a list of them, or one."""
    given = value if isinstance(value, list) else [value]
    return _contents(HUD, [_hud(fields.mapping(item, f"record {place}"), place) for place, item in enumerate(given, 1)])


def read_minibench(value: object) -> Contents:
    """Return the numbers of MiniBench's benchmark_results.json."""
    given = value if isinstance(value, list) else [value]
    return _contents(MINIBENCH, [_minibench(fields.mapping(item, f"record {place}"), place) for place, item in enumerate(given, 1)])


def _hud(record: Mapping[str, Any], place: int) -> _Record:
    benchmark = fields.mapping(record.get("benchmark"), f"record {place}'s benchmark")
    metric = fields.mapping(record.get("metric"), f"record {place}'s metric")
    model = fields.mapping(record.get("model", {}), f"record {place}'s model")
    extra = fields.mapping(benchmark.get("extra_info") or {}, f"record {place}'s extra_info")
    more = fields.mapping(metric.get("extra_info") or {}, f"record {place}'s metric's extra_info")
    runners = [fields.mapping(item, f"record {place}'s runners") for item in fields.sequence(record.get("runners", []), "runners")]
    name = fields.text(metric.get("name"), f"record {place}'s metric's name")
    values = metric.get("benchmark_values")
    label = " ".join(filter(None, (fields.optional_text(model.get("name")), fields.optional_text(model.get("backend")))))
    return _Record(
        label or fields.text(benchmark.get("name"), f"record {place}'s model's or benchmark's name"),
        ", ".join(filter(None, (fields.optional_text(runner.get("name")) for runner in runners))) or None,
        ", ".join(dict.fromkeys(filter(None, (fields.optional_text(runner.get("type")) for runner in runners)))) or None,
        name,
        () if name == _FAILURE else fields.numbers(values if isinstance(values, list) else [values], f"record {place}'s {name}"),
        fields.words(
            benchmark=benchmark.get("name"),
            mode=benchmark.get("mode"),
            dtype=benchmark.get("dtype"),
            model_type=model.get("type"),
            backend=model.get("backend"),
            app_type=extra.get("app_type"),
            revision=extra.get("revision"),
            method=more.get("method"),
        ),
        str(extra.get("job_arn") or extra.get("session_id") or ""),
        benchmark.get("name") == "farm",
    )


def _minibench(record: Mapping[str, Any], place: int) -> _Record:
    model = fields.mapping(record.get("benchmarkModel"), f"record {place}'s benchmarkModel")
    device = fields.mapping(record.get("deviceInfo") or {}, f"record {place}'s deviceInfo")
    name = fields.text(record.get("metric"), f"record {place}'s metric")
    parts = (fields.optional_text(model.get(part)) for part in ("name", "backend", "quantization"))
    maker = (fields.optional_text(device.get(part)) for part in ("device", "arch"))
    return _Record(
        " ".join(filter(None, parts)) or fields.text(None, f"record {place}'s model's name"),
        " ".join(dict.fromkeys(filter(None, maker))) or None,
        fields.optional_text(device.get("os")),
        name,
        (fields.number(record.get("actualValue"), f"record {place}'s {name}"),),
        fields.words(backend=model.get("backend"), quantization=model.get("quantization"), method=record.get("method")),
        "",
    )


def _contents(name: str, records: Iterable[_Record]) -> Contents:
    given = list(records)
    status = {record.group: value for record in given if record.metric == _STATUS for value in record.values if value != 0}
    found = [_read(record, status.get(record.group)) for record in given if record.metric != _STATUS]
    numbers = tuple(item for item in found if isinstance(item, Number))
    gaps = [item for item in found if isinstance(item, Gap)]
    gaps += [Gap(group[0] or "", _STATUS, f"{value:g}: the model did not load", group[1]) for group, value in status.items()]
    return Contents(name, numbers, tuple(gaps))


def _read(record: _Record, status: float | None) -> Number | Gap:
    def gap(reason: str) -> Gap:
        return Gap(record.label, record.metric, reason, record.device)

    if record.metric == _FAILURE:
        return gap("the job failed")
    if status is not None:
        return gap(f"the model did not load (load_status {status:g})")
    known = _named(record)
    if known is None:
        return gap("its unit is not said, or not one that farm knows")
    metric, statistic, factor = known
    if metric not in _MAY_BE_ZERO and not record.ours:
        if any(value < 0 for value in record.values):
            raise BrokenText(
                f"says {min(record.values):g} for {record.metric} of {fields.shortened(record.label)}, which has no less than 0"
            )
        if 0 in record.values:
            return gap("0, which is written where nothing was measured")
    return Number(
        record.label,
        metric,
        statistic,
        tuple(value * factor for value in record.values),
        record.metric,
        record.device,
        record.os,
        labels=record.labels,
    )


def _named(record: _Record) -> tuple[str, str, float] | None:
    if record.ours:
        match = _OWN.fullmatch(record.metric)
        return (match[1], match[2] or READING, 1.0) if match and match[1] in METRICS else None
    if record.metric in _METRICS:
        return _METRICS[record.metric]
    match = _WITH_UNIT.fullmatch(record.metric)
    found = based(f"{match[1]}_{match[2]}" if match else record.metric)
    return None if found is None else (found[0], AS_REPORTED, found[1])
