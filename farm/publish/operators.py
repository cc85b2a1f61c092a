"""A profile as a table and as sentences, for a terminal and for a page."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from farm import units
from farm.profiles import Kind, Operator, Profile, Rest, kinds
from farm.publish.tables import Table
from farm.summary import Line

MOST_SHOWN = 20
"""Operators of a profile that a table holds; those that take less are one row."""
NOTICED = 0.05
"""How far medians may be from adding up to the whole's before that is said."""
OUTSIDE = "outside operators"
_COLUMNS = ("operator", "computed by", "instruction", "calls", "median", "p90", "share")
_EXPENDABLE = tuple(_COLUMNS.index(name) for name in ("p90", "instruction", "calls", "computed by"))


def profile_table(profile: Profile) -> Table:
    """Return the heaviest operators, what is outside of them, and the whole."""
    shown, rest = profile.operators[:MOST_SHOWN], profile.operators[MOST_SHOWN:]
    rows: list[tuple[str, ...]] = [
        (
            operator.name,
            computed_by(operator),
            "" if operator.instruction is None else str(operator.instruction),
            f"{operator.calls:g}",
            median_text(operator),
            "" if is_below(operator.p90_ns, operator) else units.show(operator.p90_ns, units.TIME),
            share_text(operator, profile),
        )
        for operator in shown
    ]
    if rest:
        rows.append(_sum(*lighter(rest), profile))
    rows.append(_sum(OUTSIDE, profile.outside, profile))
    rows += [_sum(f"  of that in calls of {part.delegate}", part, profile) for part in profile.in_calls]
    rows.append(_sum("the whole, with the tracer", Rest(profile.whole_ns, profile.sum_ns), profile))
    return Table(title(profile), _COLUMNS, tuple(rows), (0, 1), _EXPENDABLE)


def lighter(rest: Sequence[Operator]) -> tuple[str, Rest]:
    """Return the row of operators that have none of their own."""
    time = Rest(sum(operator.median_ns for operator in rest), sum(operator.sum_ns for operator in rest))
    return f"{units.counted(len(rest), 'lighter operator')}, their medians together", time


def kind_table(profile: Profile) -> Table:
    """Return the kinds of operators of a profile that has too many to list."""
    rows = tuple(
        (kind.name, computed_by(kind), str(kind.operators), kind_text(kind), percent(profile.share(kind.sum_ns)))
        for kind in kinds(profile)[:MOST_SHOWN]
    )
    columns = ("kind of operator", "computed by", "operators", "medians together", "share")
    return Table(f"By kind · {profile.workload} · {units.counted(len(profile.operators), 'operator')}", columns, rows, (0, 1), (1,))


def kind_text(kind: Kind) -> str:
    """Return the medians of a kind together."""
    return "< 1 us each" if is_below(kind.median_ns, kind) else units.show(kind.median_ns, units.TIME)


def tables(profile: Profile) -> list[Table]:
    """Return the heaviest operators, and before them the kinds of a profile that has more operators than the table holds."""
    return [*([kind_table(profile)] if len(profile.operators) > MOST_SHOWN else []), profile_table(profile)]


def title(profile: Profile) -> str:
    """Return what the profile is of."""
    named = f"{profile.workload} · {profile.artifact} · {profile.flavour} · {units.counted(profile.threads, 'thread')}"
    return f"Profile · {named} · {units.counted(len(profile.run_ids), 'run')}, {units.counted(profile.iterations, unit(profile))}"


def unit(profile: Profile) -> str:
    """Return what one iteration is."""
    return "token" if profile.of_tokens else "inference"


def computed_by(operator: Operator | Kind) -> str:
    """Return what computes an operator."""
    return operator.delegate or "kernel"


def is_below(time_ns: float, operator: Operator | Kind) -> bool:
    """Whether a time is less than the microsecond in which it was told."""
    return time_ns == 0 and operator.is_whole_us


def median_text(operator: Operator) -> str:
    """Return the median; one that was rounded away is no zero."""
    return "< 1 us" if is_below(operator.median_ns, operator) else units.show(operator.median_ns, units.TIME)


def share_text(operator: Operator, profile: Profile) -> str:
    """Return the share of the usual iterations; of an operator whose usual time was rounded away, what it is less than."""
    if is_below(operator.median_ns, operator):
        return f"< {percent(profile.share(operator.sum_ns + operator.calls * profile.usual_iterations * 1e3))}"
    return percent(profile.share(operator.sum_ns))


def percent(share: float) -> str:
    """Return a share with one decimal."""
    return f"{share * 100:.1f} %"


def _sum(name: str, time: Rest, profile: Profile) -> tuple[str, ...]:
    return name, "", "", "", units.show(time.median_ns, units.TIME), "", percent(profile.share(time.sum_ns))


def latency_of(profile: Profile, lines: Iterable[Line]) -> float | None:
    """Return the median of the latency passes beside it, of the same artifact and settings; None when there are none."""
    metric = "token_ns" if profile.of_tokens else "latency_ns"
    same = (profile.workload, profile.artifact_sha256, profile.flavour, profile.threads)
    for line in lines:
        if line.is_first and line.metric.name == metric and (line.workload, line.artifact, line.flavour, line.threads) == same:
            return line.median
    return None


def profile_lines(profile: Profile, latency_ns: float | None = None) -> list[str]:
    """Return what a reader of a profile should know; latency_ns is the median of the latency passes beside it, if there were any."""
    slower = "which makes all of it slower"
    if latency_ns:
        hidden = "" if profile.whole_ns > latency_ns else "no more than runs differ, "
        share = f"{(profile.whole_ns / latency_ns - 1) * 100:+.1f} %"
        slower = f"which makes it slower (here {hidden}{share} against the latency passes' {units.show(latency_ns, units.TIME)})"
    lines = [f"the tracer watches every operator, {slower}: this is where time goes, not how long the model takes"]
    lines += [
        f'{delegate} tells its operators\' times in whole microseconds, rounded down: what each call takes beyond that is in "{OUTSIDE}"'
        for delegate in profile.rounded
    ]
    medians_ns = sum(operator.median_ns for operator in profile.operators) + profile.outside.median_ns
    if abs(medians_ns - profile.whole_ns) > NOTICED * profile.whole_ns:
        told, one = percent(medians_ns / profile.whole_ns), unit(profile)
        lines.append(f"the parts' medians come to {told} of the whole's, as times vary from one {one} to the next")
    lines += [f"{delegate} tells no operators of its own: its whole call stands as one" for delegate in profile.silent]
    lines.append(
        f"shares are of the half of the {unit(profile)}s whose whole is nearest the median, so that a pause counts for no operator"
    )
    if profile.of_tokens:
        lines.append("an iteration is one decoded token; reading the prompt is not in it")
    if profile.others:
        lines.append(f"{units.counted(profile.others, 'run')} had other operators than the newest, and are not in it")
    return lines


def as_values(profile: Profile) -> dict[str, Any]:
    """Return a profile as JSON values, base units."""
    return asdict(profile) | {"with_tracer": True}
