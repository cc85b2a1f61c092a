"""What is read from others' files: numbers with what is known of them, and what is not there with the reason.

Imported numbers are not farm's runs. Nothing is known of how they were measured beyond what their file says, so they have
tables of their own and no budget is ever judged by them.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from farm.exchange.names import MEANINGS, unit_of

Row = dict[str, Any]

READING = "reading"
"""Each value is one reading as it was taken."""
AS_REPORTED = "as_reported"
"""The source does not say how its value was made of readings."""
MEAN = "mean"
MIDDLE_MEAN = "mean_of_middle_80_percent"
MINIMUM = "minimum"
MAXIMUM = "maximum"
DEVIATION = "standard_deviation"


@dataclass(frozen=True, slots=True)
class Number:
    """One statistic of one metric of one thing that was measured: a value, or several in the source's order.

    statistic says what each value is: one of the words above, or a percentile ("p50", "p99.9"). None, everywhere: the
    source does not say.
    """

    label: str
    """What was measured, in the source's words: a model, a test, a benchmark."""
    metric: str
    """farm's own name where it means the same, else a name of farm.exchange.names; values are in the unit it ends in."""
    statistic: str
    values: tuple[float, ...]
    source_metric: str
    """As the source calls it."""
    device: str | None = None
    os: str | None = None
    readings: int | None = None
    """How many readings each value was made of; for READING, 1."""
    valid: bool | None = None
    """What the source itself says of the measurement's validity."""
    measured_at: datetime | None = None
    position: str | None = None
    """What positions are: "time" or "run"; None when values have no positions."""
    positions: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    """What else the source says: backend, threads, revision."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A number that the source does not have, though there is a place for it."""

    label: str
    source_metric: str
    reason: str
    device: str | None = None


@dataclass(frozen=True, slots=True)
class Contents:
    """What a file holds."""

    format: str
    numbers: tuple[Number, ...]
    gaps: tuple[Gap, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """A file as it was given: sha256 is what it is known by."""

    name: str
    sha256: str
    size_bytes: int


def rows(source: Source, contents: Contents, imported_at: datetime, farm_version: str) -> dict[str, list[Row]]:
    """Return the rows of a file by table, in the order in which to insert them: plain JSON values."""
    return {
        "imported_files": [asdict(source) | {"format": contents.format, "imported_at": _utc(imported_at), "farm_version": farm_version}],
        "imported_numbers": [_number(source, place, number) for place, number in enumerate(contents.numbers)],
        "imported_gaps": [asdict(gap) | {"file_sha256": source.sha256} for gap in contents.gaps],
    }


def content(source: Source, contents: Contents) -> Row:
    """Return a file as JSON values: what it is, its numbers in base units, and what it does not have."""
    numbers = [_number(source, place, number) for place, number in enumerate(contents.numbers)]
    for row, number in zip(numbers, contents.numbers, strict=True):
        row["meaning"] = MEANINGS.get(number.metric)
        row["labels"] = dict(number.labels)
        row["measured_at"] = None if number.measured_at is None else number.measured_at.isoformat()
        del row["file_sha256"], row["place"]
    return asdict(source) | {"format": contents.format, "numbers": numbers, "gaps": [asdict(gap) for gap in contents.gaps]}


def _number(source: Source, place: int, number: Number) -> Row:
    return {
        "file_sha256": source.sha256,
        "place": place,
        "label": number.label,
        "device": number.device,
        "os": number.os,
        "metric": number.metric,
        "unit": unit_of(number.metric),
        "statistic": number.statistic,
        "values": list(number.values),
        "position": number.position,
        "positions": None if number.position is None else list(number.positions),
        "readings": number.readings,
        "valid": number.valid,
        "measured_at": None if number.measured_at is None else _utc(number.measured_at),
        "source_metric": number.source_metric,
        "labels": json.dumps(dict(number.labels)),
    }


def _utc(moment: datetime) -> str:
    """Return an aware time as the database's naive UTC text."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")
