"""Valid runs as records of PyTorch's benchmark database (HUD, version 3): one for each session, workload, artifact and statistic.

benchmark_values holds one value for each run, in the order in which they ran. Metrics keep farm's names and base units
(`latency_ns.p50`), since the names that ExecuTorch's own app writes are means of iterations. extra_info is text only, as the
database's column is.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from farm.exchange.exported import Value

_GROUP = ("session_id", "workload_key", "artifact_sha256", "pass", "runtime", "flavour")
_ABOUT = (
    *("workload", "workload_key", "pass", "threads", "artifact_sha256", "revision", "branch", "session_id", "runtime_version"),
    *("harness_hash", "farm_version", "device_id", "soc"),
)


def hud_json(given: Iterable[Value]) -> str:
    """Return the records as JSON, in the order in which their first runs began."""
    groups: dict[tuple[Any, ...], list[Value]] = {}
    for value in given:
        if value.is_result:
            groups.setdefault((*(value.run[name] for name in _GROUP), value.name), []).append(value)
    return json.dumps([_record(group) for group in groups.values()], indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _record(group: list[Value]) -> dict[str, Any]:
    first = group[0]
    run = first.run
    about = {"started_at": f"{run['session_started_at'].isoformat()}+00:00", "run_ids": " ".join(value.run["run_id"] for value in group)}
    return {
        "benchmark": {"name": "farm", "mode": "inference", "extra_info": _texts(run) | about},
        "model": {"name": run["artifact"], "type": run["runtime"], "backend": run["flavour"]},
        "metric": {
            "name": first.name,
            "benchmark_values": [value.value for value in group],
            "extra_info": {"method": "", "unit": str(first.unit), "better": str(first.better)},
        },
        "runners": [{"name": f"{run['device']} ({run['model']})", "type": run["os_build"]}],
    }


def _texts(run: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(run[name]) for name in _ABOUT if run[name] is not None}
