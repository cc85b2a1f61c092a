"""What is typed may hold secrets, and what is shown must not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.redact import redacted


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("farm run --device s25 model.pte", "farm run --device s25 model.pte"),
        ("farm bisect --build 'HF_TOKEN=hf_abc make'", "farm bisect --build 'HF_TOKEN=*** make'"),
        ("farm run --token abc123 model.pte", "farm run --token *** model.pte"),
        ('farm run --password="a b c" model.pte', "farm run --password=*** model.pte"),
        ("api_key: 0123", "api_key: ***"),
        ("curl -H 'Authorization: Bearer abcdef0123456789'", "curl -H 'Authorization: Bearer ***'"),
        ("a ghp_0123456789abcdefghijklmn b", "a *** b"),
        ("xoxb-12345678-abcdefgh", "***"),
        ("AKIAABCDEFGHIJKLMNOP", "***"),
        ("eyJhbGciOiJIUzI1.eyJzdWIiOiIx.SflKxwRJ", "***"),
        ("https://ann:secret@example.org/models/a.pte", "https://***@example.org/models/a.pte"),
        ("https://0123456789abcdef@example.org/a", "https://***@example.org/a"),
        ("ssh://git@example.org/a", "ssh://git@example.org/a"),
        ("https://example.org/a.pte?X-Signature=abc&b=c", "https://example.org/a.pte?***"),
        ("https://hooks.slack.com/services/T0/B0/xyz", "https://hooks.slack.com/***"),
        ("https://discord.com/api/webhooks/1/xyz", "https://discord.com/***"),
        ("https://api.telegram.org/bot123:abc/sendMessage", "https://api.telegram.org/***"),
        ("slack://TokenA/TokenB/TokenC", "slack://***"),
        ("mailto://ann:pw@example.org", "mailto://***"),
        ("https://example.org/models/tokenizer.pte", "https://example.org/***"),
        ("smollm2 latency #1: the prompt has 512 tokens", "smollm2 latency #1: the prompt has 512 tokens"),
        ("--decode-tokens 64 --threads 2", "--decode-tokens 64 --threads 2"),
        ("time_per_token_ns: 80.5 ms", "time_per_token_ns: 80.5 ms"),
        ("token_ns 3 readings", "token_ns 3 readings"),
    ],
)
def test_what_looks_like_a_secret_is_hidden_and_nothing_else(text: str, shown: str) -> None:
    assert redacted(text) == shown


@given(st.text())
def test_what_was_hidden_once_stays_as_it_is(text: str) -> None:
    once = redacted(text)
    assert redacted(once) == once


@given(
    st.from_regex(r"[A-Za-z0-9]{20,40}", fullmatch=True),
    st.sampled_from(["TOKEN={}", "--api-key {}", "https://u:{}@h/p", "tgram://{}/1", "password: {}"]),
)
def test_no_secret_comes_through_in_any_of_the_usual_places(secret: str, where: str) -> None:
    assert secret not in redacted(f"farm run {where.format(secret)} model.pte")
