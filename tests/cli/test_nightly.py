"""farm nightly on this machine: what is expected is written first, and every expected job is present or accounted for, none doubled."""

import json
import os
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from farm import items
from farm.cli import nightly, unfinished
from farm.cli.nightly_measure import left_of
from farm.cli.nightly_open import Asked
from farm.cli.nightly_steps import usual_steps
from farm.cli.queue import requests
from farm.cli.track import Asked as Branch
from farm.cli.track import look
from farm.cli.unfinished import Unfinished
from farm.devices import Transport
from farm.devices.local import LocalTransport
from farm.errors import ClockDoubted, ConfigError, DeviceBusy
from farm.queue import Priority
from farm.records import record
from farm.workloads import Device, Outcome, new_id
from tests.cli import gating
from tests.cli.gating import a_model, rows
from tests.cli.nights import SCHEDULE, Lab, a_lab, a_suite, called
from tests.cli.sharing import waited
from tests.conftest import a_job, a_run, a_session, an_artifact

DAY, HOUR, YEAR = timedelta(days=1), timedelta(hours=1), timedelta(days=365)
EVERY = Counter({(name, "latency", repeat): 1 for name in ("net", "other") for repeat in range(2)})


@pytest.fixture
def lab(home: Path) -> Lab:
    a_lab(home)
    a_suite(home)
    return Lab(home)


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


def test_a_harness_that_crashes_twice_is_the_artifacts_fault(lab: Lab) -> None:
    a_model(lab.home / "net.fake", crash_at_iteration=2)
    assert lab.night() == 3
    found = lab.sql("SELECT DISTINCT workload_id, reason FROM expected_states WHERE state = 'accounted for'")
    assert {row["workload_id"] for row in found} == {"net"}
    assert all("crashed" in row["reason"] and "it crashed twice, so the artifact" in row["reason"] for row in found)
    assert lab.states() == Counter({"accounted for": 2, "done": 2})
    assert set(lab.runs().values()) == {1, 2}


def test_an_artifact_that_is_gone_keeps_no_other_waiting(lab: Lab) -> None:
    (lab.home / "net.fake").unlink()
    assert lab.night() == 3
    assert lab.states() == Counter({"accounted for": 2, "done": 2})
    assert all("there is no" in row["reason"] for row in lab.sql("SELECT reason FROM expected_states WHERE state = 'accounted for'"))


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


class Killed(Exception):
    """Stands for a SIGKILL at a moment of the test's choice."""


def broken_off(lab: Lab) -> None:
    """Open a night, and die before anything is measured."""

    def die(*_: object) -> str:
        raise Killed

    with pytest.raises(Killed):
        nightly.run(lab.context, Asked(lab.home / "suite.toml"), lab.clock(), replace(lab.steps(), health=die))  # type: ignore[arg-type]


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


