"""Clocks that are set, by daylight saving or by somebody: no night is doubled or lost."""

from collections import Counter
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from farm.cli import nightly
from farm.cli.nightly_open import Asked
from farm.errors import ClockDoubted
from tests.cli.nights import DAY, EVERY, HOUR, SCHEDULE, YEAR, Lab, a_suite


@pytest.mark.parametrize(
    ("evening", "hours"),
    [("2026-10-24T20:30+00:00", 25), ("2027-03-27T21:30+00:00", 23)],  # 22:30 in Berlin, where clocks are set before the next evening
)
def test_a_night_in_which_daylight_saving_begins_or_ends_is_measured_once(
    lab: Lab, evening: str, hours: int, capsys: pytest.CaptureFixture[str]
) -> None:
    a_suite(lab.home, SCHEDULE + 'time_zone = "Europe/Berlin"\nbegins = "22:00"\n', repeat=1)
    lab.at = datetime.fromisoformat(evening)
    for _ in range(hours + 1):  # a timer that starts it every hour by UTC: until 22:30 of the next evening, and an hour beyond
        assert lab.night() == 0
        lab.passes(HOUR)
    first = date.fromisoformat(evening[:10])
    assert lab.labels() == [str(first), str(first + DAY)]
    (length,) = lab.sql("SELECT DISTINCT ends_at - begins_at AS length FROM nights ORDER BY begins_at LIMIT 1")
    assert length["length"] == hours * HOUR
    assert set(lab.runs().values()) == {2}
    assert "clock" not in capsys.readouterr().err


@pytest.mark.parametrize("by", [HOUR, -HOUR])
def test_a_clock_that_is_set_by_an_hour_between_nights_is_named_and_no_night_is_doubled_or_lost(
    lab: Lab, by: timedelta, capsys: pytest.CaptureFixture[str]
) -> None:
    lab.night()
    lab.passes(timedelta(0), by)
    assert lab.night() == 0
    way = "forward" if by > timedelta(0) else "back"
    assert f"the clock was set {way} by 1 hour since 2026-11-25 21:00 UTC" in capsys.readouterr().err
    assert lab.runs() == EVERY
    lab.passes(DAY)
    lab.night()
    assert lab.labels() == ["2026-11-25", "2026-11-26"]


@pytest.mark.parametrize("by", [YEAR, -YEAR])
def test_a_clock_that_is_set_by_a_year_opens_no_night(lab: Lab, by: timedelta) -> None:
    lab.night()
    lab.passes(DAY, by)
    with pytest.raises(ClockDoubted, match="365 days") as caught:
        lab.night()
    assert caught.value.exit_code == 3
    lab.passes(timedelta(0), -by)  # somebody sets it right
    assert lab.night() == 0
    assert lab.labels() == ["2026-11-25", "2026-11-26"]


def test_nights_that_a_wrong_clock_stored_stop_nobody_who_says_that_the_clock_is_right_now(lab: Lab) -> None:
    lab.passes(YEAR)
    lab.night()
    lab.boot = "another boot"
    lab.passes(DAY, -YEAR)
    with pytest.raises(ClockDoubted, match="the clock went back"):
        lab.night()
    assert lab.night(trust_clock=True) == 0
    lab.passes(DAY)
    assert lab.night() == 0
    assert lab.runs() == Counter(dict.fromkeys(EVERY, 3))


def test_a_clock_that_is_set_while_the_night_goes_on_neither_ends_nor_doubles_it(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    steps = lab.steps()

    def canary(*_: object) -> str:
        lab.passes(HOUR / 60, YEAR)
        return "sung"

    a_suite(lab.home, '[schedule]\npool = "rack"\n')
    asked = Asked(lab.home / "suite.toml")
    code = nightly.run(lab.context, asked, lab.clock(), replace(steps, canary=canary))
    assert lab.runs() == EVERY, capsys.readouterr().err
    assert code == 0
    assert "the clock was set forward by 365 days while the night went on" in capsys.readouterr().err
