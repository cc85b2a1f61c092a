"""What farm's JSON documents have in common: how values are written, and the schemas that are published with them."""

import json
import math
from collections.abc import Mapping
from datetime import date
from importlib.resources import files
from typing import Any


def json_text(content: object) -> str:
    """Return a document's JSON: a number without end is absent, a date is text, half a surrogate pair (of a file name) a question mark."""
    return json.dumps(_plain(content), indent=2, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace").decode() + "\n"


def schema(name: str, version: int) -> dict[str, Any]:
    """Return the JSON Schema that a kind of document is published with."""
    text = (files("farm.publish") / "schemas" / f"{name}-{version}.schema.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def _plain(value: object) -> object:
    match value:
        case Mapping():
            return {name: _plain(item) for name, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case float() if not math.isfinite(value):
            return None
        case date():
            return value.isoformat()
        case _:
            return value
