"""The search for change points, in one series or in thousands at once.

1. Every row of points, in units of its own noise, goes along its cheapest path through levels at a bounded cost
   (Geman and McClure's r^2 / (1 + r^2 / k^2)). Most rows have no change there, and are done.
2. The others' own noise is read off what is left: its density, which becomes the cost of a point, and its correlation, which
   raises the price of a change. They go along their cheapest path again.
3. A change whose test, allowing for the choice of its place and for correlation, is above the significance asked for is
   taken back, the weakest first. What is left gets its place, its size and their intervals.
"""

import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike

from farm.changepoints import evidence, levels, search
from farm.changepoints.search import DEFAULT, Settings
from farm.changepoints.values import Change, Estimate, Floats, Points, points

SHORTEST = 8
"""Fewer points say nothing about a change of level: no test of theirs can reach the significance asked for."""
_SIDE = 8
_BATCH_POINTS = 100_000
_ALIKE = 1.25
_AT_ONCE = 256
"""Rows computed together: as many as stay in a cache."""


def find(series: ArrayLike, settings: Settings = DEFAULT) -> tuple[Change, ...]:
    """Return the change points of one series, first to last. See find_many."""
    return find_many([series], settings)[0]


def find_many(many: Sequence[ArrayLike], settings: Settings = DEFAULT) -> list[tuple[Change, ...]]:
    """Return each series' change points, first to last; what a series gives does not depend on the others.

    A series is a row of numbers, oldest first. NaN is a missing point. Fewer than SHORTEST points, or points that are all one number,
    have no change. Raises ValueError in one sentence on an infinite value or something that is not a row of numbers.
    """
    given = [points(series, f"series {number}" if len(many) > 1 else "the series") for number, series in enumerate(many)]
    found: list[tuple[Change, ...]] = [()] * len(given)
    numbers, rows = _standardised(given)
    for batch in _batches(rows):
        first = search.first([rows[place] for place in batch], settings)
        again = [(place, changes) for place, changes in zip(batch, first, strict=True) if changes.size]
        if not again:
            continue
        known = [search.known(rows[place], changes, settings) for place, changes in again]
        second = search.second(known, [changes for _, changes in again], settings)
        for (place, _), row, changes in zip(again, known, second, strict=True):
            found[numbers[place]] = _described(given[numbers[place]], row, _kept(row, changes.tolist(), settings.alpha))
    return found


def _standardised(given: list[Points]) -> tuple[list[int], list[Floats]]:
    """Return the numbers of the series that can have a change, shortest first, and their points in units of their noise."""
    groups: dict[tuple[int, bool], list[int]] = {}
    for number, each in enumerate(given):
        if each.values.size >= SHORTEST:
            groups.setdefault((each.values.size, each.is_log), []).append(number)
    numbers: list[int] = []
    rows: list[Floats] = []
    for (_, is_log), group in sorted(groups.items()):
        numbers += group
        for begin in range(0, len(group), _AT_ONCE):
            rows += list(levels.standardise(np.stack([given[number].values for number in group[begin : begin + _AT_ONCE]]), is_log))
    return numbers, rows


def _batches(rows: list[Floats]) -> Iterator[list[int]]:
    """Yield the places in rows, which rise in length, that are searched side by side: alike in length, and a long one by itself."""
    batch: list[int] = []
    for place, row in enumerate(rows):
        if batch and (row.size > search.LONG or row.size > _ALIKE * rows[batch[0]].size or row.size * len(batch) > _BATCH_POINTS):
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch


def _kept(row: search.Row, changes: list[int], alpha: float) -> list[int]:
    """Return the changes that stand: the least sure one goes as long as its significance is above alpha."""
    known: dict[tuple[int, ...], float] = {}

    def significance(place: int) -> float:
        begin, at, end = key = tuple([0, *changes, row.values.size][place : place + 3])
        if key not in known:
            known[key] = evidence.significance(row.values[begin:end], at - begin, row.inflation)
        return known[key]

    while changes:
        weakest = max(range(len(changes)), key=significance)
        if significance(weakest) <= alpha:
            break
        changes = changes[:weakest] + changes[weakest + 1 :]
    return changes


def _described(given: Points, row: search.Row, changes: list[int]) -> tuple[Change, ...]:
    edges = [0, *changes, row.values.size]
    return tuple(_change(given, row, begin, at, end) for begin, at, end in zip(edges, edges[1:], edges[2:], strict=False))


def _change(given: Points, row: search.Row, begin: int, at: int, end: int) -> Change:
    """Describe the change at `at` between its neighbours. Points where it might lie count for neither side, if enough others are left."""
    middle = row.values[begin:end]
    low, high = (begin + place for place in evidence.places(middle, at - begin, row))
    before = given.values[begin : low if low - begin >= _SIDE else at]
    after = given.values[high if end - high >= _SIDE else at : end]
    size = evidence.shift(before, after, row.inflation)
    old, new = float(np.median(before)), float(np.median(after))
    return Change(
        index=int(given.places[at]),
        index_low=int(given.places[low]),
        index_high=int(given.places[high]),
        before=math.exp(old) if given.is_log else old,
        after=math.exp(new) if given.is_log else new,
        ratio=Estimate(math.exp(size.value), math.exp(size.low), math.exp(size.high)) if given.is_log else None,
        shift=None if given.is_log else size,
        significance=evidence.significance(middle, at - begin, row.inflation),
    )
