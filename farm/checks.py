"""What a finished pass is worth: did the harness do what was asked, is its number there, was it disturbed. Runs in, runs out."""

from collections.abc import Sequence
from dataclasses import replace

from farm import conditions, metrics
from farm.errors import HarnessFailed
from farm.harness.own import TARGET as OWN_TARGET
from farm.workloads import HarnessBuild, Job, Measured, Outcome, Pass, Run, StateReading, box_name

_SIGNS = ("wall_ns", "cpu_time_ns", "thread_cpu_time_ns")
# A peak of memory stays what it is, as do answers; a sustain pass measures throttling.
_THROTTLING_ALLOWED = (Pass.MEMORY, Pass.SUSTAIN, Pass.QUALITY)
_SLEEP_ALLOWED = (Pass.MEMORY, Pass.QUALITY)


def as_known(measured: Measured, job: Job, harness: HarnessBuild) -> Measured:
    """Return what a harness says of itself, under the hash that farm knows it by. Raises HarnessFailed when it runs other models."""
    if measured.runtime != job.artifact.runtime:
        raise HarnessFailed(
            f"the harness runs {measured.runtime} models, {job.artifact.name} is one of {job.artifact.runtime}", error_class="wrong_runtime"
        )
    if harness.target != OWN_TARGET and measured.harness_hash != harness.source_hash:
        raise HarnessFailed("the harness is built from other sources than the one that was sent", error_class="wrong_harness")
    understood = measured.begin["job"]
    wanted: dict[str, object] = {"pass": job.pass_, "threads": job.workload.settings.threads, "model_sha256": job.artifact.sha256}
    if job.workload.settings.compute_units:
        wanted["compute_units"] = job.workload.settings.compute_units
    if job.pass_ is Pass.QUALITY and job.workload.items is not None:
        wanted["items"] = box_name(job.workload.items.sha256)
    for name, value in wanted.items():
        if understood.get(name) != value:
            raise HarnessFailed(
                f"the harness understood another job: {name} {understood.get(name)!r} instead of {value!r}", error_class="wrong_job"
            )
    return replace(measured, harness_hash=harness.source_hash)


def with_its_number(run: Run) -> Run:
    """Return run, failed when its pass's own number is not among what was measured: such a run has measured nothing.

    Raises HarnessFailed when it does not say what tells a disturbed run from a good one.
    """
    read = {item.metric for item in run.readings if not item.source and item.values}
    if run.job.pass_ is not Pass.MEMORY and (missing := [name for name in _SIGNS if name not in read]):
        raise HarnessFailed(
            f"the harness's result has no {missing[0]}, so that nobody could say whether the run was disturbed", error_class="garbage"
        )
    if run.job.pass_ is Pass.POWER:
        return run  # the harness says when and how much it worked; power.with_energy makes the number, or fails the run
    if run.job.pass_ is Pass.PROFILE and not run.operators:
        return replace(run, outcome=Outcome.FAILED, error_class="not_measured", reason="the harness tells no operator's time")
    wanted = metrics.headline(run.job.pass_, tokens=run.job.tokens, kind=run.job.device.kind)
    if wanted in read:
        return run
    why = next((item.reason for item in run.absent if item.metric == wanted), "the harness says nothing of it")
    return replace(run, outcome=Outcome.FAILED, error_class="not_measured", reason=f"{wanted} could not be measured: {why}")


def undisturbed(run: Run) -> Run:
    """Return run, marked invalid when other work disturbed its timed part, or when the device throttled where that is not looked for."""
    if run.outcome is not Outcome.OK or run.measured is None:
        return run
    limits = run.job.device.conditions
    reasons = conditions.disturbances(limits, run.readings, run.measured.flavour, run.job)
    if run.job.pass_ is Pass.POWER:
        reasons += conditions.other_work(limits, run.readings)
    if reasons:
        return replace(run, outcome=Outcome.INVALID, error_class="disturbed", reason="; ".join(reasons))
    if run.job.pass_ not in _THROTTLING_ALLOWED and (reasons := conditions.slowdowns(limits, run.readings)):
        return replace(run, outcome=Outcome.INVALID, error_class="throttled", reason="; ".join(reasons))
    return run


def as_it_was(run: Run, after: Sequence[StateReading]) -> Run:
    """Return run, marked invalid when the device says after it that it throttles, or that it fell asleep meanwhile.

    A screen that goes off takes its own power along and lets the phone doze: what lies on either side of it is not to be compared.
    """
    if run.outcome is not Outcome.OK:
        return run
    if run.job.pass_ not in _THROTTLING_ALLOWED and (reasons := conditions.throttled(after)):
        return replace(run, outcome=Outcome.INVALID, error_class="throttled", reason=f"after the pass {reasons[0]}")
    if run.job.pass_ not in _SLEEP_ALLOWED and (reasons := conditions.asleep(after)):
        reason = f"its screen went off: after the pass {reasons[0]}"
        return replace(
            run, outcome=Outcome.INVALID, error_class="asleep", reason=reason, hint="have its screen stay on, by hand where a shell may not"
        )
    return run
