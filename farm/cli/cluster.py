"""farm cluster: the phones of several hosts, through Dask distributed."""

import json
import platform
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from farm import __version__
from farm.cli import remote
from farm.cli.context import Context, now_utc, say, tell
from farm.cli.hosted import Here
from farm.errors import HostAway, InputError

if TYPE_CHECKING:
    from farm.cluster import Address
    from farm.cluster.keys import Keys
    from farm.cluster.order import Hello

_UNUSED_S = 30 * 86_400.0
_CLOCK_S = 1.0
"""How far a host's clock may be off without being marked."""


@click.group(epilog="Example: farm cluster keys rack1 rack2")
def cluster() -> None:
    """Drive phones that hang on several hosts: one scheduler where they meet, one worker on each other host.

    devices.toml of the scheduler's host says where each phone hangs (host = "rack2"); farm run then measures it there, and
    keeps every run here. Whoever has one host's keys can run programs on all of them.
    """


@cluster.command("keys", epilog="Example: farm cluster keys rack1 rack2 --days 365")
@click.argument("names", nargs=-1, metavar="[HOST]...")
@click.option("--days", type=click.IntRange(1, 3650), default=365, show_default=True, help="How long the certificates are good.")
@click.option("--renew", is_flag=True, help="Make new ones also where there are some; without HOST: for every host there is.")
@click.option("--into", type=click.Path(path_type=Path, file_okay=False), help="Folder to keep them in. [default: cluster/keys of --data]")
@click.pass_obj
def keys(context: Context, names: tuple[str, ...], days: int, renew: bool, into: Path | None) -> None:
    """Make the keys of the scheduler and of these hosts, signed by an authority of the cluster's own.

    Copy each host's folder to that host, over a way that you trust; ca-key.pem stays here. Keys that are there are kept.
    """
    from farm import cluster as hosts

    hosts.require()
    from farm.cluster import keys as making

    folder = into or context.writable_data() / "cluster" / "keys"
    there = [path.parent.name for path in sorted(folder.glob(f"*/{making.KEY}"))]
    wanted = dict.fromkeys([making.SCHEDULER, *names, *([] if names else there)])
    for name in wanted:
        if not hosts.host_name(name):
            raise InputError(f'"{name}" is no name of a host', hint='letters, digits, ".", "_" and "-", as host = "..." in devices.toml')
    for made in making.make(folder, list(wanted), now_utc(), days, renew=renew):
        tell(f"{made.name}: {made.folder}, good until {made.expires_at:%Y-%m-%d %H:%M} UTC")
    others = [name for name in wanted if name != making.SCHEDULER]
    if others:
        say(f"copy each folder to its host: scp -rp {shlex.quote(str(folder / others[0]))} {others[0]}:.farm/cluster/keys/")


@cluster.command("scheduler", epilog="Example: farm cluster scheduler --listen tls://10.0.0.1:8786")
@click.option(
    "--listen", metavar="tls://HOST:PORT", help="Address of this host to listen on. [default: [cluster] scheduler of devices.toml]"
)
@click.option("--keys", "folder", type=click.Path(path_type=Path), help="This host's keys. [default: cluster/keys/scheduler of --data]")
@click.pass_obj
def scheduler(context: Context, listen: str | None, folder: Path | None) -> None:
    """Be where the hosts meet, until stopped. Run it on the host that has devices.toml and the database."""
    from farm import cluster as hosts

    stated = context.lab().cluster
    given = listen or stated.scheduler
    if given is None:
        raise InputError("no address is named", hint='--listen tls://10.0.0.1:8786, or scheduler = "..." under [cluster] in devices.toml')
    address = hosts.parsed(given)
    hosts.require()
    from farm.cluster import keys as made
    from farm.cluster.scheduler import serve

    serve(address, _keys(address, folder or stated.keys or context.data / "cluster" / "keys" / made.SCHEDULER), say)


@cluster.command("worker", epilog="Example: farm cluster worker --scheduler tls://10.0.0.1:8786 --name rack2")
@click.option("--scheduler", "given", metavar="tls://HOST:PORT", required=True, help="Where the hosts meet.")
@click.option("--name", default=platform.node, show_default="this host's name", help='Name of this host, as host = "..." in devices.toml.')
@click.option("--keys", "folder", type=click.Path(path_type=Path), help="This host's keys. [default: cluster/keys/NAME of --data]")
@click.pass_obj
def worker(context: Context, given: str, name: str, folder: Path | None) -> None:
    """Measure on the phones of this host for the scheduler's, until stopped.

    What they are called and how they are held is said there. What has ended is kept on this host's disk before anybody hears of it, so
    that a link that breaks, or this host restarting, costs at most the runs under way. A stop puts the phones back first.
    """
    serve_worker(context, given, name, folder, Here(context.data))


