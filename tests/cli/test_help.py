"""Every command explains itself, and stands in the README."""

import click
import pytest

from farm.cli.main import farm as group
from tests.conftest import ROOT


def all_commands(command: click.Command, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], click.Command]]:
    found = [(path, command)] if path else []
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None
            found += all_commands(child, (*path, name))
    return found


@pytest.mark.parametrize(("path", "command"), all_commands(group), ids=lambda value: " ".join(value) if isinstance(value, tuple) else "")
def test_every_command_has_help_with_an_example_and_stands_in_the_readme(path: tuple[str, ...], command: click.Command) -> None:
    assert command.help
    assert command.epilog
    assert command.epilog.startswith("Example: farm ")
    if not isinstance(command, click.Group):
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, f"{path}: {parameter.name}"
        assert f"farm {' '.join(path)}" in (ROOT / "README.md").read_text()
