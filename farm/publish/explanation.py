"""Why a verdict is what it is, as tables and lines: the runs, what was left out and why, the numbers, and where the formula stands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from farm import units
from farm.publish import judgement as words
from farm.publish.judgement import WORDS
from farm.publish.tables import Table
from farm.verdicts import Quality, Verdict

_SHORT = 12
_RELATIVE = ("farm.gate.relative", "farm.gate.strata", "farm.stats.ranks", "farm.gate.looks", "farm.stats.boundaries")
_LIMIT = ("farm.gate.absolute", "farm.stats.intervals", "farm.gate.looks", "farm.stats.boundaries")
_QUALITY = ("farm.gate.quality", "farm.stats.paired")


@dataclass(frozen=True, slots=True)
class Explanation:
    """A stored verdict with the runs that were judged (rows of the gate's frame, for its budget alone)."""

    name: str
    """What `farm explain` calls it."""
    gate: Mapping[str, Any]
    """The gate's row."""
    artifacts: Mapping[str, Sequence[str]]
    """By side: the SHA-256 of what was measured of the workload."""
    verdict: Verdict
    runs: Sequence[Mapping[str, Any]]
    again: Verdict
    """What the stored runs give when they are judged again now, as they were then."""

    @property
    def agrees(self) -> bool:
        """Whether judging again gives the same decision on the same numbers."""
        return (self.verdict.decision, self.verdict.estimate, self.verdict.blocks) == (
            self.again.decision,
            self.again.estimate,
            self.again.blocks,
        )


def tables(given: Explanation) -> list[Table]:
    """Return what was asked and found, and every run."""
    verdict = given.verdict
    title = f"{WORDS[verdict.decision]}: {verdict.budget.workload} {words.promise(verdict.budget)}"
    facts = tuple((name, text) for name, text in _facts(given) if text)
    return [Table(title, ("", ""), facts, (0, 1)), _runs(given)]


def _facts(given: Explanation) -> list[tuple[str, str]]:
    verdict, gate = given.verdict, given.gate
    in_terms = [] if verdict.levels is None else [f"FAIL at {verdict.levels[0]:.3g}, PASS at {verdict.levels[1]:.3g}, one-sided"]
    return [
        ("verdict", given.name),
        ("judged at (UTC)", f"{gate['judged_at']:%Y-%m-%d %H:%M}"),
        ("suite", f"{gate['suite']} ({gate['suite_file']})"),
        *((side, "; SHA-256 ".join([gate[side], *given.artifacts.get(side, ())])) for side in ("candidate", "baseline")),
        ("order of runs", "stored runs, as they were found" if gate["seed"] is None else f"drawn from seed {gate['seed']}"),
        ("reason", verdict.reason),
        ("measured", words.measured(verdict)),
        ("allowed", words.in_terms(verdict.allowed, verdict.budget)),
        ("could have seen", words.seen(verdict)),
        ("looks", f"{verdict.looks}, the last after {units.counted(verdict.blocks, 'block')} on each device" if verdict.looks else "none"),
        ("levels of the last look", "".join(in_terms)),
        *((f"on {used.device}", _used(used.candidate, used.baseline, used.estimate, verdict)) for used in verdict.used),
        ("counts for the exit code", "yes" if verdict.blocking else "no"),
    ]


def _used(candidate: int, baseline: int, estimate: float | None, verdict: Verdict) -> str:
    own = "" if estimate is None else f": {words.in_terms(estimate, verdict.budget)}"
    sides = f"{candidate}" if verdict.budget.limit is not None else f"{candidate} of the candidate and {baseline} of the baseline"
    return f"{sides}{own}"


def _runs(given: Explanation) -> Table:
    left_out = {item.run: item.reason for item in given.verdict.exclusions}
    metric = given.verdict.budget.metric
    rows = tuple(
        (
            row["device"],
            row["session"][-_SHORT:],
            "–" if row["block"] is None else str(row["block"] + 1),
            "–" if row["position"] is None else str(row["position"] + 1),
            row["side"],
            "–" if row["value"] is None else words.quantity(row["value"], metric),
            row["run"][-_SHORT:],
            f"left out: {left_out[row['run']]}" if row["run"] in left_out else "counts",
        )
        for row in given.runs
    )
    return Table("Runs", ("device", "session", "block", "place", "side", "value", "run", ""), rows, (0, 1, 4, 6, 7))


def lines(given: Explanation) -> list[str]:
    """Return what warns, what would decide it, how it was computed and where that stands, and whether it comes out again."""
    verdict = given.verdict
    is_quality = verdict.budget.metric in list(Quality)
    modules: tuple[str, ...] = _QUALITY if is_quality else _RELATIVE if verdict.budget.limit is None else _LIMIT
    same = "the same verdict" if given.agrees else f"{WORDS[given.again.decision]}, {given.again.reason}: this farm judges otherwise"
    return [
        *words.notes(verdict),
        f"method: {verdict.method}",
        f"formulas, with their sources: the docstrings of {', '.join(modules)} (python -m pydoc {modules[0]})",
        'in words: docs/trust.md, "What it rests on" and "What holds an answer back"',
        f"judged again from these runs: {same}",
    ]
