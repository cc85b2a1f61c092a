"""Many jobs on a device: their order, and another attempt where one was disturbed."""

import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeVar

from farm import retries, runner
from farm.devices.transport import Transport
from farm.errors import DeviceNotReady, MeasureError
from farm.verdicts import Side
from farm.workloads import ONCE_PASSES, Artifact, Device, HarnessBuild, Job, Outcome, Pass, Place, Run, Workload

Item = TypeVar("Item")
_PATIENCE_JOBS = 3


@dataclass(frozen=True, slots=True)
class Hooks:
    """How rack tells what happens, and the time."""

    now_utc: Callable[[], datetime]
    on_phase: Callable[[Job, str], None]
    on_run: Callable[[Run], None]
    """Called with each ended run before the next one begins: the place to journal it."""
    go_on: Callable[[Job], bool] = lambda _: True
    """Asked before each job: False ends what is measured."""
    must_stop: Callable[[], bool] = lambda: False
    """Asked before each attempt, so that nobody who is to go first waits for more than one: True ends what is measured."""


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


@dataclass(frozen=True, slots=True)
class Contest:
    """What a gate holds against each other: both artifacts of one workload."""

    workload: Workload
    """With the passes to measure."""
    candidate: Artifact
    baseline: Artifact


_ABBA = (Side.BASELINE, Side.CANDIDATE, Side.CANDIDATE, Side.BASELINE)


def plan_blocks(device: Device, contests: Sequence[Contest], blocks: range, gate: str, seed: int) -> list[Job]:
    """Return the jobs of a gate's blocks in the order to run them.

    A block has, for each workload and pass, four runs one after the other: ABBA or BAAB by chance. Which of both, and in what
    order the passes come, is drawn from the seed, the device's name and the block's number, and for each workload and pass by
    itself: the same seed gives a block the same order, whatever else is measured, and whenever. A pass that gives the same again
    is in the first block only, once a side. A job's repeat tells its block and position, so that both sides may be the same artifact.
    """
    jobs = []
    for block in blocks:
        drawn = []
        for contest in contests:
            for pass_ in contest.workload.passes:
                if block > 0 and pass_ in ONCE_PASSES:
                    continue
                chance = random.Random(f"{seed} {device.name} {block} {contest.workload.id} {pass_}")
                drawn.append((chance.random(), chance.getrandbits(1), contest, pass_))
        for _, turned, contest, pass_ in sorted(drawn, key=lambda one: one[0]):
            sides = tuple(side.other for side in _ABBA) if turned else _ABBA
            for position, side in enumerate(sides[:2] if pass_ in ONCE_PASSES else sides):
                artifact = contest.candidate if side is Side.CANDIDATE else contest.baseline
                place = Place(gate, side, block, position)
                jobs.append(Job(device, contest.workload, artifact, pass_, len(_ABBA) * block + position, place))
    return jobs


def whole_blocks(jobs: Sequence[Job], earlier: Sequence[Run]) -> list[Run]:
    """Return the earlier runs of those blocks of a gate that one session measured to their end.

    A block that another session ends would be none: its runs would not have followed each other. So it is measured anew.
    """
    kept: list[Run] = []
    for block, own in _grouped(jobs, _block).items():
        runs = [run for run in earlier if _block(run.job) == block]
        sessions = _grouped(runs, lambda run: run.session_id).values()
        kept += next((one for one in sessions if not left(own, one)), [])
    return kept


def _block(job: Job) -> tuple[str, str, Pass, int]:
    assert job.place is not None, "only a gate's jobs stand in blocks"
    return job.device.name, job.workload.id, job.pass_, job.place.block


def _grouped(given: Iterable[Item], key: Callable[[Item], object]) -> dict[object, list[Item]]:
    found: dict[object, list[Item]] = {}
    for item in given:
        found.setdefault(key(item), []).append(item)
    return found


def left(jobs: Sequence[Job], earlier: Sequence[Run], *, replacements: int = retries.REPLACEMENTS) -> list[tuple[Job, int]]:
    """Return the jobs that earlier runs leave to do, in their order, each with the number of its next attempt.

    What a job is done by, farm.retries says. A device that was not ready, or lost for good, may be there now.
    """
    made = [(job, [run for run in earlier if run.job.key == job.key]) for job in jobs]
    return [(job, retries.next_attempt(runs)) for job, runs in made if not retries.is_done(runs, replacements)]


def measure(
    jobs: Sequence[tuple[Job, int]],
    transport: Transport,
    harnesses: Mapping[str, HarnessBuild],
    session_id: str,
    hooks: Hooks,
    *,
    earlier: Sequence[Run] = (),
    replacements: int = retries.REPLACEMENTS,
) -> Iterator[Run]:
    """Run the jobs, each from its given attempt on, one after the other and yield every run, also those that came to nothing.

    harnesses holds the build for each runtime. earlier are the runs that other processes made of these jobs. Whether a job gets another
    attempt, farm.retries says. A device that stays away ends the session, and so does one that was not ready for several jobs in a
    row: raises DeviceNotReady, with jobs left to do.
    """
    not_ready = 0
    for place, (job, first) in enumerate(jobs):
        if not hooks.go_on(job):
            return
        before, own = [run for run in earlier if run.job.key == job.key], list[Run]()
        while not own or retries.once_more(before, own, replacements):
            if hooks.must_stop():
                return
            on_phase = partial(hooks.on_phase, job)
            attempt = runner.Attempt(session_id, first + len(own), harnesses[job.artifact.runtime], hooks.now_utc, on_phase)
            run = retries.blamed(runner.execute(job, transport, attempt), (*before, *own))
            own.append(run)
            hooks.on_run(run)
            yield run
            if run.outcome is Outcome.DEVICE_LOST and not _is_back(job, transport):
                return
        not_ready = not_ready + (not retries.is_of_its_pass(run)) if run.outcome is Outcome.NOT_READY else 0
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
    except MeasureError:
        return False
    return True
