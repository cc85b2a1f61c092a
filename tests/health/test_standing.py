"""How health follows from look to look: nothing is stuck, every quarantine is explained."""

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.health import GOOD_AFTER, NEW, Check, Health, Name, Standing, after, counted, restored, retired

PASSED = (Check(Name.REACHABLE, True, "answers", None, "it answers"), Check(Name.SOC, None, None, None, "not told"))
FAILED = (Check(Name.REACHABLE, True, "answers", None, "it answers"), Check(Name.STORAGE, False, "1 MB", "500 MB", "1 MB are free"))
UNREAD = (Check(Name.CANARY, None, None, None, "it was never measured"),)

looks = st.lists(st.sampled_from([PASSED, FAILED, UNREAD]), max_size=30)
limits = st.integers(1, 6)


def walked(looks: list[tuple[Check, ...]], limit: int, start: Standing = NEW) -> list[Standing]:
    found = [start]
    for checks in looks:
        found.append(after(found[-1], checks, limit))
    return found


def test_a_phone_that_fails_is_suspect_then_quarantined_and_comes_back_by_itself() -> None:
    steps = walked([PASSED, FAILED, FAILED, FAILED, FAILED, PASSED, PASSED, FAILED], 3)
    assert [step.health.value for step in steps] == ["good", "good", "suspect", "suspect", *["quarantined"] * 3, "good", "suspect"]
    assert steps[2].reason == "1 MB are free"
    assert steps[4].reason == "it failed 3 times without passing 2 times in a row between, the last time: 1 MB are free"
    assert steps[7].reason == "it passed all checks 2 times in a row"
    assert steps[8].failed == 1


def test_one_that_fails_every_other_night_is_quarantined_too() -> None:
    assert [step.health.value for step in walked([FAILED, PASSED, FAILED, PASSED, FAILED], 3)][1:] == [*["suspect"] * 4, "quarantined"]


def test_the_first_failure_may_be_enough() -> None:
    step = after(NEW, FAILED, 1)
    assert (step.health, step.reason) == (Health.QUARANTINED, "it failed once: 1 MB are free")


def test_what_was_not_read_changes_nothing() -> None:
    for before in (NEW, after(NEW, FAILED, 3), retired("broken")):
        assert after(before, UNREAD, 3) == before
        assert after(before, (), 3) == before


def test_one_canary_out_of_its_band_is_one_failure_however_often_it_is_looked_at() -> None:
    new = (Check(Name.CANARY, False, "suspect", None, "above its band"),)
    old = (replace(new[0], is_new=False),)
    steps = walked([new, old, old, old], 3)
    assert [(step.health.value, step.failed) for step in steps[1:]] == [("suspect", 1)] * 4
    assert walked([old], 3)[-1].health is Health.SUSPECT  # nobody had looked when it was measured
    assert walked([new, PASSED, old, PASSED], 3)[-1].health is Health.SUSPECT
    assert walked([new, new, new], 3)[-1].health is Health.QUARANTINED


def of_nights(nights: list[list[tuple[Check, ...]]], limit: int) -> list[Standing]:
    """Return where a phone stands after each look of nights whose controller is started again for each of their looks."""
    found = [NEW]
    for looks in nights:
        first = len(found) - 1
        for checks in looks:
            found.append(after(found[-1], checks, limit, counted(itertools.pairwise(found[first:]))))
    return found[1:]


def test_restarts_within_a_night_quarantine_no_phone_and_failing_on_as_many_nights_does() -> None:
    steps = of_nights([[FAILED] * 5, [FAILED] * 2, [FAILED]], 3)
    assert [(step.health.value, step.failed) for step in steps] == [("suspect", 1)] * 5 + [("suspect", 2)] * 2 + [("quarantined", 3)]
    assert of_nights([[FAILED] * 9], 1)[-1] == Standing(Health.QUARANTINED, "it failed once: 1 MB are free", 1, 0)


def test_restarts_within_a_night_bring_no_phone_out_of_quarantine_either() -> None:
    steps = of_nights([[FAILED], [FAILED], [PASSED] * 4, [PASSED]], 2)
    assert [step.health.value for step in steps] == ["suspect", *["quarantined"] * 5, "good"]


