"""farm queue: who measures on which device, who waits, and taking a request back."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import click

from farm import queue as rules
from farm.cli import members
from farm.cli.board import Board
from farm.cli.context import Context, now_utc, owner, say, tell
from farm.errors import InputError
from farm.queue import Limits, Request, Standing

_SHORT = 12
_MOST_COMMAND = 60


@click.group("queue", invoke_without_command=True, epilog="Example: farm queue --json")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def command(click_context: click.Context, as_json: bool) -> None:
    """Show who measures on each device and who waits for it, in the order in which they will have it.

    Every measuring command of this data folder stands in line: ad hoc (farm run, canary) before gate (gate, calibrate, bisect) before
    nightly, of equals who asked first. Who holds a device lets a higher priority have it after its current run, and goes on by itself
    after that; a gate measures the block anew that was broken off. Who has waited for an hour goes first, and then has the device for a
    quarter of an hour. A request ends with its process, however that ends.
    """
    if click_context.invoked_subcommand is None:
        show(click_context.obj, as_json)


@command.command("cancel", epilog="Example: farm queue cancel 5f0c2ab81e77")
@click.argument("request_id", metavar="ID")
@click.pass_obj
def cancel(context: Context, request_id: str) -> None:
    """Take a request back. ID is its identity, or the beginning or end of it, as farm queue lists it.

    A command that waits ends with exit code 130 where it measures on no other device; one that measures ends after its current run. What
    has been measured is stored.
    """
    found = [request for request in requests(context) if request.id.startswith(request_id) or request.id.endswith(request_id)]
    if len(found) != 1:
        several = "more than one request begins or ends" if found else "nobody waits or measures"
        raise InputError(f'{several} with "{request_id}"' if found else f'{several} as "{request_id}"', hint="farm queue lists them")
    (request,) = found
    who = owner()
    row = {"request_id": request.id, "cancelled_at": now_utc().replace(tzinfo=None), "cancelled_by": f"{who.user} on {who.host}"}
    context.store().add({"queue_cancellations": [row]})
    members.tell(context.data)
    when = "ends after its current run" if request.standing is Standing.MEASURING else "does not wait any more"
    tell(f"{request.device}: process {request.pid} {when}")


def requests(context: Context) -> list[Request]:
    """Return the requests of the data folder whose processes are there, each device's in order: who measures, then who waits."""
    if not context.database.exists():
        return []
    board = Board(context)
    board.read(context.store())
    return ordered(context, board.requests)


def ordered(context: Context, every: Sequence[Request]) -> list[Request]:
    """Return those of these requests whose processes are there, each device's in order."""
    now, living = now_utc(), [request for request in every if members.is_there(context.data, request.process)]
    found: list[Request] = []
    for request in living:
        if request not in found:
            alike = [one for one in living if one.is_for(request.place, request.device_id)]
            line = [one for one in alike if one.standing is Standing.MEASURING] + rules.in_line(alike, now, Limits())
            cancelled = [one for one in alike if one not in line]
            found += [one for one in (*line, *cancelled) if one not in found]
    return found


def places(found: Sequence[Request], now: datetime) -> dict[str, int]:
    """Return the place in line of each request that waits, by its identity."""
    places = {}
    for request in found:
        alike = [one for one in found if one.is_for(request.place, request.device_id)]
        if request in (line := rules.in_line(alike, now, Limits())):
            places[request.id] = 1 + line.index(request)
    return places


def as_values(found: Sequence[Request], now: datetime) -> list[dict[str, Any]]:
    """Return requests as JSON values."""
    place = places(found, now)
    return [
        {
            "id": request.id,
            "device": request.device,
            "state": _state(request),
            "place": place.get(request.id),
            "priority": request.priority.words,
            "since": request.asked_at.isoformat(),
            "state_since": request.standing_at.isoformat(),
            "displaced": request.displaced,
            "who": {"pid": request.pid, "user": request.user, "host": request.host},
            "purpose": request.purpose,
            "command": request.command,
        }
        for request in found
    ]


def table_rows(found: Sequence[Request], now: datetime) -> tuple[tuple[str, ...], ...]:
    """Return requests as rows of COLUMNS."""
    place = places(found, now)
    return tuple(
        (
            request.id[-_SHORT:],
            request.device,
            rules.ordinal(place[request.id]) if request.id in place else "",
            _state(request),
            request.priority.words,
            f"{request.asked_at:%Y-%m-%d %H:%M:%S}",
            lasting((now - request.standing_at).total_seconds()),
            f"{request.user} on {request.host}, process {request.pid}",
            shortened(request.command),
        )
        for request in found
    )


COLUMNS = ("id", "device", "place", "state", "priority", "since (UTC)", "for", "who", "command")
TEXT_COLUMNS = (0, 1, 2, 3, 4, 5, 7, 8)
EXPENDABLE = (5, 7, 8)


def show(context: Context, as_json: bool) -> None:
    """Print the queue."""
    found, now = requests(context), now_utc()
    if as_json:
        click.echo(json.dumps(as_values(found, now), indent=2, ensure_ascii=False))
        return
    if not found:
        say("nobody measures or waits")
        return
    from farm.cli import draw
    from farm.publish.tables import Table

    draw.tables([Table("", COLUMNS, table_rows(found, now), TEXT_COLUMNS, EXPENDABLE)])


def lasting(seconds: float) -> str:
    """Return how long something has lasted, as people say it."""
    whole = max(0, int(seconds))
    hours, minutes = whole // 3600, whole // 60 % 60
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {whole % 60:02} s" if minutes else f"{whole} s"


def shortened(text: str) -> str:
    """Return a command's text, cut where it is long."""
    return text if len(text) <= _MOST_COMMAND else f"{text[: _MOST_COMMAND - 1]}…"


def _state(request: Request) -> str:
    if request.cancelled_by is None:
        return request.standing.value
    return f"{request.standing.value}, cancelled"
