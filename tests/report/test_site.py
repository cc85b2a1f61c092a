"""A site of pages: every link leads to a page, only what changed is written again, and the commands write them."""

import html
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from click.testing import CliRunner, Result
from playwright.sync_api import Browser

from farm.cli.main import farm
from farm.cli.report import write_site
from farm.store import Store
from tests.report import fleet, gates
from tests.report.browser import DESK, PHONE, opened
from tests.report.conftest import end_of
from tests.report.year import Year
from tests.track.rack import load

AXE = Axe()
YEAR = Year(
    phones=fleet.PHONES[:2],
    nets=(*fleet.nets(1, 3)[1:], fleet.SMALL_LM[0]),
    nights=14,
    runs=2,
    detailed=1,
    breaks=("", "", 0),
    dies=("", 2.0),
)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a small rack and a gate."""
    folder = tmp_path_factory.mktemp("data")
    store = Store(folder / "farm.duckdb")
    load(store, (record for night in range(YEAR.nights - 1) for record in YEAR.night(night)))
    gates.judge(store, YEAR, end_of(YEAR, 1))
    return folder


def test_a_site_is_written_whole_then_only_where_something_changed(data: Path, browser: Browser) -> None:
    store, folder = Store(data / "farm.duckdb"), data / "site"
    written, every = write_site(store, "main", end_of(YEAR, 1), folder)
    assert written == every > 10
    assert {path.name for path in folder.iterdir()} == {*json.loads((folder / "site.json").read_text()), "site.json"}
    for path in folder.glob("*.html"):
        for link in re.findall(r'href="([^"#]+)"', path.read_text(encoding="utf-8")):
            assert (folder / link).exists(), f"{path.name} leads to {link}"
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir() if path.suffix == ".html"}
    assert write_site(store, "main", end_of(YEAR, 1) + timedelta(hours=1), folder) == (0, every)
    load(store, YEAR.night(YEAR.nights - 1))
    (again, _), gate = write_site(store, "main", end_of(YEAR), folder), next(folder.glob("gate-*.html"))
    assert again < every
    assert gate.stat().st_mtime_ns == before[gate.name]
    assert (folder / "nightly.html").stat().st_mtime_ns > before["nightly.html"]
    with opened(browser, folder / "index.html") as it:
        assert it.page.locator("#devices tbody tr").count() == 2
        assert it.page.locator("#gates tbody tr").count() == 1
        it.everything()
        it.page.locator("#series-list tbody a").first.click()
        link = it.page.get_by_text("every run of it").get_attribute("href") or ""
        assert (folder / link).exists()


def test_a_site_works_from_any_static_server(data: Path, browser: Browser) -> None:
    folder = data / "site"
    write_site(Store(data / "farm.duckdb"), "main", end_of(YEAR), folder)
    with served(folder) as address:
        context = browser.new_context()
        page, complaints = context.new_page(), []
        page.on("console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None)
        page.on("response", lambda answer: complaints.append(answer.url) if answer.status >= 400 else None)
        page.goto(f"{address}/index.html")
        page.get_by_role("link", name="The nightly").click()
        page.locator("#health tbody a").first.click()
        page.wait_for_selector("#canary")
        page.go_back()
        page.get_by_role("link", name="all pages").click()
        page.locator("#devices tbody a").first.click()
        page.wait_for_selector("#curves canvas")
        page.go_back()
        page.locator("#gates tbody a").first.click()
        page.wait_for_selector("#budgets svg.spark")
        page.go_back()
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        page.locator("#series-list tbody a").first.click()
        page.get_by_role("link", name="every run of it").click()
        page.wait_for_selector("canvas")
        assert page.url.startswith(f"{address}/history-")
        assert complaints == []
        context.close()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing of each request."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder as `python -m http.server` does."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_the_index_has_no_barrier(data: Path, browser: Browser) -> None:
    write_site(Store(data / "farm.duckdb"), "main", end_of(YEAR), data / "site")
    for size, scheme in ((PHONE, "dark"), (DESK, "light")):
        with opened(browser, data / "site" / "index.html", size=size, color_scheme=scheme) as it:
            it.everything()
            assert it.overflow() <= 0
            found = AXE.run(it.page)
            assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize(("program", "is_there"), [("true", True), ("false", False)])
def test_open_starts_a_browser_and_says_where_none_can_be(data: Path, tmp_path: Path, program: str, is_there: bool) -> None:
    opens = tmp_path / "browser"
    opens.write_text(f'#!/bin/sh\necho "$1" > {tmp_path}/asked\nexec {program}\n')
    opens.chmod(0o755)
    page = tmp_path / "page.html"
    words = ["--data", str(data), "report", "device", "s25", "--html", str(page), "--open"]
    environment = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    done = subprocess.run(
        [sys.executable, "-m", "farm", *words], env=environment | {"BROWSER": f"{opens} %s"}, capture_output=True, text=True, check=True
    )
    assert page.exists()
    assert (tmp_path / "asked").read_text().strip() == page.as_uri()
    assert ("no browser could be started here" in done.stderr) is not is_there


SUITE = """
[suite]
name = "nightly"

