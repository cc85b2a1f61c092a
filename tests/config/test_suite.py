"""A suite's workloads: what is measured, with what, and how."""

import json
from pathlib import Path

import pytest

from farm.config import LOCAL, Suite, load_suite
from farm.errors import ConfigError
from farm.metrics import Statistic
from farm.verdicts import Severity
from farm.workloads import Pass
from tests.config import WORK, each_told, suite_of, suite_problems, written
from tests.conftest import ROOT


def test_a_suite_is_read(tmp_path: Path) -> None:
    written(tmp_path, json.dumps({"text": "hello", "tokens": [1, 2, 3]}), "prompt.json")
    text = """
[suite]
name = "s"
repeat = 3
passes = ["latency"]
[conditions]
max_cpu_busy = "50 %"
[[workloads]]
id = "a"
artifact = "model.fake"
duration = "250 ms"
[[workloads]]
id = "b"
artifact = "model.fake"
prompt = "prompt.json"
decode_tokens = 8
passes = ["latency", "memory"]
[[budgets]]
workload = "a"
metric = "latency_ns.p90"
max = "42 ms"
[[budgets]]
workload = "b"
metric = "decode_tokens_per_s"
max_regression = "3 %"
severity = "warn"
"""
    suite = suite_of(tmp_path, text)
    (first, _), (second, path) = suite.work
    assert (suite.repeats, first.settings.duration_ms, first.passes) == (3, 250, (Pass.LATENCY,))
    assert (second.prompt, second.settings.decode_tokens, second.settings.warmup_iterations) == ((1, 2, 3), 8, 1)
    assert path == tmp_path / "model.fake"
    assert suite.budgets[0].limit == 42e6
    assert suite.budgets[0].statistic is Statistic.P90
    assert suite.budgets[1].max_regression == pytest.approx(0.03)
    assert suite.budgets[1].severity is Severity.WARN
    assert suite.on(LOCAL).conditions.max_cpu_busy_ratio == 0.5


def test_a_suite_states_how_long_a_power_pass_is_idle_and_works(tmp_path: Path) -> None:
    text = WORK + 'passes = ["power"]\npower_idle = "1 min"\npower_work = "90 s"\n'
    ((workload, _),) = suite_of(tmp_path, text).work
    assert (workload.passes, workload.settings.power_idle_ms, workload.settings.power_work_ms) == ((Pass.POWER,), 60_000, 90_000)


def test_a_suite_states_where_core_ml_may_compute(tmp_path: Path) -> None:
    (tmp_path / "net.mlpackage").mkdir()
    text = '[suite]\nname = "s"\n[[workloads]]\nid = "w"\nartifact = "net.mlpackage"\n'
    ((workload, path),) = load_suite(written(tmp_path, text + 'compute_units = "cpu_and_ne"\n'), {"local": LOCAL}).work
    assert (workload.settings.compute_units, path) == ("cpu_and_ne", tmp_path / "net.mlpackage")
    with pytest.raises(ConfigError, match='compute_units: "gpu" is not one of all, cpu_only, cpu_and_gpu, cpu_and_ne, such'):
        load_suite(written(tmp_path, text + 'compute_units = "gpu"\n'), {"local": LOCAL})
    with pytest.raises(ConfigError, match=r"inputs: .*net\.mlpackage cannot be read: Is a directory"):
        load_suite(written(tmp_path, text + 'inputs = ["net.mlpackage"]\n'), {"local": LOCAL})


def test_power_is_measured_only_where_it_is_asked_for(tmp_path: Path) -> None:
    ((workload, _),) = suite_of(tmp_path, WORK).work
    assert Pass.POWER not in workload.passes


_WRONG = """
[suite]
name = "s"
passes = ["latncy"]
[[workloads]]
id = "a"
artifact = "modl.fake"
duration = "1 parsec"
decode_tokens = 4
[[workloads]]
id = "a"
artifact = "model.fake"
iteratons = 5
[[budgets]]
workload = "aa"
metric = "latncy_ns.p50"
max = "1 ms"
[[budgets]]
workload = "a"
metric = "latency_ns.p95"
max = "1 ms"
[[budgets]]
workload = "a"
metric = "latency_ns"
max = "1 GB"
[[budgets]]
workload = "a"
metric = "latency_ns"
min = "1 ms"
devices = ["loca"]
[[budgets]]
workload = "a"
metric = "latency_ns"
"""


def test_every_problem_of_a_suite_is_told_at_once(tmp_path: Path) -> None:
    found = suite_problems(tmp_path, _WRONG)
    each_told(
        found,
        "is none of latency, memory, ",
        f"workloads[0].artifact: there is no {tmp_path / 'modl.fake'}",
        'workloads[0].duration: "1 parsec" is not a time',
        "workloads[0].decode_tokens: only with a prompt",
        'workloads[1].iteratons: unknown key; did you mean "iterations"?',
        'workloads: 2 are called "a"',
        'budgets[0].workload: there is no workload "aa"; did you mean "a"?',
        'budgets[0].metric: there is no metric "latncy_ns"; did you mean "latency_ns"?',
        "budgets[1].metric: latency_ns has p50, p90, p99, not p95",
        'budgets[2].max: "1 GB" is not a time',
        "budgets[3].min: latency_ns is better when lower, so state the other limit",
        'budgets[3].devices: there is no device "loca"; did you mean "local"?',
        "budgets[4].metric latency_ns: state one of max, min, max_regression and max_drop, not none",
    )


def test_the_shipped_suites_are_right() -> None:
    for path in sorted((ROOT / "farm" / "examples").glob("*.toml")):
        assert load_suite(path, {"local": LOCAL}).work


def test_a_suite_that_may_lack_files_says_whose_and_keeps_what_else_is_wrong(tmp_path: Path) -> None:
    def loaded(text: str) -> Suite:
        return load_suite(written(tmp_path, text), ["local"], is_built=False, may_lack=True)

    head = '[suite]\nname = "s"\npasses = ["latency"]\n[[workloads]]\nid = "a"\nartifact = "m.fake"\n'
    whole = f'{head}inputs = ["gone.bin"]\nitems = "gone.items"\n[[workloads]]\nid = "b"\nartifact = "m.fake"\n'
    suite = loaded(whole)
    assert list(suite.lost) == ["a"]
    assert "inputs: " in suite.lost["a"]
    assert "items: " in suite.lost["a"]
    (first, _), (second, _) = suite.work
    assert (first.inputs, first.items, first.passes) == ((), None, (Pass.LATENCY, Pass.QUALITY))
    assert second.passes == (Pass.LATENCY,)
    with pytest.raises(ConfigError) as caught:
        loaded(f'{head}inputs = ["gone.bin"]\ndecode_tokens = 3\n')
    assert [problem.partition(": ")[2] for problem in caught.value.problems] == ["workloads[0].decode_tokens: only with a prompt"]
    with pytest.raises(ConfigError):
        load_suite(written(tmp_path, whole), ["local"], is_built=False)
