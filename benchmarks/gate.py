"""The gate's error rates, power and coverage, by simulation with fixed seeds. `make bench-gate` calls it; a few minutes.

Every row is what the shipped boundaries and rank tests decide on the noise of noise.py; judge() itself is run on a sample of
the same sessions, and must agree number by number.
"""

import argparse
import math
import sys
import time
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks import gate_aside, gate_calibration, noise, sequential
from benchmarks.checks import Checks
from benchmarks.noise import sides
from benchmarks.sequential import FAIL, LOOKS, OPEN, PASS, PLAN, RUNS, SHIPPED, Array, Design
from farm import gate
from farm.metrics import Statistic
from farm.verdicts import Budget, Side, Verdict

SEED = 20260101
TRUTHS = (-0.05, 0.0, 0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.10)
HEAD = "  truth    PASS    FAIL    open runs/side  coverage   below   above   width  finite"


def table(baseline: Array, candidate: Array, budget: float, truths: tuple[float, ...], design: Design) -> dict[float, sequential.Outcome]:
    """Print and return what is decided at each truth."""
    print(f"  {HEAD}")
    found = {}
    for truth in truths:
        shift = math.log1p(truth)
        outcome = found[truth] = sequential.run(baseline, candidate + shift, math.log1p(budget), design)
        finite = np.isfinite(outcome.high - outcome.low).mean()
        print(
            f"  {truth:+7.1%} {outcome.share(PASS):7.4f} {outcome.share(FAIL):7.4f} {outcome.share(OPEN):7.4f} {outcome.runs.mean():9.1f} "
            f"{outcome.coverage(shift):9.4f} {(outcome.high < shift).mean():7.4f} {(outcome.low > shift).mean():7.4f} "
            f"{outcome.width():7.4f} {finite:7.4f}"
        )
    return found


def main_requirements(checks: Checks, baseline: Array, candidate: Array, name: str, *, power: bool) -> None:
    """Budgets of 3 % and 1 % on a simulated phone; power: whether what must be seen, and how soon, is required of this noise."""
    print(f"\n{name}: budget 3 %, looks at {', '.join(map(str, LOOKS))} runs a side; below/above: interval below/above the truth")
    found = table(baseline, candidate, 0.03, TRUTHS, SHIPPED)
    checks.hold(f"{name}, truth at the budget, FAIL", found[0.03].share(FAIL), at_most=0.025)
    checks.hold(f"{name}, truth at the budget, PASS", found[0.03].share(PASS), at_most=0.025)
    if power:
        checks.hold(f"{name}, no change, PASS", found[0.0].share(PASS), at_least=0.95)
        checks.hold(f"{name}, no change, runs a side", float(found[0.0].runs.mean()), at_most=16)
        checks.hold(f"{name}, +5 %, FAIL", found[0.05].share(FAIL), at_least=0.90)
        checks.hold(f"{name}, +6 %, FAIL", found[0.06].share(FAIL), at_least=0.98)
    covered(checks, name, found)
    print(f"\n{name}: budget 1 %")
    found = table(baseline, candidate, 0.01, (0.0, 0.01, 0.03, 0.04), SHIPPED)
    checks.hold(f"{name}, budget 1 %, at it, FAIL", found[0.01].share(FAIL), at_most=0.025)
    if power:
        checks.hold(f"{name}, budget 1 %, +3 %, FAIL", found[0.03].share(FAIL), at_least=0.90)
        checks.hold(f"{name}, budget 1 %, +4 %, FAIL", found[0.04].share(FAIL), at_least=0.98)
    covered(checks, f"{name}, budget 1 %", found)


def covered(checks: Checks, name: str, found: dict[float, sequential.Outcome]) -> None:
    """Require the coverage at every truth."""
    for truth, outcome in found.items():
        checks.hold(f"{name}, coverage at {truth:+.0%}", outcome.coverage(math.log1p(truth)), at_least=0.945)


def family(checks: Checks, rng: np.random.Generator, families: int, metrics: int = 20) -> None:
    """Families of unchanged metrics: the share in which any fails. The iterations' noise is drawn from 400,000 simulated runs."""
    medians, failed, passed = noise.medians(400_000, 0.0, rng), 0, 0
    for _ in range(metrics):
        x = noise.sessions(families, 2 * RUNS, noise.Noise(), rng, medians_of=medians)
        outcome = sequential.run(*sides(x, rng), math.log(1.03), SHIPPED, intervals=False)
        failed, passed = failed + int((outcome.decision == FAIL).sum()), passed + int((outcome.decision == PASS).sum())
    shares = f"{failed} metrics FAIL, {passed / families / metrics:.4f} PASS"
    print(f"\n{families} families of {metrics} unchanged metrics, budget 3 % each: {shares}")
    checks.hold("any FAIL in a family of 20 unchanged metrics, at most", failed / families, at_most=0.001)


