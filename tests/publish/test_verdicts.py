"""One judgement in every form; what comes from outside is shown in each and means nothing in any."""

import html
import json
import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import jsonschema
import pytest
import sarif_pydantic
import xmlschema
from hypothesis import given
from hypothesis import strategies as st

from farm.publish import annotations, judgement, junit, markdown, sarif, verdict_json, verdict_tables
from farm.publish.forms import Form, written
from farm.publish.judgement import Judgement
from farm.verdicts import Decision, Exclusion, Side
from tests.publish.judged import DROPPED, EXEMPT, FAILED, OPEN, PASSED, RATE, RELATIVE, WARNED, a_judgement, hostile

VERDICTS = jsonschema.Draft202012Validator(verdict_json.schema())
JUNIT = xmlschema.XMLSchema(Path(__file__).parent / "junit.xsd")
HOSTILE = [
    "a | b",
    "<script>alert(1)</script>",
    "line\nbreak\r\n::error::owned",
    "100 % of, it: all",
    "`code` *bold* [link](http://h) @everyone #1 www.h.org",
    "\x00\x08\x1b[31m\ufffe",
    "]]>",
    "&amp; \"'",
    "\ud800",
    "</testsuite>",
]
TEXTS = st.one_of(st.sampled_from(HOSTILE), st.text(min_size=1, max_size=40))


def test_failures_come_first_then_what_could_not_be_told_and_what_blocks_before_what_warns() -> None:
    assert a_judgement().ordered == [FAILED, WARNED, EXEMPT, OPEN, PASSED, DROPPED]


def test_a_judgement_in_one_sentence() -> None:
    assert judgement.headline(a_judgement()) == (
        "6 budgets: 1 failed, 1 could not be decided, 2 failed and only warns, 2 passed (v2 against v1)"
    )
    assert judgement.headline(a_judgement(PASSED, candidate=None)) == "1 budget: 1 passed"
    assert judgement.headline(Judgement((), 3)) == "no budget was judged"


def test_numbers_are_in_the_budgets_terms() -> None:
    assert judgement.measured(FAILED) == "+6.1 % (+5 % … +7.2 %, 95 %)"
    assert judgement.measured(PASSED) == "1.020 GB (1.010 GB … 1.030 GB, 95 %)"
    assert judgement.measured(DROPPED) == "-0.4 points (at most +0.1 points, 95 %)"
    assert judgement.measured(OPEN) == judgement.seen(OPEN) == "–"
    assert judgement.seen(FAILED) == "+4.5 %"
    assert judgement.seen(WARNED) == "–"
    assert judgement.runs(FAILED) == "19 + 20 runs"
    assert judgement.runs(PASSED) == "8 runs"
    assert judgement.runs(DROPPED) == "500 + 500 items"
    assert [judgement.promise(budget) for budget in (RELATIVE, PASSED.budget, RATE, DROPPED.budget)] == [
        "latency_ns.p50 at most 3 % worse",
        "vm_hwm_bytes at most 1.100 GB",
        "decode_tokens_per_s.p50 at least 20.00 tokens/s",
        "accuracy_ratio at most 1 point lower",
    ]


def test_the_terminal_has_a_row_for_each_verdict() -> None:
    table = verdict_tables.verdict_table(a_judgement())
    assert [row[0] for row in table.rows] == ["FAIL", "FAIL (warns)", "FAIL (warns)", "INCONCLUSIVE", "PASS", "PASS"]
    assert table.rows[0][1:4] == ("net", "latency_ns.p50 at most 3 % worse", "s25, pixel9")
    assert verdict_tables.note_lines(a_judgement(FAILED, OPEN)) == [
        "net latency_ns.p50: runs fall into two groups",
        "net latency_ns.p50: run 0f1e on pixel9 (candidate) is left out: throttled",
        "chat decode_tokens_per_s.p50: would decide it: 4 more runs on s25",
        "chat decode_tokens_per_s.p50: advisory: order unknown",
    ]
    assert verdict_tables.change_lines(a_judgement()) == ["net load_cold_ns on s25: +20 % (at least +10 %, 95 %), worse; q 0.003"]


