"""What every kind of page is held to: no network, no error, no page wider than its window, no barrier, dark and on paper too."""

import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from tests.report.browser import DESK, PHONE, WIDE, Opened, opened
from tests.report.conftest import KINDS

AXE = Axe()
ONLY_VIOLATIONS = {"resultTypes": ["violations"]}
"""All rules are asked; what passed them is not told node by node."""


@pytest.mark.parametrize(
    ("kind", "size", "scheme"),
    [(kind, size, scheme) for kind in KINDS for size, scheme in ((PHONE, "dark"), (DESK, "light"))],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_a_page_has_no_barrier_and_fits_its_window(
    browser: Browser, pages: dict[str, Path], kind: str, size: tuple[int, int], scheme: str
) -> None:
    with opened(browser, pages[kind], size=size, color_scheme=scheme) as it:
        it.everything()
        assert it.overflow() <= 0
        found = AXE.run(it.page, options=ONLY_VIOLATIONS)
        assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize(
    ("kind", "fragment"),
    [("nightly", "series"), ("nightly", "run"), ("nightly", "budget"), ("gate", "budget"), ("revisions", "budget"), ("history", "run")],
)
def test_what_a_number_leads_to_has_no_barrier_either(browser: Browser, pages: dict[str, Path], kind: str, fragment: str) -> None:
    for size, scheme in ((PHONE, "dark"), (DESK, "light")):
        with opened(browser, pages[kind], it_of(pages[kind], fragment), size, color_scheme=scheme) as it:
            it.page.wait_for_selector("#detail h1")
            it.settled()
            assert it.overflow() <= 0
            found = AXE.run(it.page, options=ONLY_VIOLATIONS)
            assert found.violations_count == 0, found.generate_report()


def it_of(path: Path, fragment: str) -> str:
    """Return the address of something that a page can show."""
    text = path.read_text(encoding="utf-8")
    if fragment == "budget":
        return "#budget=1"
    found = re.search(r'"opened":\{"([^"]+)"' if fragment == "run" else r'href="#series=([^"]+)"', text)
    assert found is not None
    return f"#{fragment}={found[1]}"


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_fits_a_wide_window_and_paper(browser: Browser, pages: dict[str, Path], kind: str) -> None:
    with opened(browser, pages[kind], size=WIDE) as it:
        it.everything()
        assert it.overflow() <= 0
        assert it.page.pdf(format="A4")[:5] == b"%PDF-"
        it.page.emulate_media(media="print", color_scheme="dark")
        assert it.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert it.page.locator("#verdict, .banner").first.is_visible()
        assert not it.page.locator(".controls:visible").count()


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_asks_nothing_of_any_network_and_runs_no_script_but_its_own(browser: Browser, pages: dict[str, Path], kind: str) -> None:
    text = pages[kind].read_text(encoding="utf-8")
    assert not re.search(r"<(?:script|img|link|iframe|object|embed)[^>]+(?:src|href)=", text)
    assert not re.search(r'<[a-z][^<>]* (?:on[a-z]+|style)="', text)
    context = browser.new_context(bypass_csp=False)
    page = context.new_page()
    it = Opened(page, pages[kind])
    page.goto(pages[kind].as_uri())
    page.evaluate("window.broken = []; addEventListener('securitypolicyviolation', (event) => broken.push(event.effectiveDirective))")
    page.evaluate("fetch('http://127.0.0.1:9/').catch(() => {})")
    page.evaluate("const image = new Image(); image.src = 'http://127.0.0.1:9/a.png'; document.body.append(image)")
    page.evaluate("const script = document.createElement('script'); script.textContent = 'window.ran = true'; document.body.append(script)")
    page.evaluate("const sheet = document.createElement('style'); sheet.textContent = 'body { color: red }'; document.body.append(sheet)")
    it.until("['connect-src', 'img-src', 'script-src-elem', 'style-src-elem'].every((each) => broken.includes(each))")
    assert page.evaluate("window.ran") is None
    context.close()


def test_dark_is_dark_and_light_is_light(browser: Browser, pages: dict[str, Path]) -> None:
    grounds = []
    for scheme in ("light", "dark"):
        with opened(browser, pages["nightly"], color_scheme=scheme) as it:
            grounds.append(it.page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert grounds == ["rgb(255, 255, 255)", "rgb(20, 24, 29)"]


def test_without_scripts_the_verdict_the_health_and_the_numbers_are_there(browser: Browser, pages: dict[str, Path]) -> None:
    wanted = {
        "nightly": ("regressions that nobody", "scripts are on"),
        "gate": ("at most 3 % worse",),
        "revisions": ("both revisions have",),
        "device": ("days were valid", "scripts are on"),
        "history": ("scripts are off here", "The last 30 of 60 nightly values", "worse"),
    }
    for kind, every in wanted.items():
        with opened(browser, pages[kind], java_script_enabled=False) as it:
            assert all(words in it.text("body") for words in every), kind
            assert kind != "history" or it.page.locator("noscript tbody tr").count() == 30


def test_with_scripts_what_is_for_those_without_is_not_there(browser: Browser, pages: dict[str, Path]) -> None:
    with opened(browser, pages["history"]) as it:
        assert "scripts are off" not in it.text("body")


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "session"])
def test_on_paper_plots_fit_heads_are_repeated_and_nothing_stays_folded(browser: Browser, pages: dict[str, Path], kind: str) -> None:
    folded = "[...document.querySelectorAll('details:not(.same)')].filter((part) => !part.open).length"
    with opened(browser, pages[kind], color_scheme="dark") as it:
        before = it.page.evaluate(folded)
        it.everything()
        assert it.page.evaluate(folded) == 0
        it.page.emulate_media(media="print")
        it.page.set_viewport_size({"width": 703, "height": 900})  # A4 without its margins
        assert it.overflow() <= 0
        assert it.page.evaluate("[...document.querySelectorAll('canvas')].every((each) => each.getBoundingClientRect().right <= 703)")
        assert it.page.locator("thead button").first.evaluate("(each) => getComputedStyle(each).display") == "contents"
        assert not it.page.locator("details.same:visible").count()
        it.page.evaluate("dispatchEvent(new Event('afterprint'))")
        assert it.page.evaluate(folded) == before


def test_a_table_that_does_not_fit_is_scrolled_by_the_keyboard_and_one_that_does_is_no_stop_on_its_way(
    browser: Browser, pages: dict[str, Path]
) -> None:
    with opened(browser, pages["nightly"], size=PHONE) as it:
        it.everything()
        for part, name, key, moved in (
            ("#pareto-view", "Size, memory, latency, energy and quality of each scheme", "ArrowRight", "scrollLeft"),
            ("#series-list", "Every series", "ArrowDown", "scrollTop"),
        ):
            box = it.page.locator(f"{part} .wide")
            it.until(f"document.querySelector('{part} .wide').tabIndex === 0")
            assert box.get_attribute("aria-label") == f"{name}; scrolls"
            box.focus()
            it.page.keyboard.press(key)
            it.until(f"document.querySelector('{part} .wide').{moved} > 0")
        assert it.page.locator("#data-health .wide").get_attribute("tabindex") is None
