"""farm run: measure models on a device, now."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from farm import __version__, cooling, rack
from farm.cli import named, places, remote, unfinished
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
    duration_s,
)
from farm.cli.context import Context, drop_output, now_utc, say
from farm.cli.measuring import Done, Measuring, all_valid
from farm.cli.task import task_of
from farm.queue import Priority
from farm.workloads import COMPUTE_UNITS, MOST_ITERATIONS, USUAL_PASSES, Pass, PassSettings, Provenance, new_id

if TYPE_CHECKING:
    from farm.publish import Results

_COMMAND = "run"
_GO_ON = "farm run --resume goes on with what is left"
_COULD_NOT_TELL = 3


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
    "--duration",
    "least_s",
    type=FiniteRange(0, MOST_SUSTAIN_S),
    default=PassSettings().duration_ms / 1e3,
    show_default=True,
    help="Seconds that a latency pass goes on, at least; a profile pass ends after 500 inferences at the latest (MODEL only).",
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
@click.option(
    "--wait",
    "wait_s",
    default="0 s",
    show_default=True,
    callback=duration_s,
    help='How long to wait for a device that a farm with another data folder, or on another host, holds, such as "10 min". One of this '
    "data folder is waited for in line, for as long as it takes (farm queue).",
)
@click.option(
    "--resume",
    is_flag=False,
    flag_value="",
    metavar="[RUN]",
    help="Go on with a run that was killed or interrupted, by the beginning of its name; without one, the newest. What is done stays done.",
)
@click.option(
    "--revision",
    envvar=["FARM_REVISION", "GIT_COMMIT", "GITHUB_SHA", "CI_COMMIT_SHA"],
    show_envvar=True,
    help="Git revision of the model's repository.",
)
@click.option(
    "--branch",
    type=named.Branch(),
    metavar="TEXT",
    envvar=["FARM_BRANCH", "GITHUB_REF_NAME", "CI_COMMIT_BRANCH"],
    show_envvar=True,
    help="Its branch.",
)
@click.option("--wheel", type=click.Path(path_type=Path), help="ExecuTorch wheel to build the harness with, instead of downloading it.")
@click.option(
    "--harness",
    type=click.Path(path_type=Path),
    help="Your own build of the harness: the program, or its folder. [default: the device's in devices.toml, else farm builds one]",
)
@click.option(
    "--cluster",
    metavar="tls://HOST:PORT",
    help="The scheduler where other hosts meet, for devices that hang on them. [default: [cluster] scheduler of devices.toml]",
)
@click.option("--json", "as_json", is_flag=True, help="Print the session as JSON.")
@click.option("--html", type=click.Path(path_type=Path), help="Write a self-contained page.")
@click.pass_obj
def run(context: Context, /, **given: Any) -> int:  # noqa: ANN401 - click's values, typed by Options
    """Measure models, MODEL or those of a suite, on one device or on many at once.

    Every raw reading is stored; the table shows the median over runs with its interval. On a device, one job runs at a
    time, in random blocks. Ends with 3 when a job has no valid run. A device that a gate or a nightly of this data folder holds is had
    after its current run; an earlier farm run is waited for. SIGTERM ends it after the current run, a second one at once, both with 130.
    """
    options = Options(**given)
    check_together(options)
    context.writable_data()
    context.check_database()
    going_on = None if options.resume is None else unfinished.chosen(context.data, _COMMAND, options.resume)
    if going_on is not None:
        context, options = as_asked(context, options, going_on.options)
    if options.html is not None:
        places.page(options.html).check()
    task = task_of(context, options, None if going_on is None else going_on.options.get("fresh_runs", []))
    plan = unfinished.digest([jobs for _, jobs in task.work])
    if going_on is None:
        names = ",".join(device.name for device, _ in task.work)
        measured = replace(options, device_names=names, pool=None)  # whatever becomes of the pool meanwhile
        written = asked(context, measured, task.seed) | {"fresh_runs": task.fresh_runs}
        going_on = unfinished.begin(context.data, new_id(now_utc()), _COMMAND, written, plan)
    going_on.check(plan)
    for note in task.notes:
        say(note)
    provenance = Provenance(__version__, options.revision, options.branch)
    try:
        measuring = Measuring(
            context, task.seed, provenance, options.wheel, going_on, Priority.AD_HOC, _COMMAND, options.wait_s, again=_GO_ON
        )
        with remote.cluster(context, options.cluster, [device for device, _ in task.work]) as elsewhere:
            sessions = replace(measuring, elsewhere=elsewhere).measure(task.work)
    except KeyboardInterrupt:
        say(f"what had been measured is stored; {_GO_ON}")
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
    _say_cooled(sessions)
    say(f"database: {context.database}")
    return exit_code


def _say_cooled(sessions: Sequence[Done]) -> None:
    """Say how long each device was waited for to cool down."""
    for done in sessions:
        if (cooled := cooling.of_runs(done.runs)) is not None and cooled.waited_s >= 1:
            say(f"{done.device.name} {cooled.sentence}")


def _exit_code(sessions: Sequence[Done]) -> int:
    """Return what the command ends with; the failure of the only device ends it as it would end any command."""
    if len(sessions) == 1 and sessions[0].failure is not None:
        return sessions[0].failure.exit_code
    return 0 if all(done.failure is None and all_valid(done.jobs, done.runs) for done in sessions) else _COULD_NOT_TELL


def _show(sessions: Sequence[Done], options: Options, exit_code: int) -> None:
    """Print the sessions and write their page."""
    from farm.cli import draw
    from farm.publish import document, operators, tables

    results = [_results(done) for done in sessions]
    if options.as_json:
        click.echo(document.as_json(results, exit_code))
    else:
        for one in results:
            draw.tables(tables.result_tables(one, with_device=len(results) > 1))
            for profile in one.profiles:
                draw.tables(operators.tables(profile))
                draw.lines("What a profile says", operators.profile_lines(profile, operators.latency_of(profile, one.lines)))
        draw.lines("Attempts without a valid number", [line for one in results for line in tables.outcome_lines(one)])
        for one in results:
            where = f" on {one.device.name}" if len(results) > 1 else ""
            draw.lines(f"Notes{where}", tables.note_lines(one))
            draw.lines(f"Not measured{where}", tables.absent_lines(one.runs))
    if options.html is not None:
        from farm import report

        places.page(options.html).write(report.session_page(results, exit_code))
        say(f"page: {options.html}")


def _results(done: Done) -> "Results":
    from farm import profiles, publish, summary
    from farm.store import rows_of, statistics_of

    failure = None if done.failure is None else done.failure.message
    if done.session is None:
        return publish.Results(done.device, None, (), (), (), failure)
    statistics = statistics_of(done.records)
    answers = {run.id: run.answers for run in done.runs if run.answers is not None}
    lines, validity = tuple(summary.lines(statistics, answers)), tuple(summary.validity(statistics))
    found: tuple[profiles.Profile, ...] = ()
    if any(run.operators for run in done.runs):
        rows = rows_of(done.records, {"profiles": {"run_ids": None}})["profiles"]
        found = profiles.together(profiles.profiles(rows.iter_rows(named=True)))
    return publish.Results(done.device, done.session, tuple(done.runs), lines, validity, failure, found)
