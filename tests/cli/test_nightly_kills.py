"""farm nightly under SIGKILL at moments that nobody chose: every expected job is present or accounted for, and none doubled.

FARM_KILLS=200 kills as often as that; usually it is a few, since this takes nights. With pytest -s it is said what came of it.
"""

import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from farm.errors import StoreError
from farm.store import Store
from farm.workloads import HarnessBuild
from tests.bench.android import Bench
from tests.cli.nights import SCHEDULE, a_lab, a_suite, called
from tests.conftest import CALM_TOML
from tests.processes import command

pytestmark = [pytest.mark.slow(100), pytest.mark.timeout(3600)]

KILLS = int(os.environ.get("FARM_KILLS", "8"))
MOST_OF_A_NIGHT = 5
PHONES = ("s25", "oneplus13")


def sql(home: Path, statement: str) -> list[dict[str, Any]]:
    return Store(home / "data" / "farm.duckdb").sql(statement).to_dicts()


def killed(home: Path, after_s: float) -> bool:
    """Begin a night and kill its controller after a time; say whether it was still alive."""
    with subprocess.Popen(
        command("nightly", "--suite", "suite.toml"), cwd=home, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    ) as process:
        with suppress(subprocess.TimeoutExpired):
            process.wait(after_s)
        was_alive = process.poll() is None
        process.send_signal(signal.SIGKILL)
    return was_alive


def reached(home: Path) -> str:
    """Return the last phase that a killed night has stored; "nothing": it was not opened yet."""
    if not (home / "data" / "farm.duckdb").exists():
        return "nothing"
    try:
        tables = sql(home, "SELECT 1 FROM duckdb_tables() WHERE table_name = 'night_events'")
    except StoreError:  # not even the first table is there
        tables = []
    if not tables:
        return "tables"  # killed while they were made
    phases = [row["phase"] for row in sql(home, "SELECT phase FROM night_events ORDER BY noted_at DESC, uptime_s DESC LIMIT 1")]
    return phases[0] if phases else "nothing"


def check_whole(home: Path, jobs: int) -> None:
    """Every expected job is done by a valid run of its own, and no job has two valid runs."""
    assert Counter(row["state"] for row in sql(home, "SELECT state FROM expected_states")) == Counter(done=jobs)
    valid = sql(
        home,
        "SELECT device_name, workload_id, pass, repeat, runs.id FROM runs JOIN sessions ON sessions.id = session_id WHERE outcome = 'ok'",
    )
    assert len(valid) == jobs
    assert len({tuple(list(row.values())[:4]) for row in valid}) == jobs
    assert {str(row["run_id"]) for row in sql(home, "SELECT run_id FROM expected_states")} == {str(row["id"]) for row in valid}
    assert len(sql(home, "SELECT * FROM nights")) == 1
    assert not list((home / "data" / "journal").glob("*"))
    assert not list((home / "data" / "nights" / "unfinished").glob("*"))


def a_home(folder: Path, harness: HarnessBuild) -> Path:
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "harness").symlink_to(harness.folder.parent)
    return folder


def test_a_controller_killed_at_any_moment_loses_nothing_and_measures_nothing_twice(tmp_path: Path, fake_harness: HarnessBuild) -> None:
    chance, hits, night_s, starts, jobs = random.Random(8), 0, 0.0, 0, 4
    moments = Counter[str]()
    for number in count():
        if hits >= KILLS:
            break
        home = a_home(tmp_path / str(number), fake_harness)
        a_lab(home)
        suite = a_suite(home, SCHEDULE)
        suite.write_text(suite.read_text().replace('duration = "1 ms"', 'duration = "500 ms"'))  # so that many come while one is measured
        for _ in range(MOST_OF_A_NIGHT if number else 0):  # the first night tells how long one takes
            starts += 1
            if hits >= KILLS or not killed(home, chance.uniform(0, night_s)):
                break
            hits += 1
            moments[reached(home)] += 1
        began_s = time.monotonic()
        done = called(home)
        night_s = time.monotonic() - began_s  # the last one tells how busy the machine is
        starts += 1
        assert done.returncode == 0, done.stderr
        check_whole(home, jobs)
        assert not list((home / "data" / "box").glob("*/runs/*"))
    sys.stdout.write(
        f"\n{hits} times SIGKILL in {number} nights of {jobs} jobs, {starts} starts: {number * jobs} jobs expected, "
        f"{number * jobs} valid runs, each of its own job; nothing waits, and nothing is left in the box\n"
        f"killed after: {', '.join(f'{phase} {times}' for phase, times in moments.most_common())}\n"
    )


def test_a_night_that_is_stopped_says_how_it_goes_on(tmp_path: Path, fake_harness: HarnessBuild) -> None:
    home = a_home(tmp_path / "lab", fake_harness)
    a_lab(home)
    a_suite(home, SCHEDULE)
    with subprocess.Popen(command("nightly", "--suite", "suite.toml"), cwd=home, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "[1/4]" in line:
                process.send_signal(signal.SIGTERM)
                break
        _, said = process.communicate()
    assert process.returncode == 130
    assert "the same command goes on with the night" in said
    done = called(home)
    assert done.returncode == 0, done.stderr
    told = re.search(r"plan: (\d) jobs? on 1 device, and (\d) jobs? came to an end in (\d) runs? before; ", done.stderr)
    assert told is not None, done.stderr
    assert int(told[1]) + int(told[2]) == 4
    assert 1 <= int(told[2]) <= int(told[3])
    check_whole(home, 4)


def test_phones_are_put_back_after_a_kill_at_any_moment(tmp_path: Path, android_bench: Bench, fake_harness: HarnessBuild) -> None:
    home = a_home(tmp_path / "lab", fake_harness)
    lab = CALM_TOML
    for name in PHONES:
        lab += f'[devices.{name}]\nkind = "android"\nadb = "{android_bench.adb.address}"\nserial = "{android_bench.phones[name].serial}"\n'
    (home / "devices.toml").write_text(f'{lab}[pools]\nrack = ["s25", "oneplus13"]\n')
    a_suite(home, SCHEDULE)
    before = settings(android_bench)
    chance = random.Random(3)
    hits = sum(killed(home, after_s) for after_s in (chance.uniform(2, 6), chance.uniform(4, 12), chance.uniform(4, 16)))
    assert hits
    done = called(home)
    assert done.returncode == 0, done.stderr
    check_whole(home, 8)
    assert settings(android_bench) == before


def settings(bench: Bench) -> dict[str, list[str]]:
    """What a night sets on the phones, as they have it."""
    asked = ("settings get system screen_brightness", "settings get global airplane_mode_on", "settings get global low_power")
    return {name: [bench.phones[name].shell(one).stdout for one in asked] for name in PHONES}
