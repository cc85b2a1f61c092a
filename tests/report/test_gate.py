"""The page of a gate, and a comparison: verdicts, what they rest on, and what was left out."""

from dataclasses import replace
from pathlib import Path

from playwright.sync_api import Browser

from farm.cli.report import look_at
from farm.publish.judgement import Judgement
from farm.report import device_page
from farm.report.gate import sentence
from farm.store import Store
from farm.verdicts import Decision, Estimate
from tests.publish.judged import FAILED, PASSED
from tests.report import fleet
from tests.report.browser import PHONE, opened
from tests.report.conftest import Rack, end_of
from tests.report.year import Year
from tests.track.rack import load


def test_budgets_are_sorted_by_severity_each_with_its_interval_against_the_budget_and_what_could_have_been_seen(
    browser: Browser, pages: dict[str, Path]
) -> None:
    with opened(browser, pages["gate"]) as it:
        rows = it.page.locator("#budgets tbody tr")
        verdicts = rows.locator("th").all_inner_texts()
        order = ["FAIL", "INCONCLUSIVE", "PASS"]
        places = [order.index(text.split()[0]) for text in verdicts]
        assert places == sorted(places)
        first = rows.first.inner_text()
        assert "s25: 3." in first
        assert "+3 % allowed" in first
        assert rows.first.locator("svg line.budget").count() == 1
        assert "allowed +3 %" in (rows.first.locator("svg.ibar").get_attribute("aria-label") or "")
        assert "only warns" in it.text("#budgets")
        assert rows.first.locator("svg.spark rect.between").count() == 1
        assert "between 2025-04-" in (rows.first.locator("svg.spark").get_attribute("aria-label") or "")


def test_the_sentence_names_the_budget_that_stands_first_in_the_table() -> None:
    over = Estimate(6.6e9, 6.5e9, 6.7e9, 0.95)
    worse = replace(PASSED, decision=Decision.FAIL, reason="6.6 GB, 1.1 GB allowed", estimate=over)
    assert "First: net vm_hwm_bytes" in sentence(Judgement((FAILED, worse), 4))
    assert "First: net latency_ns" in sentence(Judgement((FAILED, PASSED), 4))


def test_a_device_that_did_not_come_to_the_end_is_said_first_and_leaves_budgets_open(browser: Browser, pages: dict[str, Path]) -> None:
    with opened(browser, pages["gate"]) as it:
        assert "it was unplugged" in it.page.locator("#data-health tr", has_text="pixel9").inner_text()
        open_ = it.page.locator("#budgets tr", has_text="INCONCLUSIVE").first
        assert "would decide it: every device of the budget measured to the end" in open_.inner_text()


def test_a_budget_leads_to_both_sides_runs_and_each_run_to_its_readings(browser: Browser, pages: dict[str, Path]) -> None:
    with opened(browser, pages["gate"]) as it:
        it.page.locator("#budgets tbody a").first.click()
        it.page.wait_for_selector("#detail .strip svg")
        labels = [label.get_attribute("aria-label") or "" for label in it.page.locator("#detail .strip svg").all()]
        assert any(label.startswith("candidate: ") for label in labels)
        assert any(label.startswith("baseline: ") for label in labels)
        assert "farm explain" in it.text("#detail .command >> nth=0")
        it.page.locator("#detail tr", has_text="every reading").locator("a").first.click()
        it.page.wait_for_selector("#detail canvas")
        assert "reading by reading" in it.text("#detail")


def test_revisions_are_compared_with_intervals_and_a_caution_about_their_nights(browser: Browser, pages: dict[str, Path]) -> None:
    with opened(browser, pages["revisions"]) as it:
        assert "advisory only" in it.text("header")
        worst = it.page.locator("#pairs tbody tr").first
        assert it.page.locator("#pairs h3").first.inner_text().startswith("May be chance")
        assert float(worst.locator("td").last.inner_text()) > 0.05
        assert it.text("#verdict").startswith("No change is sure among")
        assert worst.locator("svg.ibar").count() == 1
        assert "only one has" in it.text("#overview").lower()
        worst.locator("a").click()
        it.page.wait_for_selector("#detail .strip svg")


def test_what_did_not_change_is_folded_and_on_paper_it_is_there_even_without_scripts(browser: Browser, pages: dict[str, Path]) -> None:
    with opened(browser, pages["revisions"], size=PHONE, java_script_enabled=False) as it:
        folded, shown = it.page.locator("#none tbody tr"), it.page.locator("#pairs > .wide tbody tr")
        assert folded.count() > shown.count() > 0
        assert it.page.locator("#none summary").inner_text().split()[-1] == str(folded.count())
        assert not folded.last.is_visible()
        it.page.locator("#none summary").click()
        assert folded.last.is_visible()
        row = folded.first.bounding_box()
        assert row is not None
        assert row["height"] < 130
    with opened(browser, pages["revisions"], java_script_enabled=False) as it:
        it.page.emulate_media(media="print")
        assert it.page.locator("#none tbody tr").last.evaluate("(row) => row.checkVisibility({ contentVisibilityAuto: true })")


