"""When a verdict is looked at, and how strict each look is."""

from dataclasses import dataclass

from farm.gate.frames import Selection
from farm.stats.boundaries import Spending, nominal_level
from farm.verdicts import Plan

TOLERANCE = 1e-9
"""Relative: a bound this near the budget is on it, and decides nothing; units and their rounding change no verdict."""


@dataclass(frozen=True, slots=True)
class Levels:
    """The one-sided levels of one look: of the test whose rejection is FAIL, and of the one whose rejection is PASS.

    The interval's lower bound has the level of FAIL and its upper bound that of PASS, so that both decisions can be read off
    it: repeated confidence bounds, which hold however measuring came to stop (Jennison and Turnbull, Group Sequential Methods,
    2000, section 9.1). After a PASS, the other bound, the lower one, decides nothing any more and is taken at the full error: a
    PASS stops for low values only. Let m be the first look at which a statistic that puts the full-error bound above the truth
    could still stop with PASS. No earlier PASS misses; at look m, or by going on beyond it, a path that misses has its
    statistic above the full-error quantile at look m. So misses have the probability of that one event. FAIL is the mirror
    image. benchmarks/gate.py counts the coverage.
    """

    fail: float
    pass_: float


def planned(selection: Selection, plan: Plan) -> tuple[int, ...]:
    """Return after how many blocks there was a look: those of the plan that were reached, and where measuring ended before the last.

    One look at everything (0 blocks where there are none) when the plan has no looks.
    """
    if not plan.looks or selection.blocks == 0:
        return (selection.blocks,)
    reached = [blocks for blocks in plan.looks if blocks <= selection.blocks]
    last = min(selection.blocks, plan.looks[-1])
    return tuple(reached) if last in reached else (*reached, last)


def fraction(blocks: int, information: float, devices: int, plan: Plan) -> float:
    """Return the share of the planned information that is in: 1 at the last look, whatever is missing then.

    information is the harmonic sum of both sides' counts over all devices: one ABBA block brings 1.
    """
    if not plan.looks or blocks >= plan.looks[-1] or blocks == 0:
        return 1.0
    return min(1.0, information / (plan.looks[-1] * devices))


def levels(fractions: tuple[float, ...], error: float) -> Levels:
    """Return the levels of the last of these looks: O'Brien-Fleming-type for FAIL, Pocock-type for PASS."""
    return Levels(
        nominal_level(Spending.OBRIEN_FLEMING, error, fractions),
        nominal_level(Spending.POCOCK, error, fractions),
    )
