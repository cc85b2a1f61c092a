import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from farm.errors import StoreError
from farm.exchange.imported import Contents, Gap, Number, Source, rows
from farm.records import Record
from farm.store import SCHEMA_VERSION, Store
from tests.conftest import NOW
from tests.store import of_one_run

NUMBER = Number(
    "a model",
    "latency_ns",
    "p50",
    (1.0, 2.5),
    "median (us)",
    "A phone",
    readings=50,
    valid=False,
    measured_at=datetime(2026, 1, 2, tzinfo=UTC),
    position="run",
    positions=("1", "2"),
    labels={"threads": "4"},
)


def a_file(digest: str = "aa", *numbers: Number) -> Record:
    contents = Contents("a-format", numbers or (NUMBER,), (Gap("a model", "median", "null"),))
    return rows(Source("file.txt", digest, 10), contents, NOW, "0.1.0")


def test_imported_numbers_come_back_as_they_went_in(tmp_path: Path) -> None:
    store = Store(tmp_path / "farm.duckdb")
    bare = Number("another", "value", "as_reported", (3.0,), "value")
    assert store.add_imported([a_file("aa", NUMBER, bare)]) == [True]
    first, second = store.query("imported_numbers", sha256="aa").to_dicts()
    assert (first["metric"], first["unit"], first["statistic"], first["values"]) == ("latency_ns", "ns", "p50", [1.0, 2.5])
    assert (first["device"], first["readings"], first["valid"], first["positions"]) == ("A phone", 50, False, ["1", "2"])
    assert (first["measured_at"], json.loads(first["labels"])) == (datetime(2026, 1, 2), {"threads": "4"})  # noqa: DTZ001
    unknown = ("device", "os", "unit", "position", "positions", "readings", "valid", "measured_at")
    assert {second[name] for name in unknown} == {None}
    assert store.sql("SELECT reason FROM imported_gaps").item() == "null"
    assert store.query("imported_files")["numbers"].to_list() == [2]


def test_any_text_of_a_source_can_be_stored(tmp_path: Path) -> None:
    store = Store(tmp_path / "farm.duckdb")
    odd = replace(NUMBER, label="a\x00b\n\U0001f600", labels={"'": '"\x00'})
    assert store.add_imported([a_file("aa", odd)]) == [True]
    (row,) = store.query("imported_numbers", sha256="aa").to_dicts()
    assert row["label"] == odd.label
    assert json.loads(row["labels"]) == odd.labels


def test_the_same_bytes_go_in_once_whatever_the_file_is_called(tmp_path: Path) -> None:
    store = Store(tmp_path / "farm.duckdb")
    assert store.add_imported([a_file("aa"), a_file("bb"), a_file("aa")]) == [True, True, False]
    assert store.add_imported([a_file("bb")]) == [False]
    assert store.sql("SELECT count(*) FROM imported_numbers").item() == 2
    assert store.sql("SELECT count(*) FROM imported_gaps").item() == 2


def test_files_go_in_together_or_not_at_all(tmp_path: Path) -> None:
    store = Store(tmp_path / "farm.duckdb")
    broken = a_file("bb")
    broken["imported_numbers"][0]["metric"] = None
    with pytest.raises(StoreError, match="NOT NULL constraint failed"):
        store.add_imported([a_file("aa"), broken])
    assert store.query("imported_files").is_empty()


def test_imported_numbers_are_never_among_farms_runs(tmp_path: Path) -> None:
    store = of_one_run(tmp_path)
    before = store.query("all_statistics")
    listed = store.query("run_list", workload=None, device=None, outcome=None, most=100)
    store.add_imported([a_file()])
    assert store.query("all_statistics").equals(before)
    assert store.query("run_list", workload=None, device=None, outcome=None, most=100).equals(listed)


def test_a_database_of_the_first_version_is_brought_up_when_it_is_asked(tmp_path: Path) -> None:
    path = tmp_path / "farm.duckdb"
    schema = Path(__file__).parents[2] / "farm" / "store" / "schema" / "0001_initial.sql"
    with duckdb.connect(path) as connection:
        connection.execute("CREATE TABLE farm_schema (version INTEGER PRIMARY KEY, name VARCHAR NOT NULL)")
        connection.execute(schema.read_text())
        connection.execute("INSERT INTO farm_schema VALUES (1, '0001_initial.sql')")
    store = Store(path)
    assert store.query("imported_files").is_empty()
    assert store.sql("SELECT max(version) FROM farm_schema").item() == SCHEMA_VERSION
