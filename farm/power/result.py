"""A measured power run -> the same run with its energies, or with the reason why they cannot be told. Values in, values out."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import median

import numpy as np

from farm.devices.readers.gauge import PRINTED
from farm.devices.readers.power_stats import NAME as COUNTER
from farm.devices.readers.power_stats import step_uj
from farm.errors import PowerUnread
from farm.metrics import INTERVAL, WINDOWS
from farm.power.current import UNITS_UA, Counted, Current, learn
from farm.power.energy import Done, Energies, EnergyCurve, Estimate, energies, from_power, renewal_ns
from farm.power.plan import chosen_rails, is_package
from farm.workloads import DeviceKind, Outcome, PowerSettings, PowerSource, Readings, Run, StateReading

_MOST_ASLEEP = 0.01
_CLOCK_STEP_NS = 100e6
_UNPLUGGED_BY_NS = 2e9
_VOLTAGE_UV = (2e6, 20e6)
_UNITS = {"inferences_count": "inference", "tokens_count": "token"}

Phases = Mapping[str, tuple[float, float]]


def with_energy(run: Run) -> Run:
    """Return a run of the power pass with what its readings come to. Whatever was read stays in it.

    Its flavour gets the source's name: energies of two sources are never compared. A phone that charged, or may have, gives an
    invalid run: the battery's energy is then not the load's, and rails and meters are in a state that nobody uses. One whose source
    leaves it open what was drawn gives a failed one.
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
            error_class="charging",
            reason=f"its energy is not the load's: {charging}",
            hint="unplug it: farm devices wireless moves it to Wi-Fi first",
        )
        if source is PowerSource.FUEL_GAUGE:
            return run
    try:
        phases = _phases(run)
        curve, facts = _curve(run, source, phases)
        unit, done = _done(run.readings)
        found = energies(curve, phases["idle"], phases["work"], done)
    except PowerUnread as error:
        if run.outcome is Outcome.INVALID:
            return run
        return replace(run, outcome=error.outcome, error_class=error.error_class, reason=error.message, hint=error.hint)
    return replace(run, readings=run.readings + _readings(found, unit), state=run.state + facts)


def _label(source: PowerSource, settings: PowerSettings) -> str:
    return f"{source}({','.join(settings.rails)})" if source is PowerSource.ODPM and settings.rails else source


def _charging(run: Run, source: PowerSource) -> str | None:
    """Return a sentence when the phone charged before, during or after the pass, or when that is unknown.

    An external meter takes the phone's cable away only while it samples: there the looks during the pass alone count.
    """
    if source is not PowerSource.MONSOON:
        for phase in ("before", "after"):
            if (reason := _charging_then(run.state, phase)) is not None:
                return reason
    looks = next((item for item in run.readings if item.metric == "unplugged_ratio"), None)
    if looks is None:
        return "whether it was plugged in during the pass is unknown" if source is PowerSource.MONSOON else None
    begin_ns = min((item.values[0] for item in run.readings if item.metric == "phase_ns"), default=0.0) + _UNPLUGGED_BY_NS
    during = [is_unplugged for is_unplugged, at in zip(looks.values, looks.at_ns or (), strict=True) if at >= begin_ns]
    if during and all(during):
        return None
    return f"it was plugged in, or did not say, in {during.count(0.0)} of {len(during)} looks during the pass"


def _charging_then(state: Sequence[StateReading], phase: str) -> str | None:
    said = {item.name: item for item in state if item.phase == phase and item.name in ("battery_plugged", "battery_status")}
    plugged, status = said.get("battery_plugged"), said.get("battery_status")
    if plugged is None or plugged.text is None:
        return f"whether it was plugged in {phase} the pass is unknown{f': {plugged.reason}' if plugged else ''}"
    if plugged.text != "none":
        return f"it was plugged in ({plugged.text}) {phase} the pass"
    if status is None or status.text in (None, "charging"):
        return f"its battery said {status.text if status and status.text else 'nothing of whether it was charging'} {phase} the pass"
    return None


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


def _curve(run: Run, source: PowerSource, phases: Phases) -> tuple[EnergyCurve, tuple[StateReading, ...]]:
    """Return the energy over time, and what was found out of the source on the way."""
    origin = next(item.source for item in run.state if item.name == "power_source")
    match source:
        case PowerSource.FUEL_GAUGE:
            return _battery_curve(run, origin, phases)
        case PowerSource.ODPM:
            return _rail_curve(run)
        case PowerSource.RAPL:
            return _package_curve(run)
        case _:
            power = _series(run.readings, "power_sample_uw", origin)
            return from_power(power.at_ns or (), power.values, _looks_apart(power)), ()


