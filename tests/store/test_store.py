import multiprocessing
import os
import signal
import threading
import time
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from farm.errors import InputError, RecordRefused, StoreBusy, StoreError
from farm.journal import Journal
from farm.records import record, run_of
from farm.store import SCHEMA_VERSION, Store, statistics_of
from farm.workloads import Absent, Answers, ItemKind, Items, Outcome, Pass, Readings, Run, Session, StateReading
from tests.conftest import NOW, a_job, a_run, a_session, an_artifact


def test_a_run_comes_back_with_every_reading(tmp_path: Path) -> None:
    store = Store(tmp_path / "farm.duckdb")
    session = a_session()
    run = a_run(session, absent=(Absent("temperature_c", "no zone"),), state=(StateReading("load_1m", "before", value=0.5),))
    store.append([record(session, run)])
    row = store.query("run", id=run.id).row(0, named=True)
    assert (row["outcome"], row["revision"], row["device_name"], row["artifact"]) == ("ok", "abc123", "local", "model.pte")
    samples = {sample["metric"]: sample["values"] for sample in store.query("run_samples", run_id=run.id).iter_rows(named=True)}
    assert samples["latency_ns"] == [1.0, 2.0, 3.0]
    assert store.query("run_absences", run_id=run.id)["reason"].to_list() == ["no zone"]
    assert store.query("run_state", run_id=run.id)["value"].to_list() == [0.5]


def test_the_same_run_goes_in_once(tmp_path: Path) -> None:
    store = Store(tmp_path / "farm.duckdb")
    session = a_session()
    entry = record(session, a_run(session))
    store.append([entry])
    store.append([entry, entry])
    assert store.query("count_runs").item() == 1
    assert store.sql("SELECT count(*) FROM samples").item() == 3


def test_a_run_goes_in_whole_or_not_at_all(tmp_path: Path) -> None:
    store = Store(tmp_path / "farm.duckdb")
    session = a_session()
    good, broken = record(session, a_run(session)), record(session, a_run(session))
    broken["samples"][1]["metric"] = None
    with pytest.raises(RecordRefused, match=broken["runs"][0]["id"]):
        store.append([good, broken])
    assert store.query("count_runs").item() == 0
    assert store.sql("SELECT count(*) FROM samples").item() == 0


def test_runs_that_go_in_together_are_stored_as_if_each_came_by_itself(tmp_path: Path) -> None:
    first, second = a_session(), a_session()
    odd = (
        Readings("latency_ns", (1.5, 2.0**53, 5e-324)),
        Readings("token_ns", (), "decode", (1, 2**62)),
        Readings("clock_hz", (3.0,), "cpu0", None),
    )
    state = (
        StateReading("load_1m", "before", value=0.5),
        StateReading("wakefulness", "before", text='Awake, "quoted"; ü\n'),
        StateReading("charge", "after", reason="it does not say"),
    )
    runs = [record(first, a_run(first, readings=odd, absent=(Absent("energy_uj", "no monitor"),), state=state))]
    runs += [record(session, a_run(session)) for session in (first, second, first)]
    runs += [record(second, a_run(second, readings=(), measured=None, outcome=Outcome.FAILED, reason="it broke"))]
    together, apart = Store(tmp_path / "together.duckdb"), Store(tmp_path / "apart.duckdb")
    together.append(runs)
    for one in runs:
        apart.append([one])
    for table in runs[0]:
        rows = [store.sql(f"SELECT * FROM {table} ORDER BY ALL").rows() for store in (together, apart)]
        assert rows[0] == rows[1], table
    assert together.sql("SELECT count(*) FROM sessions").item() == 2
    assert together.sql("SELECT values FROM samples WHERE metric = 'latency_ns' AND len(values) = 3 AND values[2] > 9e15").height == 1


@pytest.mark.parametrize(
    "broken",
    [
        {"runs": [{"id": "x"}]},
        {"runs": [{"id": "019b0000-0000-7000-8000-000000000000"}]},
        {"runs": [{"id": "019b0000-0000-7000-8000-000000000000"}], "../../secret": [{}]},
    ],
)
def test_rows_that_make_no_run_are_refused(tmp_path: Path, broken: dict[str, list[dict[str, object]]]) -> None:
    store = Store(tmp_path / "farm.duckdb")
    with pytest.raises(RecordRefused):
        store.append([broken])
    assert store.query("count_runs").item() == 0


