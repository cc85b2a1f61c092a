"""What holds of every importer: cut off, out of order or foreign text gives what is right, or one sentence, and never a traceback."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.errors import InputError
from farm.exchange import recognise
from farm.exchange.imported import Contents, Source, content
from tests.exchange import texts

Fact = tuple[str, str | None, str, str, str | None, float]

LINES = ("LLM runner", "llama-bench JSON lines", "LiteRT", "LiteRT, logcat", "LiteRT, old", "load generator")
"""Formats in which each line stands for itself: out of order they say the same or less."""


def read(text: str | bytes) -> Contents | None:
    """Return what a text holds, None when it is refused; a refusal names the file and is one line."""
    try:
        contents = recognise.read("a-file", text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
        json.dumps(content(Source("a-file", "", 0), contents), allow_nan=False, ensure_ascii=False).encode()
        return contents
    except InputError as error:
        refused = error
    assert refused.message.startswith("a-file ")
    assert refused.message.isprintable()
    assert refused.hint
    return None


def facts(contents: Contents | None) -> set[Fact]:
    """Return every single value with what it is said to be."""
    found: set[Fact] = set()
    for number in contents.numbers if contents else ():
        positions = number.positions or (None,) * len(number.values)
        for value, position in zip(number.values, positions, strict=True):
            found.add((number.label, number.device, number.metric, number.statistic, position, value))
    return found


@pytest.mark.parametrize("name", texts.ALL)
def test_a_text_cut_off_anywhere_says_nothing_wrong(name: str) -> None:
    whole = facts(read(texts.ALL[name]))
    assert whole
    for end in range(len(texts.ALL[name])):
        found = facts(read(texts.ALL[name][:end]))
        assert {fact[1:] for fact in found} <= {fact[1:] for fact in whole}, texts.ALL[name][:end][-80:]


@pytest.mark.parametrize("name", texts.ALL)
@given(data=st.data())
def test_lines_out_of_order_say_nothing_wrong(name: str, data: st.DataObject) -> None:
    whole = texts.ALL[name]
    lines = data.draw(st.permutations(whole.splitlines(keepends=True)))
    found = facts(read("".join(lines)))
    assert found <= facts(read(whole))


@pytest.mark.parametrize("name", LINES)
@given(data=st.data())
def test_lines_that_are_missing_say_nothing_wrong(name: str, data: st.DataObject) -> None:
    lines = texts.ALL[name].splitlines(keepends=True)
    kept = data.draw(st.lists(st.booleans(), min_size=len(lines), max_size=len(lines)))
    found = facts(read("".join(line for line, keep in zip(lines, kept, strict=True) if keep)))
    assert {fact[1:] for fact in found} <= {fact[1:] for fact in facts(read(texts.ALL[name]))}


@pytest.mark.parametrize("name", texts.ALL)
@given(data=st.data())
def test_a_changed_text_never_ends_in_a_traceback(name: str, data: st.DataObject) -> None:
    whole = texts.ALL[name]
    at = data.draw(st.integers(0, len(whole) - 1))
    length = data.draw(st.integers(0, 12))
    put = data.draw(
        st.one_of(
            st.text(max_size=8),
            st.sampled_from(["null", "[]", "{}", "-1", "1e999", "NaN", '"x"', "true", "9" * 400, "1e300", "\\ud800", "\\u0000", "\x00"]),
        )
    )
    read(whole[:at] + put + whole[at + length :])


@given(st.one_of(st.binary(max_size=200), st.text(max_size=200)))
def test_foreign_bytes_are_refused_in_one_sentence(given_bytes: bytes | str) -> None:
    assert read(given_bytes) is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is empty"),
        ("  \n", "is empty"),
        ("hello\n", 'begins with "hello"'),
        ('{"a": 1}', "is JSON with a, which is no format"),
        ("[]", "is JSON with no names"),
        ("[" * 100_000, "nested too deeply"),
        ('[{"a": 1', "is not whole JSON"),
        ('{"execution_summary": {"estimated_inference_time": NaN}}', "holds NaN"),
        ('{"execution_summary": {"first_load_time": 1, "first_load_time": 2}}', 'says "first_load_time" twice'),
        ('{"execution_summary": {}}', "looks like AI Hub profiles, but has an execution_summary without numbers"),
        ("time,value\n1,2", "ends in the middle of a line"),
        ("time,value\n1,2,3\n", "has 3 cells in row 1 and 2 columns"),
        ("time,value\n", "has a header and no rows"),
        ("time,value\n1,x\n", 'says "x" where row 1\'s value should be a number'),
        ("time,value\n1,nan\n", "should be a number"),
        ("time,value\n1,1_000\n", "should be a number"),
        ("time,run,value\n1,1,2\n", "there must be one of time and run"),
        ("time,latency_ms,size_bytes\n1,1,2\n", "and one of values"),
        ("time,size_mb\n1,1\n", 'begins with "time,size_mb"'),
        ("run,latency_ms\n1,1e305\n", "too large for its base unit"),
        ('[{"benchmark": {"name": "\\ud800"}, "metric": {"name": "a(ms)", "benchmark_values": [1]}}]', "no Unicode"),
        ("PAR1 is not Parquet", "is not whole Parquet"),
        (texts.LOADGEN + texts.observer(), "at once: give each a file of its own"),
    ],
)
def test_what_is_wrong_is_said(text: str, told: str) -> None:
    with pytest.raises(InputError) as refused:
        recognise.read("a-file", text.encode())
    assert told in refused.value.message
    assert refused.value.message.endswith("; nothing of it is imported")


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(InputError, match="neither UTF-8 text nor Parquet"):
        recognise.read("a-file", b"\xff\xfe\x00time")