def test_a_phone_that_comes_and_goes_within_a_night_fails_once_and_ends_the_night_as_its_last_look_says() -> None:
    steps = of_nights([[FAILED, PASSED, FAILED, PASSED, PASSED], [PASSED]], 3)
    assert [(step.health.value, step.failed, step.passed) for step in steps[:5]] == [
        *(("suspect", 1, 0), ("suspect", 1, 1)) * 2,
        ("suspect", 1, 1),
    ]
    assert steps[5].health is Health.GOOD


def test_a_night_fails_once_also_where_a_person_had_the_phone_pass_twice_meanwhile() -> None:
    failed = after(NEW, FAILED, 2)
    good = walked([PASSED, PASSED], 2, failed)[-1]
    again = after(good, FAILED, 2, counted([(NEW, failed), (failed, good)]))
    assert (good.health.value, again.health.value, again.failed) == ("good", "suspect", 1)


@given(st.lists(st.lists(st.sampled_from([PASSED, FAILED, UNREAD]), min_size=1, max_size=5), max_size=8), limits)
def test_quarantine_takes_as_many_nights_that_fail_as_stated(nights: list[list[tuple[Check, ...]]], limit: int) -> None:
    steps = of_nights(nights, limit)
    if any(step.health is Health.QUARANTINED for step in steps):
        assert sum(FAILED in looks for looks in nights) >= limit
    assert max((step.failed for step in steps), default=0) <= sum(FAILED in looks for looks in nights)


@given(looks, limits)
def test_no_device_is_stuck(looks: list[tuple[Check, ...]], limit: int) -> None:
    last = walked(looks, limit)[-1]
    assert walked([PASSED] * GOOD_AFTER, limit, last)[-1].health is Health.GOOD
    assert walked([FAILED] * limit, limit, last)[-1].health is Health.QUARANTINED


@given(looks, limits)
def test_every_health_but_good_has_its_reason(looks: list[tuple[Check, ...]], limit: int) -> None:
    for before, step in itertools.pairwise(walked(looks, limit)):
        assert step.reason or step.health is Health.GOOD
        if step.health is Health.QUARANTINED:
            assert "1 MB are free" in step.reason
        if step.health is not before.health:
            assert step.reason


@given(looks, limits)
def test_quarantine_takes_as_many_failures_as_stated_and_good_as_many_passes(looks: list[tuple[Check, ...]], limit: int) -> None:
    steps = walked(looks, limit)
    for number, (before, step) in enumerate(itertools.pairwise(steps)):
        if step.health is Health.QUARANTINED and before.health is not Health.QUARANTINED:
            since_good = max((place for place in range(number + 1) if steps[place].health is Health.GOOD), default=0)
            assert sum(checks is FAILED for checks in looks[since_good : number + 1]) == limit
        if step.health is Health.GOOD and before.health is not Health.GOOD:
            told = [checks for checks in looks[: number + 1] if checks is not UNREAD]
            assert told[-GOOD_AFTER:] == [PASSED] * GOOD_AFTER


@given(looks, limits)
def test_a_retired_device_is_a_persons_affair(looks: list[tuple[Check, ...]], limit: int) -> None:
    assert set(walked(looks, limit, retired("its screen is broken"))) == {retired("its screen is broken")}
    assert walked([PASSED] * GOOD_AFTER, limit, restored("it has a new one"))[-1].health is Health.GOOD
    assert restored("it has a new one").health is Health.SUSPECT


@given(st.dictionaries(st.sampled_from("abcd"), looks, min_size=1), limits, st.sampled_from("abcd"), looks)
def test_one_device_never_changes_another(rack: dict[str, list[tuple[Check, ...]]], limit: int, other: str, changed: object) -> None:
    before = {name: walked(looks, limit)[-1] for name, looks in rack.items()}
    assert isinstance(changed, list)
    now = {name: walked(looks, limit)[-1] for name, looks in (rack | {other: changed}).items()}
    assert {name: standing for name, standing in now.items() if name != other} == {
        name: standing for name, standing in before.items() if name != other
    }


@pytest.mark.parametrize("health", Health)
def test_only_good_and_suspect_devices_take_part(health: Health) -> None:
    assert health.takes_part is (health in (Health.GOOD, Health.SUSPECT))
