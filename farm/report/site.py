"""A folder of pages that link to each other: what `farm report site` writes, and which of them have to be written anew."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from farm import __version__
from farm.findings import Followed
from farm.report import health, nightly, page, profiles, series, steadiness, verdict, words
from farm.report.device import device_page
from farm.report.history import Chosen, history_page
from farm.report.look import Look
from farm.report.night import Unsent, rack_night
from farm.report.verdict import NightBudgets
from farm.sources import source_root
from farm.store import Store

INDEX, NIGHTLY = "index.html", "nightly.html"


@dataclass(frozen=True, slots=True)
class SitePage:
    """A file of the site. Where key is what it was, the file need not be written again."""

    name: str
    key: str
    made: Callable[[], str]


@dataclass(frozen=True, slots=True)
class GateEntry:
    """A gate of the list: the row of `report_gates`, and what makes its page."""

    row: Mapping[str, Any]
    made: Callable[[], str]

    @property
    def name(self) -> str:
        """Its file."""
        return f"gate-{self.row['gate_id'][-words.SHORT :]}.html"


def site(
    store: Store, look: Look, gates: Sequence[GateEntry], promised: NightBudgets | None = None, unsent: Sequence[Unsent] = ()
) -> list[SitePage]:
    """Return every page of the site, the index first: the nightly (with a suite's budgets), gates, devices, and series.

    Of series, those of the metrics that passes are run for, and those with findings.
    """
    tracked = look.tracked
    known = store.query("report_devices", branch=tracked.branch, as_of=look.now, device=None)
    suspects = steadiness.suspects(store.query("canary_states"))
    ids = {series.name_of(change.series) for change in tracked.changes}
    shown = [item for item in look.followed if series.is_headline(item.series.metric) or series.name_of(item.series) in ids]
    pages = {series.name_of(item.series): f"history-{series.name_of(item.series)}.html" for item in shown}
    state = (tracked.groups, tracked.missing, tracked.pending, tracked.last_night, tracked.values, suspects)
    devices = [(row["device"], f"device-{_short(row['device_id'])}.html", row) for row in known.iter_rows(named=True)]
    files = {device: name for device, name, _ in devices}
    found = [
        SitePage(
            NIGHTLY,
            _key(state, pages, promised, files, rack_night(store, tracked.branch, look.now, unsent), _profiled(store, look)),
            lambda: nightly.nightly_page(store, look, pages, promised, files, unsent),
        ),
        *(SitePage(entry.name, _key(entry.row, tracked.branch), entry.made) for entry in gates),
        *(
            SitePage(
                name,
                _key(state, row, pages, _steady(store, look, row), _profiled(store, look, row["device_id"])),
                _device(store, look, device, pages),
            )
            for device, name, row in devices
        ),
        *(SitePage(pages[series.name_of(item.series)], _history_key(store, look, item), _history(store, look, item)) for item in shown),
    ]
    return [SitePage(INDEX, _key([one.key for one in found]), lambda: _index(store, look, gates, devices, shown, pages, promised)), *found]


def _steady(store: Store, look: Look, row: Mapping[str, Any]) -> list[Any]:
    """Return what a device's page says of its canary and its noise: both may be new without any new run of the branch."""
    found = store.queries({name: {"device": row["device_id"], "as_of": look.now} for name in ("report_canaries", "report_noises")})
    return [frame.rows() for frame in found.values()]


def _device(store: Store, look: Look, device: str, pages: Mapping[str, str]) -> Callable[[], str]:
    return lambda: device_page(store, look, device, pages)


def _history(store: Store, look: Look, item: Followed) -> Callable[[], str]:
    chosen = Chosen(item.series.device, item.series.workload, item.series.metric)
    return lambda: history_page(store, look, chosen, in_site=True)


def _history_key(store: Store, look: Look, item: Followed) -> str:
    changes = [change for change in look.tracked.changes if change.series == item.series]
    return _key(item, changes, _profiled(store, look, item.series.device_id, item.series.workload))


def _profiled(store: Store, look: Look, device_id: str | None = None, workload: str | None = None) -> list[Any]:
    """Return which profiles a page shows: they may be new without any new night of a series."""
    return profiles.newest_runs(store, look, device_id, workload).rows()


def _index(
    store: Store,
    look: Look,
    gates: Sequence[GateEntry],
    devices: Sequence[tuple[str, str, Mapping[str, Any]]],
    shown: Iterable[Followed],
    pages: Mapping[str, str],
    promised: NightBudgets | None,
) -> str:
    """Return the page that all others are reached from."""
    tracked = look.tracked
    files = {device: name for device, name, _ in devices}
    asked = {"branch": tracked.branch, "as_of": look.now, "device": None}
    outcomes = store.query("report_outcomes", **asked, since=health.since(tracked.last_night))
    suspects = steadiness.suspects(store.query("canary_states"))
    lines = health.devices(store.query("report_devices", **asked), outcomes, tracked, suspects)
    histories = series.Histories(tuple(shown), tracked.changes, tracked.branch, pages)
    content = series.data(histories) | {"runs": [], "opened": {}, "facts": [], "commands": []}
    return page.render(
        "index.html.j2",
        content,
        title=words.title(f"farm: {tracked.branch}"),
        in_site=False,
        tracked=tracked,
        said=verdict.of(tracked, promised),
        sentence=verdict.sentence(tracked, promised),
        gates=[(entry, words.moment(entry.row["judged_at"]), verdict.SAID[entry.row["exit_code"]]) for entry in gates],
        devices=[(line, files[line.device]) for line in lines],
        nightly=NIGHTLY,
        command=words.command("farm", "report", "site", "--branch", tracked.branch, *(() if promised is None else promised.options)),
    )


def _key(*values: object) -> str:
    """Return a hash of what a page is made of: values whose text says all of them, farm's version, and the sources of the pages."""
    return hashlib.sha256(f"{__version__} {_sources()} {values!r}".encode("utf-8", "replace")).hexdigest()


@lru_cache(maxsize=1)
def _sources() -> str:
    root = source_root("reports")
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file())).hexdigest()


def _short(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[: words.SHORT]
