"""A suite's budgets, and the plan of the runs that are to hold against them."""

from datetime import date
from pathlib import Path

import pytest

from farm import items
from farm.config import Gating
from farm.metrics import Statistic
from farm.verdicts import Exemption, Plan, Quality
from tests.config import WORK, each_told, suite_of, suite_problems


@pytest.mark.parametrize(
    ("metric", "limit", "example"),
    [
        ("latency_ns.p50", 'max = "0 ms"', "1 s"),
        ("vm_hwm_bytes", 'max = "-1 GB"', "1 GB"),
        ("decode_tokens_per_s", 'min = "-0 tokens/s"', "1 tokens/s"),
        ("sustained_ratio", 'min = "0 %"', "1 %"),
    ],
)
def test_a_limit_that_allows_nothing_or_anything_is_refused(tmp_path: Path, metric: str, limit: str, example: str) -> None:
    (found,) = suite_problems(tmp_path, f'{WORK}[[budgets]]\nworkload = "a"\nmetric = "{metric}"\n{limit}\n')
    assert f'is not more than 0, and a limit of {metric.partition(".")[0]} is, such as "{example}"' in found


@pytest.mark.parametrize(
    ("written_as", "said"),
    [
        ('max_regression = "3"', 'budgets[0].max_regression: "3" without a unit is 300 %: write "3 %" if that is what is meant'),
        ('max_regression = "3 %"\ndevices = []', "budgets[0].devices: it is empty: state something, or leave the key out"),
        ('max_regression = "3 %"\ndevices = ["local", "local"]', 'budgets[0].devices: "local" stands there 2 times'),
    ],
)
def test_a_budget_that_would_mean_something_else_is_refused(tmp_path: Path, written_as: str, said: str) -> None:
    assert suite_problems(tmp_path, f'{WORK}[[budgets]]\nworkload = "a"\nmetric = "latency_ns"\n{written_as}\n') == [said]


def test_budgets_take_pools_exemptions_and_qualities(tmp_path: Path) -> None:
    items.write(tmp_path / "some.items", items.tokens_file([[1, 2]] * 8), {}, None)
    text = f"""{WORK}items = "some.items"
[[budgets]]
workload = "a"
metric = "latency_ns"
max_regression = "3 %"
pool = "rack"
until = 2026-12-31
owner = "me"
reason = "a slower kernel, to be replaced"
[[budgets]]
workload = "a"
metric = "accuracy_ratio"
max_drop = "0.5 %"
devices = ["local"]
[[budgets]]
workload = "a"
metric = "perplexity"
max_regression = "1 %"
"""
    first, second, third = suite_of(tmp_path, text, {"rack": ("s25", "pixel9")}).budgets
    assert first.devices == ("s25", "pixel9")
    assert first.exemption == Exemption(date(2026, 12, 31), "me", "a slower kernel, to be replaced")
    assert (second.metric, second.max_drop, second.devices) == (Quality.ACCURACY.value, 0.005, ("local",))
    assert (third.metric, third.statistic, third.max_regression) == (Quality.PERPLEXITY.value, Statistic.VALUE, 0.01)


def test_the_plan_is_stated_in_runs_a_side(tmp_path: Path) -> None:

    def gating(text: str) -> Gating:
        return suite_of(tmp_path, WORK + text).gating

    assert gating("").plan == Plan()
    assert gating("[gate]\nmost_runs = 12\n").plan.looks == (4, 5, 6)
    assert gating("[gate]\nmost_runs = 60\n").plan.looks == (*Plan().looks, 24, 28, 30)
    assert gating("[gate]\nlooks = [8, 20]\n").plan.looks == (4, 10)
    stated = gating('[gate]\nmin_runs = 6\ntime_budget = "20 min"\nallow_unordered = true\n')
    assert (stated.plan.min_runs, stated.time_budget_s, stated.plan.allow_unordered) == (6, 1200, True)
    assert gating("").at_most(8).plan.looks == (4,)
    with pytest.raises(ValueError, match="4 a side is less than the 6"):
        stated.at_most(4)
    with pytest.raises(ValueError, match="7 is no even number"):
        gating("").at_most(7)


_WRONG = """
[[budgets]]
workload = "a"
metric = "latency_ns"
max_drop = "1 %"
pool = "rakc"
devices = ["local"]
[[budgets]]
workload = "a"
metric = "accurcy_ratio"
max_drop = "1 %"
[[budgets]]
workload = "a"
metric = "accuracy_ratio"
max = "99 %"
until = 2026-12-31
[[budgets]]
workload = "a"
metric = "decode_tokens_per_s"
max_regression = "100 %"
until = "tomorrow"
owner = ""
reason = "r"
severity = "wran"
[[budgets]]
workload = "a"
metric = "latency_ns"
max_regression = "1 %"
until = 2026-12-31
owner = "me"
reason = "r"
severity = "warn"
[gate]
most_run = 40
most_runs = 7
looks = [8, 6]
min_runs = 10
time_budget = 60
"""


def test_every_problem_of_budgets_and_the_plan_is_told_at_once(tmp_path: Path) -> None:
    found = suite_problems(tmp_path, WORK + _WRONG)
    each_told(
        found,
        "budgets[0].max_drop: latency_ns is no quality; state max_regression",
        'budgets[0].pool: there is no pool "rakc"; did you mean "rack"?',
        "budgets[0].pool: not together with devices",
        'budgets[1].metric: there is no metric "accurcy_ratio"; did you mean "accuracy_ratio"?',
        'budgets[2].metric: accuracy_ratio is of items, and the workload "a" states none',
        "budgets[2].max: a budget of accuracy_ratio states max_drop",
        "budgets[2]: an exemption states until, owner and reason, and owner and reason are missing",
        "budgets[3].max_regression: decode_tokens_per_s is better when higher, so 100 % allows anything",
        "is not a day without quotes, such as 2026-12-31",
        "budgets[3].owner: it is empty: state something, or leave the key out",
        'budgets[3].severity: "wran" is none of block, warn; did you mean "warn"?',
        "budgets[4].until: a budget that only warns needs no exemption",
        'gate.most_run: unknown key; did you mean "most_runs"?',
        "gate.most_runs: not together with looks",
        "gate.looks: even numbers of runs a side from 4 to 1000, rising",
        "gate.min_runs: 10 is more than the most that are measured, 6",
        "gate.time_budget: 60 has no unit",
    )
