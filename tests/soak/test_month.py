"""A small month: three nights of three phones, each kind of fault once, then a night when all is well. `make soak` is the whole."""

from pathlib import Path

import duckdb
import pytest

from farm.workloads import HarnessBuild
from tests.soak.month import Month, prepared, run, small
from tests.soak.plan import IN_A_RUN, OF_THE_HOST, Kind, Plan, faults
from tests.soak.verdict import injected, verdict
from tests.soak.world import Flash

pytestmark = pytest.mark.timeout(600)


@pytest.mark.slow(150)
def test_three_nights_with_a_fault_of_each_kind_lose_nothing_double_nothing_and_say_why(
    tmp_path: Path, builds: Path, fake_harness: HarnessBuild
) -> None:
    assert fake_harness.folder.exists()
    folder = tmp_path / "rack"
    folder.mkdir()
    said: list[str] = []
    month = run(prepared(folder, small(1, folder), builds), said.append)
    missed = [f"{one.what}: {one.seen}" for one in verdict(month) if not one.holds]
    log = (folder / "log").read_text(encoding="utf-8")
    assert not missed, log[-8000:]
    assert [kind for kind, _, struck in injected(month) if not struck] == [], log[-8000:]
    assert len(said) == month.plan.all_nights
    _is_told_what_is_lost_or_left(month)


def _is_told_what_is_lost_or_left(month: Month) -> None:
    """What a month must not do is seen when it is done."""
    with duckdb.connect(month.folder / "data" / "farm.duckdb") as connection:
        connection.execute(
            "DELETE FROM expected_answers WHERE is_valid AND number = (SELECT min(number) FROM expected_answers WHERE is_valid)"
        )
    flash = Flash.of(month.folder, month.plan.phones[0])
    flash.prepared = True
    flash.keep()
    missed = {one.what for one in verdict(month) if not one.holds}
    assert missed == {
        "every expected run is present or accounted for",
        "no run is doubled, and none is there that nobody expected",
        "no device is stuck: all measure all on the last night",
        "every phone is put back",
    }


def test_a_month_has_a_fault_every_hour_and_the_same_seed_has_the_same(tmp_path: Path) -> None:
    found = faults(8, 30, ("a", "b"))
    assert [int(fault.at_h) for fault in found] == list(range(720))
    assert {fault.kind for fault in found} == set(Kind)
    assert all((fault.phone == "") == (fault.kind in OF_THE_HOST) for fault in found)
    assert all(fault.lasts_h == 1 for fault in found if fault.kind in IN_A_RUN)
    assert found == faults(8, 30, ("a", "b"))
    assert found != faults(9, 30, ("a", "b"))
    plan = small(1, tmp_path)
    plan.write(tmp_path)
    assert Plan.read(tmp_path) == plan
