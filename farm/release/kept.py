"""A gate and its verdicts as the rows that the database keeps of them, and back."""

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

import polars as pl

from farm.metrics import Better, Statistic
from farm.records import Record, Row, utc
from farm.release.decide import Asked, Failure
from farm.verdicts import Budget, Change, Decision, Estimate, Exclusion, Exemption, Plan, Severity, Side, Used, Verdict

_CHANGE_COVERAGE = 0.95


@dataclass(frozen=True, slots=True)
class GateFacts:
    """What is known of a gate beside its question and its answer."""

    judged_at: datetime
    suite: str
    suite_file: str
    candidate: str
    baseline: str
    seed: int | None
    """None: stored runs were judged."""
    time_budget_s: float | None
    exit_code: int
    farm_version: str
    command: str


def gate_rows(
    asked: Asked,
    facts: GateFacts,
    verdicts: Sequence[Verdict],
    failures: Iterable[Failure],
    runs: pl.DataFrame | None,
    artifacts: pl.DataFrame,
    changes: Sequence[Change] = (),
) -> Record:
    """Return the rows of a gate. runs are those that were judged; artifacts has the columns workload, side and sha256."""
    failed = {failure.device: failure for failure in failures}
    columns = ["run", "side", "block", "position"]
    return {
        "gates": [asdict(facts) | {"id": asked.gate, "judged_at": utc(facts.judged_at), "today": asked.today, "plan": _json(asked.plan)}],
        "gate_artifacts": [
            {"gate_id": asked.gate, "workload_id": workload, "side": side, "sha256": sha256}
            for workload, side, sha256 in artifacts.unique().sort("workload", "side", "sha256").select("workload", "side", "sha256").rows()
        ],
        "gate_devices": [_device(asked.gate, device.name, failed.get(device.name)) for device in asked.devices],
        "judged_runs": [
            {"gate_id": asked.gate, "run_id": run, "side": side, "block": block, "position": position}
            for run, side, block, position in (() if runs is None else runs.select(columns).rows())
        ],
        "verdicts": [_verdict(asked.gate, number, verdict) for number, verdict in enumerate(verdicts, start=1)],
        "gate_changes": [_change(asked.gate, number, change) for number, change in enumerate(changes, start=1)],
    }


def _device(gate: str, name: str, failure: Failure | None) -> Row:
    return {"gate_id": gate, "name": name, "failure": failure and failure.reason, "blocks": failure and failure.blocks}


def _verdict(gate: str, number: int, verdict: Verdict) -> Row:
    estimate = verdict.estimate
    return {
        "gate_id": gate,
        "number": number,
        "workload_id": verdict.budget.workload,
        "metric": verdict.budget.metric,
        "statistic": verdict.budget.statistic,
        "decision": verdict.decision,
        "blocking": verdict.blocking,
        "reason": verdict.reason,
        "estimate": estimate and _finite(estimate.value),
        "low": estimate and _finite(estimate.low),
        "high": estimate and _finite(estimate.high),
        "coverage": estimate and estimate.coverage,
        "allowed": verdict.allowed,
        "detectable": _finite(verdict.detectable),
        "looks": verdict.looks,
        "blocks": verdict.blocks,
        "document": _json(verdict),
    }


def _change(gate: str, number: int, change: Change) -> Row:
    return {
        "gate_id": gate,
        "number": number,
        "device_name": change.device,
        "workload_id": change.workload,
        "metric": change.metric,
        "statistic": change.statistic,
        "ratio": change.ratio.value,
        "ratio_low": change.ratio.low,
        "ratio_high": change.ratio.high,
        "worse": change.worse,
        "q_value": change.q_value,
    }


def changes_of(rows: pl.DataFrame) -> tuple[Change, ...]:
    """Return the changes that a gate's rows hold."""
    return tuple(
        Change(
            row["workload"],
            row["metric"],
            Statistic(row["statistic"]),
            row["device"],
            Estimate(row["ratio"], row["ratio_low"], row["ratio_high"], _CHANGE_COVERAGE),
            row["worse"],
            row["q_value"],
        )
        for row in rows.iter_rows(named=True)
    )


def plan_of(text: str) -> Plan:
    """Return the plan that a gate's row holds."""
    content = json.loads(text)
    return Plan(**content | {"looks": tuple(content["looks"])})


def verdict_of(text: str) -> Verdict:
    """Return the verdict that a row's document holds."""
    content = json.loads(text)
    estimate, levels = content["estimate"], content["levels"]
    return Verdict(
        **content
        | {
            "budget": _budget(content["budget"]),
            "decision": Decision(content["decision"]),
            "estimate": None if estimate is None else Estimate(**estimate),
            "used": tuple(Used(**one) for one in content["used"]),
            "levels": None if levels is None else tuple(levels),
            "warnings": tuple(content["warnings"]),
            "exclusions": tuple(Exclusion(**one | {"side": Side(one["side"])}) for one in content["exclusions"]),
        }
    )


def _budget(content: dict[str, Any]) -> Budget:
    exemption, better = content["exemption"], content["better"]
    return Budget(
        **content
        | {
            "statistic": Statistic(content["statistic"]),
            "severity": Severity(content["severity"]),
            "devices": tuple(content["devices"]),
            "exemption": None if exemption is None else Exemption(**exemption | {"until": date.fromisoformat(exemption["until"])}),
            "better": None if better is None else Better(better),
        }
    )


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else value


def _json(value: Plan | Verdict) -> str:
    """Return a value as JSON, dates as text; a number without end is absent."""
    return json.dumps(_plain(asdict(value)), allow_nan=False)


def _plain(value: Any) -> Any:  # noqa: ANN401 - JSON values
    match value:
        case dict():
            return {name: _plain(item) for name, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case float():
            return _finite(value)
        case date():
            return value.isoformat()
        case _:
            return value
