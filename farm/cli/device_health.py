"""farm devices check, health, retire and restore: whether devices can be trusted with work, and what a person says of them."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from farm.cli.context import Context, chosen_devices, now_utc, say, tell
from farm.errors import InputError

if TYPE_CHECKING:
    from farm.cli.healthy import Checked
    from farm.cli.standings import Stood
    from farm.health import Standing
    from farm.publish.tables import Table
    from farm.workloads import Device

_COULD_NOT_TELL = 3
_MOMENT = "%Y-%m-%d %H:%M"
_DEADLINE_S = 30.0


@click.command("check", epilog="Example: farm devices check --pool nightly")
@click.argument("device_names", metavar="[DEVICE]...", nargs=-1)
@click.option("--pool", help="Look at all devices of a pool of devices.toml.")
@click.option("--canary", is_flag=True, help="Measure the fixed artifact on each, too, and hold it against the device's band.")
@click.option("--wheel", type=click.Path(path_type=Path), help="ExecuTorch wheel to build the harness with, for --canary.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def check(context: Context, device_names: tuple[str, ...], pool: str | None, canary: bool, wheel: Path | None, as_json: bool) -> int:
    """Look at devices now: whether each answers, has room, charge, a sound battery, the right clock and chip, and is not too warm.

    All at once, each held meanwhile. With one that does not answer, what its `recovery` in devices.toml says is tried: a new link, the
    adb server anew where that is farm's own, a restart, the power of its port by your own command. What failed makes a device suspect;
    after `quarantine_after` failures it is quarantined, and left out of what is measured with its pool until it passes twice in a row.
    Without a name: all devices of devices.toml. Ends with 3 when a check failed or a device was not looked at.
    """
    from farm.cli import healthy

    found = healthy.check(context, _meant(context, device_names, pool), canary=canary, wheel=wheel)
    if as_json:
        click.echo(json.dumps([look_json(one) for one in found], indent=2, ensure_ascii=False))
    else:
        from farm.cli import draw

        draw.tables([_overview(found)])
        draw.lines("Systems that changed", [f"{one.device.name}: {change[0]} -> {change[1]}" for one in found if (change := one.os_change)])
    return 0 if all(one.health == "retired" or (one.checks and not one.failing) for one in found) else _COULD_NOT_TELL


def _meant(context: Context, names: Sequence[str], pool: str | None) -> "list[Device]":
    lab = context.lab()
    if names or pool is not None:
        return chosen_devices(lab, ",".join(names) or None, pool)
    others = [device for device in lab.devices.values() if device.name != "local"]
    return others or list(lab.devices.values())


def _overview(found: "Sequence[Checked]") -> "Table":
    from farm.publish.tables import Table

    rows = tuple(
        (
            one.device.name,
            one.health.value,
            "yes" if one.takes_part else "no",
            _passed(one),
            one.held_by or one.why_not or one.reason,
        )
        for one in found
    )
    return Table("", ("device", "health", "takes part", "checks", "why"), rows, (0, 1, 2, 3, 4))


def _passed(one: "Checked") -> str:
    if not one.checks:
        return "none made"
    known = [check for check in one.checks if check.ok is not None]
    unknown = len(one.checks) - len(known)
    return f"{sum(check.ok is True for check in known)} of {len(known)} passed" + (f", {unknown} not known" if unknown else "")


def look_json(one: "Checked") -> dict[str, Any]:
    """Return a look as JSON values."""
    change = one.os_change
    return {
        "device": one.device.name,
        "device_id": one.device_id,
        "health": one.health,
        "reason": one.reason,
        "takes_part": one.takes_part,
        "why_not": one.why_not,
        "held_by": one.held_by,
        "os_change": None if change is None else {"before": change[0], "now": change[1]},
        "checks": [asdict(check) for check in one.checks],
        "recovery": [asdict(step) for step in one.steps],
    }


@click.command("health", epilog="Example: farm devices health s25")
@click.argument("device_name", metavar="[DEVICE]", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def health(context: Context, device_name: str | None, as_json: bool) -> None:
    """Show where each device stands; with a name: its history, what its last checks read, and what was tried when it did not answer.

    Nothing is asked of a device: farm devices check looks at them.
    """
    from farm.cli import draw, standings

    lab = context.lab()
    known = standings.read(context, _DEADLINE_S)
    if device_name is not None:
        document = _one(context, lab.device(device_name), known.of(device_name), known.ids.get(device_name))
        if as_json:
            click.echo(json.dumps(document, indent=2, ensure_ascii=False))
        else:
            _draw_one(document)
        return
    stood = {name: known.of(name) for name in lab.devices}
    if as_json:
        click.echo(json.dumps([_standing_json(name, one) for name, one in stood.items()], indent=2, ensure_ascii=False))
        return
    from farm.publish.tables import Table

    rows = tuple(
        (
            name,
            one.standing.health.value if one.since else "not known",
            f"{one.since:%Y-%m-%d}" if one.since else "",
            f"{one.checked_at:{_MOMENT}}" if one.checked_at else "never",
            str(one.standing.failed),
            one.standing.reason,
        )
        for name, one in stood.items()
    )
    draw.tables([Table("", ("device", "health", "since", "looked at (UTC)", "failed", "why"), rows, (0, 1, 2, 3, 5))])


def _standing_json(name: str, one: "Stood") -> dict[str, Any]:
    return {
        "device": name,
        "health": one.standing.health if one.since else None,
        "since": one.since.isoformat() if one.since else None,
        "reason": one.standing.reason,
        "failed": one.standing.failed,
        "passed": one.standing.passed,
        "checked_at": one.checked_at.isoformat() if one.checked_at else None,
    }


def _one(context: Context, device: "Device", stood: "Stood", device_id: str | None) -> dict[str, Any]:
    """Return all that is stored of a device's health, as JSON values."""
    whose = {"device": device.name, "device_id": device_id}
    names = ("health_changes_of", "health_last_checks", "health_last_steps")
    frames = context.store(_DEADLINE_S).queries(dict.fromkeys(names, whose))
    changes, checks, steps = (list(frames[name].iter_rows(named=True)) for name in names)
    for row in (*changes, *checks, *steps):
        for name in ("changed_at", "looked_at"):
            if name in row:
                row[name] = row[name].isoformat()
    return _standing_json(device.name, stood) | {"device_id": device_id, "changes": changes, "checks": checks, "recovery": steps}


