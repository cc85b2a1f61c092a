"""Series of numbers over time: CSV with the columns series, time and value, or a JSON list of {name, values}.

CSV: a series' rows may stand in any order, and time is an ISO 8601 date or a number; rows of one series with the same time are the runs of
one session. Without a column series the whole file is one. An empty value, or NaN, is a run without a number. Other columns are left
alone. JSON: values is a list of numbers, oldest first; null is a session without one. Each value is a session of its own; `times`, a
list of as many texts or numbers, may name them. What else is there is left alone.
"""

import csv
import io
import json
import math
from datetime import UTC, datetime

from farm.errors import InputError
from farm.verdicts import History


def parse(data: bytes, name: str) -> tuple[History, ...]:
    """Return the series of a file in the order in which they first appear in it; name is what the file is called in errors.

    Raises InputError in one sentence, with the place, on anything that is not as the module says.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{name} is not text: byte {error.start} is not UTF-8") from error
    histories = _of_json(text, name) if text.lstrip()[:1] in {"[", "{"} else _of_csv(text, name)
    if not histories:
        raise InputError(f"{name} holds no series", hint="CSV with the columns series,time,value, or a JSON list of {name, values}")
    return histories


def _of_csv(text: str, name: str) -> tuple[History, ...]:
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    found: dict[str, dict[str, list[float]]] = {}
    try:
        missing = [column for column in ("time", "value") if column not in (reader.fieldnames or ())]
        if missing:
            raise InputError(f"{name} has no column {' and no column '.join(missing)}", hint="its first line names them: series,time,value")
        for row in reader:
            place = f"{name}:{reader.line_num}"
            time, value = row["time"], row["value"]
            if time is None or value is None:
                raise InputError(f"{place} has fewer columns than the first line")
            found.setdefault(row.get("series") or name, {}).setdefault(time.strip(), []).append(_number(value, place))
    except csv.Error as error:
        raise InputError(f"{name} is not CSV after line {reader.line_num}: {error}") from error
    return tuple(_sorted(series, sessions, name) for series, sessions in found.items())


def _number(text: str, place: str) -> float:
    try:
        value = float(text) if text.strip() else math.nan
    except ValueError as error:
        raise InputError(f'{place}: "{text.strip()}" is not a number') from error
    if math.isinf(value):
        raise InputError(f"{place} holds an infinite value")
    return value


def _sorted(series: str, sessions: dict[str, list[float]], name: str) -> History:
    instants = {time: _instant(time) for time in sessions}
    for time, instant in instants.items():
        if instant is None:
            raise InputError(f'{name}: the time "{time}" of {series} is neither an ISO 8601 date nor a number')
    kinds = {isinstance(instant, float) for instant in instants.values()}
    if len(kinds) > 1:
        raise InputError(f"{name}: the times of {series} are numbers and dates mixed, so that they have no order")
    labels = sorted(sessions, key=lambda time: instants[time])  # type: ignore[arg-type, return-value] # of one kind, none is None
    return History(series, tuple(tuple(sessions[time]) for time in labels), tuple(labels))


def _instant(text: str) -> datetime | float | None:
    try:
        number = float(text)
    except ValueError:
        try:
            date = datetime.fromisoformat(text)
        except ValueError:
            return None
        return date if date.tzinfo else date.replace(tzinfo=UTC)
    return number if math.isfinite(number) else None


def _of_json(text: str, name: str) -> tuple[History, ...]:
    try:
        document = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise InputError(f"{name} is not JSON: {error}") from error
    if not isinstance(document, list):
        raise InputError(f"{name} is not a JSON list of {{name, values}}")
    histories = tuple(_entry(entry, place, name) for place, entry in enumerate(document))
    names = set[str]()
    for history in histories:
        if history.name in names:
            raise InputError(f'{name} holds more than one series with the name "{history.name}"')
        names.add(history.name)
    return histories


def _entry(entry: object, place: int, name: str) -> History:
    where = f"{name}, series {place}"
    if not isinstance(entry, dict) or not isinstance(entry.get("values"), list):
        raise InputError(f"{where} is not an object with a list of values")
    series = entry.get("name", f"series {place}")
    if not isinstance(series, str):
        raise InputError(f"{where} has a name that is not a text")
    values = tuple((_value(value, f"{where}, value {number}"),) for number, value in enumerate(entry["values"]))
    times = entry.get("times", [])
    if not isinstance(times, list) or (times and len(times) != len(values)):
        raise InputError(f"{where} has times that are not a list of one for each value")
    return History(series, values, tuple(str(time) for time in times))


def _value(value: object, place: str) -> float:
    if value is None:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InputError(f"{place} is not a number")
    try:
        number = float(value)
    except OverflowError as error:
        raise InputError(f"{place} is too large a number") from error
    if math.isinf(number):
        raise InputError(f"{place} is infinite")
    return number
