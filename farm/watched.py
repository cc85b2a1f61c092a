"""What a device notes by itself beside a harness, as series: the link to it stays silent meanwhile, and may even break."""

import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from farm.devices.readers import battery, gauge, power_stats, thermal
from farm.devices.readers.reading import Reading
from farm.devices.readers.watched import BATTERY, CALL, COMMAND, FOOTPRINT, RAILS, THERMAL, footprint, looks
from farm.devices.transport import WATCHED, Handle, Transport, Watch
from farm.workloads import Absent, Measured, Readings, StateReading, run_folder

_READERS: dict[str, Callable[[str], Iterable[Reading]]] = {
    BATTERY: battery.read,
    COMMAND: lambda text: (gauge.cmd_current(text),),
    CALL: lambda text: (gauge.call_current(text),),
    RAILS: power_stats.rails,
    THERMAL: lambda text: (thermal.status(text), thermal.skin(text)),
    FOOTPRINT: lambda text: (footprint(text),),
}
_KEPT = (
    "battery_current_ua",
    gauge.PRINTED,
    "battery_voltage_uv",
    power_stats.NAME,
    "thermal_status",
    "skin_temperature_c",
    "phys_footprint_bytes",
)
_HEAT_PERIOD_S = 5.0
_FOOTPRINT_PERIOD_S = 0.25


@dataclass(frozen=True, slots=True)
class HeatWatch:
    """Notes how warm a phone becomes and when it says that it throttles, beside a pass that takes minutes."""

    transport: Transport

    @property
    def state(self) -> tuple[StateReading, ...]:
        """How often it is asked."""
        return (StateReading("thermal_poll_hz", "before", value=1 / _HEAT_PERIOD_S, source="while it measures"),)

    @property
    def watch(self) -> Watch:
        """What the phone notes by itself."""
        return Watch((THERMAL,), _HEAT_PERIOD_S)

    def begin(self) -> None:
        """Nothing: what notes on the device begins with the harness."""

    def readings(self, handle: Handle, measured: Measured) -> tuple[Readings, ...]:
        """Return what was noted."""
        return pulled(self.transport, handle, int(measured.begin["clock"]["unix_ns"]))

    def end(self) -> None:
        """Nothing: what notes on the device ends with the harness."""


@dataclass(frozen=True, slots=True)
class FootprintWatch:
    """Has an iPhone's system monitor tell the footprint of the app beside a memory pass: a second source, for the app's own figure.

    Never the run's value, and what it does not tell costs no run.
    """

    transport: Transport

    @property
    def state(self) -> tuple[StateReading, ...]:
        """How often it tells."""
        return (StateReading("footprint_poll_hz", "before", value=1 / _FOOTPRINT_PERIOD_S, source="sysmontap, while it measures"),)

    @property
    def watch(self) -> Watch:
        """What is noted beside the app."""
        return Watch((FOOTPRINT,), _FOOTPRINT_PERIOD_S)

    def begin(self) -> None:
        """Nothing: the notes begin with the app."""

    def readings(self, handle: Handle, measured: Measured) -> tuple[Readings, ...]:
        """Return what was noted."""
        return pulled(self.transport, handle, int(measured.begin["clock"]["unix_ns"]))

    def absent(self, found: Sequence[Readings]) -> tuple[Absent, ...]:
        """Return why nothing was found."""
        reason = "the system monitor told nothing before the run was over"
        return () if found else (Absent("phys_footprint_bytes", reason, "sysmontap"),)

    def end(self) -> None:
        """Nothing: the notes end with the run."""


def pulled(transport: Transport, handle: Handle, begin_unix_ns: int) -> tuple[Readings, ...]:
    """Return what was noted beside a harness whose run folder is still there; nothing when nothing was."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / WATCHED
        if not transport.pull(f"{run_folder(handle.nonce)}/{WATCHED}", file):
            return ()
        return series(file.read_text(encoding="utf-8", errors="replace"), begin_unix_ns)


def series(text: str, begin_unix_ns: int) -> tuple[Readings, ...]:
    """Return what was noted as series, timed since the harness began, at begin_unix_ns by the device's clock.

    unplugged_ratio is 1 for each look at a battery that found it neither plugged in nor charging, else 0: one that says nothing may be
    charging. look_uncertainty_ns is what each look's time is uncertain by.
    """
    values: dict[tuple[str, str], tuple[list[float], list[int]]] = {}
    for look in looks(text):
        at_ns = look.at_unix_ns - begin_unix_ns
        readings = [reading for name, read in _READERS.items() if name in look.texts for reading in read(look.texts[name])]
        found = [(reading.name, reading.source, reading.value) for reading in readings if reading.name in _KEPT]
        found.append(("look_uncertainty_ns", "watched", float(look.uncertainty_ns)))
        if BATTERY in look.texts:
            found.append(("unplugged_ratio", battery.SOURCE, float(_is_unplugged(readings))))
        for name, source, value in found:
            if value is not None:
                known = values.setdefault((name, source), ([], []))
                known[0].append(value)
                known[1].append(at_ns)
    return tuple(Readings(name, tuple(each), source, tuple(at_ns)) for (name, source), (each, at_ns) in values.items())


def _is_unplugged(readings: list[Reading]) -> bool:
    said = {reading.name: reading.text for reading in readings if reading.name in ("battery_plugged", "battery_status")}
    return said.get("battery_plugged") == "none" and said.get("battery_status") not in (None, "charging")
