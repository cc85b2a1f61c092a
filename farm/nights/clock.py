"""Whether the time of day can be believed: held against what was stored, and against a clock that nobody sets.

The time since the machine started (which also runs while it sleeps) goes on whatever the time of day is set to. Two readings of both
on one boot tell how far the time of day was set; across a restart only a time that lies before what was stored tells anything.
"""

from dataclasses import dataclass
from datetime import datetime

_SLACK_S = 120.0
"""What a clock is set by that nobody needs to hear of."""
_MOST_S = 86400.0
"""Beyond a day, the night would be called after a wrong day."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What both clocks said: at, aware UTC, and the seconds since the machine started. boot names that start; "": not known."""

    at: datetime
    boot: str
    uptime_s: float


@dataclass(frozen=True, slots=True)
class Seen:
    """What the clock is held against. Times are aware UTC."""

    last: Reading | None
    """The newest one that was stored with a night."""
    stored_at: datetime | None
    """The newest time of a night or a run in the database."""
    written_at: datetime | None
    """When a file of the data folder was last written, by the file system."""


@dataclass(frozen=True, slots=True)
class Belief:
    """How far the clock was set since then, as far as it shows: forwards above 0; words says so, and is empty when nothing shows."""

    jump_s: float = 0.0
    words: str = ""

    @property
    def is_refused(self) -> bool:
        """Whether no night can be opened by it."""
        return abs(self.jump_s) > _MOST_S


def jumped(before: Reading, now: Reading) -> float | None:
    """Return by how many seconds the time of day was set between two readings; None: they are of two boots, so it does not show."""
    if not now.boot or before.boot != now.boot:
        return None
    return (now.at - before.at).total_seconds() - (now.uptime_s - before.uptime_s)


def elapsed_s(before: Reading, now: Reading) -> float:
    """Return how long ago a reading was, at least 0: by the clock that nobody sets where both are of one boot."""
    is_one_boot = now.boot != "" and before.boot == now.boot
    return max(0.0, now.uptime_s - before.uptime_s if is_one_boot else (now.at - before.at).total_seconds())


def believe(now: Reading, seen: Seen) -> Belief:
    """Return what can be told of the clock."""
    since = None if seen.last is None else jumped(seen.last, now)
    if seen.last is not None and since is not None and abs(since) > _SLACK_S:
        return Belief(since, f"the clock was set {_by(since)} since {_text(seen.last.at)}, and says {_text(now.at)} now")
    known = [(at, what) for at, what in ((seen.stored_at, "stored"), (seen.written_at, "written")) if at is not None]
    if not known:
        return Belief()
    at, what = max(known)
    behind_s = (now.at - at).total_seconds()
    if behind_s >= -_SLACK_S:
        return Belief()
    of = "a run or a night was stored" if what == "stored" else "a file of the data folder was written"
    return Belief(behind_s, f"the clock went back: it says {_text(now.at)}, and {of} at {_text(at)}, {_size(-behind_s)} later")


def _by(seconds: float) -> str:
    return f"{'forward' if seconds > 0 else 'back'} by {_size(abs(seconds))}"


def set_text(seconds: float) -> str:
    """Return by how much a clock was set, and which way."""
    return f"set {_by(seconds)}"


def _size(seconds: float) -> str:
    for unit, size in (("day", 86400.0), ("hour", 3600.0), ("minute", 60.0)):
        if seconds >= 2 * size or (unit == "hour" and seconds >= 0.9 * size):
            number = round(seconds / size)
            return f"{number} {unit}{'' if number == 1 else 's'}"
    return f"{seconds:.0f} seconds"


def _text(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