def test_a_suite_that_is_edited_during_the_night_takes_effect_in_the_next_one(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    broken_off(lab)
    a_suite(lab.home, SCHEDULE, ("net", "other", "third"), repeat=1)
    assert lab.night() == 0
    words = "suite.toml was edited since the night was opened: the night goes by what it held then, the next one by the edited suite"
    assert words in capsys.readouterr().err
    assert lab.runs() == EVERY
    lab.passes(DAY)
    assert lab.night() == 0
    assert lab.runs()["third", "latency", 0] == 1
    assert "noticed" not in capsys.readouterr().out


def test_a_suite_whose_time_zone_is_edited_during_the_night_doubles_and_loses_none(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    broken_off(lab)  # the night of 2026-11-25, of which Tokyo's noon has begun the next one by 03:00 UTC
    a_suite(lab.home, SCHEDULE + 'time_zone = "Asia/Tokyo"\n')
    lab.passes(7 * HOUR)
    assert lab.night() == 0
    assert "suite.toml was edited since the night was opened" in capsys.readouterr().err
    assert lab.runs() == EVERY
    lab.passes(15 * HOUR)  # the next evening
    assert lab.night() == 0
    assert "edited" not in capsys.readouterr().err
    assert lab.runs() == Counter(dict.fromkeys(EVERY, 2))
    assert labels(lab) == ["2026-11-25", "2026-11-26"]


@pytest.mark.parametrize(
    ("evening", "hours"),
    [("2026-10-24T20:30+00:00", 25), ("2027-03-27T21:30+00:00", 23)],  # 22:30 in Berlin, where clocks are set before the next evening
)
def test_a_night_in_which_daylight_saving_begins_or_ends_is_measured_once(
    lab: Lab, evening: str, hours: int, capsys: pytest.CaptureFixture[str]
) -> None:
    a_suite(lab.home, SCHEDULE + 'time_zone = "Europe/Berlin"\nbegins = "22:00"\n', repeat=1)
    lab.at = datetime.fromisoformat(evening)
    for _ in range(hours + 1):  # a timer that starts it every hour by UTC: until 22:30 of the next evening, and an hour beyond
        assert lab.night() == 0
        lab.passes(HOUR)
    first = date.fromisoformat(evening[:10])
    assert labels(lab) == [str(first), str(first + DAY)]
    (length,) = lab.sql("SELECT DISTINCT ends_at - begins_at AS length FROM nights ORDER BY begins_at LIMIT 1")
    assert length["length"] == hours * HOUR
    assert set(lab.runs().values()) == {2}
    assert "clock" not in capsys.readouterr().err


def labels(lab: Lab) -> list[str]:
    return [str(row["label"]) for row in lab.sql("SELECT label FROM nights ORDER BY label")]


def test_a_suite_that_is_broken_during_the_night_does_not_end_it(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    broken_off(lab)
    (lab.home / "suite.toml").write_text("[suite\n")
    assert lab.night(pool="rack") == 0
    assert "suite.toml has problems now" in capsys.readouterr().err
    assert lab.runs() == EVERY
    lab.passes(DAY)
    with pytest.raises(ConfigError):
        lab.night(pool="rack")


def test_an_artifact_that_changes_during_the_night_is_accounted_for(lab: Lab) -> None:
    broken_off(lab)
    a_model(lab.home / "net.fake", sleep_ns=1)
    assert lab.night() == 3
    found = {row["reason"] for row in lab.sql("SELECT reason FROM expected_states WHERE workload_id = 'net'")}
    (reason,) = found
    assert reason.startswith("net.fake has changed since the night was opened: from ")
    assert lab.states() == Counter({"accounted for": 2, "done": 2})


def test_a_device_that_is_renamed_keeps_its_name_until_the_nights_end(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    a_lab(lab.home, ("desk",))
    broken_off(lab)
    a_lab(lab.home, ("shelf",))
    assert lab.night() == 0
    assert "desk is called shelf in devices.toml now: the night keeps the name that it began with" in capsys.readouterr().err
    assert {row["device_name"] for row in lab.sql("SELECT device_name FROM sessions")} == {"desk"}
    lab.passes(DAY)
    assert lab.night() == 0
    assert {row["device_name"] for row in lab.sql("SELECT device_name FROM sessions")} == {"desk", "shelf"}
    assert len(lab.sql("SELECT DISTINCT device_id FROM night_identities")) == 1
    assert len(lab.sql("SELECT DISTINCT series_key FROM runs WHERE pass = 'latency' AND workload_id = 'net'")) == 1


def test_a_night_that_never_ended_is_closed_by_the_next_one(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    broken_off(lab)
    lab.passes(DAY)
    assert lab.night() == 0
    assert "was begun and it never came to its end: 0 of 4 jobs measured" in capsys.readouterr().err
    assert lab.states() == Counter({"accounted for": 4, "done": 4})
    assert [row["exit_code"] for row in lab.sql("SELECT exit_code FROM night_ends ORDER BY closed_at")] == [3, 0]
    assert any("never came to its end" in words for words in lab.news[0].odd)


@pytest.mark.parametrize("by", [HOUR, -HOUR])
def test_a_clock_that_is_set_by_an_hour_between_nights_is_named_and_no_night_is_doubled_or_lost(
    lab: Lab, by: timedelta, capsys: pytest.CaptureFixture[str]
) -> None:
    lab.night()
    lab.passes(timedelta(0), by)
    assert lab.night() == 0
    way = "forward" if by > timedelta(0) else "back"
    assert f"the clock was set {way} by 1 hour since 2026-11-25 21:00 UTC" in capsys.readouterr().err
    assert lab.runs() == EVERY
    lab.passes(DAY)
    lab.night()
    assert [str(row["label"]) for row in lab.sql("SELECT label FROM nights ORDER BY label")] == ["2026-11-25", "2026-11-26"]


@pytest.mark.parametrize("by", [YEAR, -YEAR])
def test_a_clock_that_is_set_by_a_year_opens_no_night(lab: Lab, by: timedelta) -> None:
    lab.night()
    lab.passes(DAY, by)
    with pytest.raises(ClockDoubted, match="365 days") as caught:
        lab.night()
    assert caught.value.exit_code == 3
    lab.passes(timedelta(0), -by)  # somebody sets it right
    assert lab.night() == 0
    assert [str(row["label"]) for row in lab.sql("SELECT label FROM nights ORDER BY label")] == ["2026-11-25", "2026-11-26"]


def test_nights_that_a_wrong_clock_stored_stop_nobody_who_says_that_the_clock_is_right_now(lab: Lab) -> None:
    lab.passes(YEAR)
    lab.night()
    lab.boot = "another boot"
    lab.passes(DAY, -YEAR)
    with pytest.raises(ClockDoubted, match="the clock went back"):
        lab.night()
    assert lab.night(trust_clock=True) == 0
    lab.passes(DAY)
    assert lab.night() == 0
    assert lab.runs() == Counter(dict.fromkeys(EVERY, 3))


def test_a_clock_that_is_set_while_the_night_goes_on_neither_ends_nor_doubles_it(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    steps = lab.steps()

    def canary(*_: object) -> str:
        lab.passes(HOUR / 60, YEAR)
        return "sung"

    a_suite(lab.home, '[schedule]\npool = "rack"\n')
    asked = Asked(lab.home / "suite.toml")
    code = nightly.run(lab.context, asked, lab.clock(), replace(steps, canary=canary))
    assert lab.runs() == EVERY, capsys.readouterr().err
    assert code == 0
    assert "the clock was set forward by 365 days while the night went on" in capsys.readouterr().err


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


def test_the_command_shows_its_plan_and_measures_nothing(lab: Lab) -> None:
    a_suite(lab.home, SCHEDULE)
    shown = called(lab.home, "--dry-run")
    assert shown.returncode == 0, shown.stderr
    assert "would measure 4 jobs; its order is drawn when the first night is opened" in shown.stdout
    assert "not known: nothing of it was ever measured" in shown.stdout
    assert "how long it takes is not known" in shown.stdout
    assert not (lab.home / "data" / "farm.duckdb").exists()
    done = called(lab.home)
    assert done.returncode == 0, done.stderr
    shown = called(lab.home, "--dry-run")
    assert "is over; the night of" in shown.stdout
    assert "from one night" in shown.stdout
    assert "all devices at once: " in shown.stdout
    page = json.dumps(rows(lab.home, "SELECT phase FROM night_events"))
    assert all(phase in page for phase in ("open", "health", "canary", "measure", "track", "report", "notify", "close"))


def test_the_plan_of_a_night_that_goes_on_says_what_waits_in_the_journal(lab: Lab) -> None:
    broken_off(lab)
    lab.context.journal.write({"runs": [{"id": new_id(lab.at)}]})
    shown = called(lab.home, "--dry-run")
    assert "goes on: 4 jobs are to come, less what is measured and waits in the journal (1)" in shown.stdout
    assert len(lab.context.journal.entries()) == 1  # a plan writes nothing


def test_a_plan_says_which_models_are_not_there(lab: Lab) -> None:
    (lab.home / "net.fake").unlink()
    shown = called(lab.home, "--dry-run")
    assert shown.returncode == 3
    (said,) = shown.stderr.splitlines()
    assert said.startswith("farm: net could not be measured: there is no ")
    assert "net.fake" in said
    assert "would measure 4 jobs" in shown.stdout


@pytest.mark.parametrize(
    ("schedule", "said"),
    [("", "no pool is named"), ('[schedule]\npool = "rakc"\n', 'there is no pool "rakc"; did you mean "rack"?')],
)
def test_a_night_without_a_pool_is_refused(lab: Lab, schedule: str, said: str) -> None:
    a_suite(lab.home, schedule)
    refused = called(lab.home)
    assert (refused.returncode, said in refused.stderr) == (2, True)


def losing(file: Path) -> Callable[[Device, Path], Transport]:
    """A way to devices on which a file is lost when the night is about to measure."""

    def connect(device: Device, data: Path) -> Transport:
        file.unlink(missing_ok=True)
        return LocalTransport(data / "box" / device.name)

    return connect


def test_an_artifact_that_vanishes_while_the_night_measures_costs_its_own_jobs_only(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    code = nightly.run(
        lab.context, Asked(lab.home / "suite.toml"), lab.clock(), replace(lab.steps(), connect=losing(lab.home / "net.fake"))
    )
    assert code == 3
    told = lab.sql("SELECT workload_id, state, reason FROM expected_states ORDER BY ALL")
    assert [(row["workload_id"], row["state"]) for row in told] == [*[("net", "accounted for")] * 2, *[("other", "done")] * 2]
    words = f"{lab.home / 'net.fake'} cannot be read any more: No such file or directory"
    assert {row["reason"] for row in told if row["workload_id"] == "net"} == {words}
    assert lab.sql("SELECT exit_code FROM night_ends") == [{"exit_code": 3}]
    assert f"local 2 jobs of net: {words}" in capsys.readouterr().out
    assert [f"local 2 jobs of net: {words}"] == list(lab.news[0].missing)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('inputs = ["given.bin"]', "inputs: "),
        ('items = "given.bin"', "items: "),
        ('prompt = "given.bin"', "prompt: "),
    ],
)
def test_an_input_that_is_not_there_when_the_night_is_opened_costs_its_own_workload_only(lab: Lab, line: str, why: str) -> None:
    suite = lab.home / "suite.toml"
    text = suite.read_text().replace('id = "net"\n', f'id = "net"\n{line}\n')
    if "prompt" in line:  # then other keys tell how long it takes
        head, net, other = text.split("[[workloads]]")
        net = net.replace("\niterations = 5", "").replace('\nduration = "1 ms"', "")
        text = "[[workloads]]".join([head, net, other])
    suite.write_text(text)
    shown = called(lab.home, "--dry-run")
    assert (shown.returncode, f"farm: net could not be measured: {why}" in shown.stderr) == (3, True), shown.stderr
    assert lab.night() == 3
    told = lab.sql("SELECT workload_id, pass, state, reason FROM expected_states ORDER BY ALL")
    assert [row["state"] for row in told if row["workload_id"] == "other"] == ["done"] * 2
    assert {row["pass"] for row in told if row["workload_id"] == "net"} == {"latency", *(["quality"] if "items" in line else [])}
    assert {row["state"] for row in told if row["workload_id"] == "net"} == {"accounted for"}
    assert all(row["reason"].startswith(why) and "given.bin" in row["reason"] for row in told if row["workload_id"] == "net")
    assert lab.sql("SELECT exit_code FROM night_ends") == [{"exit_code": 3}]


def test_a_file_that_comes_while_the_night_goes_on_is_for_the_next_night(lab: Lab) -> None:
    suite = lab.home / "suite.toml"
    suite.write_text(suite.read_text().replace('id = "net"\n', 'id = "net"\ninputs = ["given.bin"]\n'))
    broken_off(lab)
    (lab.home / "given.bin").write_bytes(b"\0" * 4)
    assert lab.night() == 3
    reasons = {row["reason"] for row in lab.sql("SELECT reason FROM expected_states WHERE workload_id = 'net'")}
    assert reasons == {"net.fake, or what it is given, was not there when the night was opened"}
    lab.passes(DAY)
    lab.night()
    assert lab.sql("SELECT count(*) AS jobs FROM expected_states WHERE workload_id = 'net' AND artifact_sha256 IS NOT NULL") == [
        {"jobs": 2}
    ]


@pytest.mark.parametrize("key", ["inputs", "items"])
def test_an_input_that_vanishes_during_the_night_costs_its_own_workload_only(lab: Lab, key: str) -> None:
    suite, file = lab.home / "suite.toml", lab.home / "given.bin"
    if key == "items":
        items.write(file, items.classify_file([[b"\0" * 4]]), {}, [0])
    else:
        file.write_bytes(b"\0" * 4)
    line = f'inputs = ["{file.name}"]' if key == "inputs" else f'items = "{file.name}"'
    suite.write_text(suite.read_text().replace('id = "net"\n', f'id = "net"\n{line}\n'))
    broken_off(lab)
    file.unlink()
    assert lab.night() == 3
    told = lab.sql("SELECT workload_id, state, reason FROM expected_states ORDER BY ALL")
    assert [row["state"] for row in told if row["workload_id"] == "other"] == ["done"] * 2
    assert {row["state"] for row in told if row["workload_id"] == "net"} == {"accounted for"}
    assert all(str(file) in row["reason"] for row in told if row["workload_id"] == "net")
    assert lab.sql("SELECT exit_code FROM night_ends") == [{"exit_code": 3}]


def test_a_suite_that_vanishes_during_the_night_does_not_end_it_and_its_pool_is_known(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    broken_off(lab)
    (lab.home / "suite.toml").unlink()
    assert lab.night() == 0  # no pool is named: the suite said it
    assert "suite.toml has problems now (" in (said := capsys.readouterr().err)
    assert "cannot be read: No such file or directory): the night goes by what it held when it was opened" in said
    assert lab.runs() == EVERY
    assert lab.sql("SELECT exit_code FROM night_ends") == [{"exit_code": 0}]
    with pytest.raises(ConfigError, match="cannot be read"):
        lab.night()  # it has come to its end
    lab.passes(DAY)
    with pytest.raises(ConfigError, match="cannot be read"):
        lab.night(pool="rack")


def test_the_canary_of_a_night_stands_in_line_as_the_night_does(lab: Lab) -> None:
    no_wheel = lab.home / "none.whl"
    words = usual_steps().canary(lab.context, [lab.context.lab().device("local")], no_wheel)
    assert str(no_wheel) in words
    assert lab.sql("SELECT purpose, priority FROM queue_requests") == [{"purpose": "canary", "priority": Priority.NIGHTLY}]


def test_a_canary_that_was_killed_is_sung_anew_and_leaves_nothing_unfinished(lab: Lab) -> None:
    killed = unfinished.begin(lab.context.data, "019b0000-0000-7000-8000-000000000000", "canary", {}, "plan")
    os.close(killed.lock)
    usual_steps().canary(lab.context, [lab.context.lab().device("local")], lab.home / "none.whl")
    assert unfinished.abandoned(lab.context.data) == []


def test_a_device_whose_request_is_cancelled_is_let_go_for_the_night_and_says_who_did_it(lab: Lab) -> None:
    a_model(lab.home / "net.fake", sleep_ns=400_000_000)  # two seconds a run
    a_suite(lab.home, workloads=("net",), repeat=8)

    def cancelled() -> None:
        (request,) = waited(lambda: requests(lab.context) or None, lambda: "a request")
        assert gating.called(lab.home, "queue", "cancel", request.id).returncode == 0

    with ThreadPoolExecutor(1) as pool:
        cancelling = pool.submit(cancelled)
        assert lab.night() == 3
        cancelling.result()
    states = lab.states()
    assert states["accounted for"] > 0
    assert states["done"] + states["accounted for"] == 8
    (row,) = lab.sql("SELECT DISTINCT reason FROM expected_answers WHERE NOT is_valid")
    assert "cancelled this request" in str(row["reason"])
    assert len(lab.sql("SELECT id FROM queue_requests")) == 1


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
