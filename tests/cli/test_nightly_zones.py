"""The nights of a lab that is far from UTC: the history of its branch has the nights that people there know."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from farm.cli.track import Asked, look
from tests.cli.nights import SCHEDULE, Lab, a_lab, a_suite


@pytest.fixture
def lab(home: Path) -> Lab:
    a_lab(home, ("local",))
    return Lab(home)


@pytest.mark.parametrize(
    ("zone", "at"),
    [
        ("America/Los_Angeles", datetime(2026, 11, 26, 12, 10, tzinfo=UTC)),  # 04:10 there, in the night that began on the 25th
        ("Asia/Tokyo", datetime(2026, 11, 25, 9, 10, tzinfo=UTC)),  # 18:10 there
    ],
)
def test_noon_in_london_divides_no_night_elsewhere(lab: Lab, zone: str, at: datetime) -> None:
    a_suite(lab.home, SCHEDULE + f'time_zone = "{zone}"\nbegins = "18:00"\n', workloads=("net",), repeat=1)
    lab.at = at
    assert lab.night() == 0
    lab.passes(timedelta(hours=18) if zone.startswith("America") else timedelta(hours=27))  # past noon UTC, in the next night
    assert lab.night() == 0
    assert [row["day"] for row in lab.sql("SELECT DISTINCT day FROM session_nights ORDER BY day")] == [
        date(2026, 11, 25),
        date(2026, 11, 26),
    ]
    tracked = look(lab.context.store(), Asked("main", lab.at.replace(tzinfo=None)))
    assert (tracked.nights, tracked.last_night, tracked.missing) == (2, date(2026, 11, 26), ())
