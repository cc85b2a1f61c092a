"""Taking values out of others' texts, each checked: a broken text is said in words and never guessed at."""

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

Json = Any
"""A JSON value before anything is known of it."""


_TOO_MANY = 2.0**53
"""From here on not every whole number is a float."""


class BrokenText(ValueError):
    """What is wrong with a text, as a sentence whose subject is the file: "lacks ...", "says ..."."""


def parse_json(text: str) -> Json:
    """Return a JSON value. Raises BrokenText for anything that JSON does not have: NaN, a name twice, an end in the middle."""
    try:
        return json.loads(text, parse_constant=_no_constant, object_pairs_hook=_no_twins)
    except json.JSONDecodeError as error:
        raise BrokenText(f"is not whole JSON: {error.msg.lower()} at line {error.lineno}, column {error.colno}") from error
    except RecursionError as error:
        raise BrokenText("is not JSON of any known format: it is nested too deeply") from error
    except BrokenText:
        raise
    except ValueError as error:  # an integer of thousands of digits
        raise BrokenText("holds a number that is none") from error


def parse_yaml(text: str) -> Json:
    """Return the value of a YAML text. Raises BrokenText for what is none, a name twice, and a value that holds itself."""
    import yaml

    try:
        _check_names(yaml.compose(text, yaml.SafeLoader))
        return yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        where = "" if error.problem_mark is None else f" at line {error.problem_mark.line + 1}, column {error.problem_mark.column + 1}"
        raise BrokenText(f"is not whole YAML: {error.problem}{where}") from error
    except BrokenText:
        raise
    except (yaml.YAMLError, ValueError) as error:  # a character that YAML does not have, a day that is none
        raise BrokenText("is not whole YAML") from error
    except RecursionError as error:
        raise BrokenText("is not YAML of any known format: it is nested too deeply") from error


def _check_names(node: Any) -> None:  # noqa: ANN401 - a node of a library without types
    """Raise BrokenText when a mapping says a name twice: which of both would hold is nobody's guess."""
    if isinstance(node.value, list) if node is not None else False:
        pairs = [pair for pair in node.value if isinstance(pair, tuple)]
        names = [key.value for key, _ in pairs if isinstance(key.value, str)]
        twin = next((name for name in names if names.count(name) > 1), None)
        if twin is not None:
            raise BrokenText(f'says "{twin}" twice in one mapping')
        for child in [value for _, value in pairs] or node.value:
            _check_names(child)


def _no_constant(name: str) -> None:
    raise BrokenText(f"holds {name}, which is no number")


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twin = next(name for name in names if names.count(name) > 1)
        raise BrokenText(f'says "{twin}" twice in one object')
    return found


def number(value: object, what: str) -> float:
    """Return a finite number; true and false are none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BrokenText(f"has no number for {what}")
    try:
        found = float(value)
    except OverflowError as error:
        raise BrokenText(f"has a number too large for {what}") from error
    if not math.isfinite(found):
        raise BrokenText(f"has no finite number for {what}")
    return found


def numeral(text: str, what: str) -> float:
    """Return the finite number that a text writes."""
    try:
        return number(float(text.replace("_", "x")), what)  # Python alone would read 1_000
    except ValueError as error:
        raise BrokenText(f'says "{shortened(text)}" where {what} should be a number') from error


def numbers(value: object, what: str) -> tuple[float, ...]:
    """Return a list of at least one number."""
    if not isinstance(value, list) or not value:
        raise BrokenText(f"has no list of numbers for {what}")
    return tuple(number(item, what) for item in value)


def count(value: object, what: str) -> int:
    """Return a whole number from 0."""
    found = number(value, what)
    if not 0 <= found < _TOO_MANY or found != int(found):
        raise BrokenText(f"has no count for {what}")
    return int(found)


def mapping(value: object, what: str) -> Mapping[str, Any]:
    """Return an object."""
    if not isinstance(value, dict):
        raise BrokenText(f"has no object for {what}")
    return value


def sequence(value: object, what: str) -> Sequence[Any]:
    """Return a list."""
    if not isinstance(value, list):
        raise BrokenText(f"has no list for {what}")
    return value


def text(value: object, what: str) -> str:
    """Return a text that says something."""
    if not isinstance(value, str) or not value.strip():
        raise BrokenText(f"has no text for {what}")
    return value.strip()


def optional_text(value: object) -> str | None:
    """Return a text, or None for what says nothing."""
    return value.strip() or None if isinstance(value, str) else None


def words(**given: object) -> dict[str, str]:
    """Return what says something as labels; texts, numbers and truth values only."""
    found = {}
    for name, value in given.items():
        if isinstance(value, bool):
            found[name] = "true" if value else "false"
        elif isinstance(value, int | float) or (isinstance(value, str) and value.strip()):
            found[name] = str(value).strip()
    return found


def moment(value: object) -> datetime | None:
    """Return an ISO 8601 time; one without a zone is UTC. None for what is no time."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def table(content: str) -> tuple[list[str], list[list[str]]]:
    """Return a CSV's header and rows; every row has as many cells as the header, and the last line its end."""
    if not content.endswith("\n"):
        raise BrokenText("ends in the middle of a line: its last number may be cut off (add a line end if it is whole)")
    try:
        lines = [line for line in csv.reader(io.StringIO(content, newline=""), strict=True) if line]
    except csv.Error as error:
        raise BrokenText(f"is not whole CSV: {error}") from error
    if not lines:
        raise BrokenText("has no header")
    header = [name.strip() for name in lines[0]]
    if len(set(header)) < len(header):
        raise BrokenText("names a column twice")
    for place, line in enumerate(lines[1:], 1):
        if len(line) != len(header):
            raise BrokenText(f"has {len(line)} cells in row {place} and {len(header)} columns")
    if len(lines) == 1:
        raise BrokenText("has a header and no rows")
    return header, lines[1:]


def shortened(given: str, most: int = 60) -> str:
    """Return a foreign text for a message: printable, and not long."""
    plain = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in given)
    return plain if len(plain) <= most else f"{plain[: most - 1]}…"
