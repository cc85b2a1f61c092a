"""What came of it: runs with their readings, and the session that they belong to."""

import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from farm.workloads.devices import Device, Identity
from farm.workloads.jobs import Job
from farm.workloads.kinds import Outcome


@dataclass(frozen=True, slots=True)
class Readings:
    """What one run read of one metric, in order; base units of the metric's name.

    source tells readings of one metric apart (a thermal zone, a phase); "" is the metric itself.
    at_ns, when there is one, is the time of each reading since the harness began.
    """

    metric: str
    values: tuple[float, ...]
    source: str = ""
    at_ns: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Absent:
    """A metric that was asked for and could not be measured, and why."""

    metric: str
    reason: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Answers:
    """What one run answered to the items of a file, in their order."""

    items_sha256: str
    metric: str
    """accuracy_ratio or perplexity."""
    values: tuple[float, ...]
    """accuracy_ratio: 1 right, 0 wrong; perplexity: the summed natural logarithms of the probabilities of the item's targets."""
    output_sha256: str
    """Of the raw output: two runs that gave the same bits have the same."""
    tokens: tuple[int, ...] | None = None
    """perplexity: the number of targets."""
    predicted: tuple[int, ...] | None = None
    """accuracy_ratio: the place of the greatest number in the model's output, of equal ones the first."""


@dataclass(frozen=True, slots=True)
class Operator:
    """What one part of a traced computation took: an operator, or what it lies in, such as the call of a delegate.

    Parts lie in each other: the time of a part holds that of the parts in it.
    """

    place: int
    """Among the parts of the run, from 0, in the order in which they are first reached."""
    name: str
    """As the runtime says it."""
    calls: int
    """Over all iterations."""
    times_ns: tuple[int, ...]
    """One for each iteration: the sum of its calls in it."""
    parent: int | None = None
    """The place of the part that it lies in; a smaller one."""
    delegate: str | None = None
    """What computes it; None: the runtime itself."""
    instruction: int | None = None
    """Its place in the program, where the runtime tells it."""
    debug_id: int | None = None
    """Its number in the delegate, where that tells numbers."""


@dataclass(frozen=True, slots=True)
class StateReading:
    """One fact about the device around a run: a number or a text, or None of both and the reason."""

    name: str
    phase: str
    """"before" or "after" the pass."""
    value: float | None = None
    text: str | None = None
    source: str = ""
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a session's numbers come from. revision and branch are the model repository's."""

    farm_version: str
    revision: str | None = None
    branch: str | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """The runs of one invocation on one device; seed is what their order was drawn from."""

    id: str
    started_at: datetime
    device: Device
    identity: Identity
    provenance: Provenance
    seed: int
    command: str


@dataclass(frozen=True, slots=True)
class Measured:
    """What the harness said of a run, as it understood it."""

    runtime: str
    runtime_version: str
    flavour: str
    harness_hash: str
    build_type: str
    begin: Mapping[str, Any]
    """The harness's `begin` line as it stands."""


@dataclass(frozen=True, slots=True)
class Run:
    """One attempt at one job, whatever came of it. Times are UTC."""

    id: str
    session_id: str
    job: Job
    attempt: int
    nonce: str
    started_at: datetime
    ended_at: datetime
    outcome: Outcome
    error_class: str | None = None
    reason: str | None = None
    measured: Measured | None = None
    readings: tuple[Readings, ...] = ()
    absent: tuple[Absent, ...] = ()
    state: tuple[StateReading, ...] = ()
    output_sha256: str | None = None
    output_check: str | None = None
    """"passed", "unchecked" or "failed"; None when the pass came to no output."""
    output_error: float | None = None
    """The comparison's figure (largest difference, cosine, share), when there was a reference."""
    hint: str | None = None
    answers: Answers | None = None
    """Of a quality pass."""
    operators: tuple[Operator, ...] = ()
    """Of a profile pass."""


RESULT = "result.jsonl"
OUTPUT = "output.bin"
ITEMS_OUTPUT = "items-output.bin"


def new_id(now_utc: datetime) -> str:
    """Return a new identity, unique over labs and in order of time: a UUID of version 7 (RFC 9562, section 5.7)."""
    milliseconds = int(now_utc.timestamp() * 1000)
    return str(uuid.UUID(int=milliseconds << 80 | 0x7 << 76 | secrets.randbits(12) << 64 | 0b10 << 62 | secrets.randbits(62)))


def run_folder(nonce: str) -> str:
    """Return the folder, in a device's box, of the run with this nonce."""
    return f"runs/{nonce}"


def box_name(sha256: str) -> str:
    """Return the name, in a device's box, of the file whose bytes have this hash."""
    return f"files/{sha256}"
