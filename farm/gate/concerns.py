"""What a reader of a verdict must know besides its number, and what holds a verdict back."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from farm import units
from farm.gate import words
from farm.gate.frames import Selection
from farm.stats.modes import two_groups
from farm.stats.ranks import Shift, Stratum
from farm.verdicts import Decision, Side

_DISTURBED_UNEVENLY = 0.01
_SPLIT_UNEVENLY = 0.05
_LARGEST_LOG = 700.0


@dataclass(frozen=True, slots=True)
class Split:
    """Runs of one device in two groups, in words, and the side that is in the worse one more often than chance explains."""

    text: str
    worse: Side | None


def broken(seen: Selection, decision: Decision) -> str | None:
    """Say which failed runs hold a decision back, or None.

    What a run that failed would have shown is not known, and it need not be like the others: a candidate that fails, or times
    out, now and then may be slower than its valid runs. So failed runs of the candidate hold back a PASS, those of the baseline
    a FAIL.
    """
    side = {Decision.PASS: Side.CANDIDATE, Decision.FAIL: Side.BASELINE}.get(decision)
    if side is None:
        return None
    rows = seen.broken(side)
    return None if rows.is_empty() else f"{units.counted(rows.height, 'run')} of the {side} gave no number ({rows['fault'][0]})"


def torn(strata: Mapping[str, Sequence[Stratum]], decision: Decision) -> str | None:
    """Say where runs fall into two groups in a way that one ratio does not tell, and that speaks against the decision; else None.

    A candidate that is in the worse group more often than the baseline is slower in a way that the typical ratio hardly shows,
    so it does not pass on that ratio; nor does one fail whose baseline is in the worse group more often.
    """
    against = {Decision.PASS: Side.CANDIDATE, Decision.FAIL: Side.BASELINE}.get(decision)
    splits = [] if against is None else [_split(device, own) for device, own in strata.items()]
    return next((f"one ratio does not tell it: {split.text}" for split in splits if split and split.worse is against), None)


def warnings(seen: Selection, strata: Mapping[str, Sequence[Stratum]]) -> tuple[str, ...]:
    """Return what a reader should be warned of. None of it changes a verdict."""
    found = [split.text for device, own in strata.items() if (split := _split(device, own)) is not None]
    uneven = _unevenly_disturbed(seen)
    return (*found, uneven) if uneven else tuple(found)


def _split(device: str, own: Sequence[Stratum]) -> Split | None:
    """Return the two groups that a device's runs fall into, each side held against its own stratum's middle."""
    if not own:
        return None
    shift = Shift(tuple(own)).estimate()
    middles = [float(np.median(np.concatenate([each.baseline, each.candidate - shift]))) for each in own]
    baseline = np.concatenate([each.baseline - middle for each, middle in zip(own, middles, strict=True)])
    candidate = np.concatenate([each.candidate - shift - middle for each, middle in zip(own, middles, strict=True)])
    groups = two_groups(np.concatenate([baseline, candidate]))
    if groups is None:
        return None
    worse = {Side.BASELINE: int((baseline > groups.split).sum()), Side.CANDIDATE: int((candidate > groups.split).sum())}
    totals = {Side.BASELINE: baseline.size, Side.CANDIDATE: candidate.size}
    shares = {side: worse[side] / totals[side] for side in Side}
    apart = words.share(math.expm1(min(groups.upper - groups.lower, _LARGEST_LOG))).lstrip("+")
    text = (
        f"{device}: runs fall into two groups {apart} apart; {shares[Side.BASELINE]:.0%} of the baseline's and "
        f"{shares[Side.CANDIDATE]:.0%} of the candidate's are in the worse one"
    )
    uneven = (side for side in Side if _more_than_chance(worse, totals, side) <= _SPLIT_UNEVENLY)
    return Split(text, next(uneven, None))


def _unevenly_disturbed(seen: Selection) -> str | None:
    """Say when one side's runs were disturbed more often than chance explains: what is left out then is not left out at random."""
    counts = {side: seen.disturbed(side) for side in Side}
    totals = {side: counts[side] + seen.valid.filter(seen.valid["side"] == side).height for side in Side}
    for side in Side:
        if counts[side] and _more_than_chance(counts, totals, side) <= _DISTURBED_UNEVENLY:
            other = side.other
            return (
                f"{counts[side]} of {totals[side]} runs of the {side} were disturbed, {counts[other]} of {totals[other]} of the {other}: "
                "what was left out may not be like the rest"
            )
    return None


def _more_than_chance(marked: Mapping[Side, int], totals: Mapping[Side, int], side: Side) -> float:
    """Return the probability that so many or more of all marked runs are of this side by chance (Fisher's exact test, one-sided)."""
    hits, drawn, all_marked, total = marked[side], totals[side], sum(marked.values()), sum(totals.values())
    most, unmarked = min(all_marked, drawn), total - all_marked
    ways = sum(math.comb(all_marked, k) * math.comb(unmarked, drawn - k) for k in range(hits, most + 1) if drawn - k <= unmarked)
    return ways / math.comb(total, drawn)
