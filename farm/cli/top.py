"""farm top: the rack, the queue and the phases, live."""

import json
import sys
import time
from dataclasses import asdict, dataclass, field
from datetime import datetime
from io import StringIO
from typing import TYPE_CHECKING, Any

import click

from farm.cli import occupied, queue, standings
from farm.cli.asked import FiniteRange
from farm.cli.board import holds_of, request_of
from farm.cli.context import Context, now_utc
from farm.cli.occupied import Occupied
from farm.cli.standings import Standings, Stood
from farm.errors import StoreBusy
from farm.queue import Priority, Request
from farm.redact import redacted

if TYPE_CHECKING:
    from farm.config import Lab
    from farm.publish.tables import Table

_DEADLINE_S = 5.0


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the database said at a time."""

    seen_at: datetime
    devices: tuple[Occupied, ...]
    requests: tuple[Request, ...]
    standings: Standings = field(default_factory=Standings)

    def health(self, name: str) -> Stood | None:
        """Return how well a device is; None: it was never looked at."""
        stood = self.standings.of(name)
        return None if stood.since is None else stood


@click.command("top", epilog="Example: farm top --every 5")
@click.option("--once", is_flag=True, help="Print it once, plainly; so does an output that is no terminal.")
@click.option("--every", "every_s", type=FiniteRange(0.5, 3600), default=2.0, show_default=True, help="Seconds between two looks.")
@click.option("--json", "as_json", is_flag=True, help="Print it once, as JSON.")
@click.pass_obj
def command(context: Context, once: bool, every_s: float, as_json: bool) -> None:
    """Watch what each device does and who waits for it, until Ctrl-C.

    Only the database is asked, for a moment each time: no device, and no measurement waits for it. Sessions tell what they do about once
    a second, and not while this machine itself is measured.
    """
    lab = context.lab()
    if as_json:
        click.echo(json.dumps(_as_values(_look(context, lab)), indent=2, ensure_ascii=False))
    elif once or not sys.stdout.isatty():
        from farm.cli import draw

        draw.tables(_tables(_look(context, lab)))
    else:
        _watch(context, lab, every_s)


def _look(context: Context, lab: "Lab", deadline_s: float = _DEADLINE_S) -> _Seen:
    """Ask the database, which is opened for reading and closed again. Raises StoreBusy."""
    now = now_utc()
    if not context.database.exists():
        return _Seen(now, tuple(occupied.of_rows(context, lab, [], ()).values()), ())
    frames = context.store(deadline_s).queries({**occupied.QUERIES, **standings.questions(), "queue": {}})
    rows, holds = frames["rack_now"].to_dicts(), holds_of(frames["held_devices"].to_dicts())
    devices = tuple(occupied.of_rows(context, lab, rows, holds).values())
    requests = tuple(queue.ordered(context, [request_of(row) for row in frames["queue"].to_dicts()]))
    return _Seen(now, devices, requests, standings.of_frames(frames))


def _as_values(seen: _Seen) -> dict[str, Any]:
    devices = [asdict(one) | {"since": None if one.since is None else one.since.isoformat()} for one in seen.devices]
    named = [
        values
        | {"priority": None if (number := values["priority"]) is None else Priority(number).words}
        | {"health": None if (stood := seen.health(values["device"])) is None else stood.standing.health}
        for values in devices
    ]
    return {"seen_at": seen.seen_at.isoformat(), "devices": named, "queue": queue.as_values(seen.requests, seen.seen_at)}


_COLUMNS = ("device", "health", "state", "for", "job", "phase", "done", "newest run", "by")


def _tables(seen: _Seen) -> "list[Table]":
    from farm.publish.tables import Table

    rows = tuple(_row(one, seen) for one in seen.devices)
    tables = [Table(f"Rack, {seen.seen_at:%Y-%m-%d %H:%M:%S} UTC", _COLUMNS, rows, (0, 1, 2, 4, 5, 7, 8), (7, 8, 3))]
    if seen.requests:
        found = queue.table_rows(seen.requests, seen.seen_at)
        tables.append(Table("Queue", queue.COLUMNS, found, queue.TEXT_COLUMNS, queue.EXPENDABLE))
    return tables


def _row(one: Occupied, seen: _Seen) -> tuple[str, ...]:
    lasts = "" if one.since is None else queue.lasting((seen.seen_at - one.since).total_seconds())
    by = "" if one.pid is None or one.priority is None else f"process {one.pid}, {Priority(one.priority).words}"
    said = one.reason if one.reason is not None else one.phase or ""
    done = f"{one.jobs_ended}/{one.jobs}" if one.jobs else ""
    short = (text.removeprefix(f"{one.device} ") if text else "" for text in (one.job, one.last_run))
    job, last = short
    stood = seen.health(one.device)
    return one.device, "" if stood is None else stood.standing.health.value, one.state.value, lasts, job, redacted(said), done, last, by


def _watch(context: Context, lab: "Lab", every_s: float) -> None:
    from rich.console import Console, Group
    from rich.live import Live
    from rich.text import Text

    from farm.cli import draw

    console = Console(highlight=False, markup=False, emoji=False)
    seen = _look(context, lab)
    with Live(console=console, screen=True, auto_refresh=False) as view:
        while True:
            note = "Ctrl-C ends this"
            try:
                seen = _look(context, lab, every_s)
            except StoreBusy as error:
                note = f"as of {seen.seen_at:%H:%M:%S} UTC: {error.message}"
            drawn = StringIO()  # beside the live console, which would draw itself in between
            draw.tables(
                _tables(seen), Console(file=drawn, force_terminal=True, width=console.width, highlight=False, markup=False, emoji=False)
            )
            view.update(Group(Text.from_ansi(drawn.getvalue()), Text(note, style="dim")), refresh=True)
            time.sleep(every_s)
