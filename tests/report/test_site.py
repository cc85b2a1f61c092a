"""A site of pages: every link leads to a page, only what changed is written again, and the commands write them."""

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from playwright.sync_api import Browser

from farm.cli.main import farm
from farm.cli.report import write_site
from farm.store import Store
from tests.report import fleet, gates
from tests.report.browser import opened
from tests.report.conftest import end_of
from tests.report.year import Year
from tests.track.rack import load

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
        (["device", "s25"], {0}, "The last 13 nights"),
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
    assert says in page.read_text(encoding="utf-8")


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
