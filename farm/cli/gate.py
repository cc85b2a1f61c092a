"""farm gate: a candidate held against a baseline, measured until every budget of the suite is decided."""

import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from farm import __version__
from farm.cli import baseline, calibrated, gate_sides, notified, rounds, shown, standings, unfinished
from farm.cli.asked import MOST_SEED
from farm.cli.context import Context, chosen_devices, command_line, now_utc, say
from farm.cli.measuring import Measuring
from farm.errors import InputError, StoreBusy
from farm.publish.judgement import Judgement
from farm.queue import Priority
from farm.verdicts import Change, Quality, Verdict, exit_code
from farm.workloads import Device, Provenance, new_id

if TYPE_CHECKING:
    import polars as pl

    from farm import release
    from farm.config import Gating, Suite

_COMMAND = "gate"


@dataclass(frozen=True, slots=True)
class _Options:
    """What was given on the command line."""

    suite: Path
    candidate: tuple[str, ...]
    baseline: tuple[str, ...]
    device_names: str | None
    pool: str | None
    stored: bool
    seed: int | None
    time_budget: str | None
    most_runs: int | None
    wheel: Path | None
    harness: Path | None
    as_json: bool
    publish: tuple[str, ...]
    notify: bool


@click.command(epilog="Example: farm gate --suite suite.toml --candidate new.pte --baseline old.pte --device s25 --publish junit=gate.xml")
@click.option("--suite", type=click.Path(path_type=Path), required=True, help="The suite that states workloads and budgets.")
@click.option(
    "--candidate",
    multiple=True,
    required=True,
    help="The release to judge: a model file; for several workloads a folder with files called as the suite's, or WORKLOAD=FILE for each.",
)
@click.option("--baseline", multiple=True, required=True, help="What it is held against, in the same way; or the name of a farm baseline.")
@click.option("--device", "device_names", help="Devices to measure on. [default: those that budgets name, else local]")
@click.option("--pool", help="Measure on all devices of a pool of devices.toml.")
@click.option("--stored", is_flag=True, help="Measure nothing: judge stored runs; a side is then a revision, a SHA-256 or a model file.")
@click.option("--seed", type=click.IntRange(0, MOST_SEED), help="Seed of the order of runs. [default: a new one, stored]")
@click.option("--time-budget", help='How long measuring may take, such as "30 min". [default: the suite\'s, else 4 h]')
@click.option("--most-runs", type=int, help="Most runs a side on each device. [default: the suite's, else 40]")
@click.option("--wheel", type=click.Path(path_type=Path), help="ExecuTorch wheel to build the harness with, instead of downloading it.")
@click.option("--harness", type=click.Path(path_type=Path), help="Your own build of the harness, as for farm run.")
@click.option("--json", "as_json", is_flag=True, help="Print the verdicts as JSON.")
@click.option(
    "--publish",
    multiple=True,
    help="Write the verdicts to FORM=FILE: json, junit, sarif, markdown or github; - is standard output; repeatable.",
)
@click.option("--notify", is_flag=True, help="Tell people ([notify] in devices.toml) at once when it is out of budget.")
@click.pass_obj
def gate(context: Context, /, **given: Any) -> int:  # noqa: ANN401 - click's values, typed by _Options
    """Decide whether a candidate is within the suite's budgets: exit code 0 in budget, 4 out of budget, 3 could not tell.

    Both sides are measured interleaved on each device, in blocks ABBA or BAAB by chance, until every budget is decided or the time
    is used up; disturbed runs are replaced. The time counts from this call on. When farm was killed or interrupted, the same command
    goes on with that gate: whole blocks stay, the one that was broken off is measured anew. docs/trust.md says what a verdict means.
    """
    options = _Options(**given)
    copies = shown.copies(options.publish, as_json=options.as_json)
    context.writable_data()
    context.check_database()
    asked = _asked(context, options)
    code, judgement = _stored(context, options, asked) if options.stored else _measured(context, options, asked)
    shown.show(judgement, copies, as_json=options.as_json)
    if judgement.gate is not None:
        say(f"why: farm explain {judgement.gate[-12:]}")
    if options.notify:
        notified.tell_blocked(context, judgement)
    return code


@dataclass(frozen=True, slots=True)
class _Task:
    """The suite and what it asks of the devices."""

    suite: "Suite"
    gating: "Gating"
    devices: tuple[Device, ...]
    other_items: Mapping[str, str]
    """By workload: how its items differ from those that a named baseline pins."""


