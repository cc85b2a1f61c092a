"""farm logs: what happened on a device, or to a run, in order."""

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from farm.cli.context import Context, plain, say
from farm.cli.inspect import MOST_ROWS
from farm.errors import InputError
from farm.redact import redacted

if TYPE_CHECKING:
    from farm.store import Store

_AROUND = timedelta(minutes=1)


@click.command("logs", epilog="Example: farm logs s25 --most 50")
@click.argument("what", metavar="RUN|DEVICE")
@click.option("--most", type=click.IntRange(1, MOST_ROWS), default=200, show_default=True, help="How many lines at the most: the newest.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def command(context: Context, what: str, most: int, as_json: bool) -> None:
    """Tell what happened on a device, oldest first: sessions, runs and what came of them, states, requests, holds, health.

    Of a RUN (its identity, or the beginning or end of it): what came of it, with all that its device and its harness said of a failure,
    and what else happened on the device from a minute before it to a minute after. Every line begins with its time (UTC) and the
    device's name. What looks like a secret is never printed.
    """
    if not context.database.exists():
        raise InputError("nothing has happened yet", hint="farm run makes the database")
    store = context.drained_store()
    events = _of_device(store, context, what, most)
    if events is None:
        events = _of_run(store, what, most)
    if as_json:
        click.echo(json.dumps(events, indent=2, ensure_ascii=False))
        return
    if not events:
        say(f"nothing has happened on {what} yet")
    for event in events:
        named = f" {event['run'][-12:]}" if event["run"] else ""
        click.echo(f"{event['at'].replace('T', ' ')[:19]} {plain(event['device'])} {event['kind']}{named}: {plain(event['text'])}")


def _of_device(store: "Store", context: Context, name: str, most: int) -> list[dict[str, Any]] | None:
    """Return what happened on a device; None: no device was ever called so."""
    events = _events(store, name, most)
    return events if events or name in context.lab().devices else None


def _of_run(store: "Store", run_id: str, most: int) -> list[dict[str, Any]]:
    """Return what is known of a run, with what happened on its device around it. Raises InputError."""
    found = store.query("run", id=run_id)
    if found.height != 1:
        which = f'more than one run begins or ends with "{run_id}"' if found.height else f'there is no run and no device "{run_id}"'
        raise InputError(which, hint="farm runs lists runs, farm devices the devices")
    row = found.row(0, named=True)
    window = {"from_at": row["started_at"] - _AROUND, "until_at": row["ended_at"] + _AROUND}
    events = _events(store, row["device_name"], most, **window)
    began = f"{row['workload_id']} {row['pass']} #{row['repeat'] + 1}, attempt {row['attempt']}, begins"
    own = _event(row["device_name"], row["started_at"], "run", began, row["run_id"])
    return sorted([*events, own], key=lambda event: str(event["at"]))


def _events(store: "Store", device: str, most: int, **window: object) -> list[dict[str, Any]]:
    frame = store.query("events", device=device, most=most, **({"from_at": None, "until_at": None} | window))
    return [_event(device, row["happened_at"], row["kind"], row["text"], row["run_id"]) for row in reversed(frame.to_dicts())]


def _event(device: str, at: datetime, kind: str, text: str, run_id: str | None) -> dict[str, Any]:
    return {"at": at.isoformat(timespec="milliseconds"), "device": device, "kind": kind, "text": redacted(text), "run": run_id}
