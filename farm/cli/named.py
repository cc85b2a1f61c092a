"""Names that are given on the command line."""

from typing import Any

import click


class Branch(click.ParamType[str]):
    """The name of a branch."""

    name = "branch"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:  # noqa: ANN401 - click's
        """Return the name; an empty one is a variable that was not set, and names nothing."""
        if not str(value).strip():
            self.fail("a branch has a name, and this one is empty", param, ctx)
        return str(value)
