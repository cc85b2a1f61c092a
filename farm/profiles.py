"""Rows of profile runs -> how long each operator takes, heaviest first. Rows in, lines out.

A profile explains a latency and is none: what watches makes slower. Only operators have lines, that is parts with no part in them, so
that no time counts twice; what remains of the whole has a line of its own.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from statistics import median
from typing import Any

_WRAPPED = "native_call_"
"""What ExecuTorch calls a kernel of its own: this, and the operator's name."""
_DELEGATE_CALL = "DELEGATE_CALL"
"""What it calls the call of a delegate."""


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator, at its place in the program. Times are medians over iterations, of the calls of each iteration together."""

    place: int
    """Among the parts of the computation, in the order in which they are first reached."""
    name: str
    delegate: str | None
    """What computes it; None: the runtime's own kernels."""
    instruction: int | None
    calls: float
    """In each iteration."""
    median_ns: float
    p90_ns: float
    share: float
    """Of the whole's median."""
    is_silent: bool
    """It is a delegate's whole call, in which that told no operator."""
    is_whole_us: bool
    """Every time was a whole number of microseconds: what it took beyond that was not told."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What one or several runs of one artifact tell of its operators; of several, each figure is the median over them."""

    run_ids: tuple[str, ...]
    workload: str
    artifact: str
    """Its file's name."""
    artifact_sha256: str
    flavour: str
    threads: int
    of_tokens: bool
    """An iteration is a decoded token, not an inference."""
    whole_ns: float
    """Of an iteration, with the tracer: no latency."""
    iterations: int
    """In all runs."""
    operators: tuple[Operator, ...]
    outside_ns: float
    """What of an iteration is in no operator."""
    in_calls: tuple[tuple[str, float], ...] = ()
    """How much of that lies within the calls of each delegate."""
    others: int = 0
    """Runs that had other operators and are not in here."""

    @property
    def outside_share(self) -> float:
        """Of the whole's median."""
        return self.outside_ns / self.whole_ns if self.whole_ns > 0 else 0.0

    @property
    def rounded(self) -> tuple[str, ...]:
        """Delegates whose operators were all told in whole microseconds."""
        delegates = {operator.delegate for operator in self.operators if operator.delegate is not None}
        finer = {operator.delegate for operator in self.operators if not operator.is_whole_us}
        return tuple(sorted(delegates - finer))

    @property
    def silent(self) -> tuple[str, ...]:
        """Delegates that told no operator of a call, which stands as one."""
        return tuple(sorted({operator.delegate or "" for operator in self.operators if operator.is_silent}))


def profiles(rows: Iterable[Mapping[str, Any]]) -> tuple[Profile, ...]:
    """Return a profile of each run, from the rows of the query `profiles`; a run of which no operator is told has none."""
    found = (_of_run(list(own)) for _, own in groupby(rows, key=lambda row: row["run_id"]))
    return tuple(profile for profile in found if profile is not None)


def together(runs: Sequence[Profile]) -> tuple[Profile, ...]:
    """Return one profile for each workload, artifact, flavour and number of threads: of its runs that have the operators of the newest."""
    groups: dict[tuple[object, ...], list[Profile]] = {}
    for run in runs:
        groups.setdefault((run.workload, run.artifact_sha256, run.flavour, run.threads), []).append(run)
    return tuple(_merged(group) for group in groups.values())


def _of_run(rows: Sequence[Mapping[str, Any]]) -> Profile | None:
    parts = {row["place"]: row for row in rows if row["place"] is not None}
    outside = next((row for row in rows if row["place"] is None), None)
    if not parts or outside is None:
        return None
    first = rows[0]
    whole_ns = first["whole_ns"]
    parents = {row["parent"] for row in parts.values()}
    calls: dict[str, float] = {}
    for place, row in parts.items():
        if place in parents and row["delegate"] is not None:
            calls[row["delegate"]] = calls.get(row["delegate"], 0.0) + row["own_p50_ns"]
    return Profile(
        run_ids=(first["run_id"],),
        **{name: first[name] for name in ("workload", "artifact", "artifact_sha256", "flavour", "threads")},
        of_tokens=first["metric"] == "traced_token_ns",
        whole_ns=whole_ns,
        iterations=outside["iterations"],
        operators=_heaviest(_operator(row, parts, whole_ns) for place, row in parts.items() if place not in parents),
        outside_ns=outside["p50_ns"],
        in_calls=tuple(calls.items()),
    )


def _operator(row: Mapping[str, Any], parts: Mapping[int, Mapping[str, Any]], whole_ns: float) -> Operator:
    within: Mapping[str, Any] | None = row
    instruction = None
    while instruction is None and within is not None:  # a delegate's operator has that of its call
        instruction, within = within["instruction"], parts.get(within["parent"])
    is_silent = row["name"] == _DELEGATE_CALL
    name = f"a call of {row['delegate']}" if is_silent else row["name"] or f"debug id {row['debug_id']}"
    return Operator(
        place=row["place"],
        name=name.removeprefix(_WRAPPED),
        delegate=row["delegate"],
        instruction=instruction,
        calls=row["calls"] / row["iterations"],
        median_ns=row["p50_ns"],
        p90_ns=row["p90_ns"],
        share=row["p50_ns"] / whole_ns if whole_ns > 0 else 0.0,
        is_silent=is_silent,
        is_whole_us=row["is_whole_us"],
    )


def _heaviest(operators: Iterable[Operator]) -> tuple[Operator, ...]:
    return tuple(sorted(operators, key=lambda operator: -operator.median_ns))


def _structure(run: Profile) -> list[tuple[int, str, str | None, int | None]]:
    places = sorted(run.operators, key=lambda operator: operator.place)
    return [(operator.place, operator.name, operator.delegate, operator.instruction) for operator in places]


def _merged(runs: Sequence[Profile]) -> Profile:
    newest = runs[-1]
    same = [run for run in runs if _structure(run) == _structure(newest)]
    if len(same) == 1:
        return replace(newest, others=len(runs) - 1)
    of_each: dict[int, list[Operator]] = {}
    for run in same:
        for operator in run.operators:
            of_each.setdefault(operator.place, []).append(operator)
    whole_ns = median(run.whole_ns for run in same)
    return replace(
        newest,
        run_ids=tuple(run_id for run in same for run_id in run.run_ids),
        whole_ns=whole_ns,
        iterations=sum(run.iterations for run in same),
        operators=_heaviest(_middle(each, whole_ns) for each in of_each.values()),
        outside_ns=median(run.outside_ns for run in same),
        in_calls=tuple((delegate, median(dict(run.in_calls).get(delegate, 0.0) for run in same)) for delegate, _ in newest.in_calls),
        others=len(runs) - len(same),
    )


def _middle(same: Sequence[Operator], whole_ns: float) -> Operator:
    median_ns = median(operator.median_ns for operator in same)
    return replace(
        same[0],
        calls=median(operator.calls for operator in same),
        median_ns=median_ns,
        p90_ns=median(operator.p90_ns for operator in same),
        share=median_ns / whole_ns if whole_ns > 0 else 0.0,
        is_whole_us=all(operator.is_whole_us for operator in same),
    )
