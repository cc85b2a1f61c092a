"""Series that should have data and have none.

A *whole* night of the branch is one on which at least half of its live series (those with a value within DAYS days) have data: a
session for the fun of it is no night that others are missing from. A series is missing after as many whole nights without it as it
usually takes from one value to the next (nine of ten of its last steps take no longer; usually: one). When the branch itself is
silent for longer than it usually is, everything is missing. Where the same job goes on with other settings, a series has been
replaced and is not missing.

All that is a guess at what should be there. Where nights are planned (farm nightly), it is known: a series is missing when the newest
night that asked for it came to its end, or should have, without a valid run of it, or when the next one was not begun in time; the
reason is the one that the night accounted for it with.
"""

import math
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

import polars as pl

from farm.findings import Followed, Moment, Series
from farm.track.changes import moment

DAYS = 30
_STEPS = 30
_SHARE = 0.9


@dataclass(frozen=True, slots=True)
class Expected:
    """A job that a suite says should be measured on a device."""

    device: str
    workload: str
    pass_: str
    metric: str
    """What the pass is run for."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What the newest night that asked for a job came to. device_id None: the device was not reached in it."""

    device: str
    device_id: str | None
    workload: str
    pass_: str
    metric: str
    night: date
    is_closed: bool
    """Else it should have come to its end by now."""
    expected: int
    valid: int
    reason: str | None
    is_overdue: bool
    """The next night of it should have been begun by now."""
    is_dropped: bool
    """Later nights no longer ask for it."""

    @property
    def is_missing(self) -> bool:
        """Whether there should be a valid run, and is none."""
        return not self.is_dropped and (self.valid == 0 or self.is_overdue)

    @property
    def words(self) -> str:
        """Why it is missing."""
        if self.is_overdue:
            return f"no night was begun since that of {self.night}, and one was due"
        if not self.is_closed and self.reason is None:
            return f"the night of {self.night} has not come to its end, and should have"
        return f"none of {self.expected} expected runs of the night of {self.night} is valid: {self.reason or 'no reason is known'}"

    def is_of(self, series: Series) -> bool:
        """Whether a series is of this job."""
        is_device = series.device_id == self.device_id if self.device_id is not None else series.device == self.device
        return is_device and (series.workload, series.pass_) == (self.workload, self.pass_)


def planned(rows: pl.DataFrame) -> tuple[Planned, ...]:
    """Return what nights asked for, from the rows of the query `expected_series`."""
    return tuple(
        Planned(**{"pass_" if name == "pass" else name: value for name, value in row.items()}) for row in rows.iter_rows(named=True)
    )


@dataclass(frozen=True, slots=True)
class Trouble:
    """Runs of a job in one session that gave no valid number: how many, and the last one's outcome with its reason."""

    device_id: str
    device: str
    workload: str
    pass_: str
    at: datetime
    """When the session began."""
    runs: int
    words: str


def troubles(rows: pl.DataFrame) -> tuple[Trouble, ...]:
    """Return the troubles of a branch, oldest first, from the rows of the query `troubles`."""
    return tuple(
        Trouble(
            row["device_id"],
            row["device"],
            row["workload"],
            row["pass"],
            row["began_at"],
            row["runs"],
            f"{row['outcome'].replace('_', ' ')}: {row['reason'] or 'no reason is known'}",
        )
        for row in rows.iter_rows(named=True)
    )


@dataclass(frozen=True, slots=True)
class Gap:
    """A series without data. series and last are None for one that never had any."""

    device: str
    workload: str
    pass_: str
    metric: str
    series: Series | None
    last: Moment | None
    nights: int
    reason: str


def gaps(
    followed: Sequence[Followed],
    today: date,
    troubles: Iterable[Trouble] = (),
    expected: Collection[Expected] | None = None,
    nightly: Collection[Planned] = (),
) -> tuple[tuple[Gap, ...], int]:
    """Return the gaps, and how many series were replaced. today is the night that it is; expected None: whatever had data before.

    nightly: what nights asked for, which is better known than what is expected because there was some before.
    """
    last = {item.series: moment(item.nights[-1]) for item in followed if item.nights}
    days = {item.series: sorted({night.day for night in item.nights}) for item in followed if item.nights}
    whole = whole_nights(list(days.values()))
    is_silent = bool(whole) and (today - whole[-1]).days > _usual([(after - before).days for before, after in pairwise(whole)])
    known = list(troubles)
    found, replaced, asked = [], 0, _by_job(nightly)
    latest = _latest_by_job(days)
    for series, own in days.items():
        since = len(whole) - bisect_right(whole, own[-1])
        night = _night_of(series, asked)
        if night is not None and night.is_dropped:
            continue
        is_late = is_silent or since >= _usual_step(own, whole)
        if night is not None:  # it tells when there should be data again
            is_late = since >= _usual_step(own, whole) and own[-1] < night.night
        is_asked_for = night is not None and night.is_missing
        if not _is_expected(series, expected) or not (is_late or is_asked_for):
            continue
        if latest[_job(series)] > own[-1]:
            replaced += 1
            continue
        reason = night.words if night is not None and is_asked_for else _reason(series, last, known, is_silent=is_silent)
        found.append(Gap(series.device, series.workload, series.pass_, series.metric, series, last[series], since, reason))
    never = _never(days, known, expected or ())
    told = {(gap.device, gap.workload, gap.pass_) for gap in never}
    missed = [each for each in nightly if each.is_missing and (each.device, each.workload, each.pass_) not in told]
    unseen = [each for each in missed if not any(each.is_of(series) for series in days)]
    never += [Gap(each.device, each.workload, each.pass_, each.metric, None, None, 0, each.words) for each in unseen]
    return (*found, *never), replaced


