"""farm devices hold and unhold: a person keeps a device from being measured on."""

import click

from farm.cli import members
from farm.cli.board import Hold, holds_of
from farm.cli.context import Context, now_utc, owner, tell
from farm.errors import InputError
from farm.workloads import Device


@click.command("hold", epilog='Example: farm devices hold s25 --reason "its battery is being changed"')
@click.argument("device_name", metavar="DEVICE")
@click.option("--reason", required=True, help="Why: whoever wants to measure on it is told.")
@click.pass_obj
def hold(context: Context, device_name: str, reason: str) -> None:
    """Keep a device from being measured on until farm devices unhold, by anybody of this data folder.

    What measures on it ends after its current run, and what is left can be gone on with later.
    """
    device = context.lab().device(device_name)
    if not reason.strip():
        raise InputError("a hold has a reason", hint='--reason "its battery is being changed"')
    context.writable_data()
    _say(context, [(device.name, device.place)], reason.strip())
    tell(f"{device.name} is held back: {reason.strip()}")


@click.command("unhold", epilog="Example: farm devices unhold s25")
@click.argument("device_name", metavar="DEVICE")
@click.pass_obj
def unhold(context: Context, device_name: str) -> None:
    """Let a device be measured on again."""
    known = context.lab().devices
    device = known.get(device_name)
    found = [one for one in held(context) if (one.is_on(device.name, device.place) if device else one.device == device_name)]
    if not found:
        context.lab().device(device_name)  # a name that nobody knows is told as such
        raise InputError(f"nobody holds {device_name} back", hint="farm devices lists what is held")
    _say(context, [(one.device, one.place) for one in found], None)
    tell(f"{device_name} can be measured on again")


def held(context: Context) -> tuple[Hold, ...]:
    """Return the holds that the data folder has."""
    return holds_of(context.store().query("held_devices").to_dicts()) if context.database.exists() else ()


def hold_on(holds: tuple[Hold, ...], device: Device) -> Hold | None:
    """Return the hold on a device; None: nobody holds it back."""
    return next((one for one in holds if one.is_on(device.name, device.place)), None)


def _say(context: Context, places: list[tuple[str, str]], reason: str | None) -> None:
    who = owner()
    said = {"said_at": now_utc().replace(tzinfo=None), "said_by": f"{who.user} on {who.host}", "reason": reason}
    rows = [{"device_name": name, "place": place, "is_held": reason is not None} | said for name, place in places]
    context.store().add({"device_holds": rows})
    members.tell(context.data)