[[workloads]]
id = "mobilenet-int8"
artifact = "net.pte"

[[budgets]]
workload = "mobilenet-int8"
metric = "latency_ns.p50"
max_regression = "5 %"

[[budgets]]
workload = "mobilenet-int8"
metric = "vm_hwm_bytes"
max = "1 kB"
"""


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("suite")
    (folder / "net.pte").write_bytes(b"a model")
    (folder / "nightly.toml").write_text(SUITE)
    return folder / "nightly.toml"


def test_a_suite_puts_its_budgets_into_the_nightly_and_into_the_site(data: Path, suite: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    words = ["--suite", str(suite), "--baseline", YEAR.revision(2)]
    done = run(data, "nightly", *words, "--html", str(page))
    assert done.exception is None, done.exception
    assert done.return_value in (3, 4)
    assert f"--baseline {YEAR.revision(2)}" in page.read_text(encoding="utf-8")
    assert run(data, "site", "--into", str(tmp_path / "site"), *words).exception is None
    assert 'id="budgets"' in (tmp_path / "site" / "nightly.html").read_text(encoding="utf-8")
    assert "(0 of " in run(data, "site", "--into", str(tmp_path / "site"), *words).output


def test_a_gate_of_no_branch_has_its_page_without_trends(data: Path, tmp_path: Path) -> None:
    page = tmp_path / "gate.html"
    done = run(data, "gate", "--branch", "nobody's", "--html", str(page))
    assert done.exception is None, done.exception
    assert "no branch has it" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--baseline", "v1"], "no suite states any"),
        (["--suite", "{suite}", "--baseline", "nothing"], 'is of the baseline "nothing"'),
    ],
    ids=lambda each: each[-1] if isinstance(each, list) else "",
)
def test_what_a_night_cannot_be_held_against_is_said(data: Path, suite: Path, words: list[str], sentence: str) -> None:
    done = run(data, "nightly", *(word.format(suite=suite) for word in words))
    assert sentence in str(done.exception)


def run(data: Path, *words: str) -> Result:
    """Call farm report in this process."""
    return CliRunner().invoke(farm, ["--data", str(data), "report", *words], standalone_mode=False)


def test_what_a_site_no_longer_has_is_removed_and_nothing_else(data: Path) -> None:
    folder = data / "site"
    store = Store(data / "farm.duckdb")
    write_site(store, "main", end_of(YEAR), folder)
    (folder / "mine.html").write_text("kept")
    manifest = json.loads((folder / "site.json").read_text())
    (folder / "history-gone.html").write_text("old")
    outside = folder.parent / "outside.html"
    outside.write_text("kept")
    (folder / "site.json").write_text(json.dumps(manifest | {"history-gone.html": "x", "../outside.html": "x"}))
    write_site(store, "main", end_of(YEAR), folder)
    assert not (folder / "history-gone.html").exists()
    assert (folder / "mine.html").exists()
    assert outside.exists()


@pytest.mark.parametrize("text", ["", "{", "[1]", "\x00"])
def test_a_list_of_pages_that_cannot_be_read_makes_nothing_fail(tmp_path: Path, text: str) -> None:
    (tmp_path / "site.json").write_text(text)
    written, every = write_site(Store(tmp_path / "farm.duckdb"), "main", end_of(YEAR), tmp_path)
    assert written == every == 2


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["nightly"], {3, 4}, "Nightly of"),
        (["gate"], {3, 4}, "Budgets"),
        (["device", "s25"], {0}, "A column is a night"),
        (["compare", YEAR.revision(3)[:8], YEAR.revision(9)[:8]], {0}, "Both have"),
        (["compare", "--of", "devices", "s25", "pixel9"], {0}, "never judged"),
        (["history", "--device", "s25", "--workload", "chat-8da4w"], {0}, "time to first token"),
    ],
    ids=lambda each: each[0] if isinstance(each, list) else "",
)
def test_the_commands_write_a_page_and_end_as_they_say(data: Path, tmp_path: Path, words: list[str], code: set[int], says: str) -> None:
    page = tmp_path / "page.html"
    done = CliRunner().invoke(farm, ["--data", str(data), "report", *words, "--html", str(page)], standalone_mode=False)
    assert done.exception is None, done.exception
    assert (done.return_value or 0) in code
    text = page.read_text(encoding="utf-8")
    assert says in text
    assert told(run(data, *command_of(text), "--html", str(tmp_path / "again.html")), tmp_path / "again.html") == told(done, page)


def command_of(text: str) -> list[str]:
    """Return what a page says that it was made by, after farm report."""
    (command,) = re.findall(r"Made by <code>(.*?)</code>", text)
    farm_, report, *words = shlex.split(html.unescape(command))
    assert (farm_, report) == ("farm", "report")
    return [word for word in words if word != "--open"]


def told(done: Result, page: Path) -> tuple[Any, str]:
    """Return how a command ended, and its page without the time at which it was told."""
    assert done.exception is None, done.exception
    return done.return_value, re.sub(r"told \d{4}-\d\d-\d\d \d\d:\d\d", "", page.read_text(encoding="utf-8"))


def test_a_first_night_is_no_pass_on_any_page_nor_in_a_terminal(tmp_path: Path, browser: Browser) -> None:
    year = replace(YEAR, nights=1)
    load(Store(tmp_path / "farm.duckdb"), year.records())
    write_site(Store(tmp_path / "farm.duckdb"), "main", end_of(year), tmp_path / "site")
    for page in ("index", "nightly"):
        with opened(browser, tmp_path / "site" / f"{page}.html") as it:
            assert it.text("#verdict") == "NO VERDICT YET\n\nFirst night: nothing to compare against yet."
    assert "1 nights" not in (tmp_path / "site" / "nightly.html").read_text(encoding="utf-8")
    history = next((tmp_path / "site").glob("history-*.html")).read_text(encoding="utf-8")
    assert "Its first night: nothing to compare against yet." in history
    done = CliRunner().invoke(farm, ["--data", str(tmp_path), "track"], standalone_mode=False)
    assert "first night: nothing to compare against yet" in done.output


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["nightly", "--branch", ""], "a branch has a name, and this one is empty"),
        (["gate"], "no gate was judged yet"),
        (["gate", "ffff"], "no gate was judged yet"),
        (["device", "s25"], 'branch main has no session on a device "s25"'),
        (["nightly", "--html", "{file}/page.html"], "{file} is a file, where a folder is needed"),
        (["nightly", "--html", "{file}/sub/page.html"], "{file} is a file, where a folder is needed"),
        (["site", "--into", "{file}/site"], "{file} is a file, where a folder is needed"),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, list) else "",
)
def test_what_nothing_can_be_made_of_is_said_and_no_hint_leads_nowhere(tmp_path: Path, words: list[str], sentence: str) -> None:
    file = tmp_path / "a-file"
    file.write_text("kept")
    done = run(tmp_path / "data", *(word.format(file=file) for word in words))
    assert sentence.format(file=file) in str(done.exception)
    assert "farm sql" not in (getattr(done.exception, "hint", None) or "")
    assert file.read_text() == "kept"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["nightly", "--branch", "mian"], 'no run is of a branch "mian"'),
        (["gate", "ffff"], 'there is no gate that begins or ends with "ffff"'),
        (["device", "s52"], 'branch main has no session on a device "s52"'),
        (["compare", "nothing", YEAR.revision(3)], "there is no valid run of revision nothing"),
        (["history"], "pixel9, s25 have such a series"),
        (["history", "--workload", "nope"], "branch main has no such series"),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, list) else "",
)
def test_what_is_not_there_is_said_in_one_sentence(data: Path, words: list[str], sentence: str) -> None:
    done = CliRunner().invoke(farm, ["--data", str(data), "report", *words], standalone_mode=False)
    assert sentence in str(done.exception)


def test_nothing_measured_yet_is_a_page_too(tmp_path: Path, browser: Browser) -> None:
    page = tmp_path / "page.html"
    done = CliRunner().invoke(farm, ["--data", str(tmp_path), "report", "nightly", "--html", str(page)], standalone_mode=False)
    assert done.return_value == 3
    with opened(browser, page) as it:
        assert it.text("#verdict .word") == "INCONCLUSIVE"
        assert "Nothing was measured on branch main." in it.text("#verdict")
        it.everything()
