"""Verdicts as JSON: base units, shares of 1, absent values as null. schemas/verdicts-1.schema.json describes it."""

import json
import math
from dataclasses import asdict
from datetime import date
from importlib.resources import files
from typing import Any

from farm.publish.judgement import Judgement, json_text
from farm.verdicts import Change, Verdict

VERSION = 1


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the document."""
    text = (files("farm.publish") / "schemas" / f"verdicts-{VERSION}.schema.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def verdict_json(judgement: Judgement) -> str:
    """Return the judgement as one JSON document, failures first."""
    content = {
        "farm_verdicts": VERSION,
        "exit_code": judgement.exit_code,
        "candidate": judgement.candidate,
        "baseline": judgement.baseline,
        "suite": judgement.suite,
        "gate": judgement.gate,
        "verdicts": [_verdict(verdict) for verdict in judgement.ordered],
        "changes": [_change(change) for change in judgement.changes],
    }
    return json_text(content)


def _verdict(verdict: Verdict) -> dict[str, Any]:
    content = asdict(verdict)
    content["budget"]["name"] = verdict.budget.name
    return _plain(content)  # type: ignore[no-any-return]


def _change(change: Change) -> dict[str, Any]:
    return _plain(asdict(change))  # type: ignore[no-any-return]


def _plain(value: Any) -> Any:  # noqa: ANN401
    """Return a value as JSON has it: a number without end is absent, a date is text."""
    match value:
        case dict():
            return {name: _plain(item) for name, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case float() if not math.isfinite(value):
            return None
        case date():
            return value.isoformat()
        case _:
            return value
