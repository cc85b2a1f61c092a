"""farm calibrate and farm budgets as a person uses them: real processes, the fake runtime."""

import json
import re
import signal
import subprocess
from pathlib import Path

import pytest

from farm.store import Store
from tests.cli.gating import BUDGET, USUAL_NS, Farm, a_model, a_suite, gate, rows
from tests.processes import command

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

SHORT = ("calibrate", "--suite", "suite.toml", "--runs", 8)


def noisier(home: Path, times: float) -> None:
    """Store a newer calibration, of the same numbers on a noisier device."""
    store = Store(home / "data" / "farm.duckdb")
    newest = json.loads(json.dumps(rows(home, "SELECT * FROM noises")))
    (old,) = rows(home, "SELECT * FROM calibrations")
    identity = "0" * 8 + old["id"][8:]
    store.add(
        {
            "calibrations": [old | {"id": identity, "measured_at": "2099-01-01 00:00:00"}],
            "noises": [row | {"calibration_id": identity, "deviation": row["deviation"] * times + 0.3 * (times > 1)} for row in newest],
        }
    )


def test_a_device_is_calibrated_and_the_gate_arms_what_its_noise_lets_it(farm: Farm, home: Path) -> None:
    unknown = farm(*gate("new.fake", "--json"))
    assert "local is not calibrated for net latency_ns.p50: armed without knowing its noise" in unknown.stderr
    done = farm(*SHORT, "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    noise = next(each for each in document["noises"] if (each["metric"], each["statistic"]) == ("latency_ns", "p50"))
    assert (noise["device"], noise["workload"], noise["runs"]) == ("local", "net", 8)
    assert noise["ratio"]["low"] <= 1.05
    assert noise["ratio"]["high"] >= 0.95
    of_latency = "JOIN noises ON gate_id = calibration_id AND noises.metric = 'latency_ns' AND noises.statistic = 'p50'"
    statement = f"SELECT count(*) AS n, count(DISTINCT session_id) AS s FROM runs JOIN placements ON run_id = id {of_latency}"
    places = rows(home, statement)
    assert places == [{"n": 16, "s": 2}]
    assert not list((home / "data" / "unfinished").iterdir())
    armed = farm(*gate("new.fake", "--json"))
    assert "not calibrated" not in armed.stderr
    assert json.loads(armed.stdout)["verdicts"][0]["unarmed"] is None

    noisier(home, 2)
    a_suite(home, most_runs=8)
    a_model(home / "new.fake", sleep_ns=round(1.12 * USUAL_NS))
    held = farm(*gate("new.fake", "--json"))
    (verdict,) = json.loads(held.stdout)["verdicts"]
    assert "net latency_ns.p50 is not armed and is looked at once: it needs" in held.stderr
    assert verdict["unarmed"].startswith("needs ")
    assert "runs a side for 15 %: have 8" in verdict["unarmed"]
    assert verdict["used"][0]["candidate"] == 8
    assert "judged again from these runs: the same verdict" in farm("explain").stdout


def test_proposals_can_be_pasted_into_the_suite(farm: Farm, home: Path) -> None:
    nothing = farm("budgets", "suggest", "--suite", "suite.toml")
    assert (nothing.returncode, nothing.stdout) == (
        3,
        "# nothing of this suite was measured on local: farm calibrate, and farm run on several days\n",
    )
    a_suite(home, budgets="")
    a_model(home / "old.fake", sleep_ns=USUAL_NS)
    assert farm(*SHORT, "--sessions", 1).returncode == 0
    for _ in range(3):
        assert farm("run", "--suite", "suite.toml", "--repeat", 1).returncode == 0
    proposed = farm("budgets", "suggest", "--suite", "suite.toml")
    assert proposed.returncode == 0, proposed.stderr
    with (home / "suite.toml").open("a") as suite:
        suite.write(proposed.stdout)
    checked = farm("config", "check", "suite.toml")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    text = (home / "suite.toml").read_text()
    assert 'metric = "latency_ns.p50"\nmax_regression = ' in text
    assert 'metric = "vm_hwm_bytes"\nmax = ' in text
    again = farm("budgets", "suggest", "--suite", "suite.toml")
    assert "the suite states" in again.stdout


def test_a_calibration_that_was_killed_is_gone_on_with(farm: Farm, home: Path) -> None:
    a_suite(home, BUDGET)
    with subprocess.Popen(command(*SHORT), cwd=home, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "[6/8]" in line:
                process.send_signal(signal.SIGKILL)
                break
        process.communicate()
    done = farm(*SHORT)
    assert done.returncode == 0, done.stderr
    assert "going on with it" in done.stderr
    assert len(rows(home, "SELECT * FROM calibrations")) == 1
    assert {row["runs"] for row in rows(home, "SELECT runs FROM noises")} == {8}


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("calibrate", "--suite", "suite.toml", "--runs", 9), 2, "9 runs a side are no whole blocks in 2 sessions"),
        (("calibrate", "--suite", "none.toml"), 2, "none.toml"),
        (("calibrate", "--suite", "suite.toml", "--device", "s25"), 2, 'there is no device "s25"'),
        (("budgets", "suggest", "--suite", "suite.toml", "--pool", "rack"), 2, "rack"),
        (("budgets", "sugest"), 2, "sugest"),
    ],
)
def test_what_cannot_be_asked_is_refused(farm: Farm, arguments: tuple[object, ...], code: int, said: str) -> None:
    done = farm(*arguments)
    assert (done.returncode, said in done.stderr) == (code, True), done.stderr


def test_an_artifact_that_fails_tells_nothing_and_ends_with_3(farm: Farm, home: Path) -> None:
    a_model(home / "old.fake", sleep_ns=USUAL_NS, crash_at_iteration=3)
    done = farm(*SHORT, "--json")
    assert (done.returncode, json.loads(done.stdout)["noises"]) == (3, [])


def test_a_rack_is_calibrated_at_once_and_a_phone_that_is_gone_is_said(phones: Farm, home: Path) -> None:
    done = phones(*SHORT, "--sessions", 1, "--device", "s25,oneplus13,absent", "--json")
    document = json.loads(done.stdout)
    assert done.returncode == 3, done.stderr
    assert {noise["device"] for noise in document["noises"]} == {"s25", "oneplus13"}
    (failure,) = document["failures"]
    assert failure.startswith("absent: absent is gone: no device with the serial R5CX")
    spans = rows(home, "SELECT min(started_at) AS a, max(ended_at) AS b FROM runs GROUP BY session_id")
    assert max(span["a"] for span in spans) < min(span["b"] for span in spans)
    pool = phones("budgets", "suggest", "--suite", "suite.toml", "--pool", "rack")
    assert pool.returncode in (0, 3)
    assert "not calibrated" not in pool.stdout
    assert re.search(r"at most \S+ % on s25, \S+ % on oneplus13;", pool.stdout), pool.stdout
