"""Which night it is: over midnight, over changes of the clock, and with other cadences."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.nights import Cadence, Schedule, Slot, Step, Turn, slot_at, slot_of, which

BERLIN = ZoneInfo("Europe/Berlin")
EVENING = Schedule(begins=time(18), zone=BERLIN)
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


@pytest.mark.parametrize("at", ["2026-11-25 18:00", "2026-11-25 23:30", "2026-11-26 02:00", "2026-11-26 17:59"])
def test_an_evening_and_the_hours_after_midnight_are_one_night(at: str) -> None:
    assert slot_at(local(at), EVENING).label == date(2026, 11, 25)


def test_the_next_night_begins_on_its_hour() -> None:
    assert slot_at(local("2026-11-26 18:00"), EVENING).label == date(2026, 11, 26)


@pytest.mark.parametrize(("label", "hours"), [(date(2026, 3, 28), 23), (date(2026, 10, 24), 25), (date(2026, 6, 1), 24)])
def test_a_night_in_which_clocks_change_is_an_hour_shorter_or_longer(label: date, hours: int) -> None:
    slot = slot_of(label, EVENING)
    assert slot.ends_at - slot.begins_at == timedelta(hours=hours)


@pytest.mark.parametrize("at", ["2026-10-25 00:15", "2026-10-25 00:45", "2026-10-25 01:15", "2026-10-25 01:45"])
def test_the_hour_that_comes_twice_is_of_one_night(at: str) -> None:
    assert slot_at(utc(at), EVENING).label == date(2026, 10, 24)


def test_a_night_that_begins_in_the_hour_that_comes_twice_begins_once() -> None:
    schedule = Schedule(begins=time(2, 30), zone=BERLIN)
    labels = [slot_at(utc("2026-10-25 00:00") + timedelta(minutes=step), schedule).label for step in range(0, 180, 10)]
    assert labels == sorted(labels)
    assert labels.count(date(2026, 10, 24)) == 3  # until 00:30 UTC, the first 02:30


def test_a_night_that_begins_in_the_hour_that_is_skipped_begins_all_the_same() -> None:
    schedule = Schedule(begins=time(2, 30), zone=BERLIN)
    slot = slot_of(date(2026, 3, 29), schedule)
    assert slot.begins_at == utc("2026-03-29 01:30")
    assert slot_at(slot.begins_at, schedule) == slot


@given(
    st.datetimes(utc("2020-01-01").replace(tzinfo=None), utc("2035-01-01").replace(tzinfo=None)),
    st.sampled_from(ZONES),
    st.times().map(lambda value: value.replace(second=0, microsecond=0)),
)
def test_nights_follow_each_other_without_gap_or_overlap(at: datetime, zone: str, begins: time) -> None:
    schedule = Schedule(begins=begins, zone=ZoneInfo(zone))
    slot = slot_at(at.replace(tzinfo=UTC), schedule)
    assert slot.begins_at <= at.replace(tzinfo=UTC) < slot.ends_at
    slots = [slot_of(slot.label + timedelta(days=day), schedule) for day in range(-2, 3)]
    assert all(before.ends_at == after.begins_at for before, after in pairwise(slots))


@pytest.mark.parametrize(
    ("cadence", "due"),
    [
        (Cadence(), {0, 1, 2, 3, 4, 5, 6}),
        (Cadence(weekdays=True), {0, 1, 2, 3, 4}),
        (Cadence(3), {1, 4}),
    ],
)
def test_a_cadence_says_on_which_nights_something_is_due(cadence: Cadence, due: set[int]) -> None:
    monday = date(2026, 11, 23)
    assert {day for day in range(7) if cadence.is_due(monday + timedelta(days=day))} == due


def test_a_workload_may_have_a_cadence_of_its_own() -> None:
    schedule = Schedule(workloads={"big": Turn(Cadence(7), 1)})
    monday = date(2026, 11, 23)
    first = schedule.next_due(monday, ("big",))
    assert first is not None
    assert schedule.next_due(first, ("big",)) == first + timedelta(days=7)
    assert schedule.next_due(monday, ("big", "net")) == monday + timedelta(days=1)


def test_a_stored_night_lasts_until_its_end_whatever_the_schedule_says_by_now() -> None:
    stored = slot_of(date(2026, 11, 25), EVENING)
    tokyo = Schedule(begins=time(2), zone=ZoneInfo("Asia/Tokyo"))
    at = local("2026-11-25 19:00")
    assert slot_at(at, tokyo).label == date(2026, 11, 26)
    assert which(at, tokyo, ("net",), stored) == (Step.GO_ON, stored)
    assert which(stored.ends_at, tokyo, ("net",), stored)[0] is Step.OPEN


def test_no_night_is_opened_that_is_not_after_the_newest_one() -> None:
    stored = Slot(date(2026, 11, 26), utc("2026-11-25 17:00"), utc("2026-11-26 17:00"))  # under a time zone far in the east
    assert which(utc("2026-11-26 17:30"), Schedule(begins=time(18), zone=ZoneInfo("UTC")), ("net",), stored) == (Step.GO_ON, stored)


def test_a_clock_that_goes_back_by_an_hour_over_the_begin_stays_in_the_night_that_was_opened() -> None:
    stored = slot_of(date(2026, 11, 25), EVENING)
    assert which(stored.begins_at - timedelta(minutes=50), EVENING, ("net",), stored) == (Step.GO_ON, stored)


def test_on_a_night_without_anything_due_nothing_is_opened() -> None:
    step, slot = which(local("2026-11-28 20:00"), Schedule(cadence=Cadence(weekdays=True), begins=time(18), zone=BERLIN), ("net",), None)
    assert (step, slot.label) == (Step.NOTHING_DUE, date(2026, 11, 28))
