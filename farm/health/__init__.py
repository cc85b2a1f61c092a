"""Whether a device can be trusted with work: what was read of it, held against limits; and how its health follows from night to night.

Values and rules only: what is read, stored and tried is cli's (farm/cli/healthy.py).
"""

from farm.health.checks import (
    BLOCKING,
    Check,
    Known,
    Name,
    Seen,
    of_seen,
    unreached,
)
from farm.health.ladder import Step, Tried, next_rung
from farm.health.standing import GOOD_AFTER, NEW, UNCOUNTED, Counted, Health, Standing, after, counted, restored, retired

__all__ = [
    "BLOCKING",
    "GOOD_AFTER",
    "NEW",
    "UNCOUNTED",
    "Check",
    "Counted",
    "Health",
    "Known",
    "Name",
    "Seen",
    "Standing",
    "Step",
    "Tried",
    "after",
    "counted",
    "next_rung",
    "of_seen",
    "restored",
    "retired",
    "unreached",
]
