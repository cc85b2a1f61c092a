"""What was read of a power source -> energy over time. Values in, values out."""

from collections.abc import Mapping, Sequence
from statistics import median

import numpy as np

from farm.devices.readers import battery
from farm.devices.readers.gauge import PRINTED
from farm.devices.readers.power_stats import NAME as COUNTER
from farm.devices.readers.power_stats import step_uj
from farm.errors import PowerUnread
from farm.power.current import UNITS_UA, Counted, Current, learn
from farm.power.energy import EnergyCurve, from_power, renewal_ns
from farm.power.plan import chosen_rails, is_package
from farm.workloads import PowerSource, Readings, Run, StateReading

_VOLTAGE_UV = (2e6, 20e6)
_MOST_UNREAD = 0.01
"""Of the looks at a current. What the sampler takes for a kernel's error (-133 to -1) is a small current where mA are printed, and energies
without the small ones are too large."""

Phases = Mapping[str, tuple[float, float]]
"""Begin and end of "idle" and "work", since the harness began."""


def curve_of(run: Run, source: PowerSource, phases: Phases) -> tuple[EnergyCurve, tuple[StateReading, ...]]:
    """Return the energy that a run's source tells, and what was found out of the source on the way.

    Raises PowerUnread when the readings do not tell it.
    """
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
    in_ma = any(item.metric == "battery_current_ua" and item.source == origin for item in run.readings)  # the dump's line, read as uA
    metric = "battery_current_ua" if in_ma else PRINTED
    printed = _series(run.readings, metric, origin)
    is_sampled = any(item.metric == "battery_voltage_uv" and item.source == origin for item in run.readings)
    voltage_origin = origin if is_sampled else battery.SOURCE
    voltage = _series(run.readings, "battery_voltage_uv", voltage_origin)
    if is_sampled and (unread := len(voltage.values) - len(printed.values)) > _MOST_UNREAD * len(voltage.values):
        raise PowerUnread(
            f"{unread} of {len(voltage.values)} looks at the battery's current held no number, or one from -133 to -1: maybe an error",
            error_class="power_ambiguous",
            hint="take another source of power",
        )
    at_ns = np.asarray(printed.at_ns, dtype=float)
    values = [value / 1000 for value in printed.values] if in_ma else list(printed.values)
    parts = {name: [value for value, at in zip(values, at_ns, strict=True) if begin <= at <= end] for name, (begin, end) in phases.items()}
    if not parts["idle"] or not parts["work"]:
        raise PowerUnread("the battery's current was not read in both phases", error_class="power_unread")
    units_ua = (1000,) if in_ma else UNITS_UA
    current = learn(parts["idle"], parts["work"], run.job.device.power, units_ua=units_ua, counted=_counted(run.state))
    volts = np.interp(at_ns, np.asarray(voltage.at_ns, dtype=float), _volts(voltage.values))
    drawn_uw = np.asarray([current.drawn_ua(value) for value in values]) * volts
    return from_power(at_ns.tolist(), drawn_uw.tolist(), renewal_ns(at_ns.tolist(), values)), _facts(current, origin)


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
