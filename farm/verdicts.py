"""What is judged, as plain values."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from farm.metrics import METRICS, Better, Statistic

IN_BUDGET, OUT_OF_BUDGET, COULD_NOT_TELL = 0, 4, 3


class Severity(StrEnum):
    """Whether a budget's verdict can change the exit code."""

    BLOCK = "block"
    WARN = "warn"


class Side(StrEnum):
    """What a run is of: the release that is judged, or what it is held against."""

    BASELINE = "baseline"
    CANDIDATE = "candidate"

    @property
    def other(self) -> "Side":
        """The side that this one is compared with."""
        return Side.CANDIDATE if self is Side.BASELINE else Side.BASELINE


class Quality(StrEnum):
    """Metrics that are read off answers to items, paired by item, instead of off runs."""

    ACCURACY = "accuracy_ratio"
    """Share of items that are answered right. Budgets state max_drop, in shares: 0.01 is one point of a hundred."""
    PERPLEXITY = "perplexity"
    """exp of the mean negative log-probability of a target token. Budgets state max_regression, a share of the baseline's."""


@dataclass(frozen=True, slots=True)
class Exemption:
    """An exception from a budget: until the end of a day it only warns, afterwards it blocks again."""

    until: date
    owner: str
    reason: str


@dataclass(frozen=True, slots=True)
class Budget:
    """A promise about one number: exactly one of limit, max_regression and max_drop is set.

    limit is in the metric's base unit and the worst value allowed; max_regression is a share of the baseline by which the
    candidate may be worse (0.03 is three per cent; negative: it has to be better); max_drop is the difference of shares by which a
    quality may fall. devices empty means every device of the suite.
    """

    workload: str
    metric: str
    statistic: Statistic
    limit: float | None = None
    max_regression: float | None = None
    severity: Severity = Severity.BLOCK
    devices: tuple[str, ...] = ()
    max_drop: float | None = None
    exemption: Exemption | None = None
    better: Better | None = None
    """Which way a number improves that the metric table does not hold (others' files); None: as the table says."""

    def __post_init__(self) -> None:
        if sum(stated is not None for stated in (self.limit, self.max_regression, self.max_drop)) != 1:
            raise ValueError("a budget has exactly one of limit, max_regression and max_drop")
        if self.max_regression is not None and self.max_regression <= -1:
            raise ValueError("max_regression is a share above -1")

    @property
    def sign(self) -> int:
        """1 where less is better, -1 where more is. Raises ValueError for a metric of which neither is known."""
        if self.better is None and self.metric not in METRICS:
            raise ValueError(f"{self.name}: there is no such metric, and nothing says which way it improves")
        return 1 if (self.better or METRICS[self.metric].better) is Better.LOWER else -1

    @property
    def name(self) -> str:
        """What people call it: digits-int8 latency_ns.p50."""
        statistic = "" if self.statistic is Statistic.VALUE else f".{self.statistic}"
        return f"{self.workload} {self.metric}{statistic}"

    def blocks_on(self, today: date) -> bool:
        """Whether its verdict counts for the exit code on this day."""
        return self.severity is Severity.BLOCK and (self.exemption is None or self.exemption.until < today)


@dataclass(frozen=True, slots=True)
class Plan:
    """How budgets are tested: declared beforehand, the same for every budget of a gate.

    looks are numbers of blocks (ABBA: two runs a side in each, on each device) after which the verdict may be taken, rising; the
    last is the most that is measured. Empty: one look at all there is, which is right only for runs that were counted out beforehand.
    """

    looks: tuple[int, ...] = (4, 5, 6, 7, 8, 10, 12, 14, 16, 18, 20)
    error: float = 0.025
    """One-sided: of FAIL when the truth is the budget, and of PASS when it is. The interval covers 1 - 2 error."""
    min_runs: int = 4
    """Valid runs a side on each device, below which nothing is said."""
    allow_unordered: bool = False
    """Whether runs that were not interleaved may pass a blocking budget."""

    def __post_init__(self) -> None:
        if any(later <= earlier for earlier, later in zip((0, *self.looks), self.looks, strict=False)):
            raise ValueError("looks are numbers of blocks, from 1, rising")
        if not 0 < self.error < 0.5:  # noqa: PLR2004
            raise ValueError("error is between 0 and 0.5")


ONE_LOOK = Plan(looks=())


