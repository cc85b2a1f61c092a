"""Several farm processes that want one device: who waits, who goes first, and what becomes of the others' work."""

import json
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from farm.artifacts import open_artifact
from farm.queue import Limits
from tests.bench.android import Bench
from tests.cli.gating import Farm, a_model, gate
from tests.cli.sharing import Process, begun, kill_all, nightly, ok_runs, stored, waited

QUICK = ("--passes", "latency", "--threads", 1, "--iterations", 5)
MEASURED = """
SELECT pid, waited_s FROM queue_standings JOIN queue_requests ON id = request_id WHERE standing = 'measuring' ORDER BY standing_at
"""
BEGUN_MEANWHILE = """
SELECT count(*) AS n FROM runs WHERE workload_id = 'night'
AND started_at > (SELECT asked_at + INTERVAL 500 MILLISECOND FROM queue_requests WHERE priority = 3)
AND started_at < (SELECT min(started_at) FROM runs WHERE workload_id = 'quick')
"""
RUN_NS = 40_000_000
"""Of an inference of the long work: about a second for a run of twenty."""


@pytest.fixture(autouse=True)
def nobody_left() -> Iterator[None]:
    yield
    kill_all()


@pytest.fixture
def slow(home: Path) -> Path:
    return a_model(home / "slow.fake", sleep_ns=RUN_NS)


@pytest.fixture
def quick(home: Path) -> Path:
    return a_model(home / "quick.fake", sleep_ns=100_000)


def listed(farm: Farm) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(farm("queue", "--json").stdout)
    return found


def ended(process: Process) -> dict[str, object]:
    """What nightly work came to."""
    assert process.ends() == 0, process.said
    found: dict[str, object] = json.loads(process.output)
    return found


def test_nightly_work_lets_an_ad_hoc_run_go_first_after_its_current_run_and_loses_and_doubles_nothing(
    home: Path, farm: Farm, slow: Path, quick: Path
) -> None:
    night = nightly(home, slow, 8)
    night.hears("[2/8]")
    mine = begun(home, "run", quick, *QUICK, "--repeat", 2)
    told = mine.hears("local is held by")
    assert f"process {night.pid} of" in told
    assert "(nightly since" in told
    assert "waiting, 1st in line, after its current run" in told
    mine.hears("[1/2]")
    assert mine.ends() == 0
    night.hears("local goes to process")
    came = ended(night)
    assert came == {"failure": None, "repeats": [*range(8)], "left": 0}
    (after,) = stored(home, BEGUN_MEANWHILE)
    assert after["n"] <= 1  # while the request was being written
    assert ok_runs(home, "night") == Counter(range(8))
    order = stored(home, "SELECT workload_id, count(*) AS n, session_id::VARCHAR AS s FROM runs GROUP BY ALL ORDER BY min(started_at)")
    assert [row["workload_id"] for row in order] == ["night", "quick", "night"]
    assert len({row["s"] for row in order}) == 3
    standings = stored(
        home, "SELECT standing, displaced FROM queue_standings JOIN queue_requests ON id = request_id WHERE priority = 1 ORDER BY number"
    )
    assert [(row["standing"], row["displaced"]) for row in standings] == [
        ("waiting", 0),
        ("measuring", 0),
        ("waiting", 1),
        ("measuring", 1),
        ("ended", 1),
    ]
    assert listed(farm) == []


def test_a_gate_measures_the_block_anew_that_an_ad_hoc_run_broke_and_comes_to_its_verdict(home: Path, quick: Path) -> None:
    a_model(home / "old.fake", sleep_ns=RUN_NS)
    a_model(home / "new.fake", sleep_ns=RUN_NS + 1)
    judging = begun(home, *gate("new.fake"))
    judging.hears("block 1: ok")
    mine = begun(home, "run", quick, *QUICK, "--repeat", 1)
    assert mine.ends() == 0, mine.said
    judging.hears("goes to process")
    assert judging.ends() in (0, 3), judging.said
    placed = "runs JOIN placements ON run_id = runs.id"
    sides = stored(home, f"SELECT session_id::VARCHAR AS s, block FROM {placed} WHERE outcome = 'ok'")
    whole = [key for key, own in Counter((row["s"], row["block"]) for row in sides).items() if own == 4]
    assert {block for _, block in whole} == {0, 1}
    judged = stored(home, "SELECT count(*) AS n FROM judged_runs")
    assert judged[0]["n"] == 8


