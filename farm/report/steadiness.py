"""How steady a device is: its sessions of a fixed artifact with their band, and how its numbers scatter while nothing changes."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from farm import canary
from farm.report import shapes, words
from farm.report.packed import packed
from farm.report.series import minutes, naive
from farm.verdicts import Budget

_METRIC = "latency_ns"
_MOST_LISTED = 40
_WORDS = {
    canary.State.BAND: ("tells the band", ""),
    canary.State.WITHIN: ("within", "pass"),
    canary.State.SUSPECT: ("suspect", "silent"),
    canary.State.UNKNOWN: ("not known", "gaps"),
}


@dataclass(frozen=True, slots=True)
class Sung:
    """One session of the canary as a line. value is empty where too few runs were valid."""

    at: str
    value: str
    runs: int
    word: str
    tone: str
    reason: str


@dataclass(frozen=True, slots=True)
class Canary:
    """What the canary says of a device. band is empty where too few sessions tell one."""

    now: Sung
    band: str
    sessions: tuple[Sung, ...]
    """The newest first, and no more than are listed."""
    count: int


def canary_of(rows: pl.DataFrame) -> Canary | None:
    """Return it from the rows of `report_canaries`; None where there was no session."""
    if rows.is_empty():
        return None
    every = [_sung(row) for row in rows.iter_rows(named=True)]
    found = _band(rows)
    return Canary(every[-1], "" if found is None else found.text, tuple(reversed(every[-_MOST_LISTED:])), len(every))


def _sung(row: Mapping[str, Any]) -> Sung:
    word, tone = _WORDS[row["state"]]
    return Sung(words.moment(row["measured_at"]), words.amount(row["value_ns"], _METRIC), row["runs"], word, tone, row["reason"])


def _band(rows: pl.DataFrame) -> canary.Band | None:
    """Return the band that holds now: that of the sessions which tell it since the newest that began one, alike in what they ran."""
    begun, known = rows.filter("begins_band")["measured_at"].max(), rows["series_key"].drop_nulls()
    if known.is_empty():
        return None
    alike = rows.filter(pl.col("is_band"), pl.col("series_key") == known[-1])
    since = alike if begun is None else alike.filter(pl.col("measured_at") >= begun)
    return canary.band(since["value_ns"].drop_nulls().to_list())


def canary_curve(rows: pl.DataFrame, epoch: str) -> list[dict[str, Any]]:
    """Return the canary's levels as a curve of the page, with the band that holds now; none where no session has a level."""
    begin = naive(epoch)
    known = rows.drop_nulls("value_ns")
    if known.is_empty():
        return []
    at = [minutes(each, begin) for each in known["measured_at"]]  # below zero before the first night
    curve: dict[str, Any] = {
        "name": _METRIC,
        "label": "the canary's level",
        "at": packed(at, "f4"),
        "value": packed(known["value_ns"].to_list(), "f4"),
    }
    curve["listed"] = True  # in the table of sessions
    found = _band(rows)
    return [curve if found is None else curve | {"band": [found.low_ns, found.high_ns]}]


@dataclass(frozen=True, slots=True)
class NoiseRow:
    """How one number scatters, as a line."""

    workload: str
    number: str
    flavour: str
    deviation: float
    scatter: str
    """Of one run, as a share."""
    sides: str
    """One side over the other, which is nothing changed in truth: with its 95 % interval."""
    bar: shapes.Bar
    runs: int
    day: str
    is_current: bool
    os_build: str


def noises(rows: pl.DataFrame) -> list[NoiseRow]:
    """Return the lines from the rows of `report_noises`, what scatters most first; all bars have one axis."""
    ends = [value - 1 for name in ("ratio_low", "ratio", "ratio_high") for value in rows[name].drop_nulls()]
    axis = shapes.scale(ends)
    return [_noise(row, axis) for row in rows.sort("deviation", descending=True).iter_rows(named=True)]


def _noise(row: Mapping[str, Any], axis: shapes.Scale) -> NoiseRow:
    low, value, high = (None if row[name] is None else row[name] - 1 for name in ("ratio_low", "ratio", "ratio_high"))
    assert value is not None
    ends = " … ".join("?" if end is None else words.per_cent(end) for end in (low, high))
    sides = f"{words.per_cent(value)} ({ends})"
    budget = Budget(row["workload"], row["metric"], row["statistic"], max_regression=0.0)
    return NoiseRow(
        workload=row["workload"],
        number=budget.name.removeprefix(f"{row['workload']} "),
        flavour=row["flavour"],
        deviation=row["deviation"],
        scatter=f"{100 * row['deviation']:.2g} %",
        sides=words.unbroken(sides),
        bar=shapes.bar((low, value, high), axis, f"one side over the other {sides}", budget=None),
        runs=row["runs"],
        day=words.day(row["measured_at"]),
        is_current=row["is_current"],
        os_build=row["os_build"],
    )


def suspects(states: pl.DataFrame) -> dict[str, str]:
    """Return why a device is suspect, by its id, from the rows of `canary_states`: those whose newest session lies outside the band."""
    own = states.filter(pl.col("state") == canary.State.SUSPECT).drop_nulls(["value_ns", "band_low_ns", "band_high_ns"])
    return {
        row["device_id"]: f"canary {_off(row)}, outside its band, on {words.day(row['measured_at'])}" for row in own.iter_rows(named=True)
    }


def _off(row: Mapping[str, Any]) -> str:
    return words.per_cent(row["value_ns"] / math.sqrt(row["band_low_ns"] * row["band_high_ns"]) - 1)
