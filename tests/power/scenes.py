"""What happens to the bench's phones while their power is measured: each phone plays its own scenes, all phones at once."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread, Timer
from typing import Any

import numpy as np

from farm.artifacts import open_artifact
from farm.devices.android.device import AndroidTransport
from farm.devices.transport import Handle, Watch
from farm.harness import build
from farm.runner import Attempt, execute
from farm.workloads import Artifact, Conditions, Device, DeviceKind, Pass, PowerSettings, Run
from tests.bench.android import Bench, Phone
from tests.conftest import CALM, a_job

IDLE_MS, WORK_MS, SETTLE_S = 7_500, 8_000, 2.0
SHORT = {"power_idle_ms": 1_500, "power_work_ms": 1_500}
"""Too short for an energy: for what is refused before one is computed."""
MIDDLING = {"power_idle_ms": 4_000, "power_work_ms": 4_000}
STRICT = replace(CALM, max_other_work_ratio=0.02)
"""Four phones share the cores of one machine: what is busy on one gets little of eight cores' time."""


class Truth:
    """What a phone truly drew, noted from outside of it: nothing runs on the phone for it."""

    def __init__(self, phone: Phone, *counters: str) -> None:
        self._phone = phone
        self._counters = counters or ("drawn_uj",)
        self._noted: list[tuple[float, float]] = []
        self._stop = Event()
        self._thread = Thread(target=self._note, daemon=True)

    def __enter__(self) -> "Truth":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _note(self) -> None:
        to_unix_s = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
        while not self._stop.wait(0.1):
            read = self._phone.at_rest()
            self._noted.append((read["time_s"] + to_unix_s, sum(read[counter] for counter in self._counters)))

    def power_uw(self, run: Run, phase: str) -> float:
        """The mean power of a phase, without the time that everything needs to settle."""
        begin_ns, end_ns = next(item.values for item in run.readings if (item.metric, item.source) == ("phase_unix_ns", phase))
        times, drawn_uj = np.array(self._noted).T
        within = (times > begin_ns / 1e9 + SETTLE_S) & (times < end_ns / 1e9)
        return float((drawn_uj[within][-1] - drawn_uj[within][0]) / (times[within][-1] - times[within][0]))

    def energy_uj(self, run: Run) -> tuple[float, float]:
        """Net and gross energy of an inference, or of a token."""
        done = next(item for item in run.readings if item.metric in ("inferences_count", "tokens_count"))
        assert done.at_ns is not None
        late = [(at / 1e9, count) for at, count in zip(done.at_ns, done.values, strict=True) if at > done.at_ns[0] + SETTLE_S * 1e9]
        seconds = (late[-1][0] - late[0][0]) / (late[-1][1] - late[0][1])
        work_uw, idle_uw = self.power_uw(run, "work"), self.power_uw(run, "idle")
        return (work_uw - idle_uw) * seconds, work_uw * seconds


class BreaksAtOnce(AndroidTransport):
    """A phone whose cable comes loose in the moment in which the harness has started."""

    phone: Phone

    def start(self, arguments: Sequence[str], nonce: str, watch: Watch | None = None) -> Handle:
        handle = super().start(arguments, nonce, watch)
        self.phone.drop()
        Timer(4.0, self.phone.restore).start()
        return handle


