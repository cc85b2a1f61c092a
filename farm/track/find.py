"""From histories to findings: where each one changed its level, and which ends ask for fresh runs."""

import math
from collections.abc import Sequence
from statistics import median

from farm import changepoints
from farm.verdicts import Finding, FindingKind, History, Size


def find(histories: Sequence[History]) -> list[tuple[Finding, ...]]:
    """Return each history's findings, oldest first: its changes, and a suspected one at its end.

    A session counts once, by the median of its runs; one without values is a gap. A suspected change is held against the sessions since
    the last change only. Raises ValueError in one sentence when a value is infinite.
    """
    medians = [[_median(runs) for runs in history.sessions] for history in histories]
    found = changepoints.find_many(medians)
    return [_findings(history, middle, changes) for history, middle, changes in zip(histories, medians, found, strict=True)]


def is_too_short(history: History) -> bool:
    """Whether a history has so few sessions with a value that no change could be found in it."""
    return sum(any(not math.isnan(value) for value in runs) for runs in history.sessions) < changepoints.SHORTEST


def _median(runs: Sequence[float]) -> float:
    there = [value for value in runs if not math.isnan(value)]
    return median(there) if there else math.nan


def _findings(history: History, medians: list[float], changes: Sequence[changepoints.Change]) -> tuple[Finding, ...]:
    findings = [_change(history, change) for change in changes]
    since = changes[-1].index if changes else 0
    suspected = changepoints.fresh(history.sessions[since:])
    if suspected is not None:
        findings.append(_suspected(history, medians, suspected))
    return tuple(findings)


def _change(history: History, change: changepoints.Change) -> Finding:
    return Finding(
        FindingKind.CHANGE,
        history.name,
        change.index,
        change.index_low,
        change.index_high,
        change.before,
        change.after,
        _size(change.ratio, change.shift),
        significance=change.significance,
    )


def _suspected(history: History, medians: list[float], suspected: changepoints.Fresh) -> Finding:
    """Where a fresh change began is not sure: it lies among the sessions that the rule looks at."""
    there = [place for place, middle in enumerate(medians) if not math.isnan(middle)]
    begin = there[-suspected.sessions]
    low = there[-min(changepoints.LATEST, len(there))]
    before = math.exp(suspected.level) if suspected.is_log else suspected.level
    after = math.exp(suspected.level + suspected.shift.value) if suspected.is_log else suspected.level + suspected.shift.value
    return Finding(
        FindingKind.SUSPECTED,
        history.name,
        begin,
        low,
        there[-1],
        before,
        after,
        _size(suspected.ratio, suspected.shift),
        deviations=suspected.deviations,
    )


def _size(ratio: changepoints.Estimate | None, shift: changepoints.Estimate | None) -> Size:
    estimate = ratio or shift
    assert estimate is not None  # a change has one of the two
    return Size(estimate.value, estimate.low, estimate.high, is_ratio=ratio is not None)
