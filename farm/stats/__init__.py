"""Statistics: arrays in, numbers out.

intervals: one sample's median, or share. ranks: the shift between two samples in strata. boundaries: how strict each look is.
"""

from farm.stats.intervals import Interval, median_interval

__all__ = ["Interval", "median_interval"]
