"""farm harness: the program that measures, built and listed."""

import json
from pathlib import Path
from typing import Any

import click

from farm.cli.context import Context, say
from farm.errors import InputError
from farm.workloads import COREML, HarnessBuild

_RUNTIMES = ("executorch", "fake", COREML)
_IOS = "ios"


@click.group(epilog="Example: farm harness build --target host")
def harness() -> None:
    """Build and list the program that measures."""


@harness.command("build", epilog="Example: farm harness build --target android-arm64-glibc --wheel executorch-1.5.1-cp312-...-aarch64.whl")
@click.option(
    "--target", type=click.Choice(["host", "android-arm64-glibc", _IOS]), default="host", show_default=True, help="Where it is to run."
)
@click.option(
    "--runtime",
    "runtimes",
    type=click.Choice(_RUNTIMES),
    multiple=True,
    help="What it is to run models with; an app takes several. [default: executorch; ios: executorch and coreml]",
)
@click.option("--wheel", type=click.Path(path_type=Path), help="ExecuTorch wheel to build with, instead of downloading it.")
@click.option("--executorch", type=click.Path(path_type=Path), help="ios: where an ExecuTorch that was built for iOS is installed.")
@click.option("--executorch-version", default="unknown", show_default=True, help="ios: which version that is.")
@click.option("--entitlements", type=click.Path(path_type=Path), help="ios: an entitlements file, such as for a higher memory limit.")
@click.pass_obj
def build(context: Context, /, target: str, runtimes: tuple[str, ...], wheel: Path | None, **of_ios: Any) -> None:  # noqa: ANN401 - click's
    """Build the harness, unless these very sources are built already, and print its folder.

    For ios: the app, on a Mac with Xcode, signed by the team that devices.toml states under [signing], anew each time.
    """
    from farm.harness import build as builder

    if target == _IOS:
        from farm.harness import xcode

        signing = context.lab().signing
        app = xcode.App(runtimes or xcode.RUNTIMES, team=signing.team, bundle=signing.bundle, **of_ios)
        click.echo(xcode.ensure(app, context.data, on_progress=say))
        return
    if COREML in runtimes:
        raise InputError("Core ML runs in the app for iPhones only", hint="farm harness build --target ios --runtime coreml, on a Mac")
    if len(runtimes) > 1:
        raise InputError("a program holds one runtime", hint="only the app for iPhones (--target ios) takes several")
    runtime = runtimes[0] if runtimes else _RUNTIMES[0]
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
