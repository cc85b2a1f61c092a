"""Reading what the harness wrote: JSON lines of protocol version 1 into values.

The form is published in harness/protocol/v1.schema.json; the example files beside it are read by this
module's tests and by the harness's own. A result counts only when it is whole: a `begin` with this run's
nonce, every line of a known form, and an `end`. Everything else is a failed run with a stated reason.
"""

import json
import math
import signal
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

from farm.errors import HarnessFailed
from farm.metrics import TRACED
from farm.workloads import BOX_FULL, Absent, Measured, Operator, Readings

PROTOCOL = 1

GENERATED = "generated_token_index"
"""The metric under which the tokens that a language model generated are kept: their places in its vocabulary."""
UNFINISHED = frozenset({"no_begin", "no_end"})
"""Error classes of a result that is not whole: the exit code and the log say more than the result does."""

_NEVER_NEGATIVE = ("_ns", "_bytes", "_count", "_hz", "_index")
_LAST_WORDS = 200  # characters; the whole line may be the whole log
_SHELL_SIGNAL_BASE = 128  # a shell reports a child ended by signal n as 128 + n
_HINTS = {
    "operator_missing": "export the model with operators that the runtime's kernels provide, or delegate them to a backend",
    "backend_missing": "build the harness with that backend, or export the model for XNNPACK",
    "model_invalid": "export it again, and compare its SHA-256 with the original's",
    "items_invalid": "make the item file again: farm artifacts items",
    "input_mismatch": "give inputs of the sizes that the model's method states",
}


@dataclass(frozen=True, slots=True)
class Result:
    """What one process of the harness reported."""

    begin: Mapping[str, Any]
    model: Mapping[str, Any]
    readings: tuple[Readings, ...]
    absent: tuple[Absent, ...]
    operators: tuple[Operator, ...] = ()

    @property
    def measured(self) -> Measured:
        """The harness and runtime that measured."""
        harness, runtime = self.begin["harness"], self.begin["runtime"]
        return Measured(
            runtime=runtime["name"],
            runtime_version=runtime["version"],
            flavour=self.model["flavour"],
            harness_hash=harness["source_hash"],
            build_type=harness["build_type"],
            begin=self.begin,
        )


@dataclass(slots=True)
class _Lines:
    """The lines read so far."""

    begin: dict[str, Any] | None = None
    model: dict[str, Any] | None = None
    readings: list[Readings] = field(default_factory=list)
    absent: list[Absent] = field(default_factory=list)
    operators: list[Operator] = field(default_factory=list)
    tokens: tuple[int, ...] = ()
    error: dict[str, Any] | None = None
    ended: bool = False


def parse(text: str, nonce: str) -> Result:
    """Return the result that text holds, for the run with this nonce.

    Raises HarnessFailed whose error_class says what is wrong: garbage, not_a_number, no_begin, no_end, wrong_nonce,
    wrong_protocol, debug_build, or the class of the harness's own error line.
    """
    lines = _Lines()
    for number, line in _numbered(text):
        _take(lines, line, number)
    if lines.begin is None:
        _fail("no_begin", "the harness wrote no begin line")
    _check_begin(lines.begin, nonce)
    if lines.error is not None:
        error_class = str(lines.error["class"])
        raise HarnessFailed(str(lines.error["message"]), error_class=error_class, hint=_HINTS.get(error_class))
    if not lines.ended:
        _fail("no_end", "the harness's result has no end line: it stopped before it had finished")
    if lines.model is None:
        _fail("garbage", "the harness's result has no model line")
    _check_build(lines.begin)
    generated = [Readings(GENERATED, lines.tokens)] if lines.tokens else []
    _check_operators(lines)
    return Result(lines.begin, lines.model, tuple(lines.readings + generated), tuple(lines.absent), tuple(lines.operators))


