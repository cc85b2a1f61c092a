"""Who gets a device next: nobody starves, the highest waits for one run, equals come in the order in which they asked."""

import random
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm import queue
from farm.queue import Limits, Occupation, Priority, Standing
from tests.queueing import BEGIN, Wish, a_request, one_device

AD_HOC, GATE, NIGHTLY = Priority.AD_HOC, Priority.GATE, Priority.NIGHTLY
LIMITS = Limits(ceiling_s=3600, turn_s=900)
ENDLESS = Limits(ceiling_s=float("inf"), turn_s=0)

wishes = st.lists(
    st.builds(
        Wish,
        at_s=st.integers(0, 20_000_000).map(lambda at_ms: at_ms / 1000),  # times of day have no finer steps than a microsecond
        priority=st.sampled_from(Priority),
        runs_s=st.lists(st.floats(1, 300), min_size=1, max_size=60),
    ),
    min_size=1,
    max_size=8,
)


@given(wishes, st.sampled_from([LIMITS, ENDLESS, Limits(600, 60), Limits(0, 1)]))
def test_every_session_comes_to_its_end_with_each_run_done_once(given_wishes: list[Wish], limits: Limits) -> None:
    came = one_device(given_wishes, limits)
    assert [one.runs for one in came] == [len(wish.runs_s) for wish in given_wishes]
    assert all(one.ended_s is not None for one in came)


@given(wishes, st.sampled_from([LIMITS, Limits(600, 60), Limits(1800, 1)]))
def test_nobody_waits_longer_than_the_ceiling_and_the_turns_of_those_before_it_beside_what_its_equals_have_to_do(
    given_wishes: list[Wish], limits: Limits
) -> None:
    longest_run_s = max(max(wish.runs_s) for wish in given_wishes)
    for wish, one in zip(given_wishes, one_device(given_wishes, limits), strict=True):
        equals_s = sum(sum(other.runs_s) for other in given_wishes if other is not wish and other.priority == wish.priority)
        before_s = len(given_wishes) * (limits.turn_s + longest_run_s)
        assert max(one.waits_s) <= limits.ceiling_s + longest_run_s + before_s + equals_s


@given(wishes)
def test_the_highest_priority_waits_for_one_run_of_others_at_the_most(given_wishes: list[Wish]) -> None:
    """And for its equals that asked before, which end first."""
    for wish, one in zip(given_wishes, one_device(given_wishes, ENDLESS), strict=True):
        if wish.priority is AD_HOC:
            assert one.displaced == 0
            others = [max(other.runs_s) for other in given_wishes if other.priority is not AD_HOC]
            equals_s = sum(sum(other.runs_s) for other in given_wishes if other is not wish and other.priority is AD_HOC)
            assert one.waits_s[0] <= max(others, default=0.0) + equals_s + 1e-3


@given(wishes, st.sampled_from([LIMITS, Limits(600, 60)]))
def test_the_highest_priority_waits_longer_only_for_the_turns_of_those_who_had_starved(given_wishes: list[Wish], limits: Limits) -> None:
    longest_run_s = max(max(wish.runs_s) for wish in given_wishes)
    for wish, one in zip(given_wishes, one_device(given_wishes, limits), strict=True):
        if wish.priority is AD_HOC:
            equals_s = sum(sum(other.runs_s) for other in given_wishes if other is not wish and other.priority is AD_HOC)
            others = sum(other.priority is not AD_HOC for other in given_wishes)
            turns_s = (others + 1) * (limits.turn_s + longest_run_s)
            assert one.waits_s[0] <= min(longest_run_s + turns_s, limits.ceiling_s + longest_run_s + turns_s) + equals_s + 1e-3


@given(wishes)
def test_of_equals_who_asked_first_has_the_device_first(given_wishes: list[Wish]) -> None:
    came = one_device(given_wishes, ENDLESS)
    for priority in Priority:
        own = [(wish.at_s, one.first_s) for wish, one in zip(given_wishes, came, strict=True) if wish.priority is priority]
        assert [first for _, first in sorted(own)] == sorted(first for _, first in own if first is not None)


@given(wishes, st.floats(0, 30_000))
def test_who_lets_another_go_first_does_not_come_before_it(given_wishes: list[Wish], now_s: float) -> None:
    now = BEGIN + timedelta(seconds=now_s)
    requests = [a_request(number, wish.priority, min(wish.at_s, now_s)) for number, wish in enumerate(given_wishes)]
    for holder in requests:
        holds = replace(holder, standing=Standing.MEASURING, standing_at=now - timedelta(seconds=1))
        others = [one for one in requests if one is not holder]
        first = queue.gives_way(holds, others, now, LIMITS)
        if first is not None:
            again = replace(holds, standing=Standing.WAITING, standing_at=now, displaced=1)
            assert queue.in_line([*others, again], now, LIMITS)[0] == first


def test_a_nightly_gets_on_among_people_who_come_every_minute_all_day_and_they_wait_for_its_turn_at_the_most() -> None:
    nightly = Wish(0, NIGHTLY, [600.0] * 40)
    people = [Wish(60.0 * minute + 30, AD_HOC, [59.0]) for minute in range(1, 24 * 60) if minute % 5]
    came = one_device([nightly, *people], LIMITS)
    assert max(came[0].waits_s) <= 3600 + 59
    assert came[0].displaced > 0
    assert max(one.waits_s[0] for one in came[1:]) <= 2 * (900 + 600)  # its turn, its last run, and what has come meanwhile


