"""LiteRT's and TensorFlow Lite's benchmark_model: its lines on stdout, with or without INFO:, and in Android's log.

Two lines of `count=...` come before the timings, the warm-up's and the timed runs'. Which is the timed runs' is told by
its mean, which the line of timings repeats digit by digit, not by its place. Times are microseconds; "(MB)" is 1024 x 1024
bytes (benchmark_model.cc divides kB of the kernel by 1024).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from farm.exchange import fields
from farm.exchange.fields import BrokenText
from farm.exchange.imported import AS_REPORTED, DEVIATION, MAXIMUM, MEAN, MINIMUM, READING, Contents, Gap, Number

FORMAT = "litert-benchmark-model"

_US = 1e3
_MIB = 2.0**20
_NUMBER = r"(-?[0-9.]+(?:e[+-]?[0-9]+)?)"
_TIMINGS = re.compile(
    rf"Inference timings in us: Init: {_NUMBER}, First inference: {_NUMBER}, Warmup \(avg\): {_NUMBER}, Inference \(avg\): {_NUMBER}"
)
_OLD_TIMINGS = re.compile(rf"Average inference timings in us: Warmup: {_NUMBER}, Init: {_NUMBER}, (?:Inference|no stats): {_NUMBER}")
_ANY_TIMINGS = re.compile(r"nference timings in us:")
_COUNT = re.compile(r"(?:^|[\s:])count=([0-9]+) (first=.*|curr=.*)")
_PART = re.compile(rf"([a-z0-9]+)={_NUMBER}")
_MEMORY = re.compile(rf"Memory footprint delta from the start of the tool \(MB\): init={_NUMBER} overall={_NUMBER}")
_PEAK = re.compile(rf"Overall peak memory footprint \(MB\) via periodic monitoring: {_NUMBER}")
_MODEL = re.compile(r"Loaded model (\S+)")
_SAID = {
    "threads": re.compile(r"Num threads: \[(\d+)\]"),
    "use_gpu": re.compile(r"Use gpu: \[(\w+)\]"),
    "use_nnapi": re.compile(r"Use NNAPI: \[(\w+)\]"),
    "delegation": re.compile(r"(Replacing \d+ out of \d+ node\(s\) with delegate \(\w+\))"),
    "delegate": re.compile(r"Explicitly applied (\w+) delegate"),
}
_STATISTICS = {"avg": MEAN, "min": MINIMUM, "max": MAXIMUM, "std": DEVIATION, "median": "p50"}
_FAILED = "Benchmarking failed"


def is_ours(text: str) -> bool:
    """Return whether a text looks like the tool's: its timings, or a model loaded and runs counted."""
    counts = any(_COUNT.search(line) for line in text.splitlines())
    return _ANY_TIMINGS.search(text) is not None or (_MODEL.search(text) is not None and (_FAILED in text or counts))


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    ended: bool
    """Whether its line end is there: a line without one may be cut off in a number."""


def read(text: str) -> Contents:
    """Return the numbers of every run of the tool in a text."""
    numbers: list[Number] = []
    gaps: list[Gap] = []
    for lines in _runs(text):
        found, absent = _run(lines)
        numbers += found
        gaps += absent
    return Contents(FORMAT, tuple(numbers), tuple(gaps))


def _runs(text: str) -> list[list[_Line]]:
    """Return the lines of each run of the tool: one loads a model, once, and ends with one line of timings."""
    lines = [_Line(line.rstrip("\r\n"), line[-1:] == "\n") for line in text.splitlines(keepends=True)]
    starts = [place for place, line in enumerate(lines) if "STARTING!" in line.text]
    if len(starts) <= 1:
        return [lines]
    return [lines[start:end] for start, end in zip([0, *starts[1:]], [*starts[1:], len(lines)], strict=True)]


def _matches(lines: list[_Line], pattern: re.Pattern[str]) -> Iterator[tuple[re.Match[str], bool]]:
    """Return the lines that match; whether a line is whole goes with it, since what stands at its end may be cut off."""
    for line in lines:
        match = pattern.search(line.text)
        if match is not None:
            yield match, line.ended or match.end() < len(line.text)


def _only(lines: list[_Line], pattern: re.Pattern[str], what: str) -> tuple[re.Match[str], bool] | None:
    found = list(_matches(lines, pattern))
    if len({match[0] for match, _ in found}) > 1:
        raise BrokenText(f"has {what} more than once, and nothing that says where one run of the tool ends and the next begins")
    return found[0] if found else None


