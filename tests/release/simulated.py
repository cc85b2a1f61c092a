"""A rack that measures nothing: every job comes to a stated value, or to a stated end."""

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from farm import release
from farm.metrics import Statistic
from farm.rack import Contest
from farm.records import Record, record
from farm.store import Store
from farm.verdicts import Budget, Plan
from farm.workloads import Device, DeviceKind, Identity, Job, Measured, Outcome, Pass, PassSettings, Readings, Session, Workload, new_id
from tests.conftest import NOW, a_run, a_session, an_artifact

TODAY = date(2026, 1, 2)
LATENCY = Budget("net", "latency_ns", Statistic.P50, max_regression=0.03)
MEMORY = Budget("net", "vm_hwm_bytes", Statistic.VALUE, max_regression=0.03)
BOTH = (Pass.LATENCY, Pass.MEMORY)
OLD, NEW = an_artifact("old.pte"), an_artifact("new.pte")

Ends = Callable[[Job], float | Outcome]
"""A job's value (how many times the usual one), or an outcome that gives none."""


def a_device(name: str) -> Device:
    return Device(name, DeviceKind.ANDROID, serial=name)


def asked(*budgets: Budget, devices: Sequence[str] = ("s25",), passes: tuple[Pass, ...] = BOTH, **changes: object) -> release.Asked:
    contest = Contest(Workload("net", passes, PassSettings()), NEW, OLD)
    given: dict[str, object] = {
        "gate": new_id(NOW),
        "devices": tuple(map(a_device, devices)),
        "contests": (contest,),
        "budgets": budgets or (LATENCY,),
        "plan": Plan(),
        "seed": 7,
        "today": TODAY,
    }
    return release.Asked(**given | changes)  # type: ignore[arg-type]


@dataclass
class Rack:
    """Measures look by look, and remembers what it was asked for."""

    ends: Ends
    fails_at: Mapping[str, int] = field(default_factory=dict)
    """By device, the round in which it is gone; from 0."""
    late_at: int | None = None
    """The round in which the time is used up, after a block."""
    rounds: list[dict[str, list[Job]]] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    sessions: dict[str, Session] = field(default_factory=dict)
    seed: int = 1
    """Of the noise, which a job has whenever it is measured."""

    def __call__(self, jobs: Mapping[str, Sequence[Job]]) -> release.Round:
        number = len(self.rounds)
        self.rounds.append({name: list(own) for name, own in jobs.items()})
        failures = {name: "it was unplugged" for name in jobs if self.fails_at.get(name) == number}
        late = self.late_at == number
        records = []
        for name, own in jobs.items():
            if name not in failures:
                records += [self.measured(job) for job in (own[:4] if late else own)]
        self.records += records
        return release.Round(records, failures, in_time=not late)

    def measured(self, job: Job) -> Record:
        name = job.device.name
        identity = Identity(f"id-{name}", DeviceKind.ANDROID, "phone", "soc", "build", "aarch64", 8, 2**33, "6.1")
        session = self.sessions.setdefault(name, a_session(device=job.device, identity=identity))
        end = self.ends(job)
        if isinstance(end, Outcome):
            return record(session, a_run(session, job=job, outcome=end, readings=(), reason="it says why", measured=None))
        noise = random.Random(f"{self.seed} {job.device.name} {job.pass_} {job.repeat}").gauss(0, 0.005)
        value = 2e7 * end * math.exp(noise)
        metric = "latency_ns" if job.pass_ is Pass.LATENCY else "vm_hwm_bytes"
        measured = Measured("executorch", "1.5.1", "xnnpack", "0f1e", "Release", {"type": "begin"})
        readings = (Readings(metric, (value,)), Readings("rss_anon_bytes", (value,)))
        return record(session, replace(a_run(session, job=job, measured=measured, output_check="passed"), readings=readings))

    @property
    def counts(self) -> list[dict[str, dict[Pass, int]]]:
        """How many jobs of each pass each round had on each device."""
        return [
            {name: {pass_: count for pass_ in Pass if (count := sum(job.pass_ is pass_ for job in own))} for name, own in one.items()}
            for one in self.rounds
        ]


def candidate_is(ratio: float) -> Ends:
    return lambda job: ratio if job.place is not None and job.place.side == "candidate" else 1.0


def a_store(folder: Path, records: Sequence[Record]) -> Store:
    store = Store(folder / "farm.duckdb")
    store.append(records)
    return store
