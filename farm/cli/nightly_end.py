"""The end of a night: what it came to, in words and as an exit code."""

import shutil
import sys
import textwrap
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import click

from farm import units
from farm.cli.context import Context, plain
from farm.cli.nightly_book import Expected, Stored
from farm.errors import InputError, StoreError

if TYPE_CHECKING:
    from farm.findings import Tracked, TrackedChange

_IN_BUDGET, _COULD_NOT_TELL = 0, 3
_MOST_LINES = 10
_MINUTE_S, _HOUR_S = 60.0, 3600.0


@dataclass(frozen=True, slots=True)
class Followed:
    """What the history says after a night. tracked None: there is nothing to follow, for this reason."""

    tracked: "Tracked | None"
    words: str

    @property
    def exit_code(self) -> int:
        """As `farm track` would end."""
        return _COULD_NOT_TELL if self.tracked is None else self.tracked.exit_code

    def new(self, since: datetime) -> tuple[str, ...]:
        """Return what was found for the first time since a time (naive UTC)."""
        if self.tracked is None:
            return ()
        words = [_told(change) for change in self.tracked.changes if change.first_seen_at >= since]
        missing: dict[tuple[str, str], list[str]] = {}
        for item in self.tracked.missing:
            if item.first_seen_at >= since:
                missing.setdefault((item.device, item.reason), []).append(f"{item.workload} {item.metric}")
        return (*words, *(_gone(device, names, reason) for (device, reason), names in missing.items()))

    def regressions(self) -> dict[str, str]:
        """Return what is worse for sure, and nobody has acknowledged, in a sentence by the finding: also what was suspected before."""
        return {} if self.tracked is None else {change.id: _told(change) for change in self.tracked.changes if change.alarms}


def _told(change: "TrackedChange") -> str:
    from farm.publish.tracking import moment_text, size_text, state

    since = f" since {moment_text(change.place.first)}" if change.alarms else ""
    return f"{change.series.name} {size_text(change.size)}: {state(change)}{since}"


def _gone(device: str, names: Sequence[str], reason: str) -> str:
    """Return that series have no data, in a sentence: what is missing for one reason is one line."""
    return f"{device} {names[0]} is missing: {reason}" if len(names) == 1 else f"{device}: {len(names)} series are missing: {reason}"


def followed(context: Context, branch: str, now: datetime) -> Followed:
    """Look at the branch as `farm track` does; a branch without any valid run is one sentence."""
    from farm.cli.track import Asked, look
    from farm.publish.tracking import headline

    try:
        tracked = look(context.drained_store(), Asked(branch, now.replace(tzinfo=None)))
    except StoreError:
        raise
    except InputError as error:  # of this branch there is no run yet: of a night on which nothing could be measured
        return Followed(None, error.message)
    if not tracked.series:
        return Followed(None, f"there is nothing to follow on branch {branch}")
    return Followed(tracked, headline(tracked))


def measured_words(expected: Sequence[Expected]) -> str:
    """Return how much of what should have been measured was."""
    valid = sum(each.state == "done" for each in expected)
    devices = len({each.device for each in expected if each.state == "done"})
    return f"{valid} of {len(expected)} jobs measured on {units.counted(devices, 'device')}"


def missing_lines(expected: Sequence[Expected]) -> tuple[str, ...]:
    """Return what is missing and why, by device and reason, most first."""
    left = [each for each in expected if each.state != "done"]
    counts = Counter((each.device, each.reason or "not measured yet") for each in left)
    lines = []
    for (device, reason), count in counts.most_common():
        own = [each for each in left if (each.device, each.reason or "not measured yet") == (device, reason)]
        what = own[0].label if count == 1 else f"{count} jobs of {', '.join(dict.fromkeys(each.workload for each in own))}"
        lines.append(f"{device} {what}: {reason}")
    return tuple(lines)


def night_exit_code(expected: Sequence[Expected], history: Followed) -> int:
    """Return what a night ends with: 4 for a regression, 3 where a job has no valid run or farm track ends so, else 0."""
    codes = [history.exit_code, _IN_BUDGET if all(each.state == "done" for each in expected) else _COULD_NOT_TELL]
    return max(codes)  # 4 outranks 3 outranks 0


def show(night: Stored, verdict: str, sections: Sequence[tuple[str, Sequence[str]]]) -> None:
    """Print a night: a sentence, then what there is to say of it under a word each."""
    _echo(f"{night.name}: {verdict}", "  ")
    for word, lines in sections:
        more = [f"and {len(lines) - _MOST_LINES} more: farm sql and the report have them"] if len(lines) > _MOST_LINES else []
        for number, line in enumerate([*lines[:_MOST_LINES], *more]):
            _echo(f"  {word if number == 0 else '':<9} {line}", " " * 12)


def _echo(line: str, indent: str) -> None:
    """Print a line; on a terminal, so that what does not fit goes on below."""
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else sys.maxsize
    click.echo("\n".join(textwrap.wrap(plain(line), width, subsequent_indent=indent, drop_whitespace=False) or [""]))


def duration_text(seconds: float) -> str:
    """Return a time as people say it."""
    if seconds < 2 * _MINUTE_S:
        return f"{seconds:.0f} s"
    if seconds < 2 * _HOUR_S:
        return f"{seconds / _MINUTE_S:.0f} min"
    return f"{seconds / _HOUR_S:.1f} h"
