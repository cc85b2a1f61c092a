"""A run as the rows that the database keeps of it: plain JSON values, so that the journal can hold them too."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from farm.series import inputs_sha256, pass_settings, series_key, workload_key
from farm.workloads import (
    Absent,
    Answers,
    Device,
    Identity,
    Items,
    Job,
    Measured,
    Operator,
    Outcome,
    Place,
    Provenance,
    Readings,
    Run,
    Session,
    StateReading,
)

Row = dict[str, Any]
Record = dict[str, list[Row]]
"""The rows of one run, by table, the tables in the order in which to insert them."""


def record(session: Session, run: Run) -> Record:
    """Return the rows of run and of what it belongs to."""
    return {
        "devices": [_device(session)],
        "artifacts": [_artifact(run)],
        "sessions": [_session(session)],
        "workloads": [_workload(run)],
        "runs": [_run(session, run)],
        "samples": [
            {
                "run_id": run.id,
                "metric": item.metric,
                "source": item.source,
                "values": list(item.values),
                "at_ns": None if item.at_ns is None else list(item.at_ns),
            }
            for item in run.readings
        ],
        "absences": [{"run_id": run.id, **asdict(item)} for item in run.absent],
        "device_state": [{"run_id": run.id, **asdict(item)} for item in run.state],
        "placements": [] if run.job.place is None else [_placement(run, run.job.place)],
        "item_files": [] if run.answers is None or run.job.workload.items is None else [_items(run, run.job.workload.items)],
        "answers": [] if run.answers is None else [{"run_id": run.id, **_lists(asdict(run.answers))}],
        "operators": [{"run_id": run.id, **_lists(asdict(item))} for item in run.operators],
    }


def run_of(rows: Record, job: Job) -> Run:
    """Return the run that rows were made of, as the attempt at job that it was."""
    row = rows["runs"][0]
    measured = None
    if row["runtime"] is not None:
        facts = {name: row[name] for name in ("runtime", "runtime_version", "flavour", "harness_hash", "build_type")}
        measured = Measured(**facts, begin=json.loads(row["begin_line"]))
    return Run(
        **{name: row[name] for name in ("id", "session_id", "attempt", "nonce", "error_class", "reason", "hint")},
        **{name: row[name] for name in ("output_sha256", "output_check", "output_error")},
        job=job,
        started_at=_from_utc(row["started_at"]),
        ended_at=_from_utc(row["ended_at"]),
        outcome=Outcome(row["outcome"]),
        measured=measured,
        readings=tuple(
            Readings(item["metric"], tuple(item["values"]), item["source"], None if item["at_ns"] is None else tuple(item["at_ns"]))
            for item in rows["samples"]
        ),
        absent=tuple(Absent(**_without_run(item)) for item in rows["absences"]),
        state=tuple(StateReading(**_without_run(item)) for item in rows["device_state"]),
        answers=next((_answers(_without_run(item)) for item in rows.get("answers", [])), None),
        operators=tuple(Operator(**_tuples(_without_run(item))) for item in rows.get("operators", [])),
    )


def session_of(rows: Record, device: Device, identity: Identity) -> Session:
    """Return the session that rows belong to."""
    row = rows["sessions"][0]
    provenance = Provenance(**{name: row[name] for name in ("farm_version", "revision", "branch")})
    return Session(row["id"], _from_utc(row["started_at"]), device, identity, provenance, row["seed"], row["command"])


def _answers(row: Row) -> Answers:
    return Answers(**_tuples(row))


def _tuples(row: Row) -> Row:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in row.items()}


def _lists(row: Row) -> Row:
    """Return a row as it comes back from JSON."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in row.items()}


def _without_run(row: Row) -> Row:
    return {name: value for name, value in row.items() if name != "run_id"}


def _device(session: Session) -> Row:
    identity = session.identity
    return {
        "id": identity.id,
        "kind": identity.kind,
        "model": identity.model,
        "soc": identity.soc,
        "architecture": identity.architecture,
        "cpu_count": identity.cpu_count,
        "memory_bytes": identity.memory_bytes,
        "first_seen_at": utc(session.started_at),
    }


def _artifact(run: Run) -> Row:
    artifact = run.job.artifact
    return {
        "sha256": artifact.sha256,
        "name": artifact.name,
        "runtime": artifact.runtime,
        "size_bytes": artifact.size_bytes,
        "recipe": None if artifact.recipe is None else json.dumps(artifact.recipe),
        "has_reference": artifact.reference is not None,
        "first_seen_at": utc(run.started_at),
    }


def _items(run: Run, items: Items) -> Row:
    return {
        "sha256": items.sha256,
        "name": items.name,
        "kind": items.kind,
        "items": items.count,
        "recipe": None if items.recipe is None else json.dumps(items.recipe),
        "first_seen_at": utc(run.started_at),
    }


def _session(session: Session) -> Row:
    return {
        "id": session.id,
        "started_at": utc(session.started_at),
        "device_id": session.identity.id,
        "device_name": session.device.name,
        "labels": json.dumps(dict(session.device.labels)),
        "os_build": session.identity.os_build,
        "kernel": session.identity.kernel,
        "farm_version": session.provenance.farm_version,
        "revision": session.provenance.revision,
        "branch": session.provenance.branch,
        "seed": session.seed,
        "command": session.command,
    }


def _workload(run: Run) -> Row:
    workload = run.job.workload
    return {
        "id": workload.id,
        "key": workload_key(run.job),
        "method": workload.method,
        "inputs_sha256": inputs_sha256(run.job),
        "settings": json.dumps(pass_settings(run.job)),
        "prompt_tokens": None if workload.prompt is None else len(workload.prompt),
    }


def _run(session: Session, run: Run) -> Row:
    measured = run.measured
    return {
        "id": run.id,
        "session_id": run.session_id,
        "workload_key": workload_key(run.job),
        "workload_id": run.job.workload.id,
        "artifact_sha256": run.job.artifact.sha256,
        "device_id": session.identity.id,
        "pass": run.job.pass_,
        "repeat": run.job.repeat,
        "attempt": run.attempt,
        "nonce": run.nonce,
        "started_at": utc(run.started_at),
        "ended_at": utc(run.ended_at),
        "outcome": run.outcome,
        "error_class": run.error_class,
        "reason": run.reason,
        "hint": run.hint,
        "series_key": series_key(session.identity.id, run.job, measured.runtime, measured.flavour) if measured else None,
        "runtime": measured.runtime if measured else None,
        "runtime_version": measured.runtime_version if measured else None,
        "flavour": measured.flavour if measured else None,
        "threads": run.job.workload.settings.threads,
        "harness_hash": measured.harness_hash if measured else None,
        "build_type": measured.build_type if measured else None,
        "begin_line": json.dumps(measured.begin) if measured else None,
        "output_sha256": run.output_sha256,
        "output_check": run.output_check,
        "output_error": run.output_error,
    }


def _placement(run: Run, place: Place) -> Row:
    return {"run_id": run.id, "gate_id": place.gate, "side": place.side, "block": place.block, "position": place.position}


def _from_utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def utc(moment: datetime) -> str:
    """Return an aware time as the database's naive UTC text."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")
