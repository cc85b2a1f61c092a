"""The gate's tests on many simulated sessions at once: the boundaries and critical counts are farm's, only the counting is vectorised.

`benchmarks/gate.py` checks on a sample that judge() says the same, number by number.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from farm.stats.boundaries import Spending, nominal_level
from farm.stats.ranks import Shift, Stratum
from farm.verdicts import Plan

Array = NDArray[np.float64]
PASS, FAIL, OPEN = 1, -1, 0
GROUP = 8
"""Runs a side in a stratum, as in farm.gate.strata."""
_CELLS = 4_000_000
PLAN = Plan()
LOOKS = tuple(2 * blocks for blocks in PLAN.looks)
RUNS = LOOKS[-1]


@dataclass(frozen=True, slots=True)
class Design:
    """Looks in runs a side, the one-sided levels of each, and the runs a side in a stratum."""

    looks: tuple[int, ...]
    fail: tuple[float, ...]
    pass_: tuple[float, ...]
    error: float = 0.025
    group: int = GROUP

    @classmethod
    def of(cls, looks: Sequence[int], fail: Spending, pass_: Spending, group: int = GROUP, error: float = 0.025) -> "Design":
        """Return the design of two spending functions."""
        shares = tuple(count / looks[-1] for count in looks)
        levels = [tuple(nominal_level(kind, error, shares[: k + 1]) for k in range(len(looks))) for kind in (fail, pass_)]
        return cls(tuple(looks), levels[0], levels[1], error, group)

    def edges(self, n: int) -> list[tuple[int, int]]:
        """Return where strata begin and end among n runs a side: a remainder belongs to the last one."""
        starts = list(range(0, max(1, n - self.group + 1), self.group))
        return list(zip(starts, [*starts[1:], n], strict=True))


SHIPPED = Design.of(LOOKS, Spending.OBRIEN_FLEMING, Spending.POCOCK)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of each session: decision, runs a side, and the interval of the shift (log scale)."""

    decision: NDArray[np.int64]
    runs: NDArray[np.int64]
    low: Array
    high: Array

    def share(self, decision: int) -> float:
        """Return how often this was decided."""
        return float((self.decision == decision).mean())

    def coverage(self, truth: float) -> float:
        """Return how often the interval held the truth."""
        return float(((self.low <= truth) & (truth <= self.high)).mean())

    def width(self) -> float:
        """Return the mean width of the intervals that have two ends."""
        width = self.high - self.low
        return float(width[np.isfinite(width)].mean())


def run(baseline: Array, candidate: Array, limit: float, design: Design, *, intervals: bool = True) -> Outcome:
    """Return what the gate decides about each row: whether the shift of candidate over baseline is at most limit."""
    count = baseline.shape[0]
    decision, runs = np.zeros(count, dtype=np.int64), np.full(count, design.looks[-1])
    low, high = np.full(count, -np.inf), np.full(count, np.inf)
    open_ = np.arange(count)
    for look, n in enumerate(design.looks):
        if open_.size == 0:
            break
        edges = design.edges(n)
        weights = np.concatenate([np.full((end - start) ** 2, 1 / (2 * (end - start) + 1)) for start, end in edges])
        shift = Shift(tuple(Stratum(np.zeros(end - start), np.zeros(end - start)) for start, end in edges))
        critical = {level: shift.critical_count(level) * (1 + 1e-12) for level in (design.fail[look], design.pass_[look], design.error)}
        for rows in np.array_split(open_, max(1, open_.size * weights.size // _CELLS)):
            differences = np.concatenate(
                [(candidate[rows, start:end, None] - baseline[rows, None, start:end]).reshape(rows.size, -1) for start, end in edges],
                axis=1,
            )
            below = (differences <= limit) @ weights
            failed = below <= critical[design.fail[look]]
            passed = ((differences >= limit) @ weights <= critical[design.pass_[look]]) & ~failed
            decision[rows[failed]], decision[rows[passed]] = FAIL, PASS
            ended = failed | passed | (look == len(design.looks) - 1)
            runs[rows[ended]] = n
            if intervals and ended.any():
                low[rows[ended]], high[rows[ended]] = _interval(
                    differences[ended], weights, failed[ended], passed[ended], look, design, critical
                )
        open_ = open_[decision[open_] == OPEN]
    return Outcome(decision, runs, low, high)


def _interval(
    differences: Array,
    weights: Array,
    failed: NDArray[np.bool_],
    passed: NDArray[np.bool_],
    look: int,
    design: Design,
    critical: dict[float, float],
) -> tuple[Array, Array]:
    order = np.argsort(differences, axis=1)
    ordered = np.take_along_axis(differences, order, axis=1)
    weighted = np.cumsum(weights[order], axis=1)
    total, rows = weights.sum(), np.arange(ordered.shape[0])

    def lower(level: float) -> Array:
        if critical[level] < 0:
            return np.full(rows.size, -np.inf)
        return np.asarray(ordered[rows, (weighted <= critical[level]).sum(axis=1)])

    def upper(level: float) -> Array:
        if critical[level] < 0:
            return np.full(rows.size, np.inf)
        return np.asarray(ordered[rows, (weighted < total - critical[level]).sum(axis=1)])

    return (
        np.where(passed, lower(design.error), lower(design.fail[look])),
        np.where(failed, upper(design.error), upper(design.pass_[look])),
    )
