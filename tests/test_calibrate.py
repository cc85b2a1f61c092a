"""Calibration and proposals as values: which noise counts for which budget, and what is proposed."""

from datetime import datetime, timedelta

import polars as pl
import pytest

from farm import calibrate, release, suggest
from farm.config import load_suite
from farm.config.lab import LOCAL
from farm.metrics import Statistic
from farm.rack import plan_blocks
from farm.records import record
from farm.verdicts import Budget, Plan
from farm.workloads import Outcome, Pass, PassSettings, Workload, new_id
from tests.conftest import NOW, a_run, a_session, an_artifact
from tests.release.simulated import Rack, a_device

PLAN = Plan()
LATENCY = Budget("net", "latency_ns", Statistic.P50, max_regression=0.03)
MEMORY = Budget("net", "vm_hwm_bytes", Statistic.VALUE, max_regression=0.03)
WORK = [(Workload("net", (Pass.LATENCY, Pass.MEMORY, Pass.QUALITY), PassSettings()), an_artifact())]


def known(*rows: tuple[str, str, str, float], runs: int = 20) -> pl.DataFrame:
    """The noise of numbers: device, workload, metric, deviation."""
    return pl.DataFrame(
        [
            {
                "device": device, "device_id": device, "workload": workload, "workload_key": "k", "metric": metric,
                "statistic": "p50" if metric == "latency_ns" else "value", "deviation": deviation, "runs": runs, "measured_at": NOW,
            }
            for device, workload, metric, deviation in rows
        ],
        schema={
            "device": pl.String, "device_id": pl.String, "workload": pl.String, "workload_key": pl.String, "metric": pl.String,
            "statistic": pl.String, "deviation": pl.Float64, "runs": pl.Int64, "measured_at": pl.Datetime,
        },
    )  # fmt: skip


def levels(*values: float, device: str = "s25", metric: str = "vm_hwm_bytes") -> pl.DataFrame:
    """One session after the other."""
    schema = {"device": pl.String, "workload": pl.String, "workload_key": pl.String, "metric": pl.String, "started_at": pl.Datetime}
    began = datetime(2026, 1, 1)  # noqa: DTZ001 - as the database has it
    rows = [(device, "net", "k", metric, began + timedelta(days=day), value) for day, value in enumerate(values)]
    return pl.DataFrame(rows, schema=schema | {"level": pl.Float64}, orient="row")


def test_what_a_gate_measures_is_calibrated_with_one_artifact_on_both_sides() -> None:
    (contest,) = calibrate.contests(WORK, [LATENCY], frozenset())
    assert contest.workload.passes == (Pass.LATENCY,)
    assert contest.candidate == contest.baseline
    (stated,) = calibrate.contests(WORK, [], frozenset())
    assert stated.workload.passes == (Pass.LATENCY, Pass.MEMORY)  # answers to items do not scatter
    assert calibrate.contests([(Workload("net", (Pass.QUALITY,)), an_artifact())], [], frozenset()) == ()


def test_the_rows_of_a_calibration_say_what_was_measured_on_what() -> None:
    contests = calibrate.contests(WORK, [LATENCY, MEMORY], frozenset())
    rack = Rack(lambda job: 1.0)
    rack({"s25": plan_blocks(a_device("s25"), contests, range(4), new_id(NOW), 7)})
    noises = calibrate.noises(rack.records)
    assert {(noise.metric, noise.statistic, noise.runs) for noise in noises} >= {("latency_ns", "p50", 8), ("vm_hwm_bytes", "value", 8)}
    assert all(noise.ratio.low is not None and noise.ratio.low <= 1.1 for noise in noises)
    facts = calibrate.Facts(new_id(NOW), NOW, "s", "suite.toml", 7, "0.1.0", "farm calibrate")
    rows = calibrate.rows(facts, noises, rack.records)
    assert len(rows["noises"]) == len(noises)
    row = next(row for row in rows["noises"] if row["metric"] == "vm_hwm_bytes")
    assert (row["pass"], row["device_name"], row["workload_key"]) == ("memory", "s25", rack.records[-1]["runs"][0]["workload_key"] or "")


def test_what_failed_tells_no_noise() -> None:
    session = a_session()
    jobs = plan_blocks(session.device, calibrate.contests(WORK, [LATENCY], frozenset()), range(4), new_id(NOW), 7)
    failed = [a_run(session, job=job, outcome=Outcome.FAILED, reason="it crashed", readings=(), measured=None) for job in jobs]
    assert calibrate.noises([record(session, run) for run in failed]) == ()
    assert calibrate.noises([]) == ()


