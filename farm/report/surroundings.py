"""What changed beside the models: on the devices, in systems, runtimes and tools."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from farm.findings import Tracked, TrackedChange
from farm.report import series, words
from farm.report.health import Event


@dataclass(frozen=True, slots=True)
class Surrounding:
    """Something beside the models that changed in one night, with the numbers that changed there: their links and names."""

    day: str
    devices: tuple[str, ...]
    what: str
    before: str
    after: str
    links: tuple[tuple[str, str], ...]


def environment(events: Sequence[Event], tracked: Tracked, most: int = 40) -> list[Surrounding]:
    """Return what changed beside the models, the newest first; restarts are left to the plots."""
    alike: dict[tuple[date, str, str, str], list[Event]] = {}
    for event in events:
        if event.what != "restarted":
            alike.setdefault((event.night, event.what, event.before, event.after), []).append(event)
    found = []
    for (night, what, before, after), own in sorted(alike.items(), key=lambda item: item[0][0], reverse=True)[:most]:
        changes = [change.series for change in tracked.changes if any(_lies_there(event, change) for event in own)]
        links = tuple((series.name_of(item), f"{item.workload} {words.label(item.metric)} on {item.device}") for item in changes)
        found.append(Surrounding(words.day(night), tuple(sorted({event.device for event in own})), what, before, after, links))
    return found


def _lies_there(event: Event, change: TrackedChange) -> bool:
    return change.series.device == event.device and change.place.after.at < event.at <= change.place.until.at


def event_data(events: Sequence[Event], epoch: str) -> list[list[Any]]:
    """Return events as the plots take them: minutes since the page's first night, device, what, before, after."""
    begin = series.naive(epoch)
    return [[series.minutes(event.at, begin), event.device, event.what, event.before, event.after] for event in events]
