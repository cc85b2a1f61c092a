"""Names of imported metrics, for what farm measures otherwise or not at all. A name ends in its unit.

Where a source means exactly what farm means, its number goes by the name in farm.metrics; "nearly the same" gets a name
of its own here, since two numbers of one name invite a comparison.
"""

import re

from farm import units

MEANINGS = {
    "load_ns": "loading the model; whether its file had been read before is not said",
    "first_load_ns": "the first load after installation, with what the runtime prepares then",
    "warm_load_ns": "a load after the first, with what the runtime had prepared",
    "device_compile_ns": "compiling the model on the device",
    "init_ns": "LiteRT: from the tool's start of the session until it is ready: model, delegates, tensors",
    "warmup_latency_ns": "an inference of the warm-up",
    "generation_ns": "a whole generation, the prompt included",
    "prompt_eval_ns": "evaluating the prompt, its tokenisation included",
    "ttft_with_tokenizer_ns": "time to the first token, the prompt's tokenisation included",
    "decode_ns": "generating all tokens after the prompt",
    "sampling_ns": "choosing tokens, over a whole generation",
    "prefill_ns": "evaluating the whole prompt once",
    "prompt_tokens_per_s": "tokens of the prompt over prompt_eval_ns",
    "generated_tokens_per_s": "all generated tokens over the time after the prompt, although the prompt's evaluation gave the first",
    "prefill_decode_ns": "prompt and generation together",
    "prefill_decode_tokens_per_s": "tokens of prompt and generation over the time of both",
    "footprint_growth_bytes": "growth of the largest resident size since the tool began, over all",
    "init_footprint_growth_bytes": "growth of the largest resident size since the tool began, until the session was ready",
    "footprint_peak_bytes": "largest footprint that a polling thread saw",
    "pss_growth_bytes": "growth of the proportional set size since before the load",
    "load_peak_bytes": "largest physical memory while loading",
    "inference_peak_bytes": "largest physical memory while inferring",
    "first_load_peak_bytes": "largest memory during the first load",
    "warm_load_peak_bytes": "largest memory during a load after the first",
    "compile_peak_bytes": "largest memory while compiling",
    "first_load_growth_bytes": "growth of memory during the first load",
    "warm_load_growth_bytes": "growth of memory during a load after the first",
    "compile_growth_bytes": "growth of memory while compiling",
    "inference_growth_bytes": "growth of memory while inferring",
    "response_tokens_per_s": "AI Hub: tokens of the response in a second; how they are counted is not said",
    "prompt_rate_tokens_per_s": "AI Hub: tokens of the prompt in a second; how they are counted is not said",
    "prompt_ttft_ns": "AI Hub: time to the first token, over prompts from a short one to one that fills the context",
    "samples_per_s": "samples done in a second",
    "scheduled_samples_per_s": "samples that arrived in a second",
    "queries_with_loadgen_per_s": "queries done in a second, the load generator's own time included",
    "queries_without_loadgen_per_s": "queries done in a second, without the load generator's own time",
    "throughput_per_s": "the MLPerf app's figure: samples in a second (Offline), or the inverse of a latency percentile (SingleStream)",
    "normalized_accuracy_ratio": "accuracy of whatever kind, normalised by the source to 0..1",
}

_PER_SECOND = "per_s"
_SUFFIXES = {
    "ns": ("ns", 1.0),
    "us": ("ns", 1e3),
    "ms": ("ns", 1e6),
    "s": ("ns", 1e9),
    "bytes": ("bytes", 1.0),
    "kib": ("bytes", 2.0**10),
    "mib": ("bytes", 2.0**20),
    "gib": ("bytes", 2.0**30),
    "count": ("count", 1.0),
    "ratio": ("ratio", 1.0),
    "percent": ("ratio", 0.01),
    "c": ("c", 1.0),
    "uj": ("uj", 1.0),
    "uws": ("uj", 1.0),
    "mj": ("uj", 1e3),
    "j": ("uj", 1e6),
    "uw": ("uw", 1.0),
    "mw": ("uw", 1e3),
    "w": ("uw", 1e6),
    "hz": ("hz", 1.0),
    "khz": ("hz", 1e3),
    "mhz": ("hz", 1e6),
    "ghz": ("hz", 1e9),
}
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_WORD = re.compile(r"[^A-Za-z0-9]+")
_NAME = re.compile(r"[A-Za-z0-9_ .-]+")
"""A sign such as that of GB/s may be part of the unit: what has one is not taken apart."""


def unit_of(metric: str) -> str | None:
    """Return the base unit that a metric's name ends in, or None when it ends in none."""
    quantity = units.quantity_of(metric)
    if quantity is not None:
        return quantity.suffix
    return _PER_SECOND if metric.endswith(f"_{_PER_SECOND}") else None


def show(value: float, metric: str) -> str:
    """Return a value of a metric as people read it."""
    unit = units.show(value, units.quantity_of(metric))
    return f"{unit} /s" if unit_of(metric) == _PER_SECOND else unit


def based(name: str) -> tuple[str, float] | None:
    """Return a source's name with its unit last in farm's spelling and base unit, and the factor to it; None without a known unit.

    timeToInitialDisplayMs is time_to_initial_display_ns, 1e6; latency_ms is latency_ns, 1e6. kB and MB are taken by no
    source alike (1000 or 1024), so that a name which ends in them says nothing.
    """
    if not _NAME.fullmatch(name):
        return None
    words = [word.lower() for word in _WORD.split(_CAMEL.sub("_", name)) if word]
    joined = "_".join(words)
    if joined.endswith(("tokens_per_s", f"_{_PER_SECOND}")):
        return joined, 1.0
    if len(words) < 2 or words[-1] not in _SUFFIXES or "per" in words[-2:]:  # noqa: PLR2004
        return None
    base, factor = _SUFFIXES[words[-1]]
    return "_".join([*words[:-1], base]), factor