def _asked(context: Context, options: _Options) -> _Task:
    """Read the suite and the lab. Raises InputError for everything that can be wrong by itself."""
    from farm.config import load_suite

    lab = context.lab()
    suite = load_suite(options.suite, lab.devices, lab.pools)
    if not suite.budgets:
        raise InputError(f"{options.suite} states no budget, so there is nothing to decide", hint="add [[budgets]]")
    gating = _gating(suite.gating, options)
    named = ",".join(dict.fromkeys(name for budget in suite.budgets for name in budget.devices))
    devices = chosen_devices(
        lab, options.device_names if options.device_names is not None else (None if options.pool else named or None), options.pool
    )
    if options.harness is not None:
        devices = [replace(device, harness=options.harness) for device in devices]
    named_sides = [texts[0] for texts in (options.candidate, options.baseline) if len(texts) == 1]
    other_items = baseline.other_items(context, suite, named_sides)
    for workload, said in other_items.items():
        say(f"{workload}: {said}")
    return _Task(suite, gating, tuple(suite.on(device) for device in devices), other_items)


def _gating(gating: "Gating", options: _Options) -> "Gating":
    """Return how the suite's budgets are tested, with what the command line says otherwise."""
    from farm import units

    if options.most_runs is not None:
        try:
            gating = gating.at_most(options.most_runs)
        except ValueError as error:
            raise InputError(f"--most-runs: {error}", hint="a block has two runs a side") from error
    if options.time_budget is not None:
        try:
            time_budget_s = units.parse(options.time_budget, units.TIME) / 1e9
        except ValueError as error:
            raise InputError(f"--time-budget: {error}") from error
        if time_budget_s <= 0:
            raise InputError(f'--time-budget: "{options.time_budget}" leaves no time to measure in', hint='such as "30 min"')
        gating = replace(gating, time_budget_s=time_budget_s)
    return gating


def _measured(context: Context, options: _Options, task: _Task) -> tuple[int, Judgement]:
    """Measure until decided."""
    from farm import calibrate, release

    suite = task.suite
    sides = gate_sides.artifacts(suite, options.candidate, options.baseline, partial(baseline.called, context))
    contests = release.contests([workload for workload, _ in suite.work], suite.budgets, suite.asked, sides)
    today = now_utc().date()
    asked = release.Asked("", task.devices, contests, suite.budgets, task.gating.plan, 0, today)
    release.refuse_unchecked(asked)
    plan = release.plan_hash(asked, options.seed)
    going_on = unfinished.same(context.data, _COMMAND, plan)
    if going_on is None:
        seed = secrets.randbits(32) if options.seed is None else options.seed
        going_on = unfinished.begin(context.data, new_id(now_utc()), _COMMAND, {"seed": seed}, plan)
    else:
        say("this very gate was begun before and did not come to its end: going on with it")
    artifacts = gate_sides.rows(contests)
    for workload in gate_sides.same_bytes(artifacts):
        say(f"{workload}: {_SAME}")
    unarmed = calibrated.unarmed(context, asked, calibrate.keys(asked.devices[0], contests))
    asked = replace(asked, gate=going_on.folder.name, seed=going_on.options["seed"], unarmed=unarmed)
    deadline_s = time.monotonic() + task.gating.time_budget_s
    out = standings.unavailable(context, asked.devices, by_name=options.device_names is not None)
    purpose = f"gate {suite.name}"
    measuring = Measuring(context, asked.seed, Provenance(__version__), options.wheel, going_on, Priority.GATE, purpose, unavailable=out)
    try:
        with measuring.sessions(asked.devices) as sessions:
            decided = release.decide(asked, rounds.measure(sessions, lambda: time.monotonic() > deadline_s))
    except KeyboardInterrupt:
        say("the same command goes on with what is left")
        raise
    runs = None if decided.numbers is None else decided.numbers.runs
    judgement = _kept(context, options, task, _Outcome(asked, decided.verdicts, decided.failures, runs, artifacts, decided.changes))
    if judgement.gate is not None:
        going_on.remove()
    return judgement.exit_code, judgement


