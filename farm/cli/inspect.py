"""farm runs, show, sql and recover: asking the database."""

import json
import math
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from farm import units
from farm.cli.context import Context, say, tell
from farm.errors import InputError
from farm.workloads import Outcome

if TYPE_CHECKING:
    import polars as pl

_SHORT = 12
MOST_ROWS = 1_000_000_000


@click.command(epilog="Example: farm runs --workload digits-int8 --outcome invalid --most 50")
@click.option("--workload", help="Only runs of this workload.")
@click.option("--device", help="Only runs on the device of this name.")
@click.option("--outcome", type=click.Choice([outcome.value for outcome in Outcome]), help="Only runs with this outcome.")
@click.option("--most", type=click.IntRange(1, MOST_ROWS), default=20, show_default=True, help="How many rows at the most.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def runs(context: Context, workload: str | None, device: str | None, outcome: str | None, most: int, as_json: bool) -> None:
    """List measured runs, newest first, each with its main number and the end of its identity (for farm show)."""
    frame = context.drained_store().query("run_list", workload=workload, device=device, outcome=outcome, most=most)
    if as_json:
        click.echo(_json(frame.to_dicts()))
        return
    if frame.is_empty():
        say("there are no such runs yet")
        return
    from farm.cli import draw
    from farm.publish.tables import Table

    rows = tuple(
        (
            row["run_id"][-_SHORT:],
            f"{row['started_at']:%Y-%m-%d %H:%M}",
            row["device"],
            row["workload"],
            row["pass"],
            f"{row['repeat'] + 1}.{row['attempt']}",
            row["outcome"],
            _main_number(row),
            row["reason"] or "",
        )
        for row in frame.iter_rows(named=True)
    )
    columns = ("run", "began (UTC)", "device", "workload", "pass", "repeat", "outcome", "p50 / value", "reason")
    expendable = tuple(columns.index(name) for name in ("repeat", "device", "reason", "began (UTC)"))
    draw.tables([Table("", columns, rows, (0, 1, 2, 3, 4, 6, 8), expendable)])


def _main_number(row: dict[str, Any]) -> str:
    from farm import units

    return "" if row["p50"] is None else units.show(row["p50"], units.quantity_of(row["metric"]))


@click.command(epilog="Example: farm show 5f0c2ab81e77")
@click.argument("run_id", metavar="RUN")
@click.option("--samples", is_flag=True, help="Print every raw reading too.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, raw readings included.")
@click.pass_obj
def show(context: Context, run_id: str, samples: bool, as_json: bool) -> None:
    """Show everything known of one run. RUN is its identity, or the beginning or end of it."""
    store = context.drained_store()
    found = store.query("run", id=run_id)
    if found.is_empty():
        raise InputError(f'there is no run "{run_id}"', hint="farm runs lists them")
    if found.height > 1:
        raise InputError(f'more than one run begins or ends with "{run_id}"', hint="give more of its identity")
    row = found.row(0, named=True)
    parts = {name: store.query(f"run_{name}", run_id=row["run_id"]) for name in ("statistics", "samples", "absences", "state")}
    parts["operators"] = store.query("profiles", run_ids=[row["run_id"]])
    parts["operator_times"] = store.query("operator_times", run_id=row["run_id"])
    parts["pruned"] = store.query("pruned_readings", run_ids=[row["run_id"]])
    if as_json:
        click.echo(_json(row | {name: frame.to_dicts() for name, frame in parts.items()}))
        return
    from farm.cli import draw, run_view

    draw.tables(run_view.tables(row, parts, samples=samples))
    if not parts["operators"].is_empty():
        _draw_profile(parts["operators"])


def _draw_profile(rows: "pl.DataFrame") -> None:
    from farm import profiles
    from farm.cli import draw
    from farm.publish import operators

    for profile in profiles.profiles(rows.iter_rows(named=True)):
        draw.tables(operators.tables(profile))
        draw.lines("What a profile says", operators.profile_lines(profile))


@click.command(epilog='Example: farm sql "SELECT workload_id, pass, count(*) FROM runs GROUP BY ALL"')
@click.argument("statement")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@click.pass_obj
def sql(context: Context, statement: str, as_json: bool) -> None:
    """Ask the database a question of your own. It is opened for reading only, and no file can be read or written from within."""
    frame = context.drained_store().sql(statement)
    if as_json:
        click.echo(_json(frame.to_dicts()))
        return
    from farm.cli import draw
    from farm.publish.tables import Table

    text = tuple(place for place, kind in enumerate(frame.dtypes) if not kind.is_numeric())
    rows = tuple(tuple("" if value is None else str(value) for value in row) for row in frame.iter_rows())
    draw.tables([Table("", tuple(frame.columns), rows, text)])


@click.command(epilog="Example: farm recover")
@click.pass_obj
def recover(context: Context) -> None:
    """Put runs that wait in the journal into the database. Every other command does so too, when the database is free."""
    count = context.journal.drain(context.store().append)
    tell(f"{units.counted(count, 'run')} went into {context.database}" if count else "nothing waits in the journal")


def _json(value: object) -> str:
    """Return value as JSON, which has no numbers that are not finite: they are written as the texts NaN, Infinity, -Infinity."""
    return json.dumps(_finite(value), indent=2, ensure_ascii=False, default=_encode, allow_nan=False)


def _finite(value: object) -> object:
    match value:
        case dict():
            return {name: _finite(item) for name, item in value.items()}
        case list():
            return [_finite(item) for item in value]
        case float() if not math.isfinite(value):
            return "NaN" if math.isnan(value) else f"{'-' if value < 0 else ''}Infinity"
        case _:
            return value


def _encode(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
