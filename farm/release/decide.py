"""Measure until decided: where rack and gate meet. No clock and no device here: what measures is given as a function."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date

from farm import gate, rack
from farm.errors import InputError
from farm.metrics import METRICS
from farm.rack import Contest
from farm.records import Record
from farm.release.numbers import Numbers, of_measured
from farm.series import workload_key
from farm.verdicts import Budget, Change, Decision, Plan, Verdict
from farm.workloads import UNJUDGED_PASSES, Artifact, Device, Job, Pass, Workload


@dataclass(frozen=True, slots=True)
class Asked:
    """What a gate is to decide."""

    gate: str
    """Its identity."""
    devices: tuple[Device, ...]
    contests: tuple[Contest, ...]
    budgets: tuple[Budget, ...]
    plan: Plan
    seed: int
    today: date
    unarmed: Mapping[Budget, str] = field(default_factory=dict)
    """The budgets that the devices' noise does not let be armed, and why."""


@dataclass(frozen=True, slots=True)
class Round:
    """What came of measuring some blocks."""

    records: Sequence[Record]
    failures: Mapping[str, str] = field(default_factory=dict)
    """By device: what ended its session, or kept it from beginning."""
    in_time: bool = True
    """False: the time was used up before the blocks were whole."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A device that could not be measured to the end, with the blocks that it has whole."""

    device: str
    reason: str
    blocks: int


@dataclass(frozen=True, slots=True)
class Decided:
    """What a gate came to."""

    verdicts: tuple[Verdict, ...]
    changes: tuple[Change, ...]
    failures: tuple[Failure, ...]
    numbers: Numbers | None
    """None where no device was reached."""


Measure = Callable[[Mapping[str, Sequence[Job]]], Round]
"""Measures jobs on each device, by its name, and returns when all have ended."""


def decide(asked: Asked, measure: Measure) -> Decided:
    """Measure look by look until every budget is decided, more runs of the plan decide nothing, or the time is used.

    All devices reach a look before it is judged. At the first look everything is measured, then only what open budgets need. A
    device that fails does not stop the others; a budget that needs it is then open for good.
    """
    numbers: Numbers | None = None
    failures: dict[str, Failure] = {}
    done, todo = 0, asked.contests
    verdicts: tuple[Verdict, ...] = ()
    look = asked.plan.looks[0] if todo else None
    while look is not None:
        alive = [device for device in asked.devices if device.name not in failures]
        blocks = range(done, look)
        jobs = {device.name: rack.plan_blocks(device, todo, blocks, asked.gate, asked.seed) for device in alive}
        came = measure(jobs)
        if came.records:
            new = of_measured(came.records)
            numbers = new if numbers is None else numbers.plus(new)
        failures |= {name: Failure(name, reason, done) for name, reason in came.failures.items()}
        verdicts = judged(asked, numbers, failures.values())
        if not came.in_time:
            verdicts = tuple(map(_out_of_time, verdicts))
        done = look
        open_ = [verdict for verdict in verdicts if not _names(verdict.budget, asked.devices) & failures.keys()]
        goes_on = came.in_time and gate.next_look(open_, asked.plan) is not None
        look = next((blocks for blocks in asked.plan.looks if blocks > done), None) if goes_on else None
        todo = _open_contests(asked.contests, open_)
    if not verdicts:
        verdicts = judged(asked, numbers, failures.values())
    return Decided(verdicts, changes(asked, numbers), tuple(failures.values()), numbers)


def changes(asked: Asked, numbers: Numbers | None) -> tuple[Change, ...]:
    """Return the changes among what has been measured without a relative budget."""
    return () if numbers is None else gate.changes(numbers.frame(asked.budgets), asked.budgets)


def judged(asked: Asked, numbers: Numbers | None, failures: Iterable[Failure]) -> tuple[Verdict, ...]:
    """Return the verdicts on what has been measured; what a device that failed was needed for is not decided."""
    frame, items = (gate.NO_RUNS, None) if numbers is None else (numbers.frame(asked.budgets), numbers.items())
    names = [device.name for device in asked.devices]
    verdicts = gate.judge(asked.budgets, frame, asked.plan, asked.today, devices=names, items=items, unarmed=asked.unarmed)
    return with_failures(verdicts, tuple(failures), names)


def with_failures(verdicts: Iterable[Verdict], failures: Sequence[Failure], devices: Sequence[str]) -> tuple[Verdict, ...]:
    """Return the verdicts, but none that rests on blocks which a device that failed does not have whole.

    Why a device fails is not known, and the candidate may be the cause: what it would have shown is missing from one side of
    the question. A decision that was reached before stands.
    """
    return tuple(_with_failures(verdict, failures, devices) for verdict in verdicts)


