"""How a device's health follows from one look to the next."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from farm.health.checks import Check

GOOD_AFTER = 2
"""Looks in a row that must pass before a device is good again: one may be luck."""


class Health(StrEnum):
    """What a device's looks came to. It is another thing than its state, such as being held by somebody now."""

    GOOD = "good"
    SUSPECT = "suspect"
    """It failed lately: it is measured, and what it measures is marked."""
    QUARANTINED = "quarantined"
    """It failed again and again: it is looked at, and not measured, until it passes twice in a row."""
    RETIRED = "retired"
    """A person took it out, and only a person takes it in again."""

    @property
    def takes_part(self) -> bool:
        """Whether a device with this health is measured with its pool."""
        return self in (Health.GOOD, Health.SUSPECT)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a device stands after a look, or after what a person said of it."""

    health: Health
    reason: str
    """One sentence; "" of a device that has always been good."""
    failed: int = 0
    """Looks that failed since it was good."""
    passed: int = 0
    """Looks in a row that passed, up to this one."""


NEW = Standing(Health.GOOD, "")
"""Of a device that was never looked at: nothing speaks against it."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What earlier looks of one night have counted already: a night counts one failure, and after that one pass, at most."""

    failure: bool = False
    passing: bool = False
    """Since the last failure."""


UNCOUNTED = Counted()


def counted(standings: Iterable[tuple[Standing, Standing]]) -> Counted:
    """Return what the looks of a night have counted, from where a device stood before and after each, oldest first."""
    failure = passing = False
    for before, now in standings:
        failure = failure or now.failed > before.failed
        passing = now.passed > 0 and (passing or now.passed > before.passed)
    return Counted(failure, passing)


def after(before: Standing, checks: Sequence[Check], quarantine_after: int, night: Counted = UNCOUNTED) -> Standing:
    """Return where a device stands after a look.

    A failure makes a good one suspect, and quarantine_after of them without its having been good between quarantine it: a device that
    fails every other night is no better than one that always does. What was not read neither fails nor passes, and a look that read
    nothing at all changes nothing. Neither does a failure that was counted before and not read anew, such as a canary's session: one
    session out of its band is one failure, however often the device is looked at. A retired device stays so.

    night: what earlier looks of the same night have counted; a controller that is started again and again within a night learns
    nothing new of a cable that is out, so the night's further failures, and passes, are told and not counted.
    """
    if before.health is Health.RETIRED or not any(check.ok is not None for check in checks):
        return before
    failing = [check for check in checks if check.ok is False]
    if failing and before.failed and not any(check.is_new for check in failing):
        return replace(before, passed=0)
    if failing:
        return _failed(before, "; ".join(check.sentence for check in failing), quarantine_after, night)
    if night.passing:
        return before
    passed = before.passed + 1
    if before.health is Health.GOOD or passed < GOOD_AFTER:
        return replace(before, passed=passed)
    return Standing(Health.GOOD, f"it passed all checks {GOOD_AFTER} times in a row", 0, passed)


def _failed(before: Standing, why: str, quarantine_after: int, night: Counted) -> Standing:
    failed = max(1, before.failed + (not night.failure))
    if before.health is Health.QUARANTINED or failed >= quarantine_after:
        times = (
            f"it failed {failed} times without passing {GOOD_AFTER} times in a row between, the last time"
            if failed > 1
            else "it failed once"
        )
        return Standing(Health.QUARANTINED, f"{times}: {why}", failed, 0)
    return Standing(Health.SUSPECT, why, failed, 0)


def retired(reason: str) -> Standing:
    """Return where a device stands that a person takes out."""
    return Standing(Health.RETIRED, reason)


def restored(reason: str) -> Standing:
    """Return where a device stands that a person takes in again: suspect, until it has passed as often as any other must.

    Nobody has looked at it while it was out.
    """
    return Standing(Health.SUSPECT, reason)
