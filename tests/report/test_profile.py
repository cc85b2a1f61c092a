"""Where the time goes: the operators of a workload on its pages, and nothing on those of a workload without a profile."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from farm import profiles, summary
from farm.cli.report import look_at
from farm.publish import Results
from farm.records import record
from farm.report import Look, choose, device_page, history_page, nightly_page, session_page
from farm.report.site import site
from farm.store import Store, rows_of, statistics_of
from farm.workloads import Job, Measured, Operator, Pass, PassSettings, Run, Session, Workload
from tests.conftest import a_run, a_session
from tests.profiled import ITERATIONS, WHOLE_NS, a_profile
from tests.report import fleet
from tests.report.browser import DESK, PHONE, opened
from tests.report.conftest import end_of
from tests.report.test_hostile import EVIL
from tests.report.year import Year
from tests.track.rack import load

AXE = Axe()
YEAR = Year(phones=fleet.PHONES[:2], nets=fleet.nets(1, 2), nights=3, runs=2, detailed=0, passes=(Pass.LATENCY,), invalid=0.0)
SERIES = "[...document.querySelectorAll('#series-list tbody a')].map((each) => each.hash)"
"""Addresses of all series of a page."""


def profiled(session: Session, workload: str, **changes: Any) -> Run:
    """Return a profile run of a workload, as its latency passes are run."""
    net = next(net for net in YEAR.nets if net.id == workload)
    job = Job(session.device, Workload(workload, (Pass.PROFILE,), PassSettings(threads=2)), YEAR.artifact(net, 2), Pass.PROFILE, 0)
    measured = Measured("executorch", "1.5.0", "xnnpack", "harness-1", "Release", {"type": "begin"})
    return a_profile(session, job=job, measured=measured, started_at=session.started_at, ended_at=session.started_at, **changes)


def many() -> tuple[Operator, ...]:
    return tuple(
        Operator(place, f"native_call_op{place % 3}.out", ITERATIONS, (1_000 + place,) * ITERATIONS, instruction=place)
        for place in range(60)
    )


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A rack of two phones and two nets; one net is profiled on the first phone, and another on the second."""
    made = Store(tmp_path_factory.mktemp("profiled") / "farm.duckdb")
    load(made, YEAR.records())
    told: list[dict[str, Any]] = [{"name": EVIL}, {"operators": many()}]
    for phone, net, changes in zip(YEAR.phones, YEAR.nets, told, strict=True):
        session = YEAR.session(phone, YEAR.nights - 1, YEAR.began_at(YEAR.nights - 1))
        made.append([record(session, profiled(session, net.id, **changes))])
    return made


@pytest.fixture(scope="module")
def look(store: Store) -> Look:
    return look_at(store, YEAR.branch, end_of(YEAR))


