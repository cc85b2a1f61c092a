"""The nights of a branch and what was found in them before -> what holds today, and the rows that the database gets of it."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

import polars as pl

from farm.findings import Followed, MissingSeries, Place, Request, Standing, Tracked, TrackedChange, night_of
from farm.track import changes, confirmation, groups, identity, missing, rows
from farm.track.acknowledged import holding
from farm.track.find import find, is_too_short
from farm.track.missing import Expected, Planned, Trouble
from farm.track.rows import Stored
from farm.verdicts import Finding, FindingKind


@dataclass(frozen=True, slots=True)
class Known:
    """What the database holds of a branch's findings: the rows of the queries of the same names."""

    findings: pl.DataFrame
    acknowledgements: pl.DataFrame
    pending_confirmations: pl.DataFrame
    confirming_runs: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Today:
    """What is asked. as_of is naive UTC; since: changes that were over before this night are left out of what is told."""

    branch: str
    as_of: datetime
    since: date | None = None
    device: str | None = None
    workload: str | None = None
    expected: Collection[Expected] | None = None
    troubles: Sequence[Trouble] = ()
    nightly: Collection[Planned] = ()
    """What nights asked for."""
    night: date | None = None
    """That the nightly says it is; None: there is none, and it is by the clock."""


@dataclass(slots=True)
class _Work:
    """What is being put together."""

    today: Today
    stored: dict[str, Stored]
    said: rows.Said
    confirmed: frozenset[str]
    refuted: frozenset[str]
    histories: dict[tuple[str, str], Followed]
    of_series: dict[tuple[str, str], list[Stored]]
    taken: set[str]
    """Ids."""
    found: list[TrackedChange] = field(default_factory=list)
    suspicions: dict[str, confirmation.Suspicion] = field(default_factory=dict)


def follow(followed: Sequence[Followed], known: Known, today: Today) -> tuple[Tracked, rows.Rows]:
    """Return what holds today, and the rows to put into the database: they are told apart from what is there already."""
    answered = confirmation.answers(known.pending_confirmations, known.confirming_runs)
    work = _Work(
        today,
        rows.stored(known.findings),
        rows.said(known.acknowledgements),
        *confirmation.by_outcome(answered),
        {(item.series.key, item.series.metric): item for item in followed},
        defaultdict(list),
        set(known.findings["id"]),
    )
    for each in work.stored.values():
        work.of_series[each.series_key or "", each.metric].append(each)
    histories = [changes.history(item) for item in followed]
    for item, findings in zip(followed, find(histories), strict=True):
        _changes_of(work, item, findings)
    gone = list(_carried_or_gone(work))
    grouped = groups.group(work.found)
    gaps, replaced = _missing(work, followed)
    asked = confirmation.Asked(today.branch, today.as_of, tuple(work.found), work.suspicions, frozenset(item.id for item in gone))
    pending, request_rows = confirmation.settle(known.pending_confirmations, answered, asked)
    nights = sorted({night.day for item in followed for night in item.nights})
    tracked = Tracked(
        branch=today.branch,
        as_of=today.as_of,
        series=len(followed),
        values=sum(len(night.values) for item in followed for night in item.nights),
        nights=len(nights),
        last_night=nights[-1] if nights else None,
        followable=sum(not is_too_short(history) for history in histories),
        groups=tuple(group for group in grouped if today.since is None or group.place.until.night >= today.since),
        missing=gaps,
        pending=tuple(request for request in pending if _is_asked_for(today, request)),
        replaced=replaced,
    )
    return tracked, rows.new(work.stored, today.branch, today.as_of, grouped, gone, gaps, _back(work)) | request_rows


def _is_asked_for(today: Today, item: Request | Stored) -> bool:
    device = today.device is None or today.device in (item.device, item.device_id)
    return device and today.workload in (None, item.workload)


def _changes_of(work: _Work, item: Followed, findings: Sequence[Finding]) -> None:
    """Add the changes of one series, each with the id that it has had."""
    times = [night.began_at for night in item.nights]
    before = work.of_series[item.series.key, item.series.metric]
    places = [changes.place(item.nights, finding) for finding in findings]
    worse = [changes.is_worse(finding, less_is_better=item.series.less_is_better) for finding in findings]
    for direction in (True, False):
        numbers = [number for number, each in enumerate(worse) if each is direction]
        known = [(each.id, each.place) for each in before if each.worse is direction and each.place]
        for number, name in zip(numbers, identity.matched([places[number] for number in numbers], known, times), strict=True):
            words = (work.today.branch, item.series.key, item.series.metric, str(direction), places[number].first.at.isoformat())
            own = name or identity.new_id(words, work.taken)
            work.taken.add(own)
            _add(work, item, findings, number, places[number], own)


