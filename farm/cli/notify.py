"""farm notify: where messages go, whether they arrive, and which wait."""

import json
from typing import TYPE_CHECKING

import click

from farm import units
from farm.cli import notified
from farm.cli.context import Context, now_utc, tell
from farm.errors import InputError
from farm.notices import Kind, Notice

if TYPE_CHECKING:
    from farm.notices import Target

_NOT_TOLD, _WRONG = 3, 2


@click.group(epilog="Example: farm notify test")
def notify() -> None:
    """Say what messages go where ([notify] in devices.toml), try them, and send again what was not taken.

    A message is written down in the data folder before it is sent. One that a target does not take waits there; every later command
    that tells anything, and farm notify retry, sends it again. One whose sender was killed while sending may arrive twice.
    """


@notify.command(epilog="Example: farm notify test mail")
@click.argument("names", nargs=-1, metavar="[TARGET]...")
@click.pass_obj
def test(context: Context, names: tuple[str, ...]) -> int:
    """Send a message to every target, or to those that are named, and say of each what came of it.

    Ends with 2 when an address is not where it is to be, or is none; else with 3 when a target does not take the message.
    """
    from farm import delivery

    chosen = _chosen(context, names)
    delivery.import_apprise()
    notice = Notice(Kind.TEST, "test", "farm: a test", f"This is a test, asked for at {now_utc():%Y-%m-%d %H:%M:%S} UTC.")
    code = 0
    for target in chosen:
        try:
            url = notified.address(target)
            delivery.check(target.name, url)
        except InputError as error:
            tell(f"{target.name}: not told: {error.message}{f' ({error.hint})' if error.hint else ''}")
            code = _WRONG
            continue
        why = delivery.deliver(url, notice, notified.DEADLINE_S)
        tell(f"{target.name}: {'it took the message' if why is None else f'not told: {why}'}")
        code = code or (_NOT_TOLD if why else 0)
    return code


@notify.command(epilog="Example: farm notify retry")
@click.pass_obj
def retry(context: Context) -> int:
    """Send what waits again. Ends with 3 when something waits still."""
    taken, waiting = notified.retry(context, notified.targets(context))
    tell(f"{taken} sent, {waiting} waiting" if taken or waiting else "nothing waits")
    return _NOT_TOLD if waiting else 0


@notify.command("list", epilog="Example: farm notify list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def list_(context: Context, as_json: bool) -> None:
    """List the targets with the kinds of message that they get, and what waits for them. Addresses are never shown."""
    waiting = notified.outbox(context).waiting()
    targets = notified.targets(context)
    if as_json:
        own = [{"name": target.name, "kinds": sorted(target.kinds), "address": _where(target)} for target in targets]
        messages = [
            {"target": one.target, "title": one.notice.title, "since": one.since, "tries": one.tries, "tried": one.tried, "why": one.why}
            for one in waiting
        ]
        click.echo(json.dumps({"targets": own, "waiting": messages}, indent=2, ensure_ascii=False))
        return
    from farm.cli import draw
    from farm.publish.tables import Table

    if not targets:
        tell("devices.toml names no target: nobody is told anything")
    rows = tuple((target.name, ", ".join(sorted(target.kinds)), _where(target)) for target in targets)
    kept = tuple((one.since, one.target, one.notice.title, str(one.tries), one.why or "") for one in waiting)
    found = [Table("", ("target", "is told", "address"), rows, (0, 1, 2))] if rows else []
    found += [Table("Waiting", ("since (UTC)", "target", "message", "tries", "why"), kept, (0, 1, 2, 4))] if kept else []
    draw.tables(found)


@notify.command(epilog="Example: farm notify forget --target old-chat")
@click.option("--target", "name", required=True, help="Whose messages.")
@click.pass_obj
def forget(context: Context, name: str) -> None:
    """Delete what waits for a target: it is gone, or nobody wants it any more."""
    box = notified.outbox(context)
    waiting = box.waiting()
    found = [message for message in waiting if message.target == name]
    if not found and name not in (known := {target.name for target in notified.targets(context)}):
        from farm.config import nearest

        near = nearest(name, known | {message.target for message in waiting})
        raise InputError(f'nothing waits for "{name}", and no target is called that{near}', hint="farm notify list lists what waits")
    for message in found:
        box.drop(message)
    tell(f"{units.counted(len(found), 'message')} deleted")


def _chosen(context: Context, names: tuple[str, ...]) -> "list[Target]":
    from farm.config import nearest

    known = {target.name: target for target in notified.targets(context)}
    if not known:
        raise InputError("devices.toml names no target", hint='[notify.mail] with url_env = "FARM_MAIL", kinds = ["night"]')
    for name in names:
        if name not in known:
            raise InputError(f'there is no target "{name}"{nearest(name, known)}', hint="farm notify list lists them")
    return [known[name] for name in dict.fromkeys(names or known)]


def _where(target: "Target") -> str:
    if target.url is not None:
        return "in devices.toml"
    return f"in the variable {target.variable}" if target.variable is not None else f"in the file {target.file}"
