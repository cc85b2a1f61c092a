"""Error texts of a phone's shell, which arrive on the same stream as data.

One list for all readers, so that no error text is ever taken for a value, and so that a missing value says
why: a denied file, a file that is not there and a service that is not there are different things.
"""

import re
from enum import StrEnum


class Problem(StrEnum):
    """What kind of error a text states."""

    DENIED = "denied"
    ABSENT = "not there"
    NO_COMMAND = "no such command"
    NO_SERVICE = "no such service"
    UNREADABLE = "the kernel gives no value"
    NO_SPACE = "no space left"
    READ_ONLY = "read-only"
    TIMED_OUT = "timed out"
    FAILED = "failed"


_FORMS: tuple[tuple[Problem, str], ...] = (
    # errno texts after a program's name and a path, as toybox, mksh and adb print them
    (Problem.DENIED, r": (?:remote )?(?:Permission denied|Operation not permitted)\W*$"),
    (Problem.NO_COMMAND, r"^(?:/system/bin/)?(?:sh|mksh)\b.*: (?:inaccessible or not found|not found)$"),
    (Problem.NO_COMMAND, r"^(?:Error: )?Unknown command\b|^toybox: Unknown command"),
    (Problem.NO_COMMAND, r"^Unknown (?:get |set )?option: |^No shell command implementation\.$"),
    (Problem.NO_SPACE, r": (?:remote )?No space left on device\W*$"),
    (Problem.READ_ONLY, r": (?:remote )?Read-only file system\W*$"),
    (Problem.ABSENT, r": (?:remote )?(?:No such file or directory|Not a directory|inaccessible or not found|not found)\W*$"),
    (
        Problem.UNREADABLE,
        r": (?:read error: )?(?:Invalid argument|Input/output error|I/O error|No data available|No such device(?: or address)?"
        r"|Device or resource busy|Resource temporarily unavailable|Try again|Operation not supported(?: on transport endpoint)?"
        r"|Is a directory)$",
    ),
    # the framework's: dumpsys, cmd, settings, am
    (Problem.ABSENT, r"^No process found for: "),
    (Problem.NO_SERVICE, r"^(?:cmd: )?Can't find service: |^(?:service: )?Service .* does not exist$"),
    (Problem.NO_SERVICE, r"^cmd: Failure calling service "),
    (Problem.DENIED, r"^(?:Error: )?(?:java\.lang\.)?(?:SecurityException\b|Security exception: )|^Permission [Dd]eni(?:al|ed)\b"),
    (Problem.TIMED_OUT, r"^\*\*\* SERVICE '.*' DUMP TIMEOUT "),
    (Problem.FAILED, r"^Exception occurred while (?:executing|dumping)\b|^Failed to write while dumping service "),
    (Problem.FAILED, r": (?:not executable: |Exec format error$|Text file busy$)|^CANNOT LINK EXECUTABLE "),
    (Problem.FAILED, r"^Failed to set [A-Z_]+ mode$"),
    (Problem.FAILED, r"^Failure \[|^Error(?: type \d+$|: )|^Killed\s*$|^Segmentation fault\b"),
    # adb's own
    (Problem.FAILED, r"^(?:adb: |error: )(?:error: )?(?:device |closed$|protocol fault|no devices|more than one|failed to )"),
)
_COMPILED = tuple((problem, re.compile(form)) for problem, form in _FORMS)
_LONGEST = 300


def find(text: str) -> tuple[Problem, str] | None:
    """Return the first error that a line of text states, and that line; None when no line states one.

    A line that names the cause outranks one that only says that something failed, as the head of an exception does.
    """
    failed: tuple[Problem, str] | None = None
    for line in text.splitlines():
        stated = line.strip()
        problem = _problem(stated)
        if problem is Problem.FAILED:
            failed = failed or (problem, stated[:_LONGEST])
        elif problem is not None:
            return problem, stated[:_LONGEST]
    return failed


def _problem(line: str) -> Problem | None:
    return next((problem for problem, form in _COMPILED if form.search(line)), None)


def why(text: str, otherwise: str) -> str:
    """Return why text holds no value: the error it states, that it is empty, else the reader's own reason."""
    if found := find(text):
        return f"{found[0]}: {found[1]}"
    return otherwise if text.strip() else "there was no output"
