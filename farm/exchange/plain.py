"""Plain tables: CSV or Parquet with a column `time` or `run`, a column of values, and perhaps a column `series`.

The column of values is called `value`, which says no unit, or ends in one: latency_ms, peak_bytes, size_mib. Each series'
values stay in the file's order, with the time or run of each as it is written.
"""

import io
from collections.abc import Sequence

from farm.exchange import fields
from farm.exchange.fields import BrokenText
from farm.exchange.imported import AS_REPORTED, Contents, Gap, Number
from farm.exchange.names import based

CSV = "plain-csv"
PARQUET = "plain-parquet"

_POSITIONS = ("time", "run")
_SERIES = "series"
_UNNAMED = "series"
_VALUE = "value"


def is_csv(header: str) -> bool:
    """Return whether the first line of a text names the columns of such a table."""
    names = [name.strip().strip('"') for name in header.split(",")]
    return len(names) > 1 and any(name in names for name in _POSITIONS) and any(_metric(name) for name in names)


def is_parquet(data: bytes) -> bool:
    """Return whether these are the bytes of a Parquet file."""
    return data[:4] == b"PAR1"


def read_csv(text: str) -> Contents:
    """Return one number for each series: all its values."""
    header, lines = fields.table(text)
    return _contents(CSV, header, lines)


def read_parquet(data: bytes) -> Contents:
    """Return one number for each series: all its values."""
    import polars as pl

    try:
        frame = pl.read_parquet(io.BytesIO(data))
    except (pl.exceptions.PolarsError, OSError) as error:
        raise BrokenText(f"is not whole Parquet: {str(error).partition(chr(10))[0]}") from error
    lines = [["" if cell is None else str(cell) for cell in row] for row in frame.iter_rows()]
    if not lines:
        raise BrokenText("has columns and no rows")
    return _contents(PARQUET, frame.columns, lines)


def _metric(column: str) -> tuple[str, float] | None:
    """Return the metric and factor of a column of values, None for another column."""
    return (_VALUE, 1.0) if column == _VALUE else based(column)


def _contents(name: str, header: Sequence[str], lines: Sequence[Sequence[str]]) -> Contents:
    positions = [column for column in _POSITIONS if column in header]
    values = [column for column in header if _metric(column) is not None]
    if len(positions) != 1 or len(values) != 1:
        raise BrokenText(
            f"has the columns {fields.shortened(', '.join(header))}: there must be one of time and run, and one of values,"
            " called value or with its unit last (latency_ms)"
        )
    known = _metric(values[0])
    assert known is not None
    metric, factor = known
    at, value_at = header.index(positions[0]), header.index(values[0])
    series_at = header.index(_SERIES) if _SERIES in header else None
    found: dict[str, list[tuple[str, float]]] = {}
    gaps = []
    for place, line in enumerate(lines, 1):
        label = _UNNAMED if series_at is None else fields.text(line[series_at], f"row {place}'s series")
        position = fields.text(line[at], f"row {place}'s {positions[0]}")
        if line[value_at].strip():
            found.setdefault(label, []).append((position, fields.numeral(line[value_at], f"row {place}'s {values[0]}") * factor))
        else:
            gaps.append(Gap(label, values[0], f"{positions[0]} {position} has no value"))
    numbers = tuple(
        Number(
            label,
            metric,
            AS_REPORTED,
            tuple(value for _, value in pairs),
            values[0],
            position=positions[0],
            positions=tuple(position for position, _ in pairs),
        )
        for label, pairs in found.items()
    )
    return Contents(name, numbers, tuple(gaps))
