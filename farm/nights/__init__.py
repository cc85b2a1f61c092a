"""A rack's nights: which one it is, whether the clock can be believed, in what order to measure, and how long that takes. Pure values."""

from farm.nights.calendar import Cadence, Schedule, Slot, Step, Turn, slot_at, slot_of, which
from farm.nights.clock import Belief, Reading, Seen, believe, elapsed_s, jumped, set_text
from farm.nights.estimate import Duration, Estimate, estimate
from farm.nights.order import Planned, Priority, block_order, plan

__all__ = [
    "Belief",
    "Cadence",
    "Duration",
    "Estimate",
    "Planned",
    "Priority",
    "Reading",
    "Schedule",
    "Seen",
    "Slot",
    "Step",
    "Turn",
    "believe",
    "block_order",
    "elapsed_s",
    "estimate",
    "jumped",
    "plan",
    "set_text",
    "slot_at",
    "slot_of",
    "which",
]
