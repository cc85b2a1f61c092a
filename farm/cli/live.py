"""Showing a person who waits what the device is doing: a live line on a terminal, plain lines elsewhere."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from farm.cli.context import say
from farm.workloads import Job, Outcome, Run


class View(Protocol):
    """What is told of a session while it runs."""

    def phase(self, job: Job, phase: str) -> None:
        """Tell what the device does for job now."""

    def ended(self, run: Run) -> None:
        """Tell that a run has ended."""


@contextmanager
def live(jobs: int) -> Iterator[View]:
    """Show progress over so many jobs on stderr."""
    if not sys.stderr.isatty():
        yield _Lines(jobs)
        return
    columns = (BarColumn(bar_width=24), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield _Bar(progress, progress.add_task("", total=jobs))


class _Bar:
    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress = progress
        self._task = task

    def phase(self, job: Job, phase: str) -> None:
        self._progress.update(self._task, description=escape(f"{job.label}: {phase}"))

    def ended(self, run: Run) -> None:
        if run.outcome is not Outcome.INVALID:
            self._progress.advance(self._task)
        if run.outcome is not Outcome.OK:
            self._progress.console.print(escape(f"{run.job.label}: {run.outcome}: {run.reason}"), highlight=False)


class _Lines:
    def __init__(self, jobs: int) -> None:
        self._jobs = jobs
        self._ended = 0

    def phase(self, job: Job, phase: str) -> None:
        pass

    def ended(self, run: Run) -> None:
        self._ended += run.outcome is not Outcome.INVALID
        why = f": {run.reason}" if run.reason else ""
        say(f"[{self._ended}/{self._jobs}] {run.job.label}: {run.outcome}{why}")
