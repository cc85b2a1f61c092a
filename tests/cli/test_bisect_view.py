"""What a bisection says of itself."""

from dataclasses import replace

import pytest

from farm.bisect import Answer, Place, Step
from farm.cli.bisect_view import Shown, document, sentence
from farm.metrics import Statistic
from farm.verdicts import Budget, Estimate

LATENCY = Budget("net", "latency_ns", Statistic.P50, max_regression=0.03)
RATIO = Estimate(1.05, 1.04, 1.06, 0.95)
REVISIONS = ["aaa", "bbb", "ccc", "ddd"]
FOUND = Shown(LATENCY, "s25", REVISIONS, (), Place("bbb", "ccc", ()), RATIO, replace(RATIO, value=1.1), None)


def test_one_revision_is_told_with_its_part_of_the_whole() -> None:
    assert sentence(FOUND) == "net latency_ns.p50 changed by +5 % (+4 % … +6 %), of +10 % in all, in ccc"
    assert sentence(replace(FOUND, whole=RATIO)) == "net latency_ns.p50 changed by +5 % (+4 % … +6 %) in ccc"
    assert (FOUND.exit_code, document(FOUND)["is_confirmed"]) == (0, True)


@pytest.mark.parametrize("ratio", [None, Estimate(1.01, 0.99, 1.03, 0.95), Estimate(1.01, None, None, 0.95)])
def test_what_the_two_revisions_do_not_show_for_themselves_is_said(ratio: Estimate | None) -> None:
    shown = replace(FOUND, ratio=ratio)
    assert not shown.is_confirmed
    assert sentence(shown).endswith("that is not shown again: noise, or more than one change")


def test_a_rate_that_fell_is_confirmed_by_its_upper_end() -> None:
    rate = replace(LATENCY, metric="decode_tokens_per_s")
    assert replace(FOUND, budget=rate, ratio=Estimate(0.9, 0.88, 0.92, 0.95)).is_confirmed
    assert not replace(FOUND, budget=rate, ratio=Estimate(1.1, 1.08, 1.12, 0.95)).is_confirmed


def test_a_stretch_says_why_it_is_no_shorter() -> None:
    steps = (Step("bbb", Answer.UNCLEAR, "the interval holds the budget"), Step("ccc", Answer.UNBUILDABLE, "it ended with 2"))
    shown = replace(FOUND, steps=steps, place=Place("aaa", "ddd", ("bbb", "ccc")))
    assert shown.exit_code == 3
    assert sentence(shown).endswith("between aaa and ddd: of the 2 there, noise leaves 1 open and 1 cannot be built")


def test_without_a_regression_the_reason_is_all() -> None:
    shown = Shown(LATENCY, "s25", REVISIONS, (), None, None, RATIO, "both revisions build the same bytes")
    assert (sentence(shown), shown.exit_code, document(shown)["place"]) == ("both revisions build the same bytes", 3, None)
