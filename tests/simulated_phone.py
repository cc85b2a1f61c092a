"""A phone that does nothing but wait: no adb, no harness. What it hands over is what the fake harness once wrote."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from farm.artifacts import open_artifact
from farm.devices.local import LocalTransport
from farm.devices.transport import Collected, Handle, Status
from farm.harness import build
from farm.harness.arguments import BoxNames, arguments
from farm.workloads import (
    RESULT,
    Device,
    DeviceKind,
    HarnessBuild,
    Identity,
    Job,
    Pass,
    PassSettings,
    StateReading,
    Workload,
    run_folder,
)

NONCE = "0" * 32
_PATIENCE_S = 60.0
_WAITS = ("run_delay_ns", "steal_ns")


@dataclass(slots=True)
class SimulatedPhone(LocalTransport):
    """A phone that waits for as long as its harness would take."""

    name: str = ""
    result: str = ""
    run_s: float = 0.0
    ends_s: dict[str, float] = field(default_factory=dict)
    ended: Event = field(default_factory=Event)

    def identify(self) -> Identity:
        return Identity(f"simulated-{self.name}", DeviceKind.ANDROID, "simulated", None, "none", "aarch64", 8, None, None)

    def preflight(self) -> None:
        return

    def own_harness(self, runtime: str) -> HarnessBuild:
        begin = json.loads(self.result.partition("\n")[0])
        version, sources = begin["runtime"]["version"], begin["harness"]["source_hash"]
        return HarnessBuild("simulated", runtime, version, sources, Path(), ("nothing",))

    def push(self, *_given: object, **_named: object) -> int:
        return 0

    def start(self, arguments: Sequence[str], nonce: str, watch: object = None) -> Handle:
        self.ends_s[nonce] = time.monotonic() + _run_s_of(arguments)
        return Handle(nonce, 0, "")

    def wait(self, handle: Handle, timeout_s: float) -> Status:
        left_s = self.ends_s[handle.nonce] - time.monotonic()
        self.ended.wait(max(0.0, min(left_s, timeout_s)))
        return Status.ENDED if left_s <= timeout_s else Status.RUNNING

    def interrupt(self) -> None:
        self.ended.set()

    def collect(self, handle: Handle) -> Collected:
        return Collected(self.result.replace(NONCE, handle.nonce), "", 0)

    def stop(self, handle: Handle) -> None:
        return

    def pull(self, name: str, file: Path) -> bool:
        return False

    def vitals(self, phase: str) -> tuple[StateReading, ...]:
        numbers = {"cpu_busy_ratio": 0.0, "skin_temperature_c": 27.0, "battery_level_percent": 80.0}
        return (
            *(StateReading(name, phase, value=value) for name, value in numbers.items()),
            StateReading("wakefulness", phase, text="awake"),
        )

    def clock(self, now_utc: object) -> tuple[StateReading, ...]:
        return ()

    def restore(self) -> None:
        return

    def clean(self, handle: Handle) -> None:
        return


def _run_s_of(arguments: Sequence[str]) -> float:
    """Return how long a run takes: its timed part."""
    return float(arguments[list(arguments).index("--duration-ms") + 1]) / 1e3


def a_result(folder: Path, builds: Path) -> str:
    """Have the fake harness measure folder's model.fake once, and return what it wrote, less how busy this machine was meanwhile."""
    harness = build.ensure(build.Target.HOST, "fake", builds, on_progress=lambda _: None)
    phone = LocalTransport(folder / "box")
    phone.preflight()
    phone.install(harness)
    artifact = open_artifact(folder / "model.fake")
    workload = Workload("w", (Pass.LATENCY,), PassSettings(threads=1, duration_ms=0))
    name = f"files/{artifact.sha256}"
    phone.push(artifact.path, name)
    job = Job(Device("local", DeviceKind.LOCAL), workload, artifact, Pass.LATENCY, 0)
    handle = phone.start(arguments(job, BoxNames(name), NONCE), NONCE)
    assert phone.wait(handle, _PATIENCE_S) is Status.ENDED
    text = (phone.box / run_folder(NONCE) / RESULT).read_text()
    phone.clean(handle)
    return "\n".join(map(_undisturbed, text.split("\n")))


def _undisturbed(line: str) -> str:
    """Say of a line that tells how long threads waited that none did: one pause in a pass of 100 us would make each copy invalid."""
    said = json.loads(line) if line else {}
    return json.dumps(said | {"values": [0]}) if said.get("metric") in _WAITS else line
