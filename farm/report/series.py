"""Series with their nights -> the columns that a page draws histories from, once for all plots of it."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any, NamedTuple

from farm.findings import Followed, Series, TrackedChange
from farm.metrics import METRICS
from farm.publish import tracking
from farm.report import page, words
from farm.report.packed import packed, quarters, shares
from farm.stats.intervals import median_rank
from farm.units import quantity_of

MOST_NIGHTS = 100_000
"""Nights, over all series, that one page holds: what is beyond that is in the pages of the series themselves."""
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Histories:
    """What a page holds of series: in the order in which they matter, those with findings first."""

    followed: tuple[Followed, ...]
    changes: tuple[TrackedChange, ...]
    branch: str
    pages: Mapping[str, str] = field(default_factory=dict)
    """Of a site: the file with every run of a series, by what links call it."""

    def ordered(self) -> list[Followed]:
        """Return the series: those of changes in their order, then those that a pass is run for, then the others."""
        first = {name_of(change.series): number for number, change in reversed(list(enumerate(self.changes)))}
        return sorted(
            self.followed,
            key=lambda item: (
                first.get(name_of(item.series), len(first)),
                not is_headline(item.series.metric),
                item.series.workload,
                item.series.device,
                item.series.metric,
            ),
        )


def name_of(series: Series) -> str:
    """Return what a page's links call a series: the same in every page of every day."""
    return f"{series.key[: words.SHORT]}.{series.metric}"


def history_command(series: Series, branch: str) -> str:
    """Return the command that shows every run of a series."""
    return words.command(
        *("farm", "report", "history", "--branch", branch, "--device", series.device),
        *("--workload", series.workload, "--metric", series.metric, "--open"),
    )


def measure_command(series: Series) -> str:
    """Return the command that its newest numbers came of; where that is not known, one with the suite to be filled in."""
    return words.measured_again(series.command, series.device, series.pass_) or words.command(
        "farm", "run", "--suite", "SUITE.toml", "--device", series.device, "--passes", series.pass_
    )


def data(histories: Histories, most_nights: int = MOST_NIGHTS) -> dict[str, Any]:
    """Return the columns. A series beyond most_nights is named, without its nights."""
    ordered = histories.ordered()
    room, begin = most_nights, 0
    first = min((item.nights[0].began_at for item in ordered if item.nights), default=datetime(1970, 1, 1))  # noqa: DTZ001 - naive, as stored
    epoch = first.replace(second=0, microsecond=0)  # times are whole minutes from there
    revisions: dict[str | None, int] = {}
    columns: dict[str, list[int | float]] = {name: [] for name in ("at", "day", "value", "low", "high", "runs", "revision")}
    of_series: defaultdict[str, list[TrackedChange]] = defaultdict(list)
    for change in histories.changes:
        of_series[name_of(change.series)].append(change)
    rows = []
    for item in ordered:
        count = len(item.nights) if len(item.nights) <= room else 0
        room -= count
        row = _facts(item.series, histories.branch) | {"begin": begin, "count": count, "nights": len(item.nights)}
        row |= {"last": words.day(item.nights[-1].day) if item.nights else "", "now": _typical(item)}
        row["page"] = histories.pages.get(row["id"])
        row["changes"] = [change_facts(change, epoch) for change in of_series[row["id"]]]
        if count:
            row |= _fill(item, columns, epoch, revisions)
        rows.append(row)
        begin += count
    return {
        "epoch": epoch.isoformat(timespec="seconds") + "Z",
        "series": rows,
        "revisions": list(revisions),
        "points": {
            "at": packed(columns["at"], "u4"),
            "day": quarters(columns["day"]),
            "value": packed(columns["value"], "f4"),
            "low": packed(columns["low"], "u2"),
            "high": packed(columns["high"], "u2"),
            "runs": packed(columns["runs"], "u1"),
            "revision": packed(columns["revision"], "u2" if len(revisions) <= 65536 else "u4"),  # noqa: PLR2004
        },
    }


def _facts(series: Series, branch: str) -> dict[str, Any]:
    quantity = quantity_of(series.metric)
    return {
        "id": name_of(series),
        "device": series.device,
        "workload": series.workload,
        "metric": series.metric,
        "label": words.label(series.metric),
        "unit": None if quantity is None else quantity.suffix,
        "less": series.metric not in METRICS or series.less_is_better,
        "pass": series.pass_,
        "runtime": f"{series.runtime} {series.flavour}",
        "threads": series.threads,
        "command": history_command(series, branch),
        "measure": measure_command(series),
    }


