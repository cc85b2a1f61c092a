"""One series' findings -> changes: the nights and revisions they lie between, their likelier causes, and whether they are still there."""

import math
from collections.abc import Sequence
from statistics import median

from farm.findings import Cause, Followed, Moment, Night, Place
from farm.verdicts import Finding, FindingKind, History

_STATE = ("os_build", "harness", "farm_version", "runtime_version", "battery_health")
"""What may change a number although the model is the same, by Night's names."""
_LEFT = 0.25
"""A change is still there while more than this share of it is left: a level is known no better than that by a few nights."""

_FEW = 3
"""Nights that make a level, where the segmentation has told of it before."""
_YOUNG = 8
"""Nights within which a change that was once sure is believed although the series does not show it today."""


def history(followed: Followed) -> History:
    """Return a series as a history; its sessions are the nights."""
    return History(followed.series.name, tuple(tuple(night.values) for night in followed.nights))


def place(nights: Sequence[Night], finding: Finding) -> Place:
    """Return where a finding lies, by the nights around it."""
    return Place(moment(nights[finding.index_low - 1]), moment(nights[finding.index]), moment(nights[finding.index_high]))


def moment(night: Night) -> Moment:
    """Return a night as a place in its history."""
    return Moment(night.began_at, night.revision, night.day)


def is_worse(finding: Finding, *, less_is_better: bool) -> bool:
    """Whether a change is one for the worse."""
    return (finding.after > finding.before) is less_is_better


def causes(nights: Sequence[Night], finding: Finding) -> tuple[Cause, ...]:
    """Return what else changed where a finding lies: from the last night on the old level to the last that may be the first on the new one.

    A state that is not known on a night is what it was before. One that is back at the end as it was has not changed.
    """
    around = nights[finding.index_low - 1 : finding.index_high + 1]
    found = []
    for name in _STATE:
        words = [word for night in around if (word := getattr(night, name))]
        if words and words[0] != words[-1]:
            found.append(Cause(name, words[0], words[-1]))
    return tuple(found)


def artifact_changed(nights: Sequence[Night], finding: Finding) -> bool | None:
    """Whether the artifact became another one where a finding lies; None where it is not known."""
    known = [night.artifact for night in nights[finding.index_low - 1 : finding.index_high + 1] if night.artifact]
    return len(set(known)) > 1 if known else None


def recovery(findings: Sequence[Finding], number: int) -> int | None:
    """Return the first night on which finding `number` is no longer there, None while it still is.

    findings are all of one series, oldest first. The level has to come back; what happens after that is a change of its own. A
    suspected change is not yet a level.
    """
    if findings[number].kind is not FindingKind.CHANGE:
        return None
    later = (finding for finding in findings[number + 1 :] if finding.kind is FindingKind.CHANGE)
    return next((finding.index for finding in later if share_left(findings[number], finding.after) <= _LEFT), None)


def share_left(finding: Finding, level: float) -> float:
    """Return how much of a change is left on a level: 1 on its new level, 0 on its old one; above 1 and below 0 beyond them."""
    return share_of_step(finding.before, finding.after, level, is_ratio=finding.size.is_ratio)


def share_of_step(before: float, after: float, level: float, *, is_ratio: bool) -> float:
    """Return where level lies from before (0) to after (1), by ratios where all three are positive."""
    if is_ratio and min(before, after, level) > 0:
        before, after, level = math.log(before), math.log(after), math.log(level)
    step = after - before
    return (level - before) / step if step else 0.0


def told_by_nights(nights: Sequence[Night], place: Place, before: float, after: float, *, is_ratio: bool) -> tuple[bool, int | None]:
    """Return whether the nights from place.first on tell of a change by themselves, and the first night on which it was over, if it is.

    The segmentation takes a stay of few nights for a burst and tells of neither end; who was told of it wants to hear the end.
    """
    places = [number for number, night in enumerate(nights) if night.began_at >= place.first.at and night.values]
    shares = [share_of_step(before, after, median(nights[number].values), is_ratio=is_ratio) for number in places]
    back = len(shares)
    while back and shares[back - 1] < 1 / 2:
        back -= 1
    stayed, since = shares[:back], shares[back:]
    if len(since) >= _FEW and median(since) <= _LEFT:
        return len(stayed) >= _FEW and median(stayed) > 1 / 2, places[back]
    return bool(shares) and len(shares) <= _YOUNG and median(shares) > 1 / 2, None
