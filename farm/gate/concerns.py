"""What a reader of a verdict must know besides its number, and what holds a verdict back."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from farm.gate import words
from farm.gate.frames import Selection
from farm.stats.modes import two_groups
from farm.stats.ranks import Shift, Stratum
from farm.verdicts import Decision, Side

_UNEVEN = 0.01


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
    return None if rows.is_empty() else f"{words.runs(rows.height)} of the {side} gave no number ({rows['fault'][0]})"


def warnings(seen: Selection, strata: Mapping[str, Sequence[Stratum]]) -> tuple[str, ...]:
    """Return what a reader should be warned of. None of it changes a verdict."""
    found = [text for device, own in strata.items() for text in _modes(device, own)]
    uneven = _unevenly_disturbed(seen)
    return (*found, uneven) if uneven else tuple(found)


def _modes(device: str, own: Sequence[Stratum]) -> list[str]:
    """Say when a device's runs fall into two groups: each side held against its own stratum's middle."""
    if not own:
        return []
    shift = Shift(tuple(own)).estimate()
    middles = [float(np.median(np.concatenate([each.baseline, each.candidate - shift]))) for each in own]
    baseline = np.concatenate([each.baseline - middle for each, middle in zip(own, middles, strict=True)])
    candidate = np.concatenate([each.candidate - shift - middle for each, middle in zip(own, middles, strict=True)])
    groups = two_groups(np.concatenate([baseline, candidate]))
    if groups is None:
        return []
    shares = [float((side > groups.split).mean()) for side in (baseline, candidate)]
    apart = math.expm1(groups.upper - groups.lower)
    return [
        f"{device}: runs fall into two groups {words.share(apart).lstrip('+')} apart; {shares[0]:.0%} of the "
        f"baseline's and {shares[1]:.0%} of the candidate's are in the worse one"
    ]


def _unevenly_disturbed(seen: Selection) -> str | None:
    """Say when one side's runs were disturbed more often than chance explains: what is left out then is not left out at random."""
    counts = {side: seen.disturbed(side) for side in Side}
    totals = {side: counts[side] + seen.valid.filter(seen.valid["side"] == side).height for side in Side}
    for side in Side:
        if counts[side] and _hypergeometric_tail(counts[side], totals[side], sum(counts.values()), sum(totals.values())) <= _UNEVEN:
            other = side.other
            return (
                f"{counts[side]} of {totals[side]} runs of the {side} were disturbed, {counts[other]} of {totals[other]} of the {other}: "
                "what was left out may not be like the rest"
            )
    return None


def _hypergeometric_tail(hits: int, drawn: int, marked: int, total: int) -> float:
    """Return the probability of at least hits marked ones among drawn out of total, of which so many are marked (Fisher's exact test)."""
    ways = [
        math.comb(marked, k) * math.comb(total - marked, drawn - k)
        for k in range(hits, min(marked, drawn) + 1)
        if drawn - k <= total - marked
    ]
    return sum(ways) / math.comb(total, drawn)