def test_many_runs_that_are_left_out_are_a_line_and_not_a_page() -> None:
    def left_out(*reasons: str) -> list[str]:
        return judgement.left_out(replace(FAILED, exclusions=tuple(Exclusion("r", "s25", Side.CANDIDATE, reason) for reason in reasons)))

    assert left_out("invalid: hot", "invalid: hot") == ["2 runs on s25 (candidate) are left out: invalid: hot"]
    assert left_out("invalid: 5 % busy", "failed: x", "invalid: 6 % busy") == [
        "2 runs on s25 (candidate) are left out: invalid: 5 % busy (one of them; the others alike)",
        "run r on s25 (candidate) is left out: failed: x",
    ]


def test_the_json_is_what_its_schema_says() -> None:
    VERDICTS.check_schema(verdict_json.schema())
    content = json.loads(verdict_json.verdict_json(a_judgement()))
    VERDICTS.validate(content)
    assert content["exit_code"] == 4
    first, second, third, *_ = content["verdicts"]
    assert (first["decision"], first["estimate"]["value"], first["allowed"]) == ("fail", 1.061, 1.03)
    assert second["detectable"] is None  # it was infinite
    assert third["budget"]["exemption"] == {"until": "2026-12-31", "owner": "me", "reason": "known"}


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: content.update(exit_code=1),
        lambda content: content["verdicts"][0].update(decision="ok"),
        lambda content: content["verdicts"][0].pop("blocking"),
        lambda content: content["verdicts"][0]["used"][0].update(candidate=-1),
        lambda content: content["changes"][0].update(extra=1),
    ],
)
def test_the_schema_refuses_what_is_no_judgement(spoil: object) -> None:
    content = json.loads(verdict_json.verdict_json(a_judgement()))
    spoil(content)  # type: ignore[operator]
    with pytest.raises(jsonschema.ValidationError):
        VERDICTS.validate(content)


def test_junit_counts_what_changes_the_exit_code() -> None:
    text = junit.junit_xml(a_judgement())
    JUNIT.validate(text)
    root = ET.fromstring(text)
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("6", "1", "1")
    assert {suite.get("name"): suite.get("skipped") for suite in root} == {"net": "0", "chat": "1", "old": "1"}
    cases = {case.get("name"): [child.tag for child in case] for case in root.iter("testcase")}
    assert cases["latency_ns.p50 at most 3 % worse on s25, pixel9"] in (["failure", "system-out"], ["skipped", "system-out"])
    (failure,) = root.iter("failure")
    assert (failure.get("type"), failure.get("message")) == ("fail", FAILED.reason)
    (error,) = root.iter("error")
    assert "would decide it: 4 more runs on s25" in (error.text or "")


def test_the_schema_for_junit_refuses_what_is_none() -> None:
    assert not JUNIT.is_valid(junit.junit_xml(a_judgement()).replace("testcase", "case"))
    assert not JUNIT.is_valid(junit.junit_xml(a_judgement()).replace('tests="6"', 'tests="six"'))


