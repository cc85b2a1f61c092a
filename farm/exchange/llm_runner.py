"""ExecuTorch's LLM runner: a line `PyTorchObserver {...}` for each generation (extension/llm/runner/stats.h).

Time stamps of a clock in steps of 1 / SCALING_FACTOR_UNITS_PER_SECOND s; 0 is one that was never taken. A log with several
lines is several generations: one value for each, in order. The lines that follow for people say the same, rounded.
"""

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from farm.exchange import fields
from farm.exchange.fields import BrokenText
from farm.exchange.imported import READING, Contents, Gap, Number

FORMAT = "executorch-llm-runner"
_LINE = re.compile(r"PyTorchObserver[ \t]+(\{[^\r\n]*)")
_SPANS = {
    "load_ns": ("model_load_start_ms", "model_load_end_ms"),
    "ttft_with_tokenizer_ns": ("inference_start_ms", "first_token_ms"),
    "prompt_eval_ns": ("inference_start_ms", "prompt_eval_end_ms"),
    "decode_ns": ("prompt_eval_end_ms", "inference_end_ms"),
}
_RATES = {"prompt_tokens_per_s": ("prompt_tokens", "prompt_eval_ns"), "generated_tokens_per_s": ("generated_tokens", "decode_ns")}


def is_ours(text: str) -> bool:
    """Return whether a text holds such a line."""
    return _LINE.search(text) is not None


def read(text: str) -> Contents:
    """Return the numbers of every generation; those with as many tokens of prompt and answer belong together."""
    values: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    gaps = []
    for match in _LINE.finditer(text):
        said = fields.mapping(fields.parse_json(match[1].rstrip()), "PyTorchObserver")
        label = f"{_count(said, 'prompt_tokens')} tokens of prompt, {_count(said, 'generated_tokens')} generated"
        for metric, (source, value) in _measured(said).items():
            if isinstance(value, str):
                gaps.append(Gap(label, source, value))
            else:
                values[label, metric, source].append(value)
    numbers = tuple(Number(label, metric, READING, tuple(found), source, readings=1) for (label, metric, source), found in values.items())
    return Contents(FORMAT, numbers, tuple(gaps))


def _count(said: Mapping[str, Any], name: str) -> int:
    return fields.count(said.get(name), name)


def _measured(said: Mapping[str, Any]) -> dict[str, tuple[str, float | str]]:
    """Return each metric's source and its value, or why there is none."""
    scale = fields.number(said.get("SCALING_FACTOR_UNITS_PER_SECOND"), "SCALING_FACTOR_UNITS_PER_SECOND")
    if scale <= 0:
        raise BrokenText(f"says {scale:g} units a second in SCALING_FACTOR_UNITS_PER_SECOND")
    found: dict[str, tuple[str, float | str]] = {}
    for metric, (start, end) in _SPANS.items():
        found[metric] = f"{end} - {start}", _span(said, start, end, scale)
    sampling = said.get("aggregate_sampling_time_ms")
    if sampling is not None:
        found["sampling_ns"] = "aggregate_sampling_time_ms", fields.count(sampling, "aggregate_sampling_time_ms") * 1e9 / scale
    for metric, (tokens, span) in _RATES.items():
        source, time_ns = found[span]
        found[metric] = f"{tokens} / ({source})", _rate(_count(said, tokens), tokens, time_ns)
    return found


def _rate(count: int, name: str, time_ns: float | str) -> float | str:
    if isinstance(time_ns, str):
        return time_ns
    if count == 0:
        return f"{name} is 0"
    return "no time passed by its clock" if time_ns == 0 else count * 1e9 / time_ns


def _span(said: Mapping[str, Any], start: str, end: str, scale: float) -> float | str:
    begun, ended = (fields.number(said.get(name), name) for name in (start, end))
    if begun == 0 or ended == 0:
        return f"{start if begun == 0 else end} is 0: it was not taken"
    if ended < begun:
        return f"{end} lies before {start}"
    return (ended - begun) * 1e9 / scale
