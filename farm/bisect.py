"""Where in a row of revisions a number changed: which one to try next, and what the answers come to. No git here, and no device."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum

from farm.records import Record, Row, utc
from farm.verdicts import Budget, Decision, Estimate, Verdict


class Answer(StrEnum):
    """What trying a revision came to."""

    GOOD = "good"
    """Nearer to the good revision."""
    BAD = "bad"
    UNCLEAR = "unclear"
    """Noise, or what was measured, does not say which."""
    UNBUILDABLE = "unbuildable"


@dataclass(frozen=True, slots=True)
class Step:
    """A revision that was tried. ratio is to the good revision; gate None: nothing was measured for it."""

    revision: str
    answer: Answer
    reason: str
    artifact_sha256: str | None = None
    ratio: Estimate | None = None
    gate: str | None = None

    def text(self) -> str:
        """Return it as one line of JSON."""
        return json.dumps(asdict(self))

    @staticmethod
    def read(text: str) -> "Step":
        """Return it from its line. Raises ValueError for half a line, as a killed process leaves it."""
        facts = json.loads(text)
        ratio = facts["ratio"]
        return Step(**facts | {"answer": Answer(facts["answer"]), "ratio": None if ratio is None else Estimate(**ratio)})


@dataclass(frozen=True, slots=True)
class Place:
    """Where the change lies: after one revision, and at the latest in another; between are those that could not be told."""

    last_good: str
    first_bad: str
    between: tuple[str, ...]

    @property
    def is_exact(self) -> bool:
        """Whether one revision alone remains."""
        return not self.between


def place(revisions: Sequence[str], steps: Mapping[str, Step]) -> Place:
    """Return what the answers leave. revisions are in order, the first is good and the last bad; steps are by revision, as tried."""
    low, high = 0, len(revisions) - 1
    for number, revision in enumerate(revisions):
        answer = steps[revision].answer if revision in steps else None
        if answer is Answer.GOOD:
            low = max(low, number)
    for number in range(len(revisions) - 1, low, -1):
        revision = revisions[number]
        if revision in steps and steps[revision].answer is Answer.BAD:
            high = number
    return Place(revisions[low], revisions[high], tuple(revisions[low + 1 : high]))


def next_revision(revisions: Sequence[str], steps: Mapping[str, Step]) -> str | None:
    """Return the revision to try: of those that may be the one and were not tried yet, the nearest to the middle; None: none is left."""
    left = place(revisions, steps)
    middle = (len(left.between) - 1) / 2
    untried = [(abs(number - middle), number) for number, revision in enumerate(left.between) if revision not in steps]
    return left.between[min(untried)[1]] if untried else None


def left_to_try(revisions: Sequence[str], steps: Mapping[str, Step]) -> int:
    """Return about how many more revisions will be tried."""
    return math.ceil(math.log2(1 + sum(revision not in steps for revision in place(revisions, steps).between)))


def any_change(budget: Budget) -> Budget:
    """Return the question whether a candidate is worse at all."""
    return Budget(budget.workload, budget.metric, budget.statistic, max_regression=0.0)


def halfway(budget: Budget, ratio: float) -> Budget:
    """Return the question on which side of halfway a revision lies, when the bad one has this ratio to the good one.

    Halfway on the logarithms: a good revision is then as far from it as a bad one, so that either answer takes as many runs.
    """
    return replace(any_change(budget), max_regression=budget.sign * (math.sqrt(ratio) - 1))


def answered(revision: str, verdict: Verdict, artifact_sha256: str, gate: str) -> Step:
    """Return the step that a verdict on the halfway question makes."""
    answers = {Decision.PASS: Answer.GOOD, Decision.FAIL: Answer.BAD, Decision.INCONCLUSIVE: Answer.UNCLEAR}
    return Step(revision, answers[verdict.decision], verdict.reason, artifact_sha256, verdict.estimate, gate)


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a bisection beside its answers."""

    id: str
    ended_at: datetime
    suite: str
    suite_file: str
    build: str
    device_name: str
    seed: int
    farm_version: str
    command: str


def rows(facts: Facts, budget: Budget, revisions: Sequence[str], steps: Sequence[Step], found: Place, ratio: Estimate | None) -> Record:
    """Return the rows of a bisection; ratio is that of the two revisions that the change lies between."""
    row = asdict(facts) | {
        "ended_at": utc(facts.ended_at),
        "workload_id": budget.workload,
        "metric": budget.metric,
        "statistic": budget.statistic,
        "good": revisions[0],
        "bad": revisions[-1],
        "revisions": len(revisions) - 1,
        "last_good": found.last_good,
        "first_bad": found.first_bad,
        "is_exact": found.is_exact,
    }
    return {
        "bisections": [row | _ratio(ratio)],
        "bisect_steps": [
            {
                "bisection_id": facts.id,
                "number": number,
                "revision": step.revision,
                "answer": step.answer,
                "gate_id": step.gate,
                "artifact_sha256": step.artifact_sha256,
                "reason": step.reason,
                **_ratio(step.ratio),
            }
            for number, step in enumerate(steps, start=1)
        ],
    }


def _ratio(ratio: Estimate | None) -> Row:
    return {"ratio": ratio and ratio.value, "ratio_low": ratio and ratio.low, "ratio_high": ratio and ratio.high}
