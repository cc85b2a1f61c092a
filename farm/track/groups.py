"""Changes on many series at once are one group.

The rule: all of a group are worse or all better, and one night lies in the intervals of all of them, over all devices and
workloads. Groups are formed from the oldest on: the change whose interval ends first, and all whose intervals hold its last night.
That gives the fewest groups in which everybody may have changed on one and the same night.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

from farm.findings import Group, Place, Standing, TrackedChange


def group(changes: Iterable[TrackedChange]) -> tuple[Group, ...]:
    """Return the groups of all changes, oldest first; a change by itself is a group of one. What fresh runs refuted stays by itself."""
    found: list[Group] = []
    given = list(changes)
    for worse in (True, False):
        waiting = sorted((change for change in given if change.worse is worse), key=lambda change: (change.place.until.night, change.id))
        while waiting:
            first, *rest = waiting
            taken = [first, *(change for change in rest if _together(first, change))]
            ids = {change.id for change in taken}
            waiting = [change for change in rest if change.id not in ids]
            found.append(_group(taken))
    return tuple(sorted(found, key=lambda each: (each.place.first.at, each.id)))


def _together(first: TrackedChange, other: TrackedChange) -> bool:
    """Whether other, whose interval ends no earlier, may lie on the last night of first's."""
    return Standing.REFUTED not in (first.standing, other.standing) and first.place.meets(other.place)


def _group(members: Sequence[TrackedChange]) -> Group:
    oldest = min(members, key=lambda change: (change.first_seen_at, change.id))
    ordered = sorted(members, key=lambda change: (not change.alarms, change.series.name, change.id))
    return Group(f"g{oldest.id}", members[0].worse, _shared([member.place for member in members]), tuple(ordered))


def _shared(places: Sequence[Place]) -> Place:
    """Return what the intervals of all places share, with the likeliest night of most of them, as far as it lies in there."""
    after = max((place.after for place in places), key=lambda moment: moment.at)
    until = min((place.until for place in places), key=lambda moment: moment.at)
    nights = Counter(place.first.night for place in places if after.night < place.first.night <= until.night)
    if not nights:
        return Place(after, until, until)
    night = min(nights, key=lambda each: (-nights[each], each))
    return Place(after, min((place.first for place in places if place.first.night == night), key=lambda moment: moment.at), until)
