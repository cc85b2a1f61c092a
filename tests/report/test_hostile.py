"""Text of devices, artifacts and users is text, wherever it ends up: markup, quotes, marks of direction, ten kilobytes, emoji."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from farm.cli.nights import Promised
from farm.cli.report import night_budgets
from farm.metrics import Statistic
from farm.publish import Results
from farm.publish.explanation import Explanation
from farm.report import Sides, choose, compare_page, device_page, gate_page, history_page, nightly_page, session_page
from farm.verdicts import Budget, Exemption, Plan
from farm.workloads import Absent, Artifact, Outcome, Run, Session, StateReading
from tests.publish.judged import hostile as judged
from tests.report import fleet, steady
from tests.report.browser import PHONE, opened
from tests.report.conftest import end_of
from tests.report.year import Year

EVIL = (
    "</script><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\"> "
    "\"'`&lt; {{ 7 * 7 }} ${1} \u202egnp\u202c\u2066 \u2028 \U0001f600 \u05d0\u05d1\u05d2 \u05d3\u05d4"
)
LONG = "x" * 10_000


def evil(field: str) -> str:
    return f"{field} {EVIL}"


class Hostile(Year):
    """Every field that comes from outside is hostile, and one workload's name has ten kilobytes."""

    def session(self, *given: Any) -> Session:
        session = super().session(*given)
        identity = replace(session.identity, os_build=evil("os"), model=evil("model"), soc=evil("soc"))
        provenance = replace(session.provenance, farm_version=evil("farm"))
        return replace(session, identity=identity, provenance=provenance, command=evil("command"))

    def artifact(self, *given: Any) -> Artifact:
        artifact = super().artifact(*given)
        return replace(artifact, name=evil("artifact"), recipe={"scheme": evil("scheme"), "model": evil("net")})

    def run(self, *given: Any, **more: Any) -> Run:
        run = super().run(*given, **more)
        measured = run.measured and replace(run.measured, runtime=evil("runtime"), flavour=evil("flavour"), harness_hash=evil("harness"))
        readings = tuple(replace(item, source=evil("source")) if item.source else item for item in run.readings)
        return replace(
            run,
            measured=measured,
            readings=readings,
            hint=evil("hint"),
            reason=None if run.outcome is Outcome.OK else evil("reason") + LONG,
            absent=(Absent("energy_counter_uj", evil("absent")),),
            state=(
                *run.state,
                StateReading(evil("state"), "before", text=evil("text")),
                StateReading("governor", "after", reason=evil("why")),
            ),
        )


YEAR = Hostile(
    phones=(replace(fleet.PHONES[0], name=evil("phone"), os_build=evil("build")), fleet.PHONES[1]),
    nets=(fleet.renamed(fleet.nets(1, 1)[0], id=evil("workload")), fleet.renamed(fleet.nets(1, 3)[2], id=LONG), fleet.SMALL_LM[0]),
    nights=16,
    runs=3,
    detailed=1,
    events=(fleet.Event(9, 1.4), fleet.Event(12, change=("os_build", evil("system")))),
    breaks=("pixel9", evil("workload"), 3),
    dies=("", 2.0),
    branch=evil("branch"),
    revision_prefix=evil("revision"),
)


