"""Fill a data folder with a year of a rack that never was, tracked week by week, with a gate, and write the site of its pages.

python -m tests.report --data .farm/demo-report   (--picture docs/nightly.webp: also the README's picture)
"""

import argparse
import io
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

from PIL import Image

from farm.cli.report import write_site
from farm.cli.track import Asked, look
from farm.store import Store
from tests.report import fleet, gates, steady
from tests.report.browser import chromium, opened
from tests.report.year import Year
from tests.track.rack import load

NIGHTS = 200


def demo_year(today: datetime) -> Year:
    """Return a rack whose last night was yesterday's: six phones, of which one died, and three models under four schemes."""
    first = (today - timedelta(days=NIGHTS)).replace(hour=23, minute=50, second=0, microsecond=0)
    nets = (*fleet.nets(3, 4), *fleet.SMALL_LM)
    return Year(phones=fleet.PHONES[:6], nets=nets, nights=NIGHTS, runs=4, detailed=4, first=first, dies=("s23", 0.93))


def acknowledged(store: Store, at: datetime) -> None:
    """Say of what a battery did that it is known."""
    tracked = look(store, Asked("main", at))
    group = next((group for group in tracked.groups if group.worse and group.devices == ("oneplus13",)), None)
    if group is not None:
        said = {"said_at": at, "answer": "accept", "until": (at + timedelta(days=40)).date(), "owner": "kim", "revision": None}
        reason = {"reason": "its battery overheats; a new one is ordered"}
        store.add({"acknowledgements": [{"finding_id": change.id, **said, **reason} for change in group.members]})


def pictured(page: Path, into: Path) -> None:
    """Write what somebody sees who opens a page."""
    with chromium() as browser, opened(browser, page.resolve(), size=(1280, 1640), color_scheme="light") as it:
        Image.open(io.BytesIO(it.page.screenshot())).convert("RGB").resize((960, 1230)).save(into, quality=80, method=6)


def main() -> None:
    """Make the database and the site."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--picture", type=Path, help="where to put a picture of the nightly's first screen")
    given = parser.parse_args()
    data = given.data
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(parents=True)
    today = datetime.now(UTC)
    year, store = demo_year(today), Store(data / "farm.duckdb")
    load(store, year.records())
    steady.sing(store, year)
    steady.calibrate(store, year)
    now = (year.began_at(NIGHTS - 1) + timedelta(hours=10)).replace(tzinfo=None)
    for weeks in range(8, 0, -1):
        look(store, Asked("main", now - timedelta(weeks=weeks)))
    acknowledged(store, now - timedelta(days=3))
    gates.judge(store, year, now, baseline="v1.4", candidate="v1.5")
    written, _ = write_site(store, "main", now, data / "site", gates.PROMISED)
    if given.picture is not None:
        pictured(data / "site" / "nightly.html", given.picture)
    print(f"farm: {written} pages: {data / 'site' / 'index.html'}")  # noqa: T201


if __name__ == "__main__":
    main()
