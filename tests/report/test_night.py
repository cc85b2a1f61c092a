"""The rack on the nightly's page: what was not measured and why, whose health is not good, and what nobody was told."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from farm.cli.report import look_at
from farm.records import Row, record
from farm.report import Unsent, nightly_page
from farm.store import Store
from farm.workloads import StateReading
from tests.conftest import a_run, a_session
from tests.report.browser import DESK, PHONE, opened
from tests.report.test_hostile import LONG, evil

AXE = Axe()
NOW = datetime(2026, 11, 26, 6)  # noqa: DTZ001 - the database's times are naive
LAST = datetime(2026, 11, 25, 21)  # noqa: DTZ001


def identity(number: int) -> str:
    return f"00000000-0000-7000-8000-{number:012d}"


def add_night(store: Store, number: int, opened_at: datetime, reasons: dict[str, str | None], suite: str, *, is_over: bool = True) -> None:
    """Put a night in, with one job for each device: reasons says why it has no valid run, None that it has one."""
    night: Row = {"id": identity(number), "label": opened_at.date().isoformat(), "suite": suite, "suite_file": "s.toml"}
    night |= {"suite_sha256": "0", "suite_text": "", "pool": "rack", "branch": "main", "revision": None, "seed": 1, "time_zone": "UTC"}
    night |= {"begins_at": opened_at, "ends_at": opened_at + timedelta(days=1), "due_by": opened_at, "opened_at": opened_at}
    night |= {"who": "kim", "farm_version": "0"}
    every: Row = {"night_id": identity(number), "workload_id": "net", "workload_key": "k", "artifact_name": "net.pte", "repeat": 0}
    every |= {"artifact_sha256": "00", "pass": "latency", "metric": "latency_ns", "next_due_by": None, "kind": "plan"}
    every |= {"priority": 1, "design": "d", "block": 0}
    jobs = [every | {"number": place, "device_name": name, "position": place} for place, name in enumerate(reasons)]
    answers = [
        {"night_id": identity(number), "number": place, "answered_at": opened_at, "run_id": None, "is_valid": why is None, "reason": why}
        for place, why in enumerate(reasons.values())
    ]
    end = {"night_id": identity(number), "closed_at": opened_at, "exit_code": 3, "verdict": "v"}
    store.add({"nights": [night], "expected_jobs": jobs, "expected_answers": answers, "night_ends": [end] if is_over else []})


def add_look(store: Store, number: int, device: str, health: str, reason: str, builds: tuple[str, str]) -> None:
    look: Row = {"id": identity(number), "looked_at": LAST + timedelta(minutes=1), "device_id": f"id {device}", "device_name": device}
    look |= {"kind": "checks", "health_before": "good", "health": health, "since": LAST, "reason": reason, "failed": 3, "passed": 0}
    look |= {"os_build": builds[1], "soc": None, "farm_version": "0", "command": "c"}
    check = {"look_id": identity(number), "number": 1, "name": "os_build", "ok": True, "reading": builds[1], "limit_text": builds[0]}
    store.add({"health_looks": [look], "health_checks": [check | {"sentence": "s"}]})


def a_page(folder: Path, hostile: bool) -> Path:
    def text(words: str) -> str:
        return evil(words) if hostile else words

    store = Store(folder / "farm.duckdb")
    session = a_session(started_at=LAST.astimezone())
    waited = (StateReading("cool_down_s", "before", value=42.0, source="host"),)
    store.append([record(session, a_run(session, started_at=session.started_at, ended_at=session.started_at, state=waited))])
    add_night(store, 1, LAST - timedelta(days=2), {"s25": None, text("pixel9"): None}, text("s"))
    add_night(store, 2, LAST - timedelta(days=1), {"s25": "older reason", text("pixel9"): None}, text("s"))
    add_night(store, 3, LAST, {"s25": text("it takes no part: it fell") + LONG * hostile, text("pixel9"): None, "new": "gone"}, text("s"))
    add_look(store, 11, "s25", "quarantined", text("it failed 3 times"), (text("A1"), text("A2")))
    add_look(store, 12, text("pixel9"), "good", "", ("B1", "B1"))
    add_look(store, 13, "old", "retired", text("its screen broke"), ("C1", "C1"))
    unsent = Unsent(text("farm: s on rack"), text("hook"), "2026-11-25 21:00:00", 2, text("it answered with the error 500"))
    path = folder / "nightly.html"
    path.write_text(nightly_page(store, look_at(store, "main", NOW), unsent=[unsent]), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_page(tmp_path_factory.mktemp("calm"), hostile=False)


def test_what_was_not_measured_says_why_and_since_when(browser: Browser, calm: Path) -> None:
    with opened(browser, calm) as it:
        assert "s on rack, night of 2026-11-25: 1 of 3 jobs have a valid run, 2 are accounted for without one" in it.text("#night")
        rows = [row.inner_text().split("\t") for row in it.page.locator("#unmeasured tbody tr").all()]
        assert sorted(rows) == [
            ["new", "net", "1", "never", "gone"],
            ["s25", "net", "1", "2026-11-23", "it takes no part: it fell"],
        ]


def test_health_builds_cooling_and_messages_are_told(browser: Browser, calm: Path) -> None:
    with opened(browser, calm) as it:
        standings = [row.inner_text().split("\t") for row in it.page.locator("#standings tbody tr").all()]
        assert standings == [
            ["old", "retired", "2026-11-25", "its screen broke"],
            ["s25", "quarantined", "2026-11-25", "it failed 3 times"],
        ]
        assert "1 device is in good health" in it.text("#night")
        assert it.text("#os-changes tbody").split("\t")[:2] == ["s25", "A1 → A2"]
        assert "local cooled down for 42 s once, where 180 s before each would have been 180 s" in it.text("#cool-downs")
        assert "it answered with the error 500" in it.text("#unsent")


def test_a_rack_without_nights_and_looks_has_no_such_block(browser: Browser, tmp_path: Path) -> None:
    store = Store(tmp_path / "farm.duckdb")
    session = a_session()
    store.append([record(session, a_run(session))])
    (tmp_path / "nightly.html").write_text(nightly_page(store, look_at(store, "main", NOW)), encoding="utf-8")
    with opened(browser, tmp_path / "nightly.html") as it:
        assert it.page.locator("#night").count() == 0


@pytest.mark.parametrize("hostile", [False, True])
def test_it_has_no_barrier_fits_its_window_and_takes_text_as_text(browser: Browser, tmp_path: Path, hostile: bool) -> None:
    page = a_page(tmp_path, hostile)
    for size, scheme in ((PHONE, "light"), (PHONE, "dark"), (DESK, "light"), (DESK, "dark")):
        with opened(browser, page, size=size, color_scheme=scheme) as it:
            it.everything()
            assert it.overflow() <= 0
            assert "owned" not in it.page.title()
            assert it.page.locator("#night img").count() == 0
            found = AXE.run(it.page)
            assert found.violations_count == 0, found.generate_report()
