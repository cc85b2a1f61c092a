"""farm doctor: what works here, what is missing, and how to get it."""

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from farm.canary import State
from farm.cli.calibrated import canaries
from farm.cli.context import Context, now_utc
from farm.errors import FarmError
from farm.workloads import Device

if TYPE_CHECKING:
    from farm.devices import Transport
    from farm.health import Seen
    from farm.publish.tables import Table
    from farm.workloads import Identity

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
    """Say what works on this host and device, what is missing and how to get it.

    Ends with 2 when something needed is missing, or the device is suspect (farm canary).
    """
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
    ready = list(dict.fromkeys(f"{one.runtime} {one.runtime_version} for {one.target}" for one in builder.built(context.data)))
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

    known: list[Device] = []
    found: list[tuple[Device, Transport, Identity]] = []

    def look() -> str:
        device = context.lab().device(name)
        known.append(device)
        transport = connect(device, context.data)
        transport.preflight()
        identity = transport.identify()
        found.append((device, transport, identity))
        return f"{identity.soc or identity.model}, {identity.cpu_count} CPUs, {identity.os_build}"

    checks = [_attempt(f"device {name}", look)]
    for device in known:
        checks += _hold(context, device)
    for device, transport, identity in found:
        checks += _state(context, device, transport, identity)
    return checks


def _hold(context: Context, device: Device) -> list[_Check]:
    """Say who keeps it from being measured on, and why."""
    from farm.cli.holding import held_back
    from farm.errors import StoreBusy, StoreError

    try:
        hold = held_back(context, device)
    except (StoreBusy, StoreError):  # told above, of the database
        return []
    if hold is None:
        return []
    return [_Check("optional: nobody holds it back", works=False, found=hold.words, remedy=f"farm devices unhold {device.name}")]


def _health(context: Context, device: Device, seen: "Seen") -> list[_Check]:
    """Return what farm devices check would find, and where the device stands; who answers, and the canary, are told already."""
    from farm.cli import standings
    from farm.health import Known, Name, of_seen

    known = standings.read_aside(context) or standings.Standings()
    stood = known.of(device.name, seen.identity.id)
    told_before = (Name.REACHABLE, Name.AUTHORISED, Name.USABLE, Name.CANARY)
    before = Known(stood.os_build or known.os_builds.get(seen.identity.id))
    found = [check for check in of_seen(device, seen, before) if check.name not in told_before and check.ok is not None]
    ok = stood.standing.health in ("good", "suspect")
    remedy = "" if ok and stood.since else f"farm devices check {device.name}" + ("" if ok else f", or farm devices health {device.name}")
    return [
        _Check("optional: health", works=ok, found=stood.text, remedy=remedy),
        *(_Check(f"{'optional: ' if one.ok else ''}{one.name.words}", bool(one.ok), one.sentence) for one in found),
    ]


def _state(context: Context, device: Device, transport: "Transport", identity: "Identity") -> list[_Check]:
    """Return what is known of a device that answers: who holds it, whether a pass could begin, and what it does not say."""
    from farm import leases, readiness

    here, leased = leases.holder(identity.id, leases.runtime_folder()), transport.holder()
    left_over = here is None and leased is not None and leased.host == leases.host_mark()
    if (holder := here or (leased.words if leased is not None and not left_over else None)) is not None:
        # What it is asked would disturb what is measured there.
        return [_Check("optional: nobody holds it", works=False, found=holder, remedy="wait until that has ended, or stop it")]
    words = f"{leased.words} is gone, and the next session puts back what it left" if left_over and leased is not None else "free"
    checks = [_Check("optional: nobody holds it", works=True, found=words)]
    seen = readiness.look(device, transport, identity, now_utc)
    checks.append(_Check("optional: ready for a pass", not seen.unmet, "; ".join(seen.unmet) or "all conditions are met"))
    remedy = "" if seen.power_source else "only a power pass needs one: power = { source = ... } in devices.toml"
    checks.append(_Check("optional: source of power", seen.power_source is not None, seen.power_source or seen.power_reason, remedy))
    if seen.charger is not None:
        remedy = "only a power pass wants that: farm devices wireless moves it to Wi-Fi, then pull its cable"
        checks.append(
            _Check("optional: on its battery alone", works=False, found=f"its power would not be measured: {seen.charger}", remedy=remedy)
        )
    checks += _health(context, device, seen.seen)
    if settings := transport.settings():
        words = ", ".join(f"{one.name.removesuffix('_setting')} {one.text or f'({one.reason})'}" for one in settings)
        checks.append(_Check("optional: settings as they are", works=True, found=words))
    return checks + [_Check(f"optional: {what}", works=False, found=why) for what, why in readiness.unread(seen.seen.state)]
