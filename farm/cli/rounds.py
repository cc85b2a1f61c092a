"""Measuring look by look: what farm.release asks for, done by sessions that stay open between looks."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from farm.cli.session import Sessions
from farm.workloads import Job

if TYPE_CHECKING:
    from farm import release


def measure(sessions: Sessions, is_late: Callable[[], bool]) -> "Callable[[Mapping[str, Sequence[Job]]], release.Round]":
    """Return what measures the blocks of a look: the devices stay held, and a block that has begun is ended, however late it is."""
    from farm import release

    def one_round(jobs: Mapping[str, Sequence[Job]]) -> "release.Round":
        late: set[str] = set()
        before = {done.device.name: len(done.records) for done in sessions.done}

        def in_time(job: Job) -> bool:
            if job.place is not None and job.place.position == 0 and is_late():
                late.add(job.device.name)
            return job.device.name not in late

        sessions.measure(jobs, hold=True, go_on=in_time)
        failures: dict[str, str] = {}
        for done in sessions.done:
            if done.device.name not in jobs or done.device.name in late:
                continue
            if done.failure is not None:
                failures[done.device.name] = done.failure.message
            elif done.lost is not None:
                failures[done.device.name] = done.lost.reason or "it was lost"
        records = [record for done in sessions.done for record in done.records[before[done.device.name] :]]
        return release.Round(records, failures, in_time=not late)

    return one_round
