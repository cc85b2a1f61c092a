"""Many jobs on a device: their order, and another attempt where one was disturbed."""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from farm import runner
from farm.devices.transport import Transport
from farm.errors import DeviceLost, DeviceNotReady
from farm.workloads import ONCE_PASSES, Artifact, Device, HarnessBuild, Job, Outcome, Run, Workload

_PATIENCE_JOBS = 3
_FINAL = (Outcome.OK, Outcome.FAILED, Outcome.TIMED_OUT)


@dataclass(frozen=True, slots=True)
class Hooks:
    """How rack tells what happens, and the time."""

    now_utc: Callable[[], datetime]
    on_phase: Callable[[Job, str], None]
    on_run: Callable[[Run], None]
    """Called with each ended run before the next one begins: the place to journal it."""


def plan(device: Device, work: Sequence[tuple[Workload, Artifact]], repeats: int, seed: int) -> list[Job]:
    """Return the jobs in the order to run them.

    Every repeat is a block of all workloads and passes, each block in a random order of its own, so that a
    drift of the device over the session meets all of them alike. The same seed gives the same order. A pass that gives the same
    again stands in the first block only.
    """
    order = random.Random(seed)
    jobs = []
    for repeat in range(repeats):
        block = [
            Job(device, workload, artifact, pass_, repeat)
            for workload, artifact in work
            for pass_ in workload.passes
            if repeat == 0 or pass_ not in ONCE_PASSES
        ]
        order.shuffle(block)
        jobs += block
    return jobs


def left(jobs: Sequence[Job], earlier: Sequence[Run], *, replacements: int = 2) -> list[tuple[Job, int]]:
    """Return the jobs that earlier runs leave to do, in their order, each with the number of its next attempt.

    A job is done by a valid run, by a failure, which would only come again, and by as many disturbed attempts as are made. A
    device that was not ready, or lost for good, may be there now.
    """
    found = []
    for job in jobs:
        runs = [run for run in earlier if run.job.key == job.key]
        disturbed = [run for run in runs if run.outcome is Outcome.INVALID]
        if any(run.outcome in _FINAL for run in runs) or len(disturbed) > replacements:
            continue
        found.append((job, 1 + max((run.attempt for run in disturbed), default=0)))
    return found


def measure(
    jobs: Sequence[tuple[Job, int]],
    transport: Transport,
    harnesses: Mapping[str, HarnessBuild],
    session_id: str,
    hooks: Hooks,
    *,
    replacements: int = 2,
) -> Iterator[Run]:
    """Run the jobs, each from its given attempt on, one after the other and yield every run, also those that came to nothing.

    harnesses holds the build for each runtime. A disturbed run is kept and replaced, and one that the device was lost in is tried
    again, up to replacements times per job; a failure would only fail again. A device that stays away ends the session, and so
    does one that was not ready for several jobs in a row: raises DeviceNotReady, with jobs left to do.
    """
    not_ready = 0
    for place, (job, first) in enumerate(jobs):
        for number in range(first, replacements + 2):
            on_phase = partial(hooks.on_phase, job)
            attempt = runner.Attempt(session_id, number, harnesses[job.artifact.runtime], hooks.now_utc, on_phase)
            run = runner.execute(job, transport, attempt)
            hooks.on_run(run)
            yield run
            if run.outcome is Outcome.DEVICE_LOST and not _is_back(job, transport):
                return
            if run.outcome not in (Outcome.INVALID, Outcome.DEVICE_LOST) or run.error_class == "charging":
                break  # a phone that hangs on a charger still does so the next time
        not_ready = not_ready + 1 if run.outcome is Outcome.NOT_READY else 0
        if not_ready == _PATIENCE_JOBS and place + 1 < len(jobs):
            raise DeviceNotReady(
                f"{job.device.name} was not ready for {not_ready} jobs in a row, so its session ends here: {run.reason}",
                error_class="never_ready",
                hint="farm run --resume goes on with what is left when it is",
            )


def _is_back(job: Job, transport: Transport) -> bool:
    """Whether a device that was lost can be gone on with: what was held steady is set again, as a restart has undone it."""
    try:
        transport.prepare(job.device.conditions)
    except DeviceLost:
        return False
    return True
