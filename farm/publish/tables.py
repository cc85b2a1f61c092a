"""A session's results as tables and lines of text, for a terminal and for a page."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from farm import units
from farm.publish.power import power_notes
from farm.publish.results import Results
from farm.summary import Line, Validity
from farm.workloads import Outcome, Pass, Run


@dataclass(frozen=True, slots=True)
class Table:
    """A table: every row has as many cells as there are columns."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    text_columns: tuple[int, ...] = (0,)
    """Columns that hold words; the others hold numbers and stand to the right."""
    expendable: tuple[int, ...] = ()
    """Columns that a narrow terminal can do without, the first to go first."""


_COLUMNS = ("metric", "p50 / value", "interval over runs", "p90", "p99", "valid runs", "cpu/wall", "switches", "load")
_DIGITS, _MOST_DIGITS = 3, 6
_EXPENDABLE = tuple(_COLUMNS.index(name) for name in ("load", "switches", "cpu/wall", "p90", "p99", "valid runs"))


def result_tables(results: Results, *, with_device: bool = False) -> list[Table]:
    """Return one table for each workload, its metrics in the metric table's order.

    The number is the median over valid runs (each run: its p50, or its one value) and the interval is that median's,
    with its coverage; an accuracy's or a perplexity's is over items. cpu/wall, switches and load are of the pass that
    measured it, as medians over its valid runs.
    """
    signs = {(item.workload, item.artifact, item.pass_): item for item in results.validity}
    found = []
    for (workload, artifact), group in groupby(results.lines, key=lambda line: (line.workload, line.artifact)):
        own = list(group)
        runs = [run for run in results.runs if (run.job.workload.id, run.job.artifact.sha256) == (workload, artifact)]
        rows = tuple(_row(line, own, signs[workload, artifact, line.pass_], runs) for line in own if line.is_first)
        device = f"{results.device.name} · " if with_device else ""
        answer = f"output {_answer(runs)}"
        title = (
            f"{device}{workload} · {runs[0].job.artifact.name} · {own[0].flavour} · {units.counted(own[0].threads, 'thread')} · {answer}"
        )
        found.append(Table(title, _COLUMNS, rows, expendable=_EXPENDABLE))
    return found


def _row(line: Line, own: Sequence[Line], signs: Validity, runs: Sequence[Run]) -> tuple[str, ...]:
    quantity = line.metric.quantity
    spread = {other.statistic.value: units.show(other.median, quantity) for other in own if other.metric is line.metric}
    attempts = [run for run in runs if run.job.pass_ == line.pass_]
    return (
        line.metric.label,
        units.show(line.median, quantity, _digits(line)),
        interval_text(line),
        spread.get("p90", ""),
        spread.get("p99", ""),
        f"{len(line.values)} of {len(attempts)}",
        "–" if signs.cpu_ratio is None else f"{signs.cpu_ratio:.2f}",
        "–" if signs.involuntary_switches is None else f"{signs.involuntary_switches:.0f}",
        "–" if signs.load_1m is None else f"{signs.load_1m:.2f}",
    )


def interval_text(line: Line) -> str:
    """Return the interval over runs, or over items, with its coverage, or why there is none."""
    if line.interval is None:
        return "needs 2 runs" if line.items is None else f"needs more than {units.counted(line.items, 'item')}"
    low, high = (units.show(value, line.metric.quantity, _digits(line)) for value in (line.interval.low, line.interval.high))
    over = "" if line.items is None else f" over {units.counted(line.items, 'item')}"
    return f"{low} … {high} ({line.interval.coverage:.0%}{over})"


def _digits(line: Line) -> int:
    """Return how many digits to show a median with: as few as tell the ends of its interval apart."""
    if line.interval is not None:
        for digits in range(_DIGITS, _MOST_DIGITS + 1):
            low, high = (units.show(value, line.metric.quantity, digits) for value in (line.interval.low, line.interval.high))
            if low != high:
                return digits
    return _DIGITS


