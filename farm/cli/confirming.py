"""Fresh runs that farm track asks for: the next session on the device measures them."""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from farm.cli import track
from farm.cli.context import Context, say
from farm.errors import StoreBusy
from farm.findings import Request
from farm.series import workload_key
from farm.workloads import ONCE_PASSES, Artifact, Device, Job, Pass, Workload

Wanted = list[tuple[str, str, str, int]]
"""Device, workload, pass, and so many runs of it: what is written down with a run, so that going on with it measures the same."""


_ASIDE_DEADLINE_S = 1.0
"""A busy database keeps no run waiting: farm track asks again."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request, and the job of this run that serves it; None: this run measures no such thing."""

    request: Request
    job: Job | None


def asked(context: Context, branch: str | None, devices: Sequence[Device], work: Sequence[tuple[Workload, Artifact]]) -> Wanted:
    """Return what pending requests want of this run, and say what is served and what is not."""
    found: Wanted = []
    for device in devices:
        try:
            requests = track.pending(replace(context.drained_store(), deadline_s=_ASIDE_DEADLINE_S), device.name, branch)
        except StoreBusy as error:
            say(f"whether fresh runs are asked for is not known: {error.message}")
            return []
        matched = [_Asked(request, _job(request, device, work)) for request in requests]
        for (workload, pass_), alike in groupby(sorted(matched, key=_key), key=_key):
            own = list(alike)
            served = next((one.job for one in own if one.job is not None), None)
            runs = max(one.request.runs for one in own)
            say(_said(device, own, runs, branch, is_served=served is not None))
            if served is not None and branch is not None:
                found.append((device.name, workload, pass_, runs))
    return found


def _key(one: _Asked) -> tuple[str, str]:
    return one.request.workload, one.request.pass_


def _job(request: Request, device: Device, work: Sequence[tuple[Workload, Artifact]]) -> Job | None:
    """Return the job of the very workload that is asked for: the same settings and inputs."""
    if request.pass_ not in [*Pass] or Pass(request.pass_) in ONCE_PASSES:
        return None
    jobs = (Job(device, workload, artifact, Pass(request.pass_), 0) for workload, artifact in work if workload.id == request.workload)
    return next((job for job in jobs if workload_key(job) == request.workload_key), None)


def _said(device: Device, own: Sequence[_Asked], runs: int, branch: str | None, *, is_served: bool) -> str:
    request = own[0].request
    findings = ", ".join(one.request.finding for one in own)
    what = f"{device.name}: farm track asks for {runs} fresh runs of {request.workload} {request.pass_} ({findings})"
    if not is_served:
        return f"{what}, which this run does not measure with the same settings"
    return f"{what}: measured now, and farm track judges them" if branch is not None else f"{what}: --branch serves that"


def with_fresh_runs(jobs: Sequence[Job], wanted: Wanted, work: Mapping[str, tuple[Workload, Artifact]], seed: int) -> list[Job]:
    """Return a device's jobs with as many more as are wanted: repeats after the planned ones, each a block in random order."""
    device = jobs[0].device
    own = [(*work[workload], Pass(pass_), runs) for name, workload, pass_, runs in wanted if name == device.name and workload in work]
    planned = Counter((job.workload.id, job.pass_) for job in jobs)
    found = list(jobs)
    for repeat in range(max((runs for *_, runs in own), default=0)):
        block = [
            Job(device, workload, artifact, pass_, repeat)
            for workload, artifact, pass_, runs in own
            if planned[workload.id, pass_] <= repeat < runs
        ]
        random.Random(f"{seed} {device.name} {repeat}").shuffle(block)
        found += block
    return found
