"""What can be told of the clock."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from farm.nights import Reading, Seen, believe, elapsed_s

THEN = Reading(datetime(2026, 11, 25, 22, tzinfo=UTC), "a boot", 1000.0)
HOUR, DAY, YEAR = timedelta(hours=1), timedelta(days=1), timedelta(days=365)


def later(real: timedelta, by: timedelta = timedelta(0), boot: str = "a boot") -> Reading:
    """So much later, with the clock set by so much meanwhile."""
    return Reading(THEN.at + real + by, boot, THEN.uptime_s + real.total_seconds())


def test_a_clock_that_nobody_set_is_believed() -> None:
    for real in (timedelta(0), HOUR, 3 * DAY):
        assert believe(later(real), Seen(THEN, THEN.at, THEN.at)).words == ""


@pytest.mark.parametrize(
    ("by", "words", "is_refused"),
    [
        (HOUR, "the clock was set forward by 1 hour since 2026-11-25 22:00 UTC, and says 2026-11-26 22:00 UTC now", False),
        (-HOUR, "set back by 1 hour", False),
        (YEAR, "set forward by 365 days", True),
        (-YEAR, "set back by 365 days", True),
    ],
)
def test_a_clock_that_was_set_since_the_last_night_shows_on_one_boot(by: timedelta, words: str, is_refused: bool) -> None:
    found = believe(later(23 * HOUR, by), Seen(THEN, THEN.at, THEN.at))
    assert words in found.words
    assert found.is_refused is is_refused
    assert found.jump_s == pytest.approx(by.total_seconds())


@pytest.mark.parametrize(("by", "is_refused"), [(-2 * HOUR, False), (-YEAR, True)])
def test_after_a_restart_a_clock_that_went_back_shows_by_what_was_stored(by: timedelta, is_refused: bool) -> None:
    found = believe(later(HOUR, by, "another boot"), Seen(THEN, THEN.at, None))
    assert "the clock went back" in found.words
    assert "a run or a night was stored at 2026-11-25 22:00 UTC" in found.words
    assert found.is_refused is is_refused


def test_a_file_of_the_future_is_a_witness_too() -> None:
    found = believe(later(HOUR, -YEAR, "another boot"), Seen(None, None, THEN.at + HOUR))
    assert "a file of the data folder was written at 2026-11-25 23:00 UTC, 365 days later" in found.words
    assert found.is_refused


def test_nothing_stored_tells_nothing() -> None:
    assert believe(THEN, Seen(None, None, None)).words == ""


def test_how_long_ago_something_was_does_not_depend_on_the_clock() -> None:
    assert elapsed_s(THEN, later(HOUR, YEAR)) == 3600
    assert elapsed_s(THEN, later(HOUR, -YEAR)) == 3600
    assert elapsed_s(THEN, later(HOUR, boot="another boot")) == 3600
    assert elapsed_s(THEN, later(HOUR, -YEAR, "another boot")) == 0
    assert elapsed_s(replace(THEN, boot=""), replace(later(HOUR), boot="")) == 3600
