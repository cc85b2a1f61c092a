"""Quantities: text with a unit into base units, and base units into text that people read.

A name that holds a physical quantity ends in its base unit (`latency_ns`, `peak_bytes`). TOML takes
strings with a unit ("42 ms", "1.1 GB", "3 %"); everything below the configuration holds base units.
"""

import math
import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quantity:
    """A physical quantity: its base unit's suffix in names, and its units by size (1 unit = factor base units)."""

    name: str
    suffix: str
    factors: dict[str, float]
    shown: tuple[str, ...]
    """Units to show values in, smallest first; the largest one in which the value is at least 1 is taken."""


TIME = Quantity("a time", "ns", {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9, "min": 60e9, "h": 3600e9}, ("ns", "us", "ms", "s"))
BYTES = Quantity(
    "a size",
    "bytes",
    {"B": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9, "KiB": 2.0**10, "MiB": 2.0**20, "GiB": 2.0**30},
    ("B", "kB", "MB", "GB"),
)
TEMPERATURE = Quantity("a temperature", "c", {"C": 1, "°C": 1}, ("C",))
RATIO = Quantity("a share", "ratio", {"%": 0.01, "": 1}, ("%",))
RATE = Quantity("a rate", "tokens_per_s", {"tokens/s": 1}, ("tokens/s",))
ENERGY = Quantity("an energy", "uj", {"uJ": 1, "mJ": 1e3, "J": 1e6}, ("uJ", "mJ", "J"))
FREQUENCY = Quantity("a frequency", "hz", {"Hz": 1, "kHz": 1e3, "MHz": 1e6, "GHz": 1e9}, ("Hz", "kHz", "MHz", "GHz"))
POWER = Quantity("a power", "uw", {"uW": 1, "mW": 1e3, "W": 1e6}, ("uW", "mW", "W"))
CURRENT = Quantity("a current", "ua", {"uA": 1, "mA": 1e3, "A": 1e6}, ("uA", "mA", "A"))
VOLTAGE = Quantity("a voltage", "uv", {"uV": 1, "mV": 1e3, "V": 1e6}, ("uV", "mV", "V"))
COUNT = Quantity("a number", "count", {"": 1}, ("",))
PERPLEXITY = Quantity("a perplexity", "perplexity", {"": 1}, ("",))
"""A pure number, the effective count of choices for a token; its name is its unit."""

QUANTITIES = (TIME, BYTES, TEMPERATURE, RATIO, RATE, ENERGY, FREQUENCY, POWER, CURRENT, VOLTAGE, COUNT, PERPLEXITY)

_WRITTEN = re.compile(r"\s*([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)\s*(\S*)\s*")


def quantity_of(name: str) -> Quantity | None:
    """Return the quantity that a name's last word states, or None when it states none."""
    return next((quantity for quantity in QUANTITIES if name == quantity.suffix or name.endswith(f"_{quantity.suffix}")), None)


def parse(text: str, quantity: Quantity) -> float:
    """Return text, such as "42 ms", in base units. Raises ValueError with the units that would do.

    A share may be a bare number up to 1; a greater one was meant as per cent more often than as hundreds of them.
    """
    match = _WRITTEN.fullmatch(text)
    if match is None or match[2] not in quantity.factors:
        units = [unit for unit in quantity.factors if unit]
        wanted = f"one of {', '.join(units)}" if len(units) > 1 else "".join(units) or "no unit"
        raise ValueError(f'"{text}" is not {quantity.name}: write a number and {wanted}')
    if quantity is RATIO and not match[2] and abs(float(match[1])) > 1:
        raise ValueError(f'"{text}" without a unit is {float(match[1]) * 100:g} %: write "{match[1]} %" if that is what is meant')
    value = float(match[1]) * quantity.factors[match[2]]
    if not math.isfinite(value):  # a limit that allows anything
        raise ValueError(f'"{text}" is more than a number holds')
    return value


def show(value: float, quantity: Quantity | None, digits: int = 3) -> str:
    """Return value, in base units, as text with the unit people would choose, to so many significant digits."""
    if quantity is None:
        return _significant(value, digits)
    shown = quantity.shown[0]
    for unit in quantity.shown:
        if abs(value) / quantity.factors[unit] >= 1:
            shown = unit
    return f"{_significant(value / quantity.factors[shown], digits)} {shown}".rstrip()


def counted(number: int, thing: str, things: str | None = None) -> str:
    """Return "1 run", "2 runs", "12 345 runs"."""
    return f"{number:,} {thing if number == 1 else things or thing + 's'}".replace(",", " ")


def _significant(value: float, digits: int) -> str:
    """Return value to so many significant digits without an exponent: 1234.5 stays 1234 at three, never 1.23e+03."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    return f"{value:.{decimals}f}"
