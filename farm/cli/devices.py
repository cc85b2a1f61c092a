"""farm devices and farm doctor: what there is to measure on, and whether it would work."""

import json
import math
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from farm.canary import State
from farm.cli.calibrated import canaries
from farm.cli.context import Context, owner, say
from farm.errors import FarmError, InputError
from farm.workloads import Device, DeviceKind

if TYPE_CHECKING:
    from farm.devices import Transport
    from farm.publish.tables import Table


@click.group(invoke_without_command=True, epilog="Example: farm --devices devices.toml devices")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def devices(click_context: click.Context, as_json: bool) -> None:
    """List the devices of devices.toml, with their pools and how each is reached."""
    if click_context.invoked_subcommand is None:
        _list(click_context.obj, as_json)


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
    click.echo(f"{units.show(removed_bytes, units.BYTES)} removed from {device_name}")


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
    click.echo(address)
    say(f'{device_name} answers there now: write wireless = "{address}" under [devices.{device_name}], then unplug it')


@contextmanager
def _held(context: Context, device: Device) -> Iterator["Transport"]:
    """Hold a device for something else than measuring: against controllers on this host and on others."""
    from farm import leases
    from farm.devices import Holder, connect

    transport = connect(device, context.writable_data())
    transport.preflight()
    holder = owner()
    with leases.hold(transport.identify().id, device.name, holder, leases.runtime_folder()):
        transport.claim(Holder(leases.host_mark(), holder.words))
        try:
            yield transport
        except KeyboardInterrupt:
            transport.interrupt()
            raise
        finally:
            transport.release()


def _list(context: Context, as_json: bool) -> None:
    lab = context.lab()
    pools = {name: [pool for pool, members in lab.pools.items() if name in members] for name in lab.devices}
    told = (canaries(context) if context.database.exists() else None) or {}
    if as_json:
        entries = [
            {"name": name, "kind": device.kind, "labels": dict(device.labels), "pools": pools[name]}
            | {"canary": {"state": told[name][0], "text": told[name][1]} if name in told else None}
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
            " or ".join(filter(None, (device.serial or device.match or device.udid or "this machine", device.wireless))),
            ", ".join(pools[name]),
            ", ".join(f"{key}={value}" for key, value in device.labels.items()),
            told[name][1] if name in told else "",
        )
        for name, device in lab.devices.items()
    )
    draw.tables([Table("", ("device", "kind", "reached by", "pools", "labels", "canary"), rows, (0, 1, 2, 3, 4, 5))])


_ROOM_BYTES = 1e9


@dataclass(frozen=True, slots=True)
class _Check:
    """One thing that farm needs: whether it is there, what was found, and how to get it."""

    name: str
    works: bool
    found: str
    remedy: str = ""


@click.command(epilog="Example: farm doctor --device local")
@click.option("--device", "device_name", default="local", show_default=True, help="Device to look at.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def doctor(context: Context, device_name: str, as_json: bool) -> int:
    """Say what works on this host and device, what is missing and how to get it. Ends with 2 when something needed is missing."""
    checks = [
        _attempt("data folder", lambda: str(context.writable_data().resolve())),
        *_database(context),
        *_harness(context),
        *_device(context, device_name),
        *_canary(context, device_name),
    ]
    if as_json:
        click.echo(json.dumps([asdict(check) for check in checks], indent=2))
    else:
        from farm.cli import draw

        draw.tables([_table(checks)])
    needed = [check for check in checks if not check.works and not check.name.startswith("optional:")]
    return 2 if needed else 0


def _table(checks: list[_Check]) -> "Table":
    from farm.publish.tables import Table

    rows = tuple((check.name, "yes" if check.works else "no", check.found, check.remedy) for check in checks)
    return Table("", ("what", "works", "found", "how to get it"), rows, (0, 1, 2, 3))


def _attempt(name: str, look: Callable[[], str]) -> _Check:
    try:
        return _Check(name, works=True, found=look())
    except FarmError as error:
        return _Check(name, works=False, found=error.message, remedy=error.hint or "")


def _database(context: Context) -> list[_Check]:
    def look() -> str:
        rows = context.store(1.0).query("count_runs")
        waiting = len(context.journal.entries())
        return f"{context.database}, {rows.item(0, 0)} runs" + (f", {waiting} more wait in the journal" if waiting else "")

    free_bytes = shutil.disk_usage(_existing(context.data)).free
    enough = free_bytes > _ROOM_BYTES
    from farm import units

    room = _Check("room on disk", enough, f"{units.show(free_bytes, units.BYTES)} free", "" if enough else "farm wants 1 GB")
    return [_attempt("database", look), room]


def _existing(path: Path) -> Path:
    return next(folder for folder in (path.resolve(), *path.resolve().parents) if folder.exists())


def _harness(context: Context) -> list[_Check]:
    from farm.harness import build as builder

    checks = []
    for target in builder.Target:
        prefix = "" if target is builder.Target.HOST else "optional: "
        missing = builder.missing_tools(target)
        checks.append(
            _Check(
                f"{prefix}build the harness for {target}",
                works=not missing,
                found=", ".join(f"no {tool.name}" for tool in missing) or "all tools are there",
                remedy=builder.remedy(missing),
            )
        )
    ready = [f"{one.runtime} {one.runtime_version} for {one.target}" for one in builder.built(context.data)]
    return [
        *checks,
        _Check(
            "optional: harness built already",
            bool(ready),
            ", ".join(ready) or "none",
            "" if ready else "farm harness build, or farm run does it",
        ),
    ]


def _canary(context: Context, name: str) -> list[_Check]:
    """Say what the newest session of the fixed artifact came to: a suspect device is one that does not work."""
    told = canaries(context) if context.database.exists() else {}
    if told is None or name not in told:
        found = "not known: the database cannot be read" if told is None else "never measured here"
        return [_Check("optional: canary", works=False, found=found, remedy=f"farm canary --calibrate --device {name}")]
    state, text = told[name]
    if state == State.SUSPECT:
        return [_Check("canary", works=False, found=text, remedy="look at the device; once it is as it shall be: farm canary --anew")]
    return [_Check("optional: canary", works=state != State.UNKNOWN, found=text)]


def _device(context: Context, name: str) -> list[_Check]:
    from farm.devices import connect

    def look() -> str:
        transport = connect(context.lab().device(name), context.data)
        transport.preflight()
        identity = transport.identify()
        return f"{identity.soc or identity.model}, {identity.cpu_count} CPUs, {identity.os_build}"

    checks = [_attempt(f"device {name}", look)]
    if checks[0].works and context.lab().device(name).kind is DeviceKind.LOCAL:
        state = connect(context.lab().device(name), context.data).vitals("before")
        checks += [
            _Check(f"optional: {reading.name}", works=False, found=reading.reason) for reading in state if reading.reason is not None
        ]
    return checks
