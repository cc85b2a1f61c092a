"""What both kinds of file share: reading TOML, quantities with units, and problems in words."""

import tomllib
from operator import gt, le, lt
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from farm import units
from farm.config.words import NAME, in_words
from farm.errors import ConfigError


def written_as(
    quantity: units.Quantity, base_units: float = 1, *, above: str | None = None, least: str | None = None, most: str | None = None
) -> BeforeValidator:
    """Accept a text with a unit, within bounds that are written alike, and give the quantity in multiples of so many base units."""
    bounds = [
        (units.parse(bound, quantity), bound, operator, words)
        for bound, operator, words in ((above, le, "is not more than"), (least, lt, "is less than"), (most, gt, "is more than"))
        if bound is not None
    ]

    def read(value: object) -> float:
        if not isinstance(value, str):
            example = next(unit for unit in quantity.factors if unit)
            raise ValueError(f'{value!r} has no unit: write it as a text, such as "{value} {example}"')
        found = units.parse(value, quantity)
        for bound, written, is_beyond, words in bounds:
            if is_beyond(found, bound):
                raise ValueError(f'"{value}" {words} {written}')
        return found / base_units

    return BeforeValidator(read)


Seconds = Annotated[float, written_as(units.TIME, 1e9, above="0 s", most="168 h")]
Celsius = Annotated[float, written_as(units.TEMPERATURE, least="0 C", most="100 C")]
Share = Annotated[float, written_as(units.RATIO, least="0 %", most="1000 %")]
Name = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$",
        max_length=100,
        description=f"a name, which holds {NAME}, and has at most 100 characters",
        examples=["digits-int8"],
    ),
]
"""What goes into file names and tables: letters, digits, dots, dashes and underscores."""


class Entry(BaseModel):
    """A table of a file: an unknown key is an error, and no type is guessed."""

    model_config = ConfigDict(extra="forbid", strict=True)


class ConditionsEntry(Entry):
    """[conditions]: what is not stated is None."""

    max_cpu_busy: Share | None = None
    max_run_delay: Share | None = None
    min_thread_cpu: Share | None = None
    max_other_work: Share | None = None
    max_skin_temperature: Celsius | None = None
    max_slowdown: Share | None = None
    min_frequency_cap: Share | None = None
    max_brightness: Share | None = None
    min_battery: Share | None = None
    max_battery: Share | None = None
    airplane_mode: bool | None = None
    fixed_performance: bool | None = None
    settle_timeout: Seconds | None = None

    def stated(self) -> dict[str, Any]:
        """Return what was stated, by the names of workloads.Conditions."""
        named = {
            "max_cpu_busy_ratio": self.max_cpu_busy,
            "max_run_delay_ratio": self.max_run_delay,
            "min_thread_cpu_ratio": self.min_thread_cpu,
            "max_other_work_ratio": self.max_other_work,
            "max_skin_temperature_c": self.max_skin_temperature,
            "max_slowdown_ratio": self.max_slowdown,
            "min_frequency_cap_ratio": self.min_frequency_cap,
            "max_brightness_ratio": self.max_brightness,
            "min_battery_ratio": self.min_battery,
            "max_battery_ratio": self.max_battery,
            "airplane_mode": self.airplane_mode,
            "fixed_performance": self.fixed_performance,
            "settle_timeout_s": self.settle_timeout,
        }
        return {name: value for name, value in named.items() if value is not None}


def read_toml(path: Path) -> dict[str, Any]:
    """Return the tables of a TOML file. Raises ConfigError."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError([f"{path} cannot be read: {error.strerror}"]) from error
    except UnicodeDecodeError as error:
        raise ConfigError([f"{path} is not UTF-8 text"]) from error
    return parsed(text, path)


def parsed(text: str, path: Path) -> dict[str, Any]:
    """Return the tables of a TOML file's text. Raises ConfigError."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([f"{path} is not TOML: {error}"]) from error


def unreadable(path: Path) -> str | None:
    """Return why a file that a suite names cannot be read, None when it can."""
    try:
        with path.open("rb") as file:
            file.read(1)
    except FileNotFoundError:
        return f"there is no {path}"
    except (OSError, ValueError) as error:  # ValueError: a null in the name
        return f"{path} cannot be read: {error.strerror if isinstance(error, OSError) else error}"
    return None


Model = TypeVar("Model", bound=Entry)


def validated(model: type[Model], raw: dict[str, Any], path: Path, problems: list[str]) -> Model | None:
    """Return raw as model, or None with a line for each of its problems added to problems."""
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        problems += [f"{path}: {in_words(model, problem)}" for problem in error.errors()]
        return None


def tables(raw: object) -> list[dict[str, Any]]:
    """Return the tables of an array of tables as far as it is one, for checks on files that are wrong elsewhere too."""
    return [entry for entry in raw if isinstance(entry, dict)] if isinstance(raw, list) else []
