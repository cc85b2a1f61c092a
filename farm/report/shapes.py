"""Numbers -> places in small drawings: sparklines and interval bars. Positions are in SVG units."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

SPARK_WIDTH, SPARK_HEIGHT = 120.0, 28.0
BAR_WIDTH = 160.0
_EDGE = 4.0
_MOST_POINTS = 60


@dataclass(frozen=True, slots=True)
class Spark:
    """A trend: points of a line, and from where to where the nights lie that a change is between; None: no change to shade."""

    points: str
    last: tuple[float, float]
    shade: tuple[float, float] | None
    text: str


def spark(values: Sequence[float], text: str, between: tuple[int, int] | None = None) -> Spark | None:
    """Return the line of values from the least to the greatest; between counts places in values. None for fewer than two."""
    if len(values) < 2:  # noqa: PLR2004 - no line through one point
        return None
    low, high = min(values), max(values)
    span = high - low

    def x_of(place: float) -> float:
        return round(_EDGE + place / (len(values) - 1) * (SPARK_WIDTH - 2 * _EDGE), 1)

    def y_of(value: float) -> float:
        share = 0.5 if span == 0 else (value - low) / span
        return round(SPARK_HEIGHT - _EDGE - share * (SPARK_HEIGHT - 2 * _EDGE), 1)

    step = max(1, len(values) // _MOST_POINTS)
    places = sorted({*range(0, len(values), step), len(values) - 1})
    shade = None if between is None else (x_of(between[0]), max(2.0, round(x_of(between[1]) - x_of(between[0]), 1)))
    points = " ".join(f"{x_of(place)},{y_of(values[place])}" for place in places)
    return Spark(points, (x_of(len(values) - 1), y_of(values[-1])), shade, text)


@dataclass(frozen=True, slots=True)
class Bar:
    """An interval against the budget's line: right is worse. None: there is no such end, or no such line."""

    left: float
    width: float
    middle: float
    none: float | None
    """Where nothing has changed."""
    budget: float | None
    is_interval: bool
    """Whether it has an end: else there is the value alone."""
    cut_low: bool
    cut_high: bool
    """The interval goes on beyond the drawing."""
    text: str


@dataclass(frozen=True, slots=True)
class Scale:
    """From where to where a bar's axis goes, as shares worse."""

    low: float
    high: float

    def place(self, value: float) -> float:
        """Return where a value stands, within the drawing."""
        share = (value - self.low) / (self.high - self.low)
        return round(_EDGE + min(1.0, max(0.0, share)) * (BAR_WIDTH - 2 * _EDGE), 1)


def scale(values: Sequence[float | None], most: float = 0.5) -> Scale:
    """Return an axis that holds values and zero, but goes no further than most on either side."""
    known = [min(most, max(-most, value)) for value in values if value is not None and math.isfinite(value)]
    low, high = min([0.0, *known]), max([0.0, *known])
    room = (high - low) * 0.08 or 0.01
    return Scale(low - room, high + room)


def bar(interval: tuple[float | None, float, float | None], axis: Scale, text: str, *, budget: float | None, none: bool = True) -> Bar:
    """Return the bar of (low, value, high), shares worse; an end that is None is open."""
    low, value, high = interval
    left = axis.place(-math.inf if low is None else low)
    right = axis.place(math.inf if high is None else high)
    return Bar(
        left=left,
        width=max(2.0, round(right - left, 1)),
        middle=axis.place(value),
        none=axis.place(0.0) if none else None,
        budget=None if budget is None else axis.place(budget),
        is_interval=low is not None or high is not None,
        cut_low=low is None or low < axis.low,
        cut_high=high is None or high > axis.high,
        text=text,
    )


@dataclass(frozen=True, slots=True)
class Dot:
    """A run on a line of runs."""

    x: float
    kind: str
    """valid, or why it is set apart: invalid."""
    text: str
