"""Which stored runs are of which side, and what is known of the order in which they were measured."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import polars as pl

from farm.errors import InputError
from farm.verdicts import Side
from farm.workloads import ONCE_PASSES, Outcome

_HASH = re.compile(r"[0-9a-f]{8,64}")
_A_BLOCK = 4


@dataclass(frozen=True, slots=True)
class Selectors:
    """What names the runs of each side: revisions, or the beginnings (8 digits at least) of artifacts' SHA-256."""

    candidate: tuple[str, ...]
    baseline: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sided:
    """Stored runs with their sides; block and position are those of the gates that measured both sides."""

    runs: pl.DataFrame
    interleaved: bool
    """False: they were measured side after side; each session is then one block, in the order of its runs."""
    notes: tuple[str, ...]


def sided(stored: pl.DataFrame, selectors: Selectors, workload_keys: Collection[str] | None) -> Sided:
    """Return the runs (columns of stored_runs) that the selectors name and that were measured as workload_keys say.

    None: as both sides were, whatever that is.

    Where gates have measured both sides interleaved, only their whole blocks count, by all gates of the two: which runs are used is
    never a matter of what they show. Raises InputError when a side has no run, or one run might be of either.
    """
    candidate, baseline = _named(selectors.candidate), _named(selectors.baseline)
    named = stored.filter(candidate | baseline)
    for side, texts, which in ((Side.CANDIDATE, selectors.candidate, candidate), (Side.BASELINE, selectors.baseline, baseline)):
        if named.filter(which).is_empty():
            raise InputError(
                f"no stored run of these workloads on these devices is of the {side} {_quoted(texts)}",
                hint="name a revision, an artifact's file or the beginning of its SHA-256",
            )
    if workload_keys is None:
        workload_keys = set(named.filter(candidate)["workload_key"]) & set(named.filter(baseline)["workload_key"])
    own = named.filter(pl.col("workload_key").is_in(list(workload_keys)))
    of = pl.when(candidate & baseline).then(pl.col("side")).when(candidate).then(pl.lit(Side.CANDIDATE)).otherwise(pl.lit(Side.BASELINE))
    own = own.with_columns(of.alias("side"))
    if own["side"].null_count():
        raise InputError(
            f"{_quoted(selectors.candidate)} and {_quoted(selectors.baseline)} name the same runs, and no gate has told them apart",
            hint="name two artifacts, or measure: farm gate without --stored",
        )
    notes = [_said(named.height - own.height, "measured with other settings or inputs")]
    placed = _whole_blocks(own)
    if placed.is_empty():
        position = pl.col("run").cum_count().over("device", "session").cast(pl.Int64)
        own = own.with_columns(pl.lit(0, dtype=pl.Int64).alias("block"), position.alias("position"))
        return Sided(own, interleaved=False, notes=tuple(filter(None, notes)))
    notes.append(_said(own.height - placed.height, "not in a whole block of both sides"))
    return Sided(placed, interleaved=True, notes=tuple(filter(None, notes)))


def unchecked(runs: pl.DataFrame, workloads: Collection[str]) -> int:
    """Return how many valid runs of these workloads have an output that was held against no reference."""
    valid = runs.filter(
        pl.col("outcome") == Outcome.OK,
        pl.col("workload").is_in(list(workloads)),
        ~pl.col("pass").is_in(list(ONCE_PASSES)),  # a quality pass answers items, of which each has its own right answer
    )
    return valid.filter(pl.col("output_check").fill_null("") != "passed").height


def _named(texts: Sequence[str]) -> pl.Expr:
    named = pl.col("revision").is_in(list(texts)).fill_null(value=False)
    hashes = (pl.col("artifact_sha256").str.starts_with(text) for text in texts if _HASH.fullmatch(text))
    return pl.any_horizontal(named, *hashes)


def _quoted(texts: Sequence[str]) -> str:
    return " or ".join(f'"{text}"' for text in texts)


def _whole_blocks(own: pl.DataFrame) -> pl.DataFrame:
    """Return the runs of blocks that one session measured to their end, in gates that measured both sides."""
    block = ["gate", "session", "workload", "pass", "block"]
    whole = pl.when(pl.col("pass").is_in(list(ONCE_PASSES))).then(len(Side)).otherwise(_A_BLOCK)
    return own.filter(
        pl.col("gate").is_not_null(),
        pl.col("position").n_unique().over(block) == whole,
        pl.col("side").n_unique().over(block) == len(Side),
    )


def _said(count: int, why: str) -> str | None:
    return f"{count} stored {'run is' if count == 1 else 'runs are'} left out: {why}" if count else None
