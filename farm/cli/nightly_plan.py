"""What a night is to measure: a suite's schedule -> expected jobs, in their order; and how long that takes."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from farm.cli import confirming
from farm.cli.context import Context
from farm.cli.nightly_book import Book, Expected, Stored, night_row
from farm.errors import ArtifactError, InputError
from farm.metrics import headline
from farm.nights import Duration, Estimate, Priority, Slot, estimate, plan, slot_of
from farm.records import Row, utc
from farm.series import workload_key
from farm.workloads import COREML, Artifact, Device, Job, Pass, Workload

if TYPE_CHECKING:
    from farm.config import Suite

_OF_BLOCKS = ("priority", "design", "block", "position")
_UNKNOWN = Artifact("", "", Path(), 0, "")
"""In the place of one that is not there."""
_ADDRESS = ("kind", "serial", "match", "adb", "wireless", "udid", "usbmux")


@dataclass(frozen=True, slots=True)
class Due:
    """A workload that is due. artifact: a reason in words where it cannot be measured."""

    workload: Workload
    file: Path
    artifact: Artifact | str


def due(suite: "Suite", slot: Slot) -> list[Due]:
    """Return the workloads of a suite that are due on a night; one whose artifact or inputs are not there keeps no other waiting."""
    found = []
    for workload, file in suite.work:
        if suite.schedule.turn(workload.id).cadence.is_due(slot.label):
            found.append(Due(workload, file, suite.lost.get(workload.id) or _opened(workload, file)))
    return found


def _opened(workload: Workload, file: Path) -> Artifact | str:
    from farm.artifacts import open_artifact

    try:
        artifact = open_artifact(file)
    except ArtifactError as error:
        return error.message
    if workload.settings.compute_units and artifact.runtime != COREML:
        return f"{artifact.name} is no Core ML model, and compute units are Core ML's"
    return artifact


@dataclass(frozen=True, slots=True)
class Planning:
    """What a plan is made of."""

    suite: "Suite"
    pool: str
    devices: Sequence[Device]
    work: Sequence[Due]
    seed: int

    def expected(self, book: Book, wanted: confirming.Wanted) -> list[Expected]:
        """Return the expected jobs of all devices: what is planned, then the fresh runs that are asked for."""
        begun = book.begun_blocks(self.suite.name, self.pool)
        found: list[Expected] = []
        for device in self.devices:
            found += self._planned(device, begun, len(found))
            found += self._fresh(device, wanted, found)
        return found

    def _planned(self, device: Device, begun: Mapping[tuple[str, str], int], first: int) -> list[Expected]:
        """Return what the schedule asks of a device."""
        turns = {each.workload.id: self.suite.schedule.turn(each.workload.id).priority for each in self.work}
        passes = {each.workload.id: each.workload.passes for each in self.work}
        priorities = [
            Priority(number, tuple((name, pass_) for name, own in turns.items() if own == number for pass_ in passes[name]))
            for number in sorted({*turns.values()})
        ]
        jobs = plan(priorities, self.suite.repeats, lambda design: begun.get((device.name, design), 0), f"{self.seed} {device.name}")
        return [
            replace(
                self._expected(first + place, device, job.workload, job.pass_, job.repeat),
                priority=job.priority,
                design=job.design,
                block=job.block,
                position=job.position,
            )
            for place, job in enumerate(jobs)
        ]

    def _fresh(self, device: Device, wanted: confirming.Wanted, before: Sequence[Expected]) -> list[Expected]:
        """Return the fresh runs that are asked of a device, beyond those that are planned before."""
        there = {each.workload.id: (each.workload, each.artifact) for each in self.work if isinstance(each.artifact, Artifact)}
        own = [each for each in before if each.device == device.name and each.workload in there]
        planned = [Job(device, *there[each.workload], Pass(each.pass_), each.repeat) for each in own]
        if not planned:
            return []
        fresh = confirming.with_fresh_runs(planned, wanted, there, self.seed)[len(planned) :]
        return [
            replace(self._expected(len(before) + place, device, job.workload.id, job.pass_, job.repeat), kind="confirmation")
            for place, job in enumerate(fresh)
        ]

    def _expected(self, number: int, device: Device, name: str, pass_: Pass, repeat: int) -> Expected:
        """Return an expected job, known by its artifact's bytes and its inputs where these are there."""
        each = next(each for each in self.work if each.workload.id == name)
        artifact = each.artifact if isinstance(each.artifact, Artifact) else None
        known = Job(device, each.workload, artifact or _UNKNOWN, pass_, repeat)
        return Expected(
            number=number,
            device=device.name,
            workload=name,
            workload_key=None if artifact is None else workload_key(known),
            artifact_name=each.file.name,
            artifact_sha256=None if artifact is None else artifact.sha256,
            pass_=pass_,
            repeat=repeat,
            metric=headline(pass_, tokens=known.tokens, kind=device.kind),
        )


def wanted_of(context: Context, branch: str, devices: Sequence[Device], work: Sequence[Due]) -> confirming.Wanted:
    """Return the fresh runs that farm track asks for and this suite measures."""
    return confirming.asked(
        context, branch, devices, [(each.workload, each.artifact) for each in work if isinstance(each.artifact, Artifact)]
    )


def rows_of(night: Stored, planning: Planning, expected: Sequence[Expected]) -> dict[str, list[Row]]:
    """Return the rows of a night that is opened: all that should be measured, before anything is."""
    schedule = planning.suite.schedule
    grace = timedelta(seconds=schedule.grace_s)
    following = {name: schedule.next_due(night.slot.label, (name,)) for name in dict.fromkeys(each.workload for each in expected)}
    next_due = {name: None if day is None else utc(slot_of(day, schedule).begins_at + grace) for name, day in following.items()}
    devices = [{"night_id": night.id, "device_name": each.name, "address": address(each)} for each in planning.devices]
    return {
        "nights": [night_row(night, schedule.zone_name, night.slot.begins_at + grace)],
        "night_devices": devices,
        "expected_jobs": [_job_row(night.id, each) | {"next_due_by": next_due[each.workload]} for each in expected],
    }


def address(device: Device) -> str:
    """Return where a device hangs, as JSON: what tells it from others in devices.toml beside its name."""
    return json.dumps({name: value for name in _ADDRESS if (value := getattr(device, name)) is not None})


def _job_row(night: str, each: Expected) -> Row:
    same = ("number", "workload_key", "artifact_name", "artifact_sha256", "repeat", "metric", "kind", *_OF_BLOCKS)
    facts = {name: getattr(each, name) for name in same}
    return facts | {"night_id": night, "device_name": each.device, "workload_id": each.workload, "pass": each.pass_}


def estimates(book: Book, expected: Sequence[Expected]) -> dict[str, Estimate]:
    """Return how long each device's jobs take, as far as what is stored tells."""
    keys = sorted({each.workload_key for each in expected if each.workload_key is not None})
    known = [Duration(row["device"], (row["workload_key"], row["pass"]), row["seconds"], row["nights"]) for row in book.durations(keys)]
    names = dict.fromkeys(each.device for each in expected)
    return {
        name: estimate(name, [(each.workload_key or "", each.pass_) for each in expected if each.device == name], known) for name in names
    }


def devices_of(context: Context, suite: "Suite", pool: str) -> list[Device]:
    """Return the devices of a pool under the suite's conditions. Raises InputError when there is none."""
    from farm.cli.context import chosen_devices

    devices = [suite.on(device) for device in chosen_devices(context.lab(), None, pool)]
    if not devices:
        raise InputError(f"the pool {pool} has no device")
    return devices
