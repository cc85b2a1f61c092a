"""One job on one device: settle, measure, check -> a Run, whatever happened."""

import hashlib
import logging
import secrets
import struct
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from farm import outputs, power, quality, sustain
from farm.checks import as_it_was, as_known, undisturbed, with_its_number
from farm.devices.transport import Handle, Status, Transport
from farm.errors import DeviceNotReady, HarnessFailed, MeasureError, RunTimedOut
from farm.harness import protocol
from farm.harness.arguments import BoxNames, arguments
from farm.settling import settle
from farm.watched import FootprintWatch, HeatWatch
from farm.workloads import (
    ITEMS_OUTPUT,
    OUTPUT,
    DeviceKind,
    HarnessBuild,
    Job,
    Outcome,
    Pass,
    Run,
    StateReading,
    box_name,
    new_id,
    run_folder,
)

log = logging.getLogger(__name__)

_FIRST_WAIT_S, _LAST_WAIT_S = 1.0, 10.0


@dataclass(frozen=True, slots=True)
class Attempt:
    """What execute() needs to know of one attempt beside the job."""

    session_id: str
    number: int
    harness: HarnessBuild
    now_utc: Callable[[], datetime]
    on_phase: Callable[[str], None]
    """Told in a word what the device is doing: settling, pushing, measuring."""


def execute(job: Job, transport: Transport, attempt: Attempt) -> Run:
    """Run one attempt at job on a prepared device and return what came of it. Only a MeasureError becomes a Run.

    An interrupt ends the harness and goes on upwards: such an attempt is no run.
    """
    started_at = attempt.now_utc()
    run = Run(
        id=new_id(started_at),
        session_id=attempt.session_id,
        job=job,
        attempt=attempt.number,
        nonce=secrets.token_hex(16),
        started_at=started_at,
        ended_at=started_at,
        outcome=Outcome.OK,
    )
    try:
        transport.install(attempt.harness)
        run = replace(run, state=settle(job, transport, attempt.on_phase) + transport.clock(attempt.now_utc))
        run = _measure(run, transport, attempt)
    except MeasureError as error:
        run = replace(run, outcome=error.outcome, error_class=error.error_class, reason=error.message, hint=error.hint)
    log.debug("%s: %s %s", job.label, run.outcome, run.reason or "")
    after = _state_after(run, transport)
    run = as_it_was(run, after)
    run = replace(run, state=run.state + after, ended_at=attempt.now_utc())
    return power.with_energy(run) if job.pass_ is Pass.POWER else run


def _state_after(run: Run, transport: Transport) -> tuple[StateReading, ...]:
    """Return the device's state after a run; a device that is gone says nothing, and is not waited for once more."""
    if run.outcome is Outcome.DEVICE_LOST:
        return (StateReading("device", "after", reason=run.reason),)
    try:
        return transport.vitals("after")
    except MeasureError as error:
        return (StateReading("device", "after", reason=error.message),)


def _measure(run: Run, transport: Transport, attempt: Attempt) -> Run:
    """Return run with what the harness measured, checked for its answer and for disturbances."""
    meter: power.PowerMeter | HeatWatch | FootprintWatch | None = None
    if run.job.pass_ is Pass.POWER:
        meter = power.meter(run.job, transport, run.state, attempt.now_utc)
    elif run.job.pass_ is Pass.SUSTAIN and run.job.device.kind is DeviceKind.ANDROID:
        meter = HeatWatch(transport)
    elif run.job.pass_ is Pass.MEMORY and run.job.device.kind is DeviceKind.IOS:
        meter = FootprintWatch(transport)
    names = _push(run.job, transport, attempt.on_phase)
    handle = transport.start(arguments(run.job, names, run.nonce), run.nonce, None if meter is None else meter.watch)
    try:
        return _collected(run, transport, handle, attempt) if meter is None else _metered(run, transport, handle, attempt, meter)
    finally:
        _end(transport, handle)


def _metered(run: Run, transport: Transport, handle: Handle, attempt: Attempt, meter: power.PowerMeter | HeatWatch | FootprintWatch) -> Run:
    """Return run with the result of a started harness, and with what was noted beside it."""
    try:
        meter.begin()
        run = _collected(replace(run, state=run.state + meter.state), transport, handle, attempt)
        assert run.measured is not None
        found = meter.readings(handle, run.measured)
        missing = meter.absent(found) if isinstance(meter, FootprintWatch) else ()
        return replace(run, readings=run.readings + found, absent=run.absent + missing)
    finally:
        meter.end()


