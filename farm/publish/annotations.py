"""Verdicts as GitHub's workflow commands: a line for each that did not pass, so that a run's page shows it.

What counts for the exit code is an error, what only warns a warning. Escapes as the runner undoes them (%25, %0D, %0A; in
properties also %3A and %2C): no text can end its line and begin a command of its own.
"""

from farm.publish import judgement as words
from farm.publish.judgement import WORDS, Judgement
from farm.verdicts import Decision, Verdict


def annotations(judgement: Judgement) -> str:
    """Return the lines: failures, what could not be told, and the whole in one sentence."""
    lines = [_line(verdict, judgement.suite) for verdict in judgement.ordered if verdict.decision is not Decision.PASS]
    return "".join(f"{line}\n" for line in [*lines, f"::notice title=farm::{_data(words.headline(judgement))}"])


def _line(verdict: Verdict, suite: str | None) -> str:
    command = "error" if verdict.blocking else "warning"
    title = f"title={_property(f'{WORDS[verdict.decision]} {verdict.budget.name}')}"
    file = "" if suite is None else f"file={_property(suite)},"
    text = f"{words.promise(verdict.budget)} on {words.devices(verdict)}: {verdict.reason}"
    return f"::{command} {file}{title}::{_data('; '.join([text, *words.notes(verdict)]))}"


def _data(text: str) -> str:
    """Return text for the message of a command: line ends stay line ends, other control characters go."""
    kept = "".join(character if character.isprintable() or character in "\r\n" else "\N{REPLACEMENT CHARACTER}" for character in text)
    return kept.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
