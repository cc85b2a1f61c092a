"""A device's energy: what it is read from, how it is noted beside a harness, and what the readings come to."""

from farm.power.meters import PowerMeter, meter
from farm.power.result import with_energy

__all__ = ["PowerMeter", "meter", "with_energy"]
