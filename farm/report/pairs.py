"""Runs of two sides -> the numbers that both have, of two revisions with their ratio."""

import math
from dataclasses import dataclass

import numpy as np
import polars as pl

from farm import units
from farm.stats.ranks import Shift, Stratum

FEWEST = 4
"""Valid runs a side that a ratio takes."""
_LEVEL = 0.025


@dataclass(frozen=True, slots=True)
class Pair:
    """One number on both sides. ratio and its ends are B over A; None where it has none."""

    device: str
    workload: str
    metric: str
    setting: str
    one: tuple[float, ...]
    other: tuple[float, ...]
    ratio: float | None
    low: float | None
    high: float | None
    p_value: float | None
    advisory: str
    rows: tuple[tuple[str, str, str, float], ...]
    """Run, device, side and value."""


def pairs_of(frame: pl.DataFrame, kind: str) -> list[Pair]:
    """Return what both sides have, in the order of the rows of `report_compare`. kind: revision or device."""
    keys = [*(["device_id"] if kind == "revision" else []), "workload", "pass", "flavour", "threads", "metric"]
    found = []
    for _, own in frame.group_by(keys, maintain_order=True):
        sides = {side: tuple(own.filter(pl.col("side") == side)["value"].to_list()) for side in ("A", "B")}
        if sides["A"] and sides["B"]:
            found.append(_pair(own, sides, kind))
    return found


def _pair(own: pl.DataFrame, sides: dict[str, tuple[float, ...]], kind: str) -> Pair:
    first = own.row(0, named=True)
    ratio = low = high = p_value = None
    advisory = ""
    if kind == "revision":
        strata, advisory = _strata(own)
        if min(*sides["A"], *sides["B"]) > 0 and min(len(sides["A"]), len(sides["B"])) >= FEWEST:
            shift = Shift(strata)
            ends = (shift.lower_bound(_LEVEL), shift.upper_bound(_LEVEL))
            ratio, p_value = math.exp(shift.estimate()), shift.p_value()
            low, high = (math.exp(end) if math.isfinite(end) else None for end in ends)
    return Pair(
        device=first["device"] if kind == "revision" else "",
        workload=first["workload"],
        metric=first["metric"],
        setting=f"{first['flavour']}, {units.counted(first['threads'], 'thread')}",
        one=sides["A"],
        other=sides["B"],
        ratio=ratio,
        low=low,
        high=high,
        p_value=p_value,
        advisory=advisory,
        rows=tuple(own.select("run", "device", "side", "value").rows()),
    )


def _strata(own: pl.DataFrame) -> tuple[tuple[Stratum, ...], str]:
    """Return the sessions that hold both sides as strata, else all runs as one, with why that supports no more than advice."""
    logs = own.with_columns(pl.col("value").clip(lower_bound=5e-324).log().alias("log"))

    def stratum(part: pl.DataFrame) -> Stratum:
        one, other = (part.filter(pl.col("side") == side)["log"].to_numpy().astype(np.float64) for side in ("A", "B"))
        return Stratum(one, other)

    both = [stratum(part) for _, part in logs.group_by("session", maintain_order=True) if part["side"].n_unique() == 2]  # noqa: PLR2004
    if both:
        return tuple(both), ""
    return (stratum(logs),), "the sides were measured in different sessions: what drifts between nights is in these ratios, too"
