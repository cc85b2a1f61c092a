"""What is followed over time: which runs belong together, by what was asked of which model input on which device."""

import hashlib
import json
from dataclasses import asdict
from typing import Any

from farm.workloads import Job, Pass


def inputs_sha256(job: Job) -> str:
    """Return the hash of what goes into the model, or "generated" when the harness makes it up; of a quality pass the item file's."""
    if job.pass_ is Pass.QUALITY and job.workload.items is not None:
        return job.workload.items.sha256
    prompt = job.workload.prompt
    if prompt is not None:
        return hashlib.sha256(json.dumps(prompt).encode()).hexdigest()
    if not job.inputs:
        return "generated"
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in job.inputs)).hexdigest()


_OF_ANSWERS = ("threads", "timeout_s", "compute_units")
_OF_ONE_PASS = {"power_idle_ms": Pass.POWER, "power_work_ms": Pass.POWER, "sustain_ms": Pass.SUSTAIN}


def pass_settings(job: Job) -> dict[str, Any]:
    """Return the settings that mean something to the job's pass: those of another pass change no number of this one.

    What a model answers depends on its threads and on where it computes alone, not on how often and how long it works. Compute units that
    are not stated are left out: series that are older than this setting go on.
    """
    settings = asdict(job.workload.settings)
    if not settings["compute_units"]:
        del settings["compute_units"]
    if job.pass_ is Pass.QUALITY:
        return {name: value for name, value in settings.items() if name in _OF_ANSWERS}
    return {name: value for name, value in settings.items() if _OF_ONE_PASS.get(name, job.pass_) is job.pass_}


def workload_key(job: Job) -> str:
    """Return the hash of what is asked of the model: workload id, method, inputs and the pass's settings. 32 hex digits."""
    settings = pass_settings(job)
    del settings["timeout_s"]  # how long we would have waited changes no number
    return _digest([job.workload.id, job.workload.method, inputs_sha256(job), settings])


def series_key(device_id: str, job: Job, runtime: str, flavour: str) -> str:
    """Return the identity of what is followed over time, less the metric: 32 hex digits.

    Device unit, workload with its inputs and settings (threads among them), pass, runtime and flavour. Artifact,
    revision, runtime version, OS build and harness are attributes of a run: candidate causes of a change.
    """
    return _digest([device_id, workload_key(job), job.pass_, runtime, flavour])


def _digest(parts: list[Any]) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]
