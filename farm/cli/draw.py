"""Drawing results on a terminal. Text from files and devices is shown as it is, without its control characters."""

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from farm.publish.tables import Table

_NARROW = 200


def tables(given: Sequence[Table]) -> None:
    """Draw each table under its title; not wrapped when the output is no terminal."""
    console = _console()
    for table in given:
        drawn = RichTable(
            title=_plain(table.title), title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0)
        )
        for place, column in enumerate(table.columns):
            words = place in table.text_columns
            drawn.add_column(_plain(column), justify="left" if words else "right", overflow="fold", no_wrap=not words)
        for row in table.rows:
            drawn.add_row(*(_plain(cell) for cell in row))
        console.print(drawn)


def lines(title: str, given: Sequence[str]) -> None:
    """Draw a list under its title, or nothing when it is empty."""
    if given:
        console = _console()
        console.print(Text(title, style="bold"))
        for line in given:
            console.print(Text("  ") + _plain(line), soft_wrap=True)
        console.print()


def _console() -> Console:
    console = Console(highlight=False, markup=False, emoji=False)
    return console if console.is_terminal else Console(highlight=False, markup=False, emoji=False, width=_NARROW)


def _plain(text: str) -> Text:
    return Text("".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text))
