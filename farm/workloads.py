"""What is measured: devices, artifacts, workloads, jobs and runs, as plain values.

A Job is device x workload x artifact x pass x repeat. A Run is one attempt at one Job: one process on
the device, and the unit of every statistic. Readings are what one run read of one metric, in order.
"""

import secrets
import struct
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

_CPU = r"(?:10[01]\d|102[0-3]|\d{1,3})"
CPU_LIST = rf"{_CPU}(-{_CPU})?(,{_CPU}(-{_CPU})?)*"
"""What PassSettings.cpus looks like, as a regular expression: numbers up to 1023, as sched_setaffinity(2) takes them."""

COREML = "coreml"
"""The one runtime that only Apple's systems have."""
COMPUTE_UNITS = ("all", "cpu_only", "cpu_and_gpu", "cpu_and_ne")
"""What PassSettings.compute_units may be."""

MOST_ITERATIONS = 10_000_000
"""How many inferences one pass can time: each is a reading that is kept."""


class Outcome(StrEnum):
    """Whether a run could be measured. Whether its numbers are acceptable is a verdict, never an outcome."""

    OK = "ok"
    FAILED = "failed"
    INVALID = "invalid"
    """Measured, but disturbed: kept and shown, never averaged in."""
    NOT_READY = "not_ready"
    TIMED_OUT = "timed_out"
    DEVICE_LOST = "device_lost"


class Pass(StrEnum):
    """What one process of the harness measures; nothing else runs beside it."""

    LATENCY = "latency"
    MEMORY = "memory"
    LOAD_COLD = "load_cold"
    LOAD_WARM = "load_warm"
    POWER = "power"
    """Energy, over an idle baseline: takes minutes, and a phone off its charger."""
    SUSTAIN = "sustain"
    """Minutes of work without a pause: throttling is not a disturbance there, it is what is measured."""
    QUALITY = "quality"
    """Every item of a file answered once: what comes out depends on the artifact, not on how quiet the device is."""


ONCE_PASSES = frozenset({Pass.QUALITY})
"""Those that give the same again: one valid run is enough, whatever the number of repeats."""


USUAL_PASSES = (Pass.LATENCY, Pass.MEMORY, Pass.LOAD_COLD, Pass.LOAD_WARM)
"""Those that are run when none are named; the others take minutes."""


class ItemKind(StrEnum):
    """What the items of a file are."""

    CLASSIFY = "classify"
    """Inputs of the model, each with one right answer among the numbers that the model gives."""
    TOKENS = "tokens"
    """Texts as token ids: each token but the first is to be foretold from those before it."""


class DeviceKind(StrEnum):
    """How a device is reached."""

    LOCAL = "local"
    ANDROID = "android"
    IOS = "ios"


class PowerSource(StrEnum):
    """What a device's energy is read from."""

    FUEL_GAUGE = "fuel_gauge"
    """The battery's own current and voltage: the whole device, off its charger."""
    ODPM = "odpm"
    """Cumulative energy of power rails, metered on the board (Pixel 6 and later)."""
    RAPL = "rapl"
    """The processor packages' own energy counters (Linux powercap)."""
    MONSOON = "monsoon"
    """An external meter in the battery's place."""
    NONE = "none"


