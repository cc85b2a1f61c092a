"""Measuring a night: its expected jobs on the lab's devices as they hang now, and what came of each."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from farm import __version__, rack, retries
from farm.cli import remote, unfinished
from farm.cli.context import Context, say
from farm.cli.measuring import Done, Measuring
from farm.cli.nightly_book import Expected, Stored
from farm.cli.nightly_plan import Due
from farm.cli.nightly_steps import Steps
from farm.cli.unfinished import Unfinished
from farm.devices import files
from farm.errors import ArtifactError, Cancelled, FarmError, HostExhausted, InputError, StoreError
from farm.queue import Priority
from farm.records import Record, Row, run_of, utc
from farm.series import workload_key
from farm.workloads import Device, DeviceKind, Job, Outcome, Pass, Provenance

if TYPE_CHECKING:
    from datetime import datetime

    from farm.cli.remote import Cluster

_COMMAND = "nightly"
GO_ON = "the same command goes on with the night"
"""How what is left of one is gone on with, for people."""
_ROUNDS = 3
"""The first, and two more for devices that were lost."""


@dataclass(frozen=True, slots=True)
class Why:
    """Why jobs are not measured, in words, by device and by workload."""

    devices: dict[str, str] = field(default_factory=dict)
    workloads: dict[str, str] = field(default_factory=dict)

    def of(self, each: Expected, otherwise: str) -> str:
        """Return why a job was not measured."""
        return self.workloads.get(each.workload) or self.devices.get(each.device) or otherwise


def folder_of(context: Context) -> Path:
    """Return where nights keep what has ended, until it is accounted for."""
    return context.data / "nights"


def taken_up(context: Context, night: Stored) -> Unfinished:
    """Return what a night has measured so far, for this process to go on with."""
    folder = folder_of(context)
    return unfinished.same(folder, _COMMAND, night.id) or unfinished.begin(folder, night.id, _COMMAND, {}, night.id)


def forget(context: Context, night: Stored) -> None:
    """Forget what a night measured: it is stored what came of it, and who stored it was killed before it had forgotten it."""
    left = unfinished.same(folder_of(context), _COMMAND, night.id)
    if left is not None:
        left.remove()


def jobs_of(expected: Iterable[Expected], devices: Mapping[str, Device], work: Sequence[Due], why: Why) -> dict[str, list[Job]]:
    """Return the jobs that are to come, by device; what cannot be measured as it was expected is told in why."""
    named = {each.workload.id: each for each in work}
    found: dict[str, list[Job]] = {}
    for each in expected:
        device, meant = devices.get(each.device), named.get(each.workload)
        if each.state != "to come" or device is None or meant is None:
            continue
        job = _as_expected(each, device, meant, why)
        if job is not None:
            found.setdefault(each.device, []).append(job)
    return found


def _as_expected(each: Expected, device: Device, meant: Due, why: Why) -> Job | None:
    """Return the very job that is expected, None where its artifact or its inputs are not those of the night's beginning."""
    if isinstance(meant.artifact, str):
        why.workloads[each.workload] = meant.artifact
        return None
    if each.artifact_sha256 is None:
        why.workloads[each.workload] = each.lacking
        return None
    if meant.artifact.sha256 != each.artifact_sha256:
        was, now = each.artifact_sha256[:12], meant.artifact.sha256[:12]
        why.workloads[each.workload] = f"{each.artifact_name} has changed since the night was opened: from {was} to {now}"
        return None
    job = Job(device, meant.workload, meant.artifact, Pass(each.pass_), each.repeat)
    if workload_key(job) != each.workload_key:
        why.workloads[each.workload] = "its inputs have changed since the night was opened"
        return None
    return job


def left_of(jobs: Mapping[str, Sequence[Job]], records: Sequence[Record]) -> dict[str, list[Job]]:
    """Return the jobs that runs of an earlier start leave to do: not those that are done, or have used up their attempts."""
    asked = {job.key: job for own in jobs.values() for job in own}
    runs = [run_of(record, asked[key]) for record in records if (key := unfinished.of_job(record)) in asked]
    left = {name: [job for job, _ in rack.left(own, runs)] for name, own in jobs.items()}
    return {name: own for name, own in left.items() if own}


