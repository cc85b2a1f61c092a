"""Fresh runs for a suspected change: what is asked, and what runs answer. What they are held against is stored with the request."""

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

import polars as pl

from farm import changepoints
from farm.changepoints import Estimate, Fresh
from farm.findings import Request, Standing, TrackedChange

ASK = 10
"""Runs that are asked for: benchmarks/detect.py's false alarms after confirmation are those of so many."""
ENOUGH = 3
"""Runs of one session that answer: fewer are too easily all slow."""


NO_RUNS = pl.DataFrame(schema={"confirmation_id": pl.String, "session_id": pl.String, "value": pl.Float64})
"""The fresh runs where nothing is asked for."""


@dataclass(frozen=True, slots=True)
class Suspicion:
    """A suspected change of one series, as it was when fresh runs were asked for."""

    fresh: Fresh

    def text(self) -> str:
        """Return it as JSON."""
        return json.dumps(asdict(self.fresh))

    @staticmethod
    def read(text: str) -> "Suspicion":
        """Return it from its JSON."""
        facts = json.loads(text)
        ratio = None if facts["ratio"] is None else Estimate(**facts["ratio"])
        return Suspicion(Fresh(**(facts | {"shift": Estimate(**facts["shift"]), "ratio": ratio})))


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of a request: session is the one whose runs were enough."""

    request: str
    finding: str
    session: str
    is_confirmed: bool
    runs: int


def requests(pending: pl.DataFrame) -> dict[str, Suspicion]:
    """Return what each pending request holds runs against, by its id, from the rows of the query `pending_confirmations`."""
    return {row["id"]: Suspicion.read(row["suspicion"]) for row in pending.iter_rows(named=True)}


def answers(pending: pl.DataFrame, runs: pl.DataFrame) -> tuple[Answered, ...]:
    """Return the answers that runs give (rows of the query `confirming_runs` with their values): the first session with ENOUGH decides."""
    findings = dict(zip(pending["id"], pending["finding_id"], strict=True))
    asked = requests(pending)
    found: dict[str, Answered] = {}
    rows = runs.select("confirmation_id", "session_id", "value").sort("confirmation_id", maintain_order=True).iter_rows()
    for (request, session), own in groupby(rows, key=lambda row: (row[0], row[1])):
        values = [value for _, _, value in own if not math.isnan(value)]
        if request in asked and request not in found and len(values) >= ENOUGH:
            is_confirmed = _is_confirmed(asked[request], values)
            found[request] = Answered(request, findings[request], session, is_confirmed, len(values))
    return tuple(found.values())


def _is_confirmed(suspicion: Suspicion, values: Sequence[float]) -> bool:
    """Values that are not positive where all others were show something else than the change that was suspected."""
    if suspicion.fresh.is_log and min(values) <= 0:
        return False
    return changepoints.confirm(suspicion.fresh, values)


def by_outcome(answered: Iterable[Answered]) -> tuple[frozenset[str], frozenset[str]]:
    """Return the findings that were confirmed, and those that were refuted."""
    given = list(answered)
    confirmed = frozenset(each.finding for each in given if each.is_confirmed)
    return confirmed, frozenset(each.finding for each in given) - confirmed


def suspicion(sessions: Sequence[Sequence[float]]) -> Suspicion:
    """Return what is suspected at the end of a series; sessions are those since its last change. There is something: find() said so."""
    found = changepoints.fresh(sessions)
    assert found is not None
    return Suspicion(found)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is known when requests are settled: all changes of today, what is suspected of some, and the findings that are gone."""

    branch: str
    as_of: datetime
    changes: tuple[TrackedChange, ...]
    suspicions: Mapping[str, Suspicion]
    gone: frozenset[str]


def settle(
    pending: pl.DataFrame, answered: Iterable[Answered], asked: Asked
) -> tuple[tuple[Request, ...], dict[str, list[dict[str, Any]]]]:
    """Return the requests that wait from now on, and the rows of new requests and of answers.

    A suspected change for the worse that nobody has acknowledged asks; one request of a finding waits at a time. A request is withdrawn
    when its change is no longer suspected: the series has shown it by itself, or shows it no more, or somebody knows of it.
    """
    answers_by_request = {each.request: each for each in answered}
    standing = {change.id: change for change in asked.changes}
    waiting: dict[str, Request] = {}
    replies = []
    for row in pending.iter_rows(named=True):
        answer, change = answers_by_request.get(row["id"]), standing.get(row["finding_id"])
        if answer is not None:
            words = f"{answer.runs} fresh runs {'show it' if answer.is_confirmed else 'do not show it'}"
            replies.append(_reply(row["id"], asked.as_of, answer.session, answer.is_confirmed, words))
        elif (change is None and row["finding_id"] not in asked.gone) or (change is not None and _asks(change)):
            waiting[row["finding_id"]] = _request(row)
        else:
            replies.append(_reply(row["id"], asked.as_of, None, None, _why_withdrawn(change)))
    new = [_new(change, asked) for change in asked.changes if _asks(change) and change.id not in waiting]
    return (*waiting.values(), *map(_request, new)), {"confirmations": new, "confirmation_answers": replies}


def _asks(change: TrackedChange) -> bool:
    return change.standing is Standing.SUSPECTED and change.worse and change.acknowledgement is None


def _why_withdrawn(change: TrackedChange | None) -> str:
    if change is None:
        return "the series no longer shows it"
    return "it was acknowledged" if change.acknowledgement else "the series shows it by itself"


def _reply(request: str, at: datetime, session: str | None, is_confirmed: bool | None, words: str) -> dict[str, Any]:
    return {"confirmation_id": request, "answered_at": at, "session_id": session, "is_confirmed": is_confirmed, "reason": words}


def _new(change: TrackedChange, asked: Asked) -> dict[str, Any]:
    series = change.series
    digest = hashlib.sha256(f"{change.id} {asked.as_of.isoformat()}".encode()).hexdigest()
    return {
        "id": str(UUID(digest[:32])),
        "finding_id": change.id,
        "asked_at": asked.as_of,
        "branch": asked.branch,
        "device_id": series.device_id,
        "device_name": series.device,
        "series_key": series.key,
        "workload_id": series.workload,
        "workload_key": series.workload_key,
        "pass": series.pass_,
        "metric": series.metric,
        "runs": ASK,
        "suspicion": asked.suspicions[change.id].text(),
    }


def _request(row: Mapping[str, Any]) -> Request:
    same = {name: row[name] for name in ("id", "asked_at", "series_key", "metric", "device_id", "workload_key", "runs")}
    return Request(**same, finding=row["finding_id"], device=row["device_name"], workload=row["workload_id"], pass_=row["pass"])


def pending(rows: pl.DataFrame) -> tuple[Request, ...]:
    """Return what the next session on a device should measure, from the rows of the query `pending_confirmations`."""
    return tuple(_request(row) for row in rows.iter_rows(named=True))
