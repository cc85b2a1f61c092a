"""farm bisect: which revision made a number worse."""

import json
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from farm import __version__, bisect
from farm.bisect import Answer, Place, Step
from farm.cli import bisect_view, gate_sides, rounds, standings, unfinished
from farm.cli.asked import MOST_SEED
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

_COMMAND = "bisect"
_STEPS, _GATE = "steps.jsonl", "gate"
_COULD_NOT_TELL = 3


@dataclass(frozen=True, slots=True)
class _Task:
    """What is asked, and what does it."""

    suite: "Suite"
    budget: Budget
    workload: Workload
    device: Device
    revisions: list[str]
    repository: Repository
    product: Path


@click.command(
    "bisect",
    epilog="Example: farm bisect --good v1.2 --bad main --build 'make model.pte REV={rev}' --suite suite.toml --device s25",
)
@click.option("--good", required=True, help="A revision that was as it should be.")
@click.option("--bad", required=True, help="A later one that is worse.")
@click.option("--build", required=True, help="Command that writes the artifact of revision {rev}; it is run without a shell, here.")
@click.option("--suite", type=click.Path(path_type=Path), required=True, help="The suite that states the workload, and how to measure it.")
@click.option("--workload", help="Which workload. [default: that of the suite's only relative budget of runs]")
@click.option("--metric", help="Which number, such as latency_ns.p50. [default: that of the budget]")
@click.option("--artifact", type=click.Path(path_type=Path), help="The file that the build writes. [default: the workload's in the suite]")
@click.option("--device", "device_name", default="local", show_default=True, help="Device to measure on.")
@click.option("--seed", type=click.IntRange(0, MOST_SEED), help="Seed of the order of runs. [default: a new one, stored]")
@click.option("--build-timeout", default="1 h", show_default=True, help="How long one build may take.")
@click.option("--wheel", type=click.Path(path_type=Path), help="ExecuTorch wheel to build the harness with, instead of downloading it.")
@click.option("--harness", type=click.Path(path_type=Path), help="Your own build of the harness, as for farm run.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def command(context: Context, /, **given: Any) -> int:  # noqa: ANN401 - click's values
    """Find the revision between --good and --bad that made a number worse, by comparisons interleaved with the good one on the device.

    First the bad revision is held against the good one: nothing is searched for before a regression is shown. Then revisions are
    built and tried, along the first parents of --bad, the middle one first: each is nearer to the good or to the bad one, or noise does
    not let that be said. What cannot be built is passed over. In the end the two revisions that are left are held against each other.
    Ends with 0 when one revision is found; with 3 when only "between X and Y" can be said, or when there is no regression. After a kill,
    the same command goes on: nothing is built or measured twice.
    """
    task = _task(context, given)
    going_on = _begun(context, task, given)
    search = _Search(context, task, given, going_on)
    try:
        shown = search.run()
    except KeyboardInterrupt:
        say("the same command goes on with what is left")
        raise
    if shown.place is not None:
        context.drained_store().add(search.rows(shown))
    going_on.remove()
    if given["as_json"]:
        click.echo(json.dumps(bisect_view.document(shown), indent=2, ensure_ascii=False))
    else:
        bisect_view.show(shown, task.repository.subject)
    return shown.exit_code


def _task(context: Context, given: Mapping[str, Any]) -> _Task:
    """Read everything that can be wrong, before anything is built or measured."""
    from farm.config import load_suite

    lab = context.lab()
    suite = load_suite(given["suite"], lab.devices, lab.pools, is_built=False)
    budget = _budget(suite, given)
    ((workload, product),) = [each for each in suite.work if each[0].id == budget.workload]
    (named,) = standings.taking_part(context, [lab.device(given["device_name"])], by_name=True)
    device = suite.on(named)
    device = replace(device, harness=given["harness"]) if given["harness"] is not None else device
    repository = Repository(Path())
    good, bad = (repository.resolve(f"--{name}", given[name]) for name in ("good", "bad"))
    revisions = repository.between(good, bad)
    context.writable_data()
    context.check_database()
    return _Task(suite, budget, workload, device, revisions, repository, given["artifact"] or product)


def _budget(suite: "Suite", given: Mapping[str, Any]) -> Budget:
    """Return the number that is asked about: what is named, else that of the only relative budget that fits."""
    from farm import gate
    from farm.config import nearest, read_metric

    workloads = [workload.id for workload, _ in suite.work]
    if given["workload"] is not None and given["workload"] not in workloads:
        raise InputError(f'there is no workload "{given["workload"]}"{nearest(given["workload"], workloads)}')
    stated = {
        (budget.workload, budget.metric, budget.statistic): budget
        for budget in suite.budgets
        if gate.is_armable(budget) and given["workload"] in (None, budget.workload)
    }
    if given["metric"] is None:
        if len(stated) != 1:
            raise InputError(f"{len(stated)} relative budgets of runs might be meant", hint="name --metric, and --workload")
        return next(iter(stated.values()))
    try:
        metric, statistic = read_metric(given["metric"])
    except ValueError as error:
        raise InputError(f"--metric: {error}") from error
    named = [given["workload"]] if given["workload"] is not None else workloads
    if len(named) != 1:
        raise InputError(f"{len(named)} workloads might be meant", hint="name one with --workload")
    budget = Budget(named[0], metric, statistic, max_regression=0.0)
    if not gate.is_armable(budget):
        raise InputError(f"--metric: {metric} is of items, which farm gate compares; farm bisect compares runs")
    return budget


def _begun(context: Context, task: _Task, given: Mapping[str, Any]) -> unfinished.Unfinished:
    """Return this very bisection where it was begun before, else a new one."""
    from farm.metrics import METRICS
    from farm.workloads import Job

    artifact = Artifact("0" * 64, task.product.name, task.product, 0, "")
    jobs = [Job(task.device, task.workload, artifact, pass_, 0) for pass_ in METRICS[task.budget.metric].passes]
    asked = [*task.revisions, given["build"], task.budget.name, str(task.suite.gating.plan), str(given["seed"])]
    plan = unfinished.digest([jobs]) + " " + " ".join(asked)
    found = unfinished.same(context.data, _COMMAND, plan)
    if found is not None:
        say("this very bisection was begun before and did not come to its end: going on with it")
        return found
    seed = secrets.randbits(32) if given["seed"] is None else given["seed"]
    return unfinished.begin(context.data, new_id(now_utc()), _COMMAND, {"seed": seed}, plan)


@dataclass(frozen=True, slots=True)
class _Search:
    """One bisection under way; what it learns is on disk before it goes on."""

    context: Context
    task: _Task
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