def _collected(run: Run, transport: Transport, handle: Handle, attempt: Attempt) -> Run:
    """Return run with the result of a started harness, when that has ended."""
    _wait(run.job, transport, handle, attempt.on_phase)
    left = transport.collect(handle)
    try:
        result = protocol.parse(left.result or "", run.nonce)
    except HarnessFailed as error:
        if error.error_class in protocol.UNFINISHED:
            raise protocol.explain_exit(left.exit_code, left.log, transport.diagnose(handle)) from error
        raise
    run = replace(run, measured=as_known(result.measured, run.job, attempt.harness), readings=result.readings, absent=result.absent)
    run = replace(run, operators=result.operators)
    if run.job.pass_ is Pass.SUSTAIN:
        found, missing = sustain.derived(run.readings, tokens=run.job.workload.prompt is not None)
        run = replace(run, readings=run.readings + found, absent=run.absent + missing)
    if run.job.pass_ is Pass.QUALITY:
        run = _graded(run, transport)
    return undisturbed(_answered(with_its_number(run), transport))


def _end(transport: Transport, handle: Handle) -> None:
    """End the harness and remove its run folder. On a device that is gone by now, whoever comes next to it does so."""
    with suppress(MeasureError):
        transport.stop(handle)
        transport.clean(handle)


def _push(job: Job, transport: Transport, on_phase: Callable[[str], None]) -> BoxNames:
    """Put the job's files into the box, each under the hash of its bytes."""
    on_phase("pushing")

    def pushed(file: Path, sha256: str) -> str:
        transport.push(file, box_name(sha256), lambda sent, size: on_phase(f"pushing {sent * 100 // size} %"), sha256=sha256)
        return box_name(sha256)

    names = BoxNames(pushed(job.artifact.path, job.artifact.sha256))
    if job.pass_ is Pass.QUALITY and job.workload.items is not None:
        names = replace(names, items=pushed(job.workload.items.path, job.workload.items.sha256))
    if job.workload.prompt is not None:
        prompt = struct.pack(f"<{len(job.workload.prompt)}q", *job.workload.prompt)
        return replace(names, prompt=_push_bytes(prompt, transport))
    return replace(names, inputs=tuple(_push_bytes(data, transport) for data in job.inputs))


def _push_bytes(data: bytes, transport: Transport) -> str:
    name = box_name(hashlib.sha256(data).hexdigest())
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "bytes"
        file.write_bytes(data)
        transport.push(file, name)
    return name


def _wait(job: Job, transport: Transport, handle: Handle, on_phase: Callable[[str], None]) -> None:
    """Return when the harness is gone. Raises RunTimedOut at the deadline, having stopped it.

    The longer it takes, the more seldom the device is asked: asking it disturbs what it does.
    """
    timeout_s = job.timeout_s
    deadline_s = time.monotonic() + timeout_s
    pause_s = _FIRST_WAIT_S
    on_phase("measuring")
    while transport.wait(handle, min(pause_s, max(0.0, deadline_s - time.monotonic()))) is Status.RUNNING:
        if time.monotonic() > deadline_s:
            stopped = "was stopped"
            try:
                transport.stop(handle)
            except DeviceNotReady as error:
                stopped = f"could not be stopped: {error.message}"
            raise RunTimedOut(
                f"the harness had not ended after {timeout_s:g} s and {stopped}",
                error_class="hung",
                hint="a longer timeout can be stated with the workload",
            )
        on_phase("measuring")  # told again: whoever is told may interrupt
        pause_s = min(_LAST_WAIT_S, pause_s * 2)


def _answered(run: Run, transport: Transport) -> Run:
    """Return run with its output held against the artifact's reference: a fast wrong answer is a failed run."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / OUTPUT
        reference = run.job.applicable_reference
        if not transport.pull(f"{run_folder(run.nonce)}/{OUTPUT}", file):
            if reference is None:
                return replace(run, output_check="unchecked")
            missing = "the harness wrote no output to hold against the reference"
            return replace(run, output_check="failed", outcome=Outcome.FAILED, error_class="wrong_output", reason=missing)
        output = file.read_bytes()
    run = replace(run, output_sha256=hashlib.sha256(output).hexdigest(), output_check="unchecked")
    if reference is None:
        return run
    checked = outputs.compare(reference, output)
    if checked.passed:
        return replace(run, output_check="passed", output_error=checked.figure)
    return replace(
        run,
        output_check="failed",
        output_error=checked.figure,
        outcome=Outcome.FAILED,
        error_class="wrong_output",
        reason=f"the output is not the reference's: {checked.why}",
        hint="the artifact or the runtime computes something else than the model it was made from",
    )


def _graded(run: Run, transport: Transport) -> Run:
    """Return run with its answers to the items, and what they come to. Raises HarnessFailed when they are not whole."""
    items = run.job.workload.items
    assert items is not None, "a quality pass has items"
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / ITEMS_OUTPUT
        if not transport.pull(f"{run_folder(run.nonce)}/{ITEMS_OUTPUT}", file):
            raise HarnessFailed("the harness wrote no answers to the items", error_class="garbage")
        answers = quality.graded(items, file.read_bytes(), run.readings)
    return replace(run, answers=answers, readings=(*run.readings, quality.reading(answers)))
