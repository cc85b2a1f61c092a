"""What a monitoring system is told of a farm, in Prometheus' words. prometheus_client is imported here and nowhere else.

Times are Unix times, from which the monitoring system tells ages. What is not known has no line: it is never 0.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from prometheus_client import Metric

Rows = Sequence[Mapping[str, Any]]
QUESTIONS: Mapping[str, str | None] = {
    "metrics_series": None,
    "metrics_runs": None,
    "metrics_findings": None,
    "metrics_gates": None,
    "metrics_nights": "nights",
    "metrics_queue": "queue_requests",
    "metrics_states": "rack_states",
    "metrics_health": "health_looks",
}
"""Queries whose rows are told, each with the table that it needs where not every database of farm's has it."""
STATES = ("idle", "leased", "cooling", "charging")
HEALTHS = ("good", "suspect", "quarantined", "retired")
_PRIORITIES = {3: "ad_hoc", 2: "gate", 1: "nightly"}


@dataclass(frozen=True, slots=True)
class Facts:
    """What is told: of the data folder, and the rows of each question that could be asked."""

    version: str
    is_readable: bool
    """Whether the database could be asked. Where it could not, rows is empty."""
    database_bytes: int | None
    journal_runs: int
    journal_aside: int
    notices: Mapping[str, int]
    """Target -> messages that wait for it."""
    oldest_notice_s: float | None
    rows: Mapping[str, Rows] = field(default_factory=dict)


def families(facts: Facts) -> "Iterator[Metric]":
    """Return every family of metrics, also those without a sample now: a name is there or not by farm's version only."""
    yield _gauge("farm_info", "The version of farm.", ("version",), [((facts.version,), 1)])
    yield _gauge("farm_database_readable", "1 when the database could be read, else 0.", (), [((), int(facts.is_readable))])
    yield _gauge("farm_database_size_bytes", "Size of the database file.", (), [((), facts.database_bytes)])
    yield _gauge("farm_journal_runs", "Runs that wait in the journal.", (), [((), facts.journal_runs)])
    yield _gauge("farm_journal_set_aside", "Journal entries that could not be read or stored.", (), [((), facts.journal_aside)])
    yield _gauge(
        "farm_notices_waiting",
        "Messages that a target has not taken yet.",
        ("target",),
        [((name,), n) for name, n in facts.notices.items()],
    )
    yield _gauge("farm_notices_oldest_timestamp_seconds", "Since when the oldest message waits.", (), [((), facts.oldest_notice_s)])
    yield from _of_runs(facts.rows.get("metrics_series", ()), facts.rows.get("metrics_runs", ()))
    yield from _of_judgements(facts.rows.get("metrics_findings", ()), facts.rows.get("metrics_gates", ()))
    yield from _of_nights(facts.rows.get("metrics_nights", ()))
    yield from _of_rack(facts.rows.get("metrics_queue", ()), facts.rows.get("metrics_states", ()), facts.rows.get("metrics_health", ()))


def text(facts: Facts) -> str:
    """Return the text format, for a file or a scrape."""
    from prometheus_client import generate_latest

    return generate_latest(_Collector(facts)).decode()


@dataclass(frozen=True, slots=True)
class _Collector:
    facts: Facts

    def collect(self) -> "Iterator[Metric]":
        return families(self.facts)


def _of_runs(series: Rows, runs: Rows) -> "Iterator[Metric]":
    from prometheus_client.core import CounterMetricFamily, SummaryMetricFamily

    names = ("device", "workload", "pass", "branch")
    for what, column in (("success", "success_at_s"), ("attempt", "attempt_at_s")):
        samples = [(tuple(row[name] or "" for name in names), row[column]) for row in series]
        yield _gauge(f"farm_series_last_{what}_timestamp_seconds", f"When a series had its last {what}.", names, samples)
    own = ("device", "pass", "outcome", "error_class")
    counter = CounterMetricFamily("farm_runs", "Runs that are stored, by outcome and class of error.", labels=own)
    taken = SummaryMetricFamily("farm_run_duration_seconds", "Wall time of runs.", labels=("device", "pass"))
    sums: dict[tuple[str, str], list[float]] = {}
    newest: dict[str, float] = {}
    for row in runs:
        counter.add_metric([row[name] for name in own], row["runs"])
        total = sums.setdefault((row["device"], row["pass"]), [0, 0.0])
        total[0] += row["runs"]
        total[1] += row["seconds"]
        newest[row["device"]] = max(newest.get(row["device"], row["newest_at_s"]), row["newest_at_s"])
    for labels, (count, seconds) in sums.items():
        taken.add_metric(labels, count_value=int(count), sum_value=seconds)
    yield counter
    yield taken
    yield _gauge(
        "farm_newest_run_timestamp_seconds", "When the newest run ended.", ("device",), [((name,), at) for name, at in newest.items()]
    )


