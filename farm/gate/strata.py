"""Which runs are held against which: the strata of one device."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import polars as pl

from farm.gate.frames import exclusions, values_of
from farm.stats.ranks import Array, Stratum
from farm.verdicts import Exclusion, Side

GROUP = 8
"""Runs a side that make a stratum: four ABBA blocks.

Blocks that follow each other are compared with each other only, so that a device that warms up over an hour, or whose noise is
correlated from run to run, adds nothing to the spread of what is compared. Fewer would cost power when nothing drifts: a rank
test in strata of N runs has N / (N + 1) of its efficiency. On the simulator of benchmarks/gate.py, 6 to 16 do equally well and
one stratum for the whole session does worse.
"""


def of_device(rows: pl.DataFrame, sign: float, *, apart: bool) -> tuple[list[Stratum], list[Exclusion]]:
    """Return the strata of a device's valid rows, as costs (sign x logarithm), and the runs that have nothing to be compared with.

    A stratum is of one session and one flavour, and of blocks that follow each other where blocks are known. apart: the sides
    were measured one after the other, so that sessions that hold one side each are one stratum.
    """
    rows = rows.with_columns(pl.col("flavour").fill_null(""), pl.col("session").fill_null(""))
    keys = ["flavour"] if apart and not _a_session_holds_both(rows) else ["flavour", "session"]
    strata: list[Stratum] = []
    lonely: list[Exclusion] = []
    for _, own in rows.group_by(keys, maintain_order=True):
        if own["side"].n_unique() == 1:
            lonely += exclusions(own, "its session has no valid run of the other side with its flavour")
        else:
            strata += [Stratum(*sides) for sides in _groups(own, sign)]
    return strata, lonely


def _a_session_holds_both(rows: pl.DataFrame) -> bool:
    return bool(rows.group_by("session", "flavour").agg(pl.col("side").n_unique() > 1)["side"].any())


def _groups(own: pl.DataFrame, sign: float) -> Iterator[tuple[Array, Array]]:
    """Yield both sides' costs, group by group.

    A group is whole blocks until both sides have GROUP runs; what is left over at the end belongs to the last group.
    """
    if (own["turn"] == 0).any():
        yield tuple(sign * np.log(values_of(own, side)) for side in Side)  # type: ignore[misc]
        return
    costs = sign * np.log(own["value"].to_numpy().astype(np.float64))
    candidate = (own["side"] == Side.CANDIDATE).to_numpy()
    starts = np.flatnonzero(np.diff(own["turn"].to_numpy(), prepend=-1))
    ends = [*starts[1:], costs.size]
    so_far = np.concatenate([[0], np.cumsum(candidate)])
    cuts = [0]
    for end in ends:
        right = int(so_far[end] - so_far[cuts[-1]])
        if min(right, end - cuts[-1] - right) >= GROUP:
            cuts.append(int(end))
    if cuts[-1] != costs.size:
        cuts = [*cuts[:-1], costs.size] if len(cuts) > 1 else [0, costs.size]
    for start, end in pairwise(cuts):
        inside, chosen = costs[start:end], candidate[start:end]
        yield inside[~chosen], inside[chosen]
