"""Readings over time -> energy of each unit of work, net of the idle baseline and gross, with an interval. Arrays in, numbers out.

A phase is cut into windows, longer than what the source needs to show something new, and the windows are the sample: their
scatter holds the source's noise and the device's own restlessness. What a gauge is off by throughout (its calibration) no
interval of this kind can hold.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from farm.errors import PowerUnread

_SETTLE_NS = 2e9
"""Left out at the beginning of a phase: gauges average, and threads that worked spin for a while."""
_SHORTEST_WINDOW_NS = 1e9
_LOOKS_IN_WINDOW = 2
_FEWEST_WINDOWS, _MOST_WINDOWS = 4, 50

# For intervals of 95 %: the 97.5 % quantile of Student's t, for 1 to 30 degrees of freedom; beyond, that of 30 is a little too wide.
_T = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
    2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class EnergyCurve:
    """Energy taken since the first reading. at_ns is since the harness began, and grows."""

    at_ns: NDArray[np.float64]
    energy_uj: NDArray[np.float64]
    renewed_ns: float
    """How long it usually takes until the source shows something new."""
    step_uj: float = 0.0
    """What a difference of two readings is uncertain by, for how finely the source counts."""

    def between(self, edges_ns: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the energy of each stretch between two edges."""
        return np.diff(np.interp(edges_ns, self.at_ns, self.energy_uj))


@dataclass(frozen=True, slots=True)
class Done:
    """How much was done by when: cumulative."""

    at_ns: NDArray[np.float64]
    count: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with its interval over the windows of one run, and what each window gave by itself."""

    value: float
    low: float
    high: float
    windows: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Energies:
    """What a run's readings come to: energies of one unit of work in uJ, powers in uW."""

    net_uj: Estimate
    gross_uj: Estimate
    power_uw: Estimate
    idle_power_uw: Estimate
    window_at_ns: tuple[int, ...]
    """The middles of the working windows."""


def from_power(at_ns: Sequence[float], power_uw: Sequence[float], renewed_ns: float) -> EnergyCurve:
    """Return the energy under powers that were read now and then, by the trapezoidal rule."""
    at, power = np.asarray(at_ns, dtype=float), np.asarray(power_uw, dtype=float)
    steps_uj = np.diff(at) * (power[1:] + power[:-1]) / 2 / 1e9
    return EnergyCurve(at, np.concatenate(([0.0], np.cumsum(steps_uj))), renewed_ns)


def renewal_ns(at_ns: Sequence[float], values: Sequence[float]) -> float:
    """Return the usual time between two readings that differ; infinite when none does.

    Some gauges are read ten times a second and renewed every few seconds.
    """
    given = np.asarray(values, dtype=float)
    changed = np.asarray(at_ns, dtype=float)[1:][np.diff(given) != 0]
    return float(np.median(np.diff(changed))) if changed.size > 1 else math.inf


def energies(curve: EnergyCurve, idle_ns: tuple[float, float], work_ns: tuple[float, float], done: Done) -> Energies:
    """Return the energies of a run whose idle and work phases began and ended at these times.

    Raises PowerUnread when a phase is too short for the source, or is not covered by its readings.
    """
    idle_edges, work_edges = (_edges(curve, name, phase) for name, phase in (("idle", idle_ns), ("work", work_ns)))
    idle_uw = _mean(curve.between(idle_edges) / np.diff(idle_edges) * 1e9)
    work_uj, seconds = curve.between(work_edges), np.diff(work_edges) / 1e9
    units = np.diff(np.interp(work_edges, done.at_ns, done.count))
    if np.any(units <= 0):
        raise PowerUnread(
            "less than one unit of work was done in a window", error_class="power_too_short", hint="state a longer power_work"
        )
    baseline_uj = idle_uw.value * seconds
    step = curve.step_uj / float(units.sum())
    gross = _ratio(work_uj, units, step)
    net_step = step * (1 + float(seconds.sum() / (np.diff(idle_edges).sum() / 1e9)))  # the idle phase's, carried over to the work's length
    net = _ratio(
        work_uj - baseline_uj, units, net_step, (_standard_error(idle_uw.windows) * float(seconds.sum() / units.sum()), len(idle_edges) - 2)
    )
    return Energies(net, gross, _mean(work_uj / seconds), idle_uw, tuple(int(at) for at in (work_edges[1:] + work_edges[:-1]) / 2))


def _edges(curve: EnergyCurve, name: str, phase_ns: tuple[float, float]) -> NDArray[np.float64]:
    """Return where the windows of a phase begin and end, its settling left out."""
    begin = phase_ns[0] + max(_SETTLE_NS, _LOOKS_IN_WINDOW * curve.renewed_ns)
    window_ns = max(_SHORTEST_WINDOW_NS, _LOOKS_IN_WINDOW * curve.renewed_ns)
    if math.isinf(window_ns):
        raise PowerUnread("the power source showed the same reading throughout", error_class="power_unread", hint="take another source")
    within = curve.at_ns[(curve.at_ns >= phase_ns[0]) & (curve.at_ns < phase_ns[1])]
    if within.size < 2 or within[0] > begin or within[-1] < phase_ns[1] - window_ns:  # noqa: PLR2004
        raise PowerUnread(f"the power source was not read throughout the {name} phase", error_class="power_unread")
    end = float(within[-1])  # what lies between the phase's last reading and the next one is of both phases
    count = min(_MOST_WINDOWS, int((end - begin) / window_ns))
    if count < _FEWEST_WINDOWS:
        needed_s = (begin - phase_ns[0] + (_FEWEST_WINDOWS + 1) * window_ns) / 1e9
        raise PowerUnread(
            f"the power source shows something new every {curve.renewed_ns / 1e9:.1f} s, and the {name} phase of "
            f"{(phase_ns[1] - phase_ns[0]) / 1e9:.1f} s is too short for that",
            error_class="power_too_short",
            hint=f"state power_{name} of at least {math.ceil(needed_s)} s",
        )
    return np.linspace(begin, end, count + 1)


def _mean(windows: NDArray[np.float64]) -> Estimate:
    return _estimate(float(windows.mean()), _standard_error(windows), windows.size - 1, windows)


def _ratio(amounts: NDArray[np.float64], units: NDArray[np.float64], step: float, baseline: tuple[float, int] | None = None) -> Estimate:
    """Return the sum of amounts over the sum of units: a ratio estimate, whose scatter is that of the windows about it.

    baseline is the standard error, per unit, of what was subtracted from the amounts, with its degrees of freedom.
    """
    value = float(amounts.sum() / units.sum())
    own = _standard_error((amounts - value * units) / units.mean())
    degrees: float = amounts.size - 1
    error = own
    if baseline is not None and (own > 0 or baseline[0] > 0):
        error = math.hypot(own, baseline[0])
        degrees = error**4 / (own**4 / degrees + baseline[0] ** 4 / baseline[1])  # Welch and Satterthwaite
    return _estimate(value, error, degrees, amounts / units, step)


def _standard_error(windows: Sequence[float] | NDArray[np.float64]) -> float:
    return float(np.std(windows, ddof=1) / math.sqrt(len(windows)))


def _estimate(value: float, error: float, degrees: float, windows: NDArray[np.float64], step: float = 0.0) -> Estimate:
    half = _T[min(len(_T), max(1, int(degrees))) - 1] * error + step
    return Estimate(value, value - half, value + half, tuple(float(one) for one in windows))
