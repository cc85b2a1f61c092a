"""Answers of quality passes, item by item."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from farm.journal import Journal
from farm.records import record, run_of
from farm.store import Store
from farm.workloads import Answers, ItemKind, Items, Outcome, Pass, Readings, Run, Session
from tests.conftest import NOW, a_job, a_run, a_session, an_artifact


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
