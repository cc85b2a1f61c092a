"""A month of nights, each a process that is started again when it was killed, as a timer or a person would start it."""

import hashlib
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from farm.store import Store
from farm.workloads import RESULT
from tests.cli.gating import a_model
from tests.conftest import ROOT
from tests.simulated_phone import a_result
from tests.soak.phone import CANARY
from tests.soak.plan import DAY_H, START_H, Change, Plan, faults, one_of_each
from tests.soak.world import World

_STARTED_AGAIN_H = 0.25
_MOST_STARTS = 20
_MOST_S = 1200.0
_KILLED = -9
LAB = """
[defaults.conditions]
max_run_delay = "1000 %"
min_thread_cpu = "0 %"
max_slowdown = "1000 %"
settle_timeout = "3 s"
[defaults.health]
recovery = ["reconnect"]
charge = ["30 %", "80 %"]
"""
WORKLOAD = 'threads = 1\nwarmup_iterations = 1\niterations = 20\nduration = "1 ms"\ntimeout = "2 s"\n'


@dataclass(slots=True)
class Month:
    """What came of it so far."""

    folder: Path
    plan: Plan
    codes: Counter[int] = field(default_factory=Counter)
    """How often a process ended with each exit code; -9: killed."""
    starts: dict[int, int] = field(default_factory=dict)
    """How often each night was started."""
    crashes: list[str] = field(default_factory=list)
    """What a process said that ended as none should."""

    @property
    def store(self) -> Store:
        """The rack's database."""
        return Store(self.folder / "data" / "farm.duckdb")

    def night(self, number: int) -> None:
        """Start a night until it has come to its end."""
        at_h = number * DAY_H + START_H
        for start in range(1, _MOST_STARTS + 1):
            self.starts[number] = start
            words = [sys.executable, "-m", "tests.soak.night", str(self.folder), str(at_h), f"r{number:02}"]
            done = subprocess.run(words, cwd=ROOT, env=os.environ, capture_output=True, text=True, check=False, timeout=_MOST_S)
            self.codes[done.returncode] += 1
            with (self.folder / "log").open("a", encoding="utf-8") as log:
                log.write(f"== night {number}, start {start}, hour {at_h:.2f}: {done.returncode}\n{done.stderr}{done.stdout}")
            if done.returncode not in (_KILLED, 0, 3, 4):
                self.crashes.append(f"night {number}: exit code {done.returncode}: {done.stderr[-1500:]}")
            if done.returncode != _KILLED and self._ended(number):
                return
            at_h = World.open_hour(self.folder, at_h) + _STARTED_AGAIN_H

    def _ended(self, number: int) -> bool:
        label = (datetime.fromisoformat(self.plan.start) + timedelta(days=number)).date()
        rows = self.store.sql(f"SELECT 1 FROM nights JOIN night_ends ON night_id = nights.id WHERE label = DATE '{label}'")
        return rows.height > 0


def prepared(folder: Path, plan: Plan, builds: Path) -> Month:
    """Make a rack."""
    (folder / "data").mkdir(parents=True)
    (folder / "phones").mkdir()
    for place, name in enumerate((*plan.workloads, CANARY)):
        a_model(folder / f"{name}.fake", spin_ns=1000 + place)
    a_model(folder / "model.fake", spin_ns=1000)
    (folder / RESULT).write_text(a_result(folder, builds), encoding="utf-8")
    entries = "".join(f'[devices.{name}]\nkind = "android"\nserial = "{name}"\n' for name in plan.phones)
    members = ", ".join(f'"{name}"' for name in plan.phones)
    (folder / "devices.toml").write_text(f"{LAB}{entries}[pools]\nrack = [{members}]\n", encoding="utf-8")
    suite = f'[suite]\nname = "soak"\nrepeat = {plan.repeats}\npasses = ["latency"]\n[schedule]\npool = "rack"\ntime_budget = "21 h"\n'
    suite += f"canary = {str(plan.canary).lower()}\n"
    for name in plan.workloads:
        suite += f'[[workloads]]\nid = "{name}"\nartifact = "{name}.fake"\n{WORKLOAD}'
    (folder / "suite.toml").write_text(suite, encoding="utf-8")
    plan.write(folder)
    return Month(folder, plan)


def _plan(seed: int, folder: Path, *, nights: int, quiet: int, phones: int, workloads: int, repeats: int) -> Plan:
    names = tuple(f"phone{number}" for number in range(phones))
    noon = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) + timedelta(days=2)
    mark = hashlib.sha256(f"{folder.resolve()} {os.getpid()}".encode()).hexdigest()[:12]
    works = tuple(f"net{number}" for number in range(workloads))
    return Plan(seed, nights, quiet, names, works, repeats, noon.isoformat(), mark, (), ())


def whole(seed: int, folder: Path, nights: int = 30, phones: int = 8) -> Plan:
    """Return the month: a fault every hour, a workload that gets slower on all phones, a phone that does by an update; 3 quiet nights."""
    plan = _plan(seed, folder, nights=nights, quiet=3, phones=phones, workloads=3, repeats=2)
    slower = Change(nights * 2 // 5, 1.05, workload="net1")
    updated = Change(nights * 2 // 3, 1.10, phone=plan.phones[phones // 2], os_build="build-2")
    return replace(plan, faults=faults(seed, nights, plan.phones), changes=(slower, updated))


def small(seed: int, folder: Path) -> Plan:
    """Return three nights of three phones with one fault of each kind, then a quiet one."""
    plan = _plan(seed, folder, nights=3, quiet=1, phones=3, workloads=2, repeats=2)
    return replace(plan, faults=one_of_each(seed, plan.nights, plan.phones), canary=False)


def run(month: Month, tell: Callable[[str], None]) -> Month:
    """Run all nights."""
    for number in range(month.plan.all_nights):
        month.night(number)
        tell(f"night {number + 1} of {month.plan.all_nights}: started {month.starts[number]} times")
    return month
