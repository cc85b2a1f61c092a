"""A suite: the workloads, passes, conditions and budgets of a model's repository."""

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from farm import items
from farm.config.budgets import BudgetTable, Names, budget_of, budget_problems
from farm.config.files import ConditionsEntry, Entry, Name, Seconds, parsed, read_toml, tables, unreadable, validated
from farm.config.plan import GateTable, Gating, gate_problems, gating_of
from farm.config.schedule import ScheduleTable, schedule_of, schedule_problems
from farm.errors import ArtifactError, ConfigError
from farm.nights import Schedule
from farm.verdicts import Budget
from farm.workloads import COMPUTE_UNITS, CPU_LIST, USUAL_PASSES, Device, ItemKind, Pass, PassSettings, Workload


@dataclass(frozen=True, slots=True)
class Suite:
    """What a suite file asks for."""

    name: str
    repeats: int
    work: tuple[tuple[Workload, Path], ...]
    """Each workload with its artifact's file."""
    budgets: tuple[Budget, ...] = ()
    conditions: Mapping[str, Any] = field(default_factory=dict)
    """The conditions that the suite states, by the names of workloads.Conditions."""
    gating: Gating = field(default_factory=Gating)
    """How the budgets are tested."""
    asked: frozenset[str] = frozenset()
    """The workloads whose passes the suite states, beside those that only have the usual ones."""
    schedule: Schedule = field(default_factory=Schedule)
    """Which of its runs should exist, on which nights."""
    lost: Mapping[str, str] = field(default_factory=dict)
    """Workloads that cannot be measured, as their inputs, prompt or items cannot be read, and why: they have none of these here."""

    def on(self, device: Device) -> Device:
        """Return device under the suite's conditions; where the suite is silent, the lab's hold."""
        return replace(device, conditions=replace(device.conditions, **self.conditions))


_PassName = Annotated[Pass, Field(strict=False)]


class _SuiteTable(Entry):
    name: Name
    repeat: int = Field(5, ge=1, le=1000)
    passes: list[_PassName] = Field(default_factory=lambda: [*USUAL_PASSES], min_length=1)


_DEFAULT = PassSettings()
LLM_WARMUP = 1
"""Whole generations, where a prompt makes an iteration that long."""


_UNITS = f"one of {', '.join(COMPUTE_UNITS)}"


class _WorkloadTable(Entry):
    id: Name
    artifact: str
    passes: list[_PassName] | None = Field(None, min_length=1)
    method: str = "forward"
    threads: int = Field(_DEFAULT.threads, ge=1, le=64)
    warmup_iterations: int | None = Field(None, ge=0)
    iterations: int = Field(_DEFAULT.iterations, ge=1)
    duration: Seconds = _DEFAULT.duration_ms / 1e3
    max_iterations: int = Field(_DEFAULT.max_iterations, ge=1, le=10_000_000)
    sustain: Seconds = _DEFAULT.sustain_ms / 1e3
    power_idle: Seconds = _DEFAULT.power_idle_ms / 1e3
    power_work: Seconds = _DEFAULT.power_work_ms / 1e3
    timeout: Seconds = _DEFAULT.timeout_s
    cpus: str = Field("", pattern=rf"^({CPU_LIST})?$", description="a list of CPUs", examples=["4-7"])
    compute_units: str = Field("", pattern=rf"^({'|'.join(COMPUTE_UNITS)})?$", description=_UNITS, examples=["cpu_and_ne"])
    inputs: list[str] = Field(default_factory=list)
    prompt: str | None = None
    decode_tokens: int = Field(64, ge=1)
    generations: int = Field(1, ge=1)
    items: str | None = None


class _SuiteFile(Entry):
    suite: _SuiteTable
    conditions: ConditionsEntry = ConditionsEntry()
    workloads: list[_WorkloadTable] = Field(min_length=1)
    budgets: list[BudgetTable] = Field(default_factory=list)
    gate: GateTable = Field(default_factory=lambda: GateTable.model_validate({}))
    schedule: ScheduleTable = Field(default_factory=lambda: ScheduleTable.model_validate({}))


