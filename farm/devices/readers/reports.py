"""Reports of iOS of processes that did not end by themselves: crashes, and ends for want of memory (jetsam).

A report is two JSON texts, the first a line of its own; its `bug_type` tells them apart: 309 is a crash, 298 a jetsam event.
Sources: "Interpreting the JSON format of a crash report" and "Identifying high-memory use with jetsam event reports"
(developer.apple.com/documentation/xcode).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_CRASH, _JETSAM = "309", "298"
_SIGNALS = {
    "SIGHUP": 1,
    "SIGINT": 2,
    "SIGQUIT": 3,
    "SIGILL": 4,
    "SIGTRAP": 5,
    "SIGABRT": 6,
    "SIGFPE": 8,
    "SIGKILL": 9,
    "SIGBUS": 10,
    "SIGSEGV": 11,
    "SIGSYS": 12,
    "SIGPIPE": 13,
    "SIGTERM": 15,
}  # fmt: skip - Darwin's numbers
_WORDS = 300


@dataclass(frozen=True, slots=True)
class Ended:
    """What a report says of the end of a process."""

    out_of_memory: bool
    signal: str | None
    """Its name; None when the report has none."""
    words: str
    """For people: what happened, in the report's own terms."""


def of_process(reports: Sequence[str], pid: int) -> Ended | None:
    """Return what the first report that names a process says of it; None when none does."""
    return next((ended for text in reports if (ended := read(text, pid)) is not None), None)


def read(text: str, pid: int) -> Ended | None:
    """Return what a report says of a process; None for one of another process, of another kind, or cut off."""
    first, _, rest = text.partition("\n")
    try:
        kind, body = json.loads(first).get("bug_type"), json.loads(rest)
    except (ValueError, AttributeError, RecursionError):
        return None
    if not isinstance(body, dict):
        return None
    if kind == _JETSAM:
        return _jetsam(body, pid)
    return _crash(body) if kind == _CRASH and body.get("pid") == pid else None


def signal_number(name: str | None) -> int | None:
    """Return a signal's number on Darwin; None for an unknown one."""
    return _SIGNALS.get(name or "")


def _crash(body: Mapping[str, Any]) -> Ended:
    exception, termination = _mapping(body.get("exception")), _mapping(body.get("termination"))
    signal = exception.get("signal")
    said = [termination.get("indicator"), *(termination.get("reasons") or []), exception.get("subtype"), *_of_libraries(body.get("asi"))]
    kind = " ".join(str(word) for word in (exception.get("type"), f"({signal})" if signal else None) if word)
    words = "; ".join(str(word) for word in (kind, *said) if word)
    return Ended(out_of_memory=False, signal=signal if isinstance(signal, str) else None, words=words[:_WORDS] or "it crashed")


def _jetsam(body: Mapping[str, Any], pid: int) -> Ended | None:
    """Return what a jetsam event says of a process: it lists every process, and a reason with those that were ended."""
    processes = body.get("processes")
    for one in processes if isinstance(processes, list) else []:
        if isinstance(one, dict) and one.get("pid") == pid and one.get("reason"):
            page = _mapping(body.get("memoryStatus")).get("pageSize")
            pages = one.get("rpages")
            size = f" at {pages * page / 1e6:.0f} MB" if isinstance(pages, int) and isinstance(page, int) else ""
            return Ended(out_of_memory=True, signal="SIGKILL", words=f"{str(one['reason'])[:_WORDS]}{size}")
    return None


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _of_libraries(value: object) -> list[str]:
    """Return what libraries noted of the end, such as "abort() called"."""
    return [str(word) for words in _mapping(value).values() if isinstance(words, list) for word in words]
