"""Branches and days as they are named on the command line."""

from collections.abc import Callable
from datetime import date
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


def branch_option(words: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return the option --branch of commands that look at one branch's history; words is its help."""
    return click.option("--branch", type=Branch(), metavar="TEXT", envvar="FARM_BRANCH", default="main", show_default=True, help=words)


class Day(click.ParamType[date]):
    """A day, written 2026-12-31."""

    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:  # noqa: ANN401 - click's
        """Return the day."""
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail(f'"{value}" is no day; write 2026-12-31', param, ctx)
