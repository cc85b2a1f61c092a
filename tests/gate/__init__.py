"""What the gate's tests share: frames of runs, made from lists of values."""

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np
import polars as pl

from farm import gate
from farm.metrics import Statistic
from farm.verdicts import Budget, Plan, Verdict

TODAY = date(2026, 1, 2)
PLAN = Plan()
Row = dict[str, object]

WITHIN = Budget("w", "latency_ns", Statistic.P50, max_regression=0.03)
TOKENS = Budget("w", "decode_tokens_per_s", Statistic.P50, max_regression=0.03)
LIMIT = Budget("w", "vm_hwm_bytes", Statistic.VALUE, limit=1.1e9)


def interleaved(baseline: Sequence[float], candidate: Sequence[float], device: str = "s25", **changes: object) -> list[Row]:
    """Rows of one session in ABBA blocks: two of each side in turn, as many blocks as there are values for."""
    rows = []
    left = {"baseline": list(baseline), "candidate": list(candidate)}
    for block in range((len(baseline) + 1) // 2):
        order = ("baseline", "candidate", "candidate", "baseline")
        for position, side in enumerate(order):
            if left[side]:
                rows.append(a_row(side, left[side].pop(0), device, block=block, position=position, **changes))
    return numbered(rows)


def a_row(side: str, value: float | None, device: str = "s25", **changes: object) -> Row:
    """One run."""
    given: Row = {
        "run": "", "device": device, "session": "a", "flavour": "xnnpack", "workload": "w", "metric": "latency_ns", "statistic": "p50",
        "side": side, "value": value, "block": None, "position": None, "outcome": "ok", "reason": None,
    }  # fmt: skip
    return given | changes


def numbered(rows: Sequence[Row]) -> list[Row]:
    """The rows, each run with a name of its own."""
    return [row | {"run": f"{row['device']}-{row['session']}-{row['metric']}-{row['side']}-{place}"} for place, row in enumerate(rows)]


def memory(*values: float, device: str = "s25", metric: str = "vm_hwm_bytes") -> list[Row]:
    """Runs of the candidate alone, each with one value."""
    rows = [a_row("candidate", value, device, block=place // 2, position=place % 2) for place, value in enumerate(values)]
    return numbered([row | {"metric": metric, "statistic": "value"} for row in rows])


def frame(*parts: Sequence[Row]) -> pl.DataFrame:
    """Rows as the gate takes them."""
    return pl.DataFrame([row for part in parts for row in part], schema=gate.RUNS)


def one(budget: Budget, *parts: Sequence[Row], plan: Plan = PLAN, devices: Sequence[str] = (), today: date = TODAY) -> Verdict:
    """The verdict on one budget."""
    (verdict,) = gate.judge([budget], frame(*parts), plan, today, devices=devices)
    return verdict


def noisy(count: int, ratio: float = 1.0, seed: int = 1, sd: float = 0.01, level: float = 2e7) -> list[float]:
    """Values around level x ratio, log-normal."""
    return [float(value) for value in level * ratio * np.exp(np.random.default_rng(seed).normal(0, sd, count))]


def both(ratio: float, count: int = 40, seed: int = 1, sd: float = 0.01, **changes: object) -> list[Row]:
    """An interleaved session whose true ratio is this one."""
    return interleaved(noisy(count, 1.0, seed, sd), noisy(count, ratio, seed + 1000, sd), **changes)  # type: ignore[arg-type]


def answers(baseline: Sequence[float | None], candidate: Sequence[float | None], **changes: object) -> pl.DataFrame:
    """A frame of items."""
    given: Mapping[str, object] = {"device": "s25", "workload": "w", "metric": "accuracy_ratio", "tokens": None} | changes
    rows = [
        dict(given) | {"item": str(place), "baseline": old, "candidate": new}
        for place, (old, new) in enumerate(zip(baseline, candidate, strict=True))
    ]
    return pl.DataFrame(rows, schema=gate.ITEMS)
