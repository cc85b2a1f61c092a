"""What a night does beside measuring, as functions that a lab's other parts (and tests) give: health checks, canary, report, notices."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Protocol

from farm.cli.context import Context, now_utc
from farm.devices import Transport, connect
from farm.workloads import Device


class Checked(Protocol):
    """What the checks before work say of a device; reason: why it takes no part."""

    @property
    def device(self) -> Device:
        """The device."""

    @property
    def takes_part(self) -> bool:
        """Whether it is measured."""

    @property
    def reason(self) -> str:
        """Why not."""

    @property
    def wants_canary(self) -> bool:
        """Whether it takes no part, and nothing but its canary is in its way: only another canary can bring it back."""


@dataclass(frozen=True, slots=True)
class News:
    """What a night tells people."""

    night: str
    branch: str
    suite: str
    pool: str
    exit_code: int
    verdict: str
    new: tuple[str, ...]
    """What was found for the first time."""
    missing: tuple[str, ...]
    odd: tuple[str, ...]
    """What was noticed beside: the clock, an edited suite, an earlier night that never ended."""
    page: Path | None
    regressions: Mapping[str, str] = field(default_factory=dict)
    """What is worse for sure, in a sentence by the finding."""


@dataclass(frozen=True, slots=True)
class Steps:
    """The functions; each returns what it has to say in words."""

    health: Callable[[Context, Sequence[Device], datetime], Sequence[Checked]]
    """Of devices, in the night that began at a time. Raises HostExhausted where this host has no room left."""
    canary: Callable[[Context, Sequence[Device], Path | None], str]
    report: Callable[[Context, str, datetime], tuple[str, Path]]
    """Of a branch at a time; also returns the page."""
    notify: Callable[[Context, News], str]
    pause_s: float = 30.0
    """Before a device that was lost, or not to be reached, is tried again."""
    rack: Callable[[Context, str, Mapping[str, str], int], None] = lambda *_: None
    """Of a pool: why each device that takes no part does not, and how many devices it has; told at once where that is all of them."""
    retry: Callable[[Context], None] = lambda _: None
    """Send again what nobody was told yet."""
    connect: Callable[[Device, Path], Transport] = connect
    """How a device is reached to be measured."""


def usual_steps() -> Steps:
    """Return what farm itself has of these."""
    return Steps(_looked_at, _sung, _reported, _told, rack=_rack_told, retry=_told_late)


def _looked_at(context: Context, devices: Sequence[Device], night: datetime) -> Sequence[Checked]:
    from farm.cli import healthy
    from farm.cli.nightly_measure import GO_ON

    checked = healthy.check(context, devices, night=healthy.Night(night, GO_ON))
    for one in checked:
        if one.exhausted is not None:
            raise one.exhausted
    return checked


def _sung(context: Context, devices: Sequence[Device], wheel: Path | None) -> str:
    from farm.canary import State
    from farm.cli import canary
    from farm.cli.measuring import Measuring
    from farm.queue import Priority

    found = canary.sing(context, devices, wheel, measuring=partial(Measuring, priority=Priority.NIGHTLY))
    told = [one for one in found if one.judged is None or one.judged.state not in (State.WITHIN, State.BAND)]
    within = len(found) - len(told)
    parts = [f"{within} of {len(found)} as they were"] if within or not told else []
    return "; ".join([*parts, *(f"{one.device}: {one.judged.reason if one.judged else one.failure}" for one in told)])


def _reported(context: Context, branch: str, now: datetime) -> tuple[str, Path]:
    from farm.cli.report import unsent, write_site
    from farm.report import INDEX

    page = _page(context, branch, now)
    folder = context.data / "site"
    written, every = write_site(context.drained_store(), branch, now.replace(tzinfo=None), folder, unsent=unsent(context))
    return f"{page}; {folder / INDEX} ({written} of {every} pages written)", page


def _page(context: Context, branch: str, now: datetime) -> Path:
    """Write the nightly's page, and return where it is."""
    from farm.cli import places
    from farm.cli.report import look_at, unsent
    from farm.report import nightly_page

    store = context.drained_store()
    page = context.data / "reports" / "nightly.html"
    places.page(page).write(nightly_page(store, look_at(store, branch, now.replace(tzinfo=None)), unsent=unsent(context)))
    return page


def _told(context: Context, news: News) -> str:
    from farm.cli import notified
    from farm.notices import Night, of_night

    targets = notified.targets(context)
    if not targets:
        return "nobody is told: devices.toml names no target under [notify]"
    of, where = f"{news.suite} on {news.pool}", "" if news.page is None else str(news.page)
    night = Night(of, news.night, news.exit_code, news.verdict, news.new, news.missing, news.odd, where, news.regressions)
    told = notified.tell(context, targets, of_night(night))
    if notified.failures(context) and news.page is not None:
        _page(context, news.branch, now_utc())  # what nobody was told is on it
    return told.words


def _rack_told(context: Context, pool: str, reasons: Mapping[str, str], devices: int) -> None:
    """Tell people that no device of a pool can be measured, or that one can again; what failed to be told before is tried again, too."""
    from farm.cli import notified
    from farm.notices import of_rack

    if targets := notified.targets(context):
        notified.tell(context, targets, of_rack(pool, reasons, devices))


def _told_late(context: Context) -> None:
    from farm.cli import notified

    if notified.failures(context):
        notified.retry(context, notified.targets(context))