def explain_exit(exit_code: int | None, log: str, device_says: str = "") -> HarnessFailed:
    """Return the error for a harness that is gone without a whole result.

    exit_code is the shell's, None when unknown; device_says is what the device itself knows of the end.
    """
    last = next((line.strip() for line in reversed(log.splitlines()) if line.strip()), "")
    said = f'; it last said "{last if len(last) <= _LAST_WORDS else last[:_LAST_WORDS] + "…"}"' if last else ""
    if device_says:
        said += f"; {device_says}"
    if device_says == BOX_FULL:
        return HarnessFailed(f"the harness ended without a result{said}", error_class="box_full", hint="make room there")
    if exit_code is None:
        return HarnessFailed(f"the harness vanished without a result{said}", error_class="vanished")
    number = exit_code - _SHELL_SIGNAL_BASE
    if number in {item.value for item in signal.Signals}:
        return HarnessFailed(f"the harness crashed: signal {number} ({signal.Signals(number).name}){said}", error_class="crashed")
    if exit_code == 0:
        return HarnessFailed(f"the harness ended without writing its end line{said}", error_class="no_end")
    return HarnessFailed(f"the harness ended with exit code {exit_code} and no result{said}", error_class="no_result")


def _numbered(text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    whole, _, _ = text.rpartition("\n")  # what comes after the last newline was cut off while it was written
    for number, line in enumerate(whole.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            value = json.loads(line, parse_constant=_refuse_constant)
        except _NotANumberError as error:
            raise HarnessFailed(
                f"line {number} of the harness's result holds {error}, which is no measurement", error_class="not_a_number"
            ) from error
        except (ValueError, RecursionError) as error:
            raise HarnessFailed(f"line {number} of the harness's result is not JSON", error_class="garbage") from error
        if not isinstance(value, dict) or "type" not in value:
            _fail("garbage", f"line {number} of the harness's result is not a protocol line")
        yield number, value


class _NotANumberError(ValueError):
    pass


def _refuse_constant(name: str) -> NoReturn:
    raise _NotANumberError(name)


def _take(lines: _Lines, line: dict[str, Any], number: int) -> None:
    if lines.ended or lines.error is not None:
        _fail("garbage", f"line {number} of the harness's result comes after its last line")
    if (lines.begin is None) != (line["type"] == "begin"):
        _fail("garbage", f"line {number} of the harness's result: {'begin comes first' if lines.begin is None else 'a second begin'}")
    try:
        match line["type"]:
            case "begin":
                lines.begin = _begin(line)
            case "model":
                lines.model = line
                _text(line["flavour"])
            case "series" | "absent" | "operator" | "tokens":
                _take_measured(lines, line)
            case "error":
                lines.error = {"class": _text(line["class"]), "message": _text(line["message"])}
            case "end":
                lines.ended = True
                _check_end(lines.begin, line)
                if line["series"] != len(lines.readings):
                    _fail("garbage", f"the harness says it wrote {line['series']} series, {len(lines.readings)} arrived")
            case other:
                _fail("garbage", f'line {number} of the harness\'s result is of the unknown type "{other}"')
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise HarnessFailed(f"line {number} of the harness's result is not of protocol {PROTOCOL}'s form", error_class="garbage") from error


def _take_measured(lines: _Lines, line: Mapping[str, Any]) -> None:
    match line["type"]:
        case "series":
            lines.readings.append(_readings(line, lines.readings))
        case "absent":
            lines.absent.append(Absent(_text(line["metric"]), _text(line["reason"]), _text(line.get("source", ""))))
        case "operator":
            lines.operators.append(_operator(line, lines.operators))
        case "tokens":
            lines.tokens = tuple(int(value) for value in line["values"])


def _check_end(begin: Mapping[str, Any] | None, end: Mapping[str, Any]) -> None:
    """Refuse an end that belongs to another result than the beginning; one that does not say is of an older harness."""
    began = begin or {}
    if end.get("nonce", began.get("nonce")) != began.get("nonce"):
        _fail("wrong_nonce", "the result's end belongs to another run: its nonce is not that of its beginning")
    job = began.get("job")
    model = job.get("model_sha256") if isinstance(job, dict) else None
    if end.get("model_sha256", model) != model:
        _fail("garbage", "the result's end is of another model than its beginning")


def _begin(line: dict[str, Any]) -> dict[str, Any]:
    """Return a begin line that has all that is asked of it later. Raises KeyError, TypeError; of another protocol it may be anything."""
    if line.get("protocol") == PROTOCOL and ("harness" in line or "runtime" in line):
        harness, runtime, job = line["harness"], line["runtime"], line["job"]
        for text in (harness["source_hash"], harness["build_type"], runtime["name"], runtime["version"], job["pass"]):
            _text(text)
        if not isinstance(harness["sanitizers"], list) or not isinstance(harness["assertions"], bool):
            raise TypeError("sanitizers is a list, assertions true or false")
    json.dumps(line, ensure_ascii=False).encode()  # a lone surrogate is no text
    return line


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    value.encode()  # a lone surrogate is no text
    return value


def _readings(line: Mapping[str, Any], earlier: Sequence[Readings]) -> Readings:
    metric, source = _text(line["metric"]), _text(line.get("source", ""))
    if any((other.metric, other.source) == (metric, source) for other in earlier):
        raise ValueError("a series comes twice")
    values = tuple(_number(value) for value in line["values"])
    if metric.endswith(_NEVER_NEGATIVE) and any(value < 0 for value in values):
        raise ValueError("a negative time, size or count")
    at_ns = tuple(_moment(value) for value in line["at_ns"]) if "at_ns" in line else None
    if at_ns is not None and len(at_ns) != len(values):
        raise ValueError("times and values differ in number")
    return Readings(metric, values, source, at_ns)


def _operator(line: Mapping[str, Any], earlier: Sequence[Operator]) -> Operator:
    parent, delegate = line.get("parent"), line.get("delegate")
    if _moment(line["index"]) != len(earlier) or (parent is not None and _moment(parent) >= len(earlier)):
        raise ValueError("an operator out of order")
    return Operator(
        place=len(earlier),
        name=_text(line["name"]),
        calls=_moment(line["calls"]),
        times_ns=tuple(_moment(value) for value in line["times_ns"]),
        parent=parent,
        delegate=None if delegate is None else _text(delegate),
        instruction=_moment(line["instruction"]) if "instruction" in line else None,
        debug_id=_moment(line["debug_id"]) if "debug_id" in line else None,
    )


def _check_operators(lines: _Lines) -> None:
    """Refuse operators that were not timed in each of the iterations that the total was timed in."""
    totals = [len(item.values) for item in lines.readings if item.metric in TRACED and not item.source]
    if any([len(operator.times_ns)] != totals for operator in lines.operators):
        _fail("garbage", "the harness's result does not have the time of each operator in each iteration")


def _moment(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**63:
        raise ValueError("not a time or number from 0")
    return value


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError("not a number")
    number = float(value)
    if not math.isfinite(number):  # 1e999 is JSON, and infinite
        _fail("not_a_number", "the harness's result holds an infinite number, which is no measurement")
    return number


def _check_begin(begin: Mapping[str, Any], nonce: str) -> None:
    if begin.get("protocol") != PROTOCOL:
        _fail("wrong_protocol", f"the harness speaks protocol {begin.get('protocol')}, this farm speaks {PROTOCOL}")
    if begin.get("nonce") != nonce:
        _fail("wrong_nonce", "the result belongs to another run: its nonce is not this run's")
    if not isinstance(begin.get("harness"), dict) or not isinstance(begin.get("runtime"), dict):
        _fail("garbage", "the harness's begin line says neither which harness nor which runtime it is")


def _check_build(begin: Mapping[str, Any]) -> None:
    """Refuse numbers of a build that is not meant for measuring."""
    harness = begin["harness"]
    is_released = harness["build_type"] in ("Release", "RelWithDebInfo", "MinSizeRel")
    if harness["sanitizers"] or harness["assertions"] or not is_released:
        kind = "a sanitizer build" if harness["sanitizers"] else "built with assertions" if is_released else "a debug build"
        raise HarnessFailed(
            f"the harness is {kind}: its numbers are not stored",
            error_class="debug_build",
            hint="build it with CMAKE_BUILD_TYPE=Release",
        )


def _fail(error_class: str, message: str) -> NoReturn:
    raise HarnessFailed(message, error_class=error_class)
