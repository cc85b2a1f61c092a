"""Fresh runs that farm track asks for: the next farm run on the device measures them, and farm track judges."""

import json
import signal
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from farm.artifacts import open_artifact
from farm.config import load_suite
from farm.config.lab import LOCAL
from farm.records import record
from farm.store import Store
from farm.workloads import Job, Measured, Pass, Provenance, new_id
from tests.cli.gating import USUAL_NS, Farm, a_model, a_suite, rows
from tests.conftest import IDENTITY, a_run, a_session
from tests.processes import command

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

NIGHTS = 30
RUN = ("run", "--suite", "suite.toml", "--revision", "now", "--repeat", 2)


def nights(home: Path, last: float) -> None:
    """Store a month of the branch main on this very machine, whose last two nights are by a factor slower."""
    workload, path = load_suite(home / "suite.toml", {"local": LOCAL}).work[0]
    (real,) = rows(home, "SELECT device_id, runtime, runtime_version, flavour, harness_hash FROM runs WHERE pass = 'latency' LIMIT 1")
    measured = Measured(real["runtime"], real["runtime_version"], real["flavour"], real["harness_hash"], "Release", {"type": "begin"})
    job = Job(LOCAL, workload, open_artifact(path), Pass.LATENCY, 0)
    noise = np.random.default_rng(1)
    records = []
    for night in range(NIGHTS):
        at = datetime.now(UTC) - timedelta(days=NIGHTS - night)
        provenance = Provenance("0.1.0", f"rev{night}", "main")
        session = a_session(id=new_id(at), started_at=at, identity=replace(IDENTITY, id=real["device_id"]), provenance=provenance)
        level = USUAL_NS * (last if night >= NIGHTS - 2 else 1.0)
        for repeat in range(4):
            value = level * float(np.exp(0.004 * noise.standard_normal()))
            run = a_run(session, (value,), id=new_id(at), job=replace(job, repeat=repeat), started_at=at, ended_at=at, measured=measured)
            records.append(record(session, run))
    Store(home / "data" / "farm.duckdb").append(records)


@pytest.fixture
def suspicious(home: Path, farm: Farm) -> Path:
    """A branch whose last two nights were slower, of which farm track has asked for fresh runs."""
    a_suite(home, budgets="", workload='threads = 1\nwarmup_iterations = 1\niterations = 20\nduration = "1 ms"\npasses = ["latency"]\n')
    a_model(home / "old.fake", sleep_ns=round(1.2 * USUAL_NS))
    assert farm(*RUN, "--branch", "other", "--repeat", 1).returncode == 0
    nights(home, last=1.2)
    asked = farm("track", "--json")
    assert asked.returncode == 3, asked.stdout
    (request,) = json.loads(asked.stdout)["confirmations"]
    assert request["runs"] == 10
    return home


def fresh_runs(home: Path) -> int:
    return len(rows(home, "SELECT runs.id FROM runs JOIN sessions ON sessions.id = session_id WHERE revision = 'now' AND branch = 'main'"))


def test_the_next_session_measures_what_is_asked_for_and_track_judges_it(suspicious: Path, farm: Farm) -> None:
    elsewhere = farm(*RUN)
    assert "farm track asks for 10 fresh runs of net latency" in elsewhere.stderr
    assert "--branch serves that" in elsewhere.stderr
    done = farm(*RUN, "--branch", "main")
    assert done.returncode == 0, done.stderr
    assert "local: farm track asks for 10 fresh runs of net latency (" in done.stderr
    assert "measured now, and farm track judges them" in done.stderr
    assert fresh_runs(suspicious) == 10
    judged = farm("track", "--json")
    document = json.loads(judged.stdout)
    assert document["confirmations"] == []
    assert judged.returncode == 4, judged.stdout
    (answer,) = rows(suspicious, "SELECT is_confirmed FROM confirmation_answers")
    assert answer == {"is_confirmed": True}
    assert "farm track asks" not in farm(*RUN, "--branch", "main").stderr


def test_other_settings_serve_nothing_and_say_so(suspicious: Path, farm: Farm) -> None:
    a_suite(suspicious, budgets="", workload='threads = 2\npasses = ["latency"]\niterations = 5\nduration = "1 ms"\n')
    done = farm(*RUN, "--branch", "main")
    assert "which this run does not measure with the same settings" in done.stderr
    assert fresh_runs(suspicious) == 2


def test_what_was_asked_for_stays_part_of_a_run_that_is_gone_on_with(suspicious: Path, farm: Farm) -> None:
    with subprocess.Popen(command(*RUN, "--branch", "main"), cwd=suspicious, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "[4/10]" in line:
                process.send_signal(signal.SIGKILL)
                break
        process.communicate()
    farm("track")  # it may be answered meanwhile
    done = farm("run", "--resume")
    assert done.returncode == 0, done.stderr
    assert fresh_runs(suspicious) == 10


def test_a_nightly_expects_the_fresh_runs_beside_its_plan_measures_them_and_judges(suspicious: Path, farm: Farm) -> None:
    lab, suite = suspicious / "devices.toml", suspicious / "suite.toml"
    lab.write_text(lab.read_text() + '[pools]\nrack = ["local"]\n')
    suite.write_text(suite.read_text().replace("[[workloads]]", '[schedule]\npool = "rack"\ncanary = false\n[[workloads]]', 1))
    done = farm("nightly", "--suite", "suite.toml", "--revision", "now")
    assert done.returncode == 4, done.stderr
    counted = rows(suspicious, "SELECT kind, state, count(*) AS jobs FROM expected_states GROUP BY ALL")
    assert sorted((row["kind"], row["state"], row["jobs"]) for row in counted) == [("confirmation", "done", 5), ("plan", "done", 5)]
    assert fresh_runs(suspicious) == 10
    assert rows(suspicious, "SELECT is_confirmed FROM confirmation_answers") == [{"is_confirmed": True}]
    assert "REGRESSION" in done.stdout
