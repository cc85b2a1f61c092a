"""The budgets of a suite held against a night: what is held against what, what counts, and what is only advice."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from farm.cli import nights
from farm.cli.nights import Promised
from farm.errors import InputError
from farm.findings import night_of
from farm.metrics import Statistic
from farm.report import NightBudgets
from farm.store import Store
from farm.verdicts import Budget, Decision, Plan, Verdict
from tests.report import fleet, steady
from tests.report.conftest import end_of
from tests.report.fleet import Event
from tests.report.year import Year
from tests.track.rack import load

LATENCY = Budget("mobilenet-int8", "latency_ns", Statistic.P50, max_regression=0.05)
LIMIT = Budget("mobilenet-int8", "latency_ns", Statistic.P50, limit=4.2e6, devices=("s25",))
ENERGY = Budget("mobilenet-int8", "energy_per_inference_uj", Statistic.VALUE, limit=1.0)
YEAR = Year(
    phones=fleet.PHONES[:2],
    nets=fleet.nets(1, 3)[2:],
    nights=9,
    runs=8,
    detailed=0,
    invalid=0.0,
    breaks=("", "", 0),
    events=(Event(5, 1.3, new_artifact=True, workloads=("mobilenet-int8",)), Event(8, 1.2)),
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Nine nights: slower by 30 % with a new artifact from the sixth on, and by another 20 % on the ninth."""
    made = Store(tmp_path_factory.mktemp("nights") / "farm.duckdb")
    load(made, YEAR.records())
    return made


def judged(store: Store, *budgets: Budget, before: int = 0, named: tuple[str, ...] = (), year: Year = YEAR) -> NightBudgets:
    now = end_of(year, before)
    night = night_of(now - timedelta(hours=10))
    return nights.judged(store, Promised("suite.toml", budgets, Plan(), ", ".join(named) or None, named), year.branch, night, now)


def verdict(found: NightBudgets) -> Verdict:
    (one,) = found.explanations
    return one.verdict


def test_a_night_is_held_against_the_one_before_and_a_ratio_is_advice_that_counts_for_nothing(store: Store) -> None:
    found = judged(store, LATENCY)
    told = verdict(found)
    assert told.decision is Decision.FAIL
    assert told.estimate is not None
    assert told.estimate.value == pytest.approx(1.2, rel=0.02)
    assert told.advisory == "side after side on pixel9"
    assert (told.blocking, found.exit_code) == (False, 0)
    assert verdict(judged(store, LATENCY, before=1)).decision is Decision.PASS


def test_a_limit_is_the_nights_own_and_counts(store: Store) -> None:
    found = judged(store, LIMIT)
    assert (verdict(found).decision, verdict(found).blocking, found.exit_code) == (Decision.FAIL, True, 4)
    assert judged(store, replace(LIMIT, limit=9e6)).exit_code == 0
    near = judged(store, replace(LIMIT, limit=4.446e6), before=1)  # its very level that night
    assert (verdict(near).decision, near.exit_code) == (Decision.INCONCLUSIVE, 3)


def test_what_a_night_did_not_measure_is_said_and_neither_passes_nor_counts(store: Store) -> None:
    found = judged(store, ENERGY)
    assert verdict(found).decision is Decision.INCONCLUSIVE
    assert verdict(found).reason == "this night did not measure it"
    assert found.exit_code == 0


@pytest.mark.parametrize("name", ["revision", "sha256", "beginning"])
def test_a_named_baseline_is_taken_as_it_was_measured_last(store: Store, name: str) -> None:
    sha256 = YEAR.artifact(YEAR.nets[0], 2).sha256
    named = {"revision": YEAR.revision(2), "sha256": sha256, "beginning": sha256[:10]}[name]
    found = judged(store, LATENCY, named=(named,))
    told = verdict(found)
    assert told.estimate is not None
    assert told.estimate.value == pytest.approx(1.56, rel=0.03)
    assert sum(used.baseline for used in told.used) == 16  # one night of both phones, and not all five before the change


def test_a_baseline_that_no_night_has_is_said(store: Store) -> None:
    with pytest.raises(InputError, match='is of the baseline "nothing"'):
        judged(store, LATENCY, named=("nothing",))


def test_other_settings_are_never_held_against_each_other(tmp_path: Path) -> None:
    made = Store(tmp_path / "farm.duckdb")
    load(made, YEAR.records())
    later = replace(YEAR, seed=2, nights=10, threads=4)
    load(made, later.night(9))
    told = verdict(judged(made, LATENCY, year=later))
    assert told.decision is Decision.INCONCLUSIVE
    assert "0 runs a side" in told.reason


def test_a_device_that_its_canary_suspects_is_named_beside_the_verdict(tmp_path: Path) -> None:
    made = Store(tmp_path / "farm.duckdb")
    load(made, YEAR.records())
    steady.sing(made, YEAR)
    (warning,) = verdict(judged(made, LATENCY)).warnings
    assert warning.startswith("pixel9 is suspect since")
    assert not verdict(judged(made, LIMIT)).warnings
