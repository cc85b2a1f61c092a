"""What pydantic finds wrong with a file, as sentences that name the thing and give an example of a right value."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

NAME = 'letters, digits, ".", "_" and "-" only, and begins with a letter or a digit'
_LONGEST = 40
_DAYS = (date(2026, 12, 31),)
_KINDS: Mapping[str, tuple[str, Sequence[Any]]] = {
    "string_type": ("a text in quotes", ()),
    "int_type": ("a whole number without quotes", (5,)),
    "bool_type": ("true or false, without quotes", ()),
    "list_type": ("a list in square brackets", (["one", "two"],)),
    "date_type": ("a day without quotes", _DAYS),
    "date_from_datetime_inexact": ("a day without a time", _DAYS),
}
"""What a value had to be, by pydantic's names of what it was not, with examples."""
_SECRET = (("notify",),)
"""Tables of which no value is ever shown: one may have been put into the wrong place."""
_BEYOND = {
    "greater_than": "is not more than",
    "greater_than_equal": "is less than",
    "less_than": "is not less than",
    "less_than_equal": "is more than",
}


def nearest(name: str, known: Iterable[str]) -> str:
    """Return '; did you mean "..."?', or "" when nothing known is near."""
    close = get_close_matches(name, list(known), n=1)
    return f'; did you mean "{close[0]}"?' if close else ""


def repeated(names: object) -> list[str]:
    """Return a problem for each name that stands in a list more than once, of whatever a file has there."""
    found = Counter(name for name in names if isinstance(name, str)) if isinstance(names, list) else Counter[str]()
    return [f'"{name}" stands there {count} times' for name, count in found.items() if count > 1]


def in_words(model: type[BaseModel], problem: ErrorDetails) -> str:
    """Return a problem of a file's tables, read as model, as one line that begins with the key."""
    place = _shown(problem["loc"])
    if problem["type"] == "extra_forbidden":
        return f"{dotted(place)}: unknown key{nearest(str(place[-1]), _keys_at(model, place[:-1]))}"
    if place and place[-1] == "[key]":
        return f"{dotted(place[:-1])}: a name holds {NAME}, and has at most 100 characters"
    return f"{dotted(place)}: {_said(problem, _field_at(model, place))}"


def _shown(place: tuple[int | str, ...]) -> tuple[int | str, ...]:
    """Return where something stands, without the names in a secret table that can be none."""
    if place[:1] not in _SECRET:
        return place
    return tuple("…" if isinstance(part, str) and part != "[key]" and re.search(r"[^A-Za-z0-9._-]", part) else part for part in place)


def _said(problem: ErrorDetails, field: FieldInfo | None) -> str:
    """Return what is wrong with a value, and what would be right; field is what is known of its key."""
    kind, bounds = problem["type"], problem.get("ctx", {})
    given = "what stands there" if problem["loc"][:1] in _SECRET else _toml(problem["input"])
    examples = field.examples if field is not None and field.examples else ()
    match kind:
        case "missing":
            text = "missing"
        case "enum" | "literal_error":
            known = _choices(bounds["expected"])
            text = f"{given} is none of {', '.join(known)}{nearest(str(problem['input']), known)}"
        case "string_too_short" | "too_short":
            text = "it is empty: state something, or leave the key out"
        case "model_type" | "dict_type":
            text = f"{given} is not a table: write {_table(problem['loc'])} and its keys below it"
        case "string_pattern_mismatch" | "string_too_long" if field is not None and field.description:
            text = f"{given} is not {field.description}{_such_as(examples)}"
        case _ if kind in _KINDS:
            what, usual = _KINDS[kind]
            text = f"{given} is not {what}{_such_as(() if isinstance(problem['loc'][-1], int) else examples or usual)}"
        case _ if kind in _BEYOND:
            text = f"{given} {_BEYOND[kind]} {', '.join(map(_toml, bounds.values()))}"
        case _:
            text = problem["msg"].removeprefix("Value error, ")
    return text


def _such_as(examples: Sequence[Any]) -> str:
    return f", such as {_toml(examples[0])}" if examples else ""


def _choices(expected: str) -> list[str]:
    """Return the values that pydantic lists as 'a', 'b' or 'c'."""
    return expected.replace(" or ", ", ").replace("'", "").split(", ")


def _table(place: tuple[int | str, ...]) -> str:
    names = ".".join(str(part) for part in place if not isinstance(part, int))
    return f"[[{names}]]" if any(isinstance(part, int) for part in place) else f"[{names}]"


def _toml(value: Any) -> str:  # noqa: ANN401 - whatever a file can hold
    """Return a value about as it stands in the file, in short."""
    match value:
        case bool():
            text = str(value).lower()
        case str():
            text = f'"{value}"'
        case dict():
            return "a table"
        case list():
            text = f"[{', '.join(map(_toml, value))}]"
        case _:
            text = str(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def dotted(place: tuple[int | str, ...]) -> str:
    """Return where something stands in a file: workloads[0].id."""
    text = ""
    for part in place:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.removeprefix(".")


def _annotation_at(model: type[BaseModel], place: tuple[int | str, ...]) -> Any:  # noqa: ANN401 - a type, or what typing makes of one
    """Return what the thing at place is to be: a model, or a type of typing's."""
    here: Any = model
    for part in place:
        is_table = isinstance(here, type) and issubclass(here, BaseModel)
        here = here.model_fields[str(part)].annotation if is_table else get_args(here)[-1]  # of list[X] and dict[str, X]: X
    return here


def _field_at(model: type[BaseModel], place: tuple[int | str, ...]) -> FieldInfo | None:
    """Return what is known of the key at place, None where it is an element of a list or of a free table."""
    while place and isinstance(place[-1], int):
        place = place[:-1]
    table = _annotation_at(model, place[:-1])
    is_free = not (isinstance(table, type) and issubclass(table, BaseModel))
    return None if is_free else table.model_fields.get(str(place[-1]))


def _keys_at(model: type[BaseModel], place: tuple[int | str, ...]) -> list[str]:
    """Return the keys that the table at place knows."""
    return list(_annotation_at(model, place).model_fields)
