"""What calibrations of a simulated phone say, and what becomes of budgets that are not armed. `benchmarks/gate.py` calls it."""

import math
from collections.abc import Callable

import numpy as np
import polars as pl
from numpy.typing import NDArray

from benchmarks import noise, sequential
from benchmarks.checks import Checks
from benchmarks.noise import sides
from benchmarks.sequential import FAIL, LOOKS, PASS, PLAN, RUNS, SHIPPED, Array, Design
from farm import gate
from farm.metrics import Statistic
from farm.verdicts import Budget

_BUDGET = Budget("w", "latency_ns", Statistic.P50, max_regression=0.03)
Frame = Callable[[dict[str, tuple[Array, Array, np.ndarray]]], pl.DataFrame]


def needed(checks: Checks, rng: np.random.Generator, count: int, frame: Frame) -> None:
    """How many runs a side calibrations say that a budget of 3 % needs, beside how many it takes on that phone."""
    x = noise.sessions(count * 10, 2 * RUNS, noise.Noise(), rng)
    outcome = sequential.run(*sides(x, rng), math.log(1.03), SHIPPED, intervals=False)
    shares = {runs: float(((outcome.decision == PASS) & (outcome.runs <= runs)).mean()) for runs in LOOKS}
    truth = min(runs for runs, share in shares.items() if share >= 0.8)
    print(f"\nno change passes a budget of 3 % in four cases of five by {truth} runs a side; what {count} calibrations say of that")
    names = f"{'deviation: 10 %':>16} {'50 %':>6} {'90 %':>6} {'needed: 10 %':>13} {'50 %':>6} {'90 %':>6}"
    print(f"  {'runs a side':>11} {names} {'not armed':>10}")
    for runs in (8, 20, 40):
        deviations, wanted = [], []
        measured = noise.sessions(count, 2 * runs, noise.Noise(), rng)
        for row, chosen in zip(measured, noise.abba(count, runs // 2, rng), strict=True):
            (found,) = gate.noise(frame({"phone": (row[~chosen], row[chosen], chosen)}))
            deviations.append(found.deviation)
            wanted.append(gate.runs_needed(found.deviation, _BUDGET, PLAN))
        unarmed = float(np.mean(np.array(wanted) > RUNS))
        spread, most = np.percentile(deviations, (10, 50, 90)), np.percentile(wanted, (10, 50, 90))
        cells = f"{spread[0]:16.4f} {spread[1]:6.4f} {spread[2]:6.4f} {most[0]:13.0f} {most[1]:6.0f} {most[2]:6.0f}"
        print(f"  {runs:11} {cells} {unarmed:10.4f}")
        if runs == 20:  # what farm calibrate measures when nothing else is said
            checks.hold("calibrated with 20 runs a side, wrongly not armed", unarmed, at_most=0.02)


def armed(iterations: Array, rng: np.random.Generator, frame: Frame, runs: int = 20) -> NDArray[np.bool_]:
    """Return of which real benchmarks one calibration of so many runs a side arms a budget of 3 %; iterations as noise.forks() has them."""
    found = []
    for benchmark in iterations:
        measured, _ = noise.forks(benchmark[None], 1, 2 * runs, rng)
        chosen = noise.abba(1, runs // 2, rng)[0]
        (told,) = gate.noise(frame({"phone": (measured[0][~chosen], measured[0][chosen], chosen)}))
        found.append(gate.runs_needed(told.deviation, _BUDGET, PLAN) <= RUNS)
    return np.array(found)


def once(checks: Checks, rng: np.random.Generator, count: int) -> None:
    """Budgets that are not armed: one look after 8 runs a side, at the full error."""
    first = LOOKS[0]
    baseline, candidate = sides(noise.sessions(count, 2 * first, noise.Noise(), rng), rng)
    print(f"\nnot armed: a budget of 1 % looked at once, after {first} runs a side")
    print(f"  {'truth':>7} {'PASS':>7} {'FAIL':>7} {'coverage':>9}")
    for truth in (-0.05, 0.0, 0.01, 0.03, 0.05, 0.10):
        outcome = sequential.run(baseline, candidate + math.log1p(truth), math.log(1.01), Design((first,), (0.025,), (0.025,)))
        coverage = outcome.coverage(math.log1p(truth))
        print(f"  {truth:+7.1%} {outcome.share(PASS):7.4f} {outcome.share(FAIL):7.4f} {coverage:9.4f}")
        checks.hold(f"not armed, coverage at {truth:+.0%}", coverage, at_least=0.945)
        if truth == 0.01:
            checks.hold("not armed, at the budget, FAIL", outcome.share(FAIL), at_most=0.025)
            checks.hold("not armed, at the budget, PASS", outcome.share(PASS), at_most=0.025)
