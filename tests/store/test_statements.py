"""What is asked of a database: a user's statements, statistics, histories, and interrupts meanwhile."""

import os
import signal
import threading
from pathlib import Path

import pytest

from farm.errors import InputError
from farm.records import record
from farm.store import Store, statistics_of
from tests.conftest import a_run, a_session
from tests.store import of_one_run


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT workload_id, list(id), count(*) FROM runs GROUP BY ALL",
        "SELECT runs FROM runs",
        "SELECT {'id': id, 'pass': pass}, NULL, repeat FROM runs",
        "SELECT TIMESTAMP '290000-01-01'",
        "SELECT * FROM duckdb_settings()",
    ],
)
def test_a_statement_may_give_what_polars_has_no_type_for(tmp_path: Path, statement: str) -> None:
    store = of_one_run(tmp_path)
    frame = store.sql(statement)
    assert frame.height >= 1
    assert list(frame.iter_rows()) == [tuple(row.values()) for row in frame.to_dicts()]


def test_a_statement_may_join_tables_that_share_names(tmp_path: Path) -> None:
    store = of_one_run(tmp_path)
    frame = store.sql("SELECT runs.id, sessions.id, devices.id FROM runs JOIN sessions ON session_id = sessions.id JOIN devices ON true")
    assert frame.columns == ["id", "id_2", "id_3"]


def test_statistics_are_those_of_the_readings_with_linear_quantiles() -> None:
    session = a_session()
    frame = statistics_of([record(session, a_run(session, tuple(float(value) for value in range(1, 12))))])
    row = frame.filter(frame["metric"] == "latency_ns").row(0, named=True)
    assert (row["p50"], row["p90"], row["readings"]) == (6.0, 10.0, 11)
    assert row["p99"] == pytest.approx(10.9)


def test_rates_come_from_the_tokens_and_their_times() -> None:
    from farm.workloads import Readings

    session = a_session()
    readings = (Readings("token_ns", (4e6, 6e6)), Readings("prefill_ns", (10e6,)), Readings("prompt_tokens_count", (20.0,)))
    frame = statistics_of([record(session, a_run(session, readings=readings))])
    rates = dict(zip(frame["metric"], frame["p50"], strict=True))
    assert rates["decode_tokens_per_s"] == pytest.approx(200)
    assert rates["prefill_tokens_per_s"] == pytest.approx(2000)


def test_the_history_of_a_series_is_in_order_of_time(tmp_path: Path) -> None:
    store = Store(tmp_path / "farm.duckdb")
    session = a_session()
    runs = [a_run(session, (float(value),)) for value in (3, 1, 2)]
    store.append([record(session, run) for run in runs])
    key = store.sql("SELECT DISTINCT series_key FROM runs").item()
    history = store.history(key, "latency_ns")
    assert history["run_id"].to_list() == sorted(run.id for run in runs)
    assert sorted(history["p50"].to_list()) == [1.0, 2.0, 3.0]
    assert store.history("nothing", "latency_ns").is_empty()


@pytest.mark.parametrize(
    "statement",
    [
        "COPY runs TO '{file}'",
        "SELECT * FROM read_text('{file}')",
        "DELETE FROM runs",
        "ATTACH '{file}' AS other",
        "SET enable_external_access = true",
    ],
)
def test_a_users_statement_reads_and_does_nothing_else(tmp_path: Path, statement: str) -> None:
    store = of_one_run(tmp_path)
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    with pytest.raises(InputError, match="the statement failed"):
        store.sql(statement.format(file=secret))
    assert secret.read_text() == "secret"
    assert store.query("count_runs").item() == 1


ENDLESS = "SELECT sum(a.range * b.range) FROM range(300000) a, range(300000) b"


@pytest.mark.parametrize("after_s", [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5])
def test_an_interrupt_while_the_database_works_is_an_interrupt(after_s: float, tmp_path: Path) -> None:
    """DuckDB makes an error of its own of it, or loses it when it comes while a statement is planned."""
    store = of_one_run(tmp_path)
    interrupting = threading.Timer(after_s, os.kill, (os.getpid(), signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):  # noqa: PT012 - it may come before the statement
        interrupting.start()
        store.sql(ENDLESS)
    interrupting.join()
