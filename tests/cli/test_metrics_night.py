"""What farm metrics tells after a night on the bench, held against the database's own rows."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from farm.store import Store
from tests.bench.android import Bench
from tests.cli.gating import a_model
from tests.cli.nights import SCHEDULE, called
from tests.conftest import CALM_TOML
from tests.test_monitor import Samples, read

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]
PHONES = ("s25", "oneplus13")
WORKLOAD = 'threads = 1\nwarmup_iterations = 1\niterations = 20\nduration = "1 ms"\n'


@pytest.fixture
def home_after(home: Path, android_bench: Bench) -> Path:
    """A lab after a night on two phones and a third that is not there, with a model that crashes, and with nobody to be told."""
    adb, lab = android_bench.adb.address, CALM_TOML
    serials = {name: android_bench.phones[name].serial for name in PHONES} | {"gone": "127.0.0.1:1"}
    for name, serial in serials.items():
        lab += f'[devices.{name}]\nkind = "android"\nadb = "{adb}"\nserial = "{serial}"\nhealth = {{ recovery = [] }}\n'
    lab += '[pools]\nrack = ["s25", "oneplus13", "gone"]\n[notify.mail]\nurl_env = "FARM_NOT_SET"\n'
    (home / "devices.toml").write_text(lab)
    a_model(home / "net.fake", sleep_ns=200_000)
    a_model(home / "broken.fake", crash_at_iteration=3)
    suite = f'[suite]\nname = "s"\nrepeat = 2\npasses = ["latency"]\n{SCHEDULE}'
    for name in ("net", "broken"):
        suite += f'[[workloads]]\nid = "{name}"\nartifact = "{name}.fake"\n{WORKLOAD}'
    (home / "suite.toml").write_text(suite)
    done = called(home)
    assert done.returncode == 3, done.stderr
    return home


def of(found: Samples, name: str, *labels: str) -> dict[tuple[str, ...], float]:
    """Return the samples of a metric by the values of these labels; each stands there once."""
    values = {tuple(own[label] for label in labels): value for own, value in found[name]}
    assert len(values) == len(found[name])
    return values


def test_the_numbers_that_are_told_after_a_night_are_those_of_the_database(home_after: Path) -> None:
    command = [sys.executable, "-m", "farm", "--data", "data", "metrics"]
    found = read(subprocess.run(command, cwd=home_after, env=os.environ, capture_output=True, text=True, check=True, timeout=100).stdout)
    store = Store(home_after / "data" / "farm.duckdb")

    def rows(statement: str) -> dict[tuple[Any, ...], float]:
        """The last column of each row by the others; a time as Prometheus has it."""
        return {row[:-1]: _number(row[-1]) for row in store.sql(statement).rows()}

    own = "device_name, pass, outcome, coalesce(error_class, '')"
    runs = rows(f"SELECT {own}, count(*) FROM runs JOIN sessions ON sessions.id = session_id GROUP BY ALL")
    assert of(found, "farm_runs_total", "device", "pass", "outcome", "error_class") == runs
    told = {key[2:]: value for key, value in runs.items() if key[0] == "s25" and key[2] != "invalid"}  # disturbed ones are replaced
    assert told == {("ok", ""): 2, ("failed", "crashed"): 4}

    of_runs = "FROM runs JOIN sessions ON sessions.id = session_id"
    by_device = f"{of_runs} GROUP BY ALL"
    assert of(found, "farm_run_duration_seconds_count", "device", "pass") == rows(f"SELECT device_name, pass, count(*) {by_device}")
    seconds = rows(f"SELECT device_name, pass, sum(epoch(runs.ended_at - runs.started_at)) {by_device}")
    assert of(found, "farm_run_duration_seconds_sum", "device", "pass") == pytest.approx(seconds)
    newest = rows(f"SELECT device_name, max(ended_at) {by_device}")
    assert of(found, "farm_newest_run_timestamp_seconds", "device") == pytest.approx(newest)
    series = rows(f"SELECT device_name, workload_id, max(ended_at) {of_runs} WHERE outcome = 'ok' GROUP BY ALL")
    assert of(found, "farm_series_last_success_timestamp_seconds", "device", "workload") == pytest.approx(series)
    assert {workload for _, workload in series} == {"net"}
    tried = rows(f"SELECT device_name, workload_id, max(ended_at) {by_device}")
    assert of(found, "farm_series_last_attempt_timestamp_seconds", "device", "workload") == pytest.approx(tried)

    jobs = of(found, "farm_night_jobs", "suite", "pool", "state")
    states = rows("SELECT replace(state, ' ', '_'), count(*) FROM expected_states GROUP BY ALL")
    assert jobs == {("s", "rack", "to_come"): 0} | {("s", "rack", *state): value for state, value in states.items()}
    assert sum(jobs.values()) == 12
    assert jobs["s", "rack", "done"] == 4
    assert of(found, "farm_night_exit_code", "suite") == {("s",): 3}
    for name, table in (("opened", "nights"), ("closed", "night_ends")):
        moment = of(found, f"farm_night_{name}_timestamp_seconds", "suite", "pool")
        assert moment == {("s", "rack"): pytest.approx(_number(store.sql(f"SELECT {name}_at FROM {table}").item()))}

    health = of(found, "farm_device_health", "device", "health")
    last = dict(store.sql("SELECT device_name, arg_max(health, looked_at) FROM health_looks GROUP BY ALL").rows())
    assert {key[0]: key[1] for key, value in health.items() if value} == last == {"s25": "good", "oneplus13": "good", "gone": "suspect"}
    looked = rows("SELECT device_name, max(looked_at) FROM health_looks GROUP BY ALL")
    assert of(found, "farm_device_looked_at_timestamp_seconds", "device") == pytest.approx(looked)
    now = dict(store.sql("SELECT device_name, arg_max(state, since_at) FROM rack_states GROUP BY ALL").rows())
    state = of(found, "farm_device_state", "device", "state")
    assert {key[0]: key[1] for key, value in state.items() if value} == now
    assert {now[name] for name in PHONES} == {"idle"}
    assert found.get("farm_queue_requests", []) == []

    assert of(found, "farm_notices_waiting", "target") == {("mail",): 1}
    assert of(found, "farm_journal_runs") == of(found, "farm_journal_set_aside") == {(): 0}
    assert of(found, "farm_database_size_bytes") == {(): store.path.stat().st_size}


def _number(value: object) -> float:
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC).timestamp()
    assert isinstance(value, int | float)
    return float(value)
