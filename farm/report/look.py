"""What a page is told from: a branch as `farm track` sees it."""

import shlex
from dataclasses import dataclass
from datetime import datetime

from farm.findings import Followed, Tracked
from farm.report import words


@dataclass(frozen=True, slots=True)
class Look:
    """What is known when a page is told: what `farm track` came to, and the series that it followed."""

    tracked: Tracked
    followed: tuple[Followed, ...]
    now: datetime
    """UTC, naive as the database has it."""


def measured_hint(look: Look) -> str:
    """Return what to do for somebody who named what a branch does not have."""
    if not look.followed:
        return f"nothing was measured on branch {look.tracked.branch} yet; farm run --branch {shlex.quote(look.tracked.branch)} does"
    return f"it has {words.listed(sorted({item.series.device for item in look.followed}), 8)}; farm report nightly lists every series"
