"""What the journal, the files and the database of a data folder say of each other: facts in, problems with their remedies out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from farm import units


@dataclass(frozen=True, slots=True)
class Facts:
    """What was found in a data folder."""

    waiting: Sequence[str]
    """Identities of the runs in the journal."""
    known: frozenset[str]
    """Those of them that the database has."""
    aside: Sequence[str]
    """Names of the journal's entries that were set aside."""
    misfits: Sequence[tuple[str, int, str]]
    """Kind, number and one example of each kind of row that does not fit the others."""
    broken_pins: Mapping[str, Sequence[str]]
    """Baseline -> the names of what it pins and whose bytes are missing or others."""
    lost_artifacts: Sequence[str]
    """Names of measured artifacts whose bytes are neither pinned nor in the folder of built ones."""
    artifacts: int
    """How many were measured."""
    pageless_gates: Sequence[str]
    """Gates that the site, where there is one, has no page of."""
    abandoned: Sequence[str]
    """Invocations that no process works on and that have something left to do, in words."""
    leavings: Sequence[str]
    """Half-written files and folders whose writer is gone."""
    damaged: Sequence[str] = ()
    """Folders of pinned bytes that were others by the time they were pinned again."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is not as it should be; a note is one that may well be meant so."""

    what: str
    remedy: str
    is_note: bool = False


_MENDING = "restore a backup (farm db restore), or merge one (farm db merge) where rows are missing"
_REMEDIES = {
    "sessions without runs": "none is needed: nothing reads them; they come from a database that was changed by hand",
    "verdicts without their gate": _MENDING,
    "runs stored twice": "each counts as a run of its own: restore a backup from before, and say so in an issue",
    "valid runs without a reading": "they have no number and count nowhere; " + _MENDING,
    "runs with readings and their summary": "their statistics count twice: restore a backup from before, and say so in an issue",
    "runs with two summaries": "their statistics count twice: restore a backup from before, and say so in an issue",
    "runs with readings twice": "their statistics count twice: restore a backup from before, and say so in an issue",
}


def problems(facts: Facts) -> list[Problem]:
    """Return what is not as it should be: the journal first, then rows, bytes, pages and tasks; notes last."""
    found = [*_of_journal(facts), *_of_rows(facts), *_of_bytes(facts), *_of_tasks(facts)]
    if facts.lost_artifacts:
        lost = units.counted(len(facts.lost_artifacts), "measured artifact")
        what = f"{lost} of {facts.artifacts} not kept here: {facts.lost_artifacts[0]}, ..."
        found.append(Problem(what, "to be able to measure one again, keep its bytes: farm baseline set NAME --artifact FILE", is_note=True))
    return sorted(found, key=lambda problem: problem.is_note)


def _of_journal(facts: Facts) -> list[Problem]:
    new = [run for run in facts.waiting if run not in facts.known]
    found = []
    if new:
        found.append(Problem(f"{units.counted(len(new), 'run')} in the journal and not in the database, such as {new[0]}", "farm recover"))
    if len(new) < len(facts.waiting):
        count = units.counted(len(facts.waiting) - len(new), "run")
        found.append(
            Problem(f"{count} in the journal and in the database", "farm recover: it knows them and empties the journal", is_note=True)
        )
    for name in facts.aside:
        remedy = "say so in an issue, with the file" if name.endswith(".refused") else "it was damaged: measure again; then delete it"
        found.append(Problem(f"the journal entry {name} was set aside and is in no table", remedy))
    return found


def _of_rows(facts: Facts) -> list[Problem]:
    return [
        Problem(f"{kind}: {number}, such as {example}", _REMEDIES.get(kind, _MENDING), is_note=kind == "sessions without runs")
        for kind, number, example in facts.misfits
    ]


def _of_bytes(facts: Facts) -> list[Problem]:
    return [
        Problem(
            f"the baseline {name} lacks the bytes of {', '.join(parts)}: nothing can be compared with it",
            f"copy pinned/ back from beside a backup (farm db restore does), or set it again: farm baseline set {name} --artifact FILE",
        )
        for name, parts in facts.broken_pins.items()
    ]


def _of_tasks(facts: Facts) -> list[Problem]:
    found = []
    if facts.pageless_gates:
        what = f"{units.counted(len(facts.pageless_gates), 'gate')} without a page in the site, such as {facts.pageless_gates[0]}"
        found.append(Problem(what, "farm report site"))
    found += [
        Problem(f"unfinished, and nobody works on it: {words}", "the same command goes on with it; farm run takes --resume", is_note=True)
        for words in facts.abandoned
    ]
    found += [Problem(f"half-written, and its writer is gone: {name}", f"delete it: rm -r {name}") for name in facts.leavings]
    found += [
        Problem(f"pinned bytes that had changed were put aside: {name}", f"they are pinned anew; delete them: rm -r {name}", is_note=True)
        for name in facts.damaged
    ]
    return found
