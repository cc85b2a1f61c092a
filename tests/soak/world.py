"""The time and the faults of a simulated rack, as one process of it sees them; what has to outlive a kill is in files.

Nobody sleeps: each phone has its own hour, which goes on by what it does, and the rack's is that of the phone that is furthest.
"""

import json
import os
import random
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from threading import RLock, Timer

from farm.cli.nightly_clock import Clock
from tests.soak.plan import IN_A_RUN, LASTING, Fault, Kind, Plan

_MOST_TO_KILL_S = 2.5
_HELD_S = (1.0, 7.0)
HOLD = """
import duckdb, sys, time
for _ in range(500):
    try:
        held = duckdb.connect(sys.argv[1])
        break
    except duckdb.IOException:
        time.sleep(0.02)
time.sleep(float(sys.argv[2]))
"""


@dataclass(slots=True)
class Flash:
    """What a phone keeps while its controllers come and go."""

    file: Path
    now_h: float = 0.0
    runs: int = 0
    prepared: bool = False
    """Whether something is set as a pass wants it, and not put back yet."""
    running: str = ""
    """The nonce of a harness that was started, and is not cleaned away yet."""

    def keep(self) -> None:
        """Write it down; whole, or not at all."""
        facts = {"now_h": self.now_h, "runs": self.runs, "prepared": self.prepared, "running": self.running}
        partial = self.file.with_suffix(".partial")
        partial.write_text(json.dumps(facts), encoding="utf-8")
        partial.replace(self.file)

    @staticmethod
    def of(folder: Path, name: str) -> "Flash":
        """Return a phone's."""
        file = folder / "phones" / f"{name}.json"
        return Flash(file, **json.loads(file.read_text(encoding="utf-8"))) if file.exists() else Flash(file)


@dataclass(slots=True)
class World:
    """The rack in one process, which began at an hour."""

    folder: Path
    plan: Plan
    begun_h: float
    phones: dict[str, Flash]
    fired: set[int]
    chance: random.Random
    lock: RLock = field(default_factory=RLock)

    @staticmethod
    def open(folder: Path, begun_h: float) -> "World":
        """Return it as its files have it."""
        plan = Plan.read(folder)
        phones = {name: Flash.of(folder, name) for name in plan.phones}
        world = World(folder, plan, begun_h, phones, {each for each, _ in fired(folder)}, random.Random(f"{plan.seed} {begun_h}"))
        for phone in phones.values():
            phone.now_h = max(phone.now_h, begun_h)
        world.strike()
        return world

    @staticmethod
    def open_hour(folder: Path, begun_h: float) -> float:
        """Return the hour that a rack has come to, from its files."""
        return max(begun_h, *(Flash.of(folder, name).now_h for name in Plan.read(folder).phones))

    def now_h(self) -> float:
        """Return the rack's hour."""
        with self.lock:
            return max(self.begun_h, *(phone.now_h for phone in self.phones.values()))

    def passes(self, name: str, hours: float) -> None:
        """Let time pass for a phone."""
        with self.lock:
            self.phones[name].now_h += hours
            self.phones[name].keep()
            self.strike()

    def lasting(self, name: str) -> set[Kind]:
        """Return what is wrong with a phone now, for some hours."""
        with self.lock:
            now_h = self.phones[name].now_h
            found = [each for each in self.plan.faults if each.kind in LASTING and each.phone == name and each.is_on(now_h)]
            for each in found:
                self.fire(each)
            return {each.kind for each in found}

    def in_run(self, name: str, began_h: float) -> Kind | None:
        """Return what hits a run that began at an hour and ends now; each once."""
        with self.lock:
            now_h = self.phones[name].now_h
            for each in self.plan.faults:
                hits = each.kind in IN_A_RUN and each.phone == name and began_h <= each.at_h < now_h
                if hits and each.number not in self.fired:
                    self.fire(each)
                    return each.kind
            return None

    def strike(self) -> None:
        """Have what befalls the host happen when it is time."""
        now_h = self.now_h()
        for each in self.plan.faults:
            if each.phone or not each.at_h <= now_h or each.number in self.fired:
                continue
            if each.at_h < self.begun_h - 1:
                continue  # nothing was at work then
            self.fire(each)
            if each.kind is Kind.KILL:
                killer = Timer(self.chance.uniform(0, _MOST_TO_KILL_S), os.kill, (os.getpid(), signal.SIGKILL))
                killer.daemon = True
                killer.start()
            if each.kind is Kind.LOCK:
                words = [sys.executable, "-c", HOLD, str(self.folder / "data" / "farm.duckdb"), str(self.chance.uniform(*_HELD_S))]
                subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)

    def fire(self, fault: Fault) -> None:
        """Note that a fault has struck."""
        if fault.number not in self.fired:
            self.fired.add(fault.number)
            with (self.folder / "fired").open("a", encoding="ascii") as file:
                file.write(f"{fault.number} {self.now_h():.3f}\n")

    def clock(self) -> Clock:
        """Return the host's clocks: one that is set now and then, and one that nobody sets."""
        return Clock(lambda: self._time_of(self.now_h()), lambda: 3600 * (self.now_h() + 1), "a boot", lambda _: None)

    def _time_of(self, hour: float) -> datetime:
        set_h = sum(1 if each.number % 2 else -1 for each in self.plan.faults if each.kind is Kind.HOST_CLOCK and each.is_on(hour))
        return datetime.fromisoformat(self.plan.start) + timedelta(hours=hour + set_h)


def fired(folder: Path) -> list[tuple[int, float]]:
    """Return the faults that have struck, by number, and when."""
    file = folder / "fired"
    lines = file.read_text(encoding="ascii").splitlines() if file.exists() else []
    return [(int(number), float(hour)) for number, hour in (line.split() for line in lines)]
