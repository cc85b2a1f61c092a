"""farm calibrate: how the numbers of a device scatter while nothing changes."""

import json
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from farm import __version__, rack
from farm.cli import gate_sides, standings, unfinished
from farm.cli.asked import MOST_SEED
from farm.cli.context import Context, command_line, now_utc, say
from farm.cli.measuring import Done, Measuring
from farm.errors import InputError
from farm.queue import Priority
from farm.verdicts import Noise, Plan
from farm.workloads import Device, Provenance, new_id

if TYPE_CHECKING:
    from farm.config import Suite
    from farm.publish.tables import Table
    from farm.rack import Contest

_COMMAND = "calibrate"
_COULD_NOT_TELL = 3
_A_SIDE = 2
_FEWEST_RUNS = 8


@dataclass(frozen=True, slots=True)
class _Options:
    """What was given on the command line."""

    suite: Path
    device_names: str | None
    pool: str | None
    runs: int
    sessions: int
    seed: int | None
    wheel: Path | None
    harness: Path | None
    as_json: bool


@dataclass(frozen=True, slots=True)
class _Task:
    """What is to be measured: so many blocks of the contests, on each device, in each session."""

    suite: "Suite"
    devices: tuple[Device, ...]
    contests: "tuple[Contest, ...]"
    blocks: tuple[range, ...]