@pytest.fixture(scope="module")
def hostile_pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    from farm.cli.report import look_at
    from farm.cli.track import Asked, look
    from farm.store import Store
    from tests.track.rack import load

    store = Store(tmp_path_factory.mktemp("hostile") / "farm.duckdb")
    load(store, YEAR.records())
    tracked = look(store, Asked(YEAR.branch, end_of(YEAR, 1)))
    said = {
        "said_at": end_of(YEAR, 1),
        "answer": "fixed",
        "until": end_of(YEAR).date(),
        "owner": evil("owner"),
        "reason": evil("because"),
        "revision": evil("rev"),
    }
    store.add({"acknowledgements": [{"finding_id": change.id, **said} for change in tracked.changes]})
    steady.sing(store, YEAR, drifts=evil("phone"))
    steady.calibrate(store, YEAR)
    store.add({"canaries": [_canary()]})
    seen = look_at(store, YEAR.branch, end_of(YEAR))
    texts = {
        "nightly": nightly_page(store, seen, None, night_budgets(store, seen, Promised(evil("suite"), _budgets(), Plan()))),
        "device": device_page(store, seen, evil("phone")),
        "history": history_page(store, seen, choose(seen, "pixel9", LONG, None)),
        "devices": compare_page(store, Sides("device", evil("phone"), "pixel9", YEAR.branch, seen.now)),
        "revisions": compare_page(store, Sides("revision", YEAR.revision(3), YEAR.revision(14), YEAR.branch, seen.now)),
        "gate": gate_page(store, list(_explanations()), judged(evil("gate")), [(evil("device"), evil("failure"))]),
        "session": session_page([_session()], 3),
    }
    folder = tmp_path_factory.mktemp("hostile-pages")
    for kind, text in texts.items():
        (folder / f"{kind}.html").write_text(text, encoding="utf-8")
    return {kind: folder / f"{kind}.html" for kind in texts}


def _budgets() -> tuple[Budget, ...]:
    own = Exemption(date(2099, 1, 1), evil("exempt"), evil("since") + LONG)
    return (
        Budget(evil("workload"), "latency_ns", Statistic.P50, max_regression=0.03, exemption=own),
        Budget(LONG, "latency_ns", Statistic.P50, limit=1e6),
        Budget("chat-8da4w", "token_ns", Statistic.P50, limit=1e6, devices=(evil("phone"), LONG)),
    )


def _canary() -> dict[str, Any]:
    """Return the newest session of the canary, with every text of it hostile."""
    at = end_of(YEAR) - timedelta(hours=1)
    texts = ("series_key", "os_build", "harness_hash", "runtime_version", "farm_version")
    numbers = {"value_ns": None, "runs": 0, "is_band": False, "begins_band": False, "band_low_ns": None, "band_high_ns": None}
    identity = {"session_id": "00000000-0000-7000-8000-00000000000c", "measured_at": at}
    device = {"device_id": f"id-{evil('phone')}", "device_name": evil("phone")}
    return identity | device | numbers | {name: evil(name) for name in texts} | {"state": "unknown", "reason": evil("canary") + LONG}


def _explanations() -> Iterator[Explanation]:
    names = ("suite", "suite_file", "candidate", "baseline", "command", "gate_id")
    gate = {name: evil(name) for name in names} | {"judged_at": end_of(YEAR), "seed": 1}
    for number, verdict in enumerate(judged(evil("gate")).verdicts, start=1):
        rows = [
            {
                "run": "00000000-0000-7000-8000-000000000000",
                "device": evil("device"),
                "side": "candidate",
                "block": 0,
                "position": 0,
                "value": 1.0,
                "session": evil("session"),
            }
        ]
        yield Explanation(f"{evil('name')}.{number}", gate, {"candidate": [evil("sha")]}, verdict, rows, verdict)


def _session() -> Results:
    from tests.conftest import a_run, a_session

    session = a_session(command=evil("command"))
    run = a_run(session, outcome=Outcome.FAILED, reason=evil("reason") + LONG, hint=evil("hint"), measured=None, readings=())
    return Results(replace(session.device, name=evil("device")), session, (run,), (), (), evil("failure"))


