"""Nights as a lab has them, for tests: a folder with a suite, models of the fake runtime, and this machine as the rack."""

import subprocess
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from farm.cli import nightly
from farm.cli.context import Context
from farm.cli.nightly_clock import Clock
from farm.cli.nightly_open import Asked
from farm.cli.nightly_steps import News, Steps
from farm.store import Store
from farm.workloads import Device
from tests.cli.gating import a_model
from tests.conftest import CALM_TOML
from tests.processes import command, completed

EVENING = datetime(2026, 11, 25, 21, tzinfo=UTC)
SCHEDULE = '[schedule]\npool = "rack"\ncanary = false\n'
WORKLOADS = ("net", "other")
DAY, HOUR, YEAR = timedelta(days=1), timedelta(hours=1), timedelta(days=365)
EVERY = Counter({(name, "latency", repeat): 1 for name in WORKLOADS for repeat in range(2)})


def a_lab(home: Path, names: Sequence[str] = ("local",), more: str = "") -> None:
    entries = "".join(f'[devices.{name}]\nkind = "local"\n' for name in names)
    members = ", ".join(f'"{name}"' for name in names)
    (home / "devices.toml").write_text(f"{CALM_TOML}{entries}{more}[pools]\nrack = [{members}]\n")


def a_suite(home: Path, schedule: str = SCHEDULE, workloads: Iterable[str] = WORKLOADS, repeat: int = 2) -> Path:
    """Write a suite whose workloads each have a model of their own."""
    text = f'[suite]\nname = "s"\nrepeat = {repeat}\npasses = ["latency"]\n{schedule}'
    for name in workloads:
        if not (home / f"{name}.fake").exists():
            a_model(home / f"{name}.fake", sleep_ns=200_000, spin_ns=len(name))
        text += f'[[workloads]]\nid = "{name}"\nartifact = "{name}.fake"\nthreads = 1\nwarmup_iterations = 1\niterations = 5\n'
        text += 'duration = "1 ms"\n'
    (home / "suite.toml").write_text(text)
    return home / "suite.toml"


@dataclass(frozen=True, slots=True)
class Unchecked:
    """A device that nothing looked at."""

    device: Device
    takes_part: bool
    reason: str
    wants_canary: bool = False


@dataclass(slots=True)
class Lab:
    """A lab in one process: its clock is set by hand, and what its nights do beside measuring is noted."""

    home: Path
    at: datetime = EVENING
    uptime_s: float = 1000.0
    boot: str = "a boot"
    news: list[News] = field(default_factory=list)
    failing: set[str] = field(default_factory=set)
    """Of report, notify: those that fail."""
    out: dict[str, str] = field(default_factory=dict)
    """Devices that take no part, and why."""
    checks_take: timedelta = timedelta(0)
    """The clock stands but for this."""

    @property
    def context(self) -> Context:
        return Context(self.home / "data", self.home / "devices.toml")

    def clock(self) -> Clock:
        return Clock(lambda: self.at, lambda: self.uptime_s, self.boot, lambda _: None)

    def passes(self, real: timedelta, set_by: timedelta = timedelta(0)) -> None:
        """Let time pass, with the clock set by so much meanwhile."""
        self.at += real + set_by
        self.uptime_s += real.total_seconds()

    def night(self, **asked: Any) -> int:
        """Call farm nightly."""
        given = {"suite": self.home / "suite.toml"} | asked
        return nightly.run(self.context, Asked(**given), self.clock(), self.steps())

    def steps(self) -> Steps:
        def health(_: Context, devices: Sequence[Device], _night: datetime) -> list[Unchecked]:
            self.passes(self.checks_take)
            return [Unchecked(each, each.name not in self.out, self.out.get(each.name, "")) for each in devices]

        def report(_: Context, branch: str, _now: datetime) -> tuple[str, Path]:
            self._fail("report")
            return f"of {branch}", self.home / "page.html"

        def notify(_: Context, news: News) -> str:
            self._fail("notify")
            self.news.append(news)
            return "told"

        return Steps(health, lambda *_: "sung", report, notify, pause_s=0.1)

    def _fail(self, step: str) -> None:
        from farm.errors import StoreError

        if step in self.failing:
            raise StoreError(f"no {step} today")

    def sql(self, statement: str) -> list[dict[str, Any]]:
        return Store(self.home / "data" / "farm.duckdb").sql(statement).to_dicts()

    def labels(self) -> list[str]:
        """The nights that were begun."""
        return [str(row["label"]) for row in self.sql("SELECT label FROM nights ORDER BY label")]

    def states(self) -> Counter[str]:
        return Counter(row["state"] for row in self.sql("SELECT state FROM expected_states"))

    def runs(self) -> Counter[tuple[str, str, int]]:
        rows = self.sql("SELECT workload_id, pass, repeat FROM runs")
        return Counter((row["workload_id"], row["pass"], row["repeat"]) for row in rows)


def called(home: Path, *arguments: object, timeout: float = 200) -> subprocess.CompletedProcess[str]:
    """Call farm nightly as a process of its own."""
    words = command("nightly", "--suite", "suite.toml", *arguments)
    return completed(words, home, timeout_s=timeout)


@pytest.fixture
def lab(home: Path) -> Lab:
    a_lab(home)
    a_suite(home)
    return Lab(home)


class Killed(Exception):
    """Stands for a SIGKILL at a moment of the test's choice."""


def broken_off(lab: Lab) -> None:
    """Open a night, and die before anything is measured."""

    def die(*_: object) -> str:
        raise Killed

    with pytest.raises(Killed):
        nightly.run(lab.context, Asked(lab.home / "suite.toml"), lab.clock(), replace(lab.steps(), health=die))  # type: ignore[arg-type]