@pytest.mark.parametrize("text", ["a lone surrogate \udcff", "\ud800"])
def test_a_text_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    session = a_session(command=text)
    with pytest.raises(RecordRefused):
        Store(tmp_path / "farm.duckdb").append([record(session, a_run(session))])


def test_a_database_of_somebody_elses_gets_no_table_of_farms(tmp_path: Path) -> None:
    with duckdb.connect(tmp_path / "farm.duckdb") as connection:
        connection.execute("CREATE TABLE theirs (a INTEGER)")
    session = a_session()
    with pytest.raises(StoreError, match="was not made by farm"):
        Store(tmp_path / "farm.duckdb").append([record(session, a_run(session))])


def test_a_database_whose_first_writer_was_killed_before_its_tables_were_in_is_as_good_as_none(tmp_path: Path) -> None:
    duckdb.connect(tmp_path / "farm.duckdb").close()
    store = Store(tmp_path / "farm.duckdb")
    store.check()
    with pytest.raises(StoreError, match="nothing in the database"):
        store.sql("SELECT 1")
    assert store.query("count_runs").item() == 0
    session = a_session()
    store.append([record(session, a_run(session))])
    assert store.query("count_runs").item() == 1


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
    store = Store(tmp_path / "farm.duckdb")
    session = a_session()
    store.append([record(session, a_run(session))])
    frame = store.sql(statement)
    assert frame.height >= 1
    assert list(frame.iter_rows()) == [tuple(row.values()) for row in frame.to_dicts()]


