"""How a finding keeps its id while more nights move its place.

A change found today is one found before when both are of one series and one direction, and their intervals of nights, widened by
NEAR nights, overlap. Each is matched with one other at the most, the nearest first. An id is the hash of what it was when it was
first found, so the same history tracked in the same order gives the same ids.
"""

import hashlib
import json
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Sequence
from datetime import datetime

from farm.findings import Place

NEAR = 3
_DIGITS = 10


def matched(found: Sequence[Place], stored: Sequence[tuple[str, Place]], nights: Sequence[datetime]) -> list[str | None]:
    """Return the id of each place found, None where it is new. All are of one series and one direction, whose nights began at `nights`."""
    pairs = []
    for number, place in enumerate(found):
        low, high = _interval(place, nights)
        for name, other in stored:
            other_low, other_high = _interval(other, nights)
            if low - NEAR <= other_high and other_low - NEAR <= high:
                apart = abs(bisect_left(nights, place.first.at) - bisect_left(nights, other.first.at))
                pairs.append((apart, number, name))
    ids: list[str | None] = [None] * len(found)
    for _, number, name in sorted(pairs):
        if ids[number] is None and name not in ids:
            ids[number] = name
    return ids


def _interval(place: Place, nights: Sequence[datetime]) -> tuple[int, int]:
    """Return the first and the last night that may be the first of the new level, as numbers of today's nights."""
    return bisect_right(nights, place.after.at), bisect_left(nights, place.until.at)


def new_id(parts: Sequence[str], taken: Collection[str]) -> str:
    """Return an id of 10 hex digits made of parts, another one than those that are taken."""
    salt = 0
    while True:
        name = hashlib.sha256(json.dumps([*parts, salt] if salt else list(parts)).encode()).hexdigest()[:_DIGITS]
        if name not in taken:
            return name
        salt += 1
