"""What devices.toml says of a device's health: limits, what is tried when it does not answer, and between what it is kept charged."""

import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, field_validator

from farm import units
from farm.config.files import Celsius, Entry, Seconds, Share, written_as
from farm.workloads import Charging, HealthSettings, Rung

_CHARGE_TIMEOUT_S = 2 * 3600.0
Bytes = Annotated[float, written_as(units.BYTES, least="0 B")]
Part = Annotated[float, written_as(units.RATIO, least="0 %", most="100 %")]


class HealthEntry(Entry):
    """[health]: what is not stated is None."""

    quarantine_after: int | None = Field(default=None, ge=1, le=100, examples=[3])
    min_free: Bytes | None = None
    max_temperature: Celsius | None = None
    max_clock_offset: Seconds | None = None
    min_battery_capacity: Part | None = None
    max_battery_cycles: int | None = Field(default=None, ge=1, le=100_000, examples=[1000])
    recovery: list[Annotated[Rung, Field(strict=False)]] | None = None
    reboot_timeout: Seconds | None = None
    power_cycle_timeout: Seconds | None = None
    charge: Annotated[list[Share], Field(min_length=2, max_length=2)] | None = None
    charge_timeout: Seconds | None = None

    @field_validator("charge")
    @classmethod
    def _band(cls, band: list[float] | None) -> list[float] | None:
        if band is not None and not 0 <= band[0] < band[1] <= 1:
            raise ValueError('a band goes from the lower to the higher, such as ["40 %", "80 %"]')
        return band

    @field_validator("recovery")
    @classmethod
    def _each_once(cls, rungs: list[Rung] | None) -> list[Rung] | None:
        if rungs is not None and len(set(rungs)) < len(rungs):
            raise ValueError("each is tried once")
        return rungs

    def over(self, defaults: HealthSettings) -> HealthSettings:
        """Return defaults with what was stated."""
        named = {
            "quarantine_after": self.quarantine_after,
            "min_free_bytes": self.min_free,
            "max_temperature_c": self.max_temperature,
            "max_clock_offset_s": self.max_clock_offset,
            "min_battery_capacity_ratio": self.min_battery_capacity,
            "max_battery_cycles": self.max_battery_cycles,
            "recovery": None if self.recovery is None else tuple(self.recovery),
            "reboot_timeout_s": self.reboot_timeout,
            "power_cycle_timeout_s": self.power_cycle_timeout,
            "charging": self._charging(defaults.charging),
        }
        stated: dict[str, Any] = {name: value for name, value in named.items() if value is not None}
        return replace(defaults, **stated)

    def _charging(self, default: Charging | None) -> Charging | None:
        if self.charge is not None:
            usual_s = _CHARGE_TIMEOUT_S if default is None else default.timeout_s
            return Charging(self.charge[0], self.charge[1], self.charge_timeout or usual_s)
        return None if default is None else replace(default, timeout_s=self.charge_timeout or default.timeout_s)


def command_words(text: str) -> tuple[str, ...]:
    """Return a command as the words of a program and its arguments: no shell ever reads it. Raises ValueError."""
    try:
        words = tuple(shlex.split(text))
    except ValueError as error:
        raise ValueError(f"{text} is no command: {error}") from error
    if not words:
        raise ValueError("the command is empty")
    return words


def in_folder(words: Sequence[str], folder: Path) -> tuple[str, ...]:
    """Return a command's words, the program's path (if it is one, not a name) taken from the folder of the file that states it."""
    if not words or "/" not in words[0]:
        return tuple(words)
    return (str((folder / words[0]).absolute()), *words[1:])
