"""What judge() is given: the columns of its frames, which rows count, and whether their order supports a verdict."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from farm import units
from farm.verdicts import Budget, Exclusion, Side
from farm.workloads import Outcome

RUNS: dict[str, type[pl.DataType]] = {
    "run": pl.String,  # identity of the run
    "device": pl.String,  # its name in the lab
    "session": pl.String,  # identity; rising with time
    "flavour": pl.String,  # runtime and flavour: never compared with another; null: not known
    "workload": pl.String,
    "metric": pl.String,
    "statistic": pl.String,  # Statistic
    "side": pl.String,  # Side
    "value": pl.Float64,  # the run's statistic in the metric's base unit; null: there is none
    "block": pl.Int64,  # number of its block in the session; null: there are no blocks
    "position": pl.Int64,  # place in the block, from 0; null: not known
    "outcome": pl.String,  # Outcome
    "reason": pl.String,  # why the outcome is not ok, or why there is no value; null otherwise
}
"""One row for each run, metric and statistic, whatever came of it."""

ITEMS: dict[str, type[pl.DataType]] = {
    "device": pl.String,
    "workload": pl.String,
    "metric": pl.String,  # Quality
    "item": pl.String,
    "baseline": pl.Float64,  # accuracy: 1 right, 0 wrong; perplexity: summed log-probability of the item's targets; null: no answer
    "candidate": pl.Float64,
    "tokens": pl.Int64,  # perplexity: number of targets; null for accuracy
}
"""One row for each item, answered by both sides."""

_MAY_BE_ZERO = (units.TEMPERATURE, units.RATIO, units.COUNT)
_BROKEN = (Outcome.FAILED, Outcome.TIMED_OUT)
_WORDS = {"side": tuple(Side), "outcome": tuple(Outcome)}


@dataclass(frozen=True, slots=True)
class Selection:
    """The rows of one budget, in the order of measuring, each with `turn`: the number of its block on its device over all sessions.

    turn counts from 1; it is 0 in every row when any block is unknown.
    """

    valid: pl.DataFrame
    left_out: pl.DataFrame
    """With `fault`: why the row does not count."""
    unordered: str | None
    """Why the order of the runs supports no verdict."""
    blocks: int
    """The most blocks that any device has."""

    def until(self, blocks: int) -> "Selection":
        """Return what had been measured after so many blocks on each device."""
        return replace(self, valid=self.valid.filter(pl.col("turn") <= blocks), left_out=self.left_out.filter(pl.col("turn") <= blocks))

    def broken(self, side: Side) -> pl.DataFrame:
        """Return the runs of a side that failed or gave no number: what they would have shown is not known."""
        return self.left_out.filter((pl.col("side") == side) & pl.col("outcome").is_in([*_BROKEN, Outcome.OK]))

    def disturbed(self, side: Side) -> int:
        """Return how many runs of a side were measured and are invalid."""
        return self.left_out.filter((pl.col("side") == side) & (pl.col("outcome") == Outcome.INVALID)).height

    def exclusions(self) -> tuple[Exclusion, ...]:
        """Return what was left out, run by run."""
        return exclusions(self.left_out, None)


def exclusions(rows: pl.DataFrame, reason: str | None) -> tuple[Exclusion, ...]:
    """Return rows as exclusions, for one reason or each for its own fault."""
    return tuple(Exclusion(row["run"], row["device"], Side(row["side"]), reason or row["fault"]) for row in rows.iter_rows(named=True))


def checked(frame: pl.DataFrame, schema: dict[str, type[pl.DataType]]) -> pl.DataFrame:
    """Return the frame's columns of the schema. Raises ValueError naming a column that is missing, or a word that is none of its own."""
    missing = [name for name in schema if name not in frame.columns]
    if missing:
        raise ValueError(f"the frame lacks {', '.join(missing)}")
    for name, known in _WORDS.items():
        unknown = set(frame[name].unique()) - set(known) if name in schema else None
        if unknown:
            raise ValueError(f"{name} is one of {', '.join(known)}, not {unknown.pop()}")
    return frame.select(pl.col(name).cast(kind) for name, kind in schema.items())