def _draw_one(document: dict[str, Any]) -> None:
    from farm.cli import draw
    from farm.health import Name
    from farm.publish.tables import Table

    since = f" since {document['since'][:10]}" if document["since"] else ""
    reason = f": {document['reason']}" if document["reason"] else ""
    tell(f"{document['device']} is {document['health'] or 'not known: farm devices check looks at it'}{since}{reason}")
    click.echo()
    changes = tuple((row["changed_at"][:16].replace("T", " "), row["health"], row["reason"]) for row in document["changes"])
    if changes:
        draw.tables([Table("How its health changed (UTC)", ("when", "to", "why"), changes, (0, 1, 2))])
    if document["checks"]:
        words = {True: "yes", False: "NO", None: "not known"}
        rows = tuple(
            (Name(row["name"]).words, words[row["ok"]], row["reading"] or "", row["limit_text"] or "", row["sentence"])
            for row in document["checks"]
        )
        at = document["checks"][0]["looked_at"][:16].replace("T", " ")
        columns = ("check", "ok", "reading", "limit", "in words")
        draw.tables([Table(f"Its last checks, {at} UTC", columns, rows, (0, 1, 2, 3, 4), expendable=(3, 2))])
    if document["recovery"]:
        steps = tuple(
            (row["rung"], row["tried"].replace("_", " "), f"{row['seconds']:.0f} s", row["sentence"]) for row in document["recovery"]
        )
        at = document["recovery"][0]["looked_at"][:16].replace("T", " ")
        draw.tables([Table(f"What was tried when it did not answer, {at} UTC", ("rung", "came to", "took", "in words"), steps, (0, 1, 3))])
        said = [line for row in document["recovery"] for line in row["output"].splitlines()]
        draw.lines("What the command said", said)


@click.command("retire", epilog="Example: farm devices retire s25 --reason 'its screen is broken'")
@click.argument("device_name", metavar="DEVICE")
@click.option("--reason", required=True, help="Why, for whoever reads it later.")
@click.pass_obj
def retire(context: Context, device_name: str, reason: str) -> None:
    """Take a device out: it is not looked at and not measured with its pool any more, until farm devices restore.

    Its history stays. It need not answer, and it is known by its own identity: another phone under its name is another device.
    """
    from farm.health import Health, retired

    device, stood = _known(context, device_name)
    if stood.standing.health is Health.RETIRED:
        raise InputError(f"{device_name} is retired already: {stood.standing.reason}")
    _say_of(context, device, "retired", stood, retired(_given(reason)))
    say(f"{device_name} is retired: farm devices restore {device_name} --reason ... takes it in again")


@click.command("restore", epilog="Example: farm devices restore s25 --reason 'new screen'")
@click.argument("device_name", metavar="DEVICE")
@click.option("--reason", required=True, help="What has been done, for whoever reads it later.")
@click.pass_obj
def restore(context: Context, device_name: str, reason: str) -> None:
    """Take a retired or quarantined device in again: it is suspect until it has passed its checks twice in a row."""
    from farm.health import restored

    device, stood = _known(context, device_name)
    if stood.standing.health.takes_part:
        raise InputError(f"{device_name} takes part: it is {stood.text}")
    _say_of(context, device, "restored", stood, restored(_given(reason)))
    say(f"{device_name} takes part again: farm devices check {device_name}, twice, makes it good")


def _given(reason: str) -> str:
    if not reason.strip():
        raise InputError("a reason of no words explains nothing", hint="--reason 'its screen is broken'")
    return reason.strip()


def _known(context: Context, name: str) -> "tuple[Device, Stood]":
    from farm.cli import standings

    context.writable_data()
    context.check_database()
    return context.lab().device(name), standings.read(context, _DEADLINE_S).of(name)


def _say_of(context: Context, device: "Device", kind: str, before: "Stood", standing: "Standing") -> None:
    """Store what a person says of a device."""
    from farm.cli import healthy, standings

    device_id = standings.read(context, _DEADLINE_S).ids.get(device.name)
    context.store(_DEADLINE_S).add({"health_looks": [healthy.look_row(device, device_id, before, standing, kind, now_utc())]})
