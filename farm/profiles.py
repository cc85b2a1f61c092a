"""Rows of profile runs -> how long each operator takes, heaviest first. Rows in, lines out.

A profile explains a latency and is none: what watches makes slower. Only operators have lines, that is parts with no part in them, so
that no time counts twice; what remains of the whole has a line of its own.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from statistics import median
from typing import Any

_WRAPPED = "native_call_"
"""What ExecuTorch calls a kernel of its own: this, and the operator's name."""
_DELEGATE_CALL = "DELEGATE_CALL"
"""What it calls the call of a delegate."""
_KERNEL_CALL = "OPERATOR_CALL"
"""What it calls a kernel, in which one made by its code generator tells its name."""
_NUMBERED = re.compile(r" #\d+$")
"""What XNNPACK tells operators of one name apart by."""


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator, at its place in the program. Times are of the calls of an iteration together."""

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
    sum_ns: float
    """Over the usual iterations: the half of them whose whole is nearest the median."""
    is_silent: bool
    """It is a delegate's whole call, in which that told no operator."""
    is_whole_us: bool
    """Every time was a whole number of microseconds: what it took beyond that was not told."""


@dataclass(frozen=True, slots=True)
class Kind:
    """Operators that differ in their place only."""

    name: str
    delegate: str | None
    operators: int
    median_ns: float
    """The sum of their medians."""
    sum_ns: float
    is_whole_us: bool


@dataclass(frozen=True, slots=True)
class Rest:
    """What is in no operator: all of it, or what lies in the calls of a delegate."""

    median_ns: float
    sum_ns: float
    delegate: str | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """What one or several runs of one artifact tell of its operators; of several, each time is the median over them."""

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
    """The median of an iteration, with the tracer: no latency."""
    iterations: int
    """In all runs."""
    usual_iterations: int
    """Those that shares are of."""
    operators: tuple[Operator, ...]
    """The heaviest first."""
    outside: Rest
    in_calls: tuple[Rest, ...] = ()
    """How much of what is outside lies within the calls of each delegate."""
    others: int = 0
    """Runs that had other operators and are not in here."""

    @property
    def sum_ns(self) -> float:
        """The whole of the usual iterations: what shares are of, so that they add up, and a pause of the machine counts for no operator."""
        return sum(operator.sum_ns for operator in self.operators) + self.outside.sum_ns

    def share(self, sum_ns: float) -> float:
        """Return which share of the usual iterations a sum is."""
        return sum_ns / self.sum_ns if self.sum_ns > 0 else 0.0

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


def kinds(profile: Profile) -> tuple[Kind, ...]:
    """Return the operators by what they compute, heaviest first: without the number that a delegate gives each of one name."""
    groups: dict[tuple[str, str | None], list[Operator]] = {}
    for operator in profile.operators:
        groups.setdefault((_NUMBERED.sub("", operator.name), operator.delegate), []).append(operator)
    found = [
        Kind(
            name,
            delegate,
            len(own),
            sum(operator.median_ns for operator in own),
            sum(operator.sum_ns for operator in own),
            all(operator.is_whole_us for operator in own),
        )
        for (name, delegate), own in groups.items()
    ]
    return tuple(sorted(found, key=lambda kind: -kind.sum_ns))


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
    parents = {row["parent"] for row in parts.values()}
    calls: dict[str, Rest] = {}
    for place, row in parts.items():
        if place in parents and (delegate := row["delegate"]) is not None:
            known = calls.get(delegate, Rest(0.0, 0.0))
            calls[delegate] = Rest(known.median_ns + row["own_p50_ns"], known.sum_ns + row["usual_own_sum_ns"], delegate)
    return Profile(
        run_ids=(first["run_id"],),
        **{name: first[name] for name in ("workload", "artifact", "artifact_sha256", "flavour", "threads")},
        of_tokens=first["metric"] == "traced_token_ns",
        whole_ns=first["whole_ns"],
        iterations=outside["iterations"],
        usual_iterations=(outside["iterations"] + 1) // 2,
        operators=_heaviest(_operator(row, parts) for place, row in parts.items() if place not in parents),
        outside=Rest(outside["p50_ns"], outside["usual_sum_ns"]),
        in_calls=tuple(calls.values()),
    )


def _operator(row: Mapping[str, Any], parts: Mapping[int, Mapping[str, Any]]) -> Operator:
    within: Mapping[str, Any] | None = row
    instruction = None
    while instruction is None and within is not None:  # a delegate's operator has that of its call
        instruction, within = within["instruction"], parts.get(within["parent"])
    return Operator(
        place=row["place"],
        name=_name(row),
        delegate=row["delegate"],
        instruction=instruction,
        calls=row["calls"] / row["iterations"],
        median_ns=row["p50_ns"],
        p90_ns=row["p90_ns"],
        sum_ns=row["usual_sum_ns"],
        is_silent=row["name"] == _DELEGATE_CALL,
        is_whole_us=row["is_whole_us"],
    )


def _name(row: Mapping[str, Any]) -> str:
    """Return what people call an operator."""
    name = str(row["name"])
    if name == _DELEGATE_CALL:
        return f"a call of {row['delegate']}"
    if name == _KERNEL_CALL:
        return "a kernel that tells no name"
    return name.removeprefix(_WRAPPED) or f"debug id {row['debug_id']}"


def _heaviest(operators: Iterable[Operator]) -> tuple[Operator, ...]:
    return tuple(sorted(operators, key=lambda operator: (-operator.sum_ns, operator.place)))


def _structure(run: Profile) -> list[tuple[object, ...]]:
    places = sorted(run.operators, key=lambda operator: operator.place)
    operators = [(operator.place, operator.name, operator.delegate, operator.instruction) for operator in places]
    return [*operators, tuple(part.delegate for part in run.in_calls)]


def _merged(runs: Sequence[Profile]) -> Profile:
    newest = runs[-1]
    same = [run for run in runs if _structure(run) == _structure(newest)]
    of_each: dict[int, list[Operator]] = {}
    for run in same:
        for operator in run.operators:
            of_each.setdefault(operator.place, []).append(operator)
    calls = (tuple(each) for each in zip(*(run.in_calls for run in same), strict=True))
    return replace(
        newest,
        run_ids=tuple(run_id for run in same for run_id in run.run_ids),
        whole_ns=median(run.whole_ns for run in same),
        iterations=sum(run.iterations for run in same),
        usual_iterations=sum(run.usual_iterations for run in same),
        operators=_heaviest(_middle(each) for each in of_each.values()),
        outside=_rest([run.outside for run in same]),
        in_calls=tuple(_rest(each) for each in calls),
        others=len(runs) - len(same),
    )


def _middle(same: Sequence[Operator]) -> Operator:
    return replace(
        same[0],
        calls=median(operator.calls for operator in same),
        median_ns=median(operator.median_ns for operator in same),
        p90_ns=median(operator.p90_ns for operator in same),
        sum_ns=sum(operator.sum_ns for operator in same),
        is_whole_us=all(operator.is_whole_us for operator in same),
    )


def _rest(same: Sequence[Rest]) -> Rest:
    return Rest(median(rest.median_ns for rest in same), sum(rest.sum_ns for rest in same), same[0].delegate)