def _run(lines: list[_Line]) -> tuple[list[Number], list[Gap]]:
    model = _only(lines, _MODEL, "a loaded model")
    label = model[0][1].rpartition("/")[2] if model and model[1] else "a model that is not named"
    timings = _only(lines, _TIMINGS, "timings") or _only(lines, _OLD_TIMINGS, "timings")
    if timings is None:
        why = "says that benchmarking failed" if any(_FAILED in line.text for line in lines) else "has no whole line of inference timings"
        raise BrokenText(f"{why}, for {fields.shortened(label)}")
    words = timings[0].groups()
    is_old = len(words) == 3  # noqa: PLR2004
    warmup, init, inference = (words[0], words[1], words[2]) if is_old else (words[2], words[0], words[3])
    labels = {name: match[0][1] for name, pattern in _SAID.items() if (match := next(_matches(lines, pattern), None))}
    counted = _counted(lines, inference)
    if not timings[1] and counted is None:
        raise BrokenText(
            "ends in the middle of its line of inference timings: the last number may be cut off (add a line end if it is whole)"
        )

    numbers = [
        Number(label, "init_ns", READING, (_us(init, "Init"),), "Init (us)", readings=1, labels=labels),
        Number(label, "warmup_latency_ns", MEAN, (_us(warmup, "Warmup"),), "Warmup (us)", labels=labels),
    ]
    if not is_old:
        first = _us(words[1], "First inference")
        numbers.append(Number(label, "first_inference_ns", READING, (first,), "First inference (us)", readings=1, labels=labels))
    gaps = []
    if counted is None:
        numbers.append(Number(label, "latency_ns", MEAN, (_us(inference, "Inference"),), "Inference (us)", labels=labels))
        gaps.append(Gap(label, "count=", "no line of counted runs has the mean of the inference timings"))
    else:
        numbers += _distribution(label, counted, labels)
    memory, absent = _memory(lines, label, labels)
    return numbers + memory, gaps + absent


def _counted(lines: list[_Line], inference: str) -> dict[str, str] | None:
    """Return the parts of the line that counts the timed runs: the whole line whose mean is the timings' inference."""
    for match, whole in reversed(list(_matches(lines, _COUNT))):
        line = dict(_PART.findall(match[2])) | {"count": match[1]}
        if whole and line.get("avg", line.get("curr")) == inference:
            return line
    return None


def _distribution(label: str, counted: dict[str, str], labels: dict[str, str]) -> list[Number]:
    count = fields.count(int(counted["count"]), "count")
    if "avg" not in counted:
        return [Number(label, "latency_ns", READING, (_us(counted["curr"], "curr"),), "curr (us)", readings=1, labels=labels)]
    found = []
    for name, word in counted.items():
        statistic = _STATISTICS.get(name) or (name if re.fullmatch(r"p\d+", name) else None)
        if statistic is not None:
            found.append(Number(label, "latency_ns", statistic, (_us(word, name),), f"{name} (us)", readings=count, labels=labels))
    return found


def _memory(lines: list[_Line], label: str, labels: dict[str, str]) -> tuple[list[Number], list[Gap]]:
    numbers, gaps = [], []
    growth = _only(lines, _MEMORY, "memory")
    if growth is not None:
        places = ((1, "init_footprint_growth_bytes", "init (MB)"), (2, "footprint_growth_bytes", "overall (MB)"))
        for place, metric, source in places:
            if growth[1] or place == 1:
                value = fields.numeral(growth[0][place], source) * _MIB
                numbers.append(Number(label, metric, AS_REPORTED, (value,), source, labels=labels))
            else:
                gaps.append(Gap(label, source, "the text ends in this number, which may be cut off"))
    peak = _only(lines, _PEAK, "peak memory")
    if peak is not None:
        value = fields.numeral(peak[0][1], "peak (MB)") * _MIB
        if value > 0 and peak[1]:
            numbers.append(Number(label, "footprint_peak_bytes", MAXIMUM, (value,), "peak (MB)", labels=labels))
        else:
            gaps.append(Gap(label, "peak (MB)", "the text ends in this number" if value > 0 else f"{peak[0][1]}: it was not taken"))
    return numbers, gaps


def _us(word: str, what: str) -> float:
    value = fields.numeral(word, what)
    if value < 0:
        raise BrokenText(f"says {word} us for {what}")
    return value * _US
