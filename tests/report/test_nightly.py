"""The nightly, as a person uses it."""

from pathlib import Path

from playwright.sync_api import Browser

from tests.report.browser import PHONE, opened
from tests.report.conftest import Rack

_SEEN = """new Promise((done) => new IntersectionObserver((entries, watch) => {
  if (!entries.some((entry) => entry.isIntersecting)) return;
  watch.disconnect();
  done();
}).observe(document.getElementById('series-list')))"""
"""Waits until the list of series is seen by an observer that is younger than the page's own, which is told before it."""


def test_the_first_screen_says_the_verdict_why_and_whether_the_data_came(browser: Browser, pages: dict[str, Path]) -> None:
    with opened(browser, pages["nightly"], size=PHONE) as it:
        box = it.page.locator("#verdict").bounding_box()
        assert box is not None
        assert box["y"] < 20
        assert it.text("#verdict .word") == "FAIL"
        assert "regressions that nobody has acknowledged, the worst +" in it.text("#verdict")
        health = it.page.locator("#health tbody tr").first.bounding_box()
        assert health is not None
        assert health["y"] < 800


def test_health_says_what_is_missing_since_when_and_what_was_invalid_and_why(browser: Browser, pages: dict[str, Path]) -> None:
    with opened(browser, pages["nightly"]) as it:
        (row,) = it.page.locator("#health tbody tr", has_text="iphone16pro").all()
        assert "the last on 2025-04-24" in row.inner_text()
        assert "the operator aten::_scaled_dot_product is missing" in row.inner_text()
        assert "invalid: throttled" in row.inner_text()


def test_a_suites_budgets_stand_below_worst_first_and_each_leads_to_its_nights_and_runs(browser: Browser, pages: dict[str, Path]) -> None:
    with opened(browser, pages["nightly"]) as it:
        rows = it.page.locator("#budgets tbody tr")
        assert [text.split()[0] for text in rows.locator("th").all_inner_texts()] == ["FAIL", *["INCONCLUSIVE"] * 4, "PASS", "PASS"]
        first = rows.first
        assert "only advice" in first.inner_text()
        assert "s25: 7." in first.inner_text()
        assert "4 + 4 runs" in first.inner_text()
        assert first.locator("svg.ibar line.budget").count() == 1
        assert first.locator("svg.spark rect.between").count() == 1
        assert "1 ratio over budget (advice)" in it.text("#verdict")
        assert "2 budgets undecided by one night's runs" in it.text("#verdict")
        assert "this night did not measure it" in it.page.locator("#budgets tr", has_text="energy").inner_text()
        first.locator("a").click()
        it.page.wait_for_selector("#detail .strip svg")
        text = it.text("#detail")
        assert "farm report nightly --branch main --suite suites/nightly.toml" in text
        assert "farm gate --suite suites/nightly.toml --candidate NEW.pte --baseline OLD.pte --device s25" in text
        it.page.locator("#detail tr", has_text="every reading").locator("a").first.click()
        it.page.wait_for_selector("#detail canvas")
        it.page.go_back()
        it.page.wait_for_selector("#detail .strip svg")
        it.page.locator("#detail").get_by_role("link", name="its history").click()
        it.page.wait_for_selector("#detail canvas")


def test_budgets_stand_above_the_regressions_and_below_the_health(browser: Browser, pages: dict[str, Path]) -> None:
    with opened(browser, pages["nightly"]) as it:
        tops = [it.page.locator(name).bounding_box() for name in ("#verdict", "#data-health", "#budgets", "#block-1")]
        heights = [box["y"] for box in tops if box is not None]
        assert len(heights) == 4
        assert heights == sorted(heights)


def test_regressions_are_grouped_and_each_leads_to_its_history_and_its_runs_and_back_goes_back(
    browser: Browser, pages: dict[str, Path]
) -> None:
    with opened(browser, pages["nightly"]) as it:
        link = it.page.locator("article.group a", has_text="chat-8da4w").filter(has_text="time per token").first
        link.click()
        it.page.wait_for_selector("#detail canvas")
        assert "#series=" in it.page.url
        assert not it.page.locator("#overview").is_visible()
        assert "not at zero" in it.text(".axis-note")
        it.page.locator("#detail table a").first.click()
        it.page.wait_for_selector("#detail h1 code")
        assert "farm show" in it.text("#detail .command >> nth=0")
        it.page.go_back()
        it.page.wait_for_selector("#detail canvas")
        assert it.text("#detail h1").startswith("chat-8da4w")
        it.page.go_back()
        assert it.page.locator("#overview").is_visible()
        assert it.page.locator("#detail").is_hidden()


