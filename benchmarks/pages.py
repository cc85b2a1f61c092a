"""Pages at size. Prints times and sizes beside what is wanted; `make bench-pages` calls it.

A nightly over 40 workloads x 8 devices x 200 nights (192,000 runs of the seeded year of a rack that the tests use), also with a budget for
each workload, and the history of one series of 100,000 runs. Painting is measured in headless Chromium from a file, with no network:
first-contentful-paint as the browser tells it, and for a history the time from the begin of its view to the frame after it is drawn.
Medians of five.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
from playwright.sync_api import Browser

from farm.cli import nights
from farm.cli.report import look_at, night_budgets
from farm.metrics import Statistic
from farm.report import Look, choose, history_page, nightly_page
from farm.store import Store
from farm.verdicts import Budget, Plan
from farm.workloads import Pass
from tests.report import fleet
from tests.report.browser import chromium
from tests.report.year import Year
from tests.track.rack import load

NIGHTS, RUNS_A_NIGHT = 500, 200
RACK = Year(phones=fleet.PHONES, nets=fleet.nets(8), nights=200, runs=3, readings=20, passes=(Pass.LATENCY,), dies=("moto", 0.8))
ROUNDS, GIVE_UP_S = 5, 20

RUN = "('00000000-0000-7000-8000-' || printf('%012x', i))::UUID"
SESSION = f"('00000000-0000-7000-8001-' || printf('%012x', i // {RUNS_A_NIGHT}))::UUID"
BEGAN = f"TIMESTAMP '2024-01-01 23:00:00' + INTERVAL (i // {RUNS_A_NIGHT}) DAY"
POINTS = NIGHTS * RUNS_A_NIGHT
LONG = (
    "INSERT INTO devices VALUES ('id-s25', 'android', 'Galaxy S25', NULL, 'aarch64', 8, NULL, TIMESTAMP '2024-01-01')",
    "INSERT INTO artifacts VALUES ('a', 'net.pte', 'executorch', 1, NULL, true, TIMESTAMP '2024-01-01')",
    f"INSERT INTO sessions SELECT DISTINCT {SESSION}, {BEGAN}, 'id-s25', 's25', '{{}}', 'os', NULL, '0.1', "
    f"printf('rev%04d', i // {RUNS_A_NIGHT}), 'main', 1, 'farm run' FROM range({POINTS}) AS t(i)",
    "INSERT INTO runs (id, session_id, workload_key, workload_id, artifact_sha256, device_id, pass, repeat, attempt, nonce, started_at, "
    "ended_at, outcome, reason, series_key, runtime, runtime_version, flavour, threads, harness_hash) "
    f"SELECT {RUN}, {SESSION}, 'k', 'net', 'a', 'id-s25', 'latency', i % {RUNS_A_NIGHT}, 1, 'n', "
    f"{BEGAN} + INTERVAL (i % {RUNS_A_NIGHT} * 10) SECOND, {BEGAN}, if(i % 50 = 0, 'invalid', 'ok'), "
    f"if(i % 50 = 0, 'throttled', NULL), 'series', 'executorch', '1', 'xnnpack', 2, 'h' FROM range({POINTS}) AS t(i)",
    f"INSERT INTO samples SELECT {RUN}, 'latency_ns', '', "
    "[2e7 * exp(0.02 * (random() + random() + random() - 1.5)) * if(i % 50 = 0, 1.6, 1)], NULL "
    f"FROM range({POINTS}) AS t(i)",
)


def seconds(work: Callable[[], object]) -> float:
    """Return how long work took."""
    start_s = time.perf_counter()
    work()
    return time.perf_counter() - start_s


def said(what: str, measured: str, wanted: str = "") -> None:
    """Print a line of the table."""
    print(f"| {what:<74} | {measured:>9} | {wanted:>8} |", flush=True)


def first_paint_ms(browser: Browser, path: Path) -> float:
    """Return when the first content of a page is painted, after its navigation began."""
    entries = "performance.getEntriesByName('first-contentful-paint')"
    return _told_ms(browser, path, f"{entries}.length > 0", f"{entries}[0].startTime")


def painted_ms(browser: Browser, path: Path) -> float:
    """Return how long the history of a page took from the begin of its view to the frame after it was drawn."""
    painted = "document.documentElement.dataset.painted"
    return _told_ms(browser, path, f"{painted} !== undefined", painted)


def _told_ms(browser: Browser, path: Path, is_there: str, figure: str) -> float:
    """Return what a page, opened anew each time, tells once it is there: the median of the rounds."""
    times = []
    for _ in range(ROUNDS):
        context = browser.new_context(viewport={"width": 1280, "height": 900}, offline=True)
        page = context.new_page()
        page.goto(path.as_uri())
        give_up_s = time.monotonic() + GIVE_UP_S
        while not page.evaluate(is_there):  # wait_for_function looks from within the page, which its own policy forbids
            if time.monotonic() > give_up_s:
                raise SystemExit(f"{path.name} did not come to this within {GIVE_UP_S} s: {is_there}")
            page.wait_for_timeout(10)
        times.append(float(page.evaluate(figure)))
        context.close()
    return statistics.median(times)


def rendered(folder: Path, name: str, render: Callable[[], str]) -> tuple[Path, float]:
    """Write a page; return its file and how long rendering took, as the median of three."""
    path = folder / name
    times = [seconds(lambda: path.write_text(render(), encoding="utf-8")) for _ in range(3)]
    return path, statistics.median(times)


def nightly_at_size(folder: Path) -> Path:
    """Make the full rack and its nightly."""
    store = Store(folder / "rack.duckdb")
    load(store, RACK.records())
    now = (RACK.began_at(RACK.nights - 1) + timedelta(hours=10)).replace(tzinfo=None)
    looks: list[Look] = []
    took_s = seconds(lambda: looks.append(look_at(store, "main", now)))
    look = looks[0]
    path, render_s = rendered(folder, "nightly.html", lambda: nightly_page(store, look))
    said(f"nightly: reading and tracking {look.tracked.series} series x {look.tracked.nights} nights", f"{took_s:.2f} s")
    said("nightly: queries of its blocks and rendering", f"{render_s:.2f} s", "< 1 s")
    said("nightly: size", f"{path.stat().st_size / 1e6:.2f} MB", "< 3 MB")
    promised = nights.Promised("suite.toml", tuple(_budget(net.id) for net in RACK.nets), Plan())
    with_budgets, render_s = rendered(folder, "budgets.html", lambda: nightly_page(store, look, None, night_budgets(store, look, promised)))
    said(f"nightly with {len(promised.budgets)} budgets: judging, queries and rendering", f"{render_s:.2f} s")
    said(f"nightly with {len(promised.budgets)} budgets: size", f"{with_budgets.stat().st_size / 1e6:.2f} MB", "< 3 MB")
    return path


def _budget(workload: str) -> Budget:
    return Budget(workload, "latency_ns", Statistic.P50, max_regression=0.05)


def history_at_size(folder: Path) -> Path:
    """Make a series of 100,000 runs and its history."""
    store = Store(folder / "long.duckdb")
    store.append([])
    with duckdb.connect(store.path) as connection:
        for statement in LONG:
            connection.execute(statement)
    look = look_at(store, "main", datetime(2025, 6, 1, 9))  # noqa: DTZ001 - the database's times are naive
    chosen = choose(look, "s25", "net", "latency_ns")
    path, render_s = rendered(folder, "history.html", lambda: history_page(store, look, chosen))
    said(f"history of {POINTS} runs: rendering", f"{render_s:.2f} s")
    said(f"history of {POINTS} runs: size", f"{path.stat().st_size / 1e6:.2f} MB")
    return path


def main() -> None:
    """Print the table; keep the pages where a folder is named."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        nightly, history = nightly_at_size(folder), history_at_size(folder)
        with chromium() as browser:
            said("nightly: first paint", f"{first_paint_ms(browser, nightly):.0f} ms", "< 300 ms")
            said("history: first paint", f"{first_paint_ms(browser, history):.0f} ms", "< 300 ms")
            said("history: 100,000 points from the begin of the view to their frame", f"{painted_ms(browser, history):.0f} ms", "< 150 ms")


if __name__ == "__main__":
    main()