@click.command(epilog="Example: farm calibrate --device s25 --suite suite.toml")
@click.option("--suite", type=click.Path(path_type=Path), required=True, help="The suite whose workloads and passes to measure.")
@click.option("--device", "device_names", help="Devices to calibrate. [default: local]")
@click.option("--pool", help="Calibrate all devices of a pool of devices.toml.")
@click.option("--runs", type=click.IntRange(_FEWEST_RUNS, 1000), default=20, show_default=True, help="Runs a side, over all sessions.")
@click.option("--sessions", type=click.IntRange(1, 100), default=2, show_default=True, help="Sessions: between two, the device is let go.")
@click.option("--seed", type=click.IntRange(0, MOST_SEED), help="Seed of the order of runs. [default: a new one, stored]")
@click.option("--wheel", type=click.Path(path_type=Path), help="ExecuTorch wheel to build the harness with, instead of downloading it.")
@click.option("--harness", type=click.Path(path_type=Path), help="Your own build of the harness, as for farm run.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def calibrate(context: Context, /, **given: Any) -> int:  # noqa: ANN401 - click's values, typed by _Options
    """Measure each artifact of the suite against itself, as farm gate measures, and store how its numbers scatter.

    farm gate then arms a relative budget only where that noise lets it be decided, and farm budgets suggest proposes budgets. The
    newest calibration of a device, workload (with its settings and inputs) and metric holds: calibrate again after an update of the
    system, and when the device is moved. Ends with 3 when a device could not be measured to the end. After a kill, the same command
    goes on.
    """
    options = _Options(**given)
    context.writable_data()
    context.check_database()
    task = _task(context, options)
    facts, sessions = _measured(context, options, task)
    from farm import calibrate as calibration

    records = [record for one in sessions for record in one.records]
    noises = calibration.noises(records)
    context.drained_store().add(calibration.rows(facts, noises, records))
    unfinished.forget(context.data, facts.id)
    failures = [f"{one.device.name}: {one.failure.message}" for one in sessions if one.failure is not None]
    failures += [f"{one.device.name}: {one.lost.reason}" for one in sessions if one.lost is not None]
    code = _COULD_NOT_TELL if failures or not noises else 0
    if options.as_json:
        document = {"calibration": facts.id, "exit_code": code, "failures": failures, "noises": [asdict(noise) for noise in noises]}
        click.echo(json.dumps(document, indent=2, ensure_ascii=False))
        return code
    _show(noises, task.suite.gating.plan, failures)
    return code


def _task(context: Context, options: _Options) -> _Task:
    """Read everything that can be wrong, before anything is built or measured."""
    from farm import calibrate as calibration
    from farm.artifacts import open_artifact
    from farm.config import load_suite

    per_session, rest = divmod(options.runs, _A_SIDE * options.sessions)
    if rest or per_session < 1:
        raise InputError(
            f"{options.runs} runs a side are no whole blocks in {options.sessions} sessions",
            hint=f"a block has two runs a side: --runs {max(_FEWEST_RUNS, _A_SIDE * options.sessions)}, or another multiple",
        )
    lab = context.lab()
    suite = load_suite(options.suite, lab.devices, lab.pools)
    devices = [suite.on(device) for device in standings.chosen(context, options.device_names, options.pool)]
    if options.harness is not None:
        devices = [replace(device, harness=options.harness) for device in devices]
    work = [(workload, open_artifact(path)) for workload, path in suite.work]
    contests = calibration.contests(work, suite.budgets, suite.asked)
    if not contests:
        raise InputError(f"{options.suite} asks for nothing that scatters", hint="state passes, or budgets of runs")
    blocks = tuple(range(number * per_session, (number + 1) * per_session) for number in range(options.sessions))
    return _Task(suite, tuple(devices), contests, blocks)


def _measured(context: Context, options: _Options, task: _Task) -> "tuple[Any, list[Done]]":
    """Measure all sessions, and return what is known of the calibration, and what came of each session on each device."""
    from farm import calibrate as calibration

    every = range(task.blocks[-1].stop)
    alike = [rack.plan_blocks(device, task.contests, every, "", 0) for device in task.devices]
    plan = unfinished.digest([*alike, *([] for _ in task.blocks)]) + f" {options.seed}"
    going_on = unfinished.same(context.data, _COMMAND, plan)
    if going_on is None:
        seed = secrets.randbits(32) if options.seed is None else options.seed
        going_on = unfinished.begin(context.data, new_id(now_utc()), _COMMAND, {"seed": seed}, plan)
    else:
        say("this very calibration was begun before and did not come to its end: going on with it")
    identity, seed = going_on.folder.name, going_on.options["seed"]
    measuring = Measuring(context, seed, Provenance(__version__), options.wheel, going_on, Priority.GATE, f"calibrate {task.suite.name}")
    sessions: list[Done] = []
    for blocks in task.blocks:
        jobs = {device.name: rack.plan_blocks(device, task.contests, blocks, identity, seed) for device in task.devices}
        try:
            with measuring.sessions(task.devices) as opened:
                opened.measure(jobs)
        except KeyboardInterrupt:
            say("the same command goes on with what is left")
            raise
        sessions += opened.done
    suite_file = gate_sides.text(options.suite)
    return calibration.Facts(identity, now_utc(), task.suite.name, suite_file, seed, __version__, command_line()), sessions


def _show(noises: Sequence[Noise], plan: Plan, failures: Sequence[str]) -> None:
    from farm.cli import draw

    draw.tables([_table(noises, plan)])
    outside = [noise for noise in noises if noise.ratio.low is not None and not noise.ratio.low <= 1 <= (noise.ratio.high or 1)]
    notes = [f"not measured to the end: {failure}" for failure in failures]
    if outside:
        names = ", ".join(f"{noise.device} {noise.workload} {noise.metric}" for noise in outside)
        notes.append(
            f"{len(outside)} of {len(noises)} intervals leave out no change, though both sides are the same bytes: {names}; "
            "one in twenty does so by chance"
        )
    draw.lines("Notes", notes)


_PROMISED = (0.01, 0.03, 0.05)


def _table(noises: Sequence[Noise], plan: Plan) -> "Table":
    from farm import gate
    from farm.gate import words
    from farm.publish.tables import Table
    from farm.verdicts import Budget

    def needed(noise: Noise, promise: float) -> str:
        return str(gate.runs_needed(noise.deviation, Budget(noise.workload, noise.metric, noise.statistic, max_regression=promise), plan))

    rows = tuple(
        (
            noise.device,
            Budget(noise.workload, noise.metric, noise.statistic, max_regression=0.0).name,
            f"{100 * noise.deviation:.2g} %",
            str(noise.runs),
            words.ratio_interval(noise.ratio),
            *(needed(noise, promise) for promise in _PROMISED),
        )
        for noise in noises
    )
    wanted = tuple(f"runs for {100 * promise:g} %" for promise in _PROMISED)
    columns = ("device", "number", "a run scatters by", "runs a side", "one side over the other", *wanted)
    return Table("Noise", columns, rows, (0, 1), (3, 4))
