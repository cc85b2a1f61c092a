"""A release held against a baseline: measure until every budget is decided, judge, and keep what was judged."""

from farm.release.decide import (
    Asked,
    Decided,
    Failure,
    Round,
    blocking_workloads,
    changes,
    contests,
    decide,
    judged,
    plan_hash,
    refuse_unchecked,
    with_failures,
    with_passes,
)
from farm.release.kept import GateFacts, changes_of, gate_rows, plan_of, verdict_of
from farm.release.numbers import Numbers, of_measured, of_stored
from farm.release.sides import Selectors, Sided, sided, unchecked

__all__ = [
    "Asked",
    "Decided",
    "Failure",
    "GateFacts",
    "Numbers",
    "Round",
    "Selectors",
    "Sided",
    "blocking_workloads",
    "changes",
    "changes_of",
    "contests",
    "decide",
    "gate_rows",
    "judged",
    "of_measured",
    "of_stored",
    "plan_hash",
    "plan_of",
    "refuse_unchecked",
    "sided",
    "unchecked",
    "verdict_of",
    "with_failures",
    "with_passes",
]