def test_a_budget_is_held_against_the_noise_of_all_its_devices() -> None:
    noisy = known(("s25", "net", "latency_ns", 0.2), ("pixel9", "net", "latency_ns", 0.001))
    found = calibrate.arming([LATENCY, MEMORY], ["s25", "pixel9"], noisy, PLAN)
    assert list(found.unarmed) == [LATENCY]
    assert found.uncalibrated == {"s25": ("net vm_hwm_bytes",), "pixel9": ("net vm_hwm_bytes",)}
    assert calibrate.arming([LATENCY], ["pixel9"], noisy, PLAN) == calibrate.Arming({}, {})
    other = Budget("other", "latency_ns", Statistic.P50, max_regression=0.03)
    assert calibrate.arming([other], ["s25"], noisy, PLAN).unarmed == {}
    half = calibrate.arming([LATENCY], ["s25", "oneplus13"], noisy, PLAN)
    assert (half.unarmed, half.uncalibrated) == ({}, {"oneplus13": ("net latency_ns.p50",)})


def proposed(noises: pl.DataFrame, history: pl.DataFrame, *stated: Budget, devices: tuple[str, ...] = ("s25",)) -> str:
    found = suggest.proposals({"net": (Pass.LATENCY, Pass.MEMORY)}, devices, suggest.Known(noises, history), PLAN, stated)
    return suggest.as_toml(found, "")


def test_proposals_are_a_suite_s_text_and_would_be_armed(tmp_path_factory: pytest.TempPathFactory) -> None:
    noises = known(("s25", "net", "latency_ns", 0.012), ("s25", "net", "vm_hwm_bytes", 0.0))
    text = proposed(noises, levels(1.00e9, 1.02e9, 1.01e9))
    folder = tmp_path_factory.mktemp("suite")
    (folder / "net.fake").write_text("farm-fake 1\n")
    (folder / "suite.toml").write_text(f'[suite]\nname = "s"\n[[workloads]]\nid = "net"\nartifact = "net.fake"\n{text}')
    budgets = load_suite(folder / "suite.toml", {"local": LOCAL}).budgets
    assert [(budget.name, budget.max_regression, budget.limit) for budget in budgets] == [
        ("net latency_ns.p50", 0.01, None),
        ("net vm_hwm_bytes", 0.005, None),
        ("net vm_hwm_bytes", None, 1.1e9),
    ]
    assert calibrate.arming(budgets, ["s25"], noises, PLAN) == calibrate.Arming({}, {})


def test_what_nobody_measured_often_enough_is_not_proposed_and_that_is_said() -> None:
    assert proposed(known(), levels(1e9, 1e9)) == "# net vm_hwm_bytes: not calibrated on s25, so nothing is proposed (farm calibrate)\n"
    assert proposed(known(), levels()) == ""
    assert "decide no budget that is worth stating" in proposed(known(("s25", "net", "latency_ns", 5.0)), levels())
    two = proposed(known(("s25", "net", "latency_ns", 0.01)), levels(), devices=("s25", "pixel9"))
    assert two == "# net latency_ns.p50: not calibrated on pixel9, so nothing is proposed (farm calibrate)\n"


def test_few_runs_of_calibration_are_trusted_less() -> None:
    few, many = (proposed(known(("s25", "net", "latency_ns", 0.02), runs=runs), levels()) for runs in (4, 400))
    assert 'max_regression = "2 %"' in few
    assert 'max_regression = "1.5 %"' in many


def test_what_the_suite_states_already_is_compared_and_not_repeated() -> None:
    limit = Budget("net", "vm_hwm_bytes", Statistic.VALUE, limit=1e9)
    noises = known(("s25", "net", "vm_hwm_bytes", 0.03))
    text = proposed(noises, levels(1e9, 1e9, 1e9), MEMORY, limit)
    assert "[[budgets]]" not in text
    assert "is the least that 40 runs a side decide" in text
    assert "the suite states 3 %" in text


def test_a_limit_for_two_devices_holds_on_the_slower_one_and_is_as_wide_as_one_of_them_moves() -> None:
    history = pl.concat([levels(1e9, 1e9, 1e9), levels(2.0e9, 2.1e9, 2.0e9, device="pixel9")])
    assert 'max = "2.300 GB"' in proposed(known(), history, devices=("s25", "pixel9"))
    assert "max =" not in proposed(known(), levels(1e9, 1e9, 1e9), devices=("s25", "pixel9"))


def test_release_measures_only_the_passes_that_are_named() -> None:
    (contest,) = calibrate.contests(WORK, [LATENCY, MEMORY], frozenset())
    assert release.with_passes(contest, (Pass.MEMORY,)).workload.passes == (Pass.MEMORY,)
