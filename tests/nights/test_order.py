"""The order of a night: priorities first, and blocks that balance each other over nights."""

from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from farm.nights import Duration, Priority, block_order, estimate, plan
from farm.workloads import Pass

COUNTS = st.integers(1, 12)
SEEDS = st.text(max_size=8)


@given(COUNTS, SEEDS, st.integers(0, 50))
def test_over_as_many_blocks_as_there_are_jobs_each_stands_once_at_each_position(count: int, seed: str, square: int) -> None:
    blocks = [block_order(range(count), square * count + row, seed) for row in range(count)]
    for place in range(count):
        assert sorted(block[place] for block in blocks) == list(range(count))


@given(COUNTS, SEEDS, st.integers(0, 20))
def test_each_follows_each_other_one_equally_often(count: int, seed: str, cycle: int) -> None:
    rows = count if count % 2 == 0 else 2 * count
    pairs = Counter(pair for row in range(rows) for pair in pairwise(block_order(range(count), cycle * rows + row, seed)))
    assert set(pairs.values()) <= {rows // count}
    assert len(pairs) == count * (count - 1)


def test_the_same_seed_gives_the_same_order_and_squares_differ() -> None:
    jobs = range(6)
    first = [block_order(jobs, block, "a") for block in range(24)]
    assert first == [block_order(jobs, block, "a") for block in range(24)]
    assert first != [block_order(jobs, block, "b") for block in range(24)]
    assert first[:6] != first[6:12]


def nights_of(priorities: list[Priority], repeats: int, nights: int) -> list[list[tuple[str, Pass, int]]]:
    begun: Counter[str] = Counter()
    found = []
    for _ in range(nights):
        jobs = plan(priorities, repeats, lambda design: begun[design], "seed")
        for design, block in {(job.design, job.block) for job in jobs}:
            begun[design] = max(begun[design], block + 1)
        found.append([(job.workload, job.pass_, job.position) for job in jobs])
    return found


@given(st.integers(1, 5), st.integers(1, 4))
def test_over_nights_each_workload_stands_equally_often_at_each_position(count: int, repeats: int) -> None:
    items = tuple((f"w{number}", Pass.LATENCY) for number in range(count))
    counts = Counter((name, position) for night in nights_of([Priority(5, items)], repeats, 2 * count) for name, _, position in night)
    assert set(counts.values()) == {2 * repeats}
    assert len(counts) == count * count


def test_what_comes_first_is_measured_first_and_once_a_night_what_gives_the_same_again() -> None:
    work = [
        Priority(9, (("late", Pass.LATENCY),)),
        Priority(1, (("early", Pass.LATENCY), ("early", Pass.QUALITY), ("other", Pass.MEMORY))),
    ]
    jobs = plan(work, 3, lambda _: 0, "seed")
    assert [job.workload for job in jobs[-3:]] == ["late"] * 3
    assert [job.pass_ for job in jobs].count(Pass.QUALITY) == 1
    assert jobs[6].pass_ is Pass.QUALITY
    assert Counter((job.workload, job.repeat) for job in jobs if job.pass_ is not Pass.QUALITY) == Counter(
        {(name, repeat): 1 for name in ("early", "other", "late") for repeat in range(3)}
    )


KEY, OTHER, THIRD = ("k", "latency"), ("l", "latency"), ("m", "memory")
KNOWN = [Duration("s25", KEY, 10.0, 5), Duration("pixel9", KEY, 30.0, 4), Duration("pixel9", OTHER, 20.0, 3)]


def test_a_plan_takes_as_long_as_it_took_before() -> None:
    found = estimate("s25", [KEY, KEY, KEY], KNOWN)
    assert (found.seconds, found.known_from) == (30.0, "from the last 5 nights")


def test_what_was_only_measured_elsewhere_is_said_so_and_what_never_was_is_not_counted_in() -> None:
    found = estimate("s25", [KEY, OTHER, THIRD], KNOWN)
    assert (found.seconds, found.unknown, found.borrowed) == (30.0, 1, 1)
    assert found.known_from == "from the last 3 nights; 1 jobs as on other devices; 1 jobs not known, and not counted in"


def test_a_plan_of_which_nothing_is_known_takes_no_time_that_could_be_told() -> None:
    assert estimate("s25", [THIRD], KNOWN).known_from == "not known: nothing of it was ever measured"