def test_a_run_shows_its_readings_token_by_token_its_heat_and_the_device_around_it(browser: Browser, pages: dict[str, Path]) -> None:
    with opened(browser, pages["nightly"]) as it:
        it.page.locator("article.group a", has_text="chat-8da4w").filter(has_text="time per token").first.click()
        it.page.locator("#detail tr", has_text="every reading").locator("a").first.click()
        it.page.wait_for_selector("#detail figure canvas")
        text = it.text("#detail")
        assert "token by token" in text
        assert "40 readings: median" in text
        assert "skin_temperature_c (thermalservice)" in text
        assert "permission denied for a shell" in it.text("#detail td.hatched >> nth=0")


def test_triage_is_told_with_its_owner_its_reason_and_its_day(browser: Browser, pages: dict[str, Path]) -> None:
    with opened(browser, pages["nightly"]) as it:
        row = it.page.locator("table.changes tr", has_text="by kim").first
        text = " ".join((row.text_content() or "").split())  # not inner_text: what is far below the window is not laid out yet
        assert "accepted until 2025-05-30 by kim: its battery overheats; replaced in June" in text
        assert "oneplus13" in text


def test_what_changed_beside_the_models_leads_to_the_numbers_that_changed_there(browser: Browser, pages: dict[str, Path]) -> None:
    with opened(browser, pages["nightly"]) as it:
        row = it.page.locator("#environment tr", has_text="BP2A.250805.005")
        assert "pixel9" in row.inner_text()
        row.locator("a").first.click()
        it.page.wait_for_selector("#detail canvas")
        assert "pixel9" in it.text("#detail h1")


def test_tables_sort_by_what_numbers_mean_and_say_so(browser: Browser, pages: dict[str, Path]) -> None:
    with opened(browser, pages["nightly"]) as it:
        it.everything()
        table = it.page.locator("#series-list table")
        head = table.locator("th", has_text="metric")
        it.page.fill("#filter", "latency")
        table.get_by_role("button", name="last", exact=True).click()
        values = [row.split() for row in table.locator("tbody tr:not([hidden]) td.num:nth-child(4)").all_inner_texts()]
        numbers = [float(number) * {"us": 1e-3, "ms": 1.0, "s": 1e3}[unit] for number, unit in values]
        assert len(numbers) > 8
        assert numbers == sorted(numbers)
        assert table.locator("th[aria-sort]").get_attribute("aria-sort") == "ascending"
        table.get_by_role("button", name="last", exact=True).click()
        assert table.locator("th[aria-sort]").get_attribute("aria-sort") == "descending"
        head.get_by_role("button").focus()
        it.page.keyboard.press("Enter")
        assert head.get_attribute("aria-sort") == "ascending"


def test_a_table_that_was_printed_before_it_was_looked_at_keeps_its_order(browser: Browser, pages: dict[str, Path]) -> None:
    with opened(browser, pages["nightly"]) as it:
        it.everything()
        it.page.evaluate("document.querySelectorAll('#series-list button.sort')[3].click()")
        it.page.evaluate("document.getElementById('series-list').scrollIntoView()")
        it.page.evaluate(_SEEN)
        assert it.page.locator("#series-list th[aria-sort=ascending]").count() == 1


def test_a_filter_is_in_the_address_and_comes_back_with_it(browser: Browser, pages: dict[str, Path], rack: Rack) -> None:
    with opened(browser, pages["nightly"]) as it:
        it.page.keyboard.press("/")
        it.until("document.activeElement.id === 'filter'")
        it.page.keyboard.type("s25 memory")
        shown = it.page.locator("#series-list tbody tr:not([hidden])")
        count = shown.count()
        assert 0 < count < len(rack.look.followed)
        assert it.text("#series-list output") == f"{count} of {len(rack.look.followed)} series"
        fragment = "#" + it.page.url.partition("#")[2]
        shown.first.locator("a").click()
        it.page.wait_for_selector("#detail canvas")
        it.page.keyboard.press("Escape")
        assert it.page.locator("#overview").is_visible()
    with opened(browser, pages["nightly"], fragment) as it:
        it.everything()
        assert it.page.input_value("#filter") == "s25 memory"
        assert it.page.locator("#series-list tbody tr:not([hidden])").count() == count


def test_schemes_are_held_against_each_other_and_what_was_not_measured_is_hatched(browser: Browser, pages: dict[str, Path]) -> None:
    with opened(browser, pages["nightly"], "#px=size&py=latency&pd=pixel9&pm=mobilenet") as it:
        it.everything()
        assert it.page.input_value("#pd") == "pixel9"
        table = it.page.locator("#pareto-view table")
        assert it.page.locator("#pareto-view svg path.scheme").count() >= 3
        assert "on the frontier" in table.locator("tr", has_text="mobilenet-int8").inner_text()
        assert "beaten" in table.locator("tr", has_text="mobilenet-fp32").inner_text()
        it.page.select_option("#px", "energy")
        assert "px=energy" in it.page.url
