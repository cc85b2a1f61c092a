"""A session with its numbers: the one value from which the terminal, the JSON and the page are made."""

from dataclasses import dataclass

from farm.summary import Line, Validity
from farm.workloads import Run, Session


@dataclass(frozen=True, slots=True)
class Results:
    """What a session came to."""

    session: Session
    runs: tuple[Run, ...]
    lines: tuple[Line, ...]
    validity: tuple[Validity, ...]
    exit_code: int