@dataclass(frozen=True, slots=True)
class Scene:
    """One power pass of a phone, and what is done to the phone meanwhile."""

    power: PowerSettings = field(default_factory=PowerSettings)
    settings: Mapping[str, object] = field(default_factory=dict)
    conditions: Conditions = CALM
    plugged: bool = False
    counters: tuple[str, ...] = ()
    """Of the truth that it is held against; none: all that is drawn."""
    model: str = "spin_ns 10000000\n"
    closed: tuple[str, ...] = ()
    """Files of the battery's supply that a shell may not read."""
    before: str = ""
    """A line for the phone's shell."""
    after_s: float = 0.0
    meanwhile: Callable[[Phone], None] | None = None
    """Done to the phone so long after the harness began to be measured."""
    breaks_at_once: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of a scene."""

    run: Run
    truth: Truth


def busy(phone: Phone) -> None:
    """Something else computes on the phone for some seconds, on several cores: the phones share those of one machine."""
    phone.shell("for core in 1 2 3 4; do timeout 3 sh -c 'while :; do :; done' & done; wait")


def plug(phone: Phone) -> None:
    """The cable is put in for two seconds."""
    phone.state(plugged=True)
    time.sleep(2)
    phone.state(plugged=False)


def loose(phone: Phone) -> None:
    """The link drops for five seconds."""
    phone.drop()
    time.sleep(5)
    phone.restore()


def played(bench: Bench, folder: Path, scenes: Mapping[str, Mapping[str, Scene]]) -> dict[str, "Future[Seen]"]:
    """Play each phone's scenes, all phones at once; a scene that could not be played tells so when its result is asked for."""
    for target in (build.Target.HOST, build.Target.ANDROID_ARM64_GLIBC):
        build.ensure(target, "fake", bench.data, on_progress=lambda _: None)
    with ThreadPoolExecutor(len(scenes)) as phones, ThreadPoolExecutor(len(scenes)) as threads:
        found: dict[str, Future[Seen]] = {}

        def play(name: str) -> None:
            for title, scene in scenes[name].items():
                found[title] = threads.submit(_seen, bench, bench.phones[name], scene, folder / f"{title}.fake".replace(" ", "-"))
                found[title].exception()

        list(phones.map(play, scenes))
    return found


def _seen(bench: Bench, phone: Phone, scene: Scene, model: Path) -> Seen:
    model.write_text(f"farm-fake 1\n{scene.model}")
    with _prepared(phone, scene), Truth(phone, *scene.counters) as truth:
        return Seen(_measured(bench, phone, scene, open_artifact(model)), truth)


@contextmanager
def _prepared(phone: Phone, scene: Scene) -> Iterator[None]:
    files = [f"/sys/class/power_supply/battery/{name}" for name in scene.closed]
    phone.state(plugged=scene.plugged, hold_skin_c=30)
    if files:
        phone._inside("/system/bin/chmod", "000", *files)
    if scene.before:
        phone.shell(scene.before)
    try:
        yield
    finally:
        if files:
            phone._inside("/system/bin/chmod", "644", *files)
        phone._inside("/system/bin/phoned", "freeze")
        phone.state(plugged=True, hold_skin_c=None)


def _measured(bench: Bench, phone: Phone, scene: Scene, model: Artifact) -> Run:
    machine = build.Target.ANDROID_ARM64_GLIBC if phone.abi == "arm64-v8a" else build.Target.HOST
    harness = build.ensure(machine, "fake", bench.data, on_progress=lambda _: None)
    device = Device(
        phone.name, DeviceKind.ANDROID, conditions=scene.conditions, adb=bench.adb.address, serial=phone.serial, power=scene.power
    )
    if scene.breaks_at_once:
        transport: AndroidTransport = BreaksAtOnce(device)
        transport.phone = phone  # type: ignore[attr-defined]
    else:
        transport = AndroidTransport(device)
    transport.preflight()
    given: dict[str, Any] = {"power_idle_ms": IDLE_MS, "power_work_ms": WORK_MS} | dict(scene.settings)
    job = replace(a_job(model, Pass.POWER, **given), device=device)
    if "decode_tokens" in given:
        job = replace(job, workload=replace(job.workload, prompt=(1, 2, 6)))
    started: list[Thread] = []

    def phase(word: str) -> None:
        if word == "measuring" and scene.meanwhile is not None and not started:
            started.append(Timer(scene.after_s, scene.meanwhile, (phone,)))
            started[0].start()

    run = execute(job, transport, Attempt("a-session", 1, harness, lambda: datetime.now(UTC), phase))
    for thread in started:
        thread.join()
    return run
