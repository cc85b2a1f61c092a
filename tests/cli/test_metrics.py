import re
import signal
import subprocess
import urllib.error
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from farm.journal import Journal
from farm.notices import Kind, Notice
from farm.outbox import Outbox, Waiting
from farm.records import record
from farm.store import Store
from farm.workloads import Outcome
from tests.conftest import NOW, a_run, a_session
from tests.processes import command, completed
from tests.test_monitor import read


def told(home: Path, *arguments: object) -> str:
    done = completed(command("metrics", *arguments), home)
    done.check_returncode()
    return done.stdout


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder with runs, one of them waiting in the journal, and a message that waits."""
    session = a_session()
    store = Store(tmp_path / "data" / "farm.duckdb")
    (tmp_path / "data").mkdir()
    failed = a_run(session, outcome=Outcome.FAILED, error_class="crashed")
    store.append([record(session, a_run(session)), record(session, failed)])
    Journal(tmp_path / "data" / "journal").write(record(session, a_run(session)))
    notice = Notice(Kind.NIGHT, "k", "title", "text")
    Outbox(tmp_path / "data" / "notices").put(Waiting("1", "mail", notice, "2026-01-02 03:04:05"))
    return tmp_path


def test_the_numbers_of_a_data_folder_are_told_and_nothing_of_it_is_changed(folder: Path) -> None:
    found = read(told(folder))
    labels = {"device": "local", "pass": "latency"}
    assert ({**labels, "outcome": "failed", "error_class": "crashed"}, 1) in found["farm_runs_total"]
    assert found["farm_journal_runs"] == [({}, 1)]
    assert found["farm_notices_oldest_timestamp_seconds"] == [({}, NOW.timestamp())]
    (own,) = found["farm_series_last_success_timestamp_seconds"]
    assert own[0] == {**labels, "workload": "a-workload", "branch": "main"}
    assert datetime.fromtimestamp(own[1], UTC).year == 2026
    assert len(Journal(folder / "data" / "journal").entries()) == 1


def test_two_devices_of_one_name_are_one_line(folder: Path) -> None:
    other = a_session()
    with duckdb.connect(folder / "data" / "farm.duckdb") as connection:
        connection.execute("UPDATE runs SET device_id = 'another' WHERE outcome = 'ok'")
    Store(folder / "data" / "farm.duckdb").append([record(other, a_run(other))])
    assert len(read(told(folder))["farm_series_last_success_timestamp_seconds"]) == 1


def test_without_a_data_folder_there_is_little_to_tell(tmp_path: Path) -> None:
    found = read(told(tmp_path))
    assert found["farm_database_readable"] == [({}, 1)]
    assert "farm_runs_total" not in found
    assert list(tmp_path.iterdir()) == []


def test_a_database_that_cannot_be_read_is_a_number_too(folder: Path) -> None:
    (folder / "data" / "farm.duckdb").write_text("no database")
    found = read(told(folder))
    assert found["farm_database_readable"] == [({}, 0)]
    assert found["farm_journal_runs"] == [({}, 1)]


def test_a_textfile_is_there_whole_and_nothing_beside_it(folder: Path) -> None:
    assert told(folder, "--textfile", "out/farm.prom") == ""
    assert "farm_runs_total" in read((folder / "out" / "farm.prom").read_text())
    assert [file.name for file in (folder / "out").iterdir()] == ["farm.prom"]


def test_scrapes_are_answered_until_it_is_stopped(folder: Path) -> None:
    server = subprocess.Popen(command("metrics", "--listen", "127.0.0.1:0"), cwd=folder, stderr=subprocess.PIPE, text=True)
    assert server.stderr is not None
    try:
        address = re.search(r"http://127\.0\.0\.1:[0-9]+", server.stderr.readline())
        assert address is not None
        with urllib.request.urlopen(f"{address[0]}/metrics", timeout=60) as answer:
            assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
            assert "farm_runs_total" in read(answer.read().decode())
        with pytest.raises(urllib.error.HTTPError, match="404") as refused:
            urllib.request.urlopen(f"{address[0]}/secrets", timeout=60)
        refused.value.close()
    finally:
        server.send_signal(signal.SIGTERM)
        assert server.wait(60) == 130
        server.stderr.close()


@pytest.mark.parametrize("listen", ["nowhere", "127.0.0.1:99999", ":1", "127.0.0.1:"])
def test_where_nothing_can_be_listened_on_is_a_sentence(tmp_path: Path, listen: str) -> None:
    done = completed(command("metrics", "--listen", listen), tmp_path)
    assert (done.returncode, "is not HOST:PORT" in done.stderr) == (2, True)
