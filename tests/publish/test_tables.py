from dataclasses import replace

import pytest

from farm import metrics, stats
from farm.metrics import Statistic
from farm.publish import Results, tables
from farm.summary import Line, Validity
from farm.workloads import Absent, Measured, Outcome, Pass, Run, StateReading
from tests.conftest import LOCAL, a_job, a_run, a_session, an_artifact

SESSION = a_session()
SHA256 = an_artifact().sha256


def a_line(flavour: str = "xnnpack") -> Line:
    values = (2e6, 1e6, 3e6)
    metric = metrics.METRICS["latency_ns"]
    return Line("a-workload", SHA256, Pass.LATENCY, flavour, 1, metric, Statistic.P50, values, 2e6, stats.median_interval(values), 300)


def results(flavour: str = "xnnpack") -> Results:
    run = a_run(SESSION, output_check="passed")
    return Results(LOCAL, SESSION, (run,), (a_line(flavour),), (Validity("a-workload", SHA256, Pass.LATENCY, 0.9, 2, 0.5),))


def of_runs(*runs: Run) -> Results:
    return Results(LOCAL, SESSION, runs, (), ())


def test_a_row_tells_the_median_its_interval_and_how_undisturbed_it_was() -> None:
    (table,) = tables.result_tables(results())
    assert table.title == "a-workload · model.pte · xnnpack · 1 thread · output passed"
    assert table.rows == (("latency", "2.00 ms", "1.00 ms … 3.00 ms (75%)", "", "", "3 of 1", "0.90", "2", "0.50"),)


def test_artifacts_of_one_name_are_two() -> None:
    one, other = an_artifact("model.pte"), an_artifact("other.pte")
    runs = tuple(a_run(SESSION, job=a_job(replace(each, name="model.pte"))) for each in (one, other))
    lines = tuple(replace(a_line(), artifact=each.sha256) for each in (one, other))
    signs = tuple(Validity("a-workload", each.sha256, Pass.LATENCY, 0.9, 2, 0.5) for each in (one, other))
    first, second = tables.result_tables(Results(LOCAL, SESSION, runs, lines, signs))
    assert first.rows[0][5] == second.rows[0][5] == "3 of 1"


def test_slow_attention_is_a_note() -> None:
    assert tables.note_lines(results()) == []
    (note,) = tables.note_lines(results("plain_attention+xnnpack"))
    assert note.startswith("a-workload: attention without the runtime's fused kernel")


def test_repeats_of_one_flavour_with_different_outputs_are_a_note() -> None:
    one, other = a_run(SESSION, output_sha256="aa"), a_run(SESSION, output_sha256="bb")
    assert tables.note_lines(of_runs(one, other)) == ["a-workload: repeats of one flavour gave different outputs"]
    elsewhere = a_run(SESSION, output_sha256="bb", measured=Measured("executorch", "1.5.1", "qnn", "0f1e", "Release", {}))
    assert tables.note_lines(of_runs(one, elsewhere)) == []


def test_what_is_missing_is_told_once_in_the_devices_own_words() -> None:
    state = (StateReading("frequency_hz", "before", reason="no cpufreq"), StateReading("frequency_hz", "after", reason="no cpufreq"))
    absent = (Absent("frequency_hz", "no file"), Absent("pss_bytes", "denied", "loaded"))
    assert tables.absent_lines([a_run(SESSION, state=state, absent=absent)]) == [
        "frequency_hz: no cpufreq",
        "pss_bytes (loaded): denied",
    ]


def test_a_run_without_a_number_says_which_outcome_why_and_what_to_do() -> None:
    run = a_run(SESSION, outcome=Outcome.NOT_READY, reason="too warm", hint="wait")
    assert tables.outcome_lines(of_runs(run)) == ["local a-workload latency #1, attempt 1: not ready: too warm (hint: wait)"]


def test_a_device_that_was_never_reached_says_why_in_one_line() -> None:
    assert tables.outcome_lines(Results(LOCAL, None, (), (), (), "local is offline")) == ["local: local is offline"]


@pytest.mark.parametrize(
    ("low", "high", "shown"),
    [
        (12_998.0, 13_041.0, "13.00 us … 13.04 us (75%)"),
        (1e6, 3e6, "1.00 ms … 3.00 ms (75%)"),
        (13_000.0, 13_000.0, "13.0 us … 13.0 us (75%)"),
        (999_999.0, 1_000_001.0, "1000 us … 1.00 ms (75%)"),
    ],
)
def test_the_ends_of_an_interval_take_the_digits_that_tell_them_apart(low: float, high: float, shown: str) -> None:
    assert tables.interval_text(replace(a_line(), interval=stats.Interval(low, high, 0.75))) == shown


@pytest.mark.parametrize(("readings", "told"), [((1e6,) * 5, True), ((2e6,) * 5, False), ((1e6,) * 4, False)])
def test_a_pass_that_ended_before_its_stated_duration_is_a_note(readings: tuple[float, ...], told: bool) -> None:
    job = a_job(an_artifact(), iterations=2, duration_ms=10, max_iterations=5)
    notes = tables.note_lines(of_runs(a_run(SESSION, readings, job=job)))
    said = "a-workload: its latency passes ended at 5 iterations (max_iterations), before their stated duration of 10 ms"
    assert notes == ([said] if told else [])
