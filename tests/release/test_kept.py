"""A verdict comes back from the database as it was, and its runs give it again."""

import json
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from farm import release
from farm.verdicts import Plan, Verdict
from tests.conftest import NOW
from tests.publish.judged import DROPPED, EXEMPT, FAILED, OPEN, PASSED, WARNED
from tests.release.simulated import LATENCY, MEMORY, TODAY, Rack, a_store, asked, candidate_is

FACTS = release.GateFacts(NOW, "suite", "s.toml", "new", "old", 7, 60.0, 4, "0.1.0", "farm gate")
ARTIFACTS = pl.DataFrame({"workload": ["net"], "side": ["candidate"], "sha256": ["ab"]})


@pytest.mark.parametrize("verdict", [FAILED, PASSED, OPEN, DROPPED, EXEMPT, replace(WARNED, detectable=None, levels=(0.001, 0.02))])
def test_a_verdict_comes_back_whole(tmp_path: Path, verdict: Verdict) -> None:
    question = asked(LATENCY)
    store = a_store(tmp_path, [])
    store.add(release.gate_rows(question, FACTS, [verdict], (), None, ARTIFACTS))
    row = store.query("gate", id=question.gate[:13]).row(0, named=True)
    assert (row["gate_id"], row["exit_code"], row["seed"], row["today"]) == (question.gate, 4, 7, TODAY)
    assert release.plan_of(row["plan"]) == question.plan == Plan()
    (document,) = store.query("gate_verdicts", gate=question.gate)["document"]
    assert release.verdict_of(document) == verdict
    assert store.query("gate_artifacts", gate=question.gate).rows() == [("net", "candidate", "ab")]


def test_a_number_without_end_is_kept_as_none(tmp_path: Path) -> None:
    rows = release.gate_rows(asked(LATENCY), FACTS, [WARNED], (), None, ARTIFACTS)
    assert rows["verdicts"][0]["detectable"] is None
    assert json.loads(rows["verdicts"][0]["document"])["detectable"] is None


def test_the_judged_runs_give_the_same_verdicts_again(tmp_path: Path) -> None:
    question = asked(LATENCY, MEMORY, devices=("s25", "pixel9"))
    rack = Rack(candidate_is(1.02), fails_at={"pixel9": 2})
    decided = release.decide(question, rack)
    assert decided.numbers is not None
    store = a_store(tmp_path, rack.records)
    store.add(release.gate_rows(question, FACTS, decided.verdicts, decided.failures, decided.numbers.runs, ARTIFACTS))
    numbers = release.of_stored(store, store.query("judged_runs", gate=question.gate))
    failures = [release.Failure(*row) for row in store.query("gate_devices", gate=question.gate).drop_nulls("failure").rows()]
    assert failures == list(decided.failures)
    assert release.judged(question, numbers, failures) == decided.verdicts
