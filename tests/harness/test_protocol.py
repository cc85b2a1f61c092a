import json
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.errors import HarnessFailed
from farm.harness import protocol
from tests.conftest import ROOT

EXAMPLES = ROOT / "harness" / "protocol" / "examples"
SCHEMA = json.loads((ROOT / "harness" / "protocol" / "v1.schema.json").read_text())
LATENCY = (EXAMPLES / "latency.jsonl").read_text()


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.jsonl")), ids=lambda path: path.stem)
def test_the_examples_are_of_the_published_form(path: Path) -> None:
    for line in path.read_text().splitlines():
        jsonschema.validate(json.loads(line), SCHEMA)


def test_a_whole_result_is_read() -> None:
    result = protocol.parse(LATENCY, "c0ffee")
    assert result.readings[0].values == (200117, 200067, 200057)
    assert (result.readings[1].source, result.readings[1].at_ns) == ("thermal_zone0 skin", (0, 100000000))
    assert result.absent[0].reason == "this device shows no battery current"
    assert (result.measured.runtime, result.measured.flavour, result.measured.harness_hash) == ("fake", "fake", "0f1e2d3c")


def test_a_language_models_tokens_are_read() -> None:
    readings = protocol.parse((EXAMPLES / "llm.jsonl").read_text(), "c0ffee").readings
    assert [item.values for item in readings if item.metric == "generated_token_index"] == [(17, 3, 9, 17)]


def test_a_profiles_operators_are_read_with_what_they_lie_in() -> None:
    result = protocol.parse((EXAMPLES / "profile.jsonl").read_text(), "c0ffee")
    assert [item.parent for item in result.operators] == [None, 0, 1, 1, 0, 4]
    assert result.operators[2].delegate == "xnnpack"
    assert (result.operators[3].name, result.operators[3].debug_id, result.operators[3].calls) == ("", 7, 6)
    assert (result.operators[5].instruction, result.operators[5].times_ns) == (1, (801, 799, 805))


def test_a_core_ml_result_of_an_iphone_is_read() -> None:
    result = protocol.parse((EXAMPLES / "coreml.jsonl").read_text(), "c0ffee")
    assert result.measured.flavour == "coreml(cpu_and_ne)"
    assert [item.values for item in result.readings if item.metric == "compile_ns"] == [(2.1e9,)]


def test_the_harness_own_error_keeps_its_class() -> None:
    with pytest.raises(HarnessFailed, match="no operator aten::foo") as caught:
        protocol.parse((EXAMPLES / "error.jsonl").read_text(), "c0ffee")
    assert caught.value.error_class == "operator_missing"
    assert caught.value.hint


@pytest.mark.parametrize("path", sorted((EXAMPLES / "invalid").glob("*.jsonl")), ids=lambda path: path.stem)
def test_a_result_that_must_be_refused_is_for_the_reason_in_its_name(path: Path) -> None:
    with pytest.raises(HarnessFailed) as caught:
        protocol.parse(path.read_text(), "c0ffee")
    assert caught.value.error_class == path.name.split(".")[0]


@given(st.integers(0, len(LATENCY) - 2))
def test_a_result_cut_off_anywhere_is_refused(length: int) -> None:
    with pytest.raises(HarnessFailed):
        protocol.parse(LATENCY[:length], "c0ffee")


@given(st.permutations(LATENCY.splitlines()))
def test_shuffled_lines_are_refused_or_read_the_same(lines: list[str]) -> None:
    try:
        result = protocol.parse("\n".join(lines), "c0ffee")
    except HarnessFailed:
        return
    assert {item.metric for item in result.readings} == {"latency_ns", "temperature_c"}


@given(st.text(max_size=200))
def test_no_text_is_a_result_by_chance(text: str) -> None:
    with pytest.raises(HarnessFailed):
        protocol.parse(text, "c0ffee")


@pytest.mark.parametrize(
    ("exit_code", "log", "error_class", "said"),
    [
        (139, "", "crashed", "signal 11 (SIGSEGV)"),
        (134, "terminate called\n", "crashed", 'it last said "terminate called"'),
        (0, "", "no_end", "without writing its end line"),
        (127, "not found\n", "no_result", "exit code 127"),
        (None, "", "vanished", "vanished"),
    ],
)
def test_an_end_without_a_result_is_explained(exit_code: int | None, log: str, error_class: str, said: str) -> None:
    error = protocol.explain_exit(exit_code, log)
    assert error.error_class == error_class
    assert said in error.message


def test_the_last_words_of_a_harness_are_cut_to_what_a_person_reads() -> None:
    error = protocol.explain_exit(1, "x" * 64_000)
    assert f'it last said "{"x" * 200}…"' in error.message
    assert len(error.message) < 300


def test_a_release_build_with_assertions_is_refused_as_one() -> None:
    text = LATENCY.replace('"assertions":false', '"assertions":true')
    assert text != LATENCY
    with pytest.raises(HarnessFailed, match="the harness is built with assertions: its numbers are not stored"):
        protocol.parse(text, "c0ffee")
