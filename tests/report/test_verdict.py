"""What a night came to in a word and a sentence: a first night, which has nothing to be compared with, is no pass."""

from dataclasses import replace
from datetime import date, datetime

from farm.findings import MissingSeries, Tracked
from farm.publish import tracking
from farm.publish.explanation import Explanation
from farm.report import NightBudgets, verdict
from farm.verdicts import Decision
from tests.publish.judged import PASSED


def tracked(nights: int, followable: int, missing: tuple[MissingSeries, ...] = ()) -> Tracked:
    day = date(2026, 11, 25)
    return Tracked("main", datetime(2026, 11, 26, 6), 3, 9, nights, day, followable, (), missing, ())  # noqa: DTZ001


def promised(decision: Decision) -> NightBudgets:
    kept = replace(PASSED, decision=decision)
    return NightBudgets((Explanation("1", {}, {}, kept, [], kept),), None, "suite.toml")


def test_a_first_night_is_no_pass_unless_a_budget_was_kept() -> None:
    first = tracked(1, 0)
    assert verdict.of(first, None).word == "NO VERDICT YET"
    assert verdict.sentence(first) == "First night: nothing to compare against yet."
    assert tracking.headline(first).endswith("1 night to 2026-11-25: first night: nothing to compare against yet")
    assert verdict.of(first, promised(Decision.PASS)).word == "PASS"
    assert verdict.sentence(first, promised(Decision.PASS)) == (
        "No budget that counts is broken; first night: nothing to compare against yet."
    )
    assert verdict.of(first, promised(Decision.FAIL)).word == "FAIL"
    assert verdict.of(first, promised(Decision.INCONCLUSIVE)).word == "INCONCLUSIVE"


def test_nights_too_few_to_find_a_change_in_are_no_pass_and_enough_of_them_are() -> None:
    assert verdict.of(tracked(7, 0), None).word == "NO VERDICT YET"
    assert verdict.sentence(tracked(7, 0)) == "7 nights are too few to find a change in."
    assert verdict.of(tracked(8, 3), None).word == "PASS"
    assert tracking.headline(tracked(8, 3)).endswith("8 nights to 2026-11-25: nothing changed since the first 8 nights")
    assert tracking.headline(tracked(16, 3)).endswith("16 nights to 2026-11-25: nothing changed")


def test_what_is_missing_from_a_first_night_is_said_before_that_it_is_the_first() -> None:
    gone = MissingSeries("i", "g", "s25", "net", "latency", "latency_ns", "it is off", datetime(2026, 11, 26))  # noqa: DTZ001
    assert verdict.of(tracked(1, 0, (gone,)), None).word == "INCONCLUSIVE"
    assert verdict.sentence(tracked(1, 0, (gone,))) == "1 series missing on s25; first night: nothing to compare against yet."