def test_three_processes_have_the_device_in_the_order_of_their_priorities(home: Path, farm: Farm, slow: Path, quick: Path) -> None:
    night = nightly(home, slow, 6)
    night.hears("[1/6]")
    first = begun(home, "run", slow, *QUICK, "--repeat", 4)
    first.hears("[1/4]")
    second = begun(home, "run", quick, *QUICK, "--repeat", 1)
    told = second.hears("waiting, ")
    assert f"held by process {first.pid} of" in told
    assert "1st in line" in told
    line = [(entry["state"], entry["place"], entry["priority"]) for entry in listed(farm)]
    assert line == [("measuring", None, "ad hoc"), ("waiting", 1, "ad hoc"), ("waiting", 2, "nightly")]
    assert first.ends() == second.ends() == 0
    assert ended(night)["repeats"] == [*range(6)]
    order = stored(home, MEASURED)
    assert [row["pid"] for row in order] == [night.pid, first.pid, second.pid, night.pid]


def test_a_holder_that_is_killed_is_followed_by_who_waits_and_leaves_nothing_behind(
    home: Path, farm: Farm, slow: Path, quick: Path
) -> None:
    holder = begun(home, "run", slow, "--passes", "latency", "--threads", 1, "--iterations", 20, "--repeat", 20)
    holder.hears("[1/20]")
    waiting = begun(home, "run", quick, *QUICK, "--repeat", 1)
    waiting.hears("local is held by")
    holder.kill()
    assert waiting.ends() == 0
    assert listed(farm) == []
    assert [row["standing"] for row in stored(home, "SELECT standing FROM queue_standings WHERE standing = 'lost'")] in ([], ["lost"])
    assert farm("run", quick, *QUICK, "--repeat", 1).returncode == 0
    assert stored(home, "SELECT standing FROM queue_standings WHERE standing = 'lost'") == [{"standing": "lost"}]
    (now,) = json.loads(farm("top", "--json").stdout)["devices"]
    assert now["state"] == "idle"


def test_a_waiter_that_is_killed_is_waited_for_by_nobody(home: Path, farm: Farm, slow: Path, quick: Path) -> None:
    night = nightly(home, slow, 5)
    night.hears("[1/5]")
    mine = begun(home, "run", quick, *QUICK, "--repeat", 1)
    mine.hears("local is held by")
    mine.kill()
    came = ended(night)
    assert came == {"failure": None, "repeats": [*range(5)], "left": 0}
    assert ok_runs(home, "night") == Counter(range(5))
    assert listed(farm) == []


def test_a_request_that_is_cancelled_ends_with_a_sentence_and_130_and_one_that_measures_after_its_run(
    home: Path, farm: Farm, slow: Path, quick: Path
) -> None:
    holder = begun(home, "run", slow, "--passes", "latency", "--threads", 1, "--iterations", 20, "--repeat", 20)
    holder.hears("[1/20]")
    waiting = begun(home, "run", quick, *QUICK, "--repeat", 1)
    waiting.hears("local is held by")
    measures, waits = listed(farm)
    assert farm("queue", "cancel", "ffffffff").returncode == 2
    cancelled = farm("queue", "cancel", str(waits["id"])[-12:])
    assert cancelled.stdout == f"local: process {waiting.pid} does not wait any more\n"
    assert waiting.ends() == 130
    waiting.hears("cancelled this request")
    assert farm("queue", "cancel", measures["id"]).stdout == f"local: process {holder.pid} ends after its current run\n"
    assert holder.ends() == 130
    done = len(ok_runs(home, "slow"))
    assert 1 <= done < 20
    assert {row["outcome"] for row in stored(home, "SELECT outcome FROM runs")} == {"ok"}
    resumed = begun(home, "run", "--resume", "--json")  # the waiter's, which was begun later
    assert resumed.ends() == 0