def _stored(context: Context, options: _Options, task: _Task) -> tuple[int, Judgement]:
    """Judge what the database holds."""
    from farm import release

    suite = task.suite
    if len(options.candidate) > 1 or len(options.baseline) > 1:
        raise InputError("--stored takes one --candidate and one --baseline", hint="a revision, a SHA-256 or a model file")
    measuring = {"--seed": options.seed, "--time-budget": options.time_budget, "--wheel": options.wheel, "--harness": options.harness}
    if given := [name for name, value in measuring.items() if value is not None]:
        raise InputError(f"--stored measures nothing, so {given[0]} says nothing", hint=f"leave out {' and '.join(given)}")
    pinned = partial(baseline.called, context)
    selectors = release.Selectors(*(gate_sides.selector(text, pinned) for text in (*options.candidate, *options.baseline)))
    store = context.drained_store()
    names = [device.name for device in task.devices]
    stored = store.query("stored_runs", workloads=[workload.id for workload, _ in suite.work], devices=names)
    keys = gate_sides.workload_keys(suite, task.devices[0], [*options.candidate, *options.baseline], pinned)
    sided = release.sided(stored, selectors, keys)
    for note in sided.notes:
        say(note)
    today = now_utc().date()
    plan = task.gating.plan if sided.interleaved else replace(task.gating.plan, looks=())
    asked = release.Asked(new_id(now_utc()), task.devices, (), suite.budgets, plan, 0, today)
    unchecked = release.unchecked(sided.runs, release.blocking_workloads(suite.budgets, today))
    if unchecked:
        raise InputError(
            f"{unchecked} of the runs have outputs that were held against no reference, and a budget of their workload blocks",
            hint='give the artifacts a reference and measure again, or let the budgets only warn (severity = "warn")',
        )
    asked = replace(asked, unarmed=calibrated.unarmed(context, asked, keys))
    numbers = release.of_stored(store, sided.runs)
    verdicts = release.judged(asked, numbers, ())
    changes = release.changes(asked, numbers)
    artifacts = sided.runs.select("workload", "side", "artifact_sha256").rename({"artifact_sha256": "sha256"})
    judgement = _kept(context, options, task, _Outcome(asked, verdicts, (), sided.runs, artifacts, changes))
    return judgement.exit_code, judgement


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What was asked and what came of it, ready to be stored and shown."""

    asked: "release.Asked"
    verdicts: tuple[Verdict, ...]
    failures: "tuple[release.Failure, ...]"
    runs: "pl.DataFrame | None"
    artifacts: "pl.DataFrame"
    changes: tuple[Change, ...]


_SAME = "candidate and baseline are the same bytes"


def _warned(verdict: Verdict, other_items: Mapping[str, str], same_bytes: Sequence[str]) -> Verdict:
    """Return a verdict, warning of sides that are one, and of a quality's items that are not those which the baseline was pinned with."""
    workload, warnings = verdict.budget.workload, list(verdict.warnings)
    if workload in same_bytes:
        warnings.append(_SAME)
    if workload in other_items and verdict.budget.metric in list(Quality):
        warnings.append(other_items[workload])
    return replace(verdict, warnings=tuple(warnings))


def _kept(context: Context, options: _Options, task: _Task, outcome: _Outcome) -> Judgement:
    """Store a gate with its verdicts, and return it to be shown; a database that is held by another process keeps nobody from seeing it."""
    from farm import release

    asked = outcome.asked
    verdicts = calibrated.with_suspects(context, outcome.verdicts, [device.name for device in asked.devices])
    same = gate_sides.same_bytes(outcome.artifacts)
    outcome = replace(outcome, verdicts=tuple(_warned(verdict, task.other_items, same) for verdict in verdicts))
    code = exit_code(outcome.verdicts)
    candidate, held_against = (gate_sides.label(texts) for texts in (options.candidate, options.baseline))
    facts = release.GateFacts(
        judged_at=now_utc(),
        suite=task.suite.name,
        suite_file=gate_sides.text(options.suite),
        candidate=candidate,
        baseline=held_against,
        seed=None if options.stored else asked.seed,
        time_budget_s=None if options.stored else task.gating.time_budget_s,
        exit_code=code,
        farm_version=__version__,
        command=command_line(),
    )
    judgement = Judgement(outcome.verdicts, code, outcome.changes, candidate, held_against, facts.suite_file)
    try:
        rows = release.gate_rows(asked, facts, outcome.verdicts, outcome.failures, outcome.runs, outcome.artifacts, outcome.changes)
        context.drained_store().add(rows)
    except StoreBusy as error:
        say(f"the verdicts are not stored: {error.message}")
        say("hint: the same command judges the same runs again, and stores that")
        return judgement
    return replace(judgement, gate=asked.gate)