def test_a_long_ad_hoc_session_lets_a_nightly_that_has_starved_go_first_and_has_its_device_back() -> None:
    ad_hoc, nightly = one_device([Wish(0, AD_HOC, [60.0] * 300), Wish(1, NIGHTLY, [60.0] * 30)], LIMITS)
    assert nightly.first_s is not None
    assert 3600 <= nightly.first_s <= 3600 + 61
    assert nightly.waits_s[0] <= 3661
    assert ad_hoc.displaced == 2
    assert max(ad_hoc.waits_s) <= 900 + 60


def test_equals_do_not_take_a_device_from_each_other_however_long_one_waits() -> None:
    holder = a_request(1, NIGHTLY, 0, Standing.MEASURING)
    waiting = a_request(2, NIGHTLY, 10)
    assert queue.gives_way(holder, [waiting], BEGIN + timedelta(days=3), LIMITS) is None


def test_who_has_its_turn_keeps_it_to_its_end() -> None:
    holder = a_request(1, NIGHTLY, 0, Standing.MEASURING, waited_s=3600.0)
    ad_hoc = a_request(2, AD_HOC, 10)
    assert queue.gives_way(holder, [ad_hoc], BEGIN + timedelta(seconds=899), LIMITS) is None
    assert queue.gives_way(holder, [ad_hoc], BEGIN + timedelta(seconds=900), LIMITS) == ad_hoc


def test_a_request_that_is_cancelled_is_waited_for_by_nobody() -> None:
    holder = a_request(1, NIGHTLY, 0, Standing.MEASURING)
    taken_back = a_request(2, AD_HOC, 10, cancelled_by="ann")
    assert queue.gives_way(holder, [taken_back], BEGIN + timedelta(seconds=20), LIMITS) is None


@pytest.mark.parametrize("jump", [timedelta(hours=1), timedelta(days=365), -timedelta(hours=1), -timedelta(days=365)])
def test_a_clock_that_jumps_leaves_somebody_first_and_nobody_out(jump: timedelta) -> None:
    waiting = [a_request(number, priority, number) for number, priority in enumerate([NIGHTLY, AD_HOC, GATE])]
    line = queue.in_line(waiting, BEGIN + timedelta(seconds=60) + jump, LIMITS)
    assert Counter(line) == Counter(waiting)
    expected = [NIGHTLY, AD_HOC, GATE] if jump > timedelta() else [AD_HOC, GATE, NIGHTLY]
    assert [one.priority for one in line] == expected


def test_a_rack_of_64_phones_with_mixed_jobs_wastes_nothing_and_has_an_ad_hoc_run_wait_for_one_run() -> None:
    """A night of eight hours on each phone; people come by day and night."""
    chance = random.Random(64)
    for _ in range(64):
        nightly = Wish(0, NIGHTLY, [chance.choice((5.0, 20.0, 60.0, 180.0)) for _ in range(300)])
        gates = [Wish(chance.uniform(0, 20_000), GATE, [chance.uniform(5, 60) for _ in range(40)]) for _ in range(2)]
        people = [Wish(chance.uniform(0, 20_000), AD_HOC, [chance.uniform(5, 30) for _ in range(5)]) for _ in range(6)]
        everything = [nightly, *gates, *people]
        came = one_device(everything, LIMITS, overhead_s=5.0)
        ideal_s = sum(sum(wish.runs_s) for wish in everything)
        ends_s = max(one.ended_s for one in came if one.ended_s is not None)
        assert ends_s <= 1.1 * ideal_s
        for wish, one in zip(people, came[3:], strict=True):
            before_s = sum(sum(other.runs_s) + 10 for other in people if other is not wish)
            assert one.waits_s[0] <= 180 + 10 + before_s + LIMITS.turn_s * (max(came[0].waits_s) >= LIMITS.ceiling_s)


@pytest.mark.parametrize(
    ("phase", "state"),
    [
        ("measuring", Occupation.LEASED),
        ("pushing 40 %", Occupation.LEASED),
        ("settling: its skin is at 38.2 C, the limit is 36 C", Occupation.COOLING),
        ("charging: 35 % of 80 %", Occupation.CHARGING),
        ("settling: its battery is at 40.0 C, the limit is 36 C", Occupation.COOLING),
        ("settling: its battery is at 12%, the least is 20%", Occupation.CHARGING),
        ("settling: its battery is at 99%, the most is 80%", Occupation.LEASED),
        ("settling: the CPUs are 90% busy, the limit is 25%", Occupation.LEASED),
    ],
)
def test_what_a_device_is_waited_for_tells_its_state(phase: str, state: Occupation) -> None:
    assert queue.occupation(phase) is state


@pytest.mark.parametrize(
    ("number", "text"), [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (12, "12th"), (21, "21st"), (113, "113th")]
)
def test_places_are_told_as_people_say_them(number: int, text: str) -> None:
    assert queue.ordinal(number) == text
