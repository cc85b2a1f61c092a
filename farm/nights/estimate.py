"""How long a plan takes, from how long the same jobs took before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

Key = tuple[str, str]
"""Workload key (farm.series) and pass."""


@dataclass(frozen=True, slots=True)
class Duration:
    """How long one job took with all its attempts and what lay between, as a median over the newest sessions that had it."""

    device: str
    key: Key
    seconds: float
    nights: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """How long a device's jobs take. unknown: those of which nothing is known, and which are not counted in."""

    seconds: float
    jobs: int
    unknown: int
    borrowed: int
    """Jobs whose time is that of other devices."""
    nights: int
    """That it rests on, at the least; 0: on none."""

    @property
    def known_from(self) -> str:
        """How it is known, for people."""
        if self.unknown == self.jobs:
            return "not known: nothing of it was ever measured"
        parts = [f"from the last {self.nights} nights" if self.nights > 1 else "from one night"]
        if self.borrowed:
            parts.append(f"{self.borrowed} jobs as on other devices")
        if self.unknown:
            parts.append(f"{self.unknown} jobs not known, and not counted in")
        return "; ".join(parts)


def estimate(device: str, jobs: Sequence[Key], known: Sequence[Duration]) -> Estimate:
    """Return how long these jobs take on a device: as they took there before, else as on other devices, else not known."""
    own = {each.key: each for each in known if each.device == device}
    elsewhere: Mapping[Key, list[Duration]] = {key: [each for each in known if each.key == key] for key in {*jobs} - own.keys()}
    seconds, nights, unknown, borrowed = 0.0, [], 0, 0
    for key in jobs:
        if key in own:
            seconds += own[key].seconds
            nights.append(own[key].nights)
        elif elsewhere[key]:
            seconds += median(each.seconds for each in elsewhere[key])
            nights.append(min(each.nights for each in elsewhere[key]))
            borrowed += 1
        else:
            unknown += 1
    return Estimate(seconds, len(jobs), unknown, borrowed, min(nights, default=0))
