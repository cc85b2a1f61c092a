"""farm import and farm export: others' numbers in, farm's numbers out."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import click

from farm import __version__
from farm.cli.context import Context, now_utc, say
from farm.errors import InputError
from farm.exchange.imported import Contents, Source, content, rows

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
            told = f"{many} {'number' if many == 1 else 'numbers'} stored" if is_new else "is stored already: nothing was added"
            say(f"{source.name}: {told}")


def _read(file: Path) -> Read:
    from farm.exchange import recognise

    try:
        data = file.read_bytes()
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}") from error
    return Source(file.name, hashlib.sha256(data).hexdigest(), len(data)), recognise.read(str(file), data)


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
    gaps = [f"{gap.label}: {gap.source_metric}: {gap.reason}" for _, contents in found for gap in contents.gaps]
    draw.lines("Not there", gaps)