def test_sarif_has_a_rule_for_each_budget_and_a_result_for_what_did_not_pass() -> None:
    text = sarif.sarif_json(a_judgement(), "0.1.0")
    log = sarif_pydantic.Sarif.model_validate_json(text)
    (run,) = log.runs
    assert len(run.tool.driver.rules or ()) == 6
    results = json.loads(text)["runs"][0]["results"]
    assert [(result["kind"], result["level"]) for result in results] == [
        ("fail", "error"),
        ("fail", "warning"),
        ("fail", "warning"),
        ("open", "none"),
    ]
    assert results[0]["ruleId"] == "net/latency_ns.p50/regression"
    assert results[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "suites/net.toml"


def test_the_same_budget_is_the_same_alert_tomorrow() -> None:
    today, tomorrow = (
        json.loads(sarif.sarif_json(a_judgement(verdict), "0.1.0"))["runs"][0]["results"][0]
        for verdict in (FAILED, replace(FAILED, reason="another day", budget=replace(RELATIVE, max_regression=0.02)))
    )
    assert today["partialFingerprints"] == tomorrow["partialFingerprints"]
    assert today["message"] != tomorrow["message"]


def test_markdown_shows_what_did_not_pass_and_folds_what_did() -> None:
    text = markdown.markdown(a_judgement())
    lines = text.splitlines()
    assert lines[0].startswith("### farm: 6 budgets: 1 failed")
    assert lines[4].startswith("| ❌ FAIL | net | latency&#95;ns.p50 at most 3 % worse | s25, pixel9 |")
    assert "<details><summary>2 passed</summary>" in lines
    assert "**Changes found outside the budgets**" in lines
    assert "<details>" not in markdown.markdown(a_judgement(PASSED, changes=()))


def test_annotations_are_errors_where_the_exit_code_is() -> None:
    lines = annotations.annotations(a_judgement()).splitlines()
    assert [line.split(" ")[0] for line in lines] == ["::error", "::warning", "::warning", "::error", "::notice"]
    assert lines[0].startswith("::error file=suites/net.toml,title=FAIL net latency_ns.p50::latency_ns.p50 at most 3 %25 worse on s25")
    assert lines[-1].startswith("::notice title=farm::6 budgets: 1 failed")


def test_nothing_judged_is_said_in_every_form() -> None:
    empty = Judgement((), 3)
    VERDICTS.validate(json.loads(verdict_json.verdict_json(empty)))
    JUNIT.validate(junit.junit_xml(empty))
    sarif_pydantic.Sarif.model_validate_json(sarif.sarif_json(empty, "0.1.0"))
    assert markdown.markdown(empty) == "### farm: no budget was judged\n"
    assert annotations.annotations(empty) == "::notice title=farm::no budget was judged\n"


@pytest.mark.parametrize("form", Form)
def test_every_form_is_written(form: Form) -> None:
    assert "net" in written(a_judgement(), form)


@given(TEXTS)
def test_json_and_sarif_hold_any_text_as_it_is(text: str) -> None:
    judged = hostile(text)
    content = json.loads(verdict_json.verdict_json(judged))
    VERDICTS.validate(content)
    text = text.encode("utf-8", "replace").decode()
    assert content["verdicts"][0]["reason"] == text
    result = json.loads(sarif.sarif_json(judged, "0.1.0"))["runs"][0]["results"][0]
    assert text in result["message"]["text"]
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri.isascii()
    assert not set(uri) & set('<>"{}|\\^` \n')
    assert unquote(uri) == text


@given(TEXTS)
def test_junit_is_xml_whatever_the_text(text: str) -> None:
    document = junit.junit_xml(hostile(text))
    JUNIT.validate(document)
    (failure,) = ET.fromstring(document.encode()).iter("failure")
    kept = re.sub("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", text)
    assert failure.get("message") == kept


def cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.strip("|").split("|")]


@given(TEXTS)
def test_no_text_has_a_meaning_in_markdown(text: str) -> None:
    document = markdown.markdown(hostile(text))
    rows = [line for line in document.split("\n") if line.startswith("|")]
    assert [len(cells(row)) for row in rows] == [8] * 4
    assert html.unescape(cells(rows[2])[-1]) == " ".join("".join(char if char.isprintable() else " " for char in text).split())
    shown = re.sub(r"&#\d+;", "", document.replace("<details>", "").replace("</details>", ""))
    shown = re.sub(r"<summary>[A-Za-z0-9 ]+</summary>", "", shown)
    outside = "\n".join(line for line in shown.split("\n") if not line.startswith("#"))
    assert not re.search(r"[<>`\[\]\\@#~]|://|www\.", outside.replace("**", ""))


@given(TEXTS)
def test_no_text_begins_a_workflow_command(text: str) -> None:
    lines = annotations.annotations(hostile(text)).split("\n")
    assert len(lines) == 4
    assert [line.partition(" ")[0] for line in lines] == ["::error", "::warning", "::notice", ""]
    for line in lines[:2]:
        properties, _, message = line.partition(" ")[2].partition("::")
        assert properties.count(",") == 1
        assert ":" not in properties
        kept = "".join(char if char.isprintable() or char in "\r\n" else "\ufffd" for char in text)
        undone = message.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")
        assert kept in undone


def test_the_decisions_all_have_their_word() -> None:
    assert judgement.WORDS.keys() == set(Decision)
