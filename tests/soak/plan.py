"""What a month does to a rack: a fault every hour, and two changes of speed. Values only; hours count from the first day's noon."""

import json
import random
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path

DAY_H = 24.0
START_H = 2.0
"""When a night is started, after its beginning at noon."""


class Kind(StrEnum):
    """What goes wrong."""

    LINK = "link lost in a run"
    REBOOT = "restarted in a run"
    CRASH = "harness crashed"
    HUNG = "harness hung"
    HOT = "phone too hot"
    FLAT = "battery low, no charger"
    CHARGING = "battery low, charging"
    FULL = "phone's disk full"
    AWAY = "phone away"
    CLOCK = "phone's clock wrong"
    KILL = "controller killed"
    LOCK = "database held by another process"
    HOST_CLOCK = "host's clock set by an hour"


IN_A_RUN = frozenset({Kind.LINK, Kind.REBOOT, Kind.CRASH, Kind.HUNG})
"""They hit the run that is under way, and nothing where there is none."""
LASTING = frozenset({Kind.HOT, Kind.FLAT, Kind.CHARGING, Kind.FULL, Kind.AWAY, Kind.CLOCK})
"""A phone's own, for some hours."""
OF_THE_HOST = frozenset({Kind.KILL, Kind.LOCK, Kind.HOST_CLOCK})

_WEIGHTS = {
    Kind.LINK: 4,
    Kind.REBOOT: 3,
    Kind.CRASH: 4,
    Kind.HUNG: 2,
    Kind.HOT: 3,
    Kind.FLAT: 1,
    Kind.CHARGING: 1,
    Kind.FULL: 2,
    Kind.AWAY: 1,
    Kind.CLOCK: 1,
    Kind.KILL: 2,
    Kind.LOCK: 1,
    Kind.HOST_CLOCK: 0.3,
}
_LASTS_H = {Kind.HOT: (0.3, 3.0), Kind.FLAT: (1.0, 8.0), Kind.CHARGING: (1.0, 3.0), Kind.FULL: (1.0, 12.0), Kind.AWAY: (4.0, 30.0)}
_OTHERWISE_H = (1.0, 6.0)
_SHORT_H = 10.0


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that goes wrong at an hour, on a phone ("": the host), for so long."""

    number: int
    at_h: float
    kind: Kind
    phone: str
    lasts_h: float

    def is_on(self, now_h: float) -> bool:
        """Whether it is there now."""
        return self.at_h <= now_h < self.at_h + self.lasts_h


@dataclass(frozen=True, slots=True)
class Change:
    """Work becomes slower for good, from a night on. phone, workload None: all of them; os_build: the update that it came with."""

    night: int
    ratio: float
    phone: str | None = None
    workload: str | None = None
    os_build: str | None = None

    def is_of(self, phone: str, workload: str) -> bool:
        """Whether a phone's workload is changed by it."""
        return self.phone in (None, phone) and self.workload in (None, workload)


@dataclass(frozen=True, slots=True)
class Plan:
    """A month. quiet: nights at its end without a fault, after which everything is to be well again."""

    seed: int
    nights: int
    quiet: int
    phones: tuple[str, ...]
    workloads: tuple[str, ...]
    repeats: int
    start: str
    """Noon of the first day, ISO 8601 in UTC."""
    mark: str
    """Tells this month's phones from those of another: locks are kept by who a device says it is."""
    faults: tuple[Fault, ...]
    changes: tuple[Change, ...]
    canary: bool = True
    """Whether each night has one."""

    @property
    def all_nights(self) -> int:
        """With those at the end."""
        return self.nights + self.quiet

    def write(self, folder: Path) -> None:
        """Write it down for the processes of the month."""
        (folder / "plan.json").write_text(json.dumps(asdict(self)), encoding="utf-8")

    @staticmethod
    def read(folder: Path) -> "Plan":
        """Return what was written."""
        facts = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
        facts["faults"] = tuple(Fault(**(each | {"kind": Kind(each["kind"])})) for each in facts["faults"])
        facts["changes"] = tuple(Change(**each) for each in facts["changes"])
        return Plan(**(facts | {name: tuple(facts[name]) for name in ("phones", "workloads")}))


def faults(seed: int, nights: int, phones: tuple[str, ...]) -> tuple[Fault, ...]:
    """Return a fault for every hour of the nights."""
    chance, found = random.Random(seed), list[Fault]()
    for number in range(round(nights * DAY_H)):
        (kind,) = chance.choices(list(_WEIGHTS), list(_WEIGHTS.values()))
        found.append(_fault(number, number + chance.random(), kind, chance, chance.choice(phones)))
    return tuple(found)


def one_of_each(seed: int, nights: int, phones: tuple[str, ...]) -> tuple[Fault, ...]:
    """Return each kind of fault once, while nights are at work, spread over them and over the phones."""
    chance, found = random.Random(seed), list[Fault]()
    for number, kind in enumerate(Kind):
        at_h = number % nights * DAY_H + START_H + 0.8 + number // nights * 0.9
        fault = _fault(number, at_h, kind, chance, phones[(number + number // nights) % len(phones)])
        found.append(replace(fault, lasts_h=min(fault.lasts_h, _SHORT_H)))
    return tuple(found)


def _fault(number: int, at_h: float, kind: Kind, chance: random.Random, phone: str) -> Fault:
    lasts_h = chance.uniform(*_LASTS_H.get(kind, _OTHERWISE_H)) if kind not in IN_A_RUN else 1.0
    return Fault(number, at_h, kind, "" if kind in OF_THE_HOST else phone, lasts_h)
