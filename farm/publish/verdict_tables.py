"""Verdicts as tables and lines for a terminal: failures first, then what could not be told."""

from farm.publish import judgement as words
from farm.publish.judgement import WORDS, Judgement
from farm.publish.tables import Table
from farm.verdicts import Verdict

_COLUMNS = ("verdict", "workload", "budget", "on", "measured", "could have seen", "runs", "why")
_EXPENDABLE = (_COLUMNS.index("runs"), _COLUMNS.index("measured"))  # why says what was measured, too


def verdict_table(judgement: Judgement) -> Table:
    """Return the table of all verdicts under the judgement in one sentence."""
    rows = tuple(_row(verdict) for verdict in judgement.ordered)
    return Table(words.headline(judgement), _COLUMNS, rows, (0, 1, 2, 3, 7), _EXPENDABLE)


def _row(verdict: Verdict) -> tuple[str, ...]:
    return (
        word(verdict),
        verdict.budget.workload,
        words.promise(verdict.budget),
        words.devices(verdict),
        words.measured(verdict),
        words.seen(verdict),
        words.runs(verdict),
        verdict.reason,
    )


def word(verdict: Verdict) -> str:
    """Return the decision in a word; what only warns says so."""
    return WORDS[verdict.decision] if verdict.blocking else f"{WORDS[verdict.decision]} (warns)"


def note_lines(judgement: Judgement) -> list[str]:
    """Return what else a reader should know, each with its budget's name."""
    return [f"{verdict.budget.name}: {note}" for verdict in judgement.ordered for note in (*words.notes(verdict), *words.left_out(verdict))]


def change_lines(judgement: Judgement) -> list[str]:
    """Return the changes found outside the budgets, one line each."""
    return [words.change_line(change) for change in judgement.changes]
