import json
import os
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from farm import pins
from farm.cli import unfinished
from farm.cli.context import Context
from farm.cli.nightly_open import File, held
from farm.journal import Journal
from farm.records import record
from farm.store import Store
from farm.workloads import new_id
from tests.cli.gating import Farm, a_model
from tests.conftest import a_run, a_session

MANY = tuple(float(number) for number in range(1000))
OLD = datetime.now(UTC) - timedelta(days=200)


def measured(home: Path, count: int = 2, began: datetime = OLD) -> Store:
    """A database with runs of that age."""
    store = Store(home / "data" / "farm.duckdb")
    session = a_session(started_at=began)
    times = {"started_at": began, "ended_at": began}
    store.append([record(session, a_run(session, latency_ns=MANY, nonce=new_id(began), **times)) for _ in range(count)])
    return store


def said(done: subprocess.CompletedProcess[str], code: int = 0) -> str:
    assert done.returncode == code, done.stderr
    return done.stdout


def test_a_backup_says_its_size_and_time_and_restores_to_what_it_was(home: Path, farm: Farm) -> None:
    measured(home)
    assert "2 runs, compared row by row; took" in said(farm("db", "backup", "kept/b.duckdb"))
    assert "already" in farm("db", "backup", "kept/b.duckdb").stderr
    measured(home, 3)
    refused = farm("db", "restore", "kept/b.duckdb")
    assert (refused.returncode, "--force" in refused.stderr) == (2, True)
    text = said(farm("db", "restore", "kept/b.duckdb", "--force"))
    assert "2 runs of kept/b.duckdb" in text
    (aside,) = (home / "data").glob("farm-before-*.duckdb")
    assert Store(aside).query("count_runs").item() == 5
    assert len(json.loads(said(farm("runs", "--json")))) == 2


def test_nothing_is_restored_under_a_nightly_that_is_at_work(home: Path, farm: Farm) -> None:
    measured(home)
    said(farm("db", "backup", "b.duckdb"))
    with held(Context(home / "data", None), File(home / "suite.toml", "", None, "rack", "s")):
        refused = farm("db", "restore", "b.duckdb", "--force")
    assert (refused.returncode, f"a nightly is at work, and would lose its night: process {os.getpid()} of" in refused.stderr) == (3, True)
    assert "2 runs of b.duckdb" in said(farm("db", "restore", "b.duckdb", "--force"))


def test_a_backup_has_what_waits_in_the_journal(home: Path, farm: Farm) -> None:
    measured(home)
    session = a_session()
    Journal(home / "data" / "journal").write(record(session, a_run(session)))
    assert "3 runs" in said(farm("db", "backup", "b.duckdb"))


def baselined(home: Path) -> Path:
    """A baseline with pinned bytes, and its folder of them."""
    store, model = measured(home), home / "net.fake"
    a_model(model)
    tree, size_bytes = pins.pin(home / "data", {model.name: model})
    baseline = {"id": new_id(OLD), "set_at": OLD.replace(tzinfo=None), "name": "v1", "is_removed": False}
    part = {"kind": "artifact", "sha256": "a" * 64, "tree_sha256": tree, "size_bytes": size_bytes, "name": model.name, "workload_id": None}
    store.add(
        {
            "baselines": [baseline | {"revision": None, "command": "farm baseline set v1"}],
            "baseline_parts": [part | {"baseline_id": baseline["id"]}],
        }
    )
    return home / "data" / "pinned" / tree


def test_a_backup_has_what_is_pinned_once_and_a_restored_one_can_measure_its_baseline_again(home: Path, farm: Farm) -> None:
    tree = baselined(home)
    assert "kept/pinned: 1 set of pinned files copied" in said(farm("db", "backup", "kept/monday.duckdb"))
    copied = home / "kept" / "pinned" / tree.name / "net.fake"
    written = copied.stat().st_mtime_ns
    assert "0 sets of pinned files copied (0 B), 1 there already" in said(farm("db", "backup", "kept/tuesday.duckdb"))
    assert copied.stat().st_mtime_ns == written
    shutil.rmtree(tree.parent)
    assert "farm db restore does" in said(farm("db", "check"), 3)
    assert "data/pinned: 1 set of pinned files copied" in said(farm("db", "restore", "kept/tuesday.duckdb", "--force"))
    assert (tree / "net.fake").read_bytes() == (home / "net.fake").read_bytes()
    assert "fit together" in said(farm("db", "check"))


def test_bytes_that_changed_are_copied_anew_and_those_that_are_lost_are_named(home: Path, farm: Farm) -> None:
    tree = baselined(home)
    said(farm("db", "backup", "b.duckdb"))
    copied = home / "pinned" / tree.name / "net.fake"
    copied.chmod(0o600)
    copied.write_bytes(b"rotten")
    assert "1 set of pinned files copied" in said(farm("db", "backup", "b.duckdb", "--force"))
    assert copied.read_bytes() == (tree / "net.fake").read_bytes()
    for file in (copied, tree / "net.fake"):
        file.chmod(0o600)
        file.write_bytes(b"rotten")
    for arguments in (["backup", "b.duckdb", "--force"], ["restore", "b.duckdb", "--force"]):
        done = farm("db", *arguments)
        assert (done.returncode, Store(home / "b.duckdb").query("count_runs").item()) == (3, 2)
        assert "the baseline v1 cannot be measured again: net.fake is whole in neither folder" in done.stderr
        assert "hint: set it again where its bytes are: farm baseline set v1" in done.stderr
    assert "the baseline v1 lacks the bytes of net.fake" in said(farm("db", "check"), 3)


def test_without_a_database_there_is_nothing_to_keep(farm: Farm) -> None:
    for arguments in (["backup", "b.duckdb"], ["prune", "--keep", "1d"]):
        done = farm("db", *arguments)
        assert (done.returncode, "there is no database" in done.stderr) == (2, True)


