"""Which night a session is of."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from farm.records import record, utc
from farm.store import Store
from farm.workloads import new_id
from tests.conftest import IDENTITY, NOW, a_run, a_session

BEGINS = datetime(2026, 3, 2, 6, tzinfo=UTC)
"""22:00 of the 1st in Los Angeles."""


def a_night(device_id: str) -> dict[str, list[dict[str, object]]]:
    """Return the rows of a night that reached a device."""
    night = new_id(NOW)
    facts = dict.fromkeys(("suite", "suite_file", "suite_sha256", "suite_text", "pool", "branch", "who", "farm_version"), "some")
    times = {"begins_at": utc(BEGINS), "ends_at": utc(BEGINS + timedelta(days=1)), "due_by": utc(BEGINS), "opened_at": utc(BEGINS)}
    row: dict[str, object] = (
        facts | times | {"id": night, "label": "2026-03-01", "revision": None, "seed": 1, "time_zone": "America/Los_Angeles"}
    )
    return {"nights": [row], "night_identities": [{"night_id": night, "device_name": "s25", "device_id": device_id}]}


def test_a_session_is_of_the_night_that_its_device_had_then_or_would_have_had(tmp_path: Path) -> None:
    store = Store(tmp_path / "farm.duckdb")
    store.add(a_night("a phone"))
    came = {
        ("a phone", BEGINS + timedelta(hours=7)): date(2026, 3, 1),  # past noon UTC, and the night goes on
        ("a phone", BEGINS + timedelta(hours=23)): date(2026, 3, 1),
        ("a phone", BEGINS + timedelta(hours=25)): date(2026, 3, 2),  # nobody opened the next one
        ("a phone", BEGINS + timedelta(days=3, hours=-1)): date(2026, 3, 3),
        ("a phone", BEGINS + timedelta(days=3, hours=1)): date(2026, 3, 4),
        ("a phone", BEGINS - timedelta(hours=1)): date(2026, 2, 28),  # as if nights had been opened before
        ("a phone", BEGINS - timedelta(days=1)): date(2026, 2, 28),
        ("another", BEGINS + timedelta(hours=7)): date(2026, 3, 2),  # not of that rack: noon to noon UTC
        ("another", BEGINS + timedelta(hours=5)): date(2026, 3, 1),
    }
    for device_id, at in came:
        session = a_session(started_at=at, identity=replace(IDENTITY, id=device_id))
        store.append([record(session, a_run(session))])
    rows = store.sql("SELECT device_id, started_at, day FROM session_nights").to_dicts()
    assert {(row["device_id"], row["started_at"].replace(tzinfo=UTC)): row["day"] for row in rows} == came
