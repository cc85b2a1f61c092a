from dataclasses import replace
from typing import Any

from farm.metrics import INTERVAL, WINDOWS
from farm.publish.power import power_notes, run_power
from farm.workloads import Outcome, Pass, PassSettings, Readings, Run, StateReading
from tests.conftest import a_job, a_run, a_session, an_artifact

SESSION = a_session()


def a_power_run(half: float, **changes: Any) -> Run:
    job = a_job(an_artifact(), Pass.POWER)
    job = replace(job, workload=replace(job.workload, settings=PassSettings(power_idle_ms=30_000)))
    readings = (
        Readings("energy_per_inference_uj", (2000.0,)),
        Readings("energy_per_inference_uj", (2000.0 - half, 2000.0 + half), INTERVAL),
        Readings("energy_per_inference_uj", (1990.0, 2010.0), WINDOWS, (1, 2)),
    )
    state = (
        StateReading("power_source", "before", text="odpm", source="dumpsys IPowerStats"),
        StateReading("power_poll_hz", "before", value=2.0),
        StateReading("power_rails", "after", text="CPU(BIG), DDR"),
    )
    given: dict[str, Any] = {"job": job, "readings": readings, "state": state}
    return a_run(SESSION, **(given | changes))


def test_one_line_tells_the_source_the_baseline_and_how_sure_one_run_is() -> None:
    assert power_notes([a_power_run(20.0), a_power_run(40.0), a_power_run(90.0)]) == [
        "a-workload: energy from power rails (dumpsys IPowerStats, asked every 500 ms), CPU(BIG), DDR; net of 30.0 s with nothing "
        "computed; one run lies within 2.0 % by its windows (95%)"
    ]


def test_runs_without_a_valid_energy_make_no_line() -> None:
    assert power_notes([a_power_run(20.0, outcome=Outcome.INVALID), a_run(SESSION)]) == []


def test_a_document_tells_every_value_with_its_interval_and_a_label() -> None:
    assert run_power(a_run(SESSION)) is None
    assert run_power(a_power_run(20.0, outcome=Outcome.INVALID, error_class="charging")) == {
        "source": "odpm",
        "read_from": "dumpsys IPowerStats",
        "poll_hz": 2.0,
        "rails": "CPU(BIG), DDR",
        "charging": True,
        "values": {"energy_per_inference_uj": {"value": 2000.0, "low": 1980.0, "high": 2020.0, "coverage": 0.95, "windows": 2}},
    }
