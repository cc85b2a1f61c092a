"""farm run: measure models on a device, now."""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import click

from farm import __version__, rack
from farm.cli import places, unfinished
from farm.cli.asked import (
    MOST_DECODE_TOKENS,
    MOST_SEED,
    MOST_SUSTAIN_S,
    MOST_TIMEOUT_S,
    FiniteRange,
    Options,
    as_asked,
    asked,
    check_together,
    cpu_list,
)
from farm.cli.context import Context, chosen_devices, drop_output, now_utc, say
from farm.cli.session import Done, Measuring, all_valid
from farm.errors import InputError
from farm.workloads import (
    COMPUTE_UNITS,
    COREML,
    MOST_ITERATIONS,
    USUAL_PASSES,
    Artifact,
    Device,
    ItemKind,
    Job,
    Pass,
    PassSettings,
    Provenance,
    Workload,
    new_id,
)

if TYPE_CHECKING:
    from farm.config import Suite
    from farm.publish import Results

_COMMAND = "run"
_COULD_NOT_TELL = 3
_DEFAULT_REPEATS = 5


@click.command(epilog="Example: farm run --device local model.pte --repeat 5 --threads 2 --html model.html")
@click.argument("models", nargs=-1, type=click.Path(path_type=Path), metavar="[MODEL]...")
@click.option("--suite", type=click.Path(path_type=Path), help="Workloads, passes and conditions from a suite file, instead of MODEL.")
@click.option("--device", "device_names", help="Devices to measure on, by their names in devices.toml: s25,pixel9. [default: local]")
@click.option("--pool", help="Measure on all devices of a pool of devices.toml.")
@click.option("--repeat", type=click.IntRange(1, 1000), help="Runs of each pass, each a process of its own. [default: 5, or the suite's]")
@click.option("--threads", type=click.IntRange(1, 64), default=PassSettings().threads, show_default=True, help="Threads (MODEL only).")
@click.option(
    "--cpus",
    default="",
    callback=cpu_list,
    help="CPUs to bind the measuring threads to, such as 4-7; the sampler goes to another (MODEL only).",
)
@click.option(
    "--compute-units",
    type=click.Choice(COMPUTE_UNITS),
    help="Where Core ML may compute (MODEL only, Core ML models only). [default: wherever it likes]",
)
@click.option("--passes", default=",".join(USUAL_PASSES), show_default=True, help=f"Passes to run, of {', '.join(Pass)} (MODEL only).")
@click.option(
    "--sustain",
    "sustain_s",
    type=FiniteRange(1, MOST_SUSTAIN_S),
    default=300.0,
    show_default=True,
    help="Seconds that a sustain pass works (MODEL only).",
)
@click.option(
    "--power-idle",
    "power_idle_s",
    type=FiniteRange(0.1, 3600),
    default=PassSettings().power_idle_ms / 1e3,
    show_default=True,
    help="Seconds that a power pass computes nothing before its work (MODEL only).",
)
@click.option(
    "--power-work",
    "power_work_s",
    type=FiniteRange(0.1, 3600),
    default=PassSettings().power_work_ms / 1e3,
    show_default=True,
    help="Seconds that it works (MODEL only).",
)
@click.option(
    "--iterations",
    type=click.IntRange(1, MOST_ITERATIONS),
    default=PassSettings().iterations,
    show_default=True,
    help="At least so many (MODEL only).",
)
@click.option(
    "--timeout",
    "timeout_s",
    type=FiniteRange(0, MOST_TIMEOUT_S, min_open=True),
    default=300.0,
    show_default=True,
    help="Seconds a run may take (MODEL only).",
)
@click.option("--prompt", type=click.Path(path_type=Path), help="Token ids (a JSON list): measure MODEL as a language model (MODEL only).")
@click.option(
    "--decode-tokens",
    type=click.IntRange(1, MOST_DECODE_TOKENS),
    default=64,
    show_default=True,
    help="Tokens to generate after the prompt (MODEL only).",
)
@click.option("--items", type=click.Path(path_type=Path), help="A file of items to answer: adds the quality pass (MODEL only).")
@click.option("--seed", type=click.IntRange(0, MOST_SEED), help="Seed of the order of runs. [default: a new one, stored with the session]")
@click.option("--resume", is_flag=True, help="Go on with the newest run that was killed or interrupted: only what is not done is measured.")
@click.option(
    "--revision",
    envvar=["FARM_REVISION", "GIT_COMMIT", "GITHUB_SHA", "CI_COMMIT_SHA"],
    show_envvar=True,
    help="Git revision of the model's repository.",
)
@click.option("--branch", envvar=["FARM_BRANCH", "GITHUB_REF_NAME", "CI_COMMIT_BRANCH"], show_envvar=True, help="Its branch.")
@click.option("--wheel", type=click.Path(path_type=Path), help="ExecuTorch wheel to build the harness with, instead of downloading it.")
@click.option(
    "--harness",
    type=click.Path(path_type=Path),
    help="Your own build of the harness: the program, or its folder. [default: the device's in devices.toml, else farm builds one]",
)
@click.option("--json", "as_json", is_flag=True, help="Print the session as JSON.")
@click.option("--html", type=click.Path(path_type=Path), help="Write a self-contained page.")
@click.pass_obj
def run(context: Context, /, **given: Any) -> int:  # noqa: ANN401 - click's values, typed by Options
    """Measure models, MODEL or those of a suite, on one device or on many at once.

    Every raw reading is stored; the table shows the median over runs with its interval. On a device, one job runs at a
    time, in random blocks. Ends with 3 when a job has no valid run.
    """
    options = Options(**given)
    check_together(options)
    context.writable_data()
    context.check_database()
    going_on = unfinished.newest(context.data, _COMMAND) if options.resume else None
    if going_on is not None:
        context, options = as_asked(context, options, going_on.options)
    if options.html is not None:
        places.page(options.html).check()
    task = _task(context, options)
    plan = unfinished.digest([jobs for _, jobs in task.work])
    if going_on is None:
        going_on = unfinished.begin(context.data, new_id(now_utc()), _COMMAND, asked(context, options, task.seed), plan)
    going_on.check(plan)
    for note in task.notes:
        say(note)
    provenance = Provenance(__version__, options.revision, options.branch)
    try:
        sessions = Measuring(context, task.seed, provenance, options.wheel, going_on).measure(task.work)
    except KeyboardInterrupt:
        say("what had been measured is stored; farm run --resume goes on with what is left")
        raise
    if not any(rack.left(done.jobs, done.runs) for done in sessions):
        going_on.remove()
    exit_code = _exit_code(sessions)
    if len(sessions) > 1 or sessions[0].runs:
        try:
            _show(sessions, options, exit_code)
        except BrokenPipeError:  # whoever read has gone; what the numbers came to, the exit code still says
            drop_output()
    if len(sessions) == 1 and sessions[0].failure is not None:
        raise sessions[0].failure
    say(f"database: {context.database}")
    return exit_code


