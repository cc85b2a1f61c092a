"""Verdicts as SARIF 2.1.0, for code scanning: a rule for each budget, a result for each verdict that is no PASS.

A failure is an error, or a warning where it only warns; what could not be decided is "open". A PASS has a rule and no result,
since the sites that show a log show every result as an alert. A result lies in the suite's file, and its fingerprint is the
budget's, so that the same budget is the same alert tomorrow.
"""

import hashlib
from typing import Any
from urllib.parse import quote

from farm.publish import json_form
from farm.publish import judgement as words
from farm.publish.judgement import WORDS, Judgement
from farm.verdicts import Budget, Decision, Verdict

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_KINDS = {Decision.FAIL: "fail", Decision.INCONCLUSIVE: "open"}


def sarif_json(judgement: Judgement, farm_version: str) -> str:
    """Return the log with one run."""
    verdicts = judgement.ordered
    rules = {rule_id(verdict.budget): verdict.budget for verdict in verdicts}
    places = {rule: place for place, rule in enumerate(rules)}
    driver = {"name": "farm", "semanticVersion": farm_version, "rules": [_rule(name, budget) for name, budget in rules.items()]}
    run = {
        "tool": {"driver": driver},
        "invocations": [{"executionSuccessful": True, "exitCode": judgement.exit_code}],
        "results": [_result(verdict, places, judgement.suite) for verdict in verdicts if verdict.decision in _KINDS],
    }
    content = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json_form.json_text(content)


def rule_id(budget: Budget) -> str:
    """Return a budget's stable name: workload, metric and statistic, what it states (not how much), and its own devices."""
    stated = "limit" if budget.limit is not None else "regression" if budget.max_regression is not None else "drop"
    return "/".join([budget.workload, budget.name.removeprefix(f"{budget.workload} "), stated, *budget.devices])


def _rule(name: str, budget: Budget) -> dict[str, Any]:
    return {
        "id": name,
        "shortDescription": {"text": f"{budget.workload}: {words.promise(budget)}"},
        "defaultConfiguration": {"level": "error" if budget.severity == "block" else "warning"},
    }


def _result(verdict: Verdict, places: dict[str, int], suite: str | None) -> dict[str, Any]:
    name = rule_id(verdict.budget)
    level = "none" if verdict.decision is not Decision.FAIL else "error" if verdict.blocking else "warning"  # section 3.27.10
    text = f"{WORDS[verdict.decision]}: {words.promise(verdict.budget)} on {words.devices(verdict)}: {verdict.reason}"
    result: dict[str, Any] = {
        "ruleId": name,
        "ruleIndex": places[name],
        "kind": _KINDS[verdict.decision],
        "level": level,
        "message": {"text": ". ".join([text, *words.notes(verdict)])},
        "partialFingerprints": {"farmBudget/v1": hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()},
        "properties": {"measured": words.measured(verdict), "couldHaveSeen": words.seen(verdict), "runs": words.runs(verdict)},
    }
    if suite is not None:
        result["locations"] = [
            {"physicalLocation": {"artifactLocation": {"uri": quote(suite, errors="replace")}, "region": {"startLine": 1}}}
        ]
    return result
