"""What minutes of work without a pause came to: how fast at first, how fast at the end, and when it slowed down. Readings in, readings out.

Derived here and not by a query, because a device that did not slow down has no onset, and that is said with its reason.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from farm.workloads import Absent, Readings

BURST_NS = 10_000_000_000
"""The first ten seconds are the burst; a slowdown counts when it lasts as long."""
SLOWER_RATIO = 0.9
"""Of the burst's speed: below it the device throttles."""
_FEWEST_WINDOWS = 8
_LAST_SHARE = 4

_Numbers = npt.NDArray[np.float64]


def derived(readings: Sequence[Readings], *, tokens: bool) -> tuple[tuple[Readings, ...], tuple[Absent, ...]]:
    """Return what a sustain pass's windows say, and what they do not say with the reason.

    Speed is pieces of work over the time that they took, in each window. sustained_ratio is the median speed of the last quarter of the
    windows over that of the burst; throttle_onset_ns is when, after the first piece of work began, the speed fell below nine tenths of the
    burst's for ten seconds (median). The sustained speed itself is sustained_tokens_per_s, or sustained_latency_ns for other models.
    """
    speed_name = "sustained_tokens_per_s" if tokens else "sustained_latency_ns"
    items, busy_ns, at_ns = _windows(readings)
    if len(items) < _FEWEST_WINDOWS:
        reason = f"the pass has only {len(items)} windows, {_FEWEST_WINDOWS} are needed"
        return (), tuple(Absent(name, reason) for name in ("sustained_ratio", "throttle_onset_ns", speed_name))
    speed_per_ns = items / busy_ns
    begun_ns = at_ns[0] - busy_ns[0]
    in_burst = at_ns - begun_ns <= BURST_NS
    in_burst[: _FEWEST_WINDOWS // _LAST_SHARE] = True
    burst_per_ns = float(np.median(speed_per_ns[in_burst]))
    sustained_per_ns = float(np.median(speed_per_ns[-max(1, len(speed_per_ns) // _LAST_SHARE) :]))
    found = [
        Readings("sustained_ratio", (sustained_per_ns / burst_per_ns,)),
        Readings(speed_name, (sustained_per_ns * 1e9 if tokens else 1 / sustained_per_ns,)),
    ]
    onset_ns = _onset_ns(speed_per_ns / burst_per_ns, at_ns, begun_ns)
    if onset_ns is not None:
        return (*found, Readings("throttle_onset_ns", (onset_ns,))), ()
    worked_s = (at_ns[-1] - begun_ns) / 1e9
    never = f"in {worked_s:.0f} s of work it never stayed more than {1 - SLOWER_RATIO:.0%} slower than at first"
    return tuple(found), (Absent("throttle_onset_ns", never),)


def _windows(readings: Sequence[Readings]) -> tuple[_Numbers, _Numbers, _Numbers]:
    """Return pieces of work, the time that they took, and when each window ended, of windows in which anything was done."""
    found = {item.metric: item for item in readings if not item.source}
    items, busy = found.get("window_items_count"), found.get("window_busy_ns")
    if items is None or busy is None or items.at_ns is None or len(items.values) != len(busy.values):
        return np.empty(0), np.empty(0), np.empty(0)
    counts, busy_ns, at_ns = np.array(items.values), np.array(busy.values), np.array(items.at_ns, dtype=float)
    kept = (counts > 0) & (busy_ns > 0)
    return counts[kept], busy_ns[kept], at_ns[kept]


def _onset_ns(relative_speed: _Numbers, at_ns: _Numbers, begun_ns: float) -> float | None:
    """Return when the speed fell, since the work began: the end of the last window before ten slow seconds; None when it never did."""
    for first in range(1, len(at_ns)):
        until_ns = at_ns[first - 1] + BURST_NS
        if at_ns[-1] < until_ns:
            return None
        if relative_speed[first] < SLOWER_RATIO and np.median(relative_speed[first : np.searchsorted(at_ns, until_ns) + 1]) < SLOWER_RATIO:
            return float(at_ns[first - 1] - begun_ns)
    return None