@pytest.mark.parametrize("kind", ["nightly", "device", "history", "devices", "revisions", "gate", "session"])
def test_nothing_that_was_written_into_a_field_is_more_than_text(browser: Browser, hostile_pages: dict[str, Path], kind: str) -> None:
    with opened(browser, hostile_pages[kind], size=PHONE) as it:
        it.everything()
        title = it.page.title()
        assert title.startswith("farm")
        assert len(title) < 200
        assert "owned" not in title or "</script>" in title  # it stands there as text
        assert it.page.locator("img").count() == 0
        assert it.page.evaluate("document.scripts.length") <= 2
        assert it.overflow() <= 0
        assert "</script><script>" in it.text("body")
        assert "49" not in it.text("h1 >> nth=0")
        for fragment in it.page.evaluate(
            "[...document.querySelectorAll('#overview a')].map((link) => link.getAttribute('href')).slice(0, 3)"
        ):
            it.page.evaluate("document.getElementById('detail').replaceChildren()")
            it.page.evaluate(f"location.hash = {fragment!r}")
            it.page.wait_for_selector("#detail h1")
            it.settled()
            assert it.page.locator("img").count() == 0
            assert it.overflow() <= 0


def test_budgets_canary_and_noise_hold_text_and_nothing_else(browser: Browser, hostile_pages: dict[str, Path]) -> None:
    with opened(browser, hostile_pages["device"], size=PHONE) as it:
        assert "canary </script><script>" in it.text("#canary")
        assert "workload </script><script>" in it.text("#noise")
        assert "with another system: build </script><script>" in it.text("#noise")
    with opened(browser, hostile_pages["nightly"], size=PHONE) as it:
        assert "suite </script><script>" in it.text("#budgets")
        assert "exempt </script><script>" in it.text("#budgets")
        for number in (1, 2, 3):
            it.go(f"#budget={number}")
            it.page.wait_for_selector("#detail h1")
            assert it.page.locator("img").count() == 0
            assert it.overflow() <= 0


def test_what_a_run_says_of_itself_is_text(browser: Browser, hostile_pages: dict[str, Path]) -> None:
    with opened(browser, hostile_pages["history"], size=PHONE) as it:
        it.until("document.querySelector('#overview table tbody a[href^=\"#run=\"]') !== null")
        it.page.locator("tr", has_text="every reading").locator("a").first.click()
        it.page.wait_for_selector("#detail canvas")
        text = it.text("#detail")
        for field in ("os", "runtime", "artifact", "hint", "command", "state", "text", "why", "absent"):
            assert f"{field} </script><script>" in text, field
        assert it.overflow() <= 0


@pytest.mark.parametrize(("kind", "fragment"), [("nightly", ""), ("device", ""), ("gate", "#budget=1"), ("session", "")])
def test_a_commands_letters_stand_in_the_order_in_which_a_shell_reads_them(
    browser: Browser, hostile_pages: dict[str, Path], kind: str, fragment: str
) -> None:
    with opened(browser, hostile_pages[kind], fragment) as it:
        assert it.page.locator("code").count() > 0
        assert r"\xe2\x80\xae" in it.page.evaluate("[...document.querySelectorAll('code')].map((each) => each.textContent).join()")
        assert it.page.evaluate(_RETURNING) == []


_RETURNING = """[...document.querySelectorAll('code')].flatMap((code) => {
  const range = document.createRange(), text = code.firstChild, found = [];
  let before = null;
  for (let i = 0; i < text.length; i++) {
    range.setStart(text, i);
    range.setEnd(text, i + 1);
    const box = range.getBoundingClientRect();
    if (box.width === 0) continue;
    if (before !== null && Math.abs(box.top - before.top) < 2 && box.left < before.left) found.push(text.data.slice(i - 5, i + 5));
    before = box;
  }
  return found;
})"""
"""The places at which a command's next letter stands left of the one before, in one line."""


def test_marks_of_direction_end_with_the_name_that_holds_them(browser: Browser, hostile_pages: dict[str, Path]) -> None:
    with opened(browser, hostile_pages["nightly"]) as it:
        assert it.page.evaluate(
            "[...document.querySelectorAll('.name')].every((name) => getComputedStyle(name).unicodeBidi.includes('isolate'))"
        )
