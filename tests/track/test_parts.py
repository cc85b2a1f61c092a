"""The parts of tracking by themselves: ids, groups, what is missing, causes and recoveries."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.findings import Cause, Followed, Moment, Night, Place, Series, Standing, TrackedChange, night_of
from farm.track import changes, groups, identity, missing
from farm.verdicts import Finding, FindingKind, Size

FIRST = datetime(2025, 3, 1, 23, tzinfo=UTC).replace(tzinfo=None)
NIGHT = Night(FIRST.date(), FIRST, "rev0", "a", "1.5", "h", "os", "0.1", "good", (1.0,))
SERIES = Series("k", "latency_ns", "id-s25", "s25", "net", "w", "latency", "executorch", "xnnpack", 1)


def at(night: int, minutes: int = 0) -> Moment:
    when = FIRST + timedelta(days=night, minutes=minutes)
    return Moment(when, f"rev{night}", night_of(when))


def place(low: int, high: int, minutes: int = 0) -> Place:
    """Return the place of a change whose first night is from low to high."""
    return Place(at(low - 1, minutes), at((low + high) // 2, minutes), at(high, minutes))


def change(name: str, where: Place, *, worse: bool = True, standing: Standing = Standing.CONFIRMED) -> TrackedChange:
    series = replace(SERIES, key=name, device=f"device-{name}")
    return TrackedChange(name, series, standing, worse, True, where, 1.0, 1.1, Size(1.1, 1.0, 1.2, is_ratio=True), FIRST)


def nights(count: int, **facts: Sequence[str | None]) -> tuple[Night, ...]:
    made = []
    for number in range(count):
        moment = at(number)
        own = {name: words[number] for name, words in facts.items()}
        made.append(replace(NIGHT, day=moment.night, began_at=moment.at, revision=moment.revision, **own))  # type: ignore[arg-type]
    return tuple(made)


def finding(index: int, low: int, high: int, before: float = 1.0, after: float = 1.1, kind: FindingKind = FindingKind.CHANGE) -> Finding:
    return Finding(kind, "s", index, low, high, before, after, Size(after / before, 0.9, 1.3, is_ratio=True))


spans = st.tuples(st.integers(5, 60), st.integers(0, 8)).map(lambda pair: (pair[0], pair[0] + pair[1]))
TIMES = [at(night).at for night in range(80)]


@given(spans, st.integers(-3, 3), st.integers(0, 4))
def test_a_place_that_moves_by_a_few_nights_keeps_its_id(span: tuple[int, int], moved: int, wider: int) -> None:
    stored = [("an-id", place(*span))]
    assert identity.matched([place(span[0] + moved, span[1] + moved + wider)], stored, TIMES) == ["an-id"]


@given(st.lists(spans, max_size=6), st.lists(spans, max_size=6))
def test_no_id_is_given_twice_and_none_that_lies_elsewhere(found: list[tuple[int, int]], before: list[tuple[int, int]]) -> None:
    stored = {f"id-{number}": span for number, span in enumerate(before)}
    ids = identity.matched([place(*span) for span in found], [(name, place(*span)) for name, span in stored.items()], TIMES)
    given_ids = [name for name in ids if name is not None]
    assert len(given_ids) == len(set(given_ids))
    for (low, high), name in zip(found, ids, strict=True):
        if name is not None:
            assert low - identity.NEAR <= stored[name][1]
            assert stored[name][0] - identity.NEAR <= high


@given(st.lists(spans, min_size=1, max_size=6, unique=True))
def test_what_is_found_again_where_it_was_has_its_own_id_each(where: list[tuple[int, int]]) -> None:
    apart = [span for number, span in enumerate(sorted(where)) if number == 0 or span[0] > sorted(where)[number - 1][1] + 2 * identity.NEAR]
    stored = [(str(span), place(*span)) for span in apart]
    assert identity.matched([place(*span) for span in apart], stored, TIMES) == [str(span) for span in apart]


def test_a_new_id_is_not_one_that_is_taken() -> None:
    first = identity.new_id(("main", "k"), ())
    assert identity.new_id(("main", "k"), ()) == first
    assert identity.new_id(("main", "k"), {first}) not in (first, identity.new_id(("main", "other"), ()))


members = st.lists(st.tuples(spans, st.booleans(), st.integers(0, 300)), max_size=12)


@given(members)
def test_every_change_is_in_one_group_of_its_direction_and_one_night_is_in_all_intervals_of_a_group(
    given_changes: list[tuple[tuple[int, int], bool, int]],
) -> None:
    made = [change(str(number), place(*span, minutes), worse=worse) for number, (span, worse, minutes) in enumerate(given_changes)]
    found = groups.group(made)
    assert sorted(member.id for group in found for member in group.members) == sorted(each.id for each in made)
    for group in found:
        assert {member.worse for member in group.members} == {group.worse}
        assert group.place.after.night < group.place.until.night
        assert all(member.place.after.night < group.place.until.night <= member.place.until.night for member in group.members)
        assert all(member.place.after.at <= group.place.after.at for member in group.members)


@given(members, st.randoms())
def test_groups_do_not_depend_on_the_order_of_changes(given_changes: list[tuple[tuple[int, int], bool, int]], random: Random) -> None:
    made = [change(str(number), place(*span, minutes), worse=worse) for number, (span, worse, minutes) in enumerate(given_changes)]
    shuffled = list(made)
    random.shuffle(shuffled)
    assert {frozenset(member.id for member in group.members) for group in groups.group(made)} == {
        frozenset(member.id for member in group.members) for group in groups.group(shuffled)
    }


def test_what_fresh_runs_refuted_stays_by_itself() -> None:
    found = groups.group([change("a", place(10, 11)), change("b", place(10, 11)), change("c", place(10, 11), standing=Standing.REFUTED)])
    assert sorted(len(group.members) for group in found) == [1, 2]


def test_changes_of_neighbouring_nights_whose_intervals_do_not_meet_are_two_groups() -> None:
    """Also where the later device begins its nights earlier in the evening."""
    assert len(groups.group([change("a", place(10, 10, minutes=50)), change("b", place(11, 11))])) == 2
    assert len(groups.group([change("a", place(10, 10, minutes=50)), change("b", place(10, 10))])) == 1


def test_only_what_changed_inside_the_interval_is_a_cause() -> None:
    builds = ["1", "1", "2", "2", "2", "3"]
    own = nights(6, os_build=builds, battery_health=["good", None, None, "cold", "cold", "cold"], harness=["h", "h", "i", "h", "h", "h"])
    assert changes.causes(own, finding(2, 2, 3)) == (Cause("os_build", "1", "2"),)
    assert changes.causes(own, finding(1, 1, 3)) == (Cause("os_build", "1", "2"), Cause("battery_health", "good", "cold"))
    assert changes.causes(own, finding(4, 4, 4)) == ()
    assert changes.causes(own, finding(5, 5, 5)) == (Cause("os_build", "2", "3"),)


def test_an_artifact_is_the_same_another_one_or_not_known() -> None:
    own = nights(4, artifact=["a", "a", "b", None])
    assert [changes.artifact_changed(own, finding(*at_)) for at_ in ((1, 1, 1), (2, 2, 2), (2, 1, 3))] == [False, True, True]
    assert changes.artifact_changed(nights(2, artifact=[None, None]), finding(1, 1, 1)) is None


@pytest.mark.parametrize(
    ("levels", "over"),
    [
        ([1.0, 1.1], None),
        ([1.0, 1.1, 1.0], 20),
        ([1.0, 1.1, 1.02], 20),
        ([1.0, 1.1, 1.04], None),
        ([1.0, 1.1, 1.04, 1.0, 1.2], 30),
        ([1.0, 1.1, 0.9], 20),
        ([1.1, 1.0, 1.1], 20),
        ([1.1, 1.0, 0.9], None),
    ],
)
def test_a_change_is_over_when_less_than_a_quarter_of_it_is_left(levels: list[float], over: int | None) -> None:
    found = [finding(10 * number, 10 * number, 10 * number, *pair) for number, pair in enumerate(pairwise(levels), 1)]
    assert changes.recovery(found, 0) == over


def followed(name: str, days: Sequence[int], device: str = "s25") -> Followed:
    own = tuple(replace(NIGHT, day=at(day).night, began_at=at(day).at, revision=f"rev{day}") for day in days)
    return Followed(replace(SERIES, key=name, workload=name, device=device, device_id=f"id-{device}"), own)


def gaps(today: int, *series: Followed) -> set[str]:
    return {gap.workload for gap in missing.gaps(series, at(today).night)[0]}


@given(st.sets(st.integers(0, 40), min_size=5), st.integers(2, 4))
def test_series_that_are_always_measured_together_are_never_missing_one_by_one(days: set[int], count: int) -> None:
    series = [followed(str(number), sorted(days)) for number in range(count)]
    assert gaps(max(days), *series) == set()


@given(st.integers(2, 5), st.integers(1, 12))
def test_the_one_that_stops_is_missing_from_the_next_night_on_and_no_other(count: int, since: int) -> None:
    series = [followed(str(number), range(30)) for number in range(count)]
    found, _ = missing.gaps([*series, followed("stopped", range(30 - since))], at(29).night)
    assert [(gap.workload, gap.nights) for gap in found] == [("stopped", since)]


def test_weekends_and_weekly_jobs_are_no_gaps() -> None:
    weekdays = [day for day in range(60) if day % 7 < 5]
    weekly = [day for day in range(60) if day % 7 == 0]
    rack = [followed(name, weekdays) for name in ("a", "b", "c")]
    assert (
        gaps(55, *(replace(each, nights=tuple(n for n in each.nights if n.day <= at(55).night)) for each in (*rack, followed("w", weekly))))
        == set()
    )
    until_friday = [followed(name, [day for day in weekdays if day <= 53]) for name in ("a", "b", "c")]
    assert gaps(56, *until_friday) == set()  # Monday before its night
    assert gaps(58, *until_friday) == {"a", "b", "c"}


def test_nights_go_from_noon_to_noon() -> None:
    assert night_of(datetime(2025, 3, 2, 11, 59)) == date(2025, 3, 1)  # noqa: DTZ001
    assert night_of(datetime(2025, 3, 2, 12)) == date(2025, 3, 2)  # noqa: DTZ001
