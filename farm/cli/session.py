"""Measuring jobs on one device with the device held, every run journalled and stored as it ends."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from farm import leases, rack
from farm.cli.context import Context, command_line, now_utc, owner, say
from farm.cli.live import live
from farm.devices import connect
from farm.errors import StoreBusy
from farm.harness import build
from farm.records import Record, record
from farm.workloads import Device, HarnessBuild, Identity, Job, Outcome, Provenance, Run, Session, new_id

_BETWEEN_RUNS_DEADLINE_S = 1.0


@dataclass(slots=True)
class Done:
    """A session and what has come of it so far."""

    session: Session
    runs: list[Run] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)


def measure(context: Context, device: Device, jobs: Sequence[Job], seed: int, provenance: Provenance, wheel: Path | None) -> Done:
    """Run the jobs and return what came of them; what ended before an interrupt is stored all the same."""
    transport = connect(device, context.data)
    transport.preflight()
    identity = transport.identify()
    harnesses = _harnesses(context, jobs, identity, wheel)
    started_at = now_utc()
    done = Done(Session(new_id(started_at), started_at, device, identity, provenance, seed, command_line()))

    def keep(run: Run) -> None:
        done.runs.append(run)
        done.records.append(record(done.session, run))
        context.journal.write(done.records[-1])
        _store(context, _BETWEEN_RUNS_DEADLINE_S)

    with ExitStack() as stack:
        stack.enter_context(leases.hold(identity.id, device.name, owner(), leases.runtime_folder()))
        stack.callback(transport.restore)
        transport.restore()
        transport.prepare(device.conditions)
        view = stack.enter_context(live(len(jobs)))
        for run in rack.measure(jobs, transport, harnesses, done.session.id, rack.Hooks(now_utc, view.phase, keep)):
            view.ended(run)
    waiting = _store(context)
    if waiting is not None:
        say(f"{len(context.journal.entries())} runs wait in the journal: {waiting.message}")
    return done


def all_valid(jobs: Sequence[Job], runs: Sequence[Run]) -> bool:
    """Return whether every job has a valid run."""
    valid = {_key(run.job) for run in runs if run.outcome is Outcome.OK}
    return all(_key(job) in valid for job in jobs)


def _key(job: Job) -> tuple[str, str, str, str, int]:
    return job.device.name, job.workload.id, job.artifact.sha256, job.pass_, job.repeat


def _store(context: Context, deadline_s: float | None = None) -> StoreBusy | None:
    """Put what waits in the journal into the database; return why not, when another process holds it."""
    try:
        context.journal.drain((context.store() if deadline_s is None else context.store(deadline_s)).append)
    except StoreBusy as error:
        return error
    return None


def _harnesses(context: Context, jobs: Sequence[Job], identity: Identity, wheel: Path | None) -> dict[str, HarnessBuild]:
    """Return a harness for each runtime that the jobs need, for the device's machine; built here when it is not there yet."""
    target = build.target_for(identity.kind, identity.architecture)
    runtimes = dict.fromkeys(job.artifact.runtime for job in jobs)
    return {runtime: build.ensure(target, runtime, context.data, wheel_file=wheel, on_progress=say) for runtime in runtimes}
