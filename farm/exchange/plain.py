"""Plain tables: CSV or Parquet with a column `time` or `run`, a column of values, and perhaps `series`, `metric` and `unit`.

The column of values ends in its unit (latency_ms, peak_bytes, size_mib), or is called `value`; then metric and unit may say
more of each row. Each series' values stay in the file's order, with the time or run of each as it is written.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

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
_METRIC, _UNIT = "metric", "unit"
_SPELLED = {"%": "percent", "tokens/s": "tokens_per_s", "µs": "us", "B": "bytes"}


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
    position, column = positions[0], values[0]
    if column != _VALUE and {_METRIC, _UNIT} & set(header):
        raise BrokenText(f"names its metric in the column {column} and has a column {_METRIC} or {_UNIT} besides")
    found: dict[_Series, list[tuple[str, float]]] = {}
    gaps = []
    for place, line in enumerate(lines, 1):
        row = dict(zip(header, line, strict=True))
        series = _series(row, column, place)
        at = fields.text(row[position], f"row {place}'s {position}")
        if row[column].strip():
            found.setdefault(series, []).append((at, fields.numeral(row[column], f"row {place}'s {column}")))
        else:
            gaps.append(Gap(series.label, series.source, f"{position} {at} has no value"))
    return Contents(name, tuple(_number(series, position, pairs) for series, pairs in found.items()), tuple(gaps))


@dataclass(frozen=True, slots=True)
class _Series:
    label: str
    metric: str
    factor: float
    source: str


def _series(row: Mapping[str, str], column: str, place: int) -> _Series:
    """Return which series a row belongs to: by its series, and by its metric and unit where they have columns."""
    label = fields.text(row[_SERIES], f"row {place}'s series") if _SERIES in row else _UNNAMED
    named, unit = (row.get(name, "").strip() for name in (_METRIC, _UNIT))
    if not named and not unit:
        metric, factor = _metric(column) or (_VALUE, 1.0)
        return _Series(label, metric, factor, column)
    unit = _SPELLED.get(unit, unit)
    known = based(named or _VALUE)
    if known is not None and unit and unit != _suffix(named):
        raise BrokenText(f"says the unit {fields.shortened(unit)} in row {place} for {fields.shortened(named)}, which names its own")
    if known is None and unit:
        known = based(f"{named or _VALUE}_{unit}")
        if known is None:
            raise BrokenText(f"has the unit {fields.shortened(unit)} in row {place}, which farm does not know")
    if known is None:  # the source says no unit: the name that it gives goes to the label
        return _Series(f"{label} {named}" if _SERIES in row else named, _VALUE, 1.0, named)
    return _Series(label, *known, named or column)


def _suffix(name: str) -> str:
    """Return the unit that a name ends in, as it is written there."""
    return "tokens_per_s" if name.endswith("tokens_per_s") else name.rpartition("_")[2]


def _number(series: _Series, position: str, pairs: Sequence[tuple[str, float]]) -> Number:
    return Number(
        series.label,
        series.metric,
        AS_REPORTED,
        tuple(value * series.factor for _, value in pairs),
        series.source,
        position=position,
        positions=tuple(at for at, _ in pairs),
    )
