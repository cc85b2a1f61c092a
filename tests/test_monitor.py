from collections import defaultdict

import pytest
from prometheus_client.parser import text_string_to_metric_families

from farm.monitor import QUESTIONS, Facts, text

EVERY = Facts(
    version="1.2",
    is_readable=True,
    database_bytes=4096,
    journal_runs=2,
    journal_aside=1,
    notices={"mail": 3},
    oldest_notice_s=100.0,
    rows={
        "metrics_series": [
            {"device": "s25", "workload": "net", "pass": "latency", "branch": None, "success_at_s": None, "attempt_at_s": 5.0},
            {"device": "s25", "workload": "net", "pass": "latency", "branch": "main", "success_at_s": 4.0, "attempt_at_s": 5.0},
        ],
        "metrics_runs": [
            {"device": "s25", "pass": "latency", "outcome": "ok", "error_class": "", "runs": 3, "seconds": 1.5, "newest_at_s": 9.0},
            {
                "device": "s25",
                "pass": "latency",
                "outcome": "failed",
                "error_class": "crashed",
                "runs": 1,
                "seconds": 0.5,
                "newest_at_s": 8.0,
            },
        ],
        "metrics_findings": [{"branch": "main", "standing": "confirmed", "worse": True, "findings": 2}],
        "metrics_gates": [{"suite": "s", "exit_code": 4, "judged_at_s": 7.0}],
        "metrics_nights": [
            {"suite": "s", "pool": "rack", "opened_at_s": 1.0, "due_by_s": 2.0, "closed_at_s": None, "exit_code": None}
            | {"jobs_done": 5, "jobs_accounted_for": 1, "jobs_to_come": 2}
        ],
        "metrics_queue": [{"device": "s25", "standing": "waiting", "priority": 3, "requests": 1, "oldest_at_s": 6.0}],
        "metrics_states": [{"device": "s25", "state": "cooling", "since_s": 3.0, "is_held": True}],
        "metrics_health": [{"device": "s25", "health": "suspect", "since_s": 2.0, "looked_at_s": 3.0}],
    },
)
Samples = dict[str, list[tuple[dict[str, str], float]]]


def read(words: str) -> Samples:
    """What a monitoring system makes of it."""
    found: Samples = defaultdict(list)
    for family in text_string_to_metric_families(words):
        for sample in family.samples:
            found[sample.name].append((sample.labels, sample.value))
    return dict(found)


def names_in(words: str) -> set[str]:
    """Every name that a query may use, also of families that have no sample now."""
    names = set()
    for family in text_string_to_metric_families(words):
        suffixes = {"counter": ("_total",), "summary": ("_sum", "_count")}.get(family.type, ("",))
        names |= {family.name + suffix for suffix in suffixes}
    return names


def test_every_question_that_is_asked_has_an_answer_here() -> None:
    assert EVERY.rows.keys() == QUESTIONS.keys()


@pytest.mark.parametrize(
    ("name", "labels", "value"),
    [
        ("farm_info", {"version": "1.2"}, 1),
        ("farm_database_readable", {}, 1),
        ("farm_journal_runs", {}, 2),
        ("farm_notices_waiting", {"target": "mail"}, 3),
        ("farm_series_last_success_timestamp_seconds", {"device": "s25", "workload": "net", "pass": "latency", "branch": "main"}, 4),
        ("farm_runs_total", {"device": "s25", "pass": "latency", "outcome": "failed", "error_class": "crashed"}, 1),
        ("farm_run_duration_seconds_sum", {"device": "s25", "pass": "latency"}, 2.0),
        ("farm_run_duration_seconds_count", {"device": "s25", "pass": "latency"}, 4),
        ("farm_newest_run_timestamp_seconds", {"device": "s25"}, 9),
        ("farm_findings", {"branch": "main", "standing": "confirmed", "worse": "true"}, 2),
        ("farm_gate_exit_code", {"suite": "s"}, 4),
        ("farm_night_jobs", {"suite": "s", "pool": "rack", "state": "accounted_for"}, 1),
        ("farm_queue_requests", {"device": "s25", "standing": "waiting", "priority": "ad_hoc"}, 1),
        ("farm_device_state", {"device": "s25", "state": "cooling"}, 1),
        ("farm_device_state", {"device": "s25", "state": "idle"}, 0),
        ("farm_device_held", {"device": "s25"}, 1),
        ("farm_device_health", {"device": "s25", "health": "suspect"}, 1),
        ("farm_device_health", {"device": "s25", "health": "good"}, 0),
    ],
)
def test_each_number_is_told_with_its_labels(name: str, labels: dict[str, str], value: float) -> None:
    assert (labels, value) in read(text(EVERY))[name]


def test_what_is_not_known_has_no_line() -> None:
    found = read(text(EVERY))
    assert "farm_night_closed_timestamp_seconds" not in found
    assert len(found["farm_series_last_success_timestamp_seconds"]) == 1
    bare = read(text(Facts("1.2", False, None, 0, 0, {}, None)))
    assert bare["farm_database_readable"] == [({}, 0)]
    assert set(bare) == {"farm_info", "farm_database_readable", "farm_journal_runs", "farm_journal_set_aside"}


def test_a_name_is_there_or_not_whatever_there_is_to_tell() -> None:
    assert names_in(text(EVERY)) == names_in(text(Facts("1.2", False, None, 0, 0, {}, None)))


def test_no_line_is_told_twice() -> None:
    lines = [line.rpartition(" ")[0] for line in text(EVERY).splitlines() if not line.startswith("#")]
    assert len(lines) == len(set(lines))


def test_odd_names_are_quoted() -> None:
    odd = 'a "quoted\\ name\n'
    assert read(text(Facts("1.2", True, None, 0, 0, {odd: 1}, None)))["farm_notices_waiting"] == [({"target": odd}, 1)]
