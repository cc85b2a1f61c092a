"""Drawing results on a terminal. Text from files and devices is shown as it is, without its control characters."""

from collections.abc import Sequence

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from farm.cli.context import plain
from farm.publish.tables import Table

_ENDLESS = 1_000_000
"""Columns of an output that is no terminal: nothing is wrapped or left out there."""
_BETWEEN, _EDGES = 2, 2
"""What the frame takes, in characters: between two columns, and at both ends of a line."""
_PROSE, _WORD = 20, 40
"""A column of words may be wrapped to so many characters, but words are kept whole up to the second number."""


def tables(given: Sequence[Table], console: Console | None = None) -> None:
    """Draw each table under its title; not wrapped when the output is no terminal.

    On a narrow terminal, words are wrapped first; then a table's expendable columns are left out, in their order, and that is
    said; a table that is too wide even so is drawn as one block for each row. No column is squeezed until it says nothing.
    """
    console = console or _console()
    for table in given:
        if table.title:
            console.print(_plain(table.title), style="bold")
        kept, widths = _fitted(table, console.width - _EDGES)
        if widths is None:
            _blocks(console, table)
            continue
        drawn = _frame()
        for place, width in zip(kept, widths, strict=True):
            words = place in table.text_columns
            drawn.add_column(_plain(table.columns[place]), justify="left" if words else "right", overflow="fold", width=width)
        for row in table.rows:
            drawn.add_row(*(_plain(row[place]) for place in kept))
        console.print(drawn)
        if left_out := [name for place, name in enumerate(table.columns) if place not in kept]:
            console.print(_plain(f"Left out on so narrow a terminal: {', '.join(left_out)}"), style="dim")
            console.print()


def lines(title: str, given: Sequence[str]) -> None:
    """Draw a list under its title, or nothing when it is empty."""
    if given:
        console = _console()
        console.print(_plain(title), style="bold")
        for line in given:
            console.print(Text("  ") + _plain(line), soft_wrap=True)
        console.print()


def _fitted(table: Table, room: int) -> tuple[list[int], list[int] | None]:
    """Return the places of the columns to draw in so many characters, and their widths; None: they do not fit."""
    kept = list(range(len(table.columns)))
    expendable = list(table.expendable)
    while True:
        cells = [[table.columns[place], *(row[place] for row in table.rows)] for place in kept]
        wanted = [max(map(cell_len, column)) for column in cells]
        least = [
            _least(column, width) if place in table.text_columns else width
            for place, column, width in zip(kept, cells, wanted, strict=True)
        ]
        spare = room - sum(least) - _BETWEEN * (len(kept) - 1)
        if spare >= 0:
            return kept, _shared(least, wanted, spare)
        if not expendable:
            return list(range(len(table.columns))), None
        kept.remove(expendable.pop(0))


def _least(column: Sequence[str], wanted: int) -> int:
    """Return to how many characters a column of words may be wrapped."""
    longest_word = max((cell_len(word) for cell in column for word in cell.split()), default=0)
    return min(wanted, max(_PROSE, min(longest_word, _WORD)))


def _shared(least: Sequence[int], wanted: Sequence[int], spare: int) -> list[int]:
    """Return widths between least and wanted; what is spare goes to those that lack least first."""
    widths = list(least)
    lacking = sorted(range(len(least)), key=lambda place: wanted[place] - least[place])
    for served, place in enumerate(lacking):
        given = min(wanted[place] - least[place], spare // (len(lacking) - served))
        widths[place] += given
        spare -= given
    return widths


def _blocks(console: Console, table: Table) -> None:
    """Draw each row as a table of its own: the names of the columns, and its cells."""
    for row in table.rows:
        drawn = _frame(headed=False)
        drawn.add_column(overflow="fold", no_wrap=True, style="dim")
        drawn.add_column(overflow="fold")
        for name, cell in zip(table.columns, row, strict=True):
            if cell:
                drawn.add_row(_plain(name), _plain(cell))
        console.print(drawn)


def _frame(*, headed: bool = True) -> RichTable:
    return RichTable(box=box.SIMPLE_HEAD, show_header=headed, pad_edge=False, padding=(0, 1, 0, 0))


class _Console(Console):
    def on_broken_pipe(self) -> None:
        raise  # noqa: PLE0704 - called while the error is handled: how the process ends is not this library's decision


def _console() -> Console:
    console = _Console(highlight=False, markup=False, emoji=False)
    return console if console.is_terminal else _Console(highlight=False, markup=False, emoji=False, width=_ENDLESS)


def _plain(text: str) -> Text:
    return Text(plain(text))
