"""Which night it is, what of it is stored, and opening it: everything that should be measured is written down before anything is."""

import hashlib
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from farm import leases, units
from farm.cli.context import Context, owner, say
from farm.cli.nightly_book import Book, Expected, Stored
from farm.cli.nightly_measure import folder_of
from farm.cli.nightly_plan import Planning, devices_of, due, estimates, rows_of, wanted_of
from farm.errors import ClockDoubted, ConfigError, DeviceBusy, InputError
from farm.nights import Estimate, Slot, Step, believe, slot_of, which
from farm.workloads import new_id

if TYPE_CHECKING:
    from farm.config import Suite

_SILENT_DAYS = 7


@dataclass(frozen=True, slots=True)
class Asked:
    """What was given on the command line."""

    suite: Path
    pool: str | None = None
    branch: str = "main"
    revision: str | None = None
    wheel: Path | None = None
    trust_clock: bool = False


@dataclass(frozen=True, slots=True)
class File:
    """The suite as its file has it now. suite None: it has these problems."""

    path: Path
    text: str
    suite: "Suite | None"
    pool: str
    name: str
    """Of the suite; where it has problems, of the newest night that went by this file."""
    problem: ConfigError | None = None

    @property
    def sha256(self) -> str:
        """Of the file's bytes."""
        return hashlib.sha256(self.text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Tonight:
    """Which night it is. stored: it was opened before; abandoned: earlier ones that never came to their end."""

    step: Step
    slot: Slot
    stored: Stored | None
    abandoned: Sequence[Stored]


def file_of(context: Context, book: Book, asked: Asked) -> File:
    """Read the suite. Raises ConfigError where it has problems, unless a night goes on by what it held before."""
    from farm.config import load_suite

    lab, path = context.lab(), asked.suite.resolve()
    now = book.clock.now_utc()
    try:
        text = path.read_text(encoding="utf-8")
        suite = load_suite(asked.suite, lab.devices, lab.pools, is_built=False, may_lack=True)
    except (OSError, UnicodeDecodeError, ConfigError) as error:
        words = error.strerror if isinstance(error, OSError) else "it is no text"
        problem = error if isinstance(error, ConfigError) else ConfigError([f"{asked.suite} cannot be read: {words}"])
        newest = {night.pool: night for night in reversed(book.nights(asked.pool, None, path))}
        goes_on = [night for night in newest.values() if night.exit_code is None and now < night.slot.ends_at]
        if len(goes_on) != 1:
            raise problem from error
        return File(path, "", None, goes_on[0].pool, goes_on[0].suite, problem)
    pool = asked.pool or suite.schedule.pool
    if pool is None:
        raise InputError("no pool is named", hint='name one with --pool, or write pool = "rack" under [schedule] of the suite')
    return File(path, text, suite, pool, suite.name)


@contextmanager
def held(context: Context, file: File) -> Iterator[None]:
    """Be the only nightly of this suite on this pool; another process's is named with what it runs since when, as DeviceBusy."""
    folder = folder_of(context)
    folder.mkdir(parents=True, exist_ok=True)
    mark = hashlib.sha256(f"{file.pool}\n{file.name}".encode()).hexdigest()[:16]
    with leases.hold(f"nightly-{mark}", f"the nightly of suite {file.name} on pool {file.pool}", owner(), folder):
        yield


def refuse_while_at_work(context: Context) -> None:
    """Raise DeviceBusy, naming it, while a nightly of this data folder is at work."""
    folder = folder_of(context)
    for lock in folder.glob("farm-nightly-*.lock"):
        if (words := leases.holder(lock.stem.removeprefix("farm-"), folder)) is not None:
            raise DeviceBusy(f"a nightly is at work, and would lose its night: {words}", hint="wait until that has ended, or stop it")


def doubts(book: Book, asked: Asked) -> list[str]:
    """Hold the clock against what is stored; return what is odd. Raises ClockDoubted where no night may be called after it."""
    seen, now = book.seen(), book.clock.read()
    belief = believe(now, seen)
    if belief.is_refused and not asked.trust_clock:
        raise ClockDoubted(
            f"{belief.words}: no night is opened by it, and none is gone on with",
            hint="set the clock; if it is right, and what is stored is of a wrong one, say --trust-clock once",
        )
    if asked.trust_clock:
        book.trust(seen)
    if belief.words:
        return [f"{belief.words}{'; it was said to be right' if asked.trust_clock else ''}"]
    silent_days = 0 if seen.stored_at is None else (now.at - seen.stored_at).days
    if silent_days >= _SILENT_DAYS:
        return [f"nothing was stored for {silent_days} days: nothing was measured, or the clock was set forward"]
    return []


def tonight(book: Book, file: File) -> Tonight:
    """Return which night it is, and what of it is stored."""
    nights = book.nights(file.pool, file.name, file.path)
    newest = nights[0] if nights else None
    if file.suite is None:
        assert newest is not None, "a suite with problems is only gone on with"
        step, slot = Step.GO_ON, newest.slot
    else:
        names = tuple(workload.id for workload, _ in file.suite.work)
        step, slot = which(book.clock.now_utc(), file.suite.schedule, names, None if newest is None else newest.slot)
    stored = newest if step is Step.GO_ON else None
    return Tonight(step, slot, stored, [each for each in nights if each.exit_code is None and each is not stored])


def nothing_due(file: File, slot: Slot) -> str:
    """Return in a sentence that nothing is due, and when something is."""
    assert file.suite is not None
    following = file.suite.schedule.next_due(slot.label, tuple(workload.id for workload, _ in file.suite.work))
    later = "nothing ever is" if following is None else f"next on the night of {following}"
    return f"nothing of suite {file.name} is due on the night of {slot.label} ({file.suite.schedule.cadence.text}): {later}"


def edited(file: File, stored: Stored) -> str | None:
    """Return in a sentence that the suite is another one than the night was opened with; None: it is not."""
    if file.problem is not None:
        problems = "; ".join(file.problem.problems)
        return f"{file.path.name} has problems now ({problems}): the night goes by what it held when it was opened"
    if file.sha256 == stored.suite_sha256:
        return None
    return f"{file.path.name} was edited since the night was opened: the night goes by what it held then, the next one by the edited suite"


def opened(context: Context, book: Book, asked: Asked, file: File, slot: Slot) -> Stored:
    """Open a night: write down what should be measured, before anything is."""
    assert file.suite is not None, "a night is opened by a suite without problems"
    now = book.clock.now_utc()
    earlier = book.nights(file.pool, file.name, file.path)
    stored = Stored(
        id=new_id(now),
        slot=slot,
        suite=file.suite.name,
        suite_file=file.path,
        suite_sha256=file.sha256,
        suite_text=file.text,
        pool=file.pool,
        branch=asked.branch,
        revision=asked.revision,
        seed=earlier[0].seed if earlier else secrets.randbits(32),
        opened_at=now,
        who=owner().words,
    )
    planning = _planning(context, file, slot, stored.seed)
    wanted = wanted_of(context, asked.branch, planning.devices, planning.work)
    expected = planning.expected(book, wanted)
    parts = (
        units.counted(len(expected), "job"),
        units.counted(len(planning.work), "workload"),
        units.counted(len(planning.devices), "device"),
    )
    words = f"{parts[0]} of {parts[1]} on {parts[2]} expected"
    book.add(rows_of(stored, planning, expected) | book.event(stored.id, "open", words))
    say(f"open: {stored.name}: {words}")
    return stored


def _planning(context: Context, file: File, slot: Slot, seed: int) -> Planning:
    assert file.suite is not None
    return Planning(file.suite, file.pool, devices_of(context, file.suite, file.pool), due(file.suite, slot), seed)


@dataclass(frozen=True, slots=True)
class Preview:
    """What --dry-run shows."""

    headline: str
    expected: Sequence[Expected]
    times: Mapping[str, Estimate]
    time_budget_s: float
    lost: Mapping[str, str] = field(default_factory=dict)
    """Workloads that could not be measured, as their files are not there, and why."""


def preview(context: Context, book: Book, asked: Asked) -> Preview:
    """Return what a night would measure: what is left of the one that goes on, else of this one, else of the next one."""
    file = file_of(context, book, asked)
    if file.suite is None:
        assert file.problem is not None
        raise file.problem
    found = tonight(book, file)
    schedule = file.suite.schedule
    if found.stored is not None and found.stored.exit_code is None:
        left = [each for each in book.expected(found.stored.id) if each.state == "to come"]
        waiting = len(context.journal.entries())
        less = f", less what is measured and waits in the journal ({waiting})" if waiting else ""
        headline = f"{found.stored.name} goes on: {len(left)} jobs are to come{less}"
        lost = {each.workload: each.lacking for each in left if each.artifact_sha256 is None}
        return Preview(headline, left, estimates(book, left), schedule.time_budget_s, lost)
    slot, prefix = found.slot, ""
    if found.step is not Step.OPEN:
        over = f"{found.stored.name} is over" if found.stored is not None else nothing_due(file, slot)
        following = schedule.next_due(slot.label, tuple(workload.id for workload, _ in file.suite.work))
        if following is None:
            return Preview(over, [], {}, schedule.time_budget_s)
        slot, prefix = slot_of(following, schedule), f"{over}; "
    earlier = book.nights(file.pool, file.name, file.path)
    planning = _planning(context, file, slot, earlier[0].seed if earlier else 0)
    expected = planning.expected(book, wanted_of(context, asked.branch, planning.devices, planning.work))
    drawn = "" if earlier else "; its order is drawn when the first night is opened, and this is an example of one"
    headline = f"{prefix}the night of {slot.label} (suite {file.name}, pool {file.pool}) would measure {len(expected)} jobs{drawn}"
    lost = {each.workload.id: each.artifact for each in planning.work if isinstance(each.artifact, str)}
    return Preview(headline, expected, estimates(book, expected), schedule.time_budget_s, lost)
