"""Power runs for tests: readings as a harness and a phone give them, of a load that is known."""

from dataclasses import replace

import numpy as np

from farm.workloads import Device, DeviceKind, Measured, Pass, PowerSettings, Readings, Run, StateReading
from tests.conftest import a_job, a_run, a_session, an_artifact

SESSION = a_session()
IDLE_NS, WORK_NS = (1e9, 21e9), (21e9, 61e9)
UNIX_NS = 1_764_090_000_000_000_000
IDLE_UW, WORK_UW, PER_S = 450_000.0, 2_950_000.0, 100
NET_UJ, GROSS_UJ = 25_000, 29_500
AT_NS = tuple(range(0, 62_000_000_000, 100_000_000))


def powers(seed: int = 3) -> np.ndarray:
    noise = 1 + 0.01 * np.random.default_rng(seed).standard_normal(len(AT_NS))
    return np.where(np.asarray(AT_NS) < WORK_NS[0], IDLE_UW, WORK_UW) * noise


def phases(asleep_ns: float = 0.0, clock_step_ns: float = 0.0) -> list[Readings]:
    found = []
    for name, (begin, end) in (("idle", IDLE_NS), ("work", WORK_NS)):
        found += [
            Readings("phase_ns", (begin, end), name),
            Readings("phase_unix_ns", (UNIX_NS + begin, UNIX_NS + end + clock_step_ns), name),
            Readings("phase_asleep_ns", (asleep_ns,), name),
        ]
    steps = tuple(range(int(WORK_NS[0]), int(WORK_NS[1]) + 1, 100_000_000))
    return [*found, Readings("inferences_count", tuple(float(PER_S // 10 * index) for index in range(len(steps))), "work", steps)]


def gauge(unit_ua: float = 1, sign: float = 1, supply: str = "battery") -> list[Readings]:
    volts = 3.9
    printed = tuple(float(round(-sign * power_uw / volts / unit_ua)) for power_uw in powers())
    return [
        Readings("battery_current_printed", printed, supply, AT_NS),
        Readings("battery_voltage_uv", tuple(volts * 1e6 for _ in AT_NS), supply, AT_NS),
    ]


def state(source: str = "fuel_gauge", origin: str = "battery", plugged: str = "none", status: str = "discharging") -> list[StateReading]:
    found = [StateReading("power_source", "before", text=source, source=origin)]
    for phase in ("before", "after"):
        found += [StateReading("battery_plugged", phase, text=plugged), StateReading("battery_status", phase, text=status)]
    return found


DRAINED = Readings("battery_discharging_ratio", tuple(1.0 for _ in AT_NS), "battery", AT_NS)


def a_power_run(
    readings: list[Readings],
    said: list[StateReading],
    power: PowerSettings = PowerSettings(),  # noqa: B008
    status: Readings | None = DRAINED,
) -> Run:
    job = replace(a_job(an_artifact(), Pass.POWER), device=Device("s25", DeviceKind.ANDROID, serial="x", power=power))
    measured = Measured("executorch", "1.5.1", "xnnpack", "0f1e", "Release", {"clock": {"monotonic_ns": 5, "unix_ns": UNIX_NS}})
    return a_run(SESSION, job=job, measured=measured, readings=tuple(readings) + ((status,) if status else ()), state=tuple(said))


def values(run: Run) -> dict[str, float]:
    return {item.metric: item.values[0] for item in run.readings if not item.source}


def interval(run: Run, metric: str) -> tuple[float, ...]:
    return next(item.values for item in run.readings if item.metric == metric and item.source == "interval 95%")


def rail(name: str, share: float, start_uj: float = 1e6) -> Readings:
    at = np.asarray(AT_NS)
    taken = np.concatenate(([0.0], np.cumsum(np.diff(at) / 1e9 * powers()[1:])))
    return Readings("energy_counter_uj", tuple(float(round(value)) for value in start_uj + share * taken), name, AT_NS)