class Comparison(StrEnum):
    """How an output is held against its reference."""

    MAX_ABS = "max_abs"
    """Largest absolute difference of any element, at most the tolerance."""
    COSINE = "cosine"
    """Cosine similarity of the flattened outputs, at least the tolerance."""
    TOP1 = "top1"
    """Share of rows (last axis) whose largest element stands at the same place, at least the tolerance."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """The state that a device must be in before a pass, and what disturbs a pass. Shares are of 1."""

    max_cpu_busy_ratio: float = 0.25
    """Share of all CPU time that others may use while the device settles."""
    max_run_delay_ratio: float = 0.05
    """Time that runnable harness threads waited for a CPU, over threads x wall time; above it the run is invalid."""
    min_thread_cpu_ratio: float = 0.9
    """CPU time over wall time of the measuring thread, for CPU flavours; below it the run is invalid."""
    max_skin_temperature_c: float = 36.0
    """Phones only: of the skin, or of the battery where the skin is not read."""
    max_slowdown_ratio: float = 0.1
    """How much longer a fixed computation may take after a pass than before it, and how far the kernel may lower a clock's cap
    during one; above it the run is invalid, as the device throttled."""
    min_battery_ratio: float = 0.2
    """Phones only, as is max_battery_ratio."""
    max_battery_ratio: float = 1.0
    airplane_mode: bool = True
    """Phones: switch the radios off while measuring, where the link needs none."""
    fixed_performance: bool = True
    """Phones: hold the clocks at a speed that lasts, where the device offers that."""
    settle_timeout_s: float = 60.0


@dataclass(frozen=True, slots=True)
class PowerSettings:
    """How a device's energy is read; None: as its kind of device has it, and as its own readings show."""

    source: PowerSource | None = None
    current_unit_ua: int | None = None
    """uA to one unit of the printed current: 1 or 1000."""
    current_sign: int | None = None
    """1: plus flows into the battery, -1: out of it."""
    rails: tuple[str, ...] = ()
    """Patterns of the rails to sum; empty: all."""
    poll_s: float = 1.0
    """Between two looks, where a source has to be asked."""
    voltage_uv: float | None = None
    """What an external meter is to give the device."""
    meter_serial: int | None = None


@dataclass(frozen=True, slots=True)
class Device:
    """A device as devices.toml describes it; who it really is, only the device can say (Identity)."""

    name: str
    kind: DeviceKind
    labels: Mapping[str, str] = field(default_factory=dict)
    conditions: Conditions = Conditions()
    serial: str | None = None
    match: str | None = None
    """`product/model` pattern, for an Android device without a stated serial."""
    adb: str | None = None
    """`host:port` of its adb server; None: this machine's own."""
    wireless: str | None = None
    """`address:port` where an Android device answers over Wi-Fi, when it hangs on no cable."""
    udid: str | None = None
    usbmux: str | None = None
    """Of an iPhone: `host:port` or the socket of its usbmuxd; None: this machine's own."""
    bundle: str | None = None
    """Of an iPhone: the harness app's identifier, where it is not farm's own."""
    images: Path | None = None
    """Of an iPhone: a folder with its developer image."""
    harness: Path | None = None
    """The user's own build of the harness for this device."""
    power: PowerSettings = PowerSettings()


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a device is, by its own answers. id is stable over reboots, cables and names."""

    id: str
    kind: DeviceKind
    model: str
    soc: str | None
    os_build: str
    architecture: str
    """As `uname -m` says it: x86_64, aarch64."""
    cpu_count: int
    memory_bytes: int | None
    kernel: str | None


@dataclass(frozen=True, slots=True)
class HarnessBuild:
    """A built harness: a folder that runs by itself, and the command in it (relative to the folder).

    runtime and runtime_version are empty for one that the user built: it says them itself when it runs.
    """

    target: str
    runtime: str
    runtime_version: str
    source_hash: str
    folder: Path
    command: tuple[str, ...]
    files: tuple[str, ...] = ()
    """Names of the files that it consists of, relative to the folder."""


@dataclass(frozen=True, slots=True)
class Reference:
    """The right answer to one input, made where the float or quantised eager model is.

    inputs are raw little-endian bytes in the order of the method's inputs (for an LLM: one entry, the
    int64 prompt); output is the first output's bytes (for an LLM: the logits of the last prompt token).
    """

    inputs: tuple[bytes, ...]
    output: bytes
    dtype: str
    """NumPy's name of the output's type: float32, int64, ..."""
    shape: tuple[int, ...]
    comparison: Comparison
    tolerance: float
    made_by: str
    """What computed the output, for people: "eager PT2E int8 model, torch 2.13.0"."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """One model file, known by the SHA-256 of its bytes."""

    sha256: str
    name: str
    path: Path
    size_bytes: int
    runtime: str
    recipe: Mapping[str, Any] | None = None
    """How it was made (JSON values), or None when it came without a recipe."""
    reference: Reference | None = None


@dataclass(frozen=True, slots=True)
class Items:
    """A file of items, known by the SHA-256 of its bytes, with the right answers that lie beside it."""

    sha256: str
    name: str
    path: Path
    kind: ItemKind
    count: int
    sizes: tuple[int, ...]
    """CLASSIFY: bytes of each input, the same for every item. TOKENS: number of tokens of each item."""
    targets: tuple[int, ...] = ()
    """CLASSIFY: the place of each item's right answer in the model's output. TOKENS: empty, as the tokens are the targets."""
    recipe: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class PassSettings:
    """How a pass is run; part of what makes two runs comparable."""

    threads: int = 2
    warmup_iterations: int = 10
    iterations: int = 100
    duration_ms: int = 1000
    """The timed part goes on until iterations and duration_ms are both reached, or max_iterations."""
    max_iterations: int = 200_000
    """What a run keeps room for. Models of under 5 us reach it within a second: that they stopped there is told with their numbers."""
    decode_tokens: int = 0
    generations: int = 1
    cpus: str = ""
    """CPUs that the measuring threads are bound to ("4-7", "0,2"), the sampler to another; "": wherever the system puts them."""
    compute_units: str = ""
    """Where Core ML may compute: one of COMPUTE_UNITS; "": wherever it likes."""
    sustain_ms: int = 300_000
    """How long a sustain pass works."""
    power_idle_ms: int = 30_000
    power_work_ms: int = 60_000
    """The power pass: nothing computed for so long, then work for so long (language models: to the end of a generation)."""
    timeout_s: float = 300.0
    """How long a run may take; a sustain or power pass, beside the time that it is to take."""


@dataclass(frozen=True, slots=True)
class Workload:
    """What a suite calls a workload: an artifact's task with its input and settings.

    inputs empty: the reference's inputs, else inputs that the harness generates from a fixed seed.
    prompt is set for an LLM: token ids; settings.decode_tokens is then above 0.
    """

    id: str
    passes: tuple[Pass, ...]
    settings: PassSettings = PassSettings()
    method: str = "forward"
    inputs: tuple[bytes, ...] = ()
    prompt: tuple[int, ...] | None = None
    items: Items | None = None
    """What a quality pass asks; set where the passes have one."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a job stands in a gate's measuring: its side (a Side of farm.verdicts), its block and its position there, both from 0."""

    gate: str
    """Identity of the gate."""
    side: str
    block: int
    position: int