def select(runs: pl.DataFrame, budget: Budget, devices: Sequence[str], sides: Sequence[Side]) -> Selection:
    """Return the rows that bear on a budget on these devices. Raises ValueError when one run stands there twice."""
    own = runs.filter(
        (pl.col("workload") == budget.workload)
        & (pl.col("metric") == budget.metric)
        & (pl.col("statistic") == budget.statistic)
        & pl.col("device").is_in(list(devices))
        & pl.col("side").is_in(list(sides))
    ).sort("device", "session", "block", "position", "run", nulls_last=True)
    twice = own.filter(pl.struct("run", "device").is_duplicated())
    if not twice.is_empty():
        raise ValueError(f"run {twice['run'][0]} stands twice in the frame")
    own = own.with_columns(_turns(own), _faults(own, positive=budget.limit is None))
    return Selection(
        valid=own.filter(pl.col("fault").is_null()),
        left_out=own.filter(pl.col("fault").is_not_null()),
        unordered=_unordered(own) if len(sides) > 1 else None,
        blocks=int(own["turn"].max() or 0),  # type: ignore[arg-type]
    )


def _turns(own: pl.DataFrame) -> pl.Series:
    """Return numbers for the blocks of each device over its sessions, in the order in which they stand; 0 where any block is unknown."""
    if own.is_empty() or own["block"].null_count():
        return pl.Series("turn", [0] * own.height, dtype=pl.Int64)
    return own.select(pl.struct("session", "block").rank("dense").over("device").cast(pl.Int64).alias("turn"))["turn"]


def _faults(own: pl.DataFrame, *, positive: bool) -> pl.Expr:
    """Say of each row why it does not count; null when it does."""
    quantity = units.quantity_of(own["metric"][0]) if own.height else None
    above_zero = positive or quantity not in _MAY_BE_ZERO
    value = pl.col("value")
    reason = pl.col("reason")
    outcome = pl.col("outcome").str.replace("_", " ")
    return (
        pl.when(pl.col("outcome") != Outcome.OK)
        .then(pl.concat_str(outcome, pl.lit(": "), reason.fill_null("no reason given")))
        .when(value.is_null())
        .then(reason.fill_null("it has no value"))
        .when(~value.is_finite())
        .then(pl.lit("its value is not a number"))
        .when(pl.lit(above_zero) & (value <= 0))
        .then(pl.lit("its value is not above zero"))
        .otherwise(None)
        .alias("fault")
    )


def _unordered(own: pl.DataFrame) -> str | None:
    """Say why the order of the runs supports no verdict, or None when the sides were interleaved.

    Interleaved is every device most of whose blocks hold both sides, when in no session one side stands more than one place before the
    other in every block: ABBA and BAAB are, and ABAB, which a drift shifts by what it does in one run; AABB is not. All attempts
    count here, also those that are not valid.
    """
    if own.is_empty():
        return None
    if own["block"].null_count() or own["position"].null_count():
        return "order unknown"
    blocks = own.group_by("device", "session", "block", maintain_order=True).agg(
        pl.col("side").n_unique().alias("sides"),
        (pl.col("position").filter(pl.col("side") == Side.CANDIDATE).mean()).alias("candidate"),
        (pl.col("position").filter(pl.col("side") == Side.BASELINE).mean()).alias("baseline"),
    )
    for (device,), own_blocks in blocks.group_by("device", maintain_order=True):
        if (own_blocks["sides"] > 1).sum() * 2 <= own_blocks.height:
            return "side after side" if own["device"].n_unique() == 1 else f"side after side on {device}"
    later = blocks.drop_nulls().with_columns((pl.col("candidate") - pl.col("baseline")).alias("later"))
    for _, session in later.group_by("device", "session"):
        offsets = session["later"].to_numpy()
        if (offsets > 1).all() or (offsets < -1).all():
            return "one side always came first"
    return None


def values_of(rows: pl.DataFrame, side: Side) -> NDArray[np.float64]:
    """Return the values of one side."""
    return rows.filter(pl.col("side") == side)["value"].to_numpy().astype(np.float64)