def _of_judgements(findings: Rows, gates: Rows) -> "Iterator[Metric]":
    names = ("branch", "standing", "worse")
    samples = [((row["branch"], row["standing"], str(row["worse"]).lower()), row["findings"]) for row in findings]
    yield _gauge("farm_findings", "Findings of farm track that are there.", names, samples)
    yield _gauge("farm_gate_exit_code", "What the newest gate ended with.", ("suite",), _by(gates, ("suite",), "exit_code"))
    yield _gauge(
        "farm_gate_judged_timestamp_seconds", "When the newest gate was judged.", ("suite",), _by(gates, ("suite",), "judged_at_s")
    )


def _of_nights(nights: Rows) -> "Iterator[Metric]":
    own = ("suite", "pool")
    yield _gauge("farm_night_opened_timestamp_seconds", "When the newest night was begun.", own, _by(nights, own, "opened_at_s"))
    yield _gauge("farm_night_due_timestamp_seconds", "By when the newest night is to be done.", own, _by(nights, own, "due_by_s"))
    yield _gauge("farm_night_closed_timestamp_seconds", "When the newest night was done.", own, _by(nights, own, "closed_at_s"))
    yield _gauge("farm_night_exit_code", "What the newest night ended with.", own, _by(nights, own, "exit_code"))
    jobs = [((row["suite"], row["pool"], state), row[f"jobs_{state}"]) for row in nights for state in ("done", "accounted_for", "to_come")]
    yield _gauge("farm_night_jobs", "Expected jobs of the newest night, by what came of them.", (*own, "state"), jobs)


def _of_rack(queue: Rows, states: Rows, healths: Rows) -> "Iterator[Metric]":
    names = ("device", "standing", "priority")
    keyed = [((row["device"], row["standing"], _PRIORITIES.get(row["priority"], str(row["priority"]))), row) for row in queue]
    yield _gauge(
        "farm_queue_requests", "Requests for a device that wait or are served.", names, [(key, row["requests"]) for key, row in keyed]
    )
    oldest = [(key, row["oldest_at_s"]) for key, row in keyed]
    yield _gauge("farm_queue_oldest_timestamp_seconds", "Since when the oldest of these requests is there.", names, oldest)
    yield _gauge("farm_device_state", "1 for what a device does, 0 for the rest.", ("device", "state"), _one_of(states, "state", STATES))
    held = [((row["device"],), int(row["is_held"])) for row in states]
    yield _gauge("farm_device_held", "1 when a person holds a device back.", ("device",), held)
    yield _gauge(
        "farm_device_health", "1 for the health of a device, 0 for the rest.", ("device", "health"), _one_of(healths, "health", HEALTHS)
    )
    since = _by(healths, ("device",), "since_s")
    yield _gauge("farm_device_health_since_timestamp_seconds", "Since when a device has its health.", ("device",), since)
    looked = _by(healths, ("device",), "looked_at_s")
    yield _gauge("farm_device_looked_at_timestamp_seconds", "When a device's health was last looked at.", ("device",), looked)


def _by(rows: Rows, names: Sequence[str], column: str) -> list[tuple[tuple[str, ...], float | None]]:
    return [(tuple(row[name] for name in names), row[column]) for row in rows]


def _one_of(rows: Rows, column: str, known: Sequence[str]) -> list[tuple[tuple[str, ...], float | None]]:
    """Return a sample for each thing that could be so, so that an alert need not know which was so before."""
    return [((row["device"], each), int(row[column] == each)) for row in rows for each in dict.fromkeys((*known, row[column]))]


def _gauge(name: str, words: str, labels: Sequence[str], samples: Sequence[tuple[tuple[str, ...], float | None]]) -> "Metric":
    from prometheus_client.core import GaugeMetricFamily

    found = GaugeMetricFamily(name, words, labels=labels)
    for values, number in samples:
        if number is not None:
            found.add_metric(values, number)
    return found
