"""Runs go in whole, once, and come back as they were."""

from pathlib import Path

import pytest

from farm.errors import RecordRefused
from farm.records import record
from farm.store import Store
from farm.workloads import Absent, Outcome, Readings, StateReading
from tests.conftest import a_run, a_session


def test_a_run_comes_back_with_every_reading(tmp_path: Path) -> None:
    store = Store(tmp_path / "farm.duckdb")
    session = a_session()
    run = a_run(session, absent=(Absent("temperature_c", "no zone"),), state=(StateReading("load_1m", "before", value=0.5),))
    store.append([record(session, run)])
    row = store.query("run", id=run.id).row(0, named=True)
    assert (row["outcome"], row["revision"], row["device_name"], row["artifact"]) == ("ok", "abc123", "local", "model.pte")
    samples = {sample["metric"]: sample["values"] for sample in store.query("run_samples", run_id=run.id).iter_rows(named=True)}
    assert samples["latency_ns"] == [1.0, 2.0, 3.0]
    assert store.query("run_absences", run_id=run.id)["reason"].to_list() == ["no zone"]
    assert store.query("run_state", run_id=run.id)["value"].to_list() == [0.5]


def test_the_same_run_goes_in_once(tmp_path: Path) -> None:
    store = Store(tmp_path / "farm.duckdb")
    session = a_session()
    entry = record(session, a_run(session))
    store.append([entry])
    store.append([entry, entry])
    assert store.query("count_runs").item() == 1
    assert store.sql("SELECT count(*) FROM samples").item() == 3


def test_a_run_goes_in_whole_or_not_at_all(tmp_path: Path) -> None:
    store = Store(tmp_path / "farm.duckdb")
    session = a_session()
    good, broken = record(session, a_run(session)), record(session, a_run(session))
    broken["samples"][1]["metric"] = None
    with pytest.raises(RecordRefused, match=broken["runs"][0]["id"]):
        store.append([good, broken])
    assert store.query("count_runs").item() == 0
    assert store.sql("SELECT count(*) FROM samples").item() == 0


def test_runs_that_go_in_together_are_stored_as_if_each_came_by_itself(tmp_path: Path) -> None:
    first, second = a_session(), a_session()
    odd = (
        Readings("latency_ns", (1.5, 2.0**53, 5e-324)),
        Readings("token_ns", (), "decode", (1, 2**62)),
        Readings("clock_hz", (3.0,), "cpu0", None),
    )
    state = (
        StateReading("load_1m", "before", value=0.5),
        StateReading("wakefulness", "before", text='Awake, "quoted"; ü\n'),
        StateReading("charge", "after", reason="it does not say"),
    )
    runs = [record(first, a_run(first, readings=odd, absent=(Absent("energy_uj", "no monitor"),), state=state))]
    runs += [record(session, a_run(session)) for session in (first, second, first)]
    runs += [record(second, a_run(second, readings=(), measured=None, outcome=Outcome.FAILED, reason="it broke"))]
    together, apart = Store(tmp_path / "together.duckdb"), Store(tmp_path / "apart.duckdb")
    together.append(runs)
    for one in runs:
        apart.append([one])
    for table in runs[0]:
        rows = [store.sql(f"SELECT * FROM {table} ORDER BY ALL").rows() for store in (together, apart)]
        assert rows[0] == rows[1], table
    assert together.sql("SELECT count(*) FROM sessions").item() == 2
    assert together.sql("SELECT values FROM samples WHERE metric = 'latency_ns' AND len(values) = 3 AND values[2] > 9e15").height == 1


@pytest.mark.parametrize(
    "broken",
    [
        {"runs": [{"id": "x"}]},
        {"runs": [{"id": "019b0000-0000-7000-8000-000000000000"}]},
        {"runs": [{"id": "019b0000-0000-7000-8000-000000000000"}], "../../secret": [{}]},
    ],
)
def test_rows_that_make_no_run_are_refused(tmp_path: Path, broken: dict[str, list[dict[str, object]]]) -> None:
    store = Store(tmp_path / "farm.duckdb")
    with pytest.raises(RecordRefused):
        store.append([broken])
    assert store.query("count_runs").item() == 0


@pytest.mark.parametrize("text", ["a lone surrogate \udcff", "\ud800"])
def test_a_text_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    session = a_session(command=text)
    with pytest.raises(RecordRefused):
        Store(tmp_path / "farm.duckdb").append([record(session, a_run(session))])


def test_outcomes_that_gave_no_number_are_kept_too(tmp_path: Path) -> None:
    store = Store(tmp_path / "farm.duckdb")
    session = a_session()
    store.append(
        [record(session, a_run(session, outcome=Outcome.FAILED, error_class="crashed", reason="it crashed", measured=None, readings=()))]
    )
    row = store.query("run_list", outcome="failed", workload=None, device=None, most=5).row(0, named=True)
    assert (row["reason"], row["p50"]) == ("it crashed", None)