def test_sigterm_ends_a_run_after_its_current_run_and_a_second_one_at_once(home: Path, farm: Farm, slow: Path) -> None:
    arguments = ("run", slow, "--passes", "latency", "--threads", 1, "--iterations", 50, "--repeat", 6)
    once = begun(home, *arguments)
    once.hears("[1/6]")
    once.popen.send_signal(signal.SIGTERM)
    once.hears("the runs that are under way end first")
    assert once.ends() == 130
    once.hears("farm run --resume goes on with what is left")
    assert "farm: stopping" not in once.said
    done = ok_runs(home, "slow")
    assert done in (Counter([0]), Counter([0, 1]), Counter([0, 1, 2]))  # the run under way when it was told came to its end
    assert [row["outcome"] for row in stored(home, "SELECT DISTINCT outcome FROM runs")] == ["ok"]
    resumed = begun(home, "run", "--resume")
    resumed.hears(f"[{len(done)}/6]")
    time.sleep(1)
    resumed.popen.send_signal(signal.SIGTERM)
    resumed.hears("the runs that are under way end first")
    began_s = time.monotonic()
    resumed.popen.send_signal(signal.SIGTERM)
    assert resumed.ends() == 130
    resumed.hears("farm: stopping")
    assert time.monotonic() - began_s < 10
    assert farm("run", "--resume").returncode == 0
    assert ok_runs(home, "slow") == Counter(range(6))


def test_sigterm_ends_one_that_waits_at_once(home: Path, slow: Path, quick: Path) -> None:
    holder = begun(home, "run", slow, "--passes", "latency", "--threads", 1, "--iterations", 50, "--repeat", 4)
    holder.hears("[1/4]")
    waiting = begun(home, "run", quick, *QUICK)
    waiting.hears("local is held by")
    waiting.popen.send_signal(signal.SIGTERM)
    assert waiting.ends(10) == 130
    assert holder.ends() == 0


def test_sigterm_ends_a_gate_after_its_current_run_and_the_same_command_goes_on(home: Path, farm: Farm) -> None:
    a_model(home / "old.fake", sleep_ns=RUN_NS)
    a_model(home / "new.fake", sleep_ns=RUN_NS + 1)
    judging = begun(home, *gate("new.fake"))
    judging.hears("block 1: ok")
    judging.popen.send_signal(signal.SIGTERM)
    assert judging.ends() == 130
    assert farm(*gate("new.fake")).returncode in (0, 3)
    assert stored(home, "SELECT count(*) AS n FROM judged_runs")[0]["n"] == 8


def test_a_device_that_is_held_back_is_measured_on_by_nobody_and_says_why(home: Path, farm: Farm, slow: Path, quick: Path) -> None:
    assert farm("devices", "hold", "local").returncode == 2
    assert "its battery" not in farm("devices", "hold", "lcoal", "--reason", "its battery").stdout
    holder = begun(home, "run", slow, *QUICK, "--repeat", 200)
    holder.hears("[1/200]")
    assert farm("devices", "hold", "local", "--reason", "its battery is being changed").returncode == 0
    assert holder.ends() == 3
    assert "its battery is being changed" in holder.hears("local is held back by")
    refused = farm("run", quick, *QUICK)
    assert refused.returncode == 3
    assert "its battery is being changed" in refused.stderr
    assert "hint: farm devices unhold local" in refused.stderr
    (told,) = json.loads(farm("devices", "--json").stdout)
    assert told["state"]["state"] == "held"
    assert "its battery is being changed" in farm("devices").stdout
    assert farm("devices", "unhold", "local").returncode == 0
    assert farm("run", quick, *QUICK, "--repeat", 1).returncode == 0
    assert "nobody holds local back" in farm("devices", "unhold", "local").stderr


