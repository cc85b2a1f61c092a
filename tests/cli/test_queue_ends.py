"""Processes that are killed, stopped, cancelled or held back while they have a device or wait for it."""

import json
import signal
import time
from collections import Counter
from pathlib import Path

from farm.queue import Limits
from tests.cli.gating import Farm, a_model, gate
from tests.cli.sharing import QUICK, RUN_NS, begun, ended, listed, nightly, ok_runs, one_that_waits, stored


def test_a_holder_that_is_killed_is_followed_by_who_waits_and_leaves_nothing_behind(
    home: Path, farm: Farm, slow: Path, quick: Path
) -> None:
    holder = begun(home, "run", slow, "--passes", "latency", "--threads", 1, "--iterations", 20, "--repeat", 20)
    holder.hears("[1/20]")
    waiting = one_that_waits(home, quick)
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
    mine = one_that_waits(home, quick)
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
    waiting = one_that_waits(home, quick)
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


def test_a_process_that_is_stopped_while_it_waits_is_passed_over(home: Path, slow: Path, quick: Path) -> None:
    night = nightly(home, slow, 8, limits=Limits(courtesy_s=1))
    night.hears("[1/8]")
    mine = one_that_waits(home, quick)
    mine.popen.send_signal(signal.SIGSTOP)
    assert ended(night) == {"failure": None, "repeats": [*range(8)], "left": 0}
    mine.popen.send_signal(signal.SIGCONT)
    assert mine.ends() == 0
    assert ok_runs(home, "quick") == Counter([0])