def _battery_curve(run: Run, origin: str, phases: Phases) -> tuple[EnergyCurve, tuple[StateReading, ...]]:
    is_sampled = not any(item.name == "power_poll_hz" for item in run.state)
    metric = next(
        (item.metric for item in run.readings if item.source == origin and item.metric in ("battery_current_ua", PRINTED)), PRINTED
    )
    printed = _series(run.readings, metric, origin)
    voltage = _series(run.readings, "battery_voltage_uv", origin if is_sampled else "dumpsys battery")
    at_ns = np.asarray(printed.at_ns, dtype=float)
    parts = {
        name: [value for value, at in zip(printed.values, at_ns, strict=True) if begin <= at <= end]
        for name, (begin, end) in phases.items()
    }
    if not parts["idle"] or not parts["work"]:
        raise PowerUnread("the battery's current was not read in both phases", error_class="power_unread")
    converted = metric == "battery_current_ua" and not is_sampled  # the dump's line states its unit
    current = learn(
        parts["idle"], parts["work"], run.job.device.power, units_ua=(1,) if converted else UNITS_UA, counted=_counted(run.state)
    )
    volts = np.interp(at_ns, np.asarray(voltage.at_ns, dtype=float), _volts(voltage.values))
    drawn_uw = np.asarray([current.drawn_ua(value) for value in printed.values]) * volts
    return from_power(at_ns.tolist(), drawn_uw.tolist(), renewal_ns(at_ns.tolist(), printed.values)), _facts(current, origin)


def _volts(printed: Sequence[float]) -> list[float]:
    """Return volts; kernels print uV, a few mV."""
    middle = median(printed)
    for factor in (1e-6, 1e-3):
        if _VOLTAGE_UV[0] <= middle * factor * 1e6 <= _VOLTAGE_UV[1]:
            return [value * factor for value in printed]
    raise PowerUnread(f"a printed voltage of {middle:.0f} is no battery's in uV or mV", error_class="power_ambiguous")


def _facts(current: Current, origin: str) -> tuple[StateReading, ...]:
    return (
        StateReading("battery_current_unit_ua", "after", value=current.unit_ua, source=origin),
        StateReading("battery_current_plus", "after", text="into the battery" if current.sign > 0 else "out of the battery", source=origin),
    )


def _counted(state: Sequence[StateReading]) -> Counted | None:
    """Return how far the charge counter moved between the looks before and after the run, where it was read both times."""
    read = {
        (item.name, item.phase): item.value
        for item in state
        if item.name in ("battery_charge_uah", "uptime_s") and not item.source.startswith("uevent")
    }
    charges, times = ([read.get((name, phase)) for phase in ("before", "after")] for name in ("battery_charge_uah", "uptime_s"))
    if charges[0] is None or charges[1] is None or times[0] is None or times[1] is None:
        return None
    return Counted(charges[1] - charges[0], times[1] - times[0])


def _rail_curve(run: Run) -> tuple[EnergyCurve, tuple[StateReading, ...]]:
    rails = {item.source: item for item in run.readings if item.metric == COUNTER and item.at_ns}
    chosen = chosen_rails(list(rails), run.job.device.power.rails)
    if not chosen:
        raise PowerUnread("no power rail was read during the pass", error_class="power_unread")
    at_ns = rails[chosen[0]].at_ns
    if any(rails[name].at_ns != at_ns for name in chosen):
        raise PowerUnread("some power rails were not read every time", error_class="power_unread")
    sums = np.sum([np.asarray(rails[name].values) for name in chosen], axis=0)
    if np.any(np.diff(sums) < 0):
        raise PowerUnread("the power rails' counters began anew during the pass", error_class="power_unread")
    step = sum(step_uj(max(rails[name].values)) for name in chosen)
    curve = EnergyCurve(np.asarray(at_ns, dtype=float), sums - sums[0], _looks_apart(rails[chosen[0]]), step)
    return curve, (StateReading("power_rails", "after", text=", ".join(chosen), source="summed"),)


def _package_curve(run: Run) -> tuple[EnergyCurve, tuple[StateReading, ...]]:
    packages = {item.source: item for item in run.readings if item.metric == COUNTER and is_package(item.source) and item.at_ns}
    ranges = {item.source: item.values[0] for item in run.readings if item.metric == "energy_counter_range_uj"}
    if not packages:
        raise PowerUnread("no energy counter was read during the pass", error_class="power_unread")
    at_ns = np.asarray(next(iter(packages.values())).at_ns, dtype=float)
    total = np.zeros(at_ns.size)
    for name, item in packages.items():
        steps = np.diff(np.asarray(item.values))
        if np.any(steps < 0):
            if name not in ranges:
                raise PowerUnread(f"the counter of {name} began anew, and does not say where", error_class="power_unread")
            steps = np.where(steps < 0, steps + ranges[name], steps)
        own = np.concatenate(([0.0], np.cumsum(steps)))
        total += np.interp(at_ns, np.asarray(item.at_ns, dtype=float), own)
    curve = EnergyCurve(at_ns, total, renewal_ns(at_ns.tolist(), total.tolist()))
    return curve, (StateReading("power_rails", "after", text=", ".join(packages), source="summed"),)


def _series(readings: Sequence[Readings], metric: str, source: str) -> Readings:
    for item in readings:
        if (item.metric, item.source) == (metric, source) and item.at_ns and len(item.values) > 1:
            return item
    raise PowerUnread(f"{metric} of {source} was not read during the pass", error_class="power_unread")


def _looks_apart(item: Readings) -> float:
    return float(np.median(np.diff(np.asarray(item.at_ns, dtype=float)))) if item.at_ns and len(item.at_ns) > 1 else float("inf")


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
