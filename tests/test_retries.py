"""Another attempt or none: by what came of the earlier ones."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm import rack, retries
from farm.retries import Fault, blamed, fault, is_done, next_attempt, once_more
from farm.workloads import Outcome, Run
from tests.conftest import a_run, a_session

SESSION = a_session()
KINDS: dict[str, tuple[Outcome, str | None]] = {
    "ok": (Outcome.OK, None),
    "disturbed": (Outcome.INVALID, "disturbed"),
    "charging": (Outcome.INVALID, "charging"),
    "lost": (Outcome.DEVICE_LOST, "link_lost"),
    "not ready": (Outcome.NOT_READY, "not_settled"),
    "on its charger": (Outcome.NOT_READY, "charging"),
    "no source": (Outcome.NOT_READY, "no_power_source"),
    "crash": (Outcome.FAILED, "crashed"),
    "vanished": (Outcome.FAILED, "vanished"),
    "wrong": (Outcome.FAILED, "wrong_output"),
    "hung": (Outcome.TIMED_OUT, "hung"),
}


def runs(*kinds: str) -> list[Run]:
    return [
        a_run(SESSION, attempt=number, outcome=KINDS[kind][0], error_class=KINDS[kind][1], reason="as it is")
        for number, kind in enumerate(kinds, start=1)
    ]


@pytest.mark.parametrize(
    ("own", "again"),
    [
        (("ok",), False),
        (("disturbed",), True),
        (("disturbed", "disturbed"), True),
        (("disturbed", "disturbed", "disturbed"), False),
        (("lost", "lost"), True),
        (("lost", "disturbed", "lost"), False),
        (("charging",), False),
        (("not ready",), False),
        (("on its charger",), False),
        (("crash",), True),
        (("vanished",), True),
        (("crash", "crash"), False),
        (("crash", "vanished"), False),
        (("crash", "disturbed"), True),
        (("disturbed", "disturbed", "crash"), True),
        (("wrong",), False),
        (("crash", "wrong"), False),
        (("hung",), False),
    ],
)
def test_each_class_of_error_has_its_number_of_attempts(own: tuple[str, ...], again: bool) -> None:
    assert once_more((), runs(*own)) is again


@pytest.mark.parametrize(
    ("kinds", "done", "attempt"),
    [
        ((), False, 1),
        (("ok",), True, 1),
        (("crash",), False, 2),
        (("crash", "crash"), True, 3),
        (("disturbed", "disturbed"), False, 3),
        (("disturbed", "disturbed", "disturbed"), True, 4),
        (("lost", "lost", "lost"), False, 1),
        (("not ready",), False, 1),
        (("on its charger", "on its charger", "on its charger"), False, 1),
        (("wrong",), True, 1),
        (("hung",), True, 1),
    ],
)
def test_what_an_earlier_process_left_is_gone_on_with(kinds: tuple[str, ...], done: bool, attempt: int) -> None:
    found = runs(*kinds)
    assert (is_done(found), next_attempt(found)) == (done, attempt)
    assert bool(rack.left([SESSION_JOB], [replace(run, job=SESSION_JOB) for run in found])) is not done


SESSION_JOB = a_run(SESSION).job


def test_a_second_crash_is_the_artifacts_fault_and_says_so() -> None:
    first, second = runs("crash", "vanished")
    assert blamed(first, ()) == first
    assert blamed(second, (first,)).reason == f"as it is; {retries._BLAME}"
    assert (fault(first), fault(second, (first,))) == (Fault.HARNESS, Fault.ARTIFACT)
    assert [fault(run) for run in runs("ok", "disturbed", "charging", "lost", "not ready", "wrong", "hung")] == [
        *[Fault.NOBODY] * 2, *[Fault.DEVICE] * 3, *[Fault.ARTIFACT] * 2
    ]  # fmt: skip


def test_what_keeps_a_device_from_its_power_pass_alone_is_told_apart() -> None:
    assert [kind for kind in KINDS if retries.is_of_its_pass(runs(kind)[0])] == ["charging", "on its charger", "no source"]


@given(st.lists(st.sampled_from(sorted(KINDS)), max_size=4), st.lists(st.sampled_from(sorted(KINDS)), min_size=12, max_size=12))
def test_a_job_comes_to_its_end_whatever_happens(before: list[str], to_come: list[str]) -> None:
    earlier, own = runs(*before), runs(*to_come)
    made = next((count for count in range(1, 13) if not once_more(earlier, own[:count])), None)
    assert made is not None
    assert made <= retries.REPLACEMENTS + 1 + 1
