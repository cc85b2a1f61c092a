"""One year of a rack, its pages of every kind, and one browser, for all tests of pages."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from farm import summary
from farm.cli.report import gate_text, look_at, night_budgets
from farm.cli.track import Asked, look
from farm.publish import Results
from farm.records import record
from farm.report import Look, Sides, choose, compare_page, device_page, history_page, nightly_page, session_page
from farm.store import Store, statistics_of
from farm.workloads import new_id
from tests.conftest import NOW, a_run, a_session
from tests.report import gates, steady
from tests.report.browser import chromium
from tests.report.year import Year
from tests.track.rack import load

KINDS = ("nightly", "gate", "device", "revisions", "devices", "history", "session")


def end_of(year: Year, before: int = 0) -> datetime:
    """Return when somebody looks at a night: the morning after it."""
    return (year.began_at(year.nights - 1 - before) + timedelta(hours=10)).replace(tzinfo=None)


@dataclass(frozen=True)
class Rack:
    """A rack's database, and what its nightly is told from."""

    year: Year
    store: Store
    look: Look
    gate: str


def a_rack(folder: Path, year: Year, acknowledged: str, reason: str, owner: str = "kim") -> Rack:
    """Fill a database with a year, tracked the evening before as well, with one device's group of findings acknowledged, and a gate."""
    store = Store(folder / "farm.duckdb")
    load(store, year.records())
    tracked = look(store, Asked(year.branch, end_of(year, 1)))
    until = (end_of(year) + timedelta(days=30)).date()
    said = {"said_at": end_of(year, 1), "answer": "accept", "until": until, "owner": owner, "reason": reason, "revision": None}
    known = [group for group in tracked.groups if group.worse and acknowledged in group.devices][:1]
    store.add({"acknowledgements": [{"finding_id": change.id, **said} for group in known for change in group.members]})
    steady.sing(store, year)
    steady.calibrate(store, year)
    gate = gates.judge(store, year, end_of(year), fails="pixel9")
    return Rack(year, store, look_at(store, year.branch, end_of(year)), gate)


def a_usual_rack(folder: Path) -> Rack:
    """Fill a database with the year that nearly all tests look at."""
    return a_rack(folder, Year(), "oneplus13", "its battery overheats; replaced in June")


@pytest.fixture(scope="session")
def rack(tmp_path_factory: pytest.TempPathFactory) -> Rack:
    return a_usual_rack(tmp_path_factory.mktemp("rack"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


def page_of(kind: str, rack: Rack) -> str:
    """Return a page of a kind."""
    store, look, year = rack.store, rack.look, rack.year
    first, second = year.phones[0].name, year.phones[1].name
    match kind:
        case "nightly":
            return nightly_page(store, look, None, night_budgets(store, look, gates.PROMISED))
        case "gate":
            return gate_text(store, rack.gate, year.branch)[2]
        case "device":
            return device_page(store, look, year.phones[2].name)
        case "revisions":
            return compare_page(
                store, Sides("revision", year.revision(year.nights - 12), year.revision(year.nights - 3), year.branch, look.now)
            )
        case "devices":
            return compare_page(store, Sides("device", first, second, year.branch, look.now))
        case "history":
            return history_page(store, look, choose(look, first, year.nets[2].id, "latency_ns"))
        case _:
            return session_page([_results()], 0)


def _results() -> Results:
    session = a_session()
    runs = tuple(a_run(session, id=new_id(NOW), latency_ns=(1000.0 + number, 1100.0 + number)) for number in range(5))
    statistics = statistics_of([record(session, run) for run in runs])
    return Results(session.device, session, runs, tuple(summary.lines(statistics)), tuple(summary.validity(statistics)))


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory, rack: Rack) -> dict[str, Path]:
    """The files of the pages, by kind."""
    folder = tmp_path_factory.mktemp("pages")
    for kind in KINDS:
        (folder / f"{kind}.html").write_text(page_of(kind, rack), encoding="utf-8")
    return {kind: folder / f"{kind}.html" for kind in KINDS}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give these tests time: the first of each file that asks for the rack waits until its year is made, and others compute beside it."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.timeout(600))
