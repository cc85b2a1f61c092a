"""One night from its opening to its notice; each phase is one line, and is stored when it is done."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING

from farm import units
from farm.cli import host
from farm.cli import nightly_end as end
from farm.cli.context import Context, say
from farm.cli.nightly_book import Book, Expected, Stored
from farm.cli.nightly_clock import Watch
from farm.cli.nightly_devices import found_again
from farm.cli.nightly_dry import makespan
from farm.cli.nightly_measure import GO_ON, Measurement, Why, answers, forget, jobs_of, left_of, taken_up
from farm.cli.nightly_plan import due, estimates
from farm.cli.nightly_steps import News, Steps
from farm.cli.standings import Standings, cool_downs, read_aside
from farm.errors import FarmError, StoreError
from farm.nights import Reading, elapsed_s
from farm.records import Record, Row, utc
from farm.workloads import Device, Job

if TYPE_CHECKING:
    from farm.config import Suite

_COULD_NOT_TELL = 3
_OUT_OF_TIME = "the night's time was over before it was its turn"


def close_abandoned(context: Context, book: Book, night: Stored) -> str:
    """Close a night that never came to its end, and that is over: what it measured counts, the rest is accounted for."""
    begun = taken_up(context, night)
    expected = book.expected(night.id)
    rows = answers(night, expected, begun.journal.records(), lambda _: "the night ended before it was measured", book.clock.now_utc())
    valid = sum(each.state == "done" for each in expected) + sum(row["is_valid"] for row in rows)
    verdict = f"it never came to its end: {valid} of {len(expected)} jobs measured"
    book.add({"expected_answers": rows} | _end_row(book, night, _COULD_NOT_TELL, verdict))
    begun.remove()
    return f"{night.name} was begun and {verdict}"


@dataclass(slots=True)
class Night:
    """A night under way."""

    context: Context
    book: Book
    steps: Steps
    stored: Stored
    wheel: Path | None
    odd: list[str]
    """What was noticed beside, for people."""
    began: Reading
    watch: Watch
    done: set[str] = field(default_factory=set)
    """The phases that are done."""

    def run(self) -> int:
        """Do what is left of the night, and return its exit code."""
        self.done = {event["phase"] for event in self.book.events(self.stored.id) if event["is_done"]}
        if "measure" in self.done:
            forget(self.context, self.stored)
        for words in self.odd:
            self._note("odd", words)
        if self.stored.exit_code is not None:
            return self._told_again(self.stored.exit_code, self.stored.verdict or "")
        if "measure" not in self.done:
            self._measure()
        self.book.drain()
        expected = self.book.expected(self.stored.id)
        history = end.followed(self.context, self.stored.branch, self.book.clock.now_utc())
        self._phase("track", history.words)
        code = end.night_exit_code(expected, history)
        verdict = f"{end.measured_words(expected)}; {history.words}"
        self.book.add(_end_row(self.book, self.stored, code, verdict) | self.book.event(self.stored.id, "close", f"exit code {code}"))
        return self._tell(code, verdict, expected, history)

    def _told_again(self, code: int, verdict: str) -> int:
        """Do what failed after the night had come to its end; mostly that is nothing."""
        left = [phase for phase in ("report", "notify") if phase not in self.done]
        say(f"{self.stored.name} has come to its end{', but for: ' if left else ''}{', '.join(left)}")
        if not left:
            self.steps.retry(self.context)
            end.show(self.stored, verdict, [])
            return code
        history = end.followed(self.context, self.stored.branch, self.book.clock.now_utc())
        return self._tell(code, verdict, self.book.expected(self.stored.id), history)

    def _measure(self) -> None:
        """Check the devices, sing the canary, measure, and store what came of every job. Raises HostExhausted where there is no room."""
        host.check(self.context.journal.folder, GO_ON)  # before a device is blamed for a disk that is this host's
        expected, hung = self.book.expected(self.stored.id), self.book.devices(self.stored.id)
        why = Why()
        suite = self._suite(hung, why)
        lab = self.context.lab()
        pool = {name: lab.devices[name] for name in lab.pools.get(self.stored.pool, ())}
        found, gone = found_again(hung, pool | dict(lab.devices), self.context)
        why.devices.update(gone)
        devices, quiet = self._healthy({name: suite.on(device) for name, device in found.items()}, why)
        self._canary(suite, [*devices.values(), *quiet])
        jobs = jobs_of(expected, devices, due(suite, self.stored.slot), why)
        begun = taken_up(self.context, self.stored)
        self._say_plan(jobs, expected, begun.journal.records(), suite.schedule.time_budget_s)
        may_go_on = self._until(suite.schedule.time_budget_s)
        measurement = Measurement(self.context, self.stored, self.steps, begun, self.wheel, may_go_on, why, self.book.clock.now_utc)
        try:
            measurement.measure(jobs)
        except KeyboardInterrupt:
            say("what had been measured is stored; the same command goes on with the night")
            raise
        self._look_at_the_clock()
        otherwise = "it was not measured" if may_go_on() else _OUT_OF_TIME
        rows = answers(self.stored, expected, begun.journal.records(), lambda each: why.of(each, otherwise), self.book.clock.now_utc())
        valid = sum(row["is_valid"] for row in rows)
        words = f"{valid} of {len(rows)} jobs have a valid run{'' if valid == len(rows) else ', the others are accounted for'}"
        identities = [{"night_id": self.stored.id, "device_name": name, "device_id": own} for name, own in measurement.found.items()]
        event = self.book.event(self.stored.id, "measure", words)
        self.book.add({"night_identities": identities, "expected_answers": rows} | event)
        begun.remove()
        say(f"measure: {words}")

    def _suite(self, hung: Mapping[str, object], why: Why) -> "Suite":
        """Return the suite that the night was opened with, less the workloads whose files are gone, which is told in why.

        What it names of the lab may have other names by now.
        """
        from farm.config import load_suite, lost_inputs

        lab, night = self.context.lab(), self.stored
        names, pools = {**lab.devices, **dict.fromkeys(hung)}, {**lab.pools, night.pool: tuple(hung)}
        why.workloads.update(lost_inputs(night.suite_text, night.suite_file))
        return load_suite(night.suite_file, names, pools, is_built=False, text=night.suite_text, without=frozenset(why.workloads))

    def _healthy(self, devices: Mapping[str, Device], why: Why) -> tuple[dict[str, Device], list[Device]]:
        """Return the devices that take part, and those that only wait for their canary to be as it was."""
        here = [device for device in devices.values() if device.host is None]
        checked = self.steps.health(self.context, here, self.stored.slot.begins_at) if here else []
        away = self._elsewhere(devices, why)
        for one in checked:
            if not one.takes_part:
                why.devices[one.device.name] = f"it takes no part: {one.reason}"
        out = [f"{name}: {reason}" for name, reason in why.devices.items()]
        taking = {one.device.name: one.device for one in checked if one.takes_part} | away
        parts = [f"{len(taking)} of {len(self.book.devices(self.stored.id))} devices take part", *out]
        self._phase("health", "; ".join(parts))
        self.steps.rack(self.context, self.stored.pool, why.devices, len(self.book.devices(self.stored.id)))
        return taking, [one.device for one in checked if one.wants_canary]

    def _elsewhere(self, devices: Mapping[str, Device], why: Why) -> dict[str, Device]:
        """Return the devices of other hosts that take part: they are not looked at from here, and each host's farm holds its own."""
        away = {name: device for name, device in devices.items() if device.host is not None}
        known = (read_aside(self.context) or Standings()) if away else Standings()
        for name, device in away.items():
            if not (stood := known.of(name)).standing.health.takes_part:
                why.devices[name] = f"it takes no part: it is {stood.text}"
            else:
                say(f"{name} hangs on {device.host} and is not looked at from here: farm devices check does that there")
        return {name: device for name, device in away.items() if name not in why.devices}

    def _canary(self, suite: "Suite", devices: Sequence[Device]) -> None:
        """Measure the fixed artifact on each device; a canary that cannot be measured keeps nobody from measuring."""
        here = [device for device in devices if device.host is None]
        if not here or "canary" in self.done:
            return
        if not suite.schedule.canary:
            self._phase("canary", "left out by the schedule")
            return
        try:
            self._phase("canary", self.steps.canary(self.context, here, self.wheel))
        except StoreError:
            raise
        except FarmError as error:
            self._note("canary", f"not known: {error.message}", is_done=False)

    def _say_plan(
        self, jobs: Mapping[str, Sequence[Job]], expected: Sequence[Expected], before: Sequence[Record], time_budget_s: float
    ) -> None:
        left = left_of(jobs, before)
        to_come = {(job.device.name, job.workload.id, job.pass_, job.repeat) for own in left.values() for job in own}
        own = [each for each in expected if (each.device, each.workload, each.pass_, each.repeat) in to_come]
        ended = sum(map(len, jobs.values())) - len(to_come)
        taken = f", and {units.counted(ended, 'job')} came to an end in {units.counted(len(before), 'run')} before" if before else ""
        planned, where = units.counted(len(own), "job"), units.counted(len(left), "device")
        say(f"plan: {planned} on {where}{taken}; {makespan(estimates(self.book, own), time_budget_s)}")

    def _until(self, time_budget_s: float) -> Callable[[], bool]:
        """Return what says whether the night may go on measuring: not beyond its budget, nor into the next night.

        The time of day is asked once, at the beginning: a clock that is set while the night goes on neither ends nor prolongs it.
        """
        to_end_s = (self.stored.slot.ends_at - self.began.at).total_seconds()
        until_s = self.began.uptime_s + min(time_budget_s - elapsed_s(self._opened(), self.began), to_end_s)

        def may_go_on() -> bool:
            self.watch.look()
            return self.book.clock.uptime_s() < until_s

        return may_go_on

    def _opened(self) -> Reading:
        """Return what the clocks said when the night was opened."""
        event = next(event for event in self.book.events(self.stored.id) if event["phase"] == "open")
        return Reading(event["noted_at"].replace(tzinfo=UTC), event["boot"], event["uptime_s"])

    def _look_at_the_clock(self) -> None:
        self.watch.look()
        for words in self.watch.take():
            self.odd.append(words)
            self._note("clock", words)

    def _tell(self, code: int, verdict: str, expected: Sequence[Expected], history: end.Followed) -> int:
        """Write the report, tell people, and show the night; what fails here is done again by the next start."""
        page: Path | None = None
        failed = False
        if "report" not in self.done:
            try:
                words, page = self.steps.report(self.context, self.stored.branch, self.book.clock.now_utc())
                self._phase("report", words)
            except FarmError as error:
                failed = True
                self._note("report", f"failed: {error.message}", is_done=False)
        missing, new = end.missing_lines(expected), history.new(self.stored.opened_at.replace(tzinfo=None))
        worse = history.regressions()
        if "notify" not in self.done:
            night = self.stored
            told = (code, verdict, new, missing, tuple(self.odd), page, worse)
            news = News(str(night.slot.label), night.branch, night.suite, night.pool, *told)
            try:
                self._phase("notify", self.steps.notify(self.context, news))
            except FarmError as error:
                failed = True
                self._note("notify", f"failed: {error.message}", is_done=False)
        now = self.book.clock.read()
        whole, this = (end.duration_text(elapsed_s(since, now)) for since in (self._opened(), self.began))
        cooled = [f"{name} {own.sentence}" for name, own in cool_downs(self.context, self.stored.opened_at).items()]
        times = [f"{whole} since the night was opened{'' if whole == this else f', {this} of it in this start'}"]
        known = [words for words in worse.values() if words not in new]
        end.show(
            self.stored,
            verdict,
            [("new", new), ("regressed", known), ("missing", missing), ("noticed", self.odd), ("cooling", cooled), ("time", times)],
        )
        return max(code, _COULD_NOT_TELL) if failed else code

    def _phase(self, phase: str, words: str) -> None:
        """Say and store that a phase is done."""
        self._note(phase, words)
        self.done.add(phase)

    def _note(self, phase: str, words: str, *, is_done: bool = True) -> None:
        say(f"{phase}: {words}")
        self.book.note(self.stored.id, phase, words, is_done=is_done)


def _end_row(book: Book, night: Stored, code: int, verdict: str) -> dict[str, list[Row]]:
    now = utc(book.clock.now_utc())
    return {"night_ends": [{"night_id": night.id, "closed_at": now, "exit_code": code, "verdict": verdict}]}
