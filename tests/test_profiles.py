from dataclasses import replace
from typing import Any

import pytest

from farm import profiles
from farm.records import record
from farm.store import rows_of
from farm.workloads import Operator, Readings, Run
from tests.conftest import a_session
from tests.profiled import ITERATIONS, WHOLE_NS, a_profile, operators

SESSION = a_session()


def rows(*runs: Run) -> list[dict[str, Any]]:
    return rows_of([record(SESSION, run) for run in runs], {"profiles": {"run_ids": None}})["profiles"].to_dicts()


def found(*runs: Run) -> tuple[profiles.Profile, ...]:
    return profiles.profiles(rows(*runs))


def test_only_operators_have_a_line_and_no_time_counts_twice() -> None:
    (profile,) = found(a_profile(SESSION))
    assert [(each.name, each.delegate, each.instruction) for each in profile.operators] == [
        ("Convolution #1", "xnnpack", 0),
        ("add.out", None, 1),
        ("Softmax #1", "xnnpack", 0),
    ]
    assert [round(profile.share(each.sum_ns), 4) for each in profile.operators] == [0.6, 0.3, 0]
    assert profile.outside.median_ns == pytest.approx(WHOLE_NS - 60_000 - 30_001)
    assert sum(each.sum_ns for each in profile.operators) + profile.outside.sum_ns == WHOLE_NS * profile.usual_iterations
    assert [(part.delegate, part.median_ns) for part in profile.in_calls] == [("xnnpack", 5000)]


def test_a_pause_of_the_machine_counts_for_no_operator() -> None:
    run = a_profile(SESSION)
    paused = tuple(
        replace(each, times_ns=(each.times_ns[0] + 10**9, *each.times_ns[1:])) if each.place in (0, 4, 5) else each
        for each in run.operators
    )
    readings = (replace(run.readings[0], values=(float(WHOLE_NS + 10**9), *run.readings[0].values[1:])), *run.readings[1:])
    (profile,) = found(replace(run, operators=paused, readings=readings))
    (undisturbed,) = found(run)
    assert [profile.share(each.sum_ns) for each in profile.operators] == [undisturbed.share(each.sum_ns) for each in undisturbed.operators]


@pytest.mark.parametrize("iterations", [1, 2, 3, 8])
def test_shares_add_up_however_few_iterations_there_are(iterations: int) -> None:
    (profile,) = found(a_profile(SESSION, iterations=iterations))
    assert profile.usual_iterations == (iterations + 1) // 2
    assert profile.sum_ns == WHOLE_NS * profile.usual_iterations


def test_times_that_are_all_whole_microseconds_are_told_as_rounded_and_others_are_not() -> None:
    (profile,) = found(a_profile(SESSION))
    assert profile.rounded == ("xnnpack",)
    assert [each.is_whole_us for each in profile.operators] == [True, False, True]
    finer = tuple(replace(each, times_ns=tuple(value + 1 for value in each.times_ns)) for each in operators())
    assert found(a_profile(SESSION, operators=finer))[0].rounded == ()


def test_a_delegate_that_tells_no_operators_stands_as_one_call() -> None:
    parts = (Operator(0, "DELEGATE_CALL", 11, (50_000,) * 11, None, "coreml", 4),)
    (profile,) = found(a_profile(SESSION, operators=parts))
    assert profile.silent == ("coreml",)
    assert profile.operators[0].name == "a call of coreml"


@pytest.mark.parametrize(
    ("name", "debug_id", "said"),
    [("", 7, "debug id 7"), ("OPERATOR_CALL", None, "a kernel that tells no name"), ("native_call_mul.out", None, "mul.out")],
)
def test_an_operator_has_a_name_whatever_the_runtime_says(name: str, debug_id: int | None, said: str) -> None:
    parts = (Operator(0, name, 11, (50_000,) * 11, debug_id=debug_id),)
    assert found(a_profile(SESSION, operators=parts))[0].operators[0].name == said


def test_operators_that_differ_in_their_place_only_are_one_kind() -> None:
    parts = tuple(Operator(place, f"Convolution #{place}", 11, (10_000,) * 11, delegate="xnnpack") for place in range(3))
    (profile,) = found(a_profile(SESSION, operators=parts))
    assert [(kind.name, kind.operators, kind.median_ns) for kind in profiles.kinds(profile)] == [("Convolution", 3, 30_000)]


def test_runs_of_one_artifact_are_one_profile_of_the_medians_over_them() -> None:
    slower = tuple(replace(each, times_ns=tuple(2 * value for value in each.times_ns)) for each in operators())
    whole = Readings("traced_latency_ns", (2.0 * WHOLE_NS,) * ITERATIONS)
    runs = [a_profile(SESSION), a_profile(SESSION), a_profile(SESSION, operators=slower, readings=(whole,))]
    (profile,) = profiles.together(found(*runs))
    assert (len(profile.run_ids), profile.iterations, profile.others) == (3, 3 * ITERATIONS, 0)
    assert (profile.whole_ns, profile.operators[0].median_ns) == (WHOLE_NS, 60_000)
    assert profile.share(profile.operators[0].sum_ns) == pytest.approx(0.6)


def test_a_run_with_other_operators_than_the_newest_is_counted_and_left_out() -> None:
    runs = found(a_profile(SESSION, name="Pooling #1"), a_profile(SESSION), a_profile(SESSION))
    (profile,) = profiles.together(sorted(runs, key=lambda run: "Pooling #1" not in [each.name for each in run.operators]))
    assert (len(profile.run_ids), profile.others) == (2, 1)
    assert profile.operators[0].name == "Convolution #1"


def test_runs_of_other_passes_have_no_profile() -> None:
    assert profiles.profiles([]) == ()
    assert found(a_profile(SESSION, operators=())) == ()
