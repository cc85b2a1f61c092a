"""farm nightly --dry-run: what a night would measure, in which order, and how long that would take."""

from collections.abc import Mapping, Sequence
from itertools import groupby

import click

from farm.cli.context import plain
from farm.cli.nightly_book import Expected
from farm.cli.nightly_end import duration_text
from farm.nights import Estimate


def show_plan(headline: str, expected: Sequence[Expected], times: Mapping[str, Estimate], time_budget_s: float) -> None:
    """Print the plan of a night: its blocks on each device, and the time."""
    from farm.cli import draw
    from farm.publish.tables import Table

    click.echo(plain(headline))
    blocks = tuple(_block_rows(expected))
    draw.tables(
        [
            Table("Order", ("device", "priority", "block (design)", "jobs, one after the other"), blocks, (0, 1, 2, 3)),
            Table(
                "Time", ("device", "jobs", "time", "how it is known"), tuple(_time_row(name, each) for name, each in times.items()), (0, 3)
            ),
        ]
    )
    click.echo(plain(makespan(times, time_budget_s)))


def _block_rows(expected: Sequence[Expected]) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for (device, priority, design, block, kind), jobs in groupby(expected, key=_key):
        own = list(jobs)
        which = "fresh runs asked for" if kind == "confirmation" else f"{(block or 0) + 1} ({(design or '')[:6]})"
        rows.append((device, "" if priority is None else str(priority), which, " › ".join(f"{each.workload} {each.pass_}" for each in own)))
    return rows


def _key(each: Expected) -> tuple[str, int | None, str | None, int | None, str]:
    return each.device, each.priority, each.design, each.block, each.kind


def _time_row(device: str, found: Estimate) -> tuple[str, ...]:
    time = "–" if found.unknown == found.jobs else f"{'at least ' if found.unknown else ''}{duration_text(found.seconds)}"
    return device, str(found.jobs), time, found.known_from


def makespan(times: Mapping[str, Estimate], time_budget_s: float) -> str:
    """Return how long all devices take, which work at once, in a sentence."""
    known = {name: each for name, each in times.items() if each.unknown < each.jobs}
    if not known:
        return "how long it takes is not known"
    last = max(known, key=lambda name: known[name].seconds)
    least = "at least " if any(each.unknown for each in times.values()) else ""
    text = f"all devices at once: {least}{duration_text(known[last].seconds)}, until {last} is done"
    if known[last].seconds > time_budget_s:
        return f"{text}; that is more than the {duration_text(time_budget_s)} budgeted, so the last blocks would not be measured"
    return f"{text}; {duration_text(time_budget_s)} are budgeted"