def serve_worker(context: Context, given: str, name: str, folder: Path | None, here: Here) -> None:
    """Be a host's worker, measuring with here."""
    from farm import cluster as hosts

    address = hosts.parsed(given)
    if not hosts.host_name(name):
        raise InputError(f'"{name}" is no name of a host', hint="give one with --name")
    hosts.require()
    from farm.cluster.host import Host
    from farm.cluster.worker import serve

    data = context.writable_data()
    own = _keys(address, folder or data / "cluster" / "keys" / name)
    if own is not None and own.name != name:
        raise InputError(f"the keys in {own.folder} are those of {own.name}, not of {name}", hint=f"--name {own.name}, or other --keys")
    host = Host(name, data, __version__, here.measure, here.identify, lambda: now_utc().timestamp())
    host.files.tidy(now_utc().timestamp(), _UNUSED_S)
    serve(host, address, own, say)


@cluster.command("status", epilog="Example: farm cluster status --cluster tls://10.0.0.1:8786")
@click.option("--cluster", "given", metavar="tls://HOST:PORT", help="Where the hosts meet. [default: [cluster] scheduler of devices.toml]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def status(context: Context, given: str | None, as_json: bool) -> int:
    """Say which hosts are there, what goes on there, and what waits. Ends with 3 when a host of devices.toml is away."""
    hung: dict[str, list[str]] = {}
    for device in context.lab().devices.values():
        if device.host is not None:
            hung.setdefault(device.host, []).append(device.name)
    link, _ = remote.connected(context, given)
    try:
        from farm.cluster import calls

        found: dict[str, Hello | None] = dict.fromkeys(hung)
        offsets_s = {}
        for name in link.hosts():
            try:
                began_s = now_utc().timestamp()
                found[name] = hello = link.call(name, calls.hello)
                offsets_s[name] = hello.now_s - (began_s + now_utc().timestamp()) / 2
            except HostAway:  # gone a moment ago
                found.setdefault(name, None)
    finally:
        link.close()
    if as_json:
        click.echo(json.dumps([_as_json(name, hello, offsets_s.get(name), hung.get(name, [])) for name, hello in found.items()], indent=2))
    else:
        _show(found, offsets_s, hung)
    return 0 if all(found.values()) else HostAway.exit_code


@cluster.command("collect", epilog="Example: farm cluster collect --cluster tls://10.0.0.1:8786")
@click.option("--cluster", "given", metavar="tls://HOST:PORT", help="Where the hosts meet. [default: [cluster] scheduler of devices.toml]")
@click.pass_obj
def collect(context: Context, given: str | None) -> None:
    """Fetch the runs of sessions that ended while nobody here asked for them. farm run does that by itself when it begins."""
    context.writable_data()
    link, patience_s = remote.connected(context, given)
    try:
        count = remote.Cluster(link, remote.origin(context.data), patience_s).collect(context)
    finally:
        link.close()
    if count:
        context.drained_store()
    tell(f"{count} runs came in")


def _keys(address: "Address", folder: Path) -> "Keys | None":
    if not address.encrypted:
        return None
    from farm.cluster import keys as made

    found, warning = made.opened(folder, now_utc())
    if warning is not None:
        say(warning)
    return found


def _as_json(name: str, hello: "Hello | None", offset_s: float | None, devices: list[str]) -> dict[str, object]:
    if hello is None:
        return {"host": name, "there": False, "devices": devices}
    facts = {
        "farm_version": hello.farm_version,
        "clock_offset_s": offset_s,
        "sessions": dict(hello.sessions),
        "waiting_runs": hello.waiting,
    }
    return {"host": name, "there": True, "devices": devices} | facts


def _show(found: "dict[str, Hello | None]", offsets_s: dict[str, float], hung: dict[str, list[str]]) -> None:
    from farm.cli import draw
    from farm.publish.tables import Table

    if not found:
        tell("no host is connected, and devices.toml names none")
        return
    columns = ("host", "is", "farm", "clock", "devices", "goes on", "runs that wait")
    rows = [_row(name, hello, offsets_s.get(name), hung.get(name, [])) for name, hello in sorted(found.items())]
    draw.tables([Table("", columns, tuple(rows), (0, 1, 2, 3, 4, 5), (3, 2))])


def _row(name: str, hello: "Hello | None", offset_s: float | None, devices: list[str]) -> tuple[str, ...]:
    named = ", ".join(devices)
    if hello is None:
        return name, "away", "", "", named, "", ""
    clock = "" if offset_s is None else f"{offset_s:+.1f} s" if abs(offset_s) >= _CLOCK_S else "as here"
    version = hello.farm_version if hello.farm_version == __version__ else f"{hello.farm_version}, not {__version__}"
    goes_on = "; ".join(f"{device}: {phase}" for device, phase in sorted(hello.sessions.items()))
    return name, "here", version, clock, named, goes_on, str(hello.waiting)
