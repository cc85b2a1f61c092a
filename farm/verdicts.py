"""What is judged, as plain values."""

from dataclasses import dataclass
from enum import StrEnum

from farm.metrics import Statistic


class Severity(StrEnum):
    """Whether a budget's verdict can change the exit code."""

    BLOCK = "block"
    WARN = "warn"


@dataclass(frozen=True, slots=True)
class Budget:
    """A promise about one number: exactly one of limit and max_regression is set.

    limit is in the metric's base unit and the worst value allowed; max_regression is a share of the
    baseline (0.03 is three per cent). devices empty means every device of the suite.
    """

    workload: str
    metric: str
    statistic: Statistic
    limit: float | None = None
    max_regression: float | None = None
    severity: Severity = Severity.BLOCK
    devices: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if (self.limit is None) == (self.max_regression is None):
            raise ValueError("a budget has either a limit or a max_regression")
