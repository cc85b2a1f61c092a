"""Showing a person who waits what the device is doing: a live line on a terminal, plain lines elsewhere."""

import math
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import Protocol

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from farm.cli.context import plain, say
from farm.workloads import Job, Outcome, Run

SETTLING = "settling"
"""What a phase begins with in which a device is waited for."""
_PATIENCE_S = 3.0
_DRAINING = "told to end: the runs that are under way end first (SIGTERM again: at once)"
_TRIED_AGAIN = (Outcome.INVALID, Outcome.DEVICE_LOST)


class View(Protocol):
    """What is told of a session while it runs."""

    def more(self, device: str, count: int) -> None:
        """Tell that so many more jobs are to be done on a device."""

    def phase(self, job: Job, phase: str) -> None:
        """Tell what the device does for job now."""

    def taken_up(self, device: str, count: int) -> None:
        """Tell that so many of a device's jobs were done before."""

    def note(self, device: str, text: str) -> None:
        """Tell a sentence about a device."""

    def draining(self) -> None:
        """Tell that farm ends after the runs that are under way."""

    def stopping(self) -> None:
        """Tell that an interrupt was heard, and what is under way is being ended."""

    def ended(self, run: Run) -> None:
        """Tell that a run has ended."""


def _taken_up(count: int) -> str:
    """Return what is told of so many jobs that were done before, or, where it is negative, are to be done anew."""
    if count < 0:
        return f"{-count} {'job' if count == -1 else 'jobs'} of a block that was broken off {'is' if count == -1 else 'are'} measured anew"
    return "1 job was done before" if count == 1 else f"{count} jobs were done before"


@contextmanager
def live(devices: Iterable[str]) -> Iterator[View]:
    """Show progress on stderr over the jobs of these devices."""
    if sys.stderr is None or not sys.stderr.isatty():  # None: closed before farm began
        yield _Lines()
        return
    columns = (TextColumn("{task.fields[device]}"), BarColumn(bar_width=24), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, TextColumn("{task.description}"), console=Console(stderr=True), transient=True) as progress:
        tasks = {device: progress.add_task("reaching it", total=0, device=escape(device)) for device in devices}
        yield _Bars(progress, tasks)


@dataclass(frozen=True, slots=True)
class _Bars:
    progress: Progress
    tasks: Mapping[str, TaskID]
    lock: Lock = field(default_factory=Lock)

    def more(self, device: str, count: int) -> None:
        with self.lock:
            self.progress.update(self.tasks[device], total=(self.progress.tasks[self.tasks[device]].total or 0) + count)

    def phase(self, job: Job, phase: str) -> None:
        what = f"{job.label.removeprefix(f'{job.device.name} ')}: {phase}"
        self.progress.update(self.tasks[job.device.name], description=escape(plain(what)))

    def taken_up(self, device: str, count: int) -> None:
        self.progress.advance(self.tasks[device], count)

    def note(self, device: str, text: str) -> None:
        self.progress.update(self.tasks[device], description="waiting")
        self.progress.console.print(escape(plain(f"farm: {text}")), highlight=False)

    def draining(self) -> None:
        self.progress.console.print(_DRAINING, highlight=False)

    def stopping(self) -> None:
        self.progress.console.print("farm: stopping", highlight=False)

    def ended(self, run: Run) -> None:
        self.phase(run.job, run.outcome.replace("_", " "))  # until the next job begins: a device that is done does nothing any more
        if run.outcome not in _TRIED_AGAIN:
            self.progress.advance(self.tasks[run.job.device.name])
        if run.outcome is not Outcome.OK:
            self.progress.console.print(escape(plain(f"{run.job.label}: {_words(run)}")), highlight=False)


@dataclass(slots=True)
class _Lines:
    jobs: int = 0
    jobs_ended: int = 0
    lock: Lock = field(default_factory=Lock)
    settling_since_s: dict[str, float] = field(default_factory=dict)
    """By device; infinite when that it takes long has been told."""
    charging: set[str] = field(default_factory=set)
    """Devices of which it has been told that they charge."""

    def more(self, device: str, count: int) -> None:
        with self.lock:
            self.jobs += count

    def phase(self, job: Job, phase: str) -> None:
        device = job.device.name
        if phase.startswith("charging"):
            if device not in self.charging:
                self.charging.add(device)
                with self.lock:
                    say(f"{job.label}: {phase}, before it is measured")
            return
        self.charging.discard(device)
        if not phase.startswith(SETTLING):
            self.settling_since_s.pop(device, None)
            return
        now_s = time.monotonic()
        if now_s - self.settling_since_s.setdefault(device, now_s) > _PATIENCE_S:
            self.settling_since_s[device] = math.inf
            with self.lock:
                say(f"{job.label}: {phase} (for up to {job.device.conditions.settle_timeout_s:g} s)")

    def note(self, device: str, text: str) -> None:
        with self.lock:
            say(text if text.startswith(device) else f"{device}: {text}")

    def draining(self) -> None:
        with self.lock:
            say(_DRAINING)

    def stopping(self) -> None:
        with self.lock:
            say("stopping")

    def taken_up(self, device: str, count: int) -> None:
        with self.lock:
            self.jobs_ended += count
            say(f"[{self.jobs_ended}/{self.jobs}] {device}: {_taken_up(count)}")

    def ended(self, run: Run) -> None:
        with self.lock:
            self.jobs_ended += run.outcome not in _TRIED_AGAIN
            say(f"[{self.jobs_ended}/{self.jobs}] {run.job.label}: {_words(run)}")


def _words(run: Run) -> str:
    """Return what a run came to, and why."""
    outcome = run.outcome.replace("_", " ")
    return f"{outcome}: {run.reason}" if run.reason else outcome