def load_suite(
    path: Path,
    devices: Collection[str],
    pools: Mapping[str, tuple[str, ...]] | None = None,
    *,
    is_built: bool = True,
    text: str | None = None,
    without: Collection[str] = (),
    may_lack: bool = False,
) -> Suite:
    """Return the suite of a TOML file, its inputs, prompts and items read; devices and pools are those it may name.

    is_built: its artifacts are to be there by now. text: what the file held at another time, instead of what it holds now. without:
    workloads whose files are not looked for, and which are left out. may_lack: files that cannot be read are their own workload's fault
    (Suite.lost), and no problem of the suite. Raises ConfigError.
    """
    raw = read_toml(path) if text is None else parsed(text, path)
    problems: list[str] = []
    file = validated(_SuiteFile, raw, path, problems)
    stated = tables(raw.get("workloads"))
    answering = frozenset(str(entry.get("id")) for entry in stated if "items" in entry)
    names = Names(tuple(str(entry.get("id")) for entry in stated), answering, tuple(devices), pools or {})
    kept = raw | ({"workloads": [entry for entry in stated if entry.get("id") not in without]} if without else {})
    lost = _lost(kept, path.parent) if may_lack else {}
    found = (*_workload_problems(kept, path.parent, is_built=is_built, lost=lost), *budget_problems(raw, names), *gate_problems(raw))
    found += (*schedule_problems(raw, names.workloads, tuple(pools or {})),)
    problems += [f"{path}: {problem}" for problem in found]
    if problems or file is None:
        raise ConfigError(problems)
    return Suite(
        name=file.suite.name,
        repeats=file.suite.repeat,
        work=tuple(
            (_workload(entry, file.suite.passes, path.parent, is_lost=entry.id in lost), path.parent / entry.artifact)
            for entry in file.workloads
            if entry.id not in without
        ),
        budgets=tuple(budget_of(entry, names.pools) for entry in file.budgets),
        conditions=file.conditions.stated(),
        gating=gating_of(file.gate),
        asked=frozenset(entry.id for entry in file.workloads if entry.passes or "passes" in file.suite.model_fields_set),
        schedule=schedule_of(file.schedule),
        lost=lost,
    )


def lost_inputs(text: str, path: Path) -> dict[str, str]:
    """Return the workloads of a suite that was in order when it held this text and whose inputs, prompt or items are gone; and why."""
    return _lost(parsed(text, path), path.parent)


def _lost(raw: Mapping[str, Any], folder: Path) -> dict[str, str]:
    problems = {str(entry.get("id")): _file_problems("", entry, folder, is_built=False) for entry in tables(raw.get("workloads"))}
    return {name: "; ".join(problem.removeprefix(".") for problem in own) for name, own in problems.items() if own}


