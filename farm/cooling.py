"""How long phones were waited for until they were cool, against the fixed pause that the waiting stands in for."""

from collections.abc import Iterable
from dataclasses import dataclass

from farm.workloads import Run, StateReading

FIXED_S = 180.0
"""Before each run: what a lab waits that does not look whether a phone is cool yet."""
COOL_DOWN, CHARGE, SETTLE = "cool_down_s", "charge_wait_s", "settle_wait_s"
"""Readings of each run: how long it waited while its phone was too warm or throttled, while it charged, and in all."""


@dataclass(frozen=True, slots=True)
class CoolDown:
    """What some runs waited for. Runs that did not begin, as their phone never settled, are not among them."""

    runs: int
    waited_s: float

    @property
    def fixed_s(self) -> float:
        """What a fixed pause before each would have been."""
        return FIXED_S * self.runs

    @property
    def sentence(self) -> str:
        """The two in one sentence."""
        times = "once" if self.runs == 1 else f"before {self.runs} runs"
        return (
            f"cooled down for {_minutes(self.waited_s)} {times}, where {FIXED_S:g} s before each would have been {_minutes(self.fixed_s)}"
        )


def of_runs(runs: Iterable[Run]) -> CoolDown | None:
    """Return what these runs waited for; None when none of them was on a phone."""
    waited = [reading.value for run in runs for reading in run.state if reading.name == COOL_DOWN and reading.value is not None]
    return CoolDown(len(waited), sum(waited)) if waited else None


def readings(settle_s: float, cool_s: float | None, charge_s: float | None) -> tuple[StateReading, ...]:
    """Return what a run waited for; None: its device has neither a temperature to wait for nor a battery."""
    named = {SETTLE: settle_s, COOL_DOWN: cool_s, CHARGE: charge_s}
    return tuple(StateReading(name, "before", value=value, source="host") for name, value in named.items() if value is not None)


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 2 * FIXED_S else f"{seconds / 60:.0f} min"
