"""farm canary: whether a device is still what it was when its band was told."""

import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from farm import __version__, canary, rack
from farm.canary import Judged, Sitting, State
from farm.cli import unfinished
from farm.cli.context import Context, chosen_devices, now_utc, say
from farm.cli.measuring import Done, Measuring
from farm.errors import InputError
from farm.workloads import Device, Job, Pass, PassSettings, Provenance, Session, Workload, new_id

if TYPE_CHECKING:
    from farm.store import Store

_COMMAND = "canary"
_COULD_NOT_TELL = 3
_ARTIFACT = "digits_int8.pte"
_WORKLOAD = Workload("farm-canary", (Pass.LATENCY,), PassSettings(threads=1, iterations=500, duration_ms=300))
_RUNS = 5


@dataclass(frozen=True, slots=True)
class Sung:
    """One session on one device, and what it came to."""

    device: str
    judged: Judged | None
    """None: the device was not reached."""
    sitting: Sitting | None
    failure: str | None


@click.command("canary", epilog="Example: farm canary --device s25")
@click.option("--device", "device_names", help="Devices to look at. [default: local]")
@click.option("--pool", help="Look at all devices of a pool of devices.toml.")
@click.option("--calibrate", "is_band", is_flag=True, help="Sessions that tell the band, instead of being held against it.")
@click.option("--anew", is_flag=True, help="Forget the band, and tell a new one: after an update of the system, a move, a new battery.")
@click.option("--sessions", type=click.IntRange(1, 100), help="Sessions, one after the other. [default: 1; with --calibrate 5]")
@click.option("--artifact", type=click.Path(path_type=Path), help="Your own fixed model, always the same one. [default: farm's digits]")
@click.option("--wheel", type=click.Path(path_type=Path), help="ExecuTorch wheel to build the harness with, instead of downloading it.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def command(context: Context, /, **given: Any) -> int:  # noqa: ANN401 - click's values
    """Measure a fixed artifact, and hold it against the band of the device's first sessions: outside, the device is suspect.

    First --calibrate: five sessions tell a band, better on several days, as each call adds to it. A suspect device is marked in farm
    devices and farm doctor, and farm gate says so beside its verdicts, until a later session lies within the band, or a new band is
    told with --anew. Ends with 3 when a device is suspect, or nothing can be told.
    """
    is_band = given["is_band"] or given["anew"]
    devices = chosen_devices(context.lab(), given["device_names"], given["pool"])
    context.writable_data()
    context.check_database()
    count = given["sessions"] or (canary.FEWEST_SESSIONS if is_band else 1)
    found: list[Sung] = []
    for number in range(count):
        found = sing(context, devices, given["wheel"], given["artifact"], is_band=is_band, anew=given["anew"] and number == 0)
        for one in found:
            say(f"{one.device}: {one.judged.reason if one.judged else one.failure}")
    code = 0 if all(one.judged is not None and one.judged.state in (State.BAND, State.WITHIN) for one in found) else _COULD_NOT_TELL
    _show(found, code, as_json=given["as_json"])
    return code


def sing(
    context: Context,
    devices: Sequence[Device],
    wheel: Path | None,
    artifact: Path | None = None,
    *,
    is_band: bool = False,
    anew: bool = False,
    measuring: Callable[..., Measuring] = Measuring,
) -> list[Sung]:
    """Measure one session on each device, judge it, and store what it came to.

    artifact None: farm's own. measuring makes what measures it, as Measuring does.
    """
    with as_file(files("farm") / "examples") as examples:
        sessions = _measured(context, devices, artifact or examples / _ARTIFACT, partial(measuring, wheel=wheel))
        return [_kept(context.drained_store(), done, is_band=is_band, anew=anew) for done in sessions]


def _measured(context: Context, devices: Sequence[Device], path: Path, measuring: Callable[..., Measuring]) -> list[Done]:
    """Measure one session on each device."""
    from farm.artifacts import open_artifact

    artifact = open_artifact(path)
    if artifact.reference is None:
        raise InputError(
            f"{path} has no reference: a canary that answers wrongly tells nothing", hint="farm artifacts show says what it has"
        )
    seed = secrets.randbits(32)
    work: list[tuple[Device, list[Job]]] = [(device, rack.plan(device, [(_WORKLOAD, artifact)], _RUNS, seed)) for device in devices]
    plan = unfinished.digest([jobs for _, jobs in work])
    unfinished.forget_abandoned(context.data, _COMMAND)  # a session is whole, or tells nothing: one that was killed is not gone on with
    begun = unfinished.begin(context.data, new_id(now_utc()), _COMMAND, {}, plan)
    try:
        return measuring(context, seed, provenance=Provenance(__version__), unfinished=begun, purpose=_COMMAND).measure(work)
    finally:
        begun.remove()


def _kept(store: "Store", done: Done, *, is_band: bool, anew: bool) -> Sung:
    """Judge a session, and store what it came to."""
    if done.session is None:
        return Sung(done.device.name, None, None, done.failure.message if done.failure else "it was not reached")
    sitting = _sitting(done, done.session)
    device = done.session.identity.id
    rows = store.query("canary_band", device=device)
    earlier = [] if anew else [Sitting(**row) for row in rows.iter_rows(named=True)]
    judged = canary.judge(sitting, earlier, is_band=is_band)
    store.add({"canaries": [_row(done.session, sitting, judged, is_band=is_band, begins=is_band and not earlier)]})
    return Sung(done.device.name, judged, sitting, None)


def _sitting(done: Done, session: Session) -> Sitting:
    """Return what a session measured."""
    from statistics import median

    from farm.store import statistics_of

    statistics = statistics_of(done.records)
    values = statistics.filter(outcome="ok", metric="latency_ns")["p50"].to_list()
    ran = next((record["runs"][0] for record in done.records if record["runs"][0]["outcome"] == "ok"), None)
    value = median(values) if len(values) >= canary.FEWEST_RUNS else None
    os_build = session.identity.os_build
    if ran is None:
        return Sitting(value, len(values), None, os_build, None, None)
    return Sitting(value, len(values), ran["series_key"], os_build, ran["harness_hash"], ran["runtime_version"])


def _row(session: Session, sitting: Sitting, judged: Judged, *, is_band: bool, begins: bool) -> dict[str, Any]:
    held_against = None if is_band else judged.band
    return asdict(sitting) | {
        "session_id": session.id,
        "measured_at": session.started_at.replace(tzinfo=None),
        "device_id": session.identity.id,
        "device_name": session.device.name,
        "farm_version": __version__,
        "is_band": is_band,
        "begins_band": begins,
        "band_low_ns": held_against and held_against.low_ns,
        "band_high_ns": held_against and held_against.high_ns,
        "state": judged.state,
        "reason": judged.reason,
    }


def _show(found: Sequence[Sung], code: int, *, as_json: bool) -> None:
    if as_json:
        listed = [
            {
                "device": one.device,
                "state": one.judged.state if one.judged else None,
                "value_ns": one.sitting.value_ns if one.sitting else None,
                "band": asdict(one.judged.band) if one.judged and one.judged.band else None,
                "reason": one.judged.reason if one.judged else one.failure,
            }
            for one in found
        ]
        click.echo(json.dumps({"exit_code": code, "devices": listed}, indent=2, ensure_ascii=False))
        return
    from farm.cli import draw
    from farm.publish.tables import Table

    words = {State.BAND: "tells its band", State.WITHIN: "as it was", State.SUSPECT: "SUSPECT", State.UNKNOWN: "not known"}
    rows = tuple(
        (one.device, words[one.judged.state] if one.judged else "not reached", one.judged.reason if one.judged else one.failure or "")
        for one in found
    )
    draw.tables([Table("", ("device", "canary", "why"), rows, (0, 1, 2))])
