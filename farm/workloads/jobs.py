"""What is measured: artifacts, items, workloads, and the jobs that they come to."""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from farm.workloads.devices import Device
from farm.workloads.kinds import Comparison, ItemKind, Pass

_CPU = r"(?:10[01]\d|102[0-3]|\d{1,3})"
CPU_LIST = rf"{_CPU}(-{_CPU})?(,{_CPU}(-{_CPU})?)*"
"""What PassSettings.cpus looks like, as a regular expression: numbers up to 1023, as sched_setaffinity(2) takes them."""

COREML = "coreml"
"""The one runtime that only Apple's systems have."""
COMPUTE_UNITS = ("all", "cpu_only", "cpu_and_gpu", "cpu_and_ne")
"""What PassSettings.compute_units may be."""

MOST_ITERATIONS = 10_000_000
"""How many inferences one pass can time: each is a reading that is kept."""


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
