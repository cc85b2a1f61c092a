"""[schedule] of a suite."""

from datetime import time
from pathlib import Path

import pytest

from farm.config import load_suite
from farm.errors import ConfigError
from farm.nights import Cadence, Schedule, Turn

WORK = '[suite]\nname = "s"\n[[workloads]]\nid = "net"\nartifact = "a.pte"\n[[workloads]]\nid = "big"\nartifact = "a.pte"\n'


def loaded(folder: Path, schedule: str) -> Schedule:
    (folder / "suite.toml").write_text(WORK + schedule)
    return load_suite(folder / "suite.toml", {"local"}, {"rack": ("local",)}, is_built=False).schedule


def test_what_is_not_stated_has_its_usual_value(tmp_path: Path) -> None:
    assert loaded(tmp_path, "") == Schedule()


def test_a_schedule_is_read(tmp_path: Path) -> None:
    found = loaded(
        tmp_path,
        '[schedule]\npool = "rack"\ncadence = "weekdays"\nbegins = "18:30"\ntime_zone = "Europe/Berlin"\ngrace = "3 h"\n'
        'time_budget = "90 min"\ncanary = false\n[schedule.workloads.big]\ncadence = "every 7 days"\npriority = 9\n'
        "[schedule.workloads.net]\npriority = 1\n",
    )
    assert (found.pool, found.cadence, found.begins, found.zone_name) == ("rack", Cadence(weekdays=True), time(18, 30), "Europe/Berlin")
    assert (found.grace_s, found.time_budget_s, found.canary) == (3 * 3600, 90 * 60, False)
    assert found.workloads == {"big": Turn(Cadence(7), 9), "net": Turn(Cadence(weekdays=True), 1)}
    assert (found.cadence.text, found.turn("big").cadence.text, found.turn("other").priority) == ("weekdays", "every 7 days", 5)


@pytest.mark.parametrize("text", ["every night", "weekdays", "every 3 days"])
def test_a_cadence_is_written_as_it_is_shown(tmp_path: Path, text: str) -> None:
    assert loaded(tmp_path, f'[schedule]\ncadence = "{text}"\n').cadence.text == text


def test_every_problem_of_a_schedule_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(
            tmp_path,
            '[schedule]\npool = "rak"\ncadence = "sometimes"\nbegins = "25:00"\ntime_zone = "Europe/Berln"\ngrace = "2 d"\n'
            'time_budget = "48 h"\nbudget = 1\n[schedule.workloads.bgi]\n[schedule.workloads.net]\npriority = 10\n',
        )
    told = "\n".join(caught.value.problems)
    for words in (
        'schedule.pool: there is no pool "rak"; did you mean "rack"?',
        'schedule.cadence: "sometimes" is no cadence: write "every night", "weekdays" or "every 3 days"',
        'schedule.begins: "25:00" is no time of day: write "18:00"',
        'schedule.time_zone: there is no time zone "Europe/Berln"; did you mean "Europe/Berlin"?',
        "schedule.grace: ",
        "schedule.time_budget: at most a day, when the next night begins",
        "schedule.budget: unknown key",
        'schedule.workloads.bgi: there is no workload "bgi"; did you mean "big"?',
        "schedule.workloads.net.priority: ",
    ):
        assert words in told, told
