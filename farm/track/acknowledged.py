"""Which acknowledgement of a finding holds today."""

from collections.abc import Iterable, Sequence
from datetime import date

from farm.findings import Acknowledgement, Answer, Night

FIXED_NIGHTS = 8
"""Nights from the fixing revision on after which a change that is still there was not fixed: so many show a change of level."""


def holding(
    said: Iterable[Acknowledgement], today: date, nights: Sequence[Night] = ()
) -> tuple[Acknowledgement | None, Acknowledgement | None]:
    """Return the acknowledgement that holds, and else the one that held last; the newest of one finding is the one that counts.

    One ends after its day, and "fixed in REV" also when FIXED_NIGHTS nights from REV on did not show it.
    """
    newest = max(said, key=lambda each: each.at, default=None)
    if newest is None or newest.answer is Answer.REVOKED:
        return None, None
    if newest.until < today or (newest.answer is Answer.FIXED and _nights_from(newest.revision, nights) >= FIXED_NIGHTS):
        return None, newest
    return newest, None


def _nights_from(revision: str | None, nights: Sequence[Night]) -> int:
    """Return how many nights there are from the first one of a revision (or the beginning of its hash) on."""
    first = next((place for place, night in enumerate(nights) if revision and (night.revision or "").startswith(revision)), len(nights))
    return len(nights) - first
