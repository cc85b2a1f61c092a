"""What the devices of an invocation do, told for others to see: on change only, and not more than now and then."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock

from farm.cli.board import Board
from farm.cli.context import now_utc
from farm.cli.ticket import Ticket
from farm.queue import Occupation, occupation
from farm.workloads import DeviceKind, Job, Outcome, Run

_TELL_EVERY_S = 1.0
_SHORT_RUN_S = 2.0
_TRIED_AGAIN = (Outcome.INVALID, Outcome.DEVICE_LOST)


@dataclass(slots=True)
class _Now:
    """What one device does."""

    state: Occupation = Occupation.IDLE
    state_at: datetime | None = None
    job: str | None = None
    phase: str | None = None
    jobs: int = 0
    jobs_ended: int = 0
    last_run: str | None = None
    run_s: float = float("inf")
    """How long the newest run took."""


@dataclass(slots=True)
class States:
    """The states of the devices, by their names."""

    board: Board
    tickets: Mapping[str, Ticket]
    devices: dict[str, _Now] = field(default_factory=dict)
    at_work: set[str] = field(default_factory=set)
    """Devices on which this machine itself measures: it is left in peace meanwhile."""
    told_s: float = float("-inf")
    _lock: Lock = field(default_factory=Lock)

    def more(self, device: str, count: int) -> None:
        """Note that so many more jobs are to be done."""
        self.devices.setdefault(device, _Now()).jobs += count

    def done(self, device: str, count: int) -> None:
        """Note how many of its jobs are done."""
        self.devices.setdefault(device, _Now()).jobs_ended = count

    def becomes(self, device: str, state: Occupation, reason: str | None = None) -> None:
        """Note what a device is from now on."""
        own = self.devices.setdefault(device, _Now())
        if own.state is not state or own.state_at is None:
            own.state, own.state_at = state, now_utc()
            request = self.tickets[device].request
            row = {"device_name": device, "device_id": request.device_id, "since_at": own.state_at.replace(tzinfo=None)}
            self.board.post("rack_states", row | {"state": state, "process": request.process, "reason": reason})
        if state is Occupation.IDLE:
            own.job = own.phase = None
        self._post(device, own)

    def phase(self, job: Job, phase: str) -> None:
        """Note what a device does for a job. On this machine it is told before the harness starts, and nothing while it measures."""
        device, own = job.device.name, self.devices[job.device.name]
        here = job.device.kind is DeviceKind.LOCAL and job.device.host is None
        shown = "measuring" if here and not phase.startswith("settling") else phase
        if (own.job, own.phase) == (job.label, shown):
            return
        own.job, own.phase = job.label, shown
        state = occupation(shown)
        self.becomes(device, state, None if state is Occupation.LEASED else shown)
        if here and device not in self.at_work and shown == "measuring":
            if own.run_s > _SHORT_RUN_S or time.monotonic() - self.told_s > _SHORT_RUN_S:
                self.tell()
            self.at_work.add(device)

    def ended(self, run: Run) -> None:
        """Note that a run has ended."""
        device, own = run.job.device.name, self.devices[run.job.device.name]
        own.jobs_ended += run.outcome not in _TRIED_AGAIN
        own.last_run = f"{run.job.label}: {run.outcome}"
        own.run_s = (run.ended_at - run.started_at).total_seconds()
        self.at_work.discard(device)
        self._post(device, own)

    def tell_now_and_then(self) -> None:
        """Have what changed be told, unless that was a moment ago, or this machine measures."""
        if self.board.has_news and not self.at_work and time.monotonic() - self.told_s > _TELL_EVERY_S:
            self.tell()

    def tell(self) -> None:
        """Have what changed be told now; where the database is held by another process, at a later call."""
        self.told_s = time.monotonic()
        self.board.flush()

    def _post(self, device: str, own: _Now) -> None:
        request = self.tickets[device].request
        assert own.state_at is not None, "a device becomes something before it does something"
        row = {
            "device_name": device,
            "device_id": request.device_id,
            "noted_at": now_utc().replace(tzinfo=None),
            "state": own.state,
            "state_at": own.state_at.replace(tzinfo=None),
            "process": request.process,
            "pid": request.pid,
            "command": request.command,
            "priority": int(request.priority),
            "job": own.job,
            "phase": own.phase,
            "jobs": own.jobs,
            "jobs_ended": own.jobs_ended,
            "last_run": own.last_run,
        }
        self.board.post("rack_now", row)
