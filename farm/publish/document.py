"""A session as JSON: base units, every run with its outcome, absent values as null."""

import json
from typing import Any

from farm.publish.results import Results
from farm.publish.tables import absent_lines, note_lines
from farm.summary import Line
from farm.workloads import Run

VERSION = 1


def as_json(results: Results) -> str:
    """Return the session as one JSON document."""
    return json.dumps(_document(results), indent=2, ensure_ascii=False, allow_nan=False)


def _document(results: Results) -> dict[str, Any]:
    session, identity = results.session, results.session.identity
    return {
        "farm_session": VERSION,
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
        "exit_code": results.exit_code,
        "results": [_line(line) for line in results.lines],
        "runs": [_run(run) for run in results.runs],
        "notes": note_lines(results),
        "not_measured": absent_lines(results.runs),
    }


def _line(line: Line) -> dict[str, Any]:
    interval = line.interval
    return {
        "workload": line.workload,
        "artifact": line.artifact,
        "pass": line.pass_,
        "flavour": line.flavour,
        "threads": line.threads,
        "name": line.name,
        "better": line.metric.better,
        "median": line.median,
        "interval": None if interval is None else {"low": interval.low, "high": interval.high, "coverage": interval.coverage},
        "runs": list(line.values),
        "readings": line.readings,
    }


def _run(run: Run) -> dict[str, Any]:
    return {
        "id": run.id,
        "workload": run.job.workload.id,
        "artifact": run.job.artifact.name,
        "artifact_sha256": run.job.artifact.sha256,
        "pass": run.job.pass_,
        "repeat": run.job.repeat,
        "attempt": run.attempt,
        "outcome": run.outcome,
        "error_class": run.error_class,
        "reason": run.reason,
        "hint": run.hint,
        "output_check": run.output_check,
        "output_error": run.output_error,
    }
