"""farm nightly: what a lab starts from a timer and trusts."""

from pathlib import Path
from typing import Any

import click

from farm.cli import named
from farm.cli.context import Context, plain, say
from farm.cli.nightly_book import Book
from farm.cli.nightly_clock import Clock, Watch, machine_clock
from farm.cli.nightly_dry import show_plan
from farm.cli.nightly_night import Night, close_abandoned
from farm.cli.nightly_open import Asked, doubts, edited, file_of, held, nothing_due, opened, preview, tonight
from farm.cli.nightly_steps import Steps, usual_steps
from farm.nights import Step


@click.command("nightly", epilog="Example: farm nightly --suite suite.toml --pool rack, from a timer; --dry-run shows the plan")
@click.option("--suite", type=click.Path(path_type=Path), required=True, help="The suite; its [schedule] says what is due when.")
@click.option("--pool", help="A pool of devices.toml. [default: the schedule's]")
@named.branch_option("Whose history the night belongs to.")
@click.option(
    "--revision",
    envvar=["FARM_REVISION", "GIT_COMMIT", "GITHUB_SHA", "CI_COMMIT_SHA"],
    show_envvar=True,
    help="Git revision of the model's repository.",
)
@click.option("--dry-run", is_flag=True, help="Show what would be measured, in which order, and how long it would take; measure nothing.")
@click.option("--trust-clock", is_flag=True, help="The clock is right, and what is stored as of later was stored by a wrong one.")
@click.option("--wheel", type=click.Path(path_type=Path), help="ExecuTorch wheel to build the harness with, instead of downloading it.")
@click.pass_obj
def command(context: Context, /, **given: Any) -> int:  # noqa: ANN401 - click's values
    """Measure a night: health checks, canary, plan, measure, track, report, notify. The same command finishes what was begun.

    What should be measured is written down before anything is: an expected job ends with a valid run, or with the reason why there is
    none. A night is named after the day that it begins on, at the schedule's hour and in its time zone; 23:30 and 02:00 are of one night.
    Killed at any point and started again, the same night goes on, and nothing is measured twice; when it has come to its end, only what
    failed after measuring (report, notices) is done again. It goes by the suite as it was when the night was opened. While it goes on, a
    second one ends with 3 and says who is at work.

    Exit codes: 0 nothing new, or nothing due; 4 a regression is there for sure, and nobody has acknowledged it; 3 a job has no valid run,
    something is missing, fresh runs are waited for, another nightly is at work, the clock cannot be believed, or the report or the notice
    failed; 2 wrong input, or no room on the disk; 130 interrupted: start it again.
    """
    asked = Asked(given["suite"], given["pool"], given["branch"], given["revision"], given["wheel"], trust_clock=given["trust_clock"])
    if given["dry_run"]:
        return dry_run(context, asked, machine_clock())
    return run(context, asked, machine_clock(), usual_steps())


def dry_run(context: Context, asked: Asked, clock: Clock) -> int:
    """Show what the night would measure."""
    found = preview(context, Book(context, clock), asked)
    if found.expected:
        show_plan(found.headline, found.expected, found.times, found.time_budget_s)
    else:
        click.echo(plain(found.headline))
    for workload, why in found.lost.items():
        say(f"{workload} could not be measured: {why}")
    return 3 if found.lost else 0


def run(context: Context, asked: Asked, clock: Clock, steps: Steps) -> int:
    """Measure the night that it is, or go on with it, and return its exit code."""
    context.writable_data()
    context.check_database()
    book = Book(context, clock)
    file = file_of(context, book, asked)
    with held(context, file):
        book.drain()
        odd = doubts(book, asked)
        found = tonight(book, file)
        for before in found.abandoned:
            odd.append(close_abandoned(context, book, before))
        if found.step is Step.NOTHING_DUE:
            for noticed in odd:
                say(noticed)
            click.echo(plain(nothing_due(file, found.slot)))
            return 0
        if found.stored is not None and (words := edited(file, found.stored)) is not None:
            odd.append(words)
        stored = found.stored or opened(context, book, asked, file, found.slot)
        began = clock.read()
        steady = Book(context, clock.steady(began))
        return Night(context, steady, steps, stored, asked.wheel, odd, began, Watch(clock, began)).run()
