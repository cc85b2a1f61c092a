"""A job as the harness's arguments. Names are the box's."""

from collections.abc import Iterable
from dataclasses import dataclass

from farm.harness.protocol import PROTOCOL
from farm.workloads import ITEMS_OUTPUT, OUTPUT, RESULT, Job, Pass, run_folder

MOST_TRACED = 500
"""Inferences of a profile pass: the time of every operator in each of them is kept."""


@dataclass(frozen=True, slots=True)
class BoxNames:
    """Where a job's files lie in the box."""

    model: str
    inputs: tuple[str, ...] = ()
    prompt: str | None = None
    items: str | None = None


def arguments(job: Job, names: BoxNames, nonce: str) -> list[str]:
    """Return the harness's arguments for job, as harness/protocol/README.md describes them."""
    settings = job.workload.settings
    options: dict[str, object] = {
        "protocol": PROTOCOL,
        "nonce": nonce,
        "result": f"{run_folder(nonce)}/{RESULT}",
        "output": f"{run_folder(nonce)}/{OUTPUT}",
        "pass": job.pass_,
        "model": names.model,
        "model-sha256": job.artifact.sha256,
        "method": job.workload.method,
        "threads": settings.threads,
    }
    if settings.cpus:
        options["cpus"] = settings.cpus
    if settings.compute_units:
        options["compute-units"] = settings.compute_units
    if job.pass_ in (Pass.LATENCY, Pass.MEMORY, Pass.POWER, Pass.PROFILE):
        options["warmup-iterations"] = settings.warmup_iterations
    if job.pass_ is Pass.POWER:
        options |= {"idle-ms": settings.power_idle_ms, "duration-ms": settings.power_work_ms}
    if names.prompt is not None:
        options |= {"prompt": names.prompt, "decode-tokens": settings.decode_tokens, "generations": settings.generations}
    elif job.pass_ in (Pass.LATENCY, Pass.MEMORY):
        options |= {"iterations": settings.iterations, "duration-ms": settings.duration_ms, "max-iterations": settings.max_iterations}
    elif job.pass_ is Pass.PROFILE:
        most = min(settings.max_iterations, MOST_TRACED)
        options |= {"iterations": min(settings.iterations, most), "duration-ms": settings.duration_ms, "max-iterations": most}
    if job.pass_ is Pass.SUSTAIN:
        options["duration-ms"] = settings.sustain_ms
    if names.items is not None:
        options |= {"items": names.items, "items-output": f"{run_folder(nonce)}/{ITEMS_OUTPUT}"}
    return [*_options(options.items()), *_options(("input", name) for name in names.inputs)]


def _options(pairs: Iterable[tuple[str, object]]) -> list[str]:
    return [text for name, value in pairs for text in (f"--{name}", str(value))]
