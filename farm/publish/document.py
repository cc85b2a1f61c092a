"""A session as JSON: base units, every run with its outcome, absent values as null."""

import json
from collections.abc import Sequence
from typing import Any

from farm.publish.operators import as_values
from farm.publish.power import run_power
from farm.publish.results import Results
from farm.publish.tables import absent_lines, note_lines
from farm.summary import Line
from farm.workloads import Run

VERSION = 1


def as_json(results: Sequence[Results], exit_code: int) -> str:
    """Return the sessions of one invocation as one JSON document."""
    content = {"farm_sessions": VERSION, "exit_code": exit_code, "sessions": [_session(one) for one in results]}
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)


def _session(results: Results) -> dict[str, Any]:
    session = results.session
    if session is None:
        return {"device": {"name": results.device.name}, "failure": results.failure, "results": [], "runs": []}
    identity = session.identity
    return {
        "id": session.id,
        "started_at": session.started_at.isoformat(),
        "farm_version": session.provenance.farm_version,
        "revision": session.provenance.revision,
        "branch": session.provenance.branch,
        "seed": session.seed,
        "device": {
            "name": session.device.name,
            "id": identity.id,
            "kind": identity.kind,
            "model": identity.model,
            "soc": identity.soc,
            "os_build": identity.os_build,
            "architecture": identity.architecture,
            "cpu_count": identity.cpu_count,
            "memory_bytes": identity.memory_bytes,
        },
        "failure": results.failure,
        "results": [_line(line) for line in results.lines],
        "profiles": [as_values(profile) for profile in results.profiles],
        "runs": [_run(run) for run in results.runs],
        "notes": note_lines(results),
        "not_measured": absent_lines(results.runs),
    }


def _line(line: Line) -> dict[str, Any]:
    interval = line.interval
    return {
        "workload": line.workload,
        "artifact_sha256": line.artifact,
        "pass": line.pass_,
        "flavour": line.flavour,
        "threads": line.threads,
        "name": line.name,
        "better": line.metric.better,
        "median": line.median,
        "interval": None if interval is None else {"low": interval.low, "high": interval.high, "coverage": interval.coverage},
        "items": line.items,
        "runs": list(line.values),
        "readings": line.readings,
    }


def _run(run: Run) -> dict[str, Any]:
    measured = run.measured
    return {
        "id": run.id,
        "workload": run.job.workload.id,
        "artifact": run.job.artifact.name,
        "artifact_sha256": run.job.artifact.sha256,
        "pass": run.job.pass_,
        "repeat": run.job.repeat,
        "attempt": run.attempt,
        "runtime": measured and measured.runtime,
        "runtime_version": measured and measured.runtime_version,
        "flavour": measured and measured.flavour,
        "harness_hash": measured and measured.harness_hash,
        "outcome": run.outcome,
        "error_class": run.error_class,
        "reason": run.reason,
        "hint": run.hint,
        "output_check": run.output_check,
        "output_error": run.output_error,
        "power": run_power(run),
    }
