"""What a power run says beside its values: where the energy came from, and how sure one run is of it."""

from collections import defaultdict
from collections.abc import Sequence
from statistics import median
from typing import Any

from farm import units
from farm.metrics import INTERVAL, INTERVAL_COVERAGE, WINDOWS
from farm.workloads import Outcome, Pass, Run, StateReading

_SOURCES = {
    "fuel_gauge": "the battery's current x voltage",
    "odpm": "power rails",
    "rapl": "the processor packages' counters",
    "monsoon": "an external meter",
}


def run_power(run: Run) -> dict[str, Any] | None:
    """Return a power run's source and values with their intervals, as JSON values; None for other runs. No value: see its reason."""
    if run.job.pass_ is not Pass.POWER:
        return None
    source = _said(run, "power_source")
    rate, rails = _said(run, "power_poll_hz"), _said(run, "power_rails")
    return {
        "source": source.text if source else None,
        "read_from": source.source if source else None,
        "poll_hz": rate.value if rate else None,
        "rails": rails.text if rails else None,
        "charging": run.error_class == "charging",
        "values": {
            name: {"value": value, "low": low, "high": high, "coverage": INTERVAL_COVERAGE, "windows": windows}
            for name, (value, low, high, windows) in _values(run).items()
        },
    }


def power_notes(runs: Sequence[Run]) -> list[str]:
    """Return one line for each workload's power runs: the source, the baseline, and the usual interval within one run."""
    by_workload: dict[tuple[str, str], list[Run]] = defaultdict(list)
    for run in runs:
        source = _said(run, "power_source")
        if run.job.pass_ is Pass.POWER and run.outcome is Outcome.OK and source is not None and source.text:
            by_workload[run.job.workload.id, _described(run, source)].append(run)
    return [
        f"{workload}: energy from {source}; net of {units.show(own[0].job.workload.settings.power_idle_ms * 1e6, units.TIME)} with nothing "
        f"computed{_scatter(own)}"
        for (workload, source), own in by_workload.items()
    ]


def _described(run: Run, source: StateReading) -> str:
    rate, rails = _said(run, "power_poll_hz"), _said(run, "power_rails")
    words = f"{_SOURCES.get(source.text or '', source.text)} ({source.source}"
    if rate is not None and rate.value:
        words += f", asked every {units.show(1e9 / rate.value, units.TIME)}"
    return f"{words})" + (f", {rails.text}" if rails is not None and rails.text else "")


def _scatter(runs: Sequence[Run]) -> str:
    shares = []
    for run in runs:
        for name, (value, low, high, _) in _values(run).items():
            if name.startswith("energy_per_") and value > 0:
                shares.append((high - low) / 2 / value)
    return f"; one run lies within {units.show(median(shares), units.RATIO, 2)} by its windows ({INTERVAL_COVERAGE:.0%})" if shares else ""


def _values(run: Run) -> dict[str, tuple[float, float, float, int]]:
    """Return value, low, high and number of windows of each value that has an interval."""
    read = {(item.metric, item.source): item.values for item in run.readings}
    return {
        name: (read[name, ""][0], bounds[0], bounds[1], len(read[name, WINDOWS]))
        for (name, source), bounds in read.items()
        if source == INTERVAL
    }


def _said(run: Run, name: str) -> StateReading | None:
    return next((item for item in run.state if item.name == name), None)
