"""farm config: checking configuration files."""

from pathlib import Path

import click

from farm import units
from farm.cli.context import Context, tell
from farm.errors import ConfigError, FarmError

_Names = tuple[tuple[str, ...], dict[str, tuple[str, ...]]]


@click.group(epilog="Example: farm config check suite.toml")
def config() -> None:
    """Check configuration files."""


@config.command("check", epilog="Example: farm --devices devices.toml config check suite.toml")
@click.argument("suites", nargs=-1, type=click.Path(path_type=Path), metavar="[SUITE]...")
@click.pass_obj
def check(context: Context, suites: tuple[Path, ...]) -> None:
    """Check devices.toml and the given suites: every problem of every file at once."""
    problems: list[str] = []
    found: list[str] = []
    names = _named_in_the_lab(context, problems, found)
    for path in suites:
        if names is None:
            problems.append(f"{path}: not checked, since the devices that it may name are not known")
        else:
            _check_suite(path, *names, problems, found)
    if problems:
        raise ConfigError(problems)
    for line in found:
        tell(line)


def _named_in_the_lab(context: Context, problems: list[str], found: list[str]) -> _Names | None:
    """Return what suites may name, also where devices.toml has other problems; None when it is no TOML at all."""
    from farm.config import stated_names

    names = None
    try:
        names = stated_names(context.devices_file())
        lab = context.lab()
    except ConfigError as error:
        problems += error.problems
    else:
        found.append(f"devices: {units.counted(len(lab.devices), 'device')}, {units.counted(len(lab.pools), 'pool')}")
    return names


def _check_suite(path: Path, devices: tuple[str, ...], pools: dict[str, tuple[str, ...]], problems: list[str], found: list[str]) -> None:
    from farm.artifacts import open_artifact
    from farm.config import load_suite

    try:
        suite = load_suite(path, devices, pools)
    except ConfigError as error:
        problems += error.problems
        return
    for artifact in dict.fromkeys(path for _, path in suite.work):
        try:
            open_artifact(artifact)
        except FarmError as error:
            problems.append(f"{path}: {error.message}")
    parts = (
        units.counted(len(suite.work), "workload"),
        units.counted(len(suite.budgets), "budget"),
        units.counted(suite.repeats, "repeat"),
    )
    found.append(f"{path}: {', '.join(parts)}")
