"""A fixed artifact on a device: the band that its first sessions tell, and whether a later one lies outside it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import fmean, stdev

from farm import units
from farm.stats.paired import student_quantile

FEWEST_SESSIONS = 5
"""That tell a band: fewer do not show how far a level moves by itself."""
FEWEST_RUNS = 3
"""Valid runs of a session that tell its level."""
_ERROR = 0.005
"""Chance, on each side, that a session of an unchanged device lies outside, if the logarithms of levels are normal."""
_LEAST_REACH = 0.01
"""The band reaches at least so far, as a share: less is of no interest, and sessions that all come out alike would allow nothing."""
_CAUSES = {"os_build": "the OS build", "harness_hash": "the harness", "runtime_version": "the runtime's version"}


class State(StrEnum):
    """What a session of the canary came to."""

    BAND = "band"
    """It tells the band."""
    WITHIN = "within"
    SUSPECT = "suspect"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Sitting:
    """One session of the canary. value_ns is the median over its valid runs of their p50; None: too few were valid."""

    value_ns: float | None
    runs: int
    series_key: str | None
    os_build: str
    harness_hash: str | None
    runtime_version: str | None


@dataclass(frozen=True, slots=True)
class Band:
    """Where a session of an unchanged device lies, in 99 of 100 cases."""

    level_ns: float
    low_ns: float
    high_ns: float
    sessions: int

    @property
    def text(self) -> str:
        """The band for people."""
        return f"{units.show(self.low_ns, units.TIME)} … {units.show(self.high_ns, units.TIME)} of {self.sessions} sessions"


@dataclass(frozen=True, slots=True)
class Judged:
    """What a session came to; band is the one that it was held against, or that it helped to tell."""

    state: State
    reason: str
    band: Band | None = None


def band(levels_ns: Sequence[float]) -> Band | None:
    """Return the band that the levels of sessions tell, None from fewer than FEWEST_SESSIONS.

    It is the usual interval for one further observation of a normal distribution, mean +- t s sqrt(1 + 1 / n), on logarithms.
    """
    count = len(levels_ns)
    if count < FEWEST_SESSIONS:
        return None
    logs = [math.log(level) for level in levels_ns]
    mean = fmean(logs)
    reach = max(student_quantile(1 - _ERROR, count - 1) * stdev(logs) * math.sqrt(1 + 1 / count), math.log1p(_LEAST_REACH))
    return Band(math.exp(mean), math.exp(mean - reach), math.exp(mean + reach), count)


def judge(now: Sitting, earlier: Sequence[Sitting], *, is_band: bool) -> Judged:
    """Return what a session came to. earlier are the sessions that tell the device's band, oldest first; is_band: this one does, too."""
    alike = [one for one in earlier if one.series_key == now.series_key and one.value_ns is not None]
    if now.value_ns is None:
        return Judged(State.UNKNOWN, f"{now.runs} valid runs, and {FEWEST_RUNS} tell a level")
    if is_band:
        return _told(now, alike)
    found = band([one.value_ns for one in alike if one.value_ns is not None])
    if found is None:
        other = " of other settings or another build of the runtime" if earlier and not alike else ""
        return Judged(State.UNKNOWN, f"{len(alike) or len(earlier)} sessions{other} tell no band: farm canary --calibrate")
    shown = units.show(now.value_ns, units.TIME)
    if found.low_ns <= now.value_ns <= found.high_ns:
        return Judged(State.WITHIN, f"{shown} lies in its band, {found.text}", found)
    side = "above" if now.value_ns > found.high_ns else "below"
    drift = f"{100 * (now.value_ns / found.level_ns - 1):+.1f} %"
    return Judged(State.SUSPECT, f"{shown} lies {side} its band, {found.text} ({drift}){_changed(now, alike[-1])}", found)


def _told(now: Sitting, alike: Sequence[Sitting]) -> Judged:
    """Return what a session that tells the band came to."""
    values = [one.value_ns for one in (*alike, now) if one.value_ns is not None]
    found = band(values)
    if found is None:
        return Judged(State.BAND, f"{len(values)} of {FEWEST_SESSIONS} sessions that tell a band")
    return Judged(State.BAND, f"the band is {found.text}", found)


def _changed(now: Sitting, before: Sitting) -> str:
    """Name what else is another one since the band was told: the likelier cause."""
    changed = [f"{what} is another one" for name, what in _CAUSES.items() if getattr(now, name) != getattr(before, name)]
    return f"; since then {' and '.join(changed)}" if changed else ""
