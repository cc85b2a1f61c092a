"""What a page is told from: a branch as `farm track` sees it."""

from dataclasses import dataclass
from datetime import datetime

from farm.findings import Followed, Tracked


@dataclass(frozen=True, slots=True)
class Look:
    """What is known when a page is told: what `farm track` came to, and the series that it followed."""

    tracked: Tracked
    followed: tuple[Followed, ...]
    now: datetime
    """UTC, naive as the database has it."""
