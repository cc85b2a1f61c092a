"""Which format a file has, by what it holds and never by its name, and its numbers."""

import json
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass

from farm.errors import InputError
from farm.exchange import aihub, aihub_perf, androidx, executorch, fields, litert, llama_bench, llm_runner, mlperf, plain
from farm.exchange.fields import BrokenText, Json, shortened
from farm.exchange.imported import Contents


@dataclass(frozen=True, slots=True)
class _Format:
    """A format of a JSON value, or of a text."""

    title: str
    is_it: Callable[[Json], bool]
    read: Callable[[Json], Contents]


def _first(value: Json) -> Json:
    return value[0] if isinstance(value, list) and value else value


_JSON = (
    _Format("ExecuTorch benchmark records (HUD v3)", executorch.is_hud, executorch.read_hud),
    _Format("ExecuTorch MiniBench results", executorch.is_minibench, executorch.read_minibench),
    _Format("llama-bench JSON", lambda value: llama_bench.is_ours(_first(value)), llama_bench.read_json),
    _Format("AndroidX Benchmark JSON", androidx.is_ours, androidx.read),
    _Format("MLPerf Mobile results", mlperf.is_mobile, mlperf.read_mobile),
    _Format("AI Hub profiles", aihub.is_ours, aihub.read),
)
_LINES = (
    _Format("MLPerf load generator detail logs", mlperf.is_loadgen, mlperf.read_loadgen),
    _Format("ExecuTorch LLM runner logs (PyTorchObserver)", llm_runner.is_ours, llm_runner.read),
    _Format("LiteRT benchmark_model output", litert.is_ours, litert.read),
    _Format("AI Hub Models perf.yaml", aihub_perf.is_ours, aihub_perf.read),
)
_TABLES = (
    _Format("llama-bench CSV", lambda text: llama_bench.is_ours(_header(text)), llama_bench.read_csv),
    _Format("CSV or Parquet of time,value or run,value", lambda text: plain.is_csv(text.partition("\n")[0]), plain.read_csv),
)
FORMATS = tuple(item.title for item in (*_JSON, *_LINES, *_TABLES))
"""What can be read, in words."""


def _header(text: str) -> list[str]:
    return [name.strip().strip('"') for name in text.partition("\n")[0].split(",")]


def read(name: str, data: bytes) -> Contents:
    """Return what a file holds. Raises InputError, naming it, for a file of no known format and for a broken one."""
    try:
        return _checked(_read(data))
    except BrokenText as error:
        raise InputError(f"{name} {error}; nothing of it is imported", hint=f"known are {'; '.join(FORMATS)}") from error


def _checked(contents: Contents) -> Contents:
    """Return what a file holds when all of it can be kept: numbers that a base unit did not make too large, text that is Unicode."""
    if not all(math.isfinite(value) for number in contents.numbers for value in number.values):
        raise BrokenText("holds a number too large for its base unit")
    try:
        json.dumps(asdict(contents), ensure_ascii=False, default=str).encode()
    except UnicodeEncodeError as error:
        raise BrokenText("holds text that is no Unicode: half a surrogate pair") from error
    return contents


def _read(data: bytes) -> Contents:
    if plain.is_parquet(data):
        return plain.read_parquet(data)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BrokenText("is neither UTF-8 text nor Parquet") from error
    if not text.strip():
        raise BrokenText("is empty")
    if text.lstrip()[:1] in ("{", "["):
        return _read_json(text)
    found = [item for item in _LINES if item.is_it(text)] or [item for item in _TABLES if item.is_it(text)]
    if len(found) > 1:
        raise BrokenText(f"looks like {' and '.join(item.title for item in found)} at once: give each a file of its own")
    if not found:
        raise BrokenText(f'begins with "{shortened(text.lstrip().splitlines()[0])}", which is no format that farm knows')
    return _named(found[0], text)


def _read_json(text: str) -> Contents:
    value = _json_lines(text) or fields.parse_json(text)
    for item in _JSON:
        if item.is_it(value):
            return _named(item, value)
    names = ", ".join(_first(value)) if isinstance(_first(value), dict) else "no names"
    raise BrokenText(f"is JSON with {shortened(names)}, which is no format that farm knows")


def _json_lines(text: str) -> Json:
    """Return the values of JSON lines as a list, None for other text: only a text with more than one line that is an object."""
    lines = [line for line in text.splitlines() if line.strip()]
    if not all(line.lstrip().startswith("{") and line.rstrip().endswith("}") for line in lines[:2]):
        return None
    if len(lines) > 1:
        return [fields.parse_json(line) for line in lines]
    return None


def _named(item: _Format, value: Json) -> Contents:
    """Read; what is wrong begins with what the file looks like."""
    try:
        contents = item.read(value)
    except BrokenText as error:
        raise BrokenText(f"looks like {item.title}, but {error}") from error
    if not contents.numbers and not contents.gaps:
        raise BrokenText(f"looks like {item.title}, but has no numbers")
    return contents