def test_devices_are_beside_each_other_and_never_judged(browser: Browser, pages: dict[str, Path]) -> None:
    with opened(browser, pages["devices"]) as it:
        assert "never judged" in it.text("#verdict")
        assert it.page.locator("#pairs svg.ibar").count() == 0
        assert "change" not in it.text("#pairs thead")


def test_a_device_shows_its_canary_with_band_state_and_sessions_and_its_noise(browser: Browser, pages: dict[str, Path], rack: Rack) -> None:
    with opened(browser, pages["device"]) as it:
        it.page.wait_for_selector("#canary-curve canvas")
        assert it.text("#canary .facts").startswith("within")
        assert "the band goes from 9.955 us to 11.00 us" in (it.page.locator("#canary-curve .plot").get_attribute("aria-label") or "")
        assert it.page.locator("#canary tbody tr").count() == 14
        assert it.text("#canary figcaption").startswith("The canary's level: 14 sessions")
        assert it.page.locator("#canary tbody tr", has_text="tells the band").count() == 5
        assert it.page.locator("#noise tbody tr").count() == len(rack.year.nets)
        scatter = [float(text.split()[0]) for text in it.page.locator("#noise tbody td.num:nth-child(2)").all_inner_texts()]
        assert scatter == sorted(scatter, reverse=True)
        assert it.page.locator("#noise svg.ibar").count() == len(rack.year.nets)


def test_a_device_lists_its_own_numbers_each_leads_to_its_history_and_its_curves_are_there_when_one_comes_back(
    browser: Browser, pages: dict[str, Path], rack: Rack
) -> None:
    name = rack.year.phones[2].name
    with opened(browser, pages["device"]) as it:
        it.everything()
        assert {text.strip() for text in it.page.locator("#findings td:nth-child(2)").all_text_contents()} == {name}
        assert "whose numbers are in the nightly" in (it.page.locator("#findings").text_content() or "")
        drawn = it.page.locator("#overview canvas").count()
        assert drawn > 2
        for _ in range(2):
            it.page.locator("#findings a").first.click()
            it.page.wait_for_selector("#detail canvas")
            assert name in it.text("#detail h1")
            it.page.go_back()
            it.page.wait_for_selector("#overview", state="visible")
        assert it.page.locator("#overview canvas").count() == drawn


def test_a_suspect_device_is_said_on_its_page_and_in_the_nightlys_health(
    browser: Browser, pages: dict[str, Path], rack: Rack, tmp_path: Path
) -> None:
    path = tmp_path / "device.html"
    path.write_text(device_page(rack.store, rack.look, "pixel9"), encoding="utf-8")
    with opened(browser, path) as it:
        assert it.text("#verdict .word") == "SUSPECT"
        assert "canary +9.4 %, outside its band, on 2025-04-29" in it.text("#verdict")
        assert "since then the OS build is another one" in it.text("#canary .facts")
        assert "not used" in it.text("#noise")
        assert "with another system: BP1A.250505.005" in it.text("#noise")
    with opened(browser, pages["nightly"]) as it:
        row = it.page.locator("#health tbody tr").first.inner_text()
        assert "pixel9" in row
        assert "suspect" in row


def test_a_device_without_canary_or_calibration_says_so_with_what_to_do(browser: Browser, tmp_path: Path) -> None:
    year = Year(phones=fleet.PHONES[:1], nets=fleet.nets(1, 1), nights=3, runs=2, detailed=0)
    store = Store(tmp_path / "farm.duckdb")
    load(store, year.records())
    path = tmp_path / "device.html"
    path.write_text(device_page(store, look_at(store, year.branch, end_of(year)), "s25"), encoding="utf-8")
    with opened(browser, path) as it:
        assert "whether the device is what it was is not known" in it.text("#canary .absent")
        assert "farm canary --device s25 --calibrate" in it.text("#canary")
        assert "farm calibrate --device s25 --suite SUITE.toml" in it.text("#noise")


def test_a_device_shows_its_nights_why_runs_gave_no_number_and_what_it_does_not_let_be_read(
    browser: Browser, pages: dict[str, Path]
) -> None:
    with opened(browser, pages["device"]) as it:
        assert it.text("#verdict .word") == "GAPS"
        assert it.page.locator(".calendar title").count() == 60
        assert "the operator aten::_scaled_dot_product is missing" in it.text("#data-health")
        assert "iOS lets no host read it" in it.text("#curves .hatched")
        assert "battery swapped" in it.text("#environment")
        it.page.locator("#curves summary").first.click()
        it.page.wait_for_selector("#curves details table")
        assert it.page.locator("#curves tbody tr").count() == 60
