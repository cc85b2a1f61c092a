"""A branch held against the base that it left, as plain values."""

from dataclasses import dataclass
from datetime import datetime

from farm.findings import Series
from farm.verdicts import Size


@dataclass(frozen=True, slots=True)
class AgainstBase:
    """A series of a branch held against the base's level before the branch began: size is the one over the other."""

    series: Series
    size: Size
    worse: bool
    base_nights: int
    nights: int
    q_value: float  # the smallest false discovery rate at which it is still told

    @property
    def is_told(self) -> bool:
        """Whether it is to be looked at: at a false discovery rate of 5 %, and of 2 % in size."""
        return self.q_value <= 0.05 and not 1 / 1.02 < self.size.value < 1.02  # noqa: PLR2004


@dataclass(frozen=True, slots=True)
class Departure:
    """A branch and the base that it left. left_at None: it has no night; silent: series with too few nights to be compared."""

    base: str
    left_at: datetime | None
    compared: tuple[AgainstBase, ...]
    silent: int
