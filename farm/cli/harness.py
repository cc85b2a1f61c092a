"""farm harness: the program that measures, built and listed."""

import json
from pathlib import Path
from typing import Any

import click

from farm.cli.context import Context, say
from farm.workloads import HarnessBuild

_RUNTIMES = ("executorch", "fake")


@click.group(epilog="Example: farm harness build --target host")
def harness() -> None:
    """Build and list the program that measures."""


@harness.command("build", epilog="Example: farm harness build --target android-arm64-glibc --wheel executorch-1.5.1-cp312-...-aarch64.whl")
@click.option("--target", type=click.Choice(["host", "android-arm64-glibc"]), default="host", show_default=True, help="Where it is to run.")
@click.option("--runtime", type=click.Choice(_RUNTIMES), default="executorch", show_default=True, help="What it is to run models with.")
@click.option("--wheel", type=click.Path(path_type=Path), help="ExecuTorch wheel to build with, instead of downloading it.")
@click.pass_obj
def build(context: Context, target: str, runtime: str, wheel: Path | None) -> None:
    """Build the harness, unless these very sources are built already, and print its folder."""
    from farm.harness import build as builder

    done = builder.ensure(builder.Target(target), runtime, context.writable_data(), wheel_file=wheel, on_progress=say)
    click.echo(done.folder)


@harness.command("list", epilog="Example: farm harness list --json")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def list_(context: Context, as_json: bool) -> None:
    """List what is built, for which target and runtime version."""
    from farm.harness import build as builder

    found = builder.built(context.data)
    if as_json:
        click.echo(json.dumps([_values(one) for one in found], indent=2))
        return
    if not found:
        say("no harness is built yet")
        return
    from farm.cli import draw
    from farm.publish.tables import Table

    rows = tuple((one.target, one.runtime, one.runtime_version, one.source_hash[:12], str(one.folder)) for one in found)
    draw.tables([Table("", ("target", "runtime", "version", "source hash", "folder"), rows, (0, 1, 2, 3, 4))])


def _values(one: HarnessBuild) -> dict[str, Any]:
    return {
        "target": one.target,
        "runtime": one.runtime,
        "runtime_version": one.runtime_version,
        "source_hash": one.source_hash,
        "folder": str(one.folder),
        "command": list(one.command),
    }