def _exit_code(sessions: Sequence[Done]) -> int:
    """Return what the command ends with; the failure of the only device ends it as it would end any command."""
    if len(sessions) == 1 and sessions[0].failure is not None:
        return sessions[0].failure.exit_code
    return 0 if all(done.failure is None and all_valid(done.jobs, done.runs) for done in sessions) else _COULD_NOT_TELL


@dataclass(frozen=True, slots=True)
class _Task:
    """What is to be measured: the jobs of each device, in their order."""

    work: list[tuple[Device, list[Job]]]
    seed: int
    notes: tuple[str, ...]


def _task(context: Context, options: Options) -> _Task:
    """Read everything that can be wrong, before anything is built or measured."""
    from farm.artifacts import open_artifact
    from farm.config import load_suite

    lab = context.lab()
    devices = chosen_devices(lab, options.device_names, options.pool)
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
    repeats = options.repeat or (suite.repeats if suite else _DEFAULT_REPEATS)
    seed = secrets.randbits(32) if options.seed is None else options.seed
    return _Task([(device, rack.plan(device, work, repeats, seed)) for device in devices], seed, _notes(suite))


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


def _workload_id(artifact: Artifact) -> str:
    return PurePath(artifact.name).stem


def _notes(suite: "Suite | None") -> tuple[str, ...]:
    from farm.publish.tables import count

    if suite is None or not suite.budgets:
        return ()
    return (f"{suite.name} states {count(len(suite.budgets), 'budget')}; farm run measures and does not judge, farm gate does",)


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
        return Workload(name, passes, replace(settings, iterations=options.iterations, max_iterations=most), items=items)
    try:
        prompt = read_prompt(options.prompt)
    except ValueError as error:
        raise InputError(str(error)) from error
    return Workload(
        name, passes, replace(settings, warmup_iterations=LLM_WARMUP, decode_tokens=options.decode_tokens), prompt=prompt, items=items
    )


def _show(sessions: Sequence[Done], options: Options, exit_code: int) -> None:
    """Print the sessions and write their page."""
    from farm.cli import draw
    from farm.publish import document, tables

    results = [_results(done) for done in sessions]
    if options.as_json:
        click.echo(document.as_json(results, exit_code))
    else:
        for one in results:
            draw.tables(tables.result_tables(one, with_device=len(results) > 1))
        draw.lines("Attempts without a valid number", [line for one in results for line in tables.outcome_lines(one)])
        draw.lines("Notes", [line for one in results for line in tables.note_lines(one)])
        for one in results:
            where = f" on {one.device.name}" if len(results) > 1 else ""
            draw.lines(f"Not measured{where}", tables.absent_lines(one.runs))
    if options.html is not None:
        from farm import report

        places.page(options.html).write(report.session_page(results, exit_code))
        say(f"page: {options.html}")


def _results(done: Done) -> "Results":
    from farm import publish, summary
    from farm.store import statistics_of

    failure = None if done.failure is None else done.failure.message
    if done.session is None:
        return publish.Results(done.device, None, (), (), (), failure)
    statistics = statistics_of(done.records)
    answers = {run.id: run.answers for run in done.runs if run.answers is not None}
    lines, validity = tuple(summary.lines(statistics, answers)), tuple(summary.validity(statistics))
    return publish.Results(done.device, done.session, tuple(done.runs), lines, validity, failure)
