"""One year of a rack, its pages, and one browser, for all tests of pages."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from farm.cli.track import Asked, look
from farm.store import Store
from tests.report.browser import chromium
from tests.report.year import Year
from tests.track.rack import load

YEAR = Year()


def end_of(year: Year, before: int = 0) -> datetime:
    """Return when somebody looks at a night: the morning after it."""
    return (year.began_at(year.nights - 1 - before) + timedelta(hours=10)).replace(tzinfo=None)


@pytest.fixture(scope="session")
def year_store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A rack's nights, tracked the evening before as well, with one finding acknowledged."""
    store = Store(tmp_path_factory.mktemp("rack") / "farm.duckdb")
    load(store, YEAR.records())
    tracked = look(store, Asked("main", end_of(YEAR, 1)))
    known = next(change for change in tracked.changes if change.series.device == "oneplus13" and change.worse)
    said = {"until": (end_of(YEAR) + timedelta(days=30)).date(), "owner": "kim", "reason": "its battery overheats; replaced in June"}
    group = next(group for group in tracked.groups if known in group.members)
    store.add(
        {
            "acknowledgements": [
                {"finding_id": change.id, "said_at": end_of(YEAR, 1), "answer": "accept", "revision": None} | said
                for change in group.members
            ]
        }
    )
    return store


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pages are written."""
    return tmp_path_factory.mktemp("pages")