def test_one_who_has_waited_for_the_ceiling_goes_first_and_keeps_the_device_for_its_turn(home: Path, slow: Path) -> None:
    limits = Limits(ceiling_s=5, turn_s=600)
    day = nightly(home, slow, 20, limits=limits, priority="AD_HOC")
    day.hears("[1/20]")
    night = nightly(home, slow, 12, limits=limits)
    night.hears("local is held by")
    night.hears("[1/12]")
    assert day.popen.poll() is None
    assert ended(night)["repeats"] == [*range(12)]
    assert ended(day)["repeats"] == [*range(20)]
    order = stored(home, MEASURED)
    assert [row["pid"] for row in order] == [day.pid, night.pid, day.pid]
    assert 5 <= order[1]["waited_s"] < 15


def test_a_process_that_is_stopped_while_it_waits_is_passed_over(home: Path, slow: Path, quick: Path) -> None:
    night = nightly(home, slow, 8, limits=Limits(courtesy_s=1))
    night.hears("[1/8]")
    mine = begun(home, "run", quick, *QUICK, "--repeat", 1)
    mine.hears("local is held by")
    mine.popen.send_signal(signal.SIGSTOP)
    assert ended(night) == {"failure": None, "repeats": [*range(8)], "left": 0}
    mine.popen.send_signal(signal.SIGCONT)
    assert mine.ends() == 0
    assert ok_runs(home, "quick") == Counter([0])


LOCKED = """
import sys, duckdb
with duckdb.connect(sys.argv[1]):
    print("locked", flush=True)
    sys.stdin.read()
"""


def test_a_database_that_another_process_holds_stops_no_measurement_and_is_told_later(
    home: Path, farm: Farm, slow: Path, quick: Path
) -> None:
    assert farm("run", quick, *QUICK, "--repeat", 1).returncode == 0
    words = [sys.executable, "-c", LOCKED, str(home / "data/farm.duckdb")]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as locker:
        assert locker.stdout is not None
        assert locker.stdout.readline() == "locked\n"
        night = nightly(home, slow, 12)
        night.hears("[1/12]")  # though what it has to tell waits
        mine = begun(home, "run", quick, *QUICK, "--repeat", 1)
        mine.hears("local is held by")
        night.hears("[4/12]")
        assert locker.stdin is not None
        locker.stdin.close()
    assert mine.ends() == 0
    assert ended(night)["repeats"] == [*range(12)]
    assert ok_runs(home, "night") == Counter(range(12))
    assert len(stored(home, "SELECT id FROM queue_requests")) == 3


def test_a_holder_of_another_data_folder_is_refused_unless_it_is_to_be_waited_for(home: Path, farm: Farm, slow: Path, quick: Path) -> None:
    (home / "other").mkdir()
    (home / "other" / "harness").symlink_to(home / "data" / "harness")
    holder = begun(home, "--data", "other", "run", slow, "--passes", "latency", "--threads", 1, "--iterations", 20, "--repeat", 500)
    holder.hears("[1/500]")
    refused = farm("run", quick, *QUICK)
    assert refused.returncode == 3
    assert f"local is held by process {holder.pid} of" in refused.stderr
    waits = begun(home, "run", quick, *QUICK, "--repeat", 1, "--wait", "1m")
    assert "waiting for up to 60 s" in waits.hears("local is held by")
    holder.popen.send_signal(signal.SIGINT)
    assert waits.ends() == 0
    assert holder.ends() == 130
    assert farm("run", quick, "--wait", "a while").returncode == 2


