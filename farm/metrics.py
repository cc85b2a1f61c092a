"""The metric table: what farm measures, which way is better, and how one run's readings become one value.

A metric's name ends in its unit. `statistics` are the summaries of one run that farm prints; the first
is the run's value wherever one number stands for the run.
"""

from dataclasses import dataclass
from enum import StrEnum

from farm import units
from farm.workloads import DeviceKind, Pass


class Better(StrEnum):
    """Which way a metric improves."""

    LOWER = "lower"
    HIGHER = "higher"


class Statistic(StrEnum):
    """A summary of one run's readings of one metric. Quantiles interpolate linearly between order statistics."""

    P50 = "p50"
    P90 = "p90"
    P99 = "p99"
    VALUE = "value"
    """The only reading there is."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One line of the table."""

    name: str
    label: str
    better: Better
    statistics: tuple[Statistic, ...]
    passes: tuple[Pass, ...] = (Pass.LATENCY,)
    """The passes that measure it with nothing else beside it; the same series of another pass is context only."""

    @property
    def quantity(self) -> units.Quantity:
        """The physical quantity that the name's suffix states."""
        quantity = units.quantity_of(self.name)
        assert quantity is not None, f"{self.name} does not end in a unit"
        return quantity


INTERVAL_COVERAGE = 0.95
INTERVAL, WINDOWS = f"interval {INTERVAL_COVERAGE:.0%}", "windows"
"""Sources under which a run keeps what its value lies between, and what each stretch of the run gave by itself."""

_SPREAD = (Statistic.P50, Statistic.P90, Statistic.P99)
_MEDIAN = (Statistic.P50,)
_SINGLE = (Statistic.VALUE,)

METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric("latency_ns", "latency", Better.LOWER, _SPREAD),
        Metric("ttft_ns", "time to first token", Better.LOWER, _MEDIAN),
        Metric("token_ns", "time per token", Better.LOWER, _SPREAD),
        Metric("prefill_tokens_per_s", "prefill", Better.HIGHER, _MEDIAN),
        Metric("decode_tokens_per_s", "decode", Better.HIGHER, _MEDIAN),
        Metric("load_cold_ns", "load, cold", Better.LOWER, _SINGLE, (Pass.LOAD_COLD,)),
        Metric("load_warm_ns", "load, warm", Better.LOWER, _SINGLE, (Pass.LOAD_WARM,)),
        Metric("first_inference_ns", "first inference", Better.LOWER, _SINGLE, (Pass.LOAD_WARM,)),
        Metric("compile_ns", "compile", Better.LOWER, _SINGLE, (Pass.LOAD_WARM,)),
        Metric("phys_footprint_bytes", "peak memory (phys_footprint)", Better.LOWER, _SINGLE, (Pass.MEMORY,)),
        Metric("vm_hwm_bytes", "peak memory (VmHWM)", Better.LOWER, _SINGLE, (Pass.MEMORY,)),
        Metric("rss_anon_bytes", "anonymous memory (RssAnon)", Better.LOWER, _SINGLE, (Pass.MEMORY,)),
        Metric("pss_bytes", "proportional memory (PSS)", Better.LOWER, _SINGLE, (Pass.MEMORY,)),
        Metric("energy_per_inference_uj", "energy per inference, net", Better.LOWER, _SINGLE, (Pass.POWER,)),
        Metric("gross_energy_per_inference_uj", "energy per inference, gross", Better.LOWER, _SINGLE, (Pass.POWER,)),
        Metric("energy_per_token_uj", "energy per token, net", Better.LOWER, _SINGLE, (Pass.POWER,)),
        Metric("gross_energy_per_token_uj", "energy per token, gross", Better.LOWER, _SINGLE, (Pass.POWER,)),
        Metric("power_uw", "power at work", Better.LOWER, _SINGLE, (Pass.POWER,)),
        Metric("idle_power_uw", "power when idle", Better.LOWER, _SINGLE, (Pass.POWER,)),
        Metric("sustained_latency_ns", "latency, sustained", Better.LOWER, _SINGLE, (Pass.SUSTAIN,)),
        Metric("sustained_tokens_per_s", "decode, sustained", Better.HIGHER, _SINGLE, (Pass.SUSTAIN,)),
        Metric("sustained_ratio", "sustained speed of burst", Better.HIGHER, _SINGLE, (Pass.SUSTAIN,)),
        Metric("throttle_onset_ns", "throttles after", Better.HIGHER, _SINGLE, (Pass.SUSTAIN,)),
        Metric("accuracy_ratio", "accuracy", Better.HIGHER, _SINGLE, (Pass.QUALITY,)),
        Metric("perplexity", "perplexity", Better.LOWER, _SINGLE, (Pass.QUALITY,)),
    )
}

_HEADLINES = {
    Pass.LATENCY: "latency_ns",
    Pass.MEMORY: "vm_hwm_bytes",
    Pass.LOAD_COLD: "load_cold_ns",
    Pass.LOAD_WARM: "load_warm_ns",
    Pass.POWER: "energy_per_inference_uj",
    Pass.SUSTAIN: "sustained_ratio",
    Pass.QUALITY: "accuracy_ratio",
    Pass.PROFILE: "traced_latency_ns",
}
_OF_TOKENS = {
    Pass.LATENCY: "token_ns",
    Pass.POWER: "energy_per_token_uj",
    Pass.QUALITY: "perplexity",
    Pass.PROFILE: "traced_token_ns",
}
TRACED = ("traced_latency_ns", "traced_token_ns")
"""The whole of what a profile pass timed, with the tracer that makes it slower: no latency, so it is not in the table of metrics."""


def headline(pass_: Pass, *, tokens: bool, kind: DeviceKind) -> str:
    """Return the metric that a pass is run for on a kind of device; a run without it has measured nothing. tokens: of a language model."""
    if pass_ is Pass.MEMORY and kind is DeviceKind.IOS:
        return "phys_footprint_bytes"
    return (_OF_TOKENS if tokens else {}).get(pass_, _HEADLINES[pass_])
