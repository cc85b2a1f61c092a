"""The nightly, as a person uses it."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from farm.cli.report import look_at
from farm.report import Look, nightly_page
from farm.store import Store
from tests.report.browser import PHONE, opened
from tests.report.conftest import YEAR, end_of


@pytest.fixture(scope="module")
def look(year_store: Store) -> Look:
    return look_at(year_store, "main", end_of(YEAR))


@pytest.fixture(scope="module")
def page(year_store: Store, look: Look, pages: Path) -> Path:
    path = pages / "nightly.html"
    path.write_text(nightly_page(year_store, look), encoding="utf-8")
    return path


def test_the_first_screen_says_the_verdict_why_and_whether_the_data_came(browser: Browser, page: Path) -> None:
    with opened(browser, page, size=PHONE) as it:
        box = it.page.locator("#verdict").bounding_box()
        assert box is not None
        assert box["y"] < 20
        assert it.text("#verdict .word") == "FAIL"
        assert "regressions that nobody has acknowledged, the worst +" in it.text("#verdict")
        health = it.page.locator("#data-health")
        assert (health.bounding_box() or {"y": 1e9})["y"] < 800
        assert it.overflow() == 0


def test_health_says_what_is_missing_since_when_and_what_was_invalid_and_why(browser: Browser, page: Path) -> None:
    with opened(browser, page) as it:
        (row,) = it.page.locator("#health tbody tr", has_text="iphone16pro").all()
        assert "the last on 2025-04-24" in row.inner_text()
        assert "the operator aten::_scaled_dot_product is missing" in row.inner_text()
        assert "invalid: throttled" in row.inner_text()


def test_regressions_are_grouped_and_each_leads_to_its_history_and_its_runs(browser: Browser, page: Path) -> None:
    with opened(browser, page) as it:
        link = it.page.locator("article.group a", has_text="chat-8da4w").filter(has_text="time per token").first
        link.click()
        it.page.wait_for_selector("#detail canvas")
        assert "#series=" in it.page.url
        assert not it.page.locator("#overview").is_visible()
        assert "not at zero" in it.text(".axis-note")
        it.page.locator("#detail table a").first.click()
        it.page.wait_for_function("location.hash.startsWith('#run=')")
        assert "farm show" in it.text("#detail .command >> nth=0")
        it.page.go_back()
        assert it.page.locator("#detail h1").inner_text().startswith("chat-8da4w")
        it.page.go_back()
        assert it.page.locator("#overview").is_visible()
        assert it.page.locator("#detail").is_hidden()
