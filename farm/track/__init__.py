"""History -> findings: frames of nights in, change points with their interval, groups and missing series out.

find() is for histories of any kind; follow() for the nights of a branch, with what was found before.
"""

from farm.track.branches import departure
from farm.track.confirmation import NO_RUNS, pending
from farm.track.find import find, is_too_short
from farm.track.follow import Known, Today, follow
from farm.track.missing import Expected, Planned, Trouble, planned, troubles
from farm.track.nights import METRICS_OF_PASSES, followed

__all__ = [
    "METRICS_OF_PASSES",
    "NO_RUNS",
    "Expected",
    "Known",
    "Planned",
    "Today",
    "Trouble",
    "departure",
    "find",
    "follow",
    "followed",
    "is_too_short",
    "pending",
    "planned",
    "troubles",
]
