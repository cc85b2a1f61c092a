"""What leaves farm: the numbers of the database, and other tools' own readers read them."""

import csv
import io
import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from farm.errors import InputError
from farm.exchange import recognise
from farm.exchange.exported import Value, values
from farm.exchange.to_hud import hud_json
from farm.exchange.to_otava import otava_config, otava_table
from farm.exchange.to_parquet import parquet
from farm.records import Record, record
from farm.store import Store
from farm.workloads import Measured, Outcome, Pass, Readings, Session
from tests.conftest import NOW, a_job, a_run, a_session, an_artifact

EVERYTHING: dict[str, Any] = {"workload": None, "device": None, "flavour": None, "settings": None}


def a_memory_run(session: Session, size_bytes: float, **changes: Any) -> Record:
    run = a_run(session, job=a_job(an_artifact(), Pass.MEMORY), readings=(Readings("vm_hwm_bytes", (size_bytes,)),), **changes)
    return record(session, run)


def nights(count: int, *, memory: Iterable[int] | None = None) -> list[Record]:
    """Return the rows of so many sessions, a day apart, of two latency runs and a memory run; memory: the nights that have one."""
    rows = []
    for night in range(count):
        began = NOW + timedelta(days=night)
        session = a_session(started_at=began)
        at = [began + timedelta(minutes=minute) for minute in range(4)]
        rows += [record(session, a_run(session, (1e6 + night + step,) * 2, started_at=at[step])) for step in (0, 1)]
        rows.append(record(session, a_run(session, (9e9,), started_at=at[2], outcome=Outcome.INVALID, reason="disturbed")))
        if memory is None or night in memory:
            rows.append(a_memory_run(session, 2e6 + night, started_at=at[3]))
    return rows


def stored(tmp_path: Path, rows: list[Record]) -> Store:
    store = Store(tmp_path / "farm.duckdb")
    store.append(rows)
    return store


def exported(store: Store, **chosen: str) -> list[Value]:
    return list(values(store.query("export_statistics", **(EVERYTHING | chosen)).iter_rows(named=True)))


def test_what_is_exported_for_the_hud_is_read_back_with_the_same_numbers(tmp_path: Path) -> None:
    found = exported(stored(tmp_path, nights(2)))
    text = hud_json(found)
    contents = recognise.read("a-file", text.encode())
    assert not contents.gaps
    read = [(number.metric, number.statistic, number.values) for number in contents.numbers]
    for metric, statistic in (("latency_ns", "p50"), ("latency_ns", "p90"), ("latency_ns", "p99")):
        assert [item[2] for item in read if item[:2] == (metric, statistic)] == [(1e6, 1e6 + 1), (1e6 + 1, 1e6 + 2)]
    assert [item[2] for item in read if item[:2] == ("vm_hwm_bytes", "reading")] == [(2e6,), (2e6 + 1,)]
    assert len(read) == 8
    assert {(number.device, number.os, number.label) for number in contents.numbers} == {("local (bench)", "Debian", "model.pte xnnpack")}


def test_a_hud_record_says_where_its_numbers_come_from(tmp_path: Path) -> None:
    (first, *_) = json.loads(hud_json(exported(stored(tmp_path, nights(1)))))
    assert first["metric"]["name"] == "latency_ns.p50"
    about = first["benchmark"]["extra_info"]
    assert (about["revision"], about["workload"], about["started_at"]) == ("abc123", "a-workload", "2026-01-02T03:04:05+00:00")
    assert len(about["run_ids"].split()) == len(first["metric"]["benchmark_values"]) == 2
    assert all(isinstance(value, str) for value in (*about.values(), *first["metric"]["extra_info"].values()))


def test_a_table_for_otava_has_a_row_for_each_session(tmp_path: Path) -> None:
    table = otava_table(exported(stored(tmp_path, nights(3))))
    rows = list(csv.DictReader(io.StringIO(table.text)))
    assert [row["time"] for row in rows] == ["2026-01-02T03:04:05+00:00", "2026-01-03T03:04:05+00:00", "2026-01-04T03:04:05+00:00"]
    assert [float(row["latency_ns.p50"]) for row in rows] == [1e6 + 0.5, 1e6 + 1.5, 1e6 + 2.5]
    assert [float(row["vm_hwm_bytes"]) for row in rows] == [2e6, 2e6 + 1, 2e6 + 2]
    assert {row["revision"] for row in rows} == {"abc123"}
    assert {row["runs"] for row in rows} == {"3"}
    assert (table.rows, table.left_out) == (3, 0)


def test_a_session_that_lacks_a_column_is_left_out_and_counted(tmp_path: Path) -> None:
    table = otava_table(exported(stored(tmp_path, nights(3, memory=(0, 2)))))
    assert (table.rows, table.left_out) == (2, 1)
    assert all(cell for row in csv.reader(io.StringIO(table.text)) for cell in row)


def test_a_table_for_otava_is_of_one_series(tmp_path: Path) -> None:
    session = a_session()
    other = a_run(session, measured=Measured("executorch", "1.5.1", "qnn", "0f1e", "Release", {}))
    found = exported(stored(tmp_path, [*nights(1), record(session, other)]))
    with pytest.raises(InputError, match="runs of 2 flavours") as refused:
        otava_table(found)
    assert refused.value.hint == "choose one with --flavour: qnn, xnnpack"


