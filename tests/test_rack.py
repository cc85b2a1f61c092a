"""The order of a gate's blocks, and what is left of them."""

from collections import Counter
from dataclasses import replace
from itertools import groupby

from hypothesis import given
from hypothesis import strategies as st

from farm import rack
from farm.rack import Contest, plan_blocks, whole_blocks
from farm.workloads import Job, Outcome, Pass, Run, Workload
from tests.conftest import LOCAL, a_run, a_session, an_artifact

NET = Contest(Workload("net", (Pass.LATENCY, Pass.MEMORY)), an_artifact("new.pte"), an_artifact("old.pte"))
SAME = replace(NET, workload=replace(NET.workload, id="same"), candidate=NET.baseline)


def blocks(first: int, last: int, *contests: Contest, seed: int = 1) -> list[Job]:
    return plan_blocks(LOCAL, contests or (NET, SAME), range(first, last), "gate", seed)


def sides(jobs: list[Job]) -> list[str]:
    """The sides of each four jobs that follow each other: ABBA, or BAAB."""
    letters = "".join("A" if job.place and job.place.side == "baseline" else "B" for job in jobs)
    return [letters[start : start + 4] for start in range(0, len(letters), 4)]


@given(st.integers(0, 2**32), st.integers(1, 6))
def test_a_block_is_abba_or_baab_of_one_workload_and_pass(seed: int, count: int) -> None:
    jobs = blocks(0, count, seed=seed)
    assert set(sides(jobs)) <= {"ABBA", "BAAB"}
    for start in range(0, len(jobs), 4):
        four = jobs[start : start + 4]
        assert len({(job.workload.id, job.pass_) for job in four}) == 1
        assert [job.place.position for job in four if job.place] == [0, 1, 2, 3]
    assert len({job.key for job in jobs}) == len(jobs) == count * 16


@given(st.integers(0, 2**32), st.integers(1, 5), st.integers(1, 5))
def test_a_block_has_its_order_whenever_and_beside_whatever_it_is_measured(seed: int, middle: int, more: int) -> None:
    whole = blocks(0, middle + more, seed=seed)
    assert blocks(0, middle, seed=seed) + blocks(middle, middle + more, seed=seed) == whole
    alone = blocks(0, middle + more, NET, seed=seed)
    assert sides(alone) == sides([job for job in whole if job.workload.id == "net"])


def test_chance_gives_both_orders_alike() -> None:
    found = Counter(sides(blocks(0, 400, NET)))
    assert 340 < found["ABBA"] < 460
    first = Counter(next(own).pass_ for _, own in groupby(blocks(0, 400, NET), lambda job: job.place and job.place.block))
    assert 150 < first[Pass.LATENCY] < 250


def runs(jobs: list[Job], session: str = "one", outcome: Outcome = Outcome.OK) -> list[Run]:
    return [a_run(replace(a_session(), id=session), job=job, outcome=outcome) for job in jobs]


def test_only_blocks_that_one_session_measured_to_their_end_are_kept() -> None:
    jobs = blocks(0, 2, NET)
    assert whole_blocks(jobs, []) == []
    first, rest = runs(jobs[:6]), runs(jobs[6:8], "two")
    assert whole_blocks(jobs, first + rest) == first[:4]
    anew = runs(jobs[4:8], "two")
    assert whole_blocks(jobs, first + anew) == first[:4] + anew


def test_a_disturbed_run_that_was_not_replaced_leaves_its_block_open() -> None:
    jobs = blocks(0, 1, NET)[:4]
    disturbed = runs(jobs[3:], outcome=Outcome.INVALID)
    assert whole_blocks(jobs, runs(jobs[:3]) + disturbed) == []
    assert whole_blocks(jobs, runs(jobs[:3]) + disturbed + runs(jobs[3:])) != []
    assert len(rack.left(jobs, runs(jobs[:3]) + disturbed)) == 1
