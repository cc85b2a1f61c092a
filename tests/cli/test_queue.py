"""Several farm processes that want one device: who waits, who goes first, and what becomes of the others' work."""

import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from farm.artifacts import open_artifact
from farm.queue import Limits
from tests.bench.android import Bench
from tests.cli.gating import Farm, a_model, gate
from tests.cli.sharing import QUICK, RUN_NS, begun, ended, listed, nightly, ok_runs, one_that_waits, stored

MEASURED = """
SELECT pid, waited_s FROM queue_standings JOIN queue_requests ON id = request_id WHERE standing = 'measuring' ORDER BY standing_at
"""
BEGUN_MEANWHILE = """
SELECT count(*) AS n FROM runs WHERE workload_id = 'night'
AND started_at > (SELECT asked_at + INTERVAL 500 MILLISECOND FROM queue_requests WHERE priority = 3)
AND started_at < (SELECT min(started_at) FROM runs WHERE workload_id = 'quick')
"""


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
        mine = one_that_waits(home, quick)
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
