"""A browser without a network, and what a page may not do in it."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage")
PHONE, DESK, WIDE = (390, 800), (1280, 900), (1920, 1080)


_SETTLED = """[...document.querySelectorAll('.plot')].every((each) => each.querySelector('canvas') !== null)
  && [...document.querySelectorAll('.wide')].every(
    (each) => each.tabIndex === 0 || (each.scrollWidth <= each.clientWidth && each.scrollHeight <= each.clientHeight))"""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start Debian's Chromium; its headless shell, where that is installed, has the same engine and takes a third of the time."""
    program = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    assert program, "there is no chromium; on Debian: apt-get install chromium-headless-shell"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Opened:
    """A page that is open, with what it complained of and what it asked for."""

    page: Page
    path: Path
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def go(self, fragment: str = "") -> None:
        """Open the file, or another place in it."""
        self.page.goto(self.path.as_uri() + fragment)
        self.until("document.readyState === 'complete'")

    def until(self, condition: str) -> None:
        """Wait until an expression holds. Asked from outside: the page's policy lets nothing in it evaluate text."""
        give_up_s = time.monotonic() + 10
        while not self.page.evaluate(condition):
            assert time.monotonic() < give_up_s, f"never: {condition}"
            self.page.wait_for_timeout(20)

    def text(self, selector: str) -> str:
        """Return what a person reads there."""
        return self.page.inner_text(selector)

    def everything(self) -> None:
        """Have the page draw what it draws only when it is looked at, and wait for it."""
        self.page.evaluate("dispatchEvent(new Event('beforeprint'))")
        self.settled()

    def settled(self) -> None:
        """Wait until every plot is painted, and whatever scrolls can be reached."""
        self.page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        self.until(_SETTLED)

    def overflow(self) -> int:
        """Return by how many pixels the page is wider than its window."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


@contextmanager
def opened(browser: Browser, path: Path, fragment: str = "", size: tuple[int, int] = DESK, **context: Any) -> Iterator[Opened]:
    """Open a file without a network, and see to it that it complained of nothing and asked for nothing."""
    with_network = browser.new_context(viewport={"width": size[0], "height": size[1]}, offline=True, **context)
    page = with_network.new_page()
    page.set_default_timeout(10_000)
    found = Opened(page, path)
    page.on("console", lambda message: found.complaints.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: found.complaints.append(str(error)))
    page.on("request", lambda request: found.requests.append(request.url))
    try:
        found.go(fragment)
        yield found
    finally:
        with_network.close()
    assert not found.complaints
    assert {url.partition("#")[0] for url in found.requests} <= {path.as_uri()}