@dataclass(frozen=True, slots=True)
class Measurement:
    """One night's measuring."""

    context: Context
    night: Stored
    steps: Steps
    begun: Unfinished
    wheel: Path | None
    may_go_on: Callable[[], bool]
    """Asked before each job: False where the night's time is over."""
    why: Why
    now_utc: "Callable[[], datetime]"
    found: dict[str, str] = field(default_factory=dict)
    """Who each device said it is, by its name."""

    def measure(self, jobs: Mapping[str, Sequence[Job]]) -> None:
        """Measure the jobs of all devices at once; what is lost is tried again. Raises StoreError where the host has no room left."""
        left = {name: list(own) for name, own in jobs.items() if own}
        number = 0
        while left and number < _ROUNDS and self.may_go_on():
            if number:
                say(f"{', '.join(left)}: tried again in {self.steps.pause_s:g} s ({number} of {_ROUNDS - 1})")
                time.sleep(self.steps.pause_s)
            done = self._round(left)
            self._stop_where_the_host_is_full(done)
            while without := self._without_lost_files(left, done):  # each time there are fewer workloads
                done = [one for one in done if one.device.name not in without] + self._round(without)
                left |= without
                self._stop_where_the_host_is_full(done)
            left = {one.device.name: left[one.device.name] for one in done if self._is_worth_another(one)}
            number += 1

    def _without_lost_files(self, jobs: Mapping[str, Sequence[Job]], done: Sequence[Done]) -> dict[str, list[Job]]:
        """Return the jobs of devices whose session ended because a file is gone, or is another one by now, less those that need it.

        Nothing where all files are there: whatever failed then fails again.
        """
        ended = {one.device.name: jobs[one.device.name] for one in done if isinstance(one.failure, ArtifactError)}
        before = set(self.why.workloads)
        for job in {(job.workload.id, job.pass_): job for own in ended.values() for job in own}.values():
            if job.workload.id not in self.why.workloads and (words := _lost_file(job)) is not None:
                self.why.workloads[job.workload.id] = words
                say(f"{job.workload.id} is not measured any more: {words}")
        if self.why.workloads.keys() == before:
            return {}
        left = {name: [job for job in own if job.workload.id not in self.why.workloads] for name, own in ended.items()}
        return {name: own for name, own in left.items() if own}

    def _round(self, jobs: Mapping[str, Sequence[Job]]) -> list[Done]:
        night = self.night
        provenance = Provenance(__version__, night.revision, night.branch)
        devices = [own[0].device for own in jobs.values()]

        def go_on(_: Job) -> bool:
            return not any(_host_is_full(one) for one in sessions.done) and self.may_go_on()

        with _elsewhere(self.context, devices) as (elsewhere, out):
            measuring = Measuring(
                self.context,
                night.seed,
                provenance,
                self.wheel,
                self.begun,
                Priority.NIGHTLY,
                _COMMAND,
                again=GO_ON,
                connect=self.steps.connect,
                now_utc=self.now_utc,
                unavailable=out,
                elsewhere=elsewhere,
            )
            with measuring.sessions(devices) as sessions:
                sessions.measure(jobs, go_on=go_on)
        for one in sessions.done:
            if one.session is not None:
                self.found[one.device.name] = one.session.identity.id
        return sessions.done

    def _stop_where_the_host_is_full(self, done: Sequence[Done]) -> None:
        for one in done:
            if isinstance(one.failure, StoreError | HostExhausted):
                raise one.failure
            if _host_is_full(one):
                raise StoreError(f"this host's disk is full: {one.runs[-1].reason}", hint=f"make room; {GO_ON}")

    def _is_worth_another(self, one: Done) -> bool:
        """Whether a device is tried again.

        Not where what was asked is wrong, as it stays so, nor where somebody took the request back, nor where a person would have to
        unplug it.
        """
        left = {job.key for job, _ in rack.left(one.jobs, one.runs)}
        last = {run.job.key: run for run in one.runs}
        if all(key in last and retries.is_of_its_pass(last[key]) for key in left):
            return False
        if one.failure is not None:
            self.why.devices[one.device.name] = one.failure.message
            return not isinstance(one.failure, InputError | Cancelled)
        if one.lost is not None:
            self.why.devices[one.device.name] = one.lost.reason or "the device was lost"
        return True


def _lost_file(job: Job) -> str | None:
    """Return that a job's artifact or items cannot be read any more, or are others by now."""
    items = job.workload.items if job.pass_ is Pass.QUALITY else None
    try:
        for file in (job.artifact, items):
            if file is not None:
                files.sha256(file.path, file.sha256)
    except ArtifactError as error:
        return error.message
    return None


@contextmanager
def _elsewhere(context: Context, devices: Sequence[Device]) -> "Iterator[tuple[Cluster | None, dict[str, FarmError]]]":
    """Have the hosts that devices hang on; where they cannot be reached, their devices are out, and the others are measured."""
    out: dict[str, FarmError] = {}
    cluster: Cluster | None = None
    with ExitStack() as stack:
        try:
            cluster = stack.enter_context(remote.cluster(context, None, devices))
        except FarmError as error:
            out = {device.name: error for device in devices if device.host is not None}
        yield cluster, out


def _host_is_full(one: Done) -> bool:
    """Whether a run, or its rows, found no room on this host: every further one would find none either."""
    own = [] if one.session is None else [run for run in one.runs if run.session_id == one.session.id]
    is_here = one.device.kind is DeviceKind.LOCAL and any(retries.found_no_room(run) for run in own)
    return is_here or isinstance(one.failure, StoreError | HostExhausted)


def answers(
    night: Stored, expected: Sequence[Expected], records: Sequence[Record], why: Callable[[Expected], str], now: "datetime"
) -> list[Row]:
    """Return the rows of what came of the jobs that are to come. why says it of one without any run."""
    runs: dict[tuple[str, str, str, str, int], list[Row]] = {}
    for record in records:
        runs.setdefault(unfinished.of_job(record), []).append(record["runs"][0])
    found = []
    for each in expected:
        if each.state == "to come":
            own = runs.get((each.device, each.workload, each.artifact_sha256 or "", each.pass_, each.repeat), [])
            answer = _answer(own) if own else {"run_id": None, "is_valid": False, "reason": why(each)}
            found.append({"night_id": night.id, "number": each.number, "answered_at": utc(now), **answer})
    return found


def _answer(runs: Sequence[Row]) -> Row:
    """Return what the attempts at a job came to."""
    ordered = sorted(runs, key=lambda run: (run["started_at"], run["attempt"]))
    valid = next((run for run in ordered if run["outcome"] == Outcome.OK), None)
    if valid is not None:
        return {"run_id": valid["id"], "is_valid": True, "reason": None}
    last = ordered[-1]
    words = f"{last['outcome'].replace('_', ' ')}: {last['reason'] or 'no reason is known'}"
    return {"run_id": last["id"], "is_valid": False, "reason": words}
