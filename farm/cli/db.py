"""farm db: keeping the database: copies of it, its age, others' runs, and whether everything fits together."""

import json
import re
from collections.abc import Collection
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from farm import units
from farm.cli.context import Context, naive, now_utc, say, tell

if TYPE_CHECKING:
    import polars as pl

_WAIT_S, _AT_MOST_S = 30.0, 600.0
_NOT_SOUND = 3
_FILE = click.Path(path_type=Path, dir_okay=False)


class _Age(click.ParamType[int]):
    """So many days, such as 180d."""

    name = "DAYS"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        found = re.fullmatch(r"([1-9][0-9]{0,4})d", str(value))
        if found is None:
            self.fail(f'"{value}" is no number of days: write it as 180d', param, ctx)
        return int(found[1])


@click.group(epilog="Example: farm db backup backups/farm-monday.duckdb")
def db() -> None:
    """Keep the database: back it up, restore it, drop old raw readings, take in another lab's, check that everything fits.

    Runs may be measured meanwhile: what cannot be stored at once waits in the journal, and goes in with the next command.
    """


_at_most = click.option(
    "--at-most",
    "at_most_s",
    type=click.FloatRange(1, 24 * 3600),
    default=_AT_MOST_S,
    show_default=True,
    help="Seconds for which others may have to wait for the database; then it is given up.",
)


@db.command(epilog="Example: farm db backup backups/farm-monday.duckdb")
@click.argument("file", type=_FILE)
@click.option("--force", is_flag=True, help="Replace FILE, where it is there.")
@_at_most
@click.pass_obj
def backup(context: Context, file: Path, force: bool, at_most_s: float) -> int:
    """Copy the database to FILE while others measure: one state of it, read back and compared before it gets its name.

    What its baselines pin goes into pinned/ beside FILE: bytes under their own hash, each copied once for all backups there, and all of
    them read back each time. Ends with 3 when the bytes of a baseline are lost already: the backup is made, less these.
    """
    from farm.cli.places import is_free
    from farm.errors import InputError
    from farm.store import copies

    if not is_free(file):
        raise InputError(f"{file} cannot be written: it is no ordinary file", hint="name another file")
    if file.exists() and not force:
        raise InputError(f"{file} is there already", hint="name another file, or give --force")
    began = now_utc()
    context.drained_store()
    made = copies.back_up(context.database, file, deadline_s=_WAIT_S, at_most_s=at_most_s)
    took_s = (now_utc() - began).total_seconds()
    runs = units.counted(made.contents["runs"][0], "run")
    times = f"took {took_s:.1f} s, others waited for {made.held_s:.1f} s at the most"
    tell(f"{file}: {_bytes(made.size_bytes)}, {runs}, compared row by row; {times}")
    return _with_pins(file, context.data, file.parent)


@db.command(epilog="Example: farm db restore backups/farm-monday.duckdb --force")
@click.argument("file", type=_FILE)
@click.option("--force", is_flag=True, help="Put it where a database is; that one is kept aside.")
@click.pass_obj
def restore(context: Context, file: Path, force: bool) -> int:
    """Put a copy of FILE, a backup, where the database is, and what its baselines pin back beside it. FILE stays as it is.

    A backup of a newer farm is refused; the copy of an older one's is brought to this farm's schema. Runs that wait in the journal
    go into the restored database with the next command. Pinned bytes are taken from pinned/ beside FILE, and checked by their hashes;
    it ends with 3 when those of a baseline are neither there nor here. While a nightly is at work nothing is restored (exit code 3).
    """
    from farm.cli.nightly_open import refuse_while_at_work
    from farm.store import copies

    refuse_while_at_work(context)
    aside = context.database.with_name(f"farm-before-{now_utc():%Y%m%dT%H%M%S}.duckdb") if force else None
    made = copies.restore(file, context.writable_data() / context.database.name, aside=aside, deadline_s=_WAIT_S)
    brought = f", brought from schema {made.from_version} to this farm's" if made.from_version is not None else ""
    tell(f"{made.path}: {units.counted(made.contents['runs'][0], 'run')} of {file}{brought}")
    if made.aside is not None:
        tell(f"the database that was there is {made.aside}")
    return _with_pins(made.path, file.parent, context.data)


def _with_pins(database: Path, source: Path, target: Path, of: Collection[str] | None = None) -> int:
    """Bring what a database's baselines pin from one folder to another, say what came of it, and return the exit code.

    of: the names of these baselines; None: all that hold.
    """
    from farm import pins
    from farm.store import Store

    parts = [part for part in Store(database, _WAIT_S).query("held_parts").to_dicts() if of is None or part["baseline"] in of]
    if not parts:
        return 0
    done = pins.carry(source, target, [part["tree_sha256"] for part in parts])
    there = f"{units.counted(done.copied, 'set')} of pinned files copied ({_bytes(done.size_bytes)}), {done.known} there already"
    tell(f"{target / pins.FOLDER}: {there}, each read back and what was pinned")
    lost: dict[str, list[str]] = {}
    for part in parts:
        if part["tree_sha256"] in done.lost:
            lost.setdefault(part["baseline"], []).append(part["name"])
    for baseline, names in lost.items():
        say(f"the baseline {baseline} cannot be measured again: {', '.join(dict.fromkeys(names))} is whole in neither folder")
        say(f"hint: set it again where its bytes are: farm baseline set {baseline} --artifact FILE")
    return _NOT_SOUND if lost else 0


