"""`power = { ... }` of a device: where its energy is read from."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from farm import units
from farm.config.files import Entry, written_as
from farm.workloads import DeviceKind, PowerSettings, PowerSource

_Volts = Annotated[float, written_as(units.VOLTAGE, least="2 V", most="5 V")]
_Poll = Annotated[float, written_as(units.TIME, 1e9, least="100 ms", most="60 s")]
_UNITS_UA = {"uA": 1, "mA": 1000}
_SIGNS = {"in": 1, "out": -1}
_DEFAULT = PowerSettings()

SOURCES = {
    DeviceKind.LOCAL: (PowerSource.RAPL, PowerSource.MONSOON, PowerSource.NONE),
    DeviceKind.ANDROID: (PowerSource.FUEL_GAUGE, PowerSource.ODPM, PowerSource.MONSOON, PowerSource.NONE),
    DeviceKind.IOS: (PowerSource.NONE, PowerSource.MONSOON),
}
"""What can be read of each kind of device, the default first."""

_KEYS = {
    PowerSource.FUEL_GAUGE: {"current_unit", "current_plus", "poll"},
    PowerSource.ODPM: {"rails", "poll"},
    PowerSource.RAPL: set[str](),
    PowerSource.MONSOON: {"voltage", "meter_serial"},
    PowerSource.NONE: set[str](),
}


class PowerEntry(Entry):
    """power = { source = "fuel_gauge", ... }: what is not stated is learned from the device."""

    source: PowerSource | None = Field(default=None, strict=False)
    current_unit: Literal["uA", "mA"] | None = None
    current_plus: Literal["in", "out"] | None = None
    rails: list[Annotated[str, Field(min_length=1)]] = Field(default_factory=list)
    poll: _Poll = _DEFAULT.poll_s
    voltage: _Volts | None = None
    meter_serial: int | None = None

    def settings(self) -> PowerSettings:
        """Return what is stated, in base units."""
        return PowerSettings(
            source=self.source,
            current_unit_ua=None if self.current_unit is None else _UNITS_UA[self.current_unit],
            current_sign=None if self.current_plus is None else _SIGNS[self.current_plus],
            rails=tuple(self.rails),
            poll_s=self.poll,
            voltage_uv=self.voltage,
            meter_serial=self.meter_serial,
        )


def power_problems(here: str, entry: Mapping[str, Any], kind: DeviceKind) -> list[str]:
    """Name a source that a device of that kind does not have, and keys that the source has no use for."""
    stated = entry.get("source")
    if stated is not None and stated not in [*PowerSource]:
        return []  # told already
    if stated is not None and stated not in SOURCES[kind]:
        return [f"{here}.source: a device of kind {kind} has {', '.join(SOURCES[kind])}, not {stated}"]
    source = SOURCES[kind][0] if stated is None else PowerSource(stated)
    known = set[str]().union(*_KEYS.values())
    found = [f"{here}.{key}: not a key of the source {source}" for key in sorted((known - _KEYS[source]) & entry.keys())]
    if stated == PowerSource.MONSOON and "voltage" not in entry:
        found.append(f'{here}.voltage: missing: say what the meter is to give the device, such as "4.0 V"')
    return found
