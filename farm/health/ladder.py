"""What is tried with a device that does not answer: the next rung of its ladder, and what each came to."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from farm.health.checks import Check, Name
from farm.workloads import Device, Rung

_HELPED = frozenset({Name.REACHABLE, Name.AUTHORISED})
"""A link anew, a restart and a power cycle bring back what does not answer: they fill no battery and free no disk."""


class Tried(StrEnum):
    """What a rung came to."""

    HELPED = "helped"
    NO_USE = "no_use"
    """It was done, and the device still does not answer."""
    FAILED = "failed"
    """It could not be done to its end."""
    NOT_TRIED = "not_tried"
    """It would have disturbed somebody else, or there is nothing that it could be done to."""


@dataclass(frozen=True, slots=True)
class Step:
    """One rung that was come to. output is what a command of the user's said, its end."""

    rung: Rung
    tried: Tried
    sentence: str
    seconds: float
    output: str = ""


def next_rung(device: Device, checks: Sequence[Check], steps: Collection[Step]) -> Rung | None:
    """Return what to try next after these steps: the device's rungs in its order, as long as it does not answer; None: nothing.

    The user's command is the last rung also where the ladder does not name it: whoever states it wants it tried.
    """
    if not any(check.ok is False and check.name in _HELPED for check in checks):
        return None
    ladder = list(device.health.recovery)
    if device.power_cycle and Rung.POWER_CYCLE not in ladder:
        ladder.append(Rung.POWER_CYCLE)
    done = {step.rung for step in steps}
    return next((rung for rung in ladder if rung not in done), None)
