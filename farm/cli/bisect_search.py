"""One bisection under way: building revisions, comparing them, and writing down what was learned before it goes on."""

import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from farm import __version__, bisect
from farm.bisect import Answer, Place, Step
from farm.cli import bisect_view, gate_sides, rounds, unfinished
from farm.cli.context import Context, command_line, now_utc, say
from farm.cli.measuring import Measuring
from farm.cli.revisions import Builds, Repository, Unbuildable
from farm.errors import InputError, MeasureError
from farm.queue import Priority
from farm.units import TIME, parse
from farm.verdicts import Budget, Decision, Estimate, Verdict
from farm.workloads import Artifact, Device, Provenance, Workload, new_id

if TYPE_CHECKING:
    from farm.config import Suite

_STEPS, _GATE = "steps.jsonl", "gate"


@dataclass(frozen=True, slots=True)
class Task:
    """What is asked, and what does it."""

    suite: "Suite"
    budget: Budget
    workload: Workload
    device: Device
    revisions: list[str]
    repository: Repository
    product: Path


@dataclass(frozen=True, slots=True)
class Search:
    """One bisection under way; what it learns is on disk before it goes on."""

    context: Context
    task: Task
    given: Mapping[str, Any]
    going_on: unfinished.Unfinished
    steps: dict[str, Step] = field(default_factory=dict)

    def run(self) -> bisect_view.Shown:
        """Search, and return what came of it."""
        task, builds = self.task, self._builds()
        good, bad = (self._ends(builds, revision) for revision in (task.revisions[0], task.revisions[-1]))
        if good.sha256 == bad.sha256:
            return bisect_view.Shown(
                task.budget, task.device.name, task.revisions, (), None, None, None, "both revisions build the same bytes"
            )
        whole = self._compared("whole", bad, good, bisect.any_change(task.budget))
        if whole.decision is not Decision.FAIL or whole.estimate is None:
            why = "no worse" if whole.decision is Decision.PASS else "not shown to be worse"
            text = f"the bad revision is {why} than the good one: {whole.reason}"
            return bisect_view.Shown(task.budget, task.device.name, task.revisions, (), None, None, whole.estimate, text)
        say(f"{task.revisions[-1][:12]} against {task.revisions[0][:12]}: {whole.reason}")
        self.steps.update((step.revision, step) for step in self._read())
        question = bisect.halfway(task.budget, whole.estimate.value)
        while (revision := bisect.next_revision(task.revisions, self.steps)) is not None:
            self._keep(self._tried(builds, revision, question, good, bad))
        found = bisect.place(task.revisions, self.steps)
        ratio = self._at_the_place(builds, found, whole.estimate, good, bad)
        steps = tuple(self.steps.values())
        return bisect_view.Shown(task.budget, task.device.name, task.revisions, steps, found, ratio, whole.estimate, None)

    def rows(self, shown: bisect_view.Shown) -> dict[str, Any]:
        """Return the rows of what came of it."""
        assert shown.place is not None, "only a search that was made has rows"
        facts = bisect.Facts(
            self.going_on.folder.name,
            now_utc(),
            self.task.suite.name,
            gate_sides.text(self.given["suite"]),
            self.given["build"],
            self.task.device.name,
            self.going_on.options["seed"],
            __version__,
            command_line(),
        )
        return bisect.rows(facts, self.task.budget, self.task.revisions, shown.steps, shown.place, shown.ratio)

    def _builds(self) -> Builds:
        try:
            timeout_s = parse(self.given["build_timeout"], TIME) / 1e9
        except ValueError as error:
            raise InputError(f"--build-timeout: {error}") from error
        builds = Builds(self.given["build"], self.task.repository.folder, self.task.product, self.going_on.folder / "built", timeout_s)
        builds.check()
        return builds

    def _ends(self, builds: Builds, revision: str) -> Artifact:
        """Return the artifact of the good or the bad revision. Raises InputError: without it there is nothing to search."""
        if not builds.is_kept(revision):
            say(f"building {revision[:12]}")
        try:
            return builds.artifact(revision)
        except Unbuildable as error:
            self.going_on.remove()
            raise InputError(f"{revision[:12]} cannot be built: {error}", hint="name another revision, or mend --build") from error

    def _tried(self, builds: Builds, revision: str, question: Budget, good: Artifact, bad: Artifact) -> Step:
        """Build a revision and hold it against the good one; the same bytes as before are not measured again."""
        left = bisect.left_to_try(self.task.revisions, self.steps)
        say(f"{'trying' if builds.is_kept(revision) else 'building'} {revision[:12]}, one of about {left} that are left to try")
        try:
            artifact = builds.artifact(revision)
        except Unbuildable as error:
            return Step(revision, Answer.UNBUILDABLE, str(error))
        ends = {good.sha256: (Answer.GOOD, self.task.revisions[0]), bad.sha256: (Answer.BAD, self.task.revisions[-1])}
        known = ends | {step.artifact_sha256: (step.answer, step.revision) for step in self.steps.values() if step.artifact_sha256}
        if artifact.sha256 in known:
            answer, other = known[artifact.sha256]
            return Step(revision, answer, f"the same bytes as {other[:12]}", artifact.sha256)
        verdict = self._compared(revision, artifact, good, question)
        return bisect.answered(revision, verdict, artifact.sha256, self._gate(revision))

    def _at_the_place(self, builds: Builds, found: Place, whole: Estimate, good: Artifact, bad: Artifact) -> Estimate | None:
        """Hold the two revisions that are left against each other; whole is what the good and the bad one gave."""
        candidate, baseline = builds.artifact(found.first_bad), builds.artifact(found.last_good)
        if (candidate.sha256, baseline.sha256) == (bad.sha256, good.sha256):
            return whole
        say(f"{found.first_bad[:12]} against {found.last_good[:12]}: the two that are left")
        return self._compared("place", candidate, baseline, bisect.any_change(self.task.budget)).estimate

    def _compared(self, name: str, candidate: Artifact, baseline: Artifact, question: Budget) -> Verdict:
        """Measure two artifacts interleaved until the question is decided; what was measured before a kill counts."""
        from farm import release

        task, gating = self.task, self.task.suite.gating
        sides = {task.workload.id: (candidate, baseline)}
        contests = release.contests([task.workload], [question], frozenset(), sides)
        seed = self.going_on.options["seed"]
        asked = release.Asked(self._gate(name), (task.device,), contests, (question,), gating.plan, seed, now_utc().date())
        deadline_s = time.monotonic() + gating.time_budget_s
        own = replace(self.going_on, folder=self._folder(name))
        measuring = Measuring(
            self.context, seed, Provenance(__version__), self.given["wheel"], own, Priority.GATE, f"bisect {task.suite.name}"
        )
        with measuring.sessions(asked.devices) as sessions:
            decided = release.decide(asked, rounds.measure(sessions, lambda: time.monotonic() > deadline_s))
        (verdict,) = decided.verdicts
        if decided.failures and verdict.decision is Decision.INCONCLUSIVE:
            reason = f"{task.device.name} was not measured to the end: {decided.failures[0].reason}"
            raise MeasureError(reason, error_class="not_measured", hint="the same command goes on when the device is there")
        return verdict

    def _gate(self, name: str) -> str:
        """Return the identity under which a comparison's runs have their places, the same after a kill."""
        file = self._folder(name) / _GATE
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            scratch = file.with_suffix(".new")
            scratch.write_text(new_id(now_utc()))
            scratch.rename(file)
        return file.read_text()

    def _folder(self, name: str) -> Path:
        return self.going_on.folder / "compared" / name

    def _keep(self, step: Step) -> None:
        """Write a step down, and tell it."""
        self.steps[step.revision] = step
        with (self.going_on.folder / _STEPS).open("a") as file:
            file.write(f"{step.text()}\n")
        say(f"{step.revision[:12]} is {step.answer.value}: {step.reason}")

    def _read(self) -> Iterator[Step]:
        """Yield the steps that an earlier process wrote down; half a line is none."""
        file = self.going_on.folder / _STEPS
        if file.exists():
            text = file.read_text()
            for line in text.splitlines():
                with suppress(ValueError):
                    yield Step.read(line)
            file.write_text("".join(f"{line}\n" for line in text.splitlines() if line.endswith("}")))