def _add(work: _Work, item: Followed, findings: Sequence[Finding], number: int, place: Place, name: str) -> None:
    finding, nights, stored = findings[number], item.nights, work.stored.get(name)
    back = changes.recovery(findings, number)
    holds, lapsed = holding(work.said[name], work.today.as_of.date(), nights)
    change = TrackedChange(
        id=name,
        series=item.series,
        standing=_standing(work, name, finding, nights[-1].began_at),
        worse=changes.is_worse(finding, less_is_better=item.series.less_is_better),
        is_here=back is None,
        place=place,
        before=finding.before,
        after=finding.after,
        size=finding.size,
        first_seen_at=stored.first_seen_at if stored else work.today.as_of,
        significance=finding.significance,
        deviations=finding.deviations,
        recovered=None if back is None else changes.moment(nights[back]),
        causes=changes.causes(nights, finding),
        artifact_changed=changes.artifact_changed(nights, finding),
        acknowledgement=holds,
        lapsed=lapsed,
    )
    work.found.append(change)
    if change.standing is Standing.SUSPECTED:
        since = max((each.index for each in findings if each.kind is FindingKind.CHANGE), default=0)
        work.suspicions[name] = confirmation.suspicion([night.values for night in nights[since:]])


def _standing(work: _Work, name: str, finding: Finding, last_at: datetime) -> Standing:
    """Fresh runs decide on a suspected change; one that was refuted is suspected again when a further night still shows it."""
    stored = work.stored.get(name)
    before = stored.standing if stored else None
    if finding.kind is FindingKind.CHANGE or name in work.confirmed or before == Standing.CONFIRMED:
        return Standing.CONFIRMED
    if name in work.refuted or (stored is not None and before == Standing.REFUTED and last_at <= stored.seen_at):
        return Standing.REFUTED
    return Standing.SUSPECTED


def _carried_or_gone(work: _Work) -> Iterator[Stored]:
    """Yield what was found before and is no longer; what was sure once is kept as long as the nights themselves still tell of it."""
    ids = {change.id for change in work.found}
    for stored in work.stored.values():
        item = work.histories.get((stored.series_key or "", stored.metric))
        if item is None or stored.place is None or stored.id in ids or stored.standing == Standing.GONE:
            continue
        carried = _carried(work, item, stored, stored.place)
        if carried is None:
            yield stored
        else:
            work.found.append(carried)


def _carried(work: _Work, item: Followed, stored: Stored, place: Place) -> TrackedChange | None:
    if stored.standing != Standing.CONFIRMED and stored.id not in work.confirmed:
        return None
    assert stored.before is not None  # every change has levels and a size
    assert stored.after is not None
    assert stored.size is not None
    recovered = stored.recovered
    if recovered is None:
        is_told, over = changes.told_by_nights(item.nights, place, stored.before, stored.after, is_ratio=stored.size.is_ratio)
        if not is_told:
            return None
        recovered = None if over is None else changes.moment(item.nights[over])
    holds, lapsed = holding(work.said[stored.id], work.today.as_of.date(), item.nights)
    return TrackedChange(
        id=stored.id,
        series=item.series,
        standing=Standing.CONFIRMED,
        worse=stored.worse,
        is_here=recovered is None,
        place=place,
        before=stored.before,
        after=stored.after,
        size=stored.size,
        first_seen_at=stored.first_seen_at,
        significance=stored.significance,
        deviations=stored.deviations,
        recovered=recovered,
        causes=stored.causes,
        artifact_changed=stored.artifact_changed,
        acknowledgement=holds,
        lapsed=lapsed,
    )


def _missing(work: _Work, followed: Sequence[Followed]) -> tuple[tuple[MissingSeries, ...], int]:
    today = work.today
    gaps, replaced = missing.gaps(followed, today.night or night_of(today.as_of), today.troubles, today.expected, today.nightly)
    found = []
    for gap in gaps:
        device = gap.device if gap.series is None else gap.series.device_id
        since = "" if gap.last is None else gap.last.night.isoformat()
        key = gap.series.key if gap.series else ""
        name = identity.new_id((today.branch, "missing", device, gap.workload, gap.pass_, key, gap.metric, since), ())
        stored = work.stored.get(name)
        holds, lapsed = holding(work.said[name], today.as_of.date())
        found.append(
            MissingSeries(
                id=name,
                group=f"m{identity.new_id((today.branch, device, since), ())}",
                device=gap.device,
                workload=gap.workload,
                pass_=gap.pass_,
                metric=gap.metric,
                reason=gap.reason,
                first_seen_at=stored.first_seen_at if stored else today.as_of,
                series=gap.series,
                last=gap.last,
                nights=gap.nights,
                acknowledgement=holds,
                lapsed=lapsed,
            )
        )
    return tuple(found), replaced


def _back(work: _Work) -> list[Stored]:
    """Return the series that were missing and have data again."""
    newest: dict[tuple[str, str], datetime] = {key: item.nights[-1].began_at for key, item in work.histories.items() if item.nights}
    jobs: dict[tuple[str, str], set[str]] = defaultdict(set)
    for item in work.histories.values():
        jobs[item.series.workload, item.series.pass_] |= {item.series.device, item.series.device_id}
    found = []
    for stored in work.stored.values():
        if stored.kind == rows.MISSING and stored.is_here:
            last = newest.get((stored.series_key or "", stored.metric))
            is_seen = stored.series_key is None and stored.device in jobs[stored.workload, stored.pass_]
            if is_seen or (last is not None and stored.last_at is not None and last > stored.last_at):
                found.append(stored)
    return found
