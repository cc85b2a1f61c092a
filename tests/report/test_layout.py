"""Pages look as they did, as far as layout goes; and a style sheet that is broken is noticed."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.report import layout
from tests.report.browser import DESK, PHONE, WIDE
from tests.report.conftest import KINDS

BROKEN = {
    "no style sheet at all": (DESK, "* { all: initial !important }"),
    "a banner without its colour": (DESK, ".banner { background: none !important }"),
    "letters of twice their size": (DESK, "body { font-size: 2rem !important }"),
    "tables that fell apart": (DESK, "table, tbody, tr, th, td { display: block !important }"),
    "a page as wide as its window": (WIDE, "body { max-width: none !important }"),
    "tables of a desk on a phone": (PHONE, ".cards, .cards tbody, .cards tr, .cards td { display: revert !important }"),
    "the data health after all else": (DESK, "main { display: flex; flex-direction: column-reverse }"),
}


@pytest.mark.parametrize("size", layout.SIZES, ids=lambda size: str(size[0]))
@pytest.mark.parametrize("kind", KINDS)
def test_a_page_is_laid_out_as_it_was(browser: Browser, pages: dict[str, Path], kind: str, size: tuple[int, int]) -> None:
    found = layout.of(browser, pages[kind], size)
    assert layout.strayed(layout.kept(layout.name_of(kind, size)), found) == []


@pytest.mark.parametrize("style", ["* { letter-spacing: -.03em }", "* { letter-spacing: .03em; line-height: 1.55 }"])
def test_another_machines_fonts_do_not_matter(browser: Browser, pages: dict[str, Path], style: str) -> None:
    for size in layout.SIZES:
        found = layout.of(browser, pages["nightly"], size, style)
        assert layout.strayed(layout.kept(layout.name_of("nightly", size)), found) == []


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_style_sheet_is_noticed(browser: Browser, pages: dict[str, Path], what: str) -> None:
    size, style = BROKEN[what]
    found = layout.of(browser, pages["nightly"], size, style)
    assert layout.strayed(layout.kept(layout.name_of("nightly", size)), found)


def test_dark_is_another_picture(browser: Browser, pages: dict[str, Path]) -> None:
    found = layout.of(browser, pages["gate"], DESK, scheme="dark")
    assert any("picture is off" in each for each in layout.strayed(layout.kept(layout.name_of("gate", DESK)), found))