@pytest.fixture(scope="module")
def nightly(store: Store, look: Look, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pages") / "nightly.html"
    path.write_text(nightly_page(store, look), encoding="utf-8")
    return path


def address(look: Look, phone: int, net: int) -> str:
    item = next(i for i in look.followed if (i.series.device, i.series.workload) == (YEAR.phones[phone].name, YEAR.nets[net].id))
    return f"#series={item.series.key[:12]}.{item.series.metric}"


@pytest.mark.parametrize(("size", "scheme"), [(PHONE, "dark"), (DESK, "light")])
@pytest.mark.parametrize("which", [0, 1])
def test_a_profiled_series_shows_its_operators_without_a_barrier(
    browser: Browser, nightly: Path, look: Look, which: int, size: tuple[int, int], scheme: str
) -> None:
    with opened(browser, nightly, address(look, which, which), size, color_scheme=scheme) as it:
        it.page.wait_for_selector(".profile table")
        it.page.wait_for_timeout(250)
        assert it.page.locator(".profile table").count() == 1 + which  # of many operators, their kinds too
        assert "with the tracer, which is no latency" in it.text(".profile .summary")
        assert it.page.title() != "owned"
        assert it.overflow() <= 0
        found = AXE.run(it.page)
        assert found.violations_count == 0, found.generate_report()


def test_an_operators_name_is_text_and_its_table_sorts(browser: Browser, nightly: Path, look: Look) -> None:
    with opened(browser, nightly, address(look, 0, 0)) as it:
        it.page.wait_for_selector(".profile table")
        names = "[...document.querySelectorAll('.profile tbody th')].map((each) => each.textContent)"
        assert it.page.evaluate(names) == [EVIL, "add.out", "Softmax #1", "outside operators"]
        it.page.locator(".profile thead button", has_text="median").click()
        assert it.page.evaluate(names) == ["Softmax #1", "outside operators", "add.out", EVIL]
        widths = it.page.evaluate("[...document.querySelectorAll('.profile .ibar rect')].map((each) => Number(each.getAttribute('width')))")
        assert widths == pytest.approx([0, 16, 48, 96], abs=0.2)


def test_a_series_without_a_profile_has_no_block(browser: Browser, nightly: Path, look: Look) -> None:
    for phone, net in ((0, 1), (1, 0)):
        with opened(browser, nightly, address(look, phone, net)) as it:
            it.page.wait_for_selector("#detail h1")
            assert it.page.locator(".profile").count() == 0


def test_the_pages_of_a_series_and_of_a_device_show_it_too(browser: Browser, store: Store, look: Look, tmp_path: Path) -> None:
    phone, net = YEAR.phones[0], YEAR.nets[0]
    pages = {
        "": history_page(store, look, choose(look, phone.name, net.id, "latency_ns")),
        address(look, 0, 0): device_page(store, look, phone.name),
    }
    for place, text in pages.items():
        path = tmp_path / "page.html"
        path.write_text(text, encoding="utf-8")
        with opened(browser, path, place) as it:
            it.page.wait_for_selector(".profile table")
            assert f"Heaviest operators of {net.id}" in it.page.locator(".profile caption").first.inner_text()


def test_a_site_is_written_anew_where_a_profile_is_new(store: Store, look: Look, tmp_path: Path) -> None:
    copy = Store(tmp_path / "farm.duckdb")
    copy.path.write_bytes(store.path.read_bytes())
    before = {page.name: page.key for page in site(copy, look, [])}
    session = YEAR.session(YEAR.phones[0], YEAR.nights - 1, YEAR.began_at(YEAR.nights - 1))
    copy.append([record(session, profiled(session, YEAR.nets[1].id))])
    changed = {page.name for page in site(copy, look, []) if before[page.name] != page.key}
    own = next(i for i in look.followed if (i.series.device, i.series.workload) == (YEAR.phones[0].name, YEAR.nets[1].id)).series
    assert {"index.html", "nightly.html", f"history-{own.key[:12]}.latency_ns.html"} <= changed
    assert len(changed) == 4  # and that device's


def test_the_page_of_a_run_shows_it_on_a_phone_and_on_a_desk(browser: Browser, tmp_path: Path) -> None:
    session = a_session()
    runs = (a_run(session, latency_ns=(80_000.0,)), a_profile(session, name=EVIL))
    records = [record(session, run) for run in runs]
    rows = rows_of(records, {"profiles": {"run_ids": None}})["profiles"].iter_rows(named=True)
    statistics = statistics_of(records)
    lines, found = tuple(summary.lines(statistics)), profiles.together(profiles.profiles(rows))
    path = tmp_path / "session.html"
    results = Results(session.device, session, runs, lines, tuple(summary.validity(statistics)), profiles=found)
    assert 'class="profile"' not in session_page([replace(results, profiles=())], 0)
    path.write_text(session_page([results], 0), encoding="utf-8")
    for size in (PHONE, DESK):
        with opened(browser, path, size=size) as it:
            assert it.page.locator(".profile").count() == 1
            assert it.page.locator(".profile tbody th").first.inner_text() == EVIL.strip() or size is PHONE
            assert f"(here {100 * (WHOLE_NS / 80_000 - 1):+.1f} % against the latency passes" in it.text(".profile")
            assert it.overflow() <= 0
            found_by_axe = AXE.run(it.page)
            assert found_by_axe.violations_count == 0, found_by_axe.generate_report()
