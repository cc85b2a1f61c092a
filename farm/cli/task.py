"""What `farm run` is to measure: its options -> the jobs of each device, with everything that can be wrong found beforehand."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import TYPE_CHECKING

from farm import rack, units
from farm.cli import confirming, standings
from farm.cli.asked import Options
from farm.cli.context import Context
from farm.errors import InputError
from farm.workloads import COREML, Artifact, Device, ItemKind, Job, Pass, PassSettings, Workload

if TYPE_CHECKING:
    from farm.config import Suite

_DEFAULT_REPEATS = 5
_FEWEST_PROFILED = 2


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be measured: the jobs of each device, in their order."""

    work: list[tuple[Device, list[Job]]]
    seed: int
    notes: tuple[str, ...]
    fresh_runs: confirming.Wanted


def task_of(context: Context, options: Options, fresh_runs: confirming.Wanted | None) -> Task:
    """Read everything that can be wrong, before anything is built or measured.

    fresh_runs are those that were asked for when this run was begun; None: it begins now.
    """
    from farm.artifacts import open_artifact
    from farm.config import load_suite

    lab = context.lab()
    devices = standings.chosen(context, options.device_names, options.pool)
    if options.harness is not None:
        devices = [replace(device, harness=options.harness) for device in devices]
    suite = None if options.suite is None else load_suite(options.suite, lab.devices, lab.pools)
    work: list[tuple[Workload, Artifact]]
    if suite is None:
        passes = _passes(options.passes)
        work = [(_workload(artifact, passes, options), artifact) for artifact in _distinct(map(open_artifact, options.models))]
    else:
        devices = [suite.on(device) for device in devices]
        work = [(workload, open_artifact(path)) for workload, path in suite.work]
    _check_units(work)
    _check_profiles(work)
    repeats = options.repeat or (suite.repeats if suite else _DEFAULT_REPEATS)
    seed = secrets.randbits(32) if options.seed is None else options.seed
    wanted = confirming.asked(context, options.branch, devices, work) if fresh_runs is None else fresh_runs
    named = {workload.id: (workload, artifact) for workload, artifact in work}
    jobs = [(device, confirming.with_fresh_runs(rack.plan(device, work, repeats, seed), wanted, named, seed)) for device in devices]
    return Task(jobs, seed, _notes(suite), wanted)


def _distinct(artifacts: Iterable[Artifact]) -> list[Artifact]:
    """Return the artifacts, each once. Raises InputError when two would be one workload: it is called after its file."""
    found: dict[str, Artifact] = {}
    for artifact in artifacts:
        other = found.setdefault(_workload_id(artifact), artifact)
        if other.sha256 != artifact.sha256:
            raise InputError(
                f'{other.path} and {artifact.path} would both be the workload "{_workload_id(artifact)}"',
                hint="rename one, measure one after the other, or give each an id in a suite",
            )
    return list(found.values())


def _check_units(work: Iterable[tuple[Workload, Artifact]]) -> None:
    """Raise InputError where compute units are stated for a model that is none of Core ML's."""
    for workload, artifact in work:
        if workload.settings.compute_units and artifact.runtime != COREML:
            raise InputError(f"{artifact.name} is no Core ML model, and compute units are Core ML's", hint="leave them out")


def _check_profiles(work: Iterable[tuple[Workload, Artifact]]) -> None:
    """Raise InputError where there can be no profile of a model."""
    for workload, artifact in work:
        if Pass.PROFILE not in workload.passes:
            continue
        if artifact.runtime == COREML:
            why = "Core ML tells nobody how long its operators take"
            raise InputError(f"there is no profile of {artifact.name}: {why}", hint="leave the profile pass out")
        if workload.prompt is not None and workload.settings.decode_tokens < _FEWEST_PROFILED:
            why = "a language model's profile is of the tokens after the first"
            raise InputError(f"there is no profile of {artifact.name}: {why}", hint="ask for at least two tokens: --decode-tokens")


def _workload_id(artifact: Artifact) -> str:
    return PurePath(artifact.name).stem


def _notes(suite: "Suite | None") -> tuple[str, ...]:
    if suite is None or not suite.budgets:
        return ()
    return (f"{suite.name} states {units.counted(len(suite.budgets), 'budget')}; farm run measures and does not judge, farm gate does",)


def _passes(text: str) -> tuple[Pass, ...]:
    from farm.config import nearest

    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in [*Pass]:
            raise InputError(f'there is no pass "{name}"{nearest(name, [*Pass])}', hint=f"passes are {', '.join(Pass)}")
    if not names:
        raise InputError("no pass is named", hint=f"passes are {', '.join(Pass)}")
    return tuple(dict.fromkeys(Pass(name) for name in names))


def _workload(artifact: Artifact, passes: tuple[Pass, ...], options: Options) -> Workload:
    """Return the workload of a model named on the command line: called after the file."""
    from farm.config import LLM_WARMUP, read_prompt, with_quality
    from farm.items import open_items

    name = _workload_id(artifact)
    if options.items is None and Pass.QUALITY in passes:
        raise InputError("the quality pass needs a file of items", hint="farm run model.pte --passes quality --items model.items")
    items = None if options.items is None else open_items(options.items)
    if items is not None and options.prompt is not None and items.kind is not ItemKind.TOKENS:
        raise InputError(f"{options.items} has no texts, and a prompt makes the model a language model", hint="name a file of texts")
    passes = with_quality(passes, has_items=items is not None)
    settings = PassSettings(
        threads=options.threads,
        cpus=options.cpus,
        compute_units=options.compute_units or "",
        sustain_ms=round(options.sustain_s * 1e3),
        power_idle_ms=round(options.power_idle_s * 1e3),
        power_work_ms=round(options.power_work_s * 1e3),
        timeout_s=options.timeout_s,
    )
    if options.prompt is None:
        most = max(settings.max_iterations, options.iterations)
        settings = replace(settings, iterations=options.iterations, duration_ms=round(options.least_s * 1e3), max_iterations=most)
        return Workload(name, passes, settings, items=items)
    try:
        prompt = read_prompt(options.prompt)
    except ValueError as error:
        raise InputError(str(error)) from error
    return Workload(
        name, passes, replace(settings, warmup_iterations=LLM_WARMUP, decode_tokens=options.decode_tokens), prompt=prompt, items=items
    )
