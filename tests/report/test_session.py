"""The page of one `farm run`: read on a phone without moving anything sideways, and no cell of it blank."""

from pathlib import Path

from playwright.sync_api import Browser

from tests.report.browser import DESK, PHONE, opened

BLANK = "[...document.querySelectorAll('tbody td')].filter((cell) => !cell.innerText.trim() && !cell.querySelector('svg')).length"
SIDEWAYS = "[...document.querySelectorAll('.wide')].filter((each) => each.scrollWidth > each.clientWidth + 1).length"


def test_on_a_phone_its_tables_are_cards_that_do_not_scroll_sideways(browser: Browser, pages: dict[str, Path]) -> None:
    with opened(browser, pages["session"], size=PHONE) as it:
        assert it.page.locator(".wide").count() == 2
        assert it.page.evaluate(SIDEWAYS) == 0
        label = it.page.locator("tbody td").first.evaluate("(cell) => getComputedStyle(cell, '::before').content")
        assert label == '"p50 / value"'


def test_what_a_metric_has_not_is_hatched_and_numbers_stand_to_the_right(browser: Browser, pages: dict[str, Path]) -> None:
    with opened(browser, pages["session"], size=DESK) as it:
        assert it.page.evaluate(BLANK) == 0
        assert it.page.evaluate(SIDEWAYS) == 0
        absent = it.page.locator("td.hatched")
        assert absent.count() > 0
        assert absent.first.inner_text().startswith("absent:")
        assert it.page.locator("tbody td").first.evaluate("(cell) => getComputedStyle(cell).textAlign") == "right"
