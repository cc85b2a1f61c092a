"""What the runner's tests share: one run of a job on this machine, and harnesses that do what none of ours would."""

from dataclasses import replace
from pathlib import Path

from farm.devices.local import LocalTransport
from farm.runner import Attempt, execute
from farm.workloads import (
    Artifact,
    Comparison,
    HarnessBuild,
    Job,
    Reference,
    Run,
)
from tests.conftest import NOW


def this_machine(folder: Path, harness: HarnessBuild) -> LocalTransport:
    """This machine, with a harness on it."""
    transport = LocalTransport(folder / "box")
    transport.preflight()
    transport.install(harness)
    return transport


def run_of(job: Job, transport: LocalTransport) -> Run:
    assert transport._harness is not None
    return execute(job, transport, Attempt("a-session", 1, transport._harness, lambda: NOW, lambda _: None))


def with_reference(artifact: Artifact, output: bytes) -> Artifact:
    reference = Reference((b"\0\0\0\0",), output, "float32", (1,), Comparison.MAX_ABS, 0.01, "a test")
    return replace(artifact, reference=reference)


def edited(folder: Path, real: HarnessBuild, edit: str) -> HarnessBuild:
    """The real harness, followed by a line of shell that edits its result: $result."""
    folder.mkdir()
    program = folder / "farm-harness"
    program.write_text(f'#!/bin/sh\n{real.folder}/farm-harness "$@" || exit\nresult=$6\n{edit}\n')
    program.chmod(0o755)
    return HarnessBuild(real.target, "fake", "1", real.source_hash, folder, ("./farm-harness",))
