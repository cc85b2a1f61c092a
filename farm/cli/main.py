"""The command itself: its global options, its commands, and errors as sentences with their exit codes."""

import atexit
import errno
import gc
import importlib
import logging
import signal
import sys
from pathlib import Path

import click

from farm import __version__
from farm.cli.context import Context, PlainLog, drop_output, output_goes, say
from farm.errors import ConfigError, FarmError, InputError, StoreError

_INTERRUPTED = 130
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)

_COMMANDS = {
    "run": "farm.cli.run:run",
    "devices": "farm.cli.devices:devices",
    "cluster": "farm.cli.cluster:cluster",
    "doctor": "farm.cli.doctor:doctor",
    "queue": "farm.cli.queue:command",
    "top": "farm.cli.top:command",
    "logs": "farm.cli.logs:command",
    "runs": "farm.cli.inspect:runs",
    "show": "farm.cli.inspect:show",
    "sql": "farm.cli.inspect:sql",
    "nightly": "farm.cli.nightly:command",
    "gate": "farm.cli.gate:gate",
    "explain": "farm.cli.explain:explain",
    "calibrate": "farm.cli.calibrate:calibrate",
    "budgets": "farm.cli.budgets:budgets",
    "canary": "farm.cli.canary:command",
    "bisect": "farm.cli.bisect:command",
    "compare": "farm.cli.compare:compare",
    "recover": "farm.cli.inspect:recover",
    "db": "farm.cli.db:db",
    "detect": "farm.cli.detect:detect",
    "track": "farm.cli.track:track",
    "ack": "farm.cli.ack:ack",
    "baseline": "farm.cli.baseline:baseline",
    "report": "farm.cli.report:report",
    "notify": "farm.cli.notify:notify",
    "metrics": "farm.cli.metrics:metrics",
    "import": "farm.cli.exchange:import_",
    "export": "farm.cli.exchange:export",
    "harness": "farm.cli.harness:harness",
    "artifacts": "farm.cli.artifacts:artifacts",
    "config": "farm.cli.config:config",
}
_HELP = {
    "run": "Measure models on devices.",
    "devices": "List the devices of the lab.",
    "cluster": "Drive the phones of several hosts: keys, scheduler, workers.",
    "doctor": "Say what works on this host, what is missing and how to get it.",
    "queue": "Show who measures on each device and who waits for it; take a request back.",
    "top": "Watch the rack, the queue and what each device does.",
    "logs": "Tell what happened on a device, or to a run, in order.",
    "runs": "List measured runs, newest first.",
    "show": "Show everything known of one run.",
    "sql": "Ask the database a question of your own (reading only).",
    "nightly": "Measure a night of a rack, and finish what was begun: the command for a timer.",
    "gate": "Measure a candidate against a baseline until every budget is decided.",
    "explain": "Show what a verdict rests on: its runs, exclusions, numbers and formula.",
    "calibrate": "Measure how the numbers of devices scatter while nothing changes.",
    "canary": "Say whether devices are still what they were.",
    "bisect": "Find the revision that made a number worse.",
    "budgets": "Propose budgets from what was measured.",
    "compare": "Compare two files of runs, and say whether the second is within a budget.",
    "recover": "Put runs that wait in the journal into the database.",
    "db": "Keep the database: backup, restore, prune, merge, check.",
    "detect": "Find where series of numbers change their level.",
    "track": "Say what changed in the history of a branch, and what has gone missing.",
    "ack": "Say that a finding of farm track is known, until a day.",
    "baseline": "Pin what a release is held against: artifacts, items and harness.",
    "report": "Write pages: a nightly, a gate, a device, a comparison, a history, or a site of them.",
    "notify": "Say where messages go, try them, and send again what was not taken.",
    "metrics": "Print or serve what a monitoring system (Prometheus) is told.",
    "import": "Read numbers that other tools measured.",
    "export": "Write stored runs for other tools.",
    "harness": "Build and list the program that measures.",
    "artifacts": "Build and check model files.",
    "config": "Check configuration files.",
}


class _Lazy(click.Group):
    """A group that imports a command when it is called, not when the list of commands is shown."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, _, name = _COMMANDS[cmd_name].partition(":")
        gc.disable()  # what is imported stays: to look for garbage among it took a sixth of a short command's time
        command: click.Command = getattr(importlib.import_module(module), name)
        gc.freeze()
        gc.enable()
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in _COMMANDS and not args[0].startswith("-"):
            from farm.config import nearest

            raise click.UsageError(f'there is no command "{args[0]}"{nearest(args[0], _COMMANDS)}', ctx)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:  # `farm runs | head`: the reader has seen enough; click would end with 1, which is a bug of farm
            drop_output()
            return 0

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_HELP.items()))


@click.group(
    cls=_Lazy,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="Example: farm run --device local model.pte",
)
@click.version_option(__version__, prog_name="farm")
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(".farm"),
    show_default=True,
    envvar="FARM_DATA",
    show_envvar=True,
    help="Folder of the database, journal, harness builds and pages.",
)
@click.option(
    "--devices",
    type=click.Path(path_type=Path),
    envvar="FARM_DEVICES",
    show_envvar=True,
    help="The lab's devices.toml. [default: ./devices.toml where there is one, else only this machine]",
)
@click.option("-v", "--verbose", count=True, help="Say more on stderr; twice: every command sent to a device.")
@click.pass_context
def farm(ctx: click.Context, data: Path, devices: Path | None, verbose: int) -> None:
    """Measure quantised models on real devices, and say what got slower, bigger or worse.

    Exit codes: 0 in budget, 4 out of budget, 3 could not tell, 2 wrong input, 130 interrupted, 1 a bug of farm.
    """
    level = {0: logging.WARNING, 1: logging.INFO}.get(verbose, logging.DEBUG)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(PlainLog("farm: %(message)s"))
    logging.basicConfig(level=min(level + 10, logging.ERROR), handlers=[handler])  # libraries say less
    logging.getLogger("farm").setLevel(level)
    ctx.obj = Context(data, devices)


def _hear_stops() -> None:
    """Have a stopped service, and a terminal that closes unless under nohup, leave the device as an interrupt does."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.default_int_handler)


def main() -> None:
    """Run the command and end the process with its exit code."""
    atexit.register(gc.freeze)  # the process ends: nothing is looked through once more
    _hear_stops()
    try:
        sys.exit(farm.main(standalone_mode=False, prog_name="farm"))
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        sys.exit(2)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (KeyboardInterrupt, click.Abort):
        say("interrupted")
        sys.exit(_INTERRUPTED)
    except ConfigError as error:
        for problem in error.problems:
            say(problem)
        if error.hint:
            say(f"hint: {error.hint}")
        sys.exit(error.exit_code)
    except FarmError as error:
        say(error.message)
        if error.hint:
            say(f"hint: {error.hint}")
        sys.exit(error.exit_code)
    except OSError as error:
        where = error.filename2 or error.filename
        if error.errno not in _NO_ROOM:
            if where is None:
                raise
            say(f"{where}: {error.strerror}")
            sys.exit(InputError.exit_code)
        if not output_goes():
            drop_output()
            say(f"the output cannot be written: {error.strerror}; runs that had ended are stored")
            sys.exit(InputError.exit_code)
        say(f"there is no room left on the disk{f' for {where}' if where else ''}; runs that had ended are stored")
        say("hint: make room, or name another data folder with --data")
        sys.exit(StoreError.exit_code)