@db.command(epilog="Example: farm db prune --keep 180d --dry-run")
@click.option("--keep", "days", type=_Age(), required=True, help="Keep the raw readings of so many days, such as 180d.")
@click.option("--dry-run", is_flag=True, help="Only say what would be dropped.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@_at_most
@click.pass_obj
def prune(context: Context, days: int, *, dry_run: bool, as_json: bool, at_most_s: float) -> None:
    """Drop the raw readings of old runs. Their summaries stay: every statistic, report and verdict is what it was.

    Never dropped are readings that a gate, a calibration, a bisection, a baseline that holds, a canary's band, a finding that stands or
    an acknowledgement needs, answers to items, and what tells how sure a run is of its own value. The file shrinks.
    """
    from farm.store import prune as pruning

    now = naive(now_utc())
    before = now - timedelta(days=days)
    store = context.drained_store()
    if dry_run:
        runs, sizes = pruning.old_runs(store, before), None
    else:
        done = pruning.prune(context.database, before, now=now, deadline_s=_WAIT_S, at_most_s=at_most_s)
        runs, sizes = done.runs, (done.before_bytes, done.after_bytes)
    _tell_pruned(runs, sizes, f"{before:%Y-%m-%d}", as_json=as_json)


def _tell_pruned(runs: "pl.DataFrame", sizes: tuple[int, int] | None, day: str, *, as_json: bool) -> None:
    import polars as pl

    by_need = runs.group_by("needed_by").agg(pl.len().alias("runs"), pl.col("readings").sum(), pl.col("size_bytes").sum()).sort("needed_by")
    rows = by_need.to_dicts()
    if as_json:
        size = {} if sizes is None else {"before_bytes": sizes[0], "after_bytes": sizes[1]}
        click.echo(json.dumps({"before": day, "dry_run": sizes is None, **size, "runs": rows}, indent=2))
        return
    if not rows:
        tell(f"no run before {day} has raw readings to drop")
        return
    would = "would be dropped" if sizes is None else "dropped"
    for row in rows:
        what = would if row["needed_by"] is None else f"kept, {row['needed_by']} needs them"
        dropped, readings = units.counted(row["runs"], "run"), units.counted(row["readings"], "raw reading")
        tell(f"{dropped} before {day}: {readings}, {_bytes(row['size_bytes'])} in memory: {what}")
    if sizes is not None and sizes[0] != sizes[1]:
        tell(f"the database was {_bytes(sizes[0])} and is {_bytes(sizes[1])}; every statistic of every run was compared and is what it was")


@db.command(epilog="Example: farm db merge other-lab.duckdb")
@click.argument("file", type=_FILE)
@_at_most
@click.pass_obj
def merge(context: Context, file: Path, at_most_s: float) -> int:
    """Take in what another lab's database, or a backup of it, knows. FILE stays as it is; taking it in twice is taking it in once.

    Runs, gates, calibrations, canaries, bisections, findings with what was said of them, imports, and baselines whose names mean nothing
    else here come in, all or nothing. Ends with 2, and takes nothing in, when both know something else of the same run. Not merged:
    what is of a host (its queue, and the state and health of its devices). What those baselines pin is taken from pinned/ beside FILE,
    and checked by its hashes; it ends with 3 when bytes are neither there nor here.
    """
    from farm.store import merge as merging

    context.writable_data()
    context.drained_store()
    done = merging.merge(context.database, file, deadline_s=_WAIT_S, at_most_s=at_most_s)
    if not done.rows:
        tell(f"{file} has nothing that is not known here")
    for table, count in done.rows.items():
        tell(f"{table}: {count:,} came in")
    for name in done.left_out:
        say(f'the baseline "{name}" of {file} stayed out: that name means something else here')
    return _with_pins(context.database, file.parent, context.data, of=done.shared)


@db.command(epilog="Example: farm db check")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def check(context: Context, as_json: bool) -> int:
    """Say where journal, database and files of the data folder do not fit, each with a remedy. Ends with 3 when they do not.

    It looks at the journal as it is, and changes nothing. A note is something that may well be meant so; it does not change the end.
    """
    from farm.cli.checked import facts
    from farm.keeping import problems

    found = problems(facts(context))
    unsound = [problem for problem in found if not problem.is_note]
    if as_json:
        click.echo(json.dumps([asdict(problem) for problem in found], indent=2, ensure_ascii=False))
    elif found:
        from farm.cli import draw
        from farm.publish.tables import Table

        rows = tuple(("note" if problem.is_note else "wrong", problem.what, problem.remedy) for problem in found)
        draw.tables([Table("", ("", "what was found", "what to do"), rows, (0, 1, 2))])
    if not unsound and not as_json:
        tell("journal, database and files fit together")
    return _NOT_SOUND if unsound else 0


def _bytes(size: int) -> str:
    return units.show(size, units.BYTES)