def test_a_quality_stands_beside_the_speed_that_it_was_had_at(tmp_path: Path) -> None:
    rows = nights(2)
    for night in range(2):
        began = NOW + timedelta(days=night)
        session = a_session(started_at=began, id=rows[night * 4]["sessions"][0]["id"])
        job = a_job(an_artifact(), Pass.QUALITY)
        readings = (Readings("accuracy_ratio", (0.9 + night / 100,)),)
        rows.append(record(session, a_run(session, job=job, started_at=began + timedelta(minutes=4), readings=readings)))
    table = otava_table(exported(stored(tmp_path, rows)))
    found = list(csv.DictReader(io.StringIO(table.text)))
    assert [float(row["accuracy_ratio"]) for row in found] == [0.9, 0.91]
    assert [float(row["latency_ns.p50"]) for row in found] == [1e6 + 0.5, 1e6 + 1.5]
    assert table.metrics["accuracy_ratio"] == "higher"


def test_two_settings_of_one_pass_are_two_series(tmp_path: Path) -> None:
    session = a_session()
    found = exported(stored(tmp_path, [*nights(1), record(session, a_run(session, job=a_job(an_artifact(), threads=2)))]))
    with pytest.raises(InputError, match="runs of 2 settings of one workload"):
        otava_table(found)


def test_only_invalid_runs_are_nothing_to_export() -> None:
    with pytest.raises(InputError, match="no valid runs"):
        otava_table([])


def test_the_test_for_otava_says_which_way_is_better(tmp_path: Path) -> None:
    table = otava_table(exported(stored(tmp_path, nights(1))))
    config = json.loads(otava_config(table, "history.csv", "local.a-workload"))["tests"]["local.a-workload"]
    assert config["type"] == "csv"
    assert config["file"] == "history.csv"
    assert config["metrics"]["latency_ns.p50"] == {"column": "latency_ns.p50", "direction": -1}
    header = table.text.partition("\n")[0].split(",")
    assert {config["time_column"], *config["attributes"], *config["metrics"]} <= set(header)
    assert "branch" in header  # Otava's own name: it refuses to mix branches


@pytest.mark.skipif(shutil.which("otava") is None, reason="apache-otava is not installed here")
def test_otava_itself_reads_the_table(tmp_path: Path) -> None:
    table = otava_table(exported(stored(tmp_path, nights(12))))
    (tmp_path / "history.csv").write_text(table.text)
    (tmp_path / "otava.yaml").write_text(otava_config(table, str(tmp_path / "history.csv"), "a-test"))
    command = ["otava", "analyze", "a-test", "--since", "2026-01-01"]
    env = os.environ | {"OTAVA_CONFIG": str(tmp_path / "otava.yaml")}
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100, env=env)
    assert done.returncode == 0, done.stdout + done.stderr
    header, _, *rows = done.stdout.splitlines()
    assert header.split() == [name for name in table.text.partition("\n")[0].split(",") if name != "branch"]
    assert [row.split()[0] for row in rows if row.startswith("2026")] == [f"2026-01-{day:02}" for day in range(2, 14)]
    assert rows[0].split()[-4:] == ["1e+06", "1e+06", "1e+06", "2e+06"]


def by_run(frame: pl.DataFrame) -> Mapping[tuple[str, str, str], float]:
    return {(row["run_id"], row["metric"], row["statistic"]): row["value"] for row in frame.iter_rows(named=True)}


def test_parquet_has_a_row_for_each_run_metric_and_statistic(tmp_path: Path) -> None:
    store = stored(tmp_path, nights(2))
    found = exported(store)
    frame = pl.read_parquet(io.BytesIO(parquet(found)))
    assert frame.height == len(found) == len(by_run(frame))
    assert "values" not in frame.columns
    assert set(frame["outcome"]) == {"ok", "invalid"}
    assert frame.schema["started_at"] == pl.Datetime("us", "UTC")
    for row in store.query("export_statistics", **EVERYTHING).iter_rows(named=True):
        if row["metric"] == "latency_ns":
            for statistic in ("p50", "p90", "p99"):
                assert by_run(frame)[row["run_id"], "latency_ns", statistic] == row[statistic]
    units = dict(zip(frame["metric"], frame["unit"], strict=True))
    assert units == {"latency_ns": "ns", "wall_ns": "ns", "cpu_time_ns": "ns", "vm_hwm_bytes": "bytes"}


def test_parquet_with_samples_has_every_raw_reading(tmp_path: Path) -> None:
    store = stored(tmp_path, nights(1))
    found = exported(store)
    run_ids = list(dict.fromkeys(value.run["run_id"] for value in found))
    samples = store.query("export_samples", run_ids=run_ids)
    raw = pl.read_parquet(io.BytesIO(parquet(found, samples.iter_rows(named=True)))).filter(pl.col("statistic") == "readings")
    assert raw.height == samples.height
    assert raw["value"].null_count() == raw.height
    assert sorted(raw.filter(pl.col("metric") == "latency_ns")["values"].to_list()) == [[1e6, 1e6], [1e6 + 1, 1e6 + 1], [9e9]]


@pytest.mark.parametrize(
    ("chosen", "count"),
    [
        ({"workload": "a-workload"}, 4),
        ({"workload": "b"}, 0),
        ({"device": "local"}, 4),
        ({"device": "local-0123"}, 4),
        ({"flavour": "qnn"}, 0),
    ],
)
def test_runs_are_chosen(tmp_path: Path, chosen: dict[str, str], count: int) -> None:
    frame = stored(tmp_path, nights(1)).query("export_statistics", **(EVERYTHING | chosen))
    assert frame["run_id"].n_unique() == count
