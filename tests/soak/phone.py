"""A phone of the simulated rack: what it hands over is what the fake harness once wrote, with numbers of its own."""

import json
import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from farm.devices.local import LocalTransport
from farm.devices.transport import Collected, Handle, Status
from farm.errors import DeviceLost, DeviceNotReady
from farm.workloads import (
    OUTPUT,
    Conditions,
    DeviceKind,
    HarnessBuild,
    Identity,
    StateReading,
    run_folder,
)
from tests.cli.gating import USUAL_ANSWER
from tests.simulated_phone import NONCE
from tests.soak.plan import DAY_H, Kind
from tests.soak.world import Flash, World

RUN_H = 1.0
LOOK_H = 0.2
_CANARY_H = 0.01
CANARY = "canary"
_VALUES = 20
_RUN_NOISE, _NIGHT_NOISE, _VALUE_NOISE = 0.008, 0.003, 0.005
OS_BUILD = "build-1"


@dataclass(slots=True)
class SoakPhone(LocalTransport):
    """One phone. names: what the models of the month are called, by the hash of their bytes; result: the harness's lines."""

    name: str = ""
    world: World = field(kw_only=True)
    names: Mapping[str, str] = field(kw_only=True)
    result: Sequence[str] = field(kw_only=True)
    given: str = ""
    began_h: float = 0.0
    struck: Kind | None = None

    @property
    def flash(self) -> Flash:
        """What it keeps."""
        return self.world.phones[self.name]

    def _answers(self) -> None:
        if Kind.AWAY in self.world.lasting(self.name):
            raise DeviceLost(f"{self.name} does not answer", error_class="device_lost", hint="look at its cable")

    def identify(self) -> Identity:
        self._answers()
        night, build = self.flash.now_h // DAY_H, OS_BUILD
        for change in self.world.plan.changes:
            if change.os_build is not None and change.phone == self.name and night >= change.night:
                build = change.os_build
        mark = f"soak-{self.world.plan.mark}-{self.name}"
        return Identity(mark, DeviceKind.ANDROID, "simulated", None, build, "aarch64", 8, None, None)

    def preflight(self) -> None:
        self._answers()

    def own_harness(self, runtime: str) -> HarnessBuild:
        begin = json.loads(self.result[0])
        return HarnessBuild("simulated", runtime, begin["runtime"]["version"], begin["harness"]["source_hash"], Path(), ("nothing",))

    def push(self, *_given: object, **_named: object) -> int:
        self._answers()
        if Kind.FULL in self.world.lasting(self.name):
            raise DeviceNotReady(f"{self.name}'s disk is full", error_class="device_full")
        return 0

    def start(self, arguments: Sequence[str], nonce: str, watch: object = None) -> Handle:
        self._answers()
        words = list(arguments)
        self.given = words[words.index("--model") + 1].rpartition("/")[2]
        self.began_h, self.flash.running = self.flash.now_h, nonce
        self.flash.runs += 1
        self.world.passes(self.name, _CANARY_H if self.names[self.given] == CANARY else RUN_H)
        self.struck = None if self.names[self.given] == CANARY else self.world.in_run(self.name, self.began_h)
        return Handle(nonce, 0, "")

    def wait(self, handle: Handle, timeout_s: float) -> Status:
        if self.struck is Kind.LINK:
            self.struck = None
            raise DeviceLost(f"the link to {self.name} broke", error_class="device_lost")
        if self.struck is Kind.REBOOT:
            self.flash.running, self.flash.prepared, self.struck = "", False, None
            raise DeviceLost(f"{self.name} restarted while the harness ran", error_class="restarted")
        if self.struck is Kind.HUNG:
            self._interrupted.wait(timeout_s)
            return Status.RUNNING
        return Status.ENDED

    def collect(self, handle: Handle) -> Collected:
        self._answers()
        if self.struck is Kind.CRASH:
            return Collected(None, "Segmentation fault", 139)
        return Collected("\n".join([*self._lines(handle.nonce), ""]), "", 0)

    def _lines(self, nonce: str) -> list[str]:
        """Return the result: the begin line of this job, and latencies of this phone, night and run."""
        name, night = self.names[self.given], int(self.began_h // DAY_H)
        plan = self.world.plan
        at_night = random.Random(f"{plan.seed} {self.name} {name} {night}")
        of_run = random.Random(f"{plan.seed} {self.name} {name} {night} {self.flash.runs}")
        level_ns = 2e7 * (1 + plan.phones.index(self.name) / 10)
        for change in plan.changes:
            if night >= change.night and change.is_of(self.name, name):
                level_ns *= change.ratio
        level_ns *= math.exp(at_night.gauss(0, _NIGHT_NOISE) + of_run.gauss(0, _RUN_NOISE))
        values = [round(level_ns * math.exp(of_run.gauss(0, _VALUE_NOISE))) for _ in range(_VALUES)]
        lines = []
        for text in self.result:
            line = json.loads(text)
            if line.get("metric") == "latency_ns":
                line["values"] = values
            if line["type"] == "begin":
                line["job"] |= {"model_sha256": self.given, "iterations": _VALUES}
            if "model_sha256" in line:
                line["model_sha256"] = self.given
            lines.append(json.dumps(line).replace(NONCE, nonce))
        return lines

    def stop(self, handle: Handle) -> None:
        self.struck = None

    def pull(self, name: str, file: Path) -> bool:
        if not name.endswith(OUTPUT):
            return False
        assert name.startswith(run_folder(self.flash.running))
        file.write_bytes(USUAL_ANSWER[1])
        return True

    def vitals(self, phase: str) -> tuple[StateReading, ...]:
        self._answers()
        found = self.world.lasting(self.name)
        self.world.passes(self.name, LOOK_H if found & {Kind.HOT, Kind.CHARGING} else 0.0)
        is_low = bool(found & {Kind.FLAT, Kind.CHARGING})
        numbers = {
            "cpu_busy_ratio": 0.0,
            "skin_temperature_c": 47.0 if Kind.HOT in found else 27.0,
            "battery_level_percent": 12.0 if is_low else 80.0,
        }
        texts = {"wakefulness": "awake", "battery_health": "good"}
        texts |= {"battery_plugged": "none" if Kind.FLAT in found else "usb"}
        return (
            *(StateReading(name, phase, value=value) for name, value in numbers.items()),
            *(StateReading(name, phase, text=text) for name, text in texts.items()),
        )

    def clock(self, now_utc: object) -> tuple[StateReading, ...]:
        offset_ns = 900e9 if Kind.CLOCK in self.world.lasting(self.name) else 1e6
        return (StateReading("clock_offset_ns", "before", value=offset_ns),)

    def prepare(self, conditions: Conditions) -> None:
        self._answers()
        self.flash.prepared = True
        self.flash.keep()

    def restore(self) -> None:
        self._answers()
        self.flash.prepared, self.flash.running = False, ""
        self.flash.keep()

    def clean(self, handle: Handle) -> None:
        self._answers()
        self.flash.running = ""
        self.flash.keep()

    def room_bytes(self) -> int:
        self._answers()
        return 1_000_000 if Kind.FULL in self.world.lasting(self.name) else 50_000_000_000

    def diagnose(self, handle: Handle) -> str:
        return ""
