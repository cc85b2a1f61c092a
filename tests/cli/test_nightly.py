"""farm nightly on this machine: what is expected is written first, and every expected job is present or accounted for, none doubled."""

import os
from collections import Counter
from dataclasses import replace

import pytest

from farm.cli import nightly
from farm.cli.nightly_measure import left_of
from farm.cli.nightly_open import Asked
from farm.cli.track import Asked as Branch
from farm.cli.track import look
from farm.cli.unfinished import Unfinished
from farm.errors import DeviceBusy
from farm.records import record
from farm.workloads import Outcome
from tests.cli.nights import DAY, EVERY, HOUR, SCHEDULE, Killed, Lab, a_suite, broken_off, called
from tests.conftest import a_job, a_run, a_session, an_artifact


def test_a_night_measures_what_is_expected_and_the_same_night_is_not_measured_again(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    assert lab.night() == 0
    assert (lab.states(), lab.runs()) == (Counter(done=4), EVERY)
    first = capsys.readouterr()
    assert "the night of 2026-11-25 (suite s, pool rack): 4 of 4 jobs measured on 1 device" in first.out
    assert [line.split(":")[1].strip() for line in first.err.splitlines() if line.startswith("farm: ") and "[" not in line] == [
        "open",
        "health",
        "canary",
        "plan",
        "measure",
        "track",
        "report",
        "notify",
    ]
    lab.passes(5 * HOUR)  # 02:00, the same night
    assert lab.night() == 0
    again = capsys.readouterr()
    assert "has come to its end" in again.err
    assert again.out.splitlines()[0] == first.out.splitlines()[0]
    assert lab.runs() == EVERY
    assert len(lab.news) == 1


def test_the_next_night_is_measured_again_in_another_order_of_the_same_square(lab: Lab) -> None:
    lab.night()
    lab.passes(DAY)
    lab.night()
    assert lab.runs() == Counter(dict.fromkeys(EVERY, 2))
    places = lab.sql("SELECT workload_id || pass AS job, position, count(*) AS times FROM expected_jobs GROUP BY ALL")
    assert {place["times"] for place in places} == {2}  # a night of two blocks is one square of two jobs
    assert len(places) == 4
    assert len(lab.sql("SELECT DISTINCT seed FROM nights")) == 1


def test_what_failed_after_measuring_is_all_that_is_done_again(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    lab.failing = {"report", "notify"}
    assert lab.night() == 3
    assert "report: failed: no report today" in capsys.readouterr().err
    lab.failing = {"notify"}
    assert lab.night() == 3
    lab.failing = set()
    assert lab.night() == 0
    assert "has come to its end, but for: notify" in capsys.readouterr().err
    assert lab.night() == 0
    assert (len(lab.news), lab.runs()) == (1, EVERY)


def test_a_device_that_takes_no_part_is_accounted_for_and_farm_track_says_why(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    lab.out = {"local": "its battery is at 3 %"}
    assert lab.night() == 3
    assert lab.states() == Counter({"accounted for": 4})
    reasons = {row["reason"] for row in lab.sql("SELECT DISTINCT reason FROM expected_states")}
    assert reasons == {"it takes no part: its battery is at 3 %"}
    assert "missing   local 4 jobs of" in capsys.readouterr().out
    lab.out = {}
    lab.passes(DAY)
    assert lab.night() == 0
    lab.passes(DAY)
    lab.out = {"local": "it is warm"}
    assert lab.night() == 3
    (news,) = lab.news[2:]
    assert news.exit_code == 3
    assert any(
        "local: 2 series are missing: none of 2 expected runs of the night of 2026-11-27 is valid: it takes" in line for line in news.new
    )


def test_a_night_that_was_not_begun_is_missing_when_its_grace_is_over(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    assert lab.night() == 0
    for days, missing in ((1, 0), (2, 2)):
        tracked = look(lab.context.store(), Branch("main", (lab.at + days * DAY).replace(tzinfo=None)))
        headline = {(item.workload, item.pass_) for item in tracked.missing}
        assert len(headline) == missing
    assert {item.reason for item in tracked.missing} == {"no night was begun since that of 2026-11-25, and one was due"}


def test_what_the_suite_no_longer_asks_for_is_dropped_when_the_next_night_is_opened_and_not_while_it_goes_on(lab: Lab) -> None:
    def asked() -> dict[str, tuple[bool, bool, bool]]:
        rows = lab.context.store().query("expected_series", branch="main", as_of=lab.at.replace(tzinfo=None))
        return {row["workload"]: (row["valid"] == 2, row["is_overdue"], row["is_dropped"]) for row in rows.iter_rows(named=True)}

    assert lab.night() == 0
    fine, dropped = (True, False, False), (True, False, True)
    assert asked() == {"net": fine, "other": fine}
    lab.passes(DAY)
    a_suite(lab.home, workloads=("net",))
    broken_off(lab)  # a night that goes on tells nothing yet of what it asks for
    assert asked() == {"net": fine, "other": dropped}
    assert lab.night() == 0
    assert asked() == {"net": fine, "other": dropped}


def test_a_suite_that_is_not_due_opens_no_night(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    a_suite(lab.home, SCHEDULE + 'cadence = "weekdays"\n')
    lab.passes(3 * DAY)  # from Wednesday to Saturday
    assert lab.night() == 0
    said = capsys.readouterr().out
    assert "nothing of suite s is due on the night of 2026-11-28 (weekdays): next on the night of 2026-11-30" in said
    assert not (lab.home / "data" / "farm.duckdb").exists()


def test_a_workload_of_another_cadence_is_expected_on_its_own_nights(lab: Lab) -> None:
    a_suite(lab.home, SCHEDULE + '[schedule.workloads.other]\ncadence = "every 2 days"\n', repeat=1)
    for _ in range(4):
        assert lab.night() == 0
        lab.passes(DAY)
    counts = Counter(row["workload_id"] for row in lab.sql("SELECT workload_id FROM expected_jobs"))
    assert counts == Counter(net=4, other=2)


def test_without_time_the_rest_is_accounted_for(lab: Lab) -> None:
    a_suite(lab.home, SCHEDULE + 'time_budget = "1 min"\n')
    lab.checks_take = HOUR
    assert lab.night() == 3
    assert [row["reason"] for row in lab.sql("SELECT DISTINCT reason FROM expected_states")] == [
        "the night's time was over before it was its turn"
    ]


def test_a_night_that_is_killed_after_it_stored_what_it_measured_leaves_nothing_behind(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(begun: Unfinished) -> None:
        os.close(begun.lock)  # as the kernel does
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(Unfinished, "remove", die)
        with pytest.raises(Killed):
            lab.night()
    assert lab.states() == Counter(done=4)
    left = lab.home / "data" / "nights" / "unfinished"
    assert len([*left.iterdir()]) == 1
    assert lab.night() == 0
    assert [*left.iterdir()] == []
    assert lab.runs() == EVERY


def test_a_night_that_never_ended_is_closed_by_the_next_one(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    broken_off(lab)
    lab.passes(DAY)
    assert lab.night() == 0
    assert "was begun and it never came to its end: 0 of 4 jobs measured" in capsys.readouterr().err
    assert lab.states() == Counter({"accounted for": 4, "done": 4})
    assert [row["exit_code"] for row in lab.sql("SELECT exit_code FROM night_ends ORDER BY closed_at")] == [3, 0]
    assert any("never came to its end" in words for words in lab.news[0].odd)


def test_two_at_once_are_one(lab: Lab) -> None:
    steps = lab.steps()
    refused: list[DeviceBusy] = []

    def canary(*_: object) -> str:
        with pytest.raises(DeviceBusy) as caught:
            lab.night()
        refused.append(caught.value)
        return "sung"

    a_suite(lab.home, '[schedule]\npool = "rack"\n')
    nightly.run(lab.context, Asked(lab.home / "suite.toml"), lab.clock(), replace(steps, canary=canary))
    (error,) = refused
    assert error.exit_code == 3
    assert error.message.startswith("the nightly of suite s on pool rack is held by process ")
    assert " since " in error.message
    assert lab.runs() == EVERY


@pytest.mark.parametrize(
    ("schedule", "said"),
    [("", "no pool is named"), ('[schedule]\npool = "rakc"\n', 'there is no pool "rakc"; did you mean "rack"?')],
)
def test_a_night_without_a_pool_is_refused(lab: Lab, schedule: str, said: str) -> None:
    a_suite(lab.home, schedule)
    refused = called(lab.home)
    assert (refused.returncode, said in refused.stderr) == (2, True)


def test_what_is_left_of_a_night_is_no_job_that_is_done_or_has_used_up_its_attempts() -> None:
    jobs = [a_job(an_artifact(), repeat=repeat) for repeat in range(4)]
    session = a_session()
    made = {0: [Outcome.OK], 1: [Outcome.INVALID] * 3, 2: [Outcome.INVALID] * 2, 3: [Outcome.DEVICE_LOST] * 3}
    records = [
        record(session, a_run(session, job=jobs[repeat], attempt=number, outcome=outcome))
        for repeat, outcomes in made.items()
        for number, outcome in enumerate(outcomes, start=1)
    ]
    foreign = record(session, a_run(session, job=a_job(an_artifact("other.pte"))))
    assert left_of({"local": jobs}, [*records, foreign]) == {"local": jobs[2:]}
    assert left_of({"local": jobs[:2]}, records) == {}