def test_pruning_says_what_it_would_drop_then_drops_it_and_farm_show_says_what_stays(home: Path, farm: Farm) -> None:
    store = measured(home)
    before = said(farm("runs", "--json"))
    assert "2 runs before" in (text := said(farm("db", "prune", "--keep", "180d", "--dry-run")))
    assert "2 000 raw readings" in text
    assert "would be dropped" in text
    assert store.sql("SELECT sum(len(values)) FROM samples WHERE metric = 'latency_ns'").item() == 2000
    assert "would" not in said(farm("db", "prune", "--keep", "180d"))
    assert store.sql("SELECT count(*) FROM samples WHERE metric = 'latency_ns'").item() == 0
    assert said(farm("runs", "--json")) == before
    shown = said(farm("show", json.loads(before)[0]["run_id"]))
    assert "Readings that were dropped for their age" in shown
    assert "no run before" in said(farm("db", "prune", "--keep", "180d"))
    assert json.loads(said(farm("db", "prune", "--keep", "180d", "--dry-run", "--json")))["runs"] == []


@pytest.mark.parametrize("keep", ["180", "0d", "-3d", "1.5d", "", "half a year"])
def test_an_age_is_a_number_of_days(farm: Farm, keep: str) -> None:
    done = farm("db", "prune", "--keep", keep)
    assert (done.returncode, "write it as 180d" in done.stderr) == (2, True)


def test_merging_says_what_came_in(home: Path, farm: Farm, tmp_path: Path) -> None:
    measured(home)
    said(farm("db", "backup", "other.duckdb"))
    (home / "data" / "farm.duckdb").unlink()
    measured(home)
    assert "runs: 2 came in" in said(farm("db", "merge", "other.duckdb"))
    assert "nothing that is not known here" in said(farm("db", "merge", "other.duckdb"))


def test_merging_takes_what_its_baselines_pin_over_too_and_says_so(home: Path, farm: Farm) -> None:
    tree = baselined(home)
    said(farm("db", "backup", "their/kept.duckdb"))
    shutil.rmtree(home / "data")
    text = said(farm("db", "merge", "their/kept.duckdb"))
    assert "baselines: 1 came in" in text
    assert "data/pinned: 1 set of pinned files copied" in text
    assert (tree / "net.fake").read_bytes() == (home / "net.fake").read_bytes()
    assert "fit together" in said(farm("db", "check"))
    shutil.rmtree(home / "their" / "pinned")
    assert "1 there already" in said(farm("db", "merge", "their/kept.duckdb"))
    shutil.rmtree(tree)
    done = farm("db", "merge", "their/kept.duckdb")
    assert done.returncode == 3
    assert "the baseline v1 cannot be measured again: net.fake is whole in neither folder" in done.stderr


def test_what_a_killed_process_left_of_pinning_is_found_and_what_a_living_one_makes_is_not(home: Path, farm: Farm) -> None:
    tree = baselined(home)
    left, living = tree.parent / ".pinning-999999999-abc", tree.parent / f".pinning-{os.getpid()}-abc"
    damaged = tree.parent / f".damaged-{'0' * 64}-1"
    for folder in (left, living, damaged):
        folder.mkdir()
    problems = {problem["what"]: problem for problem in json.loads(said(farm("db", "check", "--json"), 3))}
    wrong = [what for what, problem in problems.items() if not problem["is_note"]]
    assert wrong == [f"half-written, and its writer is gone: data/pinned/{left.name}"]
    assert problems[f"pinned bytes that had changed were put aside: data/pinned/{damaged.name}"]["is_note"]


def test_a_sound_folder_ends_with_0_and_an_unsound_one_with_3(home: Path, farm: Farm) -> None:
    assert "fit together" in said(farm("db", "check"))
    store = measured(home)
    text = said(farm("db", "check"))
    assert "1 measured artifact of 1 not kept here: model.pte" in text
    assert "fit together" in text
    session = a_session()
    entry = Journal(home / "data" / "journal").write(record(session, a_run(session)))
    (home / "data" / "journal" / "x.refused").write_text("{}")
    (home / "data" / ".b.duckdb.999999999.partial").write_text("")
    asked = unfinished.begin(home / "data", "019b0000-0000-7000-8000-000000000000", "run", {"models": ["net.pte"]}, "plan")
    os.close(asked.lock)
    store.add({"placements": [{"run_id": entry.stem, "gate_id": entry.stem, "side": "baseline", "block": 0, "position": 0}]})
    with duckdb.connect(store.path) as connection:
        connection.execute("INSERT INTO samples SELECT * FROM samples WHERE metric = 'latency_ns'")
    problems = {problem["what"]: problem["remedy"] for problem in json.loads(said(farm("db", "check", "--json"), 3))}
    whole = "\n".join(problems)
    assert f"1 run in the journal and not in the database, such as {entry.stem}" in whole
    assert "x.refused was set aside" in whole
    assert ".b.duckdb.999999999.partial" in whole
    assert "farm run 019b0000-0000" in whole
    assert "places of runs that are not there: 1" in whole
    assert "runs with readings twice: 2" in whole
    assert all(problems.values())
    assert "wrong" in said(farm("db", "check"), 3)
    assert entry.exists()


def test_work_that_goes_on_is_not_abandoned(home: Path, farm: Farm) -> None:
    asked = unfinished.begin(home / "data", "019b0000-0000-7000-8000-000000000000", "run", {"models": ["net.pte"]}, "plan")
    assert unfinished.abandoned(home / "data") == []
    assert "fit together" in said(farm("db", "check"))
    os.close(asked.lock)
    assert len(unfinished.abandoned(home / "data")) == 1
