"""Verdicts as Markdown for a pull request. Names and reasons are shown as they are: no markup, link, mention or issue of theirs works."""

import re

from farm.publish import judgement as words
from farm.publish.judgement import Judgement
from farm.publish.verdict_tables import change_lines, note_lines, word
from farm.verdicts import Decision, Verdict

_MARKS = {Decision.FAIL: "❌", Decision.INCONCLUSIVE: "❔", Decision.PASS: "✅"}
_COLUMNS = ("", "workload", "budget", "on", "measured", "could have seen", "runs", "why")
_SPECIAL = re.compile(r"[&<>|`*_~\[\]\\@#!$^{}]|(?<=\d)[.)](?=\s)|://|(?i:www\.)")
_FOLDED = 5


def markdown(judgement: Judgement) -> str:
    """Return the comment: the sentence, the table with what did not pass, and the rest folded."""
    heading = escaped(words.headline(judgement))
    lines = [f"### farm: {heading}", ""]
    bad = [verdict for verdict in judgement.ordered if verdict.decision is not Decision.PASS]
    good = [verdict for verdict in judgement.ordered if verdict.decision is Decision.PASS]
    if bad:
        lines += _table(bad)
    if good:
        lines += _folded(f"{len(good)} passed", _table(good), folded=bool(bad) or len(good) > _FOLDED)
    for title, given in (("Changes found outside the budgets", change_lines(judgement)), ("Notes", note_lines(judgement))):
        if given:
            lines += _folded(title, [f"- {escaped(line)}" for line in given], folded=len(given) > _FOLDED)
    return "\n".join(lines).rstrip() + "\n"


def _folded(title: str, lines: list[str], *, folded: bool) -> list[str]:
    if not folded:
        return [f"**{title}**", "", *lines, ""]
    return [f"<details><summary>{title}</summary>", "", *lines, "", "</details>", ""]


def _table(verdicts: list[Verdict]) -> list[str]:
    rows = [_cells(verdict) for verdict in verdicts]
    return [_line(_COLUMNS), _line(("---",) * len(_COLUMNS)), *(_line(row) for row in rows), ""]


def _line(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


def _cells(verdict: Verdict) -> tuple[str, ...]:
    said = (
        verdict.budget.workload,
        words.promise(verdict.budget),
        words.devices(verdict),
        words.measured(verdict),
        words.seen(verdict),
        words.runs(verdict),
        verdict.reason,
    )
    return (f"{_MARKS[verdict.decision]} {word(verdict)}", *(escaped(text) for text in said))


def escaped(text: str) -> str:
    """Return text on one line in which nothing has a meaning to Markdown, HTML or the site that shows it."""
    plain = "".join(character if character.isprintable() else " " for character in text)
    return _SPECIAL.sub(lambda found: "".join(f"&#{ord(character)};" for character in found[0]), " ".join(plain.split()))
