"""What a branch's newest night came to: in one word, in one sentence, and as an exit code."""

from collections.abc import Iterator
from dataclasses import dataclass

from farm import units
from farm.findings import Standing, Tracked
from farm.publish import tracking
from farm.publish.explanation import Explanation
from farm.report import budgets, words
from farm.report.changes import by_severity
from farm.verdicts import Verdict, exit_code


@dataclass(frozen=True, slots=True)
class NightBudgets:
    """A suite's budgets held against the newest night: verdicts with their runs; baseline None: against the night before."""

    explanations: tuple[Explanation, ...]
    baseline: str | None
    suite: str
    """Its file."""

    @property
    def options(self) -> tuple[str, ...]:
        """Return what states it on a command line."""
        return ("--suite", self.suite, *(() if self.baseline is None else ("--baseline", self.baseline)))

    @property
    def counted(self) -> list[Verdict]:
        """Return the verdicts that count."""
        return [one.verdict for one in self.explanations if one.verdict.blocking]

    @property
    def exit_code(self) -> int:
        """4 when a budget that counts is broken, 3 when one could not be decided, else 0."""
        return exit_code(self.counted) if self.counted else 0


@dataclass(frozen=True, slots=True)
class Said:
    """A verdict as a banner has it."""

    word: str
    tone: str


SAID = {4: Said("FAIL", "fail"), 3: Said("INCONCLUSIVE", "unknown"), 0: Said("PASS", "pass")}
"""Of a gate or a night, by its exit code."""
_TOO_EARLY = Said("NO VERDICT YET", "unknown")


def code(tracked: Tracked, promised: NightBudgets | None) -> int:
    """Return the nightly's exit code: the worse of what the history says and what the budgets say."""
    codes = {tracked.exit_code, 0 if promised is None else promised.exit_code}
    return next(each for each in (4, 3, 0) if each in codes)


def of(tracked: Tracked, promised: NightBudgets | None) -> Said:
    """Return the nightly's verdict. Where nothing alarms because nothing can yet, and no budget was kept either, there is none."""
    number = code(tracked, promised)
    is_judged = tracked.followable or (promised is not None and promised.counted)
    return SAID[number] if number or is_judged else _TOO_EARLY


def sentence(tracked: Tracked, promised: NightBudgets | None = None) -> str:
    """Return why the verdict is what it is, in one sentence."""
    if not tracked.series:
        return f"Nothing was measured on branch {tracked.branch}."
    broken, rest = ("", "") if promised is None else budgets.sentences(promised.explanations)
    kept = "no budget that counts is broken" if promised is not None and not broken else ""
    parts = list(filter(None, (broken, *_of_changes(tracked), rest, _of_gaps(tracked))))
    if early := tracking.too_early(tracked):
        parts += [*filter(None, [kept]), early]
    told = "; ".join(parts) or f"no regression that nobody has acknowledged{kept and f', {kept}'}, and every series has its data"
    return f"{told[0].upper()}{told[1:]}."


def _of_changes(tracked: Tracked) -> Iterator[str]:
    alarms = [change for change in by_severity(tracked.groups) if change.alarms]
    suspected = sum(change.worse and change.standing is Standing.SUSPECTED and change.acknowledgement is None for change in tracked.changes)
    if alarms:
        worst = alarms[0]
        size, _ = words.size_words(worst.size, worst.series.metric)
        name = f"{worst.series.workload} {words.label(worst.series.metric)} on {worst.series.device}"
        yield f"{units.counted(len(alarms), 'regression')} that nobody has acknowledged, the worst {size} ({name})"
    if suspected:
        yield f"{units.counted(suspected, 'change')} suspected: fresh runs decide"


def _of_gaps(tracked: Tracked) -> str:
    missing = [item for item in tracked.missing if item.acknowledgement is None]
    where = words.listed(sorted({item.device for item in missing}))
    return f"{units.counted(len(missing), 'series', 'series')} missing on {where}" if missing else ""
