"""A year of a rack, tracked: every claim is held against what the year was made of."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from farm.cli.track import Asked, look, pending
from farm.findings import Cause, Group, Standing, Tracked, TrackedChange, night_of
from farm.series import workload_key
from farm.store import Store
from farm.track import Expected
from farm.workloads import Artifact, Device, DeviceKind, Job, Pass, PassSettings, Workload
from tests.track import rack
from tests.track.rack import Rack, Step, as_of

NIGHTS = 365
REGRESSION, FIXED, OS_UPDATE, HARNESS, BETTER, BATTERY, DIED, SETTINGS, BROKEN, FRESH = 60, 120, 150, 200, 240, 270, 300, 320, 350, 362

AN_ARTIFACT = Artifact("0", "m.pte", Path("m.pte"), 1, "executorch")


def is_measured(device: str, workload: str, night: int) -> bool:
    """The old phone dies; seg is measured once a week on the iPhone; now and then a phone has a night off."""
    if device == "old" and night >= DIED:
        return False
    if (device, workload) == ("iphone", "seg"):
        return night % 7 == 0
    return (night * 7 + len(device)) % 29 != 0


YEAR = Rack(
    seed=5,
    steps=(
        Step(REGRESSION, 1.08, workloads=("net",), until=FIXED),
        Step(OS_UPDATE, 1.07, devices=("s25",)),
        Step(HARNESS, 1.06),
        Step(BETTER, 0.92, workloads=("chat",)),
        Step(BATTERY, 1.15, devices=("pixel9",)),
        Step(FRESH, 1.15, devices=("s25",), workloads=("net",)),
    ),
    changes=(
        (OS_UPDATE, "s25", {"os_build": "os-2"}),
        (HARNESS, "", {"harness": "harness-2"}),
        (BATTERY, "pixel9", {"battery_health": "overheat"}),
        (100, "", {"farm_version": "0.2.0"}),
    ),
    is_measured=is_measured,
    trouble=lambda device, workload, night: (device, workload) == ("pixel9", "seg") and night >= BROKEN,
    threads=lambda device, workload, night: 2 if (device, workload) == ("iphone", "net") and night >= SETTINGS else 1,
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    store = Store(tmp_path_factory.mktemp("year") / "farm.duckdb")
    rack.load(store, YEAR.nights(0, NIGHTS))
    return store


@pytest.fixture(scope="module")
def tracked(store: Store) -> Tracked:
    return look(store, Asked("main", as_of(YEAR, NIGHTS - 1)))


def around(tracked: Tracked, night: int, *, worse: bool = True) -> list[TrackedChange]:
    """Return the changes in whose interval a night lies."""
    day = (YEAR.first + timedelta(days=night) - timedelta(hours=12)).date()
    return [change for change in tracked.changes if change.worse is worse and change.place.after.night < day <= change.place.until.night]


def names(changes: list[TrackedChange]) -> set[str]:
    return {f"{change.series.device} {change.series.workload}" for change in changes}


def everywhere(devices: tuple[str, ...] = YEAR.devices, workloads: tuple[str, ...] = YEAR.workloads) -> set[str]:
    return {f"{device} {workload}" for device in devices for workload in workloads}


WEEKLY = {"iphone seg"}
"""Followed too, but with a seventh of the nights its intervals are wide, and what happens twice in a season is one change."""


def test_every_series_of_the_year_is_followed(tracked: Tracked) -> None:
    assert tracked.series == len(everywhere()) + 1  # the one with other settings
    assert tracked.last_night == night_of((YEAR.first + timedelta(days=NIGHTS - 1)).replace(tzinfo=None))


@pytest.mark.parametrize(
    ("night", "factor", "where", "worse"),
    [
        (REGRESSION, 1.08, everywhere(workloads=("net",)), True),
        (FIXED, 1 / 1.08, everywhere(workloads=("net",)), False),
        (OS_UPDATE, 1.07, everywhere(devices=("s25",)), True),
        (HARNESS, 1.06, everywhere() - WEEKLY, True),
        (BETTER, 0.92, everywhere(workloads=("chat",)), False),
        (BATTERY, 1.15, everywhere(devices=("pixel9",)), True),
    ],
    ids=["regression", "fixed", "OS update", "harness", "better", "battery"],
)
def test_a_step_is_found_where_it_is_and_nowhere_else(tracked: Tracked, night: int, factor: float, where: set[str], worse: bool) -> None:
    found = [change for change in around(tracked, night, worse=worse) if change.standing is Standing.CONFIRMED]
    assert names(found) - WEEKLY == where - WEEKLY
    for change in found:
        assert change.size.is_ratio
        assert change.size.low - 0.01 < factor < change.size.high + 0.01, change.series.name
        assert change.size.value == pytest.approx(factor, abs=0.03)


def test_nothing_else_is_told_of_the_year(tracked: Tracked) -> None:
    steps = (REGRESSION, FIXED, OS_UPDATE, HARNESS, BETTER, BATTERY, FRESH)
    explained = {change.id for night in steps for worse in (True, False) for change in around(tracked, night, worse=worse)}
    surplus = [change for change in tracked.changes if change.id not in explained and change.standing is Standing.CONFIRMED]
    assert len(surplus) <= 1, [(change.series.name, change.place, change.size) for change in surplus]


def test_a_change_lies_between_the_revisions_of_the_runs_around_it(tracked: Tracked) -> None:
    for change in around(tracked, REGRESSION):
        assert change.place.after.revision is not None
        assert change.place.until.revision is not None
        assert change.place.after.revision < YEAR.revision(REGRESSION) <= change.place.until.revision
        assert change.place.after.revision < (change.place.first.revision or "") <= change.place.until.revision


def test_what_was_fixed_has_recovered_and_what_was_not_is_still_there(tracked: Tracked) -> None:
    for change in around(tracked, REGRESSION):
        assert not change.is_here, change.series.name  # although everything got slower again later: that is another change
        assert change.recovered is not None
        assert abs((change.recovered.night - night_of((YEAR.first + timedelta(days=FIXED)).replace(tzinfo=None))).days) <= 2
    assert all(change.is_here for change in around(tracked, OS_UPDATE) if change.series.device == "s25")
    assert all(change.is_here for change in around(tracked, BATTERY))


def group_at(tracked: Tracked, night: int) -> Group:
    ids = {change.id for change in around(tracked, night)}
    return max(tracked.groups, key=lambda group: sum(change.id in ids for change in group.members))


def test_changes_of_one_night_are_one_group_over_devices_and_workloads(tracked: Tracked) -> None:
    group = group_at(tracked, HARNESS)
    assert names(list(group.members)) >= everywhere() - WEEKLY
    assert group.worse
    assert group.place.after.revision is not None
    assert group.place.after.revision < YEAR.revision(HARNESS) <= (group.place.until.revision or "")
    assert set(group_at(tracked, REGRESSION).devices) == set(YEAR.devices)
    assert group_at(tracked, REGRESSION).workloads == ("net",)


@pytest.mark.parametrize(
    ("night", "device", "cause"),
    [
        (OS_UPDATE, "s25", Cause("os_build", "os-1", "os-2")),
        (HARNESS, "pixel9", Cause("harness", "harness-1", "harness-2")),
        (BATTERY, "pixel9", Cause("battery_health", "good", "overheat")),
    ],
)
def test_what_changed_at_the_same_place_is_the_likelier_cause(tracked: Tracked, night: int, device: str, cause: Cause) -> None:
    own = [change for change in around(tracked, night) if change.series.device == device]
    assert own
    assert all(change.causes == (cause,) for change in own)


def test_a_regression_of_a_revision_has_no_likelier_cause_than_the_artifact(tracked: Tracked) -> None:
    found = around(tracked, REGRESSION)
    assert found
    assert all(change.causes == () and change.artifact_changed for change in found)


def test_dead_devices_and_broken_jobs_are_missing_with_what_is_known_of_why(tracked: Tracked) -> None:
    reasons = {(item.device, item.workload): item.reason for item in tracked.missing}
    assert reasons.keys() == {("old", "net"), ("old", "chat"), ("old", "seg"), ("pixel9", "seg")}
    assert reasons["old", "net"] == "nothing was measured on the device since"
    assert reasons["pixel9", "seg"].endswith("runs without a valid number (failed: the operator is missing) since")
    lost = [item for item in tracked.missing if item.device == "old"]
    assert len({item.group for item in lost}) == 1
    assert all(item.nights > 50 for item in lost)


def test_a_series_that_goes_on_with_other_settings_is_not_missing(tracked: Tracked) -> None:
    assert tracked.replaced == 1


def test_a_fresh_change_asks_for_runs_and_does_not_alarm_yet(tracked: Tracked, store: Store) -> None:
    (fresh,) = [change for change in around(tracked, FRESH) if change.series.name == "s25 net latency_ns"]
    assert fresh.standing is Standing.SUSPECTED
    assert not fresh.alarms
    assert fresh.id in {request.finding for request in tracked.pending}
    (request,) = [request for request in pending(store, "s25") if request.finding == fresh.id]
    assert (request.device_id, request.workload, request.pass_, request.runs) == ("id-s25", "net", "latency", 10)
    assert request.series_key == fresh.series.key
    settings = PassSettings(threads=1)
    job = Job(Device("s25", DeviceKind.ANDROID), Workload("net", YEAR.passes, settings), AN_ARTIFACT, Pass.LATENCY, 0)
    assert request.workload_key == workload_key(job)  # so that a session finds the job among its own
    assert fresh.id not in {request.finding for request in pending(store, "pixel9")}


def test_unacknowledged_regressions_are_the_exit_code(tracked: Tracked) -> None:
    assert any(change.alarms for change in tracked.changes)
    assert tracked.exit_code == 4


def test_looking_again_finds_the_same_and_stores_nothing_new(tracked: Tracked, store: Store) -> None:
    before = store.sql(
        "SELECT (SELECT count(*) FROM findings), (SELECT count(*) FROM finding_states), (SELECT count(*) FROM confirmations)"
    )
    again = look(store, Asked("main", as_of(YEAR, NIGHTS - 1) + timedelta(minutes=5)))
    assert {change.id for change in again.changes} == {change.id for change in tracked.changes}
    assert {item.id for item in again.missing} == {item.id for item in tracked.missing}
    after = store.sql("SELECT (SELECT count(*) FROM findings), (SELECT count(*) FROM finding_states), (SELECT count(*) FROM confirmations)")
    assert after.rows() == before.rows()


@pytest.mark.parametrize("narrowed", [{"device": "s25"}, {"device": "id-s25"}, {"workload": "net"}])
def test_a_part_of_the_rack_tells_its_part_and_leaves_the_rest_as_it_was(tracked: Tracked, store: Store, narrowed: dict[str, Any]) -> None:
    part = look(store, Asked("main", as_of(YEAR, NIGHTS - 1) + timedelta(minutes=9), **narrowed))
    wanted = {
        change.id
        for change in tracked.changes
        if narrowed.get("workload") == change.series.workload or narrowed.get("device") in (change.series.device, change.series.device_id)
    }
    assert {change.id for change in part.changes} == wanted
    assert store.sql("SELECT count(*) FROM finding_states WHERE standing IN ('gone', 'back')").item() == 0


def test_since_leaves_out_what_was_over_before(store: Store, tracked: Tracked) -> None:
    day = (YEAR.first + timedelta(days=BETTER - 20)).date()
    late = look(store, Asked("main", as_of(YEAR, NIGHTS - 1) + timedelta(minutes=10), since=day))
    assert late.changes
    assert {change.id for change in late.changes} < {change.id for change in tracked.changes}
    assert all(group.place.until.night >= day for group in late.groups)


def test_a_suite_says_what_should_have_data(store: Store) -> None:
    expected = [Expected(device, workload, Pass.LATENCY, "latency_ns") for device in ("s25", "new") for workload in ("net", "depth")]
    found = look(store, Asked("main", as_of(YEAR, NIGHTS - 1) + timedelta(minutes=11)), lambda _: expected)
    assert {(item.device, item.workload): item.reason for item in found.missing} == dict.fromkeys(
        [("s25", "depth"), ("new", "net"), ("new", "depth")], "the suite asks for it, and it was never run"
    )


def test_a_silent_branch_is_missing_as_a_whole(store: Store) -> None:
    silent = look(store, Asked("main", as_of(YEAR, NIGHTS + 20)))
    assert {f"{item.device} {item.workload}" for item in silent.missing} == everywhere()
    assert any(item.reason == "nothing of the branch was measured since" for item in silent.missing)


def test_a_database_without_runs_has_nothing_to_follow(tmp_path: Path) -> None:
    nothing = look(Store(tmp_path / "farm.duckdb"), Asked("main", as_of(YEAR, 1)))
    assert (nothing.series, nothing.exit_code) == (0, 3)
