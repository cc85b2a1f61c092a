"""Verdicts as JUnit XML, in the form that Jenkins and others read: a suite for each workload, a case for each budget.

A failed budget that blocks is a failure, one that could not be decided is an error, and what only warns is skipped with its
message: it turns no build red, as it changes no exit code.
"""

import re
from collections.abc import Iterable
from xml.etree import ElementTree as ET

from farm.publish import judgement as words
from farm.publish.judgement import Judgement
from farm.verdicts import Decision, Verdict

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_xml(judgement: Judgement) -> str:
    """Return the document."""
    workloads: dict[str, list[Verdict]] = {}
    for verdict in judgement.ordered:
        workloads.setdefault(verdict.budget.workload, []).append(verdict)
    root = ET.Element("testsuites", {"name": _text(words.headline(judgement)), **_counts(judgement.verdicts)})
    for workload, verdicts in workloads.items():
        suite = ET.SubElement(root, "testsuite", {"name": _text(workload), **_counts(verdicts), "skipped": str(_skipped(verdicts))})
        for verdict in verdicts:
            _case(suite, verdict)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _counts(verdicts: Iterable[Verdict]) -> dict[str, str]:
    given = list(verdicts)
    failed, open_ = (
        sum(verdict.blocking and verdict.decision is decision for verdict in given) for decision in (Decision.FAIL, Decision.INCONCLUSIVE)
    )
    return {"tests": str(len(given)), "failures": str(failed), "errors": str(open_)}


def _skipped(verdicts: Iterable[Verdict]) -> int:
    return sum(not verdict.blocking and verdict.decision is not Decision.PASS for verdict in verdicts)


def _case(suite: ET.Element, verdict: Verdict) -> None:
    name = f"{words.promise(verdict.budget)} on {words.devices(verdict)}"
    case = ET.SubElement(suite, "testcase", {"classname": _text(verdict.budget.workload), "name": _text(name)})
    if verdict.decision is not Decision.PASS:
        tag = "skipped" if not verdict.blocking else "failure" if verdict.decision is Decision.FAIL else "error"
        about = {} if tag == "skipped" else {"type": str(verdict.decision)}
        result = ET.SubElement(case, tag, {"message": _text(verdict.reason), **about})
        result.text = _text("\n".join([verdict.reason, *words.notes(verdict), *words.left_out(verdict)]))
    out = ET.SubElement(case, "system-out")
    out.text = _text(f"measured {words.measured(verdict)}; could have seen {words.seen(verdict)}; {words.runs(verdict)}; {verdict.method}")


def _text(text: str) -> str:
    """Return text without the characters that XML 1.0 cannot hold (section 2.2)."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
