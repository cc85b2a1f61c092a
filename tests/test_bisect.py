"""The search as values: whatever cannot be told, the change lies where it says."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm import bisect
from farm.bisect import Answer, Step
from farm.metrics import Statistic
from farm.verdicts import Budget, Decision, Estimate, Verdict

LATENCY = Budget("net", "latency_ns", Statistic.P50, max_regression=0.03)
RATE = Budget("net", "decode_tokens_per_s", Statistic.P50, max_regression=0.03)


def searched(count: int, first_bad: int, silent: frozenset[int] = frozenset()) -> tuple[bisect.Place, list[str]]:
    """Search revisions r0 .. rN, of which r{first_bad} is the first bad one and silent ones cannot be told."""
    revisions = [f"r{number}" for number in range(count)]
    steps: dict[str, Step] = {}
    while (revision := bisect.next_revision(revisions, steps)) is not None:
        assert revision not in steps
        number = int(revision[1:])
        answer = Answer.UNCLEAR if number in silent else Answer.BAD if number >= first_bad else Answer.GOOD
        steps[revision] = Step(revision, answer, "")
    return bisect.place(revisions, steps), list(steps)


@given(st.integers(2, 200), st.data())
def test_one_revision_is_found_in_as_many_steps_as_halving_takes(count: int, data: st.DataObject) -> None:
    first_bad = data.draw(st.integers(1, count - 1))
    found, tried = searched(count, first_bad)
    assert (found.last_good, found.first_bad, found.is_exact) == (f"r{first_bad - 1}", f"r{first_bad}", True)
    assert len(tried) <= math.ceil(math.log2(max(2, count - 1)))


@given(st.integers(2, 60), st.data())
def test_the_change_lies_between_the_two_that_are_left_whatever_cannot_be_told(count: int, data: st.DataObject) -> None:
    first_bad = data.draw(st.integers(1, count - 1))
    silent = data.draw(st.frozensets(st.integers(1, max(1, count - 2))))
    found, _ = searched(count, first_bad, silent)
    low, high = int(found.last_good[1:]), int(found.first_bad[1:])
    assert low < first_bad <= high
    assert all(number in silent for number in range(low + 1, high))
    assert found.is_exact == (high == low + 1)


def test_the_neighbour_of_what_cannot_be_built_is_tried() -> None:
    _, tried = searched(9, 6, frozenset({4}))
    assert tried[:2] in (["r4", "r3"], ["r4", "r5"])


@pytest.mark.parametrize(("budget", "ratio"), [(LATENCY, 1.21), (RATE, 1 / 1.21)])
def test_halfway_is_as_far_from_good_as_from_bad(budget: Budget, ratio: float) -> None:
    question = bisect.halfway(budget, ratio)
    assert question.max_regression is not None
    allowed = 1 + budget.sign * question.max_regression
    assert allowed == pytest.approx(math.sqrt(ratio))
    assert bisect.any_change(budget).max_regression == 0.0


@pytest.mark.parametrize(
    ("decision", "answer"), [(Decision.PASS, Answer.GOOD), (Decision.FAIL, Answer.BAD), (Decision.INCONCLUSIVE, Answer.UNCLEAR)]
)
def test_a_step_is_what_its_verdict_says_and_survives_being_written_down(decision: Decision, answer: Answer) -> None:
    verdict = Verdict(LATENCY, decision, "so", 1.1, "ranks", estimate=Estimate(1.2, 1.1, None, 0.95))
    step = bisect.answered("abc", verdict, "0" * 64, "gate")
    assert step.answer is answer
    assert Step.read(step.text()) == step
    bare = Step("abc", Answer.UNBUILDABLE, "it ended with 2")
    assert Step.read(bare.text()) == bare
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        Step.read(step.text()[:-9])
