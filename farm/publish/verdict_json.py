"""Verdicts as JSON: base units, shares of 1, absent values as null. schemas/verdicts-1.schema.json describes it."""

from dataclasses import asdict
from typing import Any

from farm.publish import json_form
from farm.publish.judgement import Judgement
from farm.verdicts import Change, Verdict

VERSION = 1


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the document."""
    return json_form.schema("verdicts", VERSION)


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
    return json_form.json_text(content)


def _verdict(verdict: Verdict) -> dict[str, Any]:
    content = asdict(verdict)
    content["budget"]["name"] = verdict.budget.name
    return content


def _change(change: Change) -> dict[str, Any]:
    return asdict(change)
