"""farm devices and farm doctor: what there is to measure on, and whether it would work."""

import json
import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from farm.cli import device_health, holds
from farm.cli.calibrated import canaries
from farm.cli.context import Context, now_utc, say, tell
from farm.cli.holding import held, kin, refuse_held_back
from farm.cli.occupied import Occupied, occupied
from farm.errors import InputError
from farm.workloads import Device, DeviceKind

if TYPE_CHECKING:
    from farm.cli.standings import Stood
    from farm.devices import Transport


@click.group(invoke_without_command=True, epilog="Example: farm --devices devices.toml devices")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def devices(click_context: click.Context, as_json: bool) -> None:
    """List the devices of devices.toml, with their pools, how each is reached, what it is used for now, and its health.

    idle; leased: a session measures on it or gets it ready; cooling, charging: it is waited for; held: a person holds it back. Those of
    this data folder are told: a device that farm measures with another one is told by farm doctor.
    """
    if click_context.invoked_subcommand is None:
        _list(click_context.obj, as_json)


for _command in (device_health.check, device_health.health, device_health.retire, device_health.restore):
    devices.add_command(_command)


@devices.command("clean", epilog="Example: farm devices clean --device s25 --keep '1 GB'")
@click.option("--device", "device_name", default="local", show_default=True, help="Device to clean.")
@click.option("--keep", default="0 B", show_default=True, help="How much to keep of what was used last.")
@click.pass_obj
def clean(context: Context, device_name: str, keep: str) -> None:
    """Remove the models and inputs that farm keeps on a device, those used longest ago first. They are pushed again when needed."""
    from farm import units

    try:
        keep_bytes = units.parse(keep, units.BYTES)
    except ValueError as error:
        raise InputError(str(error), hint="--keep '1 GB'") from error
    if not 0 <= keep_bytes < math.inf:
        raise InputError(f"that much cannot be kept: {keep}", hint="--keep '1 GB'")
    with _held(context, context.lab().device(device_name)) as transport:
        removed_bytes = transport.shrink(int(keep_bytes))
    tell(f"{units.show(removed_bytes, units.BYTES)} removed from {device_name}")


@devices.command("wireless", epilog="Example: farm devices wireless s25")
@click.argument("device_name", metavar="DEVICE")
@click.option("--port", type=click.IntRange(1024, 65535), default=5555, show_default=True, help="Port to listen on.")
@click.option("--off", is_flag=True, help="Back to the cable.")
@click.pass_obj
def wireless(context: Context, device_name: str, port: int, off: bool) -> None:
    """Switch a phone on a cable to Wi-Fi, so that it can be unplugged and its power measured; --off switches it back.

    It listens there until it restarts: do this on a network of your own. Write the address that is printed into devices.toml.
    """
    from farm.devices.android.wireless import to_usb, to_wifi

    device = context.lab().device(device_name)
    if device.kind is not DeviceKind.ANDROID:
        raise InputError(f"{device_name} is a device of kind {device.kind}: only Android devices are reached by adb over Wi-Fi")
    if off and device.wireless is None:
        raise InputError(f"devices.toml does not say where {device_name} answers over Wi-Fi", hint='wireless = "address:port"')
    with _held(context, device):
        if off:
            to_usb(device, device.wireless or "")
            say(f"{device_name} is back on its cable")
            return
        address = to_wifi(device, port)
    tell(address)
    say(f'{device_name} answers there now: write wireless = "{address}" under [devices.{device_name}], then unplug it')


@contextmanager
def _held(context: Context, device: Device) -> Iterator["Transport"]:
    """Hold a device for something else than measuring: against controllers on this host and on others."""
    from farm.devices import connect

    refuse_held_back(context, device)
    with kin(context):
        transport = connect(device, context.writable_data())
        transport.preflight()
        with held(device, transport, transport.identify().id):
            yield transport


def _reached_by(device: Device) -> str:
    addresses = " or ".join(filter(None, (device.serial or device.match or device.udid, device.wireless)))
    if device.host is not None:
        return f"{addresses} on {device.host}" if addresses else device.host
    return addresses or "this machine"


def _list(context: Context, as_json: bool) -> None:
    lab = context.lab()
    pools = {name: [pool for pool, members in lab.pools.items() if name in members] for name in lab.devices}
    states = occupied(context, lab)
    told = (canaries(context) if context.database.exists() else None) or {}
    stood = _stood(context, lab.devices)
    if as_json:
        entries = [
            {"name": name, "kind": device.kind, "host": device.host, "labels": dict(device.labels), "pools": pools[name]}
            | {"state": _state_values(states[name])}
            | {"canary": {"state": told[name][0], "text": told[name][1]} if name in told else None}
            | {"health": {"state": one.standing.health, "text": one.text} if (one := stood.get(name)) is not None else None}
            for name, device in lab.devices.items()
        ]
        click.echo(json.dumps(entries, indent=2))
        return
    from farm.cli import draw
    from farm.publish.tables import Table

    rows = tuple(
        (
            name,
            device.kind.value,
            _reached_by(device),
            states[name].words(now_utc()),
            ", ".join(pools[name]),
            ", ".join(f"{key}={value}" for key, value in device.labels.items()),
            one.text.partition(":")[0] if (one := stood.get(name)) is not None else "",
            told[name][1] if name in told else "",
        )
        for name, device in lab.devices.items()
    )
    columns = ("device", "kind", "reached by", "state", "pools", "labels", "health", "canary")
    draw.tables([Table("", columns, rows, tuple(range(len(columns))), expendable=(5, 1, 4, 2))])


def _state_values(state: Occupied) -> dict[str, object]:
    since = None if state.since is None else state.since.isoformat()
    return {"state": state.state, "since": since, "reason": state.reason, "job": state.job}


def _stood(context: Context, names: Iterable[str]) -> "dict[str, Stood]":
    """Return where each device stands that was ever looked at; none while the database cannot be read."""
    from farm.cli import standings

    known = standings.read_aside(context) or standings.Standings()
    return {name: one for name in names if (one := known.of(name)).since is not None}


devices.add_command(holds.hold)
devices.add_command(holds.unhold)
