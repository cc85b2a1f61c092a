"""llama-bench: JSON, lines of JSON, and CSV."""

import json
from datetime import UTC, datetime

import pytest

from farm.errors import InputError
from tests.exchange import read, texts, the


def test_llama_bench_has_every_repetition() -> None:
    contents = read(texts.LLAMA_JSON)
    prompt = the(contents, "prefill_tokens_per_s", "reading")
    assert (prompt.values, prompt.readings, prompt.label, prompt.device) == ((2000.0, 1428.57), 1, "tiny.gguf pp100", "A CPU")
    assert prompt.measured_at == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert the(contents, "decode_tokens_per_s", "reading").label == "tiny.gguf tg100"
    assert prompt.labels["n_threads"] == "4"


def test_llama_bench_lines_are_tests_of_their_own() -> None:
    assert [number.label for number in read(texts.LLAMA_JSONL).numbers][::2] == ["tiny.gguf tg100", "tiny.gguf tg100 @ d512"]


def test_llama_bench_csv_does_not_say_how_often() -> None:
    found = read(texts.LLAMA_CSV)
    assert the(found, "prefill_tokens_per_s", "mean").values == (1714.29,)
    assert the(found, "prefill_ns", "standard_deviation").values == (14_142_135,)
    assert {number.readings for number in found.numbers} == {None}


def test_a_prompt_and_a_generation_together_are_neither() -> None:
    both = read(json.dumps([texts.llama_test(n_prompt=60, n_gen=40)]))
    assert {number.metric for number in both.numbers} == {"prefill_decode_ns", "prefill_decode_tokens_per_s"}


@pytest.mark.parametrize(
    "change",
    [
        {"n_prompt": 200},
        {"samples_ts": [2000.0, 1500.0]},
        {"samples_ns": [50_000_000]},
        {"avg_ts": 99.0},
        {"n_prompt": 0},
        {"n_prompt": -1},
    ],
)
def test_a_rate_that_is_not_that_of_its_time_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(InputError, match="a-file looks like llama-bench JSON, but"):
        read(json.dumps([texts.llama_test(**change)]))
