"""farm config: checking configuration files."""

from pathlib import Path

import click

from farm.cli.context import Context
from farm.errors import ConfigError, FarmError
from farm.publish.tables import count


@click.group(epilog="Example: farm config check suite.toml")
def config() -> None:
    """Check configuration files."""


@config.command("check", epilog="Example: farm --devices devices.toml config check suite.toml")
@click.argument("suites", nargs=-1, type=click.Path(path_type=Path), metavar="[SUITE]...")
@click.pass_obj
def check(context: Context, suites: tuple[Path, ...]) -> None:
    """Check devices.toml and the given suites: every problem of every file at once."""
    from farm.artifacts import open_artifact
    from farm.config import load_lab, load_suite

    problems: list[str] = []
    found: list[str] = []
    lab = load_lab(None)
    try:
        lab = context.lab()
        found.append(f"devices: {count(len(lab.devices), 'device')}, {count(len(lab.pools), 'pool')}")
    except ConfigError as error:
        problems += error.problems
    for path in suites:
        try:
            suite = load_suite(path, lab.devices, lab.pools)
            for artifact in dict.fromkeys(path for _, path in suite.work):
                try:
                    open_artifact(artifact)
                except FarmError as error:
                    problems.append(f"{path}: {error.message}")
            found.append(
                f"{path}: {count(len(suite.work), 'workload')}, {count(len(suite.budgets), 'budget')}, {count(suite.repeats, 'repeat')}"
            )
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(problems)
    click.echo("\n".join(found))