def _answer(runs: Sequence[Run]) -> str:
    """Return whether a workload's output was right: the worst that any of its runs says."""
    said = {run.output_check for run in runs if run.output_check}
    return next((word for word in ("failed", "unchecked", "passed") if word in said), "unchecked")


def outcome_lines(results: Results) -> list[str]:
    """Return one line for each run that gave no valid number (what, which outcome, why, and the hint), and for a session's end."""
    lines = [] if results.failure is None else [f"{results.device.name}: {results.failure}"]
    for run in results.runs:
        if run.outcome is not Outcome.OK:
            hint = f" (hint: {run.hint})" if run.hint else ""
            lines.append(f"{run.job.label}, attempt {run.attempt}: {run.outcome.replace('_', ' ')}: {run.reason}{hint}")
    return lines


def note_lines(results: Results) -> list[str]:
    """Return what a reader of the numbers should know: outputs that are unchecked or differ, passes cut short, slow attention."""
    outputs: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    unchecked = set()
    plain = sorted({line.workload for line in results.lines if "plain_attention" in line.flavour.split("+")})
    for run in results.runs:
        if run.output_sha256 is not None and run.measured is not None:
            outputs[run.job.workload.id, run.job.artifact.sha256, run.measured.flavour].add(run.output_sha256)
        if run.output_check == "unchecked":
            unchecked.add(run.job.artifact.name)
    notes = [f"{name}: the output is unchecked, since the artifact has no reference for this input" for name in sorted(unchecked)]
    differing = sorted(workload for (workload, *_), hashes in outputs.items() if len(hashes) > 1)
    notes += [f"{workload}: repeats of one flavour gave different outputs" for workload in differing]
    notes += power_notes(results.runs)
    notes += [
        f"{workload}: its latency passes ended at {most} iterations (max_iterations), before their stated duration of {duration_ms} ms"
        for workload, most, duration_ms in sorted(_cut_short(results.runs))
    ]
    return notes + [f"{workload}: attention without the runtime's fused kernel, so slower than a build that has it" for workload in plain]


def identity_lines(runs: Sequence[Run]) -> list[str]:
    """Return one line for each artifact and what measured it, by the hashes that tell them from others."""
    lines: dict[str, None] = {}  # each once, in order
    for run in runs:
        if (measured := run.measured) is not None:
            artifact = run.job.artifact
            harness = f"harness {measured.harness_hash[:12]} ({measured.build_type})"
            lines[f"{artifact.name}: SHA-256 {artifact.sha256}, by {measured.runtime} {measured.runtime_version}, {harness}"] = None
    return list(lines)


def _cut_short(runs: Sequence[Run]) -> set[tuple[str, int, int]]:
    """Return workloads whose latency passes came to max_iterations before they had gone on for as long as was stated, with both."""
    found = set()
    for run in runs:
        settings = run.job.workload.settings
        values = next((item.values for item in run.readings if item.metric == "latency_ns" and not item.source), ())
        if run.job.pass_ is Pass.LATENCY and len(values) == settings.max_iterations and sum(values) < settings.duration_ms * 1e6:
            found.add((run.job.workload.id, settings.max_iterations, settings.duration_ms))
    return found


def absent_lines(runs: Sequence[Run]) -> list[str]:
    """Return one line for each thing that could not be measured, with the reason; each once.

    The device's state tells it first; what the state does know, the harness's sampler may lack: then nothing is missing.
    """
    unread = [(item.name, item.source, item.reason) for run in runs for item in run.state if item.reason is not None]
    known = {item.name for run in runs for item in run.state if item.reason is None}
    absent = [(item.metric, item.source, item.reason) for run in runs for item in run.absent if item.metric not in known]
    reasons: dict[tuple[str, str], str] = {}
    for name, source, reason in (*unread, *absent):
        reasons.setdefault((name, source), reason)
    return [f"{name}{f' ({source})' if source else ''}: {reason}" for (name, source), reason in reasons.items()]
