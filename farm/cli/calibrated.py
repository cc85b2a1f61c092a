"""What is known of the devices that a gate is to be measured on: their noise, and whether they are what they were."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from farm.canary import State
from farm.cli.context import Context, say
from farm.errors import StoreBusy, StoreError
from farm.verdicts import Budget, Verdict

if TYPE_CHECKING:
    import polars as pl

    from farm import release
    from farm.cli.standings import Standings

_ASIDE_DEADLINE_S = 1.0
_WORDS = {State.BAND: "its band told", State.WITHIN: "as it was", State.SUSPECT: "suspect since", State.UNKNOWN: "not known"}


def unarmed(context: Context, asked: "release.Asked", keys: Collection[str]) -> Mapping[Budget, str]:
    """Return the budgets that the stored noise does not let be armed, and why; say what of it is not known.

    keys are those of the workloads as they are measured: noise of other settings or inputs says nothing.
    """
    from farm import calibrate

    names = [device.name for device in asked.devices]
    try:
        noises = context.drained_store().query("known_noises", devices=names)
    except StoreBusy as error:
        say(f"every budget is armed, as the devices' noise could not be read: {error.message}")
        return {}
    for device in calibrate.outdated(noises):
        say(f"{device} was calibrated with another OS build, or another device had its name: that noise is not used")
    found = calibrate.arming(asked.budgets, names, calibrate.of_keys(noises, keys), asked.plan)
    for device, budgets in found.uncalibrated.items():
        say(f"{device} is not calibrated for {', '.join(budgets)}: armed without knowing its noise (farm calibrate --device {device})")
    for budget, why in found.unarmed.items():
        say(f"{budget.name} is not armed and is looked at once: it {why}")
    return found.unarmed


def canaries(context: Context) -> dict[str, tuple[str, str]] | None:
    """Return what the newest session of the canary came to on each device, by its name: the state, and the state with day and reason.

    None: it is not known, as the database is held by another process, or broken.
    """
    try:
        rows = context.store(_ASIDE_DEADLINE_S).query("canary_states")
    except (StoreBusy, StoreError) as error:
        say(f"what the canary came to is not known: {error.message}")
        return None
    return told(rows)


def told(rows: "pl.DataFrame") -> dict[str, tuple[str, str]]:
    """Return the state of each device, and the state with day and reason, from the rows of canary_states."""
    return {
        row["device"]: (row["state"], f"{_WORDS[row['state']]} {row['measured_at']:%Y-%m-%d}: {row['reason']}")
        for row in rows.iter_rows(named=True)
    }


def with_suspects(context: Context, verdicts: Iterable[Verdict], devices: Sequence[str]) -> tuple[Verdict, ...]:
    """Return the verdicts, each warning of the devices it rests on that are suspect, or worse: what they read may not be what it was."""
    from farm.cli import standings

    known = standings.read_aside(context) or standings.Standings()
    return warned(verdicts, canaries(context) or {}, known, devices)


def warned(
    verdicts: Iterable[Verdict], canary: Mapping[str, tuple[str, str]], known: "Standings", devices: Sequence[str]
) -> tuple[Verdict, ...]:
    """Return the verdicts with what canaries and looks say of their devices; devices are those of a budget that names none."""
    from farm.health import Health

    verdicts = tuple(verdicts)
    stood = {name: known.of(name) for name in {*devices, *(name for verdict in verdicts for name in verdict.budget.devices)}}
    doubts = {name: one.text for name, one in stood.items() if one.standing.health is not Health.GOOD}
    doubts |= {name: text for name, (state, text) in canary.items() if state == State.SUSPECT}
    return tuple(
        replace(verdict, warnings=(*verdict.warnings, *warnings))
        if (warnings := [f"{name} is {doubts[name]}" for name in verdict.budget.devices or devices if name in doubts])
        else verdict
        for verdict in verdicts
    )
