"""Suites, artifacts and devices that are edited while a night goes on: it ends as it began, and the next one goes by the edit."""

from collections import Counter

import pytest

from farm.errors import ConfigError
from tests.cli.gating import a_model
from tests.cli.nights import DAY, EVERY, HOUR, SCHEDULE, Lab, a_lab, a_suite, broken_off


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
    assert lab.labels() == ["2026-11-25", "2026-11-26"]


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
