from dataclasses import replace

import pytest

from farm.keeping import Facts, problems

SOUND = Facts((), frozenset(), (), (), {}, (), 3, (), (), ())


def test_where_everything_fits_there_is_no_problem() -> None:
    assert problems(SOUND) == []


@pytest.mark.parametrize(
    ("facts", "what", "remedy"),
    [
        (replace(SOUND, waiting=["a"]), "1 run in the journal and not in the database, such as a", "farm recover"),
        (replace(SOUND, aside=["x.refused"]), "x.refused was set aside", "issue"),
        (replace(SOUND, aside=["x.unreadable"]), "x.unreadable was set aside", "measure again"),
        (replace(SOUND, misfits=[("readings without their run", 3, "r1")]), "readings without their run: 3, such as r1", "farm db restore"),
        (replace(SOUND, broken_pins={"v1": ["net.pte"]}), "v1 lacks the bytes of net.pte", "farm baseline set v1"),
        (replace(SOUND, pageless_gates=["g1"]), "1 gate without a page in the site, such as g1", "farm report site"),
        (replace(SOUND, leavings=["data/.f.1.partial"]), "its writer is gone: data/.f.1.partial", "rm -r data/.f.1.partial"),
    ],
)
def test_each_problem_comes_with_its_remedy(facts: Facts, what: str, remedy: str) -> None:
    (problem,) = problems(facts)
    assert what in problem.what
    assert remedy in problem.remedy
    assert not problem.is_note


@pytest.mark.parametrize(
    "facts",
    [
        replace(SOUND, waiting=["a"], known=frozenset("a")),
        replace(SOUND, lost_artifacts=["net.pte"]),
        replace(SOUND, misfits=[("sessions without runs", 1, "s")]),
        replace(SOUND, abandoned=["farm run x"]),
        replace(SOUND, damaged=["data/pinned/.damaged-a-1"]),
    ],
)
def test_what_may_well_be_meant_so_is_a_note_and_comes_last(facts: Facts) -> None:
    assert [problem.is_note for problem in problems(replace(facts, aside=["x.refused"]))] == [False, True]