def _with_failures(verdict: Verdict, failures: Sequence[Failure], devices: Sequence[str]) -> Verdict:
    meant = verdict.budget.devices or devices
    failed = [failure for failure in failures if failure.device in meant]
    if not failed:
        return verdict
    said = tuple(f"{failure.device} was not measured to the end: {failure.reason}" for failure in failed)
    if verdict.decision is not Decision.INCONCLUSIVE and all(verdict.blocks <= failure.blocks for failure in failed):
        return replace(verdict, warnings=(*verdict.warnings, *said))
    reason = "; ".join(part for part in (*said, verdict.reason) if part)
    hint = "every device of the budget measured to the end"
    return replace(verdict, decision=Decision.INCONCLUSIVE, reason=reason, would_decide=hint, more_runs_help=False)


def _out_of_time(verdict: Verdict) -> Verdict:
    if verdict.decision is not Decision.INCONCLUSIVE:
        return verdict
    return replace(verdict, warnings=(*verdict.warnings, "the time that the gate may take was used up"))


def _names(budget: Budget, devices: Sequence[Device]) -> set[str]:
    return set(budget.devices or [device.name for device in devices])


def _open_contests(every: Sequence[Contest], verdicts: Iterable[Verdict]) -> tuple[Contest, ...]:
    """Return what is still to be measured: the passes that open budgets need."""
    open_ = {
        (verdict.budget.workload, pass_)
        for verdict in verdicts
        if verdict.decision is Decision.INCONCLUSIVE and verdict.more_runs_help
        for pass_ in METRICS[verdict.budget.metric].passes
    }
    found = []
    for contest in every:
        passes = tuple(pass_ for pass_ in contest.workload.passes if (contest.workload.id, pass_) in open_)
        if passes:
            found.append(with_passes(contest, passes))
    return tuple(found)


def with_passes(contest: Contest, passes: tuple[Pass, ...]) -> Contest:
    """Return a contest of these passes."""
    return replace(contest, workload=replace(contest.workload, passes=passes))


def contests(
    workloads: Iterable[Workload],
    budgets: Sequence[Budget],
    asked: frozenset[str],
    sides: Mapping[str, tuple[Artifact, Artifact]],
) -> tuple[Contest, ...]:
    """Return what is to be measured: of each workload the passes that its budgets need, and those that the suite asks for.

    asked are the workloads whose passes the suite states; sides are the candidate and the baseline of each workload. A workload
    without any pass is left out.
    """
    found = []
    for workload in workloads:
        needed = {pass_ for budget in budgets if budget.workload == workload.id for pass_ in METRICS[budget.metric].passes}
        stated = set(workload.passes) if workload.id in asked else set()
        passes = tuple(pass_ for pass_ in Pass if pass_ in (needed | stated) - UNJUDGED_PASSES)
        if passes:
            candidate, baseline = sides[workload.id]
            found.append(Contest(replace(workload, passes=passes), candidate, baseline))
    return tuple(found)


def blocking_workloads(budgets: Iterable[Budget], today: date) -> set[str]:
    """Return the workloads that have a budget which counts for the exit code."""
    return {budget.workload for budget in budgets if budget.blocks_on(today)}


def refuse_unchecked(asked: Asked) -> None:
    """Raise InputError when an artifact's answer to a workload with a blocking budget could not be checked: it might be fast and wrong."""
    blocking = blocking_workloads(asked.budgets, asked.today)
    for contest in asked.contests:
        for side, artifact in (("candidate", contest.candidate), ("baseline", contest.baseline)):
            job = Job(asked.devices[0], contest.workload, artifact, contest.workload.passes[0], 0)
            if contest.workload.id in blocking and job.applicable_reference is None:
                raise InputError(
                    f'the {side} {artifact.name} of "{contest.workload.id}" has no reference for its input: its output would be unchecked, '
                    "and a budget of that workload blocks",
                    hint='build it with a reference (MODEL.farm.json), or let its budgets only warn (severity = "warn")',
                )


def plan_hash(asked: Asked, given_seed: int | None) -> str:
    """Return a hash of what is asked, by what makes the verdicts: the same one is gone on with after a controller was killed."""
    sides = [
        [device.name, asdict(device.conditions), workload_key(job), job.pass_, contest.candidate.sha256, contest.baseline.sha256]
        for device in asked.devices
        for contest in asked.contests
        for pass_ in contest.workload.passes
        for job in [Job(device, contest.workload, contest.candidate, pass_, 0)]
    ]
    content = [sides, [asdict(budget) for budget in asked.budgets], asdict(asked.plan), given_seed]
    return hashlib.sha256(json.dumps(content, default=str).encode()).hexdigest()