def test_a_statement_may_join_tables_that_share_names(tmp_path: Path) -> None:
    store = Store(tmp_path / "farm.duckdb")
    session = a_session()
    store.append([record(session, a_run(session))])
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
    store = Store(tmp_path / "farm.duckdb")
    session = a_session()
    store.append([record(session, a_run(session))])
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
    store = Store(tmp_path / "farm.duckdb")
    session = a_session()
    store.append([record(session, a_run(session))])
    interrupting = threading.Timer(after_s, os.kill, (os.getpid(), signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):  # noqa: PT012 - it may come before the statement
        interrupting.start()
        store.sql(ENDLESS)
    interrupting.join()


def test_a_database_of_a_newer_farm_is_refused(tmp_path: Path) -> None:
    store = Store(tmp_path / "farm.duckdb")
    session = a_session()
    store.append([record(session, a_run(session))])
    with duckdb.connect(store.path) as connection:
        connection.execute("INSERT INTO farm_schema VALUES (?, 'later.sql')", [SCHEMA_VERSION + 1])
    with pytest.raises(StoreError, match="made by a newer farm"):
        store.append([record(session, a_run(session))])
    with pytest.raises(StoreError, match="made by a newer farm"):
        store.query("count_runs")


def test_what_is_no_database_is_said(tmp_path: Path) -> None:
    (tmp_path / "farm.duckdb").write_text("hello, I am a text" * 1000)
    with pytest.raises(StoreError, match=r"cannot be opened|not a database"):
        Store(tmp_path / "farm.duckdb", 0.1).query("count_runs")


def test_a_database_of_somebody_elses_is_refused(tmp_path: Path) -> None:
    with duckdb.connect(tmp_path / "farm.duckdb") as connection:
        connection.execute("CREATE TABLE mine (a INTEGER)")
    with pytest.raises(StoreError, match="was not made by farm"):
        Store(tmp_path / "farm.duckdb").query("count_runs")


def hold(path: Path, ready: "multiprocessing.synchronize.Event", seconds: float, read_only: bool) -> None:
    with duckdb.connect(path, read_only=read_only):
        ready.set()
        time.sleep(seconds)


def append_one(path: Path) -> None:
    session = a_session()
    Store(path, 60).append([record(session, a_run(session))])


@pytest.fixture
def spawn() -> "multiprocessing.context.SpawnContext":
    return multiprocessing.get_context("spawn")


def test_a_locked_database_is_busy_and_the_run_waits_in_the_journal(tmp_path: Path, spawn: "multiprocessing.context.SpawnContext") -> None:
    path = tmp_path / "farm.duckdb"
    session = a_session()
    Store(path).append([record(session, a_run(session))])
    journal = Journal(tmp_path / "journal")
    journal.write(record(session, a_run(session)))
    ready = spawn.Event()
    holder = spawn.Process(target=hold, args=(path, ready, 60.0, False))
    holder.start()
    try:
        assert ready.wait(30)
        with pytest.raises(StoreBusy, match=rf"held by process {holder.pid}"):
            journal.drain(Store(path, 0.2).append)
        assert len(journal.entries()) == 1
    finally:
        holder.kill()
        holder.join()
    assert journal.drain(Store(path).append) == 1
    assert Store(path).query("count_runs").item() == 2
    assert journal.entries() == []


@pytest.mark.slow
def test_ten_processes_append_at_once_beside_a_reader_that_takes_its_time(
    tmp_path: Path, spawn: "multiprocessing.context.SpawnContext"
) -> None:
    path = tmp_path / "farm.duckdb"
    session = a_session()
    Store(path).append([record(session, a_run(session))])
    ready = spawn.Event()
    reader = spawn.Process(target=hold, args=(path, ready, 10.0, True))
    reader.start()
    assert ready.wait(30)
    writers = [spawn.Process(target=append_one, args=(path,)) for _ in range(10)]
    for writer in writers:
        writer.start()
    for writer in (*writers, reader):
        writer.join()
    assert [writer.exitcode for writer in writers] == [0] * 10
    assert Store(path).query("count_runs").item() == 11


def test_outcomes_that_gave_no_number_are_kept_too(tmp_path: Path) -> None:
    store = Store(tmp_path / "farm.duckdb")
    session = a_session()
    store.append(
        [record(session, a_run(session, outcome=Outcome.FAILED, error_class="crashed", reason="it crashed", measured=None, readings=()))]
    )
    row = store.query("run_list", outcome="failed", workload=None, device=None, most=5).row(0, named=True)
    assert (row["reason"], row["p50"]) == ("it crashed", None)


def answered(session: Session, values: tuple[float, ...], started_at: datetime = NOW, outcome: Outcome = Outcome.OK) -> Run:
    """A quality run of a session."""
    job = a_job(an_artifact(), Pass.QUALITY)
    asked = Items("5eed", "a.items", Path("a.items"), ItemKind.CLASSIFY, len(values), (4,), (0,) * len(values), {"made": "here"})
    job = replace(job, workload=replace(job.workload, items=asked))
    answers = Answers("5eed", "accuracy_ratio", values, "0a7b", predicted=(0,) * len(values))
    readings = (Readings("accuracy_ratio", (sum(values) / len(values),)),)
    return a_run(session, job=job, readings=readings, answers=answers, started_at=started_at, outcome=outcome)


def test_answers_come_back_item_by_item(tmp_path: Path) -> None:
    store = Store(tmp_path / "farm.duckdb")
    session = a_session()
    run = answered(session, (1.0, 0.0, 1.0))
    store.append([record(session, run), record(session, a_run(session))])
    rows = store.query("chosen_answers", run_ids=[run.id])
    assert rows.select("item", "value", "tokens", "predicted").rows() == [(0, 1.0, None, 0), (1, 0.0, None, 0), (2, 1.0, None, 0)]
    assert rows.row(0, named=True)["device"] == "local"
    assert store.sql("SELECT name, kind, items, recipe FROM item_files").rows() == [("a.items", "classify", 3, '{"made": "here"}')]
    assert store.sql("SELECT count(*) FROM item_answers").item() == 3
    assert store.query("run", id=run.id)["inputs_sha256"].item() == "5eed"


def test_a_quality_run_comes_back_from_its_rows_as_it_was(tmp_path: Path) -> None:
    session = a_session()
    run = answered(session, (1.0, 0.0))
    Journal(tmp_path).write(record(session, run))
    (rows,) = Journal(tmp_path).records()
    assert run_of(rows, run.job) == run
    older = {table: entries for table, entries in rows.items() if table not in ("answers", "item_files")}
    assert run_of(older, run.job).answers is None


def test_the_newest_valid_quality_run_of_an_artifact_is_found(tmp_path: Path) -> None:
    store = Store(tmp_path / "farm.duckdb")
    session = a_session()
    moments = [NOW + timedelta(minutes=minute) for minute in range(3)]
    runs = [answered(session, (1.0,), moments[0]), answered(session, (0.0,), moments[1])]
    runs.append(answered(session, (1.0,), moments[2], outcome=Outcome.FAILED))
    store.append([record(session, run) for run in runs])
    found = store.query("quality_runs", artifact_sha256=runs[0].job.artifact.sha256)
    assert found["run_id"].to_list() == [runs[1].id]
    assert store.query("quality_runs", artifact_sha256="00").is_empty()
