"""A measured power run -> the same run with its energies, or with the reason why they cannot be told. Values in, values out."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from farm import units
from farm.errors import PowerUnread
from farm.metrics import INTERVAL, WINDOWS
from farm.power import alone
from farm.power.curves import curve_of
from farm.power.energy import Done, Energies, Estimate, energies
from farm.workloads import DeviceKind, Outcome, PowerSettings, PowerSource, Readings, Run

_MOST_ASLEEP = 0.01
_CLOCK_STEP_NS = 100e6
_UNPLUGGED_BY_NS = 2e9
_WIDEST = 0.5
"""How far a run's interval may reach to either side of its energy: further, the phone did something else now and then."""
_NOT_ALONE = {PowerSource.FUEL_GAUGE: "its battery's energy is not the load's"}
_UNITS = {"inferences_count": "inference", "tokens_count": "token"}


def with_energy(run: Run) -> Run:
    """Return a run of the power pass with what its readings come to. Whatever was read stays in it.

    Its flavour gets the source's name: energies of two sources are never compared. A phone that charged, or may have, gives an
    invalid run: the battery's energy is then not the load's, and a phone that charges is warmer than the one that is asked about. One
    whose source leaves it open what was drawn gives a failed one.
    """
    source = next((PowerSource(item.text) for item in run.state if item.name == "power_source" and item.text), None)
    if run.measured is None or source is None or run.outcome not in (Outcome.OK, Outcome.INVALID):
        return run
    run = replace(run, measured=replace(run.measured, flavour=f"{run.measured.flavour}+{_label(source, run.job.device.power)}"))
    charging = None if run.job.device.kind is DeviceKind.LOCAL else _charging(run, source)
    if charging is not None:
        run = replace(
            run,
            outcome=Outcome.INVALID,
            error_class=alone.CLASS,
            reason=f"{_NOT_ALONE.get(source, 'it did not run on its battery alone')}: {charging}",
            hint=alone.HINT,
        )
        if source is PowerSource.FUEL_GAUGE:
            return run
    try:
        phases = _phases(run)
        curve, facts = curve_of(run, source, phases)
        unit, done = _done(run.readings)
        found = energies(curve, phases["idle"], phases["work"], done)
    except PowerUnread as error:
        if run.outcome is Outcome.INVALID:
            return run
        return replace(run, outcome=error.outcome, error_class=error.error_class, reason=error.message, hint=error.hint)
    run = replace(run, readings=run.readings + _readings(found, unit), state=run.state + facts)
    absurd = _too_wide(found, unit) if run.outcome is Outcome.OK else None
    if absurd is None:
        return run
    hint = "leave the phone alone, or state a longer power_idle and power_work"
    return replace(run, outcome=Outcome.INVALID, error_class="unsteady", reason=absurd, hint=hint)


def _too_wide(found: Energies, unit: str) -> str | None:
    """Return a sentence when the windows of one run leave its energy wide open: such a number says nothing."""
    for name, one in (("net", found.net_uj), ("gross", found.gross_uj)):
        if (one.high - one.low) / 2 > _WIDEST * abs(one.value):
            low, high = (units.show(end, units.ENERGY) for end in (one.low, one.high))
            return f"its windows leave the energy per {unit}, {name}, between {low} and {high}: wider than {_WIDEST:.0%} to either side"
    return None


def _label(source: PowerSource, settings: PowerSettings) -> str:
    return f"{source}({','.join(settings.rails)})" if source is PowerSource.ODPM and settings.rails else source


def _charging(run: Run, source: PowerSource) -> str | None:
    """Return a sentence when the phone charged before, during or after the pass, or when that is unknown.

    An external meter takes the phone's cable away only while it samples: there the looks during the pass alone count.
    """
    if source is not PowerSource.MONSOON:
        for phase in ("before", "after"):
            if (reason := alone.charging(run.state, phase)) is not None:
                return reason
    begin_ns = min((item.values[0] for item in run.readings if item.metric == "phase_ns"), default=0.0) + _UNPLUGGED_BY_NS
    looks = [item for item in run.readings if item.metric == "unplugged_ratio"]
    sampled = [] if source is PowerSource.MONSOON else _own_status(run)
    told = False
    for item in (*looks, *sampled):
        during = [value for value, at in zip(item.values, item.at_ns or (), strict=False) if at >= begin_ns]
        told = told or bool(during)
        if not all(during):
            return f"it was plugged in, or did not say that it was not, in {during.count(0.0)} of {len(during)} looks during the pass"
    return None if told else "whether it was plugged in during the pass is unknown"


def _own_status(run: Run) -> list[Readings]:
    """Return what the sampler read of the battery's status: of the supply that the current comes from, where that tells it."""
    found = [item for item in run.readings if item.metric == "battery_discharging_ratio"]
    origins = {item.source for item in run.state if item.name == "power_source"}
    return [item for item in found if item.source in origins] or found


def _phases(run: Run) -> dict[str, tuple[float, float]]:
    """Return begin and end of each phase since the harness began. Raises PowerUnread when its clocks cannot be relied on."""
    phases = {}
    for name in ("idle", "work"):
        times = {item.metric: item.values for item in run.readings if item.source == name}
        if "phase_ns" not in times or "phase_unix_ns" not in times:
            raise PowerUnread(f"the harness does not say when its {name} phase was", error_class="power_unread")
        (begin, end), (unix_begin, unix_end) = times["phase_ns"], times["phase_unix_ns"]
        if abs((unix_end - unix_begin) - (end - begin)) > _CLOCK_STEP_NS:
            raise PowerUnread("the device's clock was set during the pass", error_class="power_unread", hint="measure again")
        asleep_ns = times.get("phase_asleep_ns", (0.0,))[0]
        if asleep_ns > _MOST_ASLEEP * (end - begin):
            raise PowerUnread(
                f"the device was suspended for {asleep_ns / 1e9:.1f} s of the {name} phase",
                error_class="suspended",
                hint="keep its screen on",
            )
        phases[name] = (begin, end)
    return phases


def _done(readings: Sequence[Readings]) -> tuple[str, Done]:
    for item in readings:
        if item.metric in _UNITS and item.source == "work" and item.at_ns:
            return _UNITS[item.metric], Done(np.asarray(item.at_ns, dtype=float), np.asarray(item.values))
    raise PowerUnread("the harness does not say how much it did", error_class="power_unread")


def _readings(found: Energies, unit: str) -> tuple[Readings, ...]:
    """Return the run's values; under the source INTERVAL what each lies between, under WINDOWS what each window gave."""
    values = (
        (f"energy_per_{unit}_uj", found.net_uj),
        (f"gross_energy_per_{unit}_uj", found.gross_uj),
        ("power_uw", found.power_uw),
        ("idle_power_uw", found.idle_power_uw),
    )
    return tuple(reading for name, estimate in values for reading in _of_estimate(name, estimate, found.window_at_ns))


def _of_estimate(name: str, estimate: Estimate, at_ns: tuple[int, ...]) -> tuple[Readings, ...]:
    times = at_ns if len(at_ns) == len(estimate.windows) and name != "idle_power_uw" else None
    return (
        Readings(name, (estimate.value,)),
        Readings(name, (estimate.low, estimate.high), INTERVAL),
        Readings(name, estimate.windows, WINDOWS, times),
    )
