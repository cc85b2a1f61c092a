"""A rack that never was: its nights as the rows of real records, with every change in them known."""

import json
import tempfile
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np

from farm.records import Record, record
from farm.store import Store
from farm.workloads import (
    Artifact,
    Device,
    DeviceKind,
    Identity,
    Job,
    Measured,
    Outcome,
    Pass,
    PassSettings,
    Provenance,
    Readings,
    Run,
    Session,
    StateReading,
    Workload,
)

FIRST = datetime(2025, 1, 1, 23, 50, tzinfo=UTC)
METRICS = {Pass.LATENCY: "latency_ns", Pass.MEMORY: "vm_hwm_bytes"}
LEVELS = {Pass.LATENCY: 20e6, Pass.MEMORY: 1e8}


@dataclass(frozen=True)
class Step:
    """From a night on, and up to another, values are multiplied. Empty devices or workloads: all."""

    night: int
    factor: float
    devices: tuple[str, ...] = ()
    workloads: tuple[str, ...] = ()
    until: int = 10**6

    def holds(self, device: str, workload: str, night: int) -> bool:
        named = (not self.devices or device in self.devices) and (not self.workloads or workload in self.workloads)
        return named and self.night <= night < self.until


@dataclass(frozen=True)
class State:
    """What a session says of its device and its tools."""

    os_build: str = "os-1"
    harness: str = "harness-1"
    farm_version: str = "0.1.0"
    runtime_version: str = "1.5.1"
    battery_health: str = "good"


@dataclass
class Rack:
    """Devices x workloads x nights. changes say what a device's state is from a night on; is_measured leaves jobs out."""

    seed: int
    devices: tuple[str, ...] = ("s25", "pixel9", "iphone", "old")
    workloads: tuple[str, ...] = ("net", "chat", "seg")
    steps: tuple[Step, ...] = ()
    changes: tuple[tuple[int, str, dict[str, str]], ...] = ()
    """Night, device ("" for all), and what is something else from then on."""
    is_measured: Callable[[str, str, int], bool] = lambda device, workload, night: True
    trouble: Callable[[str, str, int], bool] = lambda device, workload, night: False
    """Where runs fail with a reason."""
    threads: Callable[[str, str, int], int] = lambda device, workload, night: 1
    passes: tuple[Pass, ...] = (Pass.LATENCY,)
    runs: int = 4
    first: datetime = FIRST
    branch: str = "main"
    nights_a_revision: int = 1
    artifacts_change: bool = True
    rng: np.random.Generator = field(init=False)

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)

    def state(self, device: str, night: int) -> State:
        state = State()
        for begin, name, change in self.changes:
            if begin <= night and name in ("", device):
                state = replace(state, **change)
        return state

    def revision(self, night: int) -> str:
        return f"rev{night // self.nights_a_revision:04}"

    def night(self, night: int, *, late: timedelta = timedelta(0), runs: int | None = None) -> Iterator[Record]:
        """Yield the records of one night: devices begin minutes apart, around midnight."""
        for number, device in enumerate(self.devices):
            at = self.first + timedelta(days=night, minutes=7 * number) + late
            state = self.state(device, night)
            session = self._session(device, state, night, at)
            shared = 0.006 * self.rng.standard_normal()
            for workload in self.workloads:
                if self.is_measured(device, workload, night):
                    for pass_ in self.passes:
                        yield from self._runs(session, state, workload, pass_, night, shared, self.runs if runs is None else runs)

    def nights(self, begin: int, end: int) -> Iterator[Record]:
        for night in range(begin, end):
            yield from self.night(night)

    def _session(self, device: str, state: State, night: int, at: datetime) -> Session:
        lab = Device(device, DeviceKind.ANDROID)
        identity = Identity(f"id-{device}", DeviceKind.ANDROID, "a phone", None, state.os_build, "aarch64", 8, None, None)
        provenance = Provenance(state.farm_version, self.revision(night), self.branch)
        return Session(self._uuid(), at, lab, identity, provenance, 1, "farm run --suite nightly.toml")

    def _runs(self, session: Session, state: State, workload: str, pass_: Pass, night: int, shared: float, runs: int) -> Iterator[Record]:
        device = session.device.name
        level = LEVELS[pass_] * np.prod([step.factor for step in self.steps if step.holds(device, workload, night)])
        settings = PassSettings(threads=self.threads(device, workload, night))
        sha = f"{workload}-{self.revision(night) if self.artifacts_change else 'always'}"
        job = Job(
            session.device, Workload(workload, self.passes, settings), Artifact(sha, "m.pte", Path("m.pte"), 1, "executorch"), pass_, 0
        )
        is_failed = self.trouble(device, workload, night)
        for repeat, noise in enumerate(self.rng.standard_normal(runs)):
            at = session.started_at + timedelta(seconds=10 * repeat)
            is_disturbed = self.rng.random() < 0.02
            outcome = Outcome.FAILED if is_failed else Outcome.INVALID if is_disturbed else Outcome.OK
            value = float(level * np.exp(shared + 0.01 * noise) * (3 if is_disturbed else 1))
            yield record(
                session,
                Run(
                    id=self._uuid(),
                    session_id=session.id,
                    job=replace(job, repeat=repeat),
                    attempt=1,
                    nonce="n",
                    started_at=at,
                    ended_at=at + timedelta(seconds=9),
                    outcome=outcome,
                    reason="the operator is missing" if is_failed else None,
                    measured=None if is_failed else Measured("executorch", state.runtime_version, "xnnpack", state.harness, "Release", {}),
                    readings=() if is_failed else (Readings(METRICS[pass_], (value,)), Readings("wall_ns", (value,))),
                    state=(StateReading("battery_health", "before", text=state.battery_health),),
                ),
            )

    def _uuid(self) -> str:
        return str(uuid.UUID(bytes=self.rng.bytes(16)))


def load(store: Store, records: Iterable[Record]) -> None:
    """Put records into a database as Store.append does, table by table instead of row by row: a year has tens of thousands of runs."""
    store.append([])
    tables: defaultdict[str, list[str]] = defaultdict(list)
    for each in records:
        for name, rows in each.items():
            tables[name] += [json.dumps(row) for row in rows]
    with duckdb.connect(store.path) as connection, tempfile.TemporaryDirectory() as folder:
        for name, lines in tables.items():
            if not lines:
                continue
            file = Path(folder) / f"{name}.json"
            file.write_text("\n".join(dict.fromkeys(lines)))
            kinds = connection.execute("SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = ?", [name]).fetchall()
            columns = {column: "VARCHAR" if kind == "JSON" else kind for column, kind in kinds}
            source = f"SELECT * FROM read_json(?, format='newline_delimited', columns={columns})"
            insert = "INSERT OR IGNORE" if name in ("devices", "artifacts", "sessions", "workloads") else "INSERT"
            connection.execute(f"{insert} INTO {name} BY NAME {source}", [str(file)])


def as_of(rack: Rack, night: int) -> datetime:
    """Return the noon (naive UTC) that a night ends with, less two hours: when somebody looks at it."""
    return (rack.first + timedelta(days=night)).replace(tzinfo=None, hour=10, minute=0) + timedelta(days=1)


def revisions(rack: Rack, nights: Sequence[int]) -> list[str]:
    return [rack.revision(night) for night in nights]
