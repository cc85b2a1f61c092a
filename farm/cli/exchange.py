"""farm import and farm export: others' numbers in, farm's numbers out."""

import hashlib
import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import click

from farm import __version__, units
from farm.cli.context import Context, now_utc, say
from farm.cli.places import is_free
from farm.errors import InputError, StoreError
from farm.exchange.imported import Contents, Source, content, rows

if TYPE_CHECKING:
    from farm.exchange.exported import Value

Read = tuple[Source, Contents]


@click.command("import", epilog="Example: farm import benchmark_results.json llama-bench.jsonl --dry-run")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only print what is read; store nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def import_(context: Context, files: tuple[Path, ...], dry_run: bool, as_json: bool) -> None:
    """Read numbers that other tools measured; which format a file has is told by what it holds.

    Known are ExecuTorch (HUD v3, MiniBench, LLM runner), llama-bench, LiteRT benchmark_model, AndroidX Benchmark, MLPerf
    (app and load generator), AI Hub profiles, and CSV or Parquet of time,value or run,value.

    The numbers are stored apart from farm's own runs (tables imported_files, imported_numbers, imported_gaps), and no budget is judged by
    them. A file goes in once, whatever it is called; one that is broken keeps all of them out.
    """
    found = [_read(file) for file in files]
    new = [False] * len(found) if dry_run else _store(context, found)
    if as_json:
        click.echo(json.dumps([content(*item) for item in found], indent=2, ensure_ascii=False, allow_nan=False))
    else:
        _draw(found)
    for (source, contents), is_new in zip(found, new, strict=True):
        if not dry_run:
            many = len(contents.numbers)
            told = f"{units.counted(many, 'number')} stored" if is_new else "is stored already: nothing was added"
            say(f"{source.name}: {told}")


def _read(file: Path) -> Read:
    from farm.exchange import recognise

    try:
        data = file.read_bytes()
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}") from error
    name = file.name.encode("utf-8", "replace").decode()  # a name that is no text could not be stored
    return Source(name, hashlib.sha256(data).hexdigest(), len(data)), recognise.read(str(file), data)


def _store(context: Context, found: Sequence[Read]) -> list[bool]:
    context.writable_data()
    moment = now_utc()
    return context.store().add_imported([rows(source, contents, moment, __version__) for source, contents in found])


def _draw(found: Sequence[Read]) -> None:
    from farm.cli import draw
    from farm.exchange import names
    from farm.publish.tables import Table

    columns = ("what", "device", "metric", "statistic", "value (median)", "values", "readings each", "valid")
    tables = [
        Table(
            f"{source.name} · {contents.format}",
            columns,
            tuple(
                (
                    number.label,
                    number.device or "–",
                    number.metric,
                    number.statistic.replace("_", " "),
                    names.show(median(number.values), number.metric),
                    str(len(number.values)),
                    "–" if number.readings is None else str(number.readings),
                    {None: "–", True: "yes", False: "no"}[number.valid],
                )
                for number in contents.numbers
            ),
            (0, 1, 2, 3, 7),
        )
        for source, contents in found
    ]
    draw.tables(tables)
    metrics = dict.fromkeys(number.metric for _, contents in found for number in contents.numbers)
    draw.lines("Names that are not farm's own", [f"{name}: {names.MEANINGS[name]}" for name in metrics if name in names.MEANINGS])
    gaps = [f"{gap.label}: {gap.source_metric}: {gap.reason}" for _, contents in found for gap in contents.gaps]
    draw.lines("Not there", gaps)


@click.command(epilog="Example: farm export --format parquet --into runs.parquet --workload digits-int8 --samples")
@click.option("--format", "form", type=click.Choice(["otava-csv", "hud-v3", "parquet"]), required=True, help="What to write.")
@click.option("--into", type=click.Path(path_type=Path, dir_okay=False), required=True, metavar="FILE", help="The file to write.")
@click.option("--workload", help="Only runs of this workload.")
@click.option("--device", help="Only runs on the device of this name or identity.")
@click.option("--flavour", help="Only runs of this flavour.")
@click.option(
    "--settings",
    metavar="KEY",
    help="Only runs of the workload settings whose key begins so (otava-csv names them when there are several).",
)
@click.option("--samples", is_flag=True, help="parquet: every raw reading too.")
@click.pass_obj
def export(context: Context, /, form: str, into: Path, samples: bool, **chosen: str | None) -> None:
    """Write stored runs for other tools: Apache Otava's CSV, PyTorch's HUD (version 3), Parquet.

    parquet has every measured run with its outcome; the others only valid runs. otava-csv is one workload on one device, a row for
    each session; the test for Otava's configuration, by which it reads the file, goes to stdout.
    """
    from farm.exchange.exported import values

    if samples and form != "parquet":
        raise InputError(f"{form} has no place for raw readings", hint="--samples goes with --format parquet")
    store = context.drained_store()
    frame = store.query("export_statistics", **chosen)
    if frame.is_empty():
        raise InputError("there are no such measured runs", hint="farm runs lists what there is")
    found = list(values(frame.iter_rows(named=True)))
    match form:
        case "otava-csv":
            _export_otava(found, into)
        case "hud-v3":
            from farm.exchange.to_hud import hud_json

            if not any(value.is_result for value in found):
                raise InputError("there are no valid runs to export", hint="farm runs lists what was measured")
            _write(into, hud_json(found).encode())
        case _:
            from farm.exchange.to_parquet import parquet

            run_ids = frame["run_id"].unique(maintain_order=True).to_list()
            raw = store.query("export_samples", run_ids=run_ids).iter_rows(named=True) if samples else None
            _write(into, parquet(found, raw))
    count = len({value.run["run_id"] for value in found if form == "parquet" or value.is_result})
    say(f"{into}: written, of {units.counted(count, 'run')}")


def _export_otava(found: "Sequence[Value]", into: Path) -> None:
    from farm.exchange.to_otava import otava_config, otava_table

    table = otava_table(found)
    _write(into, table.text.encode())
    if table.left_out:
        lacking = "1 session lacks" if table.left_out == 1 else f"{table.left_out} sessions lack"
        say(f"{lacking} one of {', '.join(table.metrics)}, and is not in the file: Otava takes no empty cell")
    click.echo(otava_config(table, str(into), f"{found[0].run['device']}.{found[0].run['workload']}"))


def _write(into: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    if not is_free(into):
        raise StoreError(f"{into} cannot be written: it is no ordinary file", hint="name another file with --into")
    partial = into.with_name(f"{into.name}.partial")
    try:
        partial.write_bytes(data)
        partial.replace(into)
    except OSError as error:
        with suppress(OSError):
            partial.unlink()
        raise StoreError(f"{into} cannot be written: {error.strerror}", hint="name another file with --into") from error