@dataclass(frozen=True, slots=True)
class Job:
    """One thing to measure once."""

    device: Device
    workload: Workload
    artifact: Artifact
    pass_: Pass
    repeat: int
    place: Place | None = None
    """None: it is not measured for a gate."""

    @property
    def inputs(self) -> tuple[bytes, ...]:
        """What goes into the model: the workload's own inputs, else the reference's; empty when the harness makes it up.

        Empty also for a language model: what it is given are a prompt and texts.
        """
        if self.workload.inputs or self.tokens:
            return self.workload.inputs
        return self.artifact.reference.inputs if self.artifact.reference else ()

    @property
    def applicable_reference(self) -> Reference | None:
        """The artifact's reference, when it answers this workload's input."""
        reference = self.artifact.reference
        if reference is None:
            return None
        prompt = self.workload.prompt
        given = self.inputs if prompt is None else (struct.pack(f"<{len(prompt)}q", *prompt),)
        return reference if reference.inputs == given else None

    @property
    def key(self) -> tuple[str, str, str, str, int]:
        """What tells it from the other jobs of an invocation: device name, workload, artifact, pass and repeat."""
        return self.device.name, self.workload.id, self.artifact.sha256, self.pass_, self.repeat

    @property
    def tokens(self) -> bool:
        """Whether what it measures is a language model's."""
        items = self.workload.items
        if self.pass_ is Pass.QUALITY and items is not None:
            return items.kind is ItemKind.TOKENS
        return self.workload.prompt is not None

    @property
    def timeout_s(self) -> float:
        """How long a run of it may take: the stated time, and beside it what a pass is meant to take."""
        settings = self.workload.settings
        meant_ms = {Pass.SUSTAIN: settings.sustain_ms, Pass.POWER: settings.power_idle_ms + settings.power_work_ms}
        return settings.timeout_s + meant_ms.get(self.pass_, 0) / 1e3

    @property
    def label(self) -> str:
        """What a person calls it: device, workload, pass and repeat (from 1); for a gate, side and block."""
        which = f"#{self.repeat + 1}" if self.place is None else f"{self.place.side}, block {self.place.block + 1}"
        return f"{self.device.name} {self.workload.id} {self.pass_} {which}"


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
