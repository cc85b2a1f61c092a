"""AndroidX Benchmark's NAME-benchmarkData.json, of micro and macro benchmarks.

A metric has one reading for each iteration (`runs`) and their minimum, median and maximum. A sampled metric has many readings
in each iteration and percentiles over all of them. Units stand at the end of the metrics' names; its Kb is 1024 bytes.
"""

from collections.abc import Mapping
from typing import Any

from farm.exchange import fields
from farm.exchange.fields import BrokenText
from farm.exchange.imported import MAXIMUM, MINIMUM, READING, Contents, Gap, Number
from farm.exchange.names import based

FORMAT = "androidx-benchmark"
_SUMMARIES = {"minimum": MINIMUM, "median": "p50", "maximum": MAXIMUM}
_PERCENTILES = {"P50": "p50", "P90": "p90", "P95": "p95", "P99": "p99"}
_KB = "Kb"


def is_ours(value: object) -> bool:
    """Return whether this JSON is of AndroidX Benchmark."""
    return isinstance(value, dict) and "context" in value and isinstance(value.get("benchmarks"), list)


def read(value: object) -> Contents:
    """Return the numbers of every benchmark."""
    given = fields.mapping(value, "the file")
    context = fields.mapping(given["context"], "context")
    build = fields.mapping(context.get("build") or {}, "build")
    version = fields.mapping(build.get("version") or {}, "version")
    device = " ".join(filter(None, (fields.optional_text(build.get(name)) for name in ("brand", "model")))) or None
    labels = fields.words(
        device_code=build.get("device"),
        cpu_locked=context.get("cpuLocked"),
        sustained_performance_mode=context.get("sustainedPerformanceModeEnabled"),
        compilation_mode=context.get("compilationMode"),
        sdk=version.get("sdk"),
    )
    found = _Found(device, fields.optional_text(build.get("fingerprint")))
    for item in fields.sequence(given["benchmarks"], "benchmarks"):
        found.add(fields.mapping(item, "a benchmark"), labels)
    return Contents(FORMAT, tuple(found.numbers), tuple(found.gaps))


class _Found:
    def __init__(self, device: str | None, os: str | None) -> None:
        self.device = device
        self.os = os
        self.numbers: list[Number] = []
        self.gaps: list[Gap] = []

    def add(self, benchmark: Mapping[str, Any], context: Mapping[str, str]) -> None:
        name = fields.text(benchmark.get("name"), "a benchmark's name")
        class_name = fields.optional_text(benchmark.get("className"))
        label = f"{class_name.rpartition('.')[2]}.{name}" if class_name else name
        labels = {
            **context,
            **fields.words(
                warmup_iterations=benchmark.get("warmupIterations"),
                repeat_iterations=benchmark.get("repeatIterations"),
                thermal_throttle_sleep_s=benchmark.get("thermalThrottleSleepSeconds"),
            ),
        }
        for kind, add in (("metrics", self._single), ("sampledMetrics", self._sampled)):
            for source, given in fields.mapping(benchmark.get(kind) or {}, kind).items():
                known = based(f"{source.removesuffix(_KB)}Kib" if source.endswith(_KB) else source)
                if known is None:
                    self.gaps.append(Gap(label, source, "its unit is not said, or not one that farm knows", self.device))
                else:
                    add(label, source, known, fields.mapping(given, source), labels)

    def _number(
        self,
        label: str,
        source: str,
        known: tuple[str, float],
        statistic: str,
        values: tuple[float, ...],
        labels: Mapping[str, str],
        **more: Any,  # noqa: ANN401
    ) -> None:
        metric, factor = known
        scaled = tuple(value * factor for value in values)
        self.numbers.append(Number(label, metric, statistic, scaled, source, self.device, self.os, labels=labels, **more))

    def _single(self, label: str, source: str, known: tuple[str, float], given: Mapping[str, Any], labels: Mapping[str, str]) -> None:
        said = {name: fields.number(given[name], f"{source}'s {name}") for name in _SUMMARIES if given.get(name) is not None}
        if given.get("runs") is None:
            for name, value in said.items():
                self._number(label, source, known, _SUMMARIES[name], (value,), labels)
            return
        runs = fields.numbers(given["runs"], f"{source}'s runs")
        if said.get("minimum", min(runs)) != min(runs) or said.get("maximum", max(runs)) != max(runs):
            raise BrokenText(f"has a minimum or maximum of {fields.shortened(label)}'s {source} that is not its runs'")
        self._number(label, source, known, READING, runs, labels, readings=1)

    def _sampled(self, label: str, source: str, known: tuple[str, float], given: Mapping[str, Any], labels: Mapping[str, str]) -> None:
        runs = [fields.numbers(run, f"{source}'s runs") for run in fields.sequence(given.get("runs") or [], f"{source}'s runs") if run]
        readings = sum(len(run) for run in runs) or None
        for name, statistic in _PERCENTILES.items():
            if given.get(name) is not None:
                self._number(
                    label, source, known, statistic, (fields.number(given[name], f"{source}'s {name}"),), labels, readings=readings
                )
        if runs:
            places = tuple(str(place) for place, run in enumerate(runs, 1) for _ in run)
            values = tuple(value for run in runs for value in run)
            self._number(label, source, known, READING, values, labels, readings=1, position="run", positions=places)
