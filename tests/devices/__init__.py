"""What the tests of devices share: a job on a device, and trouble while it is measured."""

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from farm import rack
from farm.devices import Transport
from farm.devices.transport import Handle
from farm.harness.arguments import BoxNames, arguments
from farm.workloads import Artifact, Device, HarnessBuild, Job, Run
from tests.conftest import NOW, a_job


def on(device: Device, artifact: Artifact, **settings: Any) -> Job:
    return replace(a_job(artifact, **settings), device=device)


def measured(transport: Transport, job: Job, harness: HarnessBuild, meanwhile: Callable[[], object] | None = None) -> list[Run]:
    """Measure a job, and do something to the device as soon as the harness runs."""
    ended: list[Run] = []
    trouble: list[threading.Timer] = []

    def phase(_job: Job, phase: str) -> None:
        if meanwhile is not None and phase == "measuring" and not trouble:
            trouble.append(threading.Timer(0.5, meanwhile))
            trouble[0].start()

    hooks = rack.Hooks(lambda: NOW, phase, ended.append)
    runs = list(rack.measure([(job, 1)], transport, {"fake": harness}, "a-session", hooks))
    for each in trouble:
        each.join()
    assert runs == ended
    return runs


def started(transport: Transport, job: Job) -> Handle:
    """Send a job's model and start the harness on it."""
    transport.push(job.artifact.path, "files/model")
    return transport.start(arguments(job, BoxNames("files/model"), "ab"), "ab")
