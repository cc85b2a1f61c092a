"""A history: reading a night, zooming, moving, and coming back to the same view."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from farm.cli.report import look_at
from farm.report import choose, history_page
from farm.store import Store
from tests.report import fleet
from tests.report.browser import Opened, opened
from tests.report.conftest import Rack, end_of
from tests.report.year import Year
from tests.track.rack import load

DOTTED = """(() => {
    const canvas = document.querySelector('canvas');
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    let count = 0;
    for (let i = 0; i < data.length; i += 4) count += data[i] === 0x5b && data[i + 1] === 0x8f && data[i + 2] === 0xcc;
    return count;
})()"""
"""How many pixels of a plot have the colour of a valid run."""


def days_shown(it: Opened) -> int:
    """Return over how many days the horizontal axis goes, by the address; 0: over everything."""
    begin, end = (it.page.evaluate(f"new URLSearchParams(location.hash.slice(1)).get('{name}')") for name in ("from", "to"))
    return 0 if begin is None else int(it.page.evaluate(f"(Date.parse('{end}') - Date.parse('{begin}')) / 864e5"))


@pytest.fixture
def it(browser: Browser, pages: dict[str, Path]) -> Iterator[Opened]:
    with opened(browser, pages["history"]) as found:
        found.page.wait_for_selector("canvas")
        found.until("document.documentElement.dataset.painted !== undefined")
        yield found


def test_whoever_comes_back_from_a_run_finds_the_history_as_it_was(it: Opened) -> None:
    it.page.wait_for_selector("tr:has-text('every reading')")
    for row in (0, 1):
        it.page.locator("#overview tr", has_text="every reading").nth(row).locator("a").click()
        it.page.wait_for_selector("#detail canvas")
        it.page.go_back()
        it.page.wait_for_selector("#overview canvas")
    assert it.page.evaluate(DOTTED) > 200


def test_every_run_is_there_and_what_is_invalid_is_counted_apart(it: Opened) -> None:
    text = it.text("header")
    assert "invalid" in text
    assert "240 runs valid" in " ".join(text.split())
    assert "invalid run, never averaged in" in it.text(".key")


def test_pointing_at_a_run_reads_it(it: Opened) -> None:
    box = it.page.locator(".u-over").bounding_box()
    assert box is not None
    it.page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + box["height"] / 2)
    it.until("document.querySelector('.readout').textContent.includes(' ms')")
    assert it.text(".readout").startswith("2025-04-")
    assert " · r00" in it.text(".readout")
    assert "valid" in it.text(".readout")


def test_dragging_and_the_wheel_zoom_and_the_address_restores_the_view(it: Opened, browser: Browser, pages: dict[str, Path]) -> None:
    box = it.page.locator(".u-over").bounding_box()
    assert box is not None
    middle = box["y"] + 60
    it.page.mouse.move(box["x"] + box["width"] * 0.5, middle)
    it.page.mouse.down()
    it.page.mouse.move(box["x"] + box["width"] * 0.75, middle, steps=4)
    it.page.mouse.up()
    dragged = days_shown(it)
    assert 10 <= dragged <= 20
    it.page.mouse.move(box["x"] + box["width"] * 0.5, middle)
    before = it.page.url.partition("#")[2]
    it.page.mouse.wheel(0, -100)
    it.until(f"location.hash !== {'#' + before!r}")
    assert 0 < days_shown(it) <= dragged
    fragment = "#" + it.page.url.partition("#")[2]
    with opened(browser, pages["history"], fragment) as again:
        again.page.wait_for_selector("canvas")
        again.until("document.documentElement.dataset.painted !== undefined")
        assert "#" + again.page.url.partition("#")[2] == fragment
        again.page.get_by_role("button", name="everything").click()
        assert days_shown(again) == 0


def test_the_runs_of_a_first_night_can_be_seen(browser: Browser, tmp_path: Path) -> None:
    year = Year(phones=fleet.PHONES[:1], nets=fleet.nets(1, 1), nights=1, runs=3, detailed=0)
    store = Store(tmp_path / "farm.duckdb")
    load(store, year.records())
    look = look_at(store, year.branch, end_of(year))
    path = tmp_path / "history.html"
    path.write_text(history_page(store, look, choose(look, "s25", year.nets[0].id, "latency_ns")), encoding="utf-8")
    with opened(browser, path, color_scheme="light") as it:
        it.page.wait_for_selector("canvas")
        it.until("document.documentElement.dataset.painted !== undefined")
        assert it.page.evaluate(DOTTED) >= 3 * 5 * 5


@pytest.mark.parametrize("asked", ["from=soon&to=later", "from=2025-06-01&to=2025-05-01", "from=2025-06-01"])
def test_an_address_that_names_no_stretch_of_time_shows_everything(browser: Browser, pages: dict[str, Path], asked: str) -> None:
    with opened(browser, pages["history"], f"#{asked}") as it:
        it.page.wait_for_selector("canvas")
        it.until("document.documentElement.dataset.painted !== undefined")
        assert "night" in it.text(".summary")
        it.page.get_by_role("button", name="zoom in").click()
        assert days_shown(it) > 0  # its plot is alive


def test_keys_zoom_and_move_too(it: Opened) -> None:
    it.page.locator(".plot").first.focus()
    it.page.keyboard.press("+")
    half = days_shown(it)
    assert 25 <= half <= 35
    before = it.page.url
    it.page.keyboard.press("ArrowLeft")
    assert it.page.url != before
    assert days_shown(it) == pytest.approx(half, abs=1)
    it.page.keyboard.press("0")
    assert days_shown(it) == 0


def test_holding_shift_moves(it: Opened) -> None:
    it.page.locator(".plot").first.focus()
    it.page.keyboard.press("+")
    before, span = it.page.url, days_shown(it)
    box = it.page.locator(".u-over").bounding_box()
    assert box is not None
    it.page.keyboard.down("Shift")
    it.page.mouse.move(box["x"] + 300, box["y"] + 50)
    it.page.mouse.down()
    it.page.mouse.move(box["x"] + 500, box["y"] + 50, steps=3)
    it.page.mouse.up()
    it.page.keyboard.up("Shift")
    assert it.page.url != before
    assert days_shown(it) == pytest.approx(span, abs=1)


def test_an_axis_that_does_not_begin_at_zero_says_so_and_can_be_made_to(it: Opened) -> None:
    assert "not at zero" in it.text(".axis-note")
    it.page.check("#from-zero")
    it.until("document.querySelector('.axis-note').textContent.startsWith('The vertical axis begins at zero.')")
    assert "zero=1" in it.page.url


def test_invalid_runs_do_not_press_the_valid_ones_into_a_line_and_what_lies_beyond_the_axis_is_said(it: Opened) -> None:
    note = it.text(".axis-note")
    assert "It fits the valid runs: 9 invalid runs beyond it (5." in note
    assert "drawn as arrows at its edge" in note
    assert "9 runs set apart" not in it.text("#overview")  # of the last nights only
    it.page.check("#from-zero")
    it.until("document.querySelector('.axis-note').textContent.includes('begins at zero')")
    assert "9 invalid runs beyond it" in it.text(".axis-note")


def test_an_invalid_run_is_read_where_it_is_pointed_at(it: Opened) -> None:
    box = it.page.locator(".u-over").bounding_box()
    assert box is not None
    for step in range(0, int(box["width"]), 3):
        it.page.mouse.move(box["x"] + step, box["y"] + 5)
        if "invalid: throttled" in it.text(".readout"):
            break
    assert "invalid: throttled: cpu4 capped to 62%" in it.text(".readout")


def test_the_command_that_measured_it_is_there_to_be_copied(it: Opened) -> None:
    it.page.wait_for_selector("#overview .command code")
    assert it.page.locator("#overview .command code").last.inner_text() == "farm run --suite nightly.toml --device s25"
    it.page.get_by_role("button", name="copy the command farm run").last.click()
    it.until("document.getElementById('said').textContent.startsWith('The command is')")


def test_the_plot_is_also_a_sentence_and_a_table(it: Opened, rack: Rack) -> None:
    assert f"{rack.year.nights} nights from 2025-03-01 to" in it.text(".summary >> nth=0")
    it.page.locator("summary", has_text="The same as a table").first.click()
    it.page.wait_for_selector("details table")
    assert it.page.locator("details table tbody tr").count() == rack.year.nights


def test_every_night_has_its_interval_and_the_legend_says_what_it_covers(it: Opened) -> None:
    assert "interval of that median over the night's runs (88 %)" in it.text(".key")  # four runs: no more than that
    it.page.locator("summary", has_text="The same as a table").first.click()
    it.page.wait_for_selector("details table")
    assert it.text("details thead").replace(" ↕", "").split("\t")[4] == "its interval over runs"
    assert re.fullmatch(r"[\d.]+ … [\d.]+ ms \(88 %\)", it.text("details tbody tr:first-child td:nth-child(5)").replace("\u00a0", " "))
    assert not it.page.locator("details tbody td.hatched").count()


def test_a_night_of_one_run_has_no_interval_and_that_is_said(browser: Browser, rack: Rack, tmp_path: Path) -> None:
    path = tmp_path / "history.html"
    chosen = choose(rack.look, rack.year.phones[0].name, rack.year.nets[2].id, "energy_per_inference_uj")
    path.write_text(history_page(rack.store, rack.look, chosen), encoding="utf-8")
    with opened(browser, path) as it:
        it.until("document.documentElement.dataset.painted !== undefined")
        assert "over the night's runs: none, since every night has one run" in it.text(".key")
        it.page.locator("summary", has_text="The same as a table").first.click()
        it.page.wait_for_selector("details table")
        cells = it.page.locator("details tbody td:nth-child(5)").all_inner_texts()
        assert {" ".join(cell.split()) for cell in cells} == {"absent: one run has no interval"}
    with opened(browser, path, java_script_enabled=False) as it:
        assert "one run has no interval" in it.text("noscript")


def test_a_change_is_told_with_its_interval_and_drawn_as_a_band(it: Opened) -> None:
    assert "worse" in it.text("#overview .tag >> nth=0")
    assert "after 2025-0" in it.text("#overview ul.plain")
    drawn = it.page.evaluate(
        "(() => { const canvas = document.querySelector('canvas');"
        " const row = new Uint32Array(canvas.getContext('2d').getImageData(0, 20, canvas.width, 1).data.buffer);"
        " return new Set(row).size; })()"
    )
    assert drawn > 2


@pytest.mark.parametrize(
    ("metric", "heading", "says"),
    [
        ("vm_hwm_bytes", "Memory by phase", ("start", "loaded", "ran", "Bars begin at zero and have one scale.")),
        ("energy_per_inference_uj", "Temperature, frequency and power over time", ("battery_current_ua", "battery_voltage_uv")),
    ],
)
def test_a_run_shows_its_memory_by_phase_and_its_power_over_time(
    browser: Browser, tmp_path: Path, metric: str, heading: str, says: tuple[str, ...]
) -> None:
    year = Year(phones=fleet.PHONES[:1], nets=fleet.nets(1, 1), nights=8, runs=2, detailed=1)  # power is measured every seventh night
    store = Store(tmp_path / "farm.duckdb")
    load(store, year.records())
    look = look_at(store, year.branch, end_of(year))
    path = tmp_path / "history.html"
    path.write_text(history_page(store, look, choose(look, "s25", year.nets[0].id, metric)), encoding="utf-8")
    with opened(browser, path) as it:
        it.page.wait_for_selector("tr:has-text('every reading')")
        runs = it.page.locator("tr", has_text="every reading").locator("a")
        addresses = [link.get_attribute("href") for link in runs.all()]
        told = [text for address in addresses if heading in (text := shown(it, address or ""))]
        assert told, f"no run of {metric} has {heading}"
        for word in says:
            assert word in told[0]


def shown(it: Opened, address: str) -> str:
    """Return what a person reads at another place of a page."""
    it.page.evaluate(f"location.hash = {address!r}")
    it.until(f"document.querySelector('#detail h1 code')?.textContent === {address.removeprefix('#run=')!r}")
    return it.text("#detail")