def real_forks(checks: Checks, path: Path | None, rng: np.random.Generator, calibrating: np.random.Generator, count: int) -> None:
    """Show the same with forks of real benchmarks instead of simulated noise; what must be seen is held to where a budget is armed."""
    if path is None or not path.exists():
        print("\nno --forks: real noise is skipped")
        return
    iterations = np.load(path)["iterations"].astype(float)
    x, chosen = noise.forks(iterations, count, 2 * RUNS, rng)
    baseline, candidate = sides(x, rng)
    medians = np.log(np.median(iterations, axis=2))
    spread = 1.4826 * np.median(np.abs(medians - np.median(medians, axis=1, keepdims=True)), axis=1)
    print(f"\nforks of {iterations.shape[0]} real benchmarks, forks and iterations drawn with replacement, budget 3 %")
    found = table(baseline, candidate, 0.03, (0.0, 0.03, 0.05, 0.06), SHIPPED)
    checks.hold("forks, at the budget, FAIL", found[0.03].share(FAIL), at_most=0.025)
    covered(checks, "forks", found)
    armed = gate_calibration.armed(iterations, calibrating, frame)
    print(
        f"  {armed.mean():.3f} of the benchmarks are calibrated, with 20 runs a side, as quiet enough for the budget to be armed; of these:"
    )
    rows = armed[chosen]
    shares = {truth: [float((outcome.decision[rows] == decision).mean()) for decision in (PASS, FAIL)] for truth, outcome in found.items()}
    checks.hold("forks, armed, no change, PASS", shares[0.0][0], at_least=0.95)
    checks.hold("forks, armed, no change, runs a side", float(found[0.0].runs[rows].mean()), at_most=16)
    checks.hold("forks, armed, at the budget, FAIL", shares[0.03][1], at_most=0.025)
    checks.hold("forks, armed, at the budget, PASS", shares[0.03][0], at_most=0.025)
    checks.hold("forks, armed, +5 %, FAIL", shares[0.05][1], at_least=0.90)
    checks.hold("forks, armed, +6 %, FAIL", shares[0.06][1], at_least=0.98)
    print("  by noise of the benchmark (robust sd over forks)")
    print("         noise   rows 0 %: PASS  runs +3 %: FAIL +5 %: FAIL +6 %: FAIL")
    for low, high in ((0, 0.01), (0.01, 0.02), (0.02, 0.04), (0.04, 1.0)):
        rows = (spread[chosen] >= low) & (spread[chosen] < high)
        cells = [
            (found[truth].decision[rows] == decision).mean() for truth, decision in ((0.0, PASS), (0.03, FAIL), (0.05, FAIL), (0.06, FAIL))
        ]
        print(
            f"  {low:5.0%} - {high:4.0%} {rows.sum():6} {cells[0]:9.4f} {found[0.0].runs[rows].mean():5.1f} "
            f"{cells[1]:10.4f} {cells[2]:10.4f} {cells[3]:10.4f}"
        )
        if high <= 0.02:
            for name, value, least in (("no change, PASS", cells[0], 0.95), ("+5 %, FAIL", cells[2], 0.90), ("+6 %, FAIL", cells[3], 0.98)):
                checks.hold(f"forks with noise of {low:.0%} to {high:.0%}, {name}", float(value), at_least=least)
    five = Design((5,), (0.025,), (0.025,), group=5)
    halves = sequential.run(medians[:, :5], medians[:, 5:], 0.0, five)
    outside = 1 - halves.share(OPEN)
    print(f"  forks 1-5 against 6-10 as they are, nothing changed: {outside:.4f} of {medians.shape[0]} intervals exclude 1 (nominal 0.05)")


