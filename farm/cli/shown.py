"""Where a judgement goes: the terminal, JSON on stdout, and files in the forms that others read."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from farm.cli.context import say
from farm.cli.places import Place
from farm.errors import InputError
from farm.publish.forms import Form, written
from farm.publish.judgement import Judgement


@dataclass(frozen=True, slots=True)
class Copy:
    """A file that the judgement is to be written to; place None is standard output."""

    form: Form
    place: Place | None


def copies(texts: Sequence[str], *, as_json: bool) -> list[Copy]:
    """Return what --publish FORM=FILE names, each place checked. as_json: standard output is taken. Raises InputError."""
    from farm.config import nearest

    found = []
    for text in texts:
        form, equals, path = text.partition("=")
        if form not in [*Form] or not path:
            why = "" if form in [*Form] and not equals else nearest(form, [*Form])
            raise InputError(f'--publish: "{text}" is not FORM=FILE{why}', hint=f"forms are {', '.join(Form)}: --publish junit=gate.xml")
        if path == "-" and as_json:
            raise InputError(f"--publish {text}: --json has standard output already", hint="name a file")
        place = None if path == "-" else Place(Path(path), f"{form} file", "--publish")
        if place is not None:
            place.check()
        found.append(Copy(Form(form), place))
    return found


def show(judgement: Judgement, wanted: Sequence[Copy], *, as_json: bool) -> None:
    """Print the judgement, failures first, and write its copies."""
    if as_json:
        click.echo(written(judgement, Form.JSON), nl=False)
    else:
        _draw(judgement)
    for copy in wanted:
        if copy.place is None:
            click.echo(written(judgement, copy.form), nl=False)
        else:
            copy.place.write(written(judgement, copy.form))
            say(f"{copy.place.what}: {copy.place.path}")


def _draw(judgement: Judgement) -> None:
    from farm.cli import draw
    from farm.publish import verdict_tables

    draw.tables([verdict_tables.verdict_table(judgement)])
    draw.lines("Changes found outside the budgets", verdict_tables.change_lines(judgement))
    draw.lines("Notes", list(dict.fromkeys(verdict_tables.note_lines(judgement))))
