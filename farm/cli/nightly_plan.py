"""What a night is to measure: a suite's schedule -> expected jobs, in their order; and how long that takes."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from farm.cli import confirming
from farm.cli.context import Context
from farm.cli.nightly_book import Book, Expected, Stored, night_row
from farm.errors import ArtifactError, InputError
from farm.nights import Duration, Estimate, Priority, Slot, estimate, plan, slot_of
from farm.records import Row
from farm.series import workload_key
from farm.workloads import COREML, Artifact, Device, Job, Workload

if TYPE_CHECKING:
    from farm.config import Suite

_ADDRESS = ("kind", "serial", "match", "adb", "wireless", "udid", "usbmux")


@dataclass(frozen=True, slots=True)
class Due:
    """A workload that is due. artifact: a reason in words where it cannot be measured."""

    workload: Workload
    file: Path
    artifact: Artifact | str


def due(suite: "Suite", slot: Slot) -> list[Due]:
    """Return the workloads of a suite that are due on a night; one whose artifact is not there keeps no other waiting."""
    found = []
    for workload, file in suite.work:
        if suite.schedule.turn(workload.id).cadence.is_due(slot.label):
            found.append(Due(workload, file, _opened(workload, file)))
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
        named = {each.workload.id: each for each in self.work}
        numbers = sorted({self.suite.schedule.turn(name).priority for name in named})
        priorities = [
            Priority(
                number,
                tuple((name, pass_) for name in named if self._priority(name) == number for pass_ in named[name].workload.passes),
            )
            for number in numbers
        ]
        jobs = plan(priorities, self.suite.repeats, lambda design: begun.get((device.name, design), 0), f"{self.seed} {device.name}")
        return [
            Expected(
                first + place,
                device.name,
                job.workload,
                *_facts(device, named[job.workload], job.pass_, job.repeat),
                job.pass_,
                job.repeat,
                "plan",
                job.priority,
                job.design,
                job.block,
                job.position,
            )
            for place, job in enumerate(jobs)
        ]

    def _priority(self, workload: str) -> int:
        return self.suite.schedule.turn(workload).priority

    def _fresh(self, device: Device, wanted: confirming.Wanted, before: Sequence[Expected]) -> list[Expected]:
        there = {each.workload.id: (each.workload, each.artifact) for each in self.work if isinstance(each.artifact, Artifact)}
        planned = [
            Job(device, *there[each.workload], _pass(each), each.repeat)
            for each in before
            if each.device == device.name and each.workload in there
        ]
        if not planned:
            return []
        named = {each.workload.id: each for each in self.work}
        fresh = confirming.with_fresh_runs(planned, wanted, there, self.seed)[len(planned) :]
        return [
            Expected(
                len(before) + place,
                device.name,
                job.workload.id,
                *_facts(device, named[job.workload.id], job.pass_, job.repeat),
                job.pass_,
                job.repeat,
                "confirmation",
                *(None,) * 4,
            )
            for place, job in enumerate(fresh)
        ]


def _pass(each: Expected) -> Any:  # noqa: ANN401 - a Pass
    from farm.workloads import Pass

    return Pass(each.pass_)


def _facts(device: Device, each: Due, pass_: Any, repeat: int) -> tuple[str | None, str, str | None]:  # noqa: ANN401 - a Pass
    """Return the workload key, the artifact's name and its hash."""
    if isinstance(each.artifact, str):
        return None, each.file.name, None
    return workload_key(Job(device, each.workload, each.artifact, pass_, repeat)), each.artifact.name, each.artifact.sha256


def wanted_of(context: Context, branch: str, devices: Sequence[Device], work: Sequence[Due]) -> confirming.Wanted:
    """Return the fresh runs that farm track asks for and this suite measures."""
    return confirming.asked(
        context, branch, devices, [(each.workload, each.artifact) for each in work if isinstance(each.artifact, Artifact)]
    )


def rows_of(night: Stored, planning: Planning, expected: Sequence[Expected]) -> dict[str, list[Row]]:
    """Return the rows of a night that is opened: all that should be measured, before anything is."""
    schedule = planning.suite.schedule
    grace = timedelta(seconds=schedule.grace_s)
    following = schedule.next_due(night.slot.label, tuple(workload.id for workload, _ in planning.suite.work))
    next_due_by = None if following is None else slot_of(following, schedule).begins_at + grace
    devices = [{"night_id": night.id, "device_name": each.name, "address": address(each)} for each in planning.devices]
    return {
        "nights": [night_row(night, schedule.zone_name, night.slot.begins_at + grace, next_due_by)],
        "night_devices": devices,
        "expected_jobs": [_job_row(night.id, each) for each in expected],
    }


def address(device: Device) -> str:
    """Return where a device hangs, as JSON: what tells it from others in devices.toml beside its name."""
    return json.dumps({name: value for name in _ADDRESS if (value := getattr(device, name)) is not None})


def _job_row(night: str, each: Expected) -> Row:
    same = ("number", "workload_key", "artifact_name", "artifact_sha256", "repeat", "kind", "priority", "design", "block", "position")
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
