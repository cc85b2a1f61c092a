import json
from dataclasses import replace

from farm import profiles
from farm.publish import operators as told
from farm.records import record
from farm.store import rows_of
from farm.workloads import Operator
from tests.conftest import a_session
from tests.profiled import a_profile

SESSION = a_session()


def profile(**changes: object) -> profiles.Profile:
    run = a_profile(SESSION, **changes)  # type: ignore[arg-type]
    rows = rows_of([record(SESSION, run)], {"profiles": {"run_ids": None}})["profiles"]
    return profiles.profiles(rows.iter_rows(named=True))[0]


def test_the_table_has_operators_what_is_outside_of_them_and_the_whole() -> None:
    table = told.profile_table(profile())
    assert [(row[0], row[4], row[6]) for row in table.rows] == [
        ("Convolution #1", "60.0 us", "60.0 %"),
        ("add.out", "30.0 us", "30.0 %"),
        ("Softmax #1", "< 1 us", "< 1.0 %"),
        ("outside operators", "10.00 us", "10.0 %"),
        ("  of that in calls of xnnpack", "5.00 us", "5.0 %"),
        ("the whole, with the tracer", "100 us", "100.0 %"),
    ]


def test_a_profile_of_many_operators_lists_the_heaviest_and_tells_of_all_by_kind() -> None:
    parts = tuple(Operator(place, f"native_call_op{place % 2}.out", 11, (1_000 + place,) * 11, instruction=place) for place in range(50))
    heaviest, listed = told.tables(profile(operators=parts))
    assert [(row[0], row[2]) for row in heaviest.rows] == [("op1.out", "25"), ("op0.out", "25")]
    assert listed.rows[0][2] == "49"
    assert listed.rows[told.MOST_SHOWN][0] == "30 lighter operators, their medians together"


def test_what_a_profile_is_not_is_said_and_how_much_slower_it_was() -> None:
    first, *_ = told.profile_lines(profile())
    assert "which makes all of it slower" in first
    assert "not how long the model takes" in first
    first, *_ = told.profile_lines(profile(), latency_ns=80_000)
    assert "(here +25.0 % against the latency passes' 80.0 us)" in first
    first, *_ = told.profile_lines(profile(), latency_ns=125_000)
    assert "(here no more than runs differ, -20.0 % against the latency passes' 125 us)" in first


def test_what_was_rounded_and_what_is_silent_and_what_does_not_add_up_is_said() -> None:
    assert any(line.startswith("xnnpack tells its operators' times in whole microseconds") for line in told.profile_lines(profile()))
    silent = profile(operators=(Operator(0, "DELEGATE_CALL", 11, (50_001,) * 11, None, "coreml", 4),))
    lines = told.profile_lines(silent)
    assert "coreml tells no operators of its own: its whole call stands as one" in lines
    assert not any("whole microseconds" in line or "medians come to" in line for line in lines)
    one = silent.operators[0]
    uneven = replace(silent, operators=(replace(one, median_ns=1.0),))
    assert any("medians come to 50.0 % of the whole's" in line for line in told.profile_lines(uneven))


def test_a_profile_of_tokens_says_what_is_not_in_it() -> None:
    lines = told.profile_lines(replace(profile(), of_tokens=True, others=2))
    assert "an iteration is one decoded token; reading the prompt is not in it" in lines
    assert "2 runs had other operators than the newest, and are not in it" in lines


def test_a_profile_as_json_says_that_the_tracer_was_on() -> None:
    values = json.loads(json.dumps(told.as_values(profile())))
    assert values["with_tracer"] is True
    assert values["outside"]["median_ns"] == 9_999
