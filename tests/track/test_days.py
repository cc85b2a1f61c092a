"""Tracked day by day: what keeps its id, what asks for fresh runs, and what people say."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from farm.cli.track import Asked, look, pending
from farm.findings import Standing, Tracked, TrackedChange
from farm.store import Store
from tests.track import rack
from tests.track.rack import Rack, Step, as_of

STEP = 40


@dataclass
class Days:
    """A rack that is measured and tracked day by day."""

    rack: Rack
    store: Store
    night: int = 0
    measured: int = 0
    told: list[Tracked] = field(default_factory=list)

    def go_to(self, night: int, *, ahead: int = 0) -> None:
        """Come to a night without looking. Nights ahead are measured at once, and not seen before their time."""
        if night + ahead > self.measured:
            rack.load(self.store, self.rack.nights(self.measured, night + ahead))
            self.measured = night + ahead
        self.night = night

    def next(self) -> Tracked:
        self.go_to(self.night + 1)
        return self.look()

    def look(self, *, later: timedelta = timedelta(0)) -> Tracked:
        tracked = look(self.store, Asked("main", as_of(self.rack, self.night - 1) + later))
        self.told.append(tracked)
        return tracked


def days(folder: Path, *steps: Step, **given: Any) -> Days:
    return Days(Rack(3, devices=("s25",), workloads=("net",), steps=steps, **given), Store(folder / "farm.duckdb"))


def the_change(tracked: Tracked) -> TrackedChange:
    (change,) = [change for change in tracked.changes if change.worse]
    return change


def test_a_change_keeps_its_id_from_the_first_suspicion_to_the_recovery(tmp_path: Path) -> None:
    rack_days = days(tmp_path, Step(STEP, 1.06, until=STEP + 12))
    rack_days.go_to(STEP + 1, ahead=20)
    changes = [[change for change in rack_days.next().changes if change.worse] for _ in range(20)]
    found = [own[0] for own in changes if own]
    assert {change.id for change in found} == {found[0].id}
    assert len(found) == 20  # every day, although the segmentation takes twelve nights that are over for a burst
    assert [change.first_seen_at for change in found] == [found[0].first_seen_at] * len(found)
    assert (found[0].standing, found[0].is_here) == (Standing.SUSPECTED, True)
    assert (found[-1].standing, found[-1].is_here) == (Standing.CONFIRMED, False)
    assert len({change.place for change in found}) > 1  # although its place moved
    history = rack_days.store.query("finding_history", id=found[0].id)
    assert history["standing"].to_list()[0] == "suspected"
    assert history["is_here"].to_list()[-1] is False


def test_two_steps_the_same_way_are_two_findings_with_an_id_each(tmp_path: Path) -> None:
    rack_days = days(tmp_path, Step(STEP, 1.06), Step(STEP + 20, 1.06))
    rack_days.go_to(STEP + 39, ahead=3)
    told = [rack_days.next() for _ in range(3)]
    ids = [[change.id for change in tracked.changes] for tracked in told]
    assert len(set(ids[0])) == 2
    assert ids[0] == ids[1] == ids[2]


def suspicion(folder: Path, factor: float, until: int = 10**6, **given: Any) -> tuple[Days, TrackedChange]:
    """Return a rack on the day on which its change is first suspected."""
    rack_days = days(folder, Step(STEP, factor, until=until), **given)
    rack_days.go_to(STEP, ahead=14)
    while not (suspected := [change for change in rack_days.next().changes if change.worse]):
        assert rack_days.night < STEP + 4
    return rack_days, suspected[0]


def test_fresh_runs_that_show_it_make_it_a_regression(tmp_path: Path) -> None:
    rack_days, change = suspicion(tmp_path, 1.1)
    assert rack_days.told[-1].exit_code == 3
    (request,) = pending(rack_days.store, "s25")
    assert request.finding == change.id
    rack.load(rack_days.store, rack_days.rack.night(rack_days.night - 1, late=timedelta(hours=11), runs=10))
    tracked = rack_days.look(later=timedelta(hours=3))
    confirmed = the_change(tracked)
    assert (confirmed.id, confirmed.standing, confirmed.alarms) == (change.id, Standing.CONFIRMED, True)
    assert (tracked.exit_code, tracked.pending) == (4, ())
    assert pending(rack_days.store, None) == ()
    answer = rack_days.store.sql("SELECT is_confirmed, session_id IS NOT NULL, reason FROM confirmation_answers").row(0)
    assert answer[:2] == (True, True)
    assert answer[2].endswith("fresh runs show it")
    assert [the_change(rack_days.next()).id for _ in range(8)] == [change.id] * 8  # also before the series shows it by itself
    assert all(the_change(told).standing is Standing.CONFIRMED for told in rack_days.told[-9:])


def test_fresh_runs_that_do_not_show_it_end_the_suspicion(tmp_path: Path) -> None:
    rack_days, change = suspicion(tmp_path, 1.1, until=STEP + 1)
    quiet = Rack(9, devices=("s25",), workloads=("net",))
    rack.load(rack_days.store, quiet.night(rack_days.night - 1, late=timedelta(hours=11), runs=10))
    tracked = rack_days.look(later=timedelta(hours=3))
    assert tracked.exit_code == 0
    assert not any(each.alarms for each in tracked.changes)
    assert all(each.standing is Standing.REFUTED for each in tracked.changes if each.id == change.id)
    assert rack_days.store.sql("SELECT is_confirmed FROM confirmation_answers").item() is False
    assert [rack_days.next().exit_code for _ in range(5)] == [0] * 5


def test_two_runs_are_no_answer(tmp_path: Path) -> None:
    rack_days, change = suspicion(tmp_path, 1.1)
    rack.load(rack_days.store, rack_days.rack.night(rack_days.night - 1, late=timedelta(hours=11), runs=2))
    tracked = rack_days.look(later=timedelta(hours=3))
    assert [request.finding for request in tracked.pending] == [change.id]
    assert tracked.exit_code == 3


def test_a_request_is_made_once_and_withdrawn_when_the_series_shows_the_change_by_itself(tmp_path: Path) -> None:
    rack_days, change = suspicion(tmp_path, 1.1, runs=2)  # too few to answer
    rack_days.look(later=timedelta(minutes=1))
    assert rack_days.store.sql("SELECT count(*) FROM confirmations").item() == 1
    store = rack_days.store
    while store.sql("SELECT count(*) FROM confirmation_answers").is_empty() or rack_days.told[-1].pending:
        rack_days.next()
        assert rack_days.night < STEP + 20
    assert the_change(rack_days.told[-1]).id == change.id
    assert rack_days.told[-1].exit_code == 4
    reasons = store.sql("SELECT reason FROM confirmation_answers")["reason"].to_list()
    assert reasons == ["the series shows it by itself"]


@pytest.fixture
def regressed(tmp_path: Path) -> Days:
    rack_days = days(tmp_path, Step(STEP, 1.1))
    rack_days.go_to(STEP + 20, ahead=12)
    rack_days.look()
    return rack_days


def say(rack_days: Days, finding: str, answer: str, until: date, revision: str | None = None, *, later: int = 0) -> None:
    at = as_of(rack_days.rack, rack_days.night - 1) + timedelta(minutes=later)
    row = {"finding_id": finding, "said_at": at, "answer": answer, "until": until, "owner": "kim", "reason": "known", "revision": revision}
    rack_days.store.add({"acknowledgements": [row]})


@pytest.mark.parametrize("answer", ["accept", "false-alarm"])
def test_what_is_acknowledged_is_silent_until_its_day_is_over_and_then_speaks_again(regressed: Days, answer: str) -> None:
    change = the_change(regressed.told[-1])
    last_day = as_of(regressed.rack, regressed.night + 1).date()
    say(regressed, change.id, answer, last_day)
    codes: dict[date, int] = {}
    for _ in range(4):
        tracked = regressed.next()
        codes[tracked.as_of.date()] = tracked.exit_code
    assert set(codes.values()) == {0, 4}
    assert all((code == 0) == (day <= last_day) for day, code in codes.items())
    spoken = the_change(regressed.told[-1])
    assert spoken.acknowledgement is None
    assert spoken.lapsed is not None
    assert (spoken.lapsed.owner, spoken.lapsed.reason) == ("kim", "known")


def test_what_is_said_to_be_fixed_and_is_not_speaks_again_after_eight_nights_of_the_fix(regressed: Days) -> None:
    change = the_change(regressed.told[-1])
    say(regressed, change.id, "fixed", date(2099, 1, 1), regressed.rack.revision(regressed.night + 2))
    codes = [regressed.next().exit_code for _ in range(12)]
    assert codes == [0] * 9 + [4] * 3


def test_the_newest_word_counts_and_nothing_said_is_lost(regressed: Days) -> None:
    change = the_change(regressed.told[-1])
    say(regressed, change.id, "accept", date(2099, 1, 1))
    assert regressed.look(later=timedelta(minutes=5)).exit_code == 0
    say(regressed, change.id, "revoked", date(2099, 1, 1), later=6)
    assert regressed.look(later=timedelta(minutes=7)).exit_code == 4
    assert regressed.store.query("acknowledgements", branch="main")["answer"].to_list() == ["accept", "revoked"]


def test_a_finding_that_more_nights_speak_against_is_gone_and_its_history_kept(tmp_path: Path) -> None:
    rack_days, change = suspicion(tmp_path, 1.1, until=STEP + 2)
    while any(each.id == change.id for each in rack_days.next().changes):
        assert rack_days.night < STEP + 12
    history = rack_days.store.query("finding_history", id=change.id)["standing"].to_list()
    assert history[0] == "suspected"
    assert history[-1] == "gone"
    assert rack_days.told[-1].exit_code == 0


def test_a_series_that_comes_back_is_no_longer_missing_and_a_new_gap_is_a_new_finding(tmp_path: Path) -> None:
    rack_days = Days(
        Rack(
            3,
            devices=("s25", "pixel9", "iphone"),
            workloads=("net",),
            is_measured=lambda device, _, night: device != "s25" or night not in (20, 21, 25),
        ),
        Store(tmp_path / "farm.duckdb"),
    )
    rack_days.go_to(19, ahead=10)
    missing = [[item.id for item in rack_days.next().missing] for _ in range(9)]
    assert [len(ids) for ids in missing] == [0, 1, 1, 0, 0, 0, 1, 0, 0]  # of nights 19 to 27
    assert missing[1] == missing[2] != missing[6]
    history = rack_days.store.query("finding_history", id=missing[1][0])["standing"].to_list()
    assert history == ["missing", "back"]
    assert [told.exit_code for told in rack_days.told] == [3 if ids else 0 for ids in missing]


def test_a_session_for_the_fun_of_it_is_no_night_that_others_are_missing_from(tmp_path: Path) -> None:
    rack_days = Days(Rack(3, devices=("s25", "pixel9", "iphone"), workloads=("net",)), Store(tmp_path / "farm.duckdb"))
    rack_days.go_to(20)
    rack_days.rack.devices = ("s25",)
    assert rack_days.next().missing == ()


def test_two_revisions_of_one_night_are_not_mixed(tmp_path: Path) -> None:
    """Each half night is a point of its own, so that what lies between its two revisions is told."""

    class TwiceANight(Rack):
        def revision(self, night: int) -> str:
            return f"rev{night:04}{self.half}"

        half = "a"

    twice = TwiceANight(4, devices=("s25",), workloads=("net",))
    halves = []
    for night in range(40):
        twice.half = "a"
        halves += list(twice.night(night))
        twice.half = "b"
        twice.steps = (Step(20, 1.1),)
        halves += list(twice.night(night, late=timedelta(hours=2)))
        twice.steps = (Step(21, 1.1),)
    store = Store(tmp_path / "farm.duckdb")
    rack.load(store, halves)
    change = the_change(look(store, Asked("main", as_of(twice, 39))))
    assert change.place.first.revision == "rev0020b"
    assert change.place.after.at < change.place.first.at <= change.place.until.at


def test_branches_are_followed_apart(tmp_path: Path) -> None:
    store = Store(tmp_path / "farm.duckdb")
    racks = {
        branch: Rack(seed, devices=("s25",), workloads=("net",), steps=steps, branch=branch)
        for seed, branch, steps in ((6, "main", ()), (7, "fast", (Step(20, 1.2),)))
    }
    for each in racks.values():
        rack.load(store, each.nights(0, 40))
    told = {branch: look(store, Asked(branch, as_of(each, 39))) for branch, each in racks.items()}
    assert {branch: len(tracked.changes) for branch, tracked in told.items()} == {"main": 0, "fast": 1}
    assert look(store, Asked("main", as_of(racks["main"], 40))).exit_code == 0


def test_runs_of_a_gate_are_of_no_night(tmp_path: Path) -> None:
    """A candidate that is half as fast, measured by a gate on the branch, is not the branch's yet."""
    made = Rack(3, devices=("s25",), workloads=("net",))
    rack.load(Store(tmp_path / "farm.duckdb"), made.nights(0, 30))
    made.steps = (Step(0, 2.0),)
    judged = list(made.night(30, runs=20))
    for number, rows in enumerate(judged):
        place = {"gate_id": "00000000-0000-7000-8000-000000000001", "side": "candidate", "block": number, "position": 0}
        rows["placements"] = [{"run_id": rows["runs"][0]["id"], **place}]
    store = Store(tmp_path / "farm.duckdb")
    rack.load(store, judged)
    tracked = look(store, Asked("main", as_of(made, 30)))
    assert (tracked.nights, tracked.changes) == (30, ())