def read_prompt(path: Path) -> tuple[int, ...]:
    """Return the token ids of a prompt file: a JSON list, or an object with such a list under `tokens`. Raises ValueError."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"the prompt {path} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise ValueError(f"the prompt {path} is not JSON") from error
    tokens = content.get("tokens") if isinstance(content, dict) else content
    if not isinstance(tokens, list) or not tokens or not all(type(token) is int and 0 <= token < 2**31 for token in tokens):
        raise ValueError(f"the prompt {path} is not a list of token ids")
    return tuple(tokens)


def _workload(entry: _WorkloadTable, passes: list[Pass], folder: Path, *, is_lost: bool) -> Workload:
    """Return the workload of a table; of one whose files are lost, what the table says of it without them."""
    warmup = _DEFAULT.warmup_iterations if entry.prompt is None else LLM_WARMUP
    settings = PassSettings(
        threads=entry.threads,
        cpus=entry.cpus,
        compute_units=entry.compute_units,
        warmup_iterations=warmup if entry.warmup_iterations is None else entry.warmup_iterations,
        sustain_ms=round(entry.sustain * 1e3),
        power_idle_ms=round(entry.power_idle * 1e3),
        power_work_ms=round(entry.power_work * 1e3),
        timeout_s=entry.timeout,
    )
    if entry.prompt is not None:
        settings = replace(settings, decode_tokens=entry.decode_tokens, generations=entry.generations)
    else:
        settings = replace(
            settings,
            iterations=entry.iterations,
            duration_ms=round(entry.duration * 1e3),
            max_iterations=max(entry.max_iterations, entry.iterations),
        )
    return Workload(
        id=entry.id,
        passes=with_quality(entry.passes or passes, has_items=entry.items is not None),
        settings=settings,
        method=entry.method,
        inputs=() if is_lost else tuple((folder / name).read_bytes() for name in entry.inputs),
        prompt=None if entry.prompt is None else () if is_lost else read_prompt(folder / entry.prompt),
        items=None if entry.items is None or is_lost else items.open_items(folder / entry.items),
    )


def with_quality(passes: Sequence[Pass], *, has_items: bool) -> tuple[Pass, ...]:
    """Return the passes of a workload: stating items asks for the quality pass, whether or not it is listed."""
    return tuple(dict.fromkeys([*passes, Pass.QUALITY] if has_items else passes))


def _workload_problems(raw: Mapping[str, Any], folder: Path, *, is_built: bool, lost: Collection[str] = ()) -> list[str]:
    """Check what workloads say of files and of each other; on the raw tables, so that it is told beside every other problem.

    lost: workloads whose files are not looked at.
    """
    problems = []
    entries = tables(raw.get("workloads"))
    suite = raw["suite"] if isinstance(raw.get("suite"), dict) else {}
    for place, entry in enumerate(entries):
        here = f"workloads[{place}]"
        if str(entry.get("id")) not in lost:
            problems += _file_problems(here, entry, folder, is_built=is_built)
        if "items" not in entry and _asks_quality(entry, suite):
            problems.append(f"{here}.items: the quality pass needs a file of items")
        if "prompt" in entry:
            mixed = sorted({"inputs", "iterations", "duration", "max_iterations"} & entry.keys())
            problems += [f"{here}.{key}: not together with a prompt" for key in mixed]
        else:
            problems += [f"{here}.{key}: only with a prompt" for key in sorted({"decode_tokens", "generations"} & entry.keys())]
    repeated = Counter(str(entry.get("id")) for entry in entries)
    return problems + [f'workloads: {count} are called "{name}"' for name, count in repeated.items() if count > 1]


def _file_problems(here: str, entry: Mapping[str, Any], folder: Path, *, is_built: bool) -> list[str]:
    """Check that the files of a workload are there, and hold what they should."""
    problems = []
    names = {"artifact": [entry.get("artifact")] if is_built else [], "inputs": entry.get("inputs"), "prompt": [entry.get("prompt")]}
    for key, files in names.items():
        given = [name for name in files if isinstance(name, str)] if isinstance(files, list) else []
        given = [name for name in given if key != "artifact" or not (folder / name).is_dir()]  # a folder may be a model
        problems += [f"{here}.{key}: {why}" for name in given if (why := unreadable(folder / name)) is not None]
    problems += _items_problems(here, entry, folder)
    if isinstance(entry.get("prompt"), str) and unreadable(folder / entry["prompt"]) is None:
        problems += _prompt_problems(here, folder / entry["prompt"])
    return problems


def _asks_quality(entry: Mapping[str, Any], suite: Mapping[str, Any]) -> bool:
    listed = entry.get("passes", suite.get("passes"))
    return isinstance(listed, list) and Pass.QUALITY in listed


def _items_problems(here: str, entry: Mapping[str, Any], folder: Path) -> list[str]:
    """Check the item file."""
    if not isinstance(entry.get("items"), str):
        return []  # what the key may hold is told elsewhere
    try:
        found = items.open_items(folder / entry["items"])
    except ArtifactError as error:
        return [f"{here}.items: {error.message}"]
    if "prompt" in entry and found.kind is not ItemKind.TOKENS:
        return [f"{here}.items: {entry['items']} has no texts, and a prompt makes the model a language model"]
    return []


def _prompt_problems(here: str, path: Path) -> list[str]:
    try:
        read_prompt(path)
    except ValueError as error:
        return [f"{here}.prompt: {error}"]
    return []
