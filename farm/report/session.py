"""The sessions of one `farm run` -> a page."""

from collections.abc import Sequence
from dataclasses import dataclass

from farm import units
from farm.publish import Results
from farm.publish.operators import latency_of
from farm.publish.tables import absent_lines, identity_lines, interval_text, note_lines, outcome_lines, result_tables
from farm.report import page, profiles, words
from farm.summary import Line
from farm.units import Quantity

_WIDTH, _HEIGHT, _MARGIN = 240.0, 24.0, 6.0


@dataclass(frozen=True, slots=True)
class Strip:
    """One metric's runs as dots on a line, with the interval of their median as a bar. Positions are in SVG units."""

    label: str
    median: str
    interval: str
    dots: tuple[float, ...]
    bar: tuple[float, float] | None
    middle: float
    low: str
    high: str


def session_page(results: Sequence[Results], exit_code: int) -> str:
    """Return the page of one invocation's sessions: their numbers, every run as a dot, what failed, and what was not measured."""
    return page.render("session.html.j2", parts=[_part(one) for one in results], exit_code=exit_code)


def _part(results: Results) -> dict[str, object]:
    """Return what the page says of one device."""
    memory_bytes = None if results.session is None else results.session.identity.memory_bytes
    return {
        "device": results.device.name,
        "session": results.session,
        "command": "" if results.session is None else words.measured_again(results.session.command, results.device.name),
        "tables": result_tables(results),
        "profiles": [profiles.block(one, latency_of(one, results.lines)) for one in results.profiles],
        "strips": [(line.workload, strip(line)) for line in results.lines if line.is_first and len(line.values) > 1],
        "lists": (
            ("Attempts without a valid number", outcome_lines(results)),
            ("Notes", note_lines(results)),
            ("Not measured", absent_lines(results.runs)),
            ("What was measured by what", identity_lines(results.runs)),
        ),
        "memory": "memory unknown" if memory_bytes is None else units.show(memory_bytes, units.BYTES),
    }


def strip(line: Line) -> Strip:
    """Return where a metric's runs stand between the least and the greatest of them; the axis does not begin at zero."""
    low, high = min(line.values), max(line.values)
    span = high - low

    def place(value: float) -> float:
        share = 0.5 if span == 0 else (value - low) / span
        return round(_MARGIN + share * (_WIDTH - 2 * _MARGIN), 2)

    quantity = line.metric.quantity
    ends = _told_apart(low, high, quantity)
    return Strip(
        label=line.metric.label,
        median=units.show(line.median, quantity),
        interval=interval_text(line),
        dots=tuple(place(value) for value in line.values),
        bar=None if line.interval is None else (place(line.interval.low), place(line.interval.high)),
        middle=place(line.median),
        low=ends[0],
        high=ends[1],
    )


def _told_apart(low: float, high: float, quantity: Quantity | None) -> tuple[str, str]:
    """Return both ends of an axis with as many digits as tell them apart, up to six."""
    for digits in range(3, 7):
        ends = units.show(low, quantity, digits), units.show(high, quantity, digits)
        if ends[0] != ends[1] or low == high:
            break
    return ends
