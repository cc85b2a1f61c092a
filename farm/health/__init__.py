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
from farm.health.standing import GOOD_AFTER, NEW, Health, Standing, after, restored, retired

__all__ = [
    "BLOCKING",
    "GOOD_AFTER",
    "NEW",
    "Check",
    "Health",
    "Known",
    "Name",
    "Seen",
    "Standing",
    "Step",
    "Tried",
    "after",
    "next_rung",
    "of_seen",
    "restored",
    "retired",
    "unreached",
]