def _fill(item: Followed, columns: dict[str, list[int | float]], epoch: datetime, revisions: dict[str | None, int]) -> dict[str, Any]:
    """Add a series' nights to the columns; return between which values the ends of their intervals are counted."""
    told = middles(item)
    least, most = min(one.low for one in told), max(one.high for one in told)
    columns["at"] += [(night.began_at - epoch) // _MINUTE for night in item.nights]
    columns["day"] += [(night.began_at.date() - night.day).days + 1 for night in item.nights]  # named after the next day at most
    columns["value"] += [one.value for one in told]
    columns["low"] += shares([one.low for one in told], least, most).tolist()
    columns["high"] += shares([one.high for one in told], least, most).tolist()
    columns["runs"] += [min(len(night.values), page.MOST_RANKED) for night in item.nights]
    columns["revision"] += [revisions.setdefault(night.revision, len(revisions)) for night in item.nights]
    return {"least": least, "most": most}


class Middle(NamedTuple):
    """A night's median with the interval that its runs give it. coverage None: one run gives none, and both ends are that run."""

    value: float
    low: float
    high: float
    coverage: float | None


def middles(item: Followed) -> list[Middle]:
    """Return the median of each night, with its interval.

    Nights have few values, and there are many nights: statistics.median and stats.median_interval take several times as long.
    """
    found = []
    for night in item.nights:
        ordered = sorted(night.values)
        half = len(ordered) // 2
        value = ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2
        rank, coverage = median_rank(len(ordered)) or (1, None)
        found.append(Middle(value, ordered[rank - 1], ordered[-rank], coverage))
    return found


def medians(item: Followed) -> list[float]:
    """Return the median of each night."""
    return [one.value for one in middles(item)]


def _typical(item: Followed) -> float | None:
    return median(item.nights[-1].values) if item.nights else None


def minutes(at: datetime, epoch: datetime) -> int:
    """Return a time as whole minutes since the page's first night."""
    return (at - epoch) // _MINUTE


def naive(epoch: str) -> datetime:
    """Return a page's first night as the database has times: naive UTC."""
    return datetime.fromisoformat(epoch).replace(tzinfo=None)


def change_facts(change: TrackedChange, epoch: datetime) -> dict[str, Any]:
    """Return what a plot draws of a change: from which night to which it lies, and what it is."""
    size, interval = words.size_words(change.size, change.series.metric)
    return {
        "id": change.id,
        "after": minutes(change.place.after.at, epoch),
        "first": minutes(change.place.first.at, epoch),
        "until": minutes(change.place.until.at, epoch),
        "before": change.before,
        "now": change.after,
        "worse": change.worse,
        "here": change.is_here,
        "sure": change.standing.value,
        "said": None if change.acknowledgement is None else tracking.acknowledged(change.acknowledgement),
        "text": f"{size} ({interval}), after {words.moment(change.place.after.at)}, by {words.moment(change.place.until.at)}",
    }


def days_around(item: Followed, place: TrackedChange, room: int = 2) -> list[date]:
    """Return the nights whose runs tell of a change: those around it, and the last ones."""
    days = [night.day for night in item.nights]
    chosen: set[date] = set(days[-room:])
    for moment in (place.place.after, place.place.first, place.place.until):
        if moment.night in days:
            at = days.index(moment.night)
            chosen |= set(days[max(0, at - 1) : at + room])
    return sorted(chosen)


def trend(item: Followed, change: TrackedChange | None, most: int = 90) -> tuple[list[float], tuple[int, int] | None]:
    """Return the medians of the last nights, from before a change on, and between which of them it lies; None: of no change."""
    if change is None:
        return medians(replace(item, nights=item.nights[-most:])), None
    days = [night.day for night in item.nights]
    after = min(bisect_left(days, change.place.after.night), len(days) - 1)
    until = min(bisect_left(days, change.place.until.night), len(days) - 1)
    begin = max(0, min(after - 10, len(days) - most))
    return medians(replace(item, nights=item.nights[begin:])), (after - begin, until - begin)


def is_headline(metric: str) -> bool:
    """Whether a pass is run for this metric."""
    return metric in (
        "latency_ns",
        "token_ns",
        "vm_hwm_bytes",
        "energy_per_inference_uj",
        "energy_per_token_uj",
        "accuracy_ratio",
        "perplexity",
    )


def by_name(followed: Collection[Followed]) -> dict[str, Followed]:
    """Return series by what links call them."""
    return {name_of(item.series): item for item in followed}


def job(series: Series) -> str:
    """Return the job of a series as the query `report_runs` begins a place with it."""
    return f"{series.device_id} {series.workload} {series.pass_}"