def test_logs_tell_what_happened_on_a_device_and_to_a_run_and_hide_secrets(home: Path, farm: Farm) -> None:
    a_model(home / "broken.fake", crash_at_iteration=3)
    farm("run", "broken.fake", *QUICK, "--repeat", 1, "--branch", "token=ghp_0123456789abcdefghij")
    done = farm("logs", "local")
    assert "0123456789abcdefghij" not in done.stdout
    assert "***" in done.stdout
    assert "0123456789abcdefghij" not in stored(home, "SELECT command FROM sessions")[0]["command"]
    lines = done.stdout.splitlines()
    assert all(line[20:26] == "local " for line in lines)
    kinds = [line.split()[3].rstrip(":") for line in lines]
    assert {"session", "run", "state", "queue"} <= set(kinds)
    assert "signal 6 (SIGABRT)" in done.stdout
    run_id = json.loads(farm("runs", "--json").stdout)[0]["run_id"]
    of_run = farm("logs", run_id[-12:])
    assert "broken latency #1, attempt 2, begins" in of_run.stdout  # a crash is tried once more
    assert "signal 6 (SIGABRT)" in of_run.stdout
    assert farm("logs", "s26").returncode == 2
    assert json.loads(farm("logs", "local", "--json", "--most", 2).stdout)[0]["device"] == "local"


def test_logs_tell_how_the_health_of_a_device_changed_and_why(farm: Farm) -> None:
    farm("devices", "retire", "local", "--reason", "swollen")
    farm("devices", "restore", "local", "--reason", "a new battery")
    told = [line[20:] for line in farm("logs", "local").stdout.splitlines() if " health: " in line]
    assert told == ["local health: from good to retired: swollen", "local health: from retired to suspect: a new battery"]


def test_top_shows_what_a_device_does_and_who_waits(home: Path, farm: Farm, slow: Path, quick: Path) -> None:
    before = json.loads(farm("top", "--json").stdout)
    assert [(one["device"], one["state"]) for one in before["devices"]] == [("local", "idle")]
    holder = begun(home, "run", slow, "--passes", "latency", "--threads", 1, "--iterations", 100, "--repeat", 5)
    holder.hears("[1/5]")
    waiting = begun(home, "run", quick, *QUICK, "--repeat", 1)
    waiting.hears("local is held by")
    seen = waited(lambda: next((one for one in json.loads(farm("top", "--json").stdout)["devices"] if one["job"]), None), lambda: "a job")
    assert (seen["state"], seen["phase"], seen["pid"], seen["jobs"]) == ("leased", "measuring", holder.pid, 5)
    plain = farm("top", "--once").stdout
    assert "Queue" in plain
    assert f"process {waiting.pid}" in plain
    holder.kill()
    waiting.ends()


def test_top_shows_how_well_a_device_is_beside_what_it_does(farm: Farm) -> None:
    assert [one["health"] for one in json.loads(farm("top", "--json").stdout)["devices"]] == [None]
    farm("devices", "retire", "local", "--reason", "swollen")
    (own,) = json.loads(farm("top", "--json").stdout)["devices"]
    assert (own["health"], own["state"]) == ("retired", "idle")
    assert re.search(r"local\s+retired\s+idle", farm("top", "--once").stdout)


@pytest.mark.usefixtures("phones")
def test_a_phone_is_put_back_before_another_process_has_it(home: Path, phones: Farm, android_bench: Bench, slow: Path, quick: Path) -> None:
    assert open_artifact(slow).size_bytes > 0
    phone = android_bench.phones["s25"]
    night = nightly(home, slow, 6, device="s25")
    night.hears("[2/6]")
    mine = begun(home, "run", quick, *QUICK, "--repeat", 1, "--device", "s25,oneplus13")
    assert mine.ends() == 0, mine.said
    came = ended(night)
    assert came == {"failure": None, "repeats": [*range(6)], "left": 0}
    assert not (phone.root / "data/local/tmp/farm/lease").exists()
    assert ok_runs(home, "night") == Counter(range(6))
    states = stored(home, "SELECT device_name, state FROM rack_states ORDER BY since_at")
    assert [row["state"] for row in states if row["device_name"] == "s25"] == ["leased", "idle"] * 3
    assert "goes to process" in phones("logs", "s25").stdout or "waiting again" in phones("logs", "s25").stdout