def agreement(checks: Checks, baseline: Array, candidate: Array, chosen: np.ndarray, count: int = 300) -> None:
    """Run judge() itself on some of the sessions: decision, runs and interval must be those of the vectorised count.

    Only where runs fall into two groups may it hold back what the count decides; how often it does is printed.
    """
    worst, wrong, held = 0.0, 0, 0
    budget = Budget("w", "latency_ns", Statistic.P50, max_regression=0.03)
    for row in range(min(count, baseline.shape[0])):
        shift = math.log1p((0.0, 0.03, 0.05)[row % 3])
        outcome = sequential.run(baseline[row : row + 1], candidate[row : row + 1] + shift, math.log(1.03), SHIPPED)
        runs = frame({"phone": (baseline[row], candidate[row] + shift, chosen[row])})
        (verdict,) = gate.judge([budget], runs, PLAN, date(2026, 1, 1))
        decided = {"pass": PASS, "fail": FAIL, "inconclusive": OPEN}[verdict.decision]
        if decided != outcome.decision[0] or verdict.used[0].candidate != outcome.runs[0]:
            (then,) = gate.judge([budget], runs.filter(pl.col("block") < outcome.runs[0] // 2), PLAN, date(2026, 1, 1))
            is_held = "one ratio does not tell it" in then.reason
            held, wrong = held + is_held, wrong + (not is_held)
            continue
        assert verdict.estimate is not None
        for bound, counted in ((verdict.estimate.low, outcome.low[0]), (verdict.estimate.high, outcome.high[0])):
            if bound is not None or np.isfinite(counted):
                worst = max(worst, abs(math.log(bound or math.inf) - counted))
    print(f"\njudge() on {count} of these sessions: {wrong} decided otherwise, {held} held back; bounds differ by at most {worst:.1e}")
    checks.hold("judge() and the vectorised count disagree", wrong + (worst > 1e-9), at_most=0)


def frame(devices: dict[str, tuple[Array, Array, np.ndarray]]) -> pl.DataFrame:
    """Return runs as judge() is given them: for each device both sides' log values and which run of the session is the candidate's."""
    rows = []
    for device, (baseline, candidate, chosen) in devices.items():
        left = {Side.BASELINE: iter(baseline), Side.CANDIDATE: iter(candidate)}
        for place, is_candidate in enumerate(chosen):
            side = Side.CANDIDATE if is_candidate else Side.BASELINE
            value = 2e7 * math.exp(next(left[side]))
            row = (f"{device}-{place}", device, "s", "f", "w", "latency_ns", "p50", side.value, value, place // 4, place % 4, "ok", None)
            rows.append(row)
    return pl.DataFrame(rows, schema=gate.RUNS, orient="row")


def pools(rng: np.random.Generator, count: int) -> None:
    """judge() on four devices, with one common ratio or with one device that differs."""
    print(f"\nfour devices in one budget of 3 %, judge() itself, {count} pools each")
    print(f"  {'truth on the four':>24} {'PASS':>7} {'FAIL':>7} {'open':>7} {'runs/side on each':>17}")
    budget = Budget("w", "latency_ns", Statistic.P50, max_regression=0.03)
    for truths in ((0.0,) * 4, (0.03,) * 4, (0.05,) * 4, (0.0, 0.0, 0.0, 0.05), (0.0, 0.0, 0.0, 0.08)):
        verdicts: list[Verdict] = []
        for _ in range(count):
            chosen = noise.abba(4, RUNS // 2, rng)
            x = noise.sessions(4, 2 * RUNS, noise.Noise(), rng)
            devices = {f"d{k}": (x[k][~chosen[k]], x[k][chosen[k]] + math.log1p(truth), chosen[k]) for k, truth in enumerate(truths)}
            verdicts += gate.judge([budget], frame(devices), PLAN, date(2026, 1, 1))
        shares = [sum(verdict.decision == decision for verdict in verdicts) / count for decision in ("pass", "fail", "inconclusive")]
        name = " ".join(f"{truth:+.0%}" for truth in truths)
        print(f"  {name:>24} {shares[0]:7.3f} {shares[1]:7.3f} {shares[2]:7.3f} {np.mean([2 * v.blocks for v in verdicts]):17.1f}")


def main() -> None:
    """Print every table; exit 1 when something that must hold does not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=10_000, help="simulated sessions for each row")
    parser.add_argument("--forks", type=Path, help="forks of real benchmarks: an .npz with iterations[benchmark, fork, iteration]")
    given = parser.parse_args()
    checks, count, start_s = Checks(), given.sessions, time.perf_counter()
    streams = [np.random.default_rng(seed) for seed in np.random.SeedSequence(SEED).spawn(11)]
    print(f"seed {SEED}, {count} sessions a row; standard error of a share near 0.95: {math.sqrt(0.95 * 0.05 / count):.4f}")
    x = noise.sessions(count, 2 * RUNS, noise.Noise(), streams[0])
    chosen = noise.abba(count, RUNS // 2, streams[0])
    plain = x[~chosen].reshape(count, -1), x[chosen].reshape(count, -1)
    main_requirements(checks, *plain, "phone", power=True)
    ramped = sides(noise.sessions(count, 2 * RUNS, noise.Noise(ramp=0.05), streams[1]), streams[1])
    main_requirements(checks, *ramped, "phone with throttling ramp", power=False)
    gate_aside.others(*plain, "phone")
    gate_aside.others(*ramped, "phone with throttling ramp")
    agreement(checks, *plain, chosen)
    family(checks, streams[2], count)
    real_forks(checks, given.forks, streams[3], streams[10], count)
    gate_aside.order(streams[4], count // 2)
    pools(streams[5], max(20, count // 50))
    gate_aside.limits(checks, streams[6], count)
    gate_aside.quality(checks, streams[7], count)
    gate_aside.modes(streams[8], count // 5)
    gate_calibration.needed(checks, streams[9], max(50, count // 20), frame)
    gate_calibration.once(checks, streams[9], count)
    print(f"\n{time.perf_counter() - start_s:.0f} s; requirements missed: {'; '.join(checks.missed) or 'none'}")
    sys.exit(bool(checks.missed))


if __name__ == "__main__":
    main()