def _by_job(nightly: Iterable[Planned]) -> dict[tuple[str, str], list[Planned]]:
    """Return what nights asked for by workload and pass: a rack has thousands of series."""
    found: dict[tuple[str, str], list[Planned]] = defaultdict(list)
    for each in nightly:
        found[each.workload, each.pass_].append(each)
    return found


def _night_of(series: Series, asked: Mapping[tuple[str, str], Sequence[Planned]]) -> Planned | None:
    """Return what nights ask for of a series' job; of a device that had two names, under the one that it has now."""
    own = [each for each in asked.get((series.workload, series.pass_), ()) if each.is_of(series)]
    return max(own, key=lambda each: (not each.is_dropped, each.night), default=None)


def whole_nights(days: Sequence[Sequence[date]]) -> list[date]:
    """Return the whole nights, oldest first. days are each series' nights, rising."""
    counts = Counter(day for own in days for day in own)
    steps: Counter[date] = Counter()
    for own in days:
        steps[own[0]] += 1
        steps[own[-1] + timedelta(days=DAYS + 1)] -= 1
    live, found = 0, []
    for day in sorted({*counts, *steps}):
        live += steps[day]
        if day in counts and 2 * counts[day] >= live:
            found.append(day)
    return found


def _usual(steps: Sequence[int]) -> int:
    """Return how long nine of ten of the last steps take at the most; 1 where there is none."""
    last = sorted(steps[-_STEPS:])
    return max(1, last[math.ceil(_SHARE * len(last)) - 1]) if last else 1


def _usual_step(own: Sequence[date], whole: Sequence[date]) -> int:
    places = [bisect_right(whole, day) for day in own[-_STEPS - 1 :]]
    return _usual([after - before for before, after in pairwise(places)])


def _job(series: Series) -> tuple[str, str, str, str]:
    return series.device_id, series.workload, series.pass_, series.metric


def _latest_by_job(days: Mapping[Series, Sequence[date]]) -> dict[tuple[str, str, str, str], date]:
    latest: dict[tuple[str, str, str, str], date] = {}
    for series, own in days.items():
        latest[_job(series)] = max(own[-1], latest.get(_job(series), own[-1]))
    return latest


def _is_expected(series: Series, expected: Collection[Expected] | None) -> bool:
    if expected is None:
        return True
    return any(
        (item.workload, item.pass_) == (series.workload, series.pass_) and item.device in (series.device, series.device_id)
        for item in expected
    )


def _reason(series: Series, last: Mapping[Series, Moment], troubles: Sequence[Trouble], *, is_silent: bool) -> str:
    """Return what is known of why."""
    since = last[series].at
    of_device = [trouble for trouble in troubles if trouble.device_id == series.device_id and trouble.at > since]
    own = [trouble for trouble in of_device if (trouble.workload, trouble.pass_) == (series.workload, series.pass_)]
    if own:
        return f"{_without_number(own)} since"
    if any(other.device_id == series.device_id and at.at > since for other, at in last.items()):
        return "other things were measured on the device since, this was not"
    if of_device:
        return f"nothing on the device gave a valid number since, its last run: {of_device[-1].words}"
    return "nothing of the branch was measured since" if is_silent else "nothing was measured on the device since"


def _without_number(own: Sequence[Trouble]) -> str:
    count = sum(trouble.runs for trouble in own)
    return f"{'1 run' if count == 1 else f'{count} runs'} without a valid number ({own[-1].words})"


def _never(days: Mapping[Series, Sequence[date]], troubles: Sequence[Trouble], expected: Iterable[Expected]) -> list[Gap]:
    """Return the jobs of the suite that never gave a value."""
    seen: dict[tuple[str, str], set[str]] = defaultdict(set)
    for series in days:
        seen[series.workload, series.pass_] |= {series.device, series.device_id}
    found = []
    for item in expected:
        if item.device in seen[item.workload, item.pass_]:
            continue
        own = [trouble for trouble in troubles if (trouble.workload, trouble.pass_) == (item.workload, item.pass_)]
        own = [trouble for trouble in own if item.device in (trouble.device_id, trouble.device)]
        reason = f"the suite asks for it, and it gave {_without_number(own)}" if own else "the suite asks for it, and it was never run"
        found.append(Gap(item.device, item.workload, item.pass_, item.metric, None, None, 0, reason))
    return found
