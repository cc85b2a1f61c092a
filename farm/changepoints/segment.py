"""The cheapest path through levels: where a row of points changes, given what it costs to lie off a level and to change it.

The search is exact (Viterbi's algorithm over the levels) for any cost of a point: bounded costs, which neither an outlier nor a second mode
can exceed, take no longer than squares. Rows go through it side by side.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from farm.changepoints.values import Indices

Costs = NDArray[np.float32]
CostAt = Callable[[int, slice], Costs]
"""The costs of point number t of the rows in a slice: one row of costs, a cost for each level."""


def changes(cost_at: CostAt, lengths: Indices, levels: int, penalties: Costs) -> NDArray[np.bool_]:
    """Return whether each point of each row (rows x points) is the first of a new level on the row's cheapest path.

    lengths rise from row to row, so that the rows which have a point number t are the last ones. A change costs penalties[row].
    """
    rows, longest = lengths.size, int(lengths[-1])
    begins = np.searchsorted(lengths, np.arange(longest), side="right")  # at t: the first row that is longer than t
    total = cost_at(0, slice(0, rows)).copy()
    leaves = np.zeros((longest, rows, levels), dtype=np.bool_)  # at t: a path on this level comes from another one
    sources = np.zeros((longest, rows), dtype=np.int64)  # which one
    for t in range(1, longest):
        alive = slice(int(begins[t]), rows)
        now = total[alive]
        source = now.argmin(axis=1)
        change = now[np.arange(source.size), source][:, None] + penalties[alive, None]
        sources[t, alive] = source
        np.greater(now, change, out=leaves[t, alive])
        np.minimum(now, change, out=now)
        now += cost_at(t, alive)
    return _back(total.argmin(axis=1), leaves, sources, begins)


def _back(level: Indices, leaves: NDArray[np.bool_], sources: Indices, begins: Indices) -> NDArray[np.bool_]:
    """Return where the paths that end on level change, followed back from each row's last point."""
    longest, rows = sources.shape
    found = np.zeros((rows, longest), dtype=np.bool_)
    numbers = np.arange(rows)
    for t in range(longest - 1, 0, -1):
        alive = slice(int(begins[t]), rows)
        left = leaves[t, numbers[alive], level[alive]]
        found[alive, t] = left
        level[alive] = np.where(left, sources[t, alive], level[alive])
    return found