class Decision(StrEnum):
    """Whether a number is acceptable."""

    PASS = "pass"  # noqa: S105
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its interval; a bound is None where so few values allow none."""

    value: float
    low: float | None
    high: float | None
    coverage: float


@dataclass(frozen=True, slots=True)
class Used:
    """What one device gave to a verdict: runs a side (for a quality: items), and its own estimate."""

    device: str
    baseline: int
    candidate: int
    estimate: float | None = None


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A run that a verdict does not rest on, and why."""

    run: str
    device: str
    side: Side
    reason: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was decided about one budget, and everything needed to see why.

    estimate is candidate / baseline for a relative budget, the candidate's median in the metric's base unit for a limit, the
    difference baseline - candidate for an accuracy; allowed is the budget in the same terms, and detectable the smallest truth
    of that kind that these runs would have failed in four cases of five (the minimal detectable effect).
    """

    budget: Budget
    decision: Decision
    reason: str
    allowed: float
    method: str
    blocking: bool = True
    """Whether it counts for the exit code: the budget blocks, and no exemption holds."""
    would_decide: str | None = None
    """What would end an INCONCLUSIVE."""
    estimate: Estimate | None = None
    detectable: float | None = None
    used: tuple[Used, ...] = ()
    looks: int = 0
    levels: tuple[float, float] | None = None
    """One-sided levels at which FAIL and PASS were tested at the last look; None: nothing was tested."""
    blocks: int = 0
    """Blocks on each device that the verdict rests on; 0 where there are none."""
    advisory: str | None = None
    """Why the order of the runs supports no more than advice; None: they were interleaved."""
    warnings: tuple[str, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()
    more_runs_help: bool = False
    """Whether the next look could decide it."""
    unarmed: str | None = None
    """Why the devices' noise does not let the budget be armed: it was looked at once; None: it was armed."""


@dataclass(frozen=True, slots=True)
class Noise:
    """How far runs of one number scatter on one device when nothing changes: the spread that a ratio's test sees, as a share."""

    device: str
    workload: str
    metric: str
    statistic: Statistic
    deviation: float
    runs: int
    """A side, that it was measured with."""
    ratio: Estimate
    """Of the two sides: 1 in truth."""


@dataclass(frozen=True, slots=True)
class Change:
    """A change found among what is measured without a budget; ratio is candidate / baseline, over all devices named."""

    workload: str
    metric: str
    statistic: Statistic
    device: str
    ratio: Estimate
    worse: bool
    q_value: float
    """The smallest false discovery rate at which it is still found (Benjamini and Hochberg)."""


@dataclass(frozen=True, slots=True)
class NextLook:
    """What to measure before judging again: these workloads, until each device has so many blocks."""

    blocks: int
    workloads: tuple[str, ...]


def exit_code(verdicts: Iterable[Verdict]) -> int:
    """Return 4 when a blocking budget failed, else 3 when one could not be decided or nothing was judged, else 0."""
    given = list(verdicts)
    decisions = {verdict.decision for verdict in given if verdict.blocking}
    if Decision.FAIL in decisions:
        return OUT_OF_BUDGET
    return COULD_NOT_TELL if Decision.INCONCLUSIVE in decisions or not given else IN_BUDGET


@dataclass(frozen=True, slots=True)
class History:
    """What was measured of one thing over time: sessions, oldest first, each with the values of its runs (NaN: a run without one).

    labels say when each session was, or of which revision; empty where nothing is known of that.
    """

    name: str
    sessions: tuple[tuple[float, ...], ...]
    labels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.labels and len(self.labels) != len(self.sessions):
            raise ValueError("a history has a label for each session, or none at all")

    def label(self, place: int) -> str:
        """Return what people call session number place."""
        return self.labels[place] if self.labels else f"#{place}"


class FindingKind(StrEnum):
    """How sure a finding is."""

    CHANGE = "change"
    SUSPECTED = "suspected"
    """So fresh that fresh runs have to confirm it before anybody is alarmed."""


@dataclass(frozen=True, slots=True)
class Size:
    """How large a change is, with its 95 % interval: new over old, or, where values are not all positive, new less old in their unit."""

    value: float
    low: float
    high: float
    is_ratio: bool


@dataclass(frozen=True, slots=True)
class Finding:
    """A change of level in a history. index counts sessions, and is the first one of the new level; it lies from index_low to index_high.

    significance is that of changepoints.Change, None for a suspected change, which says in `deviations` how far the last sessions lie off.
    """

    kind: FindingKind
    history: str
    index: int
    index_low: int
    index_high: int
    before: float
    after: float
    size: Size
    significance: float | None = None
    deviations: float | None = None
